"""The second step of signing in: codes of an app, recovery codes, limits, replay, sessions."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from gateway.doors.console.access import COOKIE
from gateway.store.operation import second_factors
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway, running_gateway
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
    recovery_codes_in,
    set_up_app,
    show_code,
    signed_in,
)

BOTH = pytest.mark.parametrize("login", [RESELLER, OPERATOR], ids=["reseller", "operator"])


@BOTH
async def test_between_password_and_session_stands_the_second_step(
    gateway: RunningGateway, people: People, login: tuple[str, str]
) -> None:
    secret, _ = await set_up_app(await signed_in(people, login))
    person = people()
    answer = await person.sign_in(*login, next=SETTINGS)
    assert answer.to == f"{STEP_PAGE}?next=%2Fconsole%2Fsettings"
    half = person.token
    for path in ("/console/", SETTINGS, FACTOR_PAGE, "/console/audit", "/console/orders"):
        assert (await person.get(path)).to.startswith("/console/sign-in"), path
    page = await person.get(answer.to)
    assert page.status == 200
    assert "data-balance" not in page.text and "<nav" not in page.text
    assert await events_of(gateway, "session.opened") != []
    opened = len(await events_of(gateway, "session.opened"))
    answer = await person.submit(answer.to, "show-code", one_time_code=code_of(secret, 1))
    assert (answer.status, answer.to) == (303, SETTINGS)
    assert await is_in(person)
    assert len(await events_of(gateway, "session.opened")) == opened + 1
    assert person.token != half, "who knew the token before has no session now"
    morsel = answer.cookies[COOKIE]
    assert morsel["secure"] and morsel["httponly"] and morsel["samesite"] == "Lax"
    person.cookies[COOKIE] = half
    assert not await is_in(person)


async def test_who_is_in_has_no_second_step(people: People) -> None:
    person = await signed_in(people)
    assert (await person.get(STEP_PAGE)).to == "/console/"
    fields = (await person.get(SETTINGS)).hidden("zone")
    assert (await person.post(STEP_PAGE, {**fields, "one_time_code": "1"})).to == "/console/"


async def test_the_second_step_leads_to_no_other_site(people: People) -> None:
    secret, _ = await set_up_app(await signed_in(people))
    person = await signed_in(people)
    page = await person.get(f"{STEP_PAGE}?next=https://evil.example/")
    assert page.hidden("show-code")["next"] == "/console/"
    fields = page.hidden("show-code") | {"next": "//evil.example"}
    answer = await person.post(STEP_PAGE, {**fields, "one_time_code": code_of(secret, 1)})
    assert answer.to == "/console/"


async def test_a_code_is_taken_within_one_step_of_real_time_whatever_the_business_clock(
    gateway: RunningGateway, people: People
) -> None:
    secret, _ = await set_up_app(await signed_in(people))
    await gateway.at("2031-01-01T00:00:00Z")
    for steps, taken in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        await let_codes_count_again(gateway)
        person = await signed_in(people)
        now = datetime.now(UTC).replace(second=10)  # so that no step ends in between
        with time_machine.travel(now, tick=False):
            answer = await show_code(person, code_of(secret, steps))
        assert (answer.status == 303) == taken, steps


async def test_a_code_is_taken_once(gateway: RunningGateway, people: People) -> None:
    secret, _ = await set_up_app(await signed_in(people))
    code = code_of(secret, 1)
    assert (await show_code(await signed_in(people), code)).status == 303
    answer = await show_code(await signed_in(people), code)
    assert answer.status == 403
    assert "was used before" in answer.text
    older = await show_code(await signed_in(people), code_of(secret))
    assert older.status == 403, "a code before one that was taken is not taken either"


@pytest.fixture
async def twin(
    gateway: RunningGateway, database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningGateway]:
    """Another gateway on the same database."""
    directory, ca = tmp_path_factory.mktemp("twin"), gateway.services.settings.ca
    async with running_gateway(database, directory, ca=ca) as running:
        yield running


@pytest.mark.parametrize("kind", ["code", "recovery code"])
async def test_a_code_that_is_shown_to_two_gateways_at_once_is_taken_once(
    gateway: RunningGateway, twin: RunningGateway, people: People, kind: str
) -> None:
    secret, recovery = await set_up_app(await signed_in(people))
    code = code_of(secret, 1) if kind == "code" else recovery[0]
    waiting = [ConsolePerson(each) for each in (gateway, twin) * 3]
    fields = []
    for person in waiting:
        await person.sign_in(*OPERATOR)
        page = await person.get(STEP_PAGE)
        fields.append({**page.hidden("show-code"), "one_time_code": code})
    answers = await asyncio.gather(
        *(person.post(STEP_PAGE, sent) for person, sent in zip(waiting, fields, strict=True))
    )
    assert sorted(each.status for each in answers) == [303, *[403] * 5]


async def test_the_second_step_may_take_ten_minutes(
    gateway: RunningGateway, people: People
) -> None:
    secret, _ = await set_up_app(await signed_in(people))
    person = await signed_in(people)
    fields = (await person.get(STEP_PAGE)).hidden("show-code")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11), tick=True):
        code = code_of(secret)
        answer = await person.post(STEP_PAGE, {**fields, "one_time_code": code})
    assert answer.status == 401
    assert "That took too long. Sign in anew." in answer.text
    assert 'name="kept" value=""' in answer.text, "a code is not kept"


async def test_a_form_sent_after_the_session_ended_survives_both_steps(
    gateway: RunningGateway, people: People
) -> None:
    person = await signed_in(people)
    secret, _ = await set_up_app(person)
    sent = (await person.get(SETTINGS)).hidden("zone") | {"zone": "Europe/Berlin"}
    sent["one_time_code"] = "123456"
    person.cookies.clear()
    asked = await person.post(f"{SETTINGS}/zone", sent)
    [kept] = re.findall(r'name="kept" value="([^"]+)"', asked.text)
    answer = await person.sign_in(*OPERATOR, kept=kept)
    [row] = await gateway.pool.fetch("SELECT kept FROM operation.session WHERE kept IS NOT NULL")
    assert row["kept"]["fields"] == [["zone", "Europe/Berlin"]], "no code is kept"
    answer = await person.submit(answer.to, "show-code", one_time_code=code_of(secret, 1))
    assert answer.to == SETTINGS
    page = await person.get(SETTINGS)
    assert "You were signed out before this was sent." in page.text


async def test_sessions_that_a_password_alone_opened_end_with_the_first_factor(
    gateway: RunningGateway, people: People
) -> None:
    here, there = await signed_in(people), await signed_in(people)
    await set_up_app(here)
    assert await is_in(here)
    assert not await is_in(there)


async def test_a_session_without_the_second_step_is_not_open_whoever_opened_it(
    gateway: RunningGateway, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release before opens such sessions, and so does a sign-in at that very moment."""
    await set_up_app(await signed_in(people))

    async def nobody(*_: object) -> bool:
        return False

    monkeypatch.setattr(second_factors, "is_held", nobody)
    person = people()
    assert (await person.sign_in(*OPERATOR)).to == "/console/"
    assert not await is_in(person)


