"""The operator's commands on a running gateway: they act at once, mistakes change nothing."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.db.pool import Pool
from gateway.sandbox import demo_data
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.second_factor import OPERATOR, RESELLER, events_of, is_in, set_up_app
from tests.support.server_process import write_config
from tests.support.shop import Shop

Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
async def run(gateway: RunningGateway, tmp_path: Path) -> AsyncIterator[Run]:
    """Runs `gateway …` with the gateway's own settings; gives status, stdout and stderr."""
    config = write_config(gateway.services.settings, tmp_path / "gateway.toml")

    async def execute(*words: str, **environment: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", *words, "--config", str(config)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **environment},
        )
        output, errors = await process.communicate()
        return process.returncode or 0, output.decode(), errors.decode()

    yield execute


@pytest.fixture
def password_file(tmp_path: Path) -> str:
    file = tmp_path / "password"
    file.write_text("its own password\n")
    return str(file)


async def listed(run: Run) -> dict[str, Any]:
    status, output, errors = await run("reseller", "list", "--json")
    assert status == 0, errors
    return {reseller["login"]: reseller for reseller in json.loads(output)}


async def test_a_new_reseller_logs_in_at_once_and_can_buy_with_a_deposit(
    run: Run, gateway: RunningGateway, password_file: str
) -> None:
    added = await run("reseller", "add", "hosting", "--password-file", password_file)
    assert added[0] == 0, added
    assert (await listed(run))["hosting"] == {
        "login": "hosting",
        "balance": "0.00",
        "currency": "USD",
        "renewalMode": "manual",
    }
    shop = Shop(gateway, {"loginName": "hosting", "loginPassword": "its own password"})
    account = await shop.credential()
    refused = await shop.refused("ADDDOMAIN", acmeAccountID=account, domainName="a.example.com")
    assert "credit" in refused.detail.lower()
    status, output, _ = await run("reseller", "deposit", "hosting", "400.00")
    assert (status, output) == (0, "balance of hosting: 400.00\n")
    assert str(await shop.add(account, "a.example.com")) == "365.00"
    assert (await listed(run))["hosting"]["balance"] == "35.00"


async def test_prices_and_settings_of_a_reseller_act_at_once(
    run: Run, gateway: RunningGateway
) -> None:
    shop = Shop(gateway)
    account = await shop.credential()
    prices = ("--fqdn", "100.00", "--wildcard", "300.00")
    assert (await run("price", "set", "demo", "--server", "DV", *prices))[0] == 0
    assert str(await shop.quote(account, "a.example.com")) == "100.00"
    assert str(await shop.quote(account, "*.example.com")) == "300.00"
    changed = await run("reseller", "set", "demo", "--renewal-mode", "auto")
    assert changed[0] == 0
    assert (await listed(run))["demo"]["renewalMode"] == "auto"
    assert (await run("reseller", "set", "demo", "--allowed-network", "192.0.2.0/24"))[0] == 0
    assert (await gateway.action("LISTSERVERS"))[0] == 401
    assert (await run("reseller", "set", "demo", "--allowed-network", ""))[0] == 0
    assert (await gateway.action("LISTSERVERS"))[0] == 200


async def test_a_new_server_is_served_and_sold_at_once(run: Run, gateway: RunningGateway) -> None:
    words = ("--path", "/v2/DV2", "--validation", "DV", "--product-id", "700")
    assert (await run("server", "add", "Second", *words))[0] == 0
    async with gateway.session.get(f"{gateway.url}/v2/DV2") as response:
        assert response.status == 200
    _, answer = await gateway.action("LISTSERVERS")
    assert [server["productID"] for server in answer["Servers"]] == [608, 609, 700]
    status, output, _ = await run("server", "list", "--json")
    assert status == 0
    assert [server["name"] for server in json.loads(output)] == ["DV", "OV", "Second"]


