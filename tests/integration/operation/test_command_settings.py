"""Settings of commands: where they come from, and the messages for bad ones."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gateway import cli
from gateway.commands.inputs import password_in
from gateway.commands.operation import settings_of
from gateway.config import Listen
from tests.support.gateway import RunningGateway, sandbox_settings
from tests.support.postgres import BARE, fresh_database
from tests.support.server_process import write_config


@dataclass(frozen=True)
class CommandResult:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


@dataclass
class Operator:
    """Runs commands in this process, with a settings file of its own."""

    config: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def run(self, *words: str) -> CommandResult:
        self.monkeypatch.setattr(sys, "argv", ["gateway", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = self.capsys.readouterr()
        return CommandResult(int(ended.value.code or 0), out, err)

    def refused(self, *words: str) -> str:
        """What a command says that cannot be carried out."""
        ended = self.run(*words, "--config", str(self.config))
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith("gateway: ")
        assert ended.err.count("\n") == 1
        return ended.err


@pytest.fixture
def operator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Operator:
    settings = sandbox_settings("postgresql:///none", tmp_path, Listen())
    return Operator(write_config(settings, tmp_path / "gateway.toml"), capsys, monkeypatch)


def shell(settings_file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command as a process of its own."""
    command = [sys.executable, "-m", "gateway", *words, "--config", str(settings_file)]
    return subprocess.run(command, capture_output=True, text=True, cwd="/")


def test_every_command_takes_the_settings_file_after_its_arguments() -> None:
    commands = dict(leaves(get_command(cli.app)))
    assert set(commands) >= {"serve", "migrate", "reseller add", "price set", "server list"}
    without = {
        name
        for name, command in commands.items()
        if not any("--config" in option.opts for option in command.params)
    }
    assert without == {"sandbox"}, "which writes that file"


def leaves(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """All commands that do something, by the words that name them."""
    if not hasattr(command, "list_commands"):
        yield " ".join(path), command
        return
    for name in command.list_commands(None):
        yield from leaves(command.get_command(None, name), *path, name)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["reseller"],
        ["reseller", "add", "x"],
        ["reseller", "list", "--nonsense"],
        ["server", "add", "x", "--path", "/x", "--validation", "DV", "--product-id", "many"],
        ["sandbox", "--port", "0"],
        ["sandbox", "--state", "x", "--port", "65536"],
        ["sandbox", "--state", "x", "--port", "0", "--http-port", "0"],
        ["sandbox", "--state", "x", "--port", "0", "--public-url", "acme.example.com"],
        ["sandbox", "--state", "x", "--port", "0", "--public-url", "http://acme.example.com"],
        ["sandbox", "--state", "x", "--port", "0", "--public-url", "https://[bad"],
        ["sandbox", "--state", "x", "--port", "0", "--public-url", "https://acme:99999"],
    ],
    ids=" ".join,
)
def test_a_command_that_cannot_be_understood_ends_with_2(
    operator: Operator, words: list[str]
) -> None:
    assert operator.run(*words).code == 2


def test_one_newline_at_the_end_of_a_password_file_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "password"
    for content, password in (
        ("secret\n", "secret"),
        ("secret\n\n", "secret\n"),
        (" secret ", " secret "),
    ):
        file.write_text(content)
        assert password_in(file) == password


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"database = ", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"databse = 'x'", "databse: Extra inputs"),
        (b"[listen]\nport = 70000", "listen.port"),
        (b"database = 'postgresql://me:pass/word@host/x'", "database: "),
        (b"database = 'mysql://me@host/x'", "database: "),
        (b"public_url = 'acme.example.com'", "public_url: "),
        (b"public_url = 'https://acme.example.com/'", "public_url: "),
        (b"public_url = 'https://acme.example.com:99999'", "public_url: "),
        (b"public_url = 'https://[bad'", "public_url: "),
    ],
)
def test_a_settings_file_that_cannot_be_is_reported(
    operator: Operator, content: bytes, message: str
) -> None:
    operator.config.write_bytes(content)
    shown = operator.refused("reseller", "list")
    assert message in shown
    assert "pass/" not in shown


def test_a_settings_file_that_is_not_there_is_reported(operator: Operator) -> None:
    operator.config.unlink()
    assert "does not exist" in operator.refused("serve")


def test_an_environment_variable_that_cannot_be_is_reported(operator: Operator) -> None:
    operator.monkeypatch.setenv("GATEWAY_SECRETS", "no JSON")
    assert "secrets" in operator.refused("reseller", "list")


def test_a_database_that_is_away_is_reported_without_its_password(operator: Operator) -> None:
    away = "postgresql://me:hidden@127.0.0.1:1/gateway"
    operator.monkeypatch.setenv("GATEWAY_DATABASE", away)
    for command in (["reseller", "list"], ["migrate"]):
        message = operator.refused(*command)
        assert "the database cannot be used" in message
        assert "hidden" not in message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://gateway@localhost/gateway",
        "postgres://gateway:p%2Fw@db.example.com:5433/gateway?sslmode=require",
        "postgresql://gateway@/gateway?host=/var/run/postgresql",
        "postgresql://one:5432,[::1]:5433/gateway",
        "postgresql:///gateway",
    ],
)
def test_database_urls_of_all_kinds_are_taken(operator: Operator, url: str) -> None:
    operator.monkeypatch.setenv("GATEWAY_DATABASE", url)
    assert settings_of(operator.config).database == url


async def test_an_older_schema_is_refused_until_it_is_migrated(
    database_server: str, tmp_path: Path
) -> None:
    async with fresh_database(database_server, BARE) as bare:
        settings = sandbox_settings(bare, tmp_path, Listen())
        file = write_config(settings, tmp_path / "gateway.toml")
        refused = shell(file, "reseller", "list")
        assert refused.returncode == 1
        assert "run `gateway migrate` first" in refused.stderr
        assert "applied 0001_foundation\n" in shell(file, "migrate").stdout
        assert shell(file, "migrate").stdout == "the schema is up to date\n"
        assert shell(file, "reseller", "list", "--json").stdout == "[]\n"


def test_the_program_is_the_module() -> None:
    program = str(Path(sys.executable).with_name("gateway"))
    for command in ([program], [sys.executable, "-m", "gateway"]):
        shown = subprocess.run([*command, "--help"], capture_output=True, text=True, cwd="/")
        assert shown.returncode == 0
        assert "sandbox" in shown.stdout


async def test_commands_read_the_sandbox_clock(gateway: RunningGateway, tmp_path: Path) -> None:
    await gateway.at("2031-05-06T07:08:09Z")
    file = write_config(gateway.services.settings, tmp_path / "gateway.toml")
    assert shell(file, "reseller", "deposit", gateway.login, "1.00").returncode == 0
    booked = await gateway.pool.fetchval(
        "SELECT max(booked_at) FROM reseller.ledger_entry WHERE amount = 1"
    )
    assert booked.isoformat() == "2031-05-06T07:08:09+00:00"
