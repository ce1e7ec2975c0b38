"""Odd values of every option and argument of every command: one line, and nothing is changed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gateway import cli
from gateway.config import Listen, Settings
from gateway.db.pool import Pool, open_pool
from gateway.process.preparation import prepare
from tests.integration.operation.test_command_settings import CommandResult, leaves
from tests.support.gateway import RunningGateway, sandbox_settings
from tests.support.kept import KeptDatabases
from tests.support.postgres import FURNISHED
from tests.support.server_process import write_config

Run = Callable[..., Awaitable[CommandResult]]

COMMANDS = dict(leaves(get_command(cli.app)))

LONG_RUNNING = {"serve", "sandbox", "migrate", "jobs run"}
"""What does not end by itself, or is no business of a wrong value."""

ODD_TEXTS = [
    "",
    "-1",
    "1e3",
    "NaN",
    "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}",
    "0001-01-01T00:00:00+14:00",
    "99999999999999999999999",
    "two\nlines",
    "\udcff",
]

PASSWORD_FILE = "{password file}"
"""Stands for one with a password that would do: so nothing else is refused for it."""

GOOD: dict[str, list[str]] = {
    "login": ["demo"],
    "amount_text": ["1.00"],
    "price": ["1.00"],
    "threshold": ["1.00"],
    "product": ["1060"],
    "server": ["DV"],
    "fqdn": ["1.00"],
    "wildcard": ["1.00"],
    "brand": ["LOCAL"],
    "kind": ["DV_SSL_CERT"],
    "path": ["/v2/X"],
    "validation": ["DV"],
    "name": ["X"],
    "names": ["any"],
    "country": ["DE"],
    "locality": ["Berlin"],
    "organization": ["00000000-0000-0000-0000-000000000000"],
    "domain": ["example.com"],
    "url": ["https://hooks.example.com/x"],
    "address": ["it@example.com"],
    "destination": ["it@example.com"],
    "number": ["1"],
    "old": ["1"],
    "new": ["2"],
    "evidence": ["seen"],
    "cert_id": ["scs0000000000000"],
    "which": ["1"],
    "file": ["/dev/null"],
    "password_file": [PASSWORD_FILE],
    "role": ["support"],
    "by": ["name"],
    "value": ["www.example.com"],
    "why": ["ticket 4711"],
    "reason": ["superseded"],
}
"""Values that would do, for what a command must be given."""

BRAND_PRICE = ("ssl", "price", "set", "--type", "DV_SSL_CERT")

ALWAYS_REFUSED = {
    ("reseller deposit", "amount_text"),
    ("reseller set", "credit_limit"),
    ("reseller set", "renewal_mode"),
    ("reseller set", "status"),
    ("reseller set", "allowed_network"),
    ("reseller add", "currency"),
    ("price set", "fqdn"),
    ("price set", "wildcard"),
    ("price set", "currency"),
    ("price set", "server"),
    ("price set", "login"),
    ("ssl price set", "fqdn"),
    ("ssl price set", "wildcard"),
    ("ssl price set", "brand"),
    ("ssl price remove", "brand"),
    ("ssl coupon", "amount_text"),
    ("sitelock price set", "price"),
    ("sitelock price set", "days"),
    ("sitelock price remove", "days"),
    ("sitelock price remove", "product"),
    ("notice low-balance", "threshold"),
    ("notice replay", "since"),
    ("notice replay", "until"),
    ("organization add", "country"),
    ("server add", "issuer"),
    ("server set", "issuer"),
}
"""Options that take nothing of the above; an empty text of some means `none` and is left out."""

MEANS_NONE = {("reseller set", "allowed_network"), ("reseller set", "renewal_mode")} | {
    ("reseller set", "status")
}


def asked() -> Iterator[Any]:
    """(command, parameter, odd value) for everything that takes a value."""
    for name, command in COMMANDS.items():
        if name in LONG_RUNNING:
            continue
        for parameter in command.params:
            if parameter.name not in ("help", "config") and not getattr(parameter, "is_flag", 0):
                yield pytest.param(name, parameter.name, id=f"{name} {parameter.name}")


def words_of(name: str, odd: str, value: str) -> list[str]:
    """The command with all it must have, and `value` for the parameter `odd`."""
    command = COMMANDS[name]
    options: list[str] = []
    arguments: list[str] = []
    for parameter in command.params:
        wanted = parameter.name == odd
        if getattr(parameter, "is_flag", 0):
            if parameter.required:
                options.append(parameter.opts[0])
            continue
        if not wanted and not (parameter.required or (name, parameter.name) in ALSO_GIVEN):
            continue
        given = value if wanted else GOOD[parameter.name][0]
        if parameter.param_type_name == "argument":
            arguments.append(given)
        else:
            options.append(f"{parameter.opts[0]}={given}")
    return [*name.split(), *options, "--", *arguments]


ALSO_GIVEN = {
    ("price set", "fqdn"),
    ("ssl price set", "fqdn"),
}
"""Not demanded by the form of the command, and yet needed."""


@pytest.fixture
async def settings(kept_databases: KeptDatabases, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of a prepared gateway that does not run: commands need no server."""
    async with kept_databases.lend(FURNISHED) as database:
        listen = Listen(host="127.0.0.1", port=443, plain_http_port=80, metrics_port=9100)
        made = sandbox_settings(database, tmp_path, listen)
        await prepare(made)
        yield made


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    opened = await open_pool(settings.database)
    yield opened
    await opened.close()