async def test_a_server_takes_any_names_in_a_sandbox_and_public_ones_elsewhere(
    run: Run, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def names() -> dict[str, str]:
        _, output, _ = await run("server", "list", "--json")
        return {server["name"]: server["names"] for server in json.loads(output)}

    path = ("--validation", "DV", "--path")
    await run("server", "add", "Sandbox", *path, "/s")
    monkeypatch.setenv("GATEWAY_SANDBOX", "false")
    await run("server", "add", "Public", *path, "/p")
    await run("server", "add", "Private", *path, "/i", "--names", "any")
    assert await names() == {
        "DV": "any",
        "OV": "any",
        "Sandbox": "any",
        "Public": "public",
        "Private": "any",
    }
    assert (await run("server", "set", "Private", "--names", "public"))[0] == 0
    assert (await names())["Private"] == "public"
    changed = "SELECT before, after FROM audit.event WHERE action = 'server.changed'"
    [event] = await gateway.pool.fetch(changed)
    assert (event["before"], event["after"]) == ({"names": "any"}, {"names": "public"})


async def test_a_server_says_which_issuers_it_is_for(
    run: Run, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def issuers() -> dict[str, list[str]]:
        _, output, _ = await run("server", "list", "--json")
        return {server["name"]: server["issuers"] for server in json.loads(output)}

    monkeypatch.setenv("GATEWAY_CA__NAMES", '["internal", "local"]')
    path = ("--validation", "DV", "--path")
    await run("server", "add", "First", *path, "/f")
    await run("server", "add", "Both", *path, "/b", "--issuer", "local,internal")
    expected = {"DV": ["local"], "OV": ["local"], "First": ["internal"]}
    assert await issuers() == expected | {"Both": ["local", "internal"]}
    assert (await run("server", "set", "Both", "--issuer", "internal, local"))[0] == 0
    assert await issuers() == expected | {"Both": ["internal", "local"]}
    _, output, _ = await run("server", "list")
    assert "/b  DV  any names  internal,local  Both" in output
    changed = "SELECT before, after FROM audit.event WHERE action = 'server.changed'"
    [event] = await gateway.pool.fetch(changed)
    assert event["before"] == {"issuers": ["local", "internal"]}
    assert event["after"] == {"issuers": ["internal", "local"]}
    # What is not said stays.
    assert (await run("server", "set", "Both", "--names", "public"))[0] == 0
    assert (await issuers())["Both"] == ["internal", "local"]


async def test_issuers_are_listed_with_what_they_can_do(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_CA__NAMES", '["local", "internal"]')
    _, output, _ = await run("issuer", "list", "--json")
    able = ["immediate", "crl", "download", "lint", "own-root"]
    assert json.loads(output) == [
        {"name": "local", "kind": "local", "capabilities": able, "servers": ["DV", "OV"]},
        {"name": "internal", "kind": "local", "capabilities": able, "servers": []},
    ]
    _, output, _ = await run("issuer", "list")
    assert output.splitlines() == [
        f"local  local  {' '.join(able)}  for DV, OV",
        f"internal  local  {' '.join(able)}  for no server",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("reseller", "deposit", "nobody", "1.00"),
        ("reseller", "deposit", "demo", "much"),
        ("reseller", "deposit", "demo", "0.00"),
        ("reseller", "deposit", "demo", "1.001"),
        ("reseller", "set", "demo", "--renewal-mode", "sometimes"),
        ("reseller", "set", "demo", "--tier1", "demo"),
        ("reseller", "set", "demo", "--allowed-network", "everywhere"),
        ("reseller", "add", "demo", "--password-file", "/dev/null"),
        ("reseller", "add", "x", "--password-file", "/does/not/exist"),
        ("price", "set", "default", "--server", "XX", "--fqdn", "1.00"),
        ("price", "set", "nobody", "--server", "DV", "--fqdn", "1.00"),
        ("price", "set", "default", "--server", "DV"),
        ("server", "add", "DV", "--path", "/x", "--validation", "DV", "--product-id", "1"),
        ("server", "add", "N", "--path", "x y", "--validation", "DV", "--product-id", "1"),
        ("server", "add", "N", "--path", "/x", "--validation", "XV", "--product-id", "1"),
        ("server", "add", "N", "--path", "/x", "--validation", "DV", "--names", "internal"),
        ("server", "set", "DV", "--names", "internal"),
        ("server", "set", "N", "--names", "any"),
        ("server", "set", "N", "--issuer", "local"),
        ("server", "set", "DV", "--issuer", "elsewhere"),
        ("server", "set", "DV", "--issuer", "local,elsewhere"),
        ("server", "set", "DV", "--issuer", ""),
        ("server", "add", "N", "--path", "/x", "--validation", "DV", "--issuer", "elsewhere"),
    ],
    ids=" ".join,
)
async def test_a_mistake_is_reported_in_one_line_and_changes_nothing(
    run: Run, pool: Pool, words: tuple[str, ...]
) -> None:
    # The running gateway records what it does of its own accord, such as signing a CRL.
    changes = "SELECT count(*) FROM audit.event WHERE actor LIKE 'operator:%'"
    before = await pool.fetchval(changes)
    status, output, errors = await run(*words)
    assert (status, output) == (1, "")
    assert errors.startswith("gateway: ")
    assert errors.count("\n") == 1
    assert await pool.fetchval(changes) == before


async def test_a_wrong_usage_is_status_2(run: Run) -> None:
    assert (await run("reseller", "deposit"))[0] == 2
    assert (await run("nonsense"))[0] == 2


async def test_the_environment_wins_over_the_file(run: Run) -> None:
    status, _, errors = await run(
        "reseller", "list", GATEWAY_DATABASE="postgresql://nobody@127.0.0.1:1/none"
    )
    assert status == 1
    assert "database" in errors


async def test_every_change_of_an_operator_is_in_the_audit_trail(run: Run, pool: Pool) -> None:
    await run("reseller", "deposit", "demo", "1.00", "--note", "a gift")
    event = await pool.fetchrow(
        "SELECT * FROM audit.event WHERE action = 'reseller.deposited' ORDER BY id DESC LIMIT 1"
    )
    assert event is not None
    assert event["actor"].startswith("operator:")
    assert event["subject"] == "demo"
    assert event["after"]["note"] == "a gift"


async def sign_in(gateway: RunningGateway, name: str, password: str) -> ConsolePerson | None:
    person = ConsolePerson(gateway)
    answer = await person.sign_in(name, password)
    return person if answer.status == 303 else None


async def test_a_new_operator_signs_in_with_the_role_that_was_given(
    run: Run, gateway: RunningGateway, password_file: str
) -> None:
    words = ("add", "carol", "--role", "auditor", "--password-file", password_file)
    added = await run("operator", *words)
    assert added == (0, "operator carol added\n", "")
    person = await sign_in(gateway, "carol", "its own password")
    assert person is not None
    assert "(auditor)" in (await person.get("/console/settings")).text
    _, listed, _ = await run("operator", "list", "--json")
    assert json.loads(listed) == [
        {"name": "carol", "role": "auditor", "status": "active"},
        {"name": "operator", "role": "admin", "status": "active"},
    ]
    rows = await gateway.pool.fetch(
        "SELECT actor, after FROM audit.event WHERE action = 'operator.added' AND subject = 'carol'"
    )
    [row] = rows
    assert row["actor"].startswith("operator:")
    assert row["after"] == {"role": "auditor"}


async def test_a_suspended_operator_is_signed_out_and_cannot_sign_in(
    run: Run, gateway: RunningGateway
) -> None:
    person = await sign_in(gateway, demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)
    assert person is not None
    assert (await run("operator", "suspend", demo_data.OPERATOR))[0] == 0
    assert (await person.get("/console/settings")).status == 303
    assert await sign_in(gateway, demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD) is None
    await gateway.services.refusals.flush()
    why = "SELECT why FROM ops.refusals WHERE door = 'console'"
    assert await gateway.pool.fetchval(why) == "The operator is suspended; the password was right."
    assert (await run("operator", "reinstate", demo_data.OPERATOR))[0] == 0
    assert await sign_in(gateway, demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD) is not None


async def test_a_changed_operator_has_another_role_and_password_at_once(
    run: Run, gateway: RunningGateway, password_file: str
) -> None:
    person = await sign_in(gateway, demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)
    assert person is not None
    assert (await run("operator", "set", "operator", "--role", "support"))[0] == 0
    assert "(support)" in (await person.get("/console/settings")).text
    assert (await run("operator", "set", "operator", "--password-file", password_file))[0] == 0
    assert (await person.get("/console/settings")).status == 303
    assert await sign_in(gateway, "operator", "its own password") is not None


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("add", "x y", "--role", "admin"), "a name has 1 to 64 printable characters, no space"),
        (("add", "carol", "--role", "king"), "a role is one of admin, support, auditor"),
        (("add", "demo", "--role", "admin"), "'demo' is a reseller's login"),
        (("add", "operator", "--role", "admin"), "the name 'operator' is taken"),
        (("set", "nobody", "--role", "admin"), "there is no operator 'nobody'"),
        (("set", "operator", "--role", "king"), "a role is one of admin, support, auditor"),
        (("suspend", "nobody"), "there is no operator 'nobody'"),
    ],
)
async def test_a_mistake_about_an_operator_is_explained_and_changes_nothing(
    run: Run, pool: Pool, password_file: str, words: tuple[str, ...], answer: str
) -> None:
    before = await pool.fetch("SELECT * FROM operation.operator ORDER BY name")
    more = ("--password-file", password_file) if words[0] == "add" else ()
    status, _, error = await run("operator", *words, *more)
    assert (status, error[:9]) == (1, "gateway: ")
    assert answer in error
    assert await pool.fetch("SELECT * FROM operation.operator ORDER BY name") == before


