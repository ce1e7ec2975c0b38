"""How much commands import before they start work, counted in modules, not in seconds."""

import json
import re
import subprocess
import sys
from pathlib import Path
from uuid import UUID

EXAMPLE = Path(__file__).parents[2] / "config" / "gateway.example.toml"

HEAVY = {
    "aiohttp",
    "aiosmtplib",
    "argon2",
    "asyncpg",
    "cryptography",
    "dns",
    "jinja2",
    "josepy",
    "pgqueuer",
    "pkilint",
    "prometheus_client",
    "publicsuffixlist",
    "pydantic",
    "rich",
    "structlog",
    "uvloop",
}

ASK_ALL_FOR_HELP = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from typer.main import get_command
from gateway import cli

def leaves(command, *path):
    yield path
    for name in command.list_commands(None) if hasattr(command, "list_commands") else ():
        yield from leaves(command.get_command(None, name), *path, name)

asked, codes = [], []
for path in leaves(get_command(cli.app)):
    for words in (["--help"], ["--nonsense"]):
        sys.argv = ["gateway", *path, *words]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            try:
                cli.main()
            except SystemExit as ended:
                codes.append(ended.code)
        asked.append(" ".join(path))
roots = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"asked": asked, "codes": codes, "roots": roots}))
"""


def test_help_and_wrong_usage_of_every_command_load_nothing_heavy() -> None:
    script = [sys.executable, "-c", ASK_ALL_FOR_HELP]
    finished = subprocess.run(script, capture_output=True, text=True, check=True)
    found = json.loads(finished.stdout)
    assert {"", "serve", "reseller add", "notice webhook add", "jobs run"} <= set(found["asked"])
    assert set(found["codes"]) == {0, 2}
    assert HEAVY & set(found["roots"]) == set()


def test_the_help_names_all_commands_without_loading_their_modules() -> None:
    script = (
        "import sys; sys.argv = ['gateway', '--help']\n"
        "from gateway import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith('gateway.commands.')])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    *shown, loaded = finished.stdout.splitlines()
    assert loaded == "['gateway.commands.operation']"
    for name in ("serve", "reseller", "jobs", "ca"):
        assert any(line.split()[:1] == [name] for line in shown)


START_ALL = """
import io, json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from typer.main import get_command
from gateway import cli
from gateway.config import sources
from gateway.db import migrate  # what all need, once

settings, file = sys.argv[1:]
SPECIAL = json.loads(sys.stdin.read())

def leaves(command, *path):
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    for name in command.list_commands(None):
        yield from leaves(command.get_command(None, name), *path, name)

def words(command):
    for each in command.params:
        if each.required:
            kind = each.type.name
            value = file if kind == "path" else "1" if "integer" in kind else "1.00"
            value = SPECIAL.get(each.name, value)
            if each.param_type_name == "option":
                yield each.opts[0]
            if not getattr(each, "is_flag", False):
                yield value

def start(path, command):
    extra = SPECIAL.get(" ".join(path), "").split()
    sys.argv = ["gateway", *path, *words(command), *extra, "--config", settings]
    printed = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(printed):
        try:
            cli.main()
        except SystemExit:
            pass
    roots = sorted({name.partition(".")[0] for name in sys.modules})
    line = json.dumps([" ".join(path), printed.getvalue(), roots])
    os.write(1, line.encode() + b"\\n")

for path, command in leaves(get_command(cli.app)):
    if path[0] in ("serve", "sandbox") or path == ("jobs", "run"):
        continue
    child = os.fork()
    if child == 0:
        start(path, command)
        os._exit(0)
    os.waitpid(child, 0)
"""

DRIVER = {"asyncpg"}
WORK = {"ca add-chain": {"cryptography"}, "issuer list": {"cryptography"}}
"""What else a command loads: these look at certificates, and at what issuers can do."""

NO_DATABASE = {"sitelock list"}

SPECIAL = {
    "organization": str(UUID(int=1)),
    "bulk_id": str(UUID(int=1)),
    "by": "name",
    "reason": "4",
    "number": "1",
    "old": "1",
    "new": "1",
    "product": "1",
    "price set": "--fqdn 1.00",
    "ssl price set": "--fqdn 1.00",
    "server set": "--names any",
}
"""Arguments by name, and options by command, where `1.00` would be a mistake."""


def test_every_command_loads_no_more_than_its_driver_before_its_work(tmp_path: Path) -> None:
    """Each of them, up to where it meets a database that is away; `serve` and its like apart."""
    text = EXAMPLE.read_text()
    away = 'database = "postgresql://gateway@127.0.0.1:1/gateway"'
    settings, file = tmp_path / "gateway.toml", tmp_path / "file"
    settings.write_text(re.sub("^database = .*$", away, text, flags=re.MULTILINE))
    file.write_text("text")
    finished = subprocess.run(
        [sys.executable, "-c", START_ALL, str(settings), str(file)],
        input=json.dumps(SPECIAL),
        capture_output=True,
        text=True,
        check=True,
    )
    started = [json.loads(line) for line in finished.stdout.splitlines()]
    assert len(started) > 40
    early = {
        name: printed
        for name, printed, _ in started
        if "the database cannot be used" not in printed
    }
    assert set(early) <= NO_DATABASE, early
    heavy = {
        name: HEAVY & set(roots) - DRIVER - WORK.get(name, set()) for name, _, roots in started
    }
    assert {name: roots for name, roots in heavy.items() if roots} == {}


def test_the_supervisor_loads_no_door() -> None:
    counted = "import sys, gateway.process.supervisor; print(*sys.modules)"
    script = [sys.executable, "-c", counted]
    loaded = subprocess.run(script, capture_output=True, text=True, check=True).stdout.split()
    assert "gateway.process.preparation" in loaded
    assert not {"aiohttp", "pgqueuer", "gateway.app", "gateway.doors"} & set(loaded)