async def fail(people: People, login: tuple[str, str], times: int) -> PageAnswer:
    """Shows so many wrong codes, each after a right password."""
    for _ in range(times):
        answer = await show_code(await signed_in(people, login), "not right")
        assert answer.status == 403
    return answer


@BOTH
async def test_ten_wrong_codes_lock_the_login_for_fifteen_minutes_of_business_time(
    gateway: RunningGateway, people: People, login: tuple[str, str]
) -> None:
    """The right password before each of them does not start the count anew."""
    secret, recovery = await set_up_app(await signed_in(people, login))
    await gateway.at("2026-03-01T12:00:00Z")
    waiting = await signed_in(people, login)
    await fail(people, login, 10)
    for code in (code_of(secret, 1), recovery[0]):
        assert (await show_code(waiting, code)).status == 403
    assert (await people().sign_in(*login)).status == 403, "as after wrong passwords"
    kind = "operator" if login == OPERATOR else "reseller"
    until = {"lockedUntil": "2026-03-01T12:15:00+00:00"}
    assert await events_of(gateway, f"{kind}.locked") == [(f"{kind}:{login[0]}", login[0], until)]
    await gateway.advance(15 * 60)
    assert (await show_code(await signed_in(people, login), code_of(secret, 1))).status == 303


async def test_a_right_code_starts_the_count_of_wrong_ones_anew(
    gateway: RunningGateway, people: People
) -> None:
    secret, _ = await set_up_app(await signed_in(people))
    for _ in range(2):
        await fail(people, OPERATOR, 9)
        await let_codes_count_again(gateway)
        assert (await show_code(await signed_in(people), code_of(secret, 1))).status == 303
    assert await events_of(gateway, "operator.locked") == []


