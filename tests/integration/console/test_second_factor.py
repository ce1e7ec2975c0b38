"""Second factors: set up, changed and removed by their owner, reset by operators, and needed."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.config import Console
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.looked_up import other_operator
from tests.support.second_factor import (
    FACTOR_PAGE,
    OPERATOR,
    RESELLER,
    SETTINGS,
    STEP_PAGE,
    People,
    code_of,
    events_of,
    is_in,
    let_codes_count_again,
    let_minutes_pass,
    recovery_codes_in,
    secret_on,
    set_up_app,
    show_code,
    signed_in,
)


async def test_an_app_counts_from_its_first_right_code_on(
    gateway: RunningGateway, people: People
) -> None:
    person = await signed_in(people)
    assert "whoever knows the password can sign in" in (await person.get(SETTINGS)).text
    await person.submit(FACTOR_PAGE, "set-up-app")
    page = await person.get(FACTOR_PAGE)
    secret = secret_on(page)
    assert f"otpauth://totp/127.0.0.1:operator?secret={secret}&amp;issuer=127.0.0.1" in page.text
    assert re.search(r'<figure class="qr" role="img" [^>]*><svg [^>]*><g [^>]*><path ', page.text)
    assert " style=" not in page.text
    assert (await people().sign_in(*OPERATOR)).to == "/console/", "it does not count yet"
    answer = await person.submit(FACTOR_PAGE, "confirm-app", one_time_code=code_of(secret))
    assert (answer.status, answer.to) == (303, FACTOR_PAGE)
    page = await person.get(FACTOR_PAGE)
    assert len(set(recovery_codes_in(page))) == 10
    assert "data-secret" not in page.text
    assert (await people().sign_in(*OPERATOR)).to.startswith(STEP_PAGE)
    assert "the password alone opens no session" in (await person.get(SETTINGS)).text
    assert await events_of(gateway, "second_factor.app_added") == [
        ("operator:operator", "operator", None)
    ]


@pytest.mark.parametrize("code", ["000000", "12345", "", "not a code", "٠١٢٣٤٥", "\0" * 6])
async def test_a_wrong_first_code_is_told_beside_its_field(people: People, code: str) -> None:
    person = await signed_in(people)
    await person.submit(FACTOR_PAGE, "set-up-app")
    answer = await person.submit(FACTOR_PAGE, "confirm-app", one_time_code=code)
    assert answer.status == 422
    assert 'id="confirm-app-one_time_code-error"' in answer.text
    assert (await people().sign_in(*OPERATOR)).to == "/console/"


async def test_an_app_that_counts_is_not_replaced_by_another(
    gateway: RunningGateway, people: People
) -> None:
    person = await signed_in(people)
    page = await person.get(FACTOR_PAGE)
    fields = page.hidden("set-up-app")
    await set_up_app(person)
    query = "SELECT encrypted_secret FROM operation.second_factor"
    before = await gateway.pool.fetchval(query)
    answer = await person.post(f"{FACTOR_PAGE}/app", fields)
    assert answer.status == 422
    assert "There is an app already." in answer.text
    answer = await person.post(
        f"{FACTOR_PAGE}/app/confirm", {**fields, "once": "x" * 22, "one_time_code": "123456"}
    )
    assert "No app waits for its first code." in answer.text
    assert await gateway.pool.fetchval(query) == before


# Changing and removing.

CHANGES = ("app", "app/remove", "codes", "passkeys")


@pytest.mark.parametrize("change", CHANGES)
async def test_factors_are_changed_only_after_one_was_shown_just_now(
    gateway: RunningGateway, people: People, change: str
) -> None:
    person = await signed_in(people)
    await set_up_app(person)
    fields = (await person.get(FACTOR_PAGE)).hidden("remove-app")
    await let_minutes_pass(gateway, 6)
    page = await person.get(FACTOR_PAGE)
    assert "show-code" in page.text and "remove-app" not in page.text
    table = "SELECT * FROM operation.second_factor, operation.recovery_code"
    before = await gateway.pool.fetch(table)
    more = {"name": "Laptop", "passkey_answer": "{}"}
    answer = await person.post(f"{FACTOR_PAGE}/{change}", {**fields, **more})
    assert answer.status == 403
    assert "Show your second factor first" in answer.text
    assert await gateway.pool.fetch(table) == before


async def test_removing_the_app_needs_a_code_or_a_recovery_code_at_hand(
    gateway: RunningGateway, people: People
) -> None:
    person = await signed_in(people)
    secret, _ = await set_up_app(person)
    await let_minutes_pass(gateway, 6)
    wrong = await person.submit(FACTOR_PAGE, "show-code", one_time_code="111111")
    assert wrong.status == 403
    assert 'id="show-code-one_time_code-error"' in wrong.text
    await let_codes_count_again(gateway)
    assert (
        await person.submit(FACTOR_PAGE, "show-code", one_time_code=code_of(secret))
    ).status == 303
    assert (await person.submit(FACTOR_PAGE, "remove-app")).status == 303
    assert (await people().sign_in(*OPERATOR)).to == "/console/"
    assert len(await events_of(gateway, "second_factor.app_removed")) == 1
    for table in ("second_factor", "recovery_code"):
        assert await gateway.pool.fetchval(f"SELECT count(*) FROM operation.{table}") == 0


async def test_wrong_codes_lock_in_an_open_session_too(
    gateway: RunningGateway, people: People
) -> None:
    person = await signed_in(people)
    await set_up_app(person)
    await let_minutes_pass(gateway, 6)
    for _ in range(10):
        await person.submit(FACTOR_PAGE, "show-code", one_time_code="wrong")
    assert len(await events_of(gateway, "operator.locked")) == 1


async def test_a_form_that_shows_a_code_is_sent_twice_and_uses_up_one(
    gateway: RunningGateway, people: People
) -> None:
    person = await signed_in(people)
    _, codes = await set_up_app(person)
    await let_minutes_pass(gateway, 6)
    fields = (await person.get(FACTOR_PAGE)).hidden("show-code") | {"one_time_code": codes[0]}
    for _ in range(2):
        answer = await person.post(f"{FACTOR_PAGE}/show", fields)
        assert (answer.status, answer.to) == (303, FACTOR_PAGE)
    assert 'data-codes="9"' in (await person.get(FACTOR_PAGE)).text


# Resetting.


async def test_an_admin_resets_the_factor_of_another_operator(
    gateway: RunningGateway, operator: ConsolePerson, people: People
) -> None:
    key = (await other_operator(gateway)).replace("-", "")
    page = "/console/operators"
    assert f"reset-factor-{key}" not in (await operator.get(page)).text
    helen = await signed_in(people, ("helen", "helen-password"))
    await set_up_app(helen)
    assert (await operator.submit(page, f"reset-factor-{key}")).status == 303
    assert not await is_in(helen)
    assert (await people().sign_in("helen", "helen-password")).to == "/console/"
    assert await events_of(gateway, "second_factor.reset") == [
        ("operator:operator", "helen", {"sessionsEnded": 1})
    ]


async def test_nobody_resets_their_own_factor_there(
    gateway: RunningGateway, people: People
) -> None:
    person = await signed_in(people)
    await set_up_app(person)
    own = await gateway.pool.fetchval("SELECT id FROM operation.operator")
    page = await person.get("/console/operators")
    assert "reset-factor" not in page.text
    fields = page.hidden("add-operator")
    answer = await person.post(f"/console/operators/{own}/reset-factor", fields)
    assert answer.status == 422
    assert "resets their own factor" in answer.text
    assert await gateway.pool.fetchval("SELECT count(*) FROM operation.second_factor") == 1


async def test_an_admin_resets_the_factor_of_a_reseller(
    gateway: RunningGateway, operator: ConsolePerson, people: People
) -> None:
    found = await gateway.pool.fetchval("SELECT id FROM reseller.account")
    page = f"/console/resellers/{found}"
    assert "Reset second factor" not in (await operator.get(page)).text
    person = await signed_in(people, RESELLER)
    await set_up_app(person)
    assert (await operator.submit(page, "reset-factor")).to == page
    assert not await is_in(person)
    assert (await people().sign_in(*RESELLER)).to == "/console/"
    await gateway.pool.execute("UPDATE operation.operator SET role = 'support'")
    await set_up_app(await signed_in(people, RESELLER))
    assert "Reset second factor" not in (await operator.get(page)).text


# The setting.


@pytest.fixture
async def strict(database: str, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """A gateway whose operators need a second factor."""
    console = Console(operators_need_second_factor=True)
    async with running_gateway(database, tmp_path, console=console) as running:
        yield running


async def test_an_operator_without_a_needed_factor_sees_only_where_to_set_one_up(
    strict: RunningGateway,
) -> None:
    person = ConsolePerson(strict)
    await person.sign_in(*OPERATOR)
    for path in ("/console/", SETTINGS, "/console/audit", "/console/queues"):
        assert (await person.get(path)).to == FACTOR_PAGE, path
    page = await person.get(FACTOR_PAGE)
    assert "Operators need a second factor here." in page.text
    navigation = page.text.partition('aria-label="Pages">')[2].partition("</nav>")[0]
    assert "<a " not in navigation
    fields = page.hidden("set-up-app") | {"zone": "Europe/Berlin"}
    answer = await person.post(f"{SETTINGS}/zone", fields)
    assert answer.status == 403
    assert "Set up a second factor first." in answer.text
    await set_up_app(person)
    for path in (SETTINGS, "/console/audit", "/console/queues"):
        assert (await person.get(path)).status == 200, path


async def test_who_needs_a_factor_may_sign_out_and_resellers_need_none(
    strict: RunningGateway,
) -> None:
    person, reseller = ConsolePerson(strict), ConsolePerson(strict)
    await person.sign_in(*OPERATOR)
    assert (await person.submit(FACTOR_PAGE, "sign-out")).to == "/console/sign-in"
    await reseller.sign_in(*RESELLER)
    assert await is_in(reseller)


# Secrets, and what does not change.


async def test_no_secret_of_a_factor_is_in_the_database_but_sealed(
    gateway: RunningGateway, people: People
) -> None:
    person = await signed_in(people)
    secret, codes = await set_up_app(person)
    await show_code(await signed_in(people), codes[0][:-1])
    assert (await show_code(await signed_in(people), codes[0])).status == 303
    await gateway.services.refusals.flush()
    tables = await gateway.pool.fetch(
        """
        SELECT format('%I.%I', schemaname, tablename) AS name
          FROM pg_tables
         WHERE schemaname IN ('operation', 'audit', 'reseller')
        """
    )
    assert len(tables) > 8
    for table in tables:
        rows = await gateway.pool.fetch(f"SELECT each::text FROM {table['name']} AS each")
        text = "\n".join(row[0] for row in rows)
        for hidden in (secret, *codes, *(each.replace("-", "") for each in codes)):
            assert hidden not in text, table["name"]
            assert hidden.encode().hex() not in text, table["name"]


async def test_a_fault_in_the_second_step_is_logged_without_the_code(
    gateway: RunningGateway,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    _, codes = await set_up_app(await signed_in(people))
    person = await signed_in(people)

    async def fail(*_: object) -> None:
        raise RuntimeError("not for codes")

    monkeypatch.setattr("gateway.store.operation.second_factors.use_code", fail)
    answer = await show_code(person, codes[0])
    assert answer.status == 500
    written = "".join(capfd.readouterr())
    assert "not for codes" in written
    assert codes[0] not in written


async def test_the_action_api_asks_for_no_second_factor(
    gateway: RunningGateway, people: People
) -> None:
    await set_up_app(await signed_in(people, RESELLER))
    status, _ = await gateway.action("LISTSERVERS")
    assert status == 200


async def test_where_the_host_is_a_number_there_are_no_passkeys(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    page = await operator.get(FACTOR_PAGE)
    assert "Passkeys need a host&#39;s name" in page.text
    assert "data-passkey=" not in page.text
    fields = page.hidden("set-up-app") | {"name": "Laptop", "passkey_answer": "{}"}
    answer = await operator.post(f"{FACTOR_PAGE}/passkeys", fields)
    assert answer.status == 422
    assert "Passkeys need a gateway whose host has a name." in answer.text
    assert await gateway.pool.fetchval("SELECT count(*) FROM operation.second_factor") == 0