@pytest.fixture
def run(
    settings: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    return running(settings, tmp_path, capsys, monkeypatch)


@pytest.fixture
def run_beside(
    gateway: RunningGateway,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """On the database of a gateway that is served."""
    return running(gateway.services.settings, tmp_path, capsys, monkeypatch)


def running(
    settings: Settings,
    directory: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Runs a command in a thread of this process."""
    config = write_config(settings, directory / "gateway.toml")
    password = directory / "password.txt"
    password.write_text("a long password\n")

    async def execute(*words: str) -> CommandResult:
        words = tuple(word.replace(PASSWORD_FILE, str(password)) for word in words)
        cut = words.index("--") if "--" in words else len(words)
        given = [*words[:cut], "--config", str(config), *words[cut:]]
        monkeypatch.setattr(sys, "argv", ["gateway", *given])

        def call() -> int:
            try:
                cli.main()
            except SystemExit as ended:
                return int(ended.code or 0)
            return 0

        code = await asyncio.to_thread(call)
        return CommandResult(code, *capsys.readouterr())

    return execute


async def changes(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM audit.event WHERE actor ~ '^operator:'"))


@pytest.mark.parametrize(("name", "parameter"), list(asked()))
async def test_an_odd_value_is_reported_in_one_line_and_changes_nothing(
    run: Run, pool: Pool, name: str, parameter: str
) -> None:
    before = await changes(pool)
    for value in ODD_TEXTS:
        if (name, parameter) in MEANS_NONE and not value:
            continue
        ended = await run(*words_of(name, parameter, value))
        what = (name, parameter, value, ended)
        if (name, parameter) in ALWAYS_REFUSED:
            assert ended.code != 0, what
        if ended.code == 0:
            before = await changes(pool)
            continue
        assert ended.code in (1, 2), what
        assert "Traceback" not in ended.err, what
        assert "the database cannot be used" not in ended.err, what
        if ended.code == 1:
            assert ended.out == "", what
            assert ended.err.startswith("gateway: "), what
            assert ended.err.count("\n") == 1, what
        else:
            assert ended.err.count("Error: ") == 1, what
        assert await changes(pool) == before, what


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("price", "set", "demo", "--server", "DV", "--fqdn", "1", "--currency", "EUR"), "USD"),
        (("price", "set", "default", "--server", "DV", "--fqdn", "1", "--currency", "XYZ"), "4217"),
        (("price", "set", "default", "--server", "DV", "--fqdn", "1", "--currency", "XAU"), "4217"),
        (
            ("sitelock", "price", "set", "demo", "1", "--product", "1060", "--currency", "EUR"),
            "USD",
        ),
        (
            (*BRAND_PRICE, "demo", "--brand", "LOCAL", "--fqdn", "1", "--currency", "EUR"),
            "USD",
        ),
        (
            (*BRAND_PRICE, "default", "--brand", "LOCLA", "--fqdn", "1"),
            "no brand LOCLA among LOCAL",
        ),
        (("reseller", "add", "two words", "--password-file", PASSWORD_FILE), "no space"),
        (("reseller", "add", "x", "--password-file", PASSWORD_FILE, "--currency", "XYZ"), "4217"),
        (("reseller", "deposit", "demo", "1e3"), "'1e3' is not an amount"),
        (("notice", "low-balance", "demo", "--", "-1.00"), "not negative"),
        (("price", "remove", "demo", "--server", "DV"), "no such price of its own"),
        (("price", "remove", "default", "--server", "XX"), "no server"),
        (("price", "list", "nobody"), "no reseller"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
async def test_what_could_never_be_sold_is_refused(
    run: Run, pool: Pool, words: tuple[str, ...], message: str
) -> None:
    before = await changes(pool)
    ended = await run(*words)
    assert (ended.code, ended.out) == (1, "")
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert await changes(pool) == before


async def test_prices_are_listed_and_taken_back(run_beside: Run, gateway: RunningGateway) -> None:
    run = run_beside
    await run("price", "set", "demo", "--server", "DV", "--fqdn", "1.00", "--wildcard", "2.00")
    assert (await run("price", "list", "demo")).out.splitlines()[:2] == [
        "DV  fqdn  1.00 USD",
        "DV  wildcard  2.00 USD",
    ]
    removed = await run("price", "remove", "demo", "--server", "DV", "--fqdn")
    assert removed.out == "prices of demo on DV removed: fqdn\n"
    assert (await run("price", "list", "demo")).out.splitlines()[:2] == [
        "DV  fqdn  365.00 USD  (default)",
        "DV  wildcard  2.00 USD",
    ]
    await run("price", "remove", "default", "--server", "DV")
    assert (
        '"server": "DV", "nameType": "fqdn"'
        not in (await run("price", "list", "default", "--json")).out
    )
    status, body = await gateway.action("PREREGISTER", serverUrl=gateway.directory_url)
    account = body["Accounts"][0]["acmeAccountID"]
    status, body = await gateway.action(
        "ADDDOMAIN", acmeAccountID=account, domainName="a.example.com"
    )
    assert (status, body["detail"]) == (403, "Pricing is not configured!")


@pytest.mark.parametrize(
    ("group", "article", "price", "line", "member"),
    [
        ("price", ("--server", "DV"), ("--fqdn", "1.00"), "DV  fqdn", "yearly"),
        (
            *("ssl price", ("--brand", "LOCAL", "--type", "DV_SSL_CERT"), ("--fqdn", "1.00")),
            *("LOCAL  DV_SSL_CERT  fqdn", "yearly"),
        ),
        ("sitelock price", ("--product", "1060", "--days", "30"), ("1.00",), "1060   30", "amount"),
    ],
    ids=["names", "ssl", "sitelock"],
)
async def test_prices_of_every_family_are_set_listed_and_removed_alike(
    run: Run, group: str, article: tuple[str, ...], price: tuple[str, ...], line: str, member: str
) -> None:
    async def listed(login: str) -> str:
        lines = (await run(*group.split(), "list", login)).out.splitlines()
        [found] = [each for each in lines if each.startswith(f"{line}  ")]
        return found.removeprefix(f"{line}  ")

    default = await listed("default")
    assert await listed("demo") == f"{default}  (default)"
    done = await run(*group.split(), "set", "demo", *article, *price)
    assert (done.code, await listed("demo")) == (0, "1.00 USD")
    assert await listed("default") == default
    rows = json.loads((await run(*group.split(), "list", "demo", "--json")).out)
    assert [(row[member], row["currency"]) for row in rows if row["own"]] == [("1.00", "USD")]
    assert (await run(*group.split(), "remove", "demo", *article)).code == 0
    assert await listed("demo") == f"{default}  (default)"
    again = await run(*group.split(), "remove", "demo", *article)
    assert (again.code, "demo has no such price of its own" in again.err) == (1, True)
    nobody = await run(*group.split(), "remove", "nobody", *article)
    assert (nobody.code, "there is no reseller 'nobody'" in nobody.err) == (1, True)


async def test_a_new_brand_is_sold_once_it_is_said_to_be_new(run: Run) -> None:
    words = ("ssl", "price", "set", "default", "--brand", "GEO", "--type", "DV_SSL_CERT")
    assert (await run(*words, "--fqdn", "9.00")).code == 1
    assert (await run(*words, "--fqdn", "9.00", "--new-brand")).code == 0
    assert (await run(*words, "--wildcard", "19.00")).code == 0
