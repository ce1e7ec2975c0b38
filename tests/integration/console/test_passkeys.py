"""Passkeys: made and shown by an authenticator without a browser, as browsers send the answers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.rules.operation.passkeys import MOST_PASSKEYS
from tests.support.authenticator import Authenticator, asked_by
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.second_factor import (
    FACTOR_PAGE,
    OPERATOR,
    RESELLER,
    STEP_PAGE,
    events_of,
    is_in,
    let_minutes_pass,
    recovery_codes_in,
    set_up_app,
    show_code,
    signed_in,
)

HOST = "console.example.com"
ORIGIN = f"https://{HOST}"


@pytest.fixture
async def named(database: str, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """A gateway whose host has a name."""
    async with running_gateway(database, tmp_path, public_url=ORIGIN) as running:
        yield running


@pytest.fixture
def people(named: RunningGateway) -> Any:
    """Makes people who are not signed in; they use the listener's address."""

    def make() -> ConsolePerson:
        port = named.services.settings.listen.port
        return ConsolePerson(named, url=f"https://127.0.0.1:{port}")

    return make


async def add(person: ConsolePerson, made: Authenticator, name: str = "Laptop") -> PageAnswer:
    """Adds a passkey."""
    page = await person.get(FACTOR_PAGE)
    answer = made.make(asked_by(page, "add-passkey"))
    fields = {**page.hidden("add-passkey"), "name": name, "passkey_answer": answer}
    return await person.post(f"{FACTOR_PAGE}/passkeys", fields)


async def show(person: ConsolePerson, made: Authenticator, **client: str) -> PageAnswer:
    """Shows a passkey as the second step of signing in."""
    page = await person.get(STEP_PAGE)
    answer = made.show(asked_by(page, "show-passkey"), **client)
    return await person.post(
        f"{STEP_PAGE}/passkey", {**page.hidden("show-passkey"), "passkey_answer": answer}
    )


async def test_a_passkey_is_the_second_step_after_the_password(
    named: RunningGateway, people: Any
) -> None:
    person, laptop = await signed_in(people, RESELLER), Authenticator(ORIGIN)
    options = asked_by(await person.get(FACTOR_PAGE), "add-passkey")
    assert (options["rp"]["id"], options["user"]["name"]) == (HOST, "demo")
    assert options["authenticatorSelection"]["userVerification"] == "preferred"
    assert (await add(person, laptop)).status == 303
    page = await person.get(FACTOR_PAGE)
    assert len(recovery_codes_in(page)) == 10
    assert "<td>Laptop</td>" in page.text
    person = people()
    answer = await person.sign_in(*RESELLER)
    assert answer.to.startswith(STEP_PAGE)
    half = person.token
    assert asked_by(await person.get(STEP_PAGE), "show-passkey")["userVerification"] == "preferred"
    assert (await show(person, laptop)).to == "/console/"
    assert await is_in(person)
    assert person.token != half
    assert await events_of(named, "second_factor.passkey_added") == [
        ("reseller:demo", "demo", {"passkey": "Laptop"})
    ]
    [row] = await named.pool.fetch("SELECT sign_count, used_at FROM operation.passkey")
    assert row["sign_count"] == laptop.count and row["used_at"] is not None


async def test_several_passkeys_are_named_and_removed_one_by_one(
    named: RunningGateway, people: Any
) -> None:
    person = await signed_in(people)
    made = [Authenticator(ORIGIN) for _ in range(2)]
    for each, name in zip(made, ("Laptop", "Key <1>"), strict=True):
        assert (await add(person, each, name)).status == 303
    page = await person.get(FACTOR_PAGE)
    assert "<td>Key &lt;1&gt;</td>" in page.text
    for each in made:
        assert (await show(await signed_in(people), each)).status == 303
    keys = await named.pool.fetch("SELECT id FROM operation.passkey ORDER BY name DESC")
    first, second = (f"remove-passkey-{row['id'].hex}" for row in keys)
    assert (await person.submit(FACTOR_PAGE, first)).status == 303
    assert (await show(await signed_in(people), made[0])).status == 403
    assert (await show(await signed_in(people), made[1])).status == 303
    assert (await person.submit(FACTOR_PAGE, second)).status == 303
    assert (await people().sign_in(*OPERATOR)).to == "/console/", "the last factor is gone"
    removed = "SELECT before FROM audit.event WHERE action = 'second_factor.passkey_removed'"
    assert [row["before"] for row in await named.pool.fetch(removed)] == [
        {"passkey": "Laptop"},
        {"passkey": "Key <1>"},
    ]


@pytest.mark.parametrize(
    "client",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://console.example.com"},
        {"origin": "https://console.example.com:8443"},
        {"challenge": "c29tZXRoaW5nIGVsc2U"},
        {"type": "webauthn.create"},
    ],
    ids=lambda client: str(*client),
)
async def test_an_answer_for_another_site_or_challenge_is_refused_and_counted(
    named: RunningGateway, people: Any, client: dict[str, str]
) -> None:
    laptop = Authenticator(ORIGIN)
    await add(await signed_in(people), laptop)
    person = await signed_in(people)
    answer = await show(person, laptop, **client)
    assert answer.status == 403
    assert "The code or the passkey is not right" in answer.text
    assert not await is_in(person)
    assert await named.pool.fetchval("SELECT failures FROM operation.second_factor") == 1


