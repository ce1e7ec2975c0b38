"""What commands load before they have anything to do: counted in modules, not in seconds."""

import json
import subprocess
import sys

HEAVY = {
    "aiohttp",
    "aiosmtplib",
    "argon2",
    "asyncpg",
    "cryptography",
    "dns",
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