@pytest.mark.parametrize("password", ["x" * 11, "x" * 129])
@pytest.mark.parametrize("words", [("add", "carol", "--role", "support"), ("set", "operator")])
async def test_an_operators_password_is_as_long_as_at_the_console(
    run: Run, pool: Pool, tmp_path: Path, words: tuple[str, ...], password: str
) -> None:
    before = await pool.fetch("SELECT * FROM operation.operator ORDER BY name")
    file = tmp_path / "given"
    file.write_text(password)
    status, _, error = await run("operator", *words, "--password-file", str(file))
    assert status == 1
    assert "128 characters" in error and password not in error
    assert await pool.fetch("SELECT * FROM operation.operator ORDER BY name") == before


async def test_a_reseller_cannot_have_an_operators_name(run: Run, password_file: str) -> None:
    status, _, error = await run("reseller", "add", "operator", "--password-file", password_file)
    assert status == 1
    assert "'operator' is an operator's name: one form signs in both" in error


@pytest.mark.parametrize(
    ("words", "login"), [(("operator",), OPERATOR), (("reseller",), RESELLER)], ids=str
)
async def test_a_lost_second_factor_is_reset_and_its_owner_signed_out(
    run: Run, gateway: RunningGateway, words: tuple[str, ...], login: tuple[str, str]
) -> None:
    person = await sign_in(gateway, *login)
    assert person is not None
    await set_up_app(person)
    for _ in range(2):  # the second time there is nothing to do, and nothing is recorded
        status, output, _ = await run(*words, "reset-factor", login[0])
        assert (status, output) == (0, f"{words[0]} {login[0]} has no second factor now\n")
    assert not await is_in(person)
    again = await sign_in(gateway, *login)
    assert again is not None and await is_in(again)
    [(actor, subject, after)] = await events_of(gateway, "second_factor.reset")
    assert (actor.partition(":")[0], subject, after) == ("operator", login[0], {"sessionsEnded": 1})


@pytest.mark.parametrize("kind", ["operator", "reseller"])
async def test_the_factor_of_somebody_who_is_not_there_cannot_be_reset(run: Run, kind: str) -> None:
    status, _, error = await run(kind, "reset-factor", "nobody")
    assert (status, error) == (1, f"gateway: there is no {kind} 'nobody'\n")