async def test_an_answer_is_of_no_use_in_another_session(
    named: RunningGateway, people: Any
) -> None:
    laptop = Authenticator(ORIGIN)
    await add(await signed_in(people), laptop)
    first, second = await signed_in(people), await signed_in(people)
    pages = [await each.get(STEP_PAGE) for each in (first, second)]
    answer = laptop.show(asked_by(pages[0], "show-passkey"))
    for person, page, status in ((second, pages[1], 403), (first, pages[0], 303)):
        fields = {**page.hidden("show-passkey"), "passkey_answer": answer}
        assert (await person.post(f"{STEP_PAGE}/passkey", fields)).status == status


async def test_a_count_that_does_not_grow_is_that_of_a_copy(
    named: RunningGateway, people: Any
) -> None:
    laptop = Authenticator(ORIGIN)
    await add(await signed_in(people), laptop)
    assert (await show(await signed_in(people), laptop)).status == 303
    laptop.count -= 1
    assert (await show(await signed_in(people), laptop)).status == 403
    laptop.count += 1
    assert (await show(await signed_in(people), laptop)).status == 303


async def test_another_persons_passkey_is_of_no_use(named: RunningGateway, people: Any) -> None:
    own, other = Authenticator(ORIGIN), Authenticator(ORIGIN)
    await add(await signed_in(people), own)
    await add(await signed_in(people, RESELLER), other)
    assert (await show(await signed_in(people), other)).status == 403
    own.credential_id = other.credential_id
    assert (await show(await signed_in(people), own)).status == 403


NONSENSE = [
    "",
    "nonsense",
    "{}",
    "[]",
    "null",
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}',
    '{"id": "A", "rawId": "A", "type": "public-key", "response": {"clientDataJSON": "e30",'
    ' "attestationObject": "_w", "authenticatorData": "_w", "signature": "_w"}}',
    "[" * 3_000,
    "x" * 8_001,
    "\0",
]


@pytest.mark.parametrize("answer", NONSENSE, ids=range(len(NONSENSE)))
async def test_an_answer_that_is_none_is_refused_and_changes_nothing(
    named: RunningGateway, people: Any, answer: str
) -> None:
    person = await signed_in(people)
    page = await person.get(FACTOR_PAGE)
    fields = {**page.hidden("add-passkey"), "name": "Laptop", "passkey_answer": answer}
    refused = await person.post(f"{FACTOR_PAGE}/passkeys", fields)
    assert refused.status == 422
    assert await named.pool.fetchval("SELECT count(*) FROM operation.second_factor") == 0
    await add(person, Authenticator(ORIGIN))
    half = await signed_in(people)
    page = await half.get(STEP_PAGE)
    fields = {**page.hidden("show-passkey"), "passkey_answer": answer}
    assert (await half.post(f"{STEP_PAGE}/passkey", fields)).status in (403, 422)
    assert not await is_in(half)


async def test_a_passkey_is_added_once_and_at_most_twenty_are(
    named: RunningGateway, people: Any
) -> None:
    person, laptop = await signed_in(people), Authenticator(ORIGIN)
    await add(person, laptop)
    again = await add(person, laptop)
    assert again.status == 422
    assert "This passkey was added before." in again.text
    excluded = asked_by(await person.get(FACTOR_PAGE), "add-passkey")["excludeCredentials"]
    assert len(excluded) == 1
    for number in range(MOST_PASSKEYS - 1):
        assert (await add(person, Authenticator(ORIGIN), f"Key {number}")).status == 303
    more = await add(person, Authenticator(ORIGIN))
    assert "There are 20 passkeys already. Remove one first." in more.text


async def test_a_passkey_needs_a_name(named: RunningGateway, people: Any) -> None:
    answer = await add(await signed_in(people), Authenticator(ORIGIN), "")
    assert answer.status == 422
    assert 'id="add-passkey-name-error"' in answer.text
    assert json.dumps("public-key") not in answer.text, "the answer is not shown again"


async def test_with_a_factor_a_passkey_is_added_only_after_one_was_shown(
    named: RunningGateway, people: Any
) -> None:
    person, laptop = await signed_in(people), Authenticator(ORIGIN)
    await set_up_app(person)
    page = await person.get(FACTOR_PAGE)
    await let_minutes_pass(named, 6)
    answer = laptop.make(asked_by(page, "add-passkey"))
    fields = {**page.hidden("add-passkey"), "name": "Laptop", "passkey_answer": answer}
    assert (await person.post(f"{FACTOR_PAGE}/passkeys", fields)).status == 403
    assert await named.pool.fetchval("SELECT count(*) FROM operation.passkey") == 0


async def test_a_passkey_is_shown_again_before_factors_are_changed(
    named: RunningGateway, people: Any
) -> None:
    person, laptop = await signed_in(people), Authenticator(ORIGIN)
    await add(person, laptop)
    await let_minutes_pass(named, 6)
    page = await person.get(FACTOR_PAGE)
    answer = laptop.show(asked_by(page, "show-passkey"))
    fields = {**page.hidden("show-passkey"), "passkey_answer": answer}
    for _ in range(2):  # the second time it was answered before
        shown = await person.post(f"{FACTOR_PAGE}/show-passkey", fields)
        assert (shown.status, shown.to) == (303, FACTOR_PAGE)
    [key] = await named.pool.fetch("SELECT id FROM operation.passkey")
    assert (await person.submit(FACTOR_PAGE, f"remove-passkey-{key['id'].hex}")).status == 303


async def test_recovery_codes_open_a_session_without_the_passkey(
    named: RunningGateway, people: Any
) -> None:
    person = await signed_in(people)
    await add(person, Authenticator(ORIGIN))
    code = recovery_codes_in(await person.get(FACTOR_PAGE))[0]
    assert (await show_code(await signed_in(people), code)).status == 303