async def test_no_guess_is_tried_after_the_one_that_locks_however_many_come_at_once(
    gateway: RunningGateway, people: People
) -> None:
    secret, _ = await set_up_app(await signed_in(people))
    person = await signed_in(people)
    fields = (await person.get(STEP_PAGE)).hidden("show-code")

    async def guess(code: str) -> int:
        return (await person.post(STEP_PAGE, {**fields, "one_time_code": code})).status

    wrong = await asyncio.gather(*(guess("wrong") for _ in range(30)))
    assert set(wrong) == {403}
    assert await guess(code_of(secret, 1)) == 403
    assert len(await events_of(gateway, "operator.locked")) == 1
    failures = await gateway.pool.fetchval("SELECT failures FROM operation.second_factor")
    assert failures == 0, "those after the lock were not looked at"


async def test_operators_find_out_why_a_second_step_was_refused(
    gateway: RunningGateway, people: People
) -> None:
    await set_up_app(await signed_in(people))
    await fail(people, OPERATOR, 1)
    await gateway.services.refusals.flush()
    [row] = await gateway.pool.fetch("SELECT * FROM ops.refusals WHERE door = 'console'")
    assert (row["reason"], row["request"]) == ("factor_refused", "POST /console/second-step")
    assert row["why"] == "The code or the passkey was wrong, or was taken before."


async def test_each_recovery_code_opens_one_session(
    gateway: RunningGateway, people: People
) -> None:
    _, codes = await set_up_app(await signed_in(people))
    person = await signed_in(people)
    assert (await show_code(person, codes[0].upper().replace("-", " "))).status == 303
    assert 'data-codes="9"' in (await person.get(FACTOR_PAGE)).text
    assert (await show_code(await signed_in(people), codes[0])).status == 403
    assert (await show_code(await signed_in(people), codes[1])).status == 303
    assert [
        after for *_, after in await events_of(gateway, "second_factor.recovery_code_used")
    ] == [
        {"codesLeft": 9},
        {"codesLeft": 8},
    ]


async def test_new_recovery_codes_end_the_old_ones(gateway: RunningGateway, people: People) -> None:
    person = await signed_in(people)
    _, old = await set_up_app(person)
    assert (await person.submit(FACTOR_PAGE, "renew-codes")).status == 303
    page = await person.get(FACTOR_PAGE)
    new = recovery_codes_in(page)
    assert len(set(new) - set(old)) == 10
    assert recovery_codes_in(await person.get(FACTOR_PAGE)) == [], "they are shown once"
    assert (await show_code(await signed_in(people), old[0])).status == 403
    assert (await show_code(await signed_in(people), new[0])).status == 303
    assert len(await events_of(gateway, "second_factor.codes_renewed")) == 1


async def test_who_has_no_factor_has_no_recovery_codes(
    gateway: RunningGateway, people: People
) -> None:
    person = await signed_in(people)
    fields = (await person.get(FACTOR_PAGE)).hidden("set-up-app")
    assert (await person.post(f"{FACTOR_PAGE}/codes", fields)).status == 404
    assert await gateway.pool.fetchval("SELECT count(*) FROM operation.recovery_code") == 0
