"""Signing in and out: cookies, locks, one text for every cause, no fixation, and ends by time."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from gateway.doors.console.access import COOKIE
from gateway.errors.request import LoginRefused
from gateway.sandbox import demo_data
from gateway.usecases.operation import sessions
from gateway.usecases.work import open_work
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop

OPERATOR = (demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)


async def stored(gateway: RunningGateway) -> list[dict[str, object]]:
    return [dict(row) for row in await gateway.pool.fetch("SELECT * FROM operation.session")]


async def events(gateway: RunningGateway, action: str) -> list[tuple[str, str, str]]:
    rows = await gateway.pool.fetch(
        "SELECT actor, subject, host(source) AS source FROM audit.event WHERE action = $1", action
    )
    return [(row["actor"], row["subject"], row["source"]) for row in rows]


async def test_resellers_sign_in_with_the_login_of_their_api(
    gateway: RunningGateway, person: ConsolePerson
) -> None:
    answer = await person.sign_in()
    assert (answer.status, answer.to) == (303, "/console/")
    page = await person.get("/console/settings")
    assert page.status == 200
    assert 'data-balance="10000.00"' in page.text
    assert await events(gateway, "session.opened") == [("reseller:demo", "demo", "127.0.0.1")]


async def test_operators_sign_in_by_name(gateway: RunningGateway, person: ConsolePerson) -> None:
    assert (await person.sign_in(*OPERATOR)).status == 303
    page = await person.get("/console/settings")
    assert "(admin)" in page.text
    assert "data-balance" not in page.text
    assert [actor for actor, *_ in await events(gateway, "session.opened")] == ["operator:operator"]


async def test_the_cookie_is_of_this_host_only_and_no_script_reads_it(
    person: ConsolePerson,
) -> None:
    morsel = (await person.sign_in()).cookies[COOKIE]
    assert COOKIE.startswith("__Host-")
    assert morsel["secure"] and morsel["httponly"]
    assert (morsel["samesite"], morsel["path"], morsel["domain"]) == ("Lax", "/", "")
    assert morsel["max-age"] == morsel["expires"] == "", "it ends with the browser"


async def test_the_database_has_no_token(gateway: RunningGateway, reseller: ConsolePerson) -> None:
    [row] = await stored(gateway)
    assert row["token_hash"] == sessions.hash_of(reseller.token)
    dumped = await gateway.pool.fetch("SELECT session::text AS row FROM operation.session")
    assert reseller.token not in dumped[0]["row"]


async def test_every_sign_in_has_a_new_token_and_ends_that_of_the_browser(
    gateway: RunningGateway, person: ConsolePerson
) -> None:
    person.cookies[COOKIE] = "chosen-by-somebody-else"
    await person.sign_in()
    first = person.token
    assert first != "chosen-by-somebody-else"
    await person.sign_in()
    assert person.token != first
    person.cookies[COOKIE] = first
    assert (await person.get("/console/settings")).status == 303
    assert len(await stored(gateway)) == 1


@pytest.mark.parametrize(
    "attempt",
    [
        ("nobody", "demo-password"),
        ("demo", "wrong"),
        (demo_data.OPERATOR, "wrong"),
        ("", ""),
        ("demo", ""),
        ("d\0mo", "demo-password"),
        ("x" * 65, "demo-password"),
        ("demo", "x" * 129),
    ],
)
async def test_a_refused_login_is_told_one_text_whatever_the_cause(
    person: ConsolePerson, attempt: tuple[str, str]
) -> None:
    answer = await person.sign_in(*attempt)
    assert answer.status == 403
    assert "The login or the password is not right, or the login is locked" in answer.text
    assert COOKIE not in person.cookies


async def test_known_and_unknown_logins_cost_the_same_check(
    gateway: RunningGateway, person: ConsolePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def verify(password_hash: str, password: str) -> bool:
        checked.append(password)
        return False

    monkeypatch.setattr("gateway.passwords._verify", verify)
    for login in ("demo", demo_data.OPERATOR, "nobody"):
        await person.sign_in(login, f"guess of {login}")
    assert checked == ["guess of demo", "guess of operator", "guess of nobody"]


@pytest.mark.parametrize(("login", "password"), [("demo", "demo-password"), OPERATOR])
async def test_ten_failures_lock_a_login_for_fifteen_minutes_of_business_time(
    gateway: RunningGateway, person: ConsolePerson, login: str, password: str
) -> None:
    await gateway.at("2026-03-01T12:00:00Z")
    for _ in range(10):
        await person.sign_in(login, "wrong")
    assert (await person.sign_in(login, password)).status == 403
    kind = "operator" if login == demo_data.OPERATOR else "reseller"
    assert [subject for _, subject, _ in await events(gateway, f"{kind}.locked")] == [login]
    await gateway.advance(15 * 60)
    assert (await person.sign_in(login, password)).status == 303


async def test_a_flood_of_logins_is_told_to_wait(
    gateway: RunningGateway, person: ConsolePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.passwords._WAITING_CHECKS", 0)
    answer = await person.sign_in()
    assert answer.status == 429
    assert answer.headers["Retry-After"] == "5"
    assert "Try again in a few seconds" in answer.text


async def test_a_session_ends_when_nobody_used_it_for_half_an_hour(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    start = datetime.now(UTC)
    for minutes, status in ((29, 200), (58, 200), (89, 303)):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=True):
            assert (await reseller.get("/console/settings")).status == status, minutes


async def test_a_session_ends_after_twelve_hours_however_busy(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    start = datetime.now(UTC)
    for minutes in range(20, 12 * 60 + 20, 20):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=True):
            status = (await reseller.get("/console/settings")).status
        assert status == (200 if minutes < 12 * 60 else 303), minutes


async def test_the_business_clock_ends_no_session(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    await gateway.at("2031-01-01T00:00:00Z")
    assert (await reseller.get("/console/settings")).status == 200


async def test_what_was_used_is_noted_once_a_minute(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    [before] = await stored(gateway)
    await reseller.get("/console/settings")
    assert await stored(gateway) == [before]
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=70), tick=True):
        await reseller.get("/console/settings")
    [after] = await stored(gateway)
    assert after["seen_at"] != before["seen_at"]


async def test_signing_out_ends_the_session_and_the_cookie(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    token = reseller.token
    answer = await reseller.submit("/console/settings", "sign-out")
    assert (answer.status, answer.to) == (303, "/console/sign-in")
    assert COOKIE not in reseller.cookies
    reseller.cookies[COOKIE] = token
    assert (await reseller.get("/console/settings")).status == 303
    assert await stored(gateway) == []


async def test_a_new_password_ends_a_resellers_sessions(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    await Shop(gateway).set_reseller(password="another-password")
    assert (await reseller.get("/console/settings")).status == 303


async def test_an_address_outside_the_allow_list_has_no_session(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    await Shop(gateway).set_reseller(allowed_networks=["192.0.2.0/24"])
    assert (await reseller.get("/console/settings")).status == 303


async def test_a_half_open_session_shows_no_page_until_it_is_complete(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await gateway.pool.execute("UPDATE operation.session SET half_open = true")
    for path in ("/console/", "/console/settings"):
        assert (await operator.get(path)).to.startswith("/console/sign-in")
    services = gateway.services
    now = await services.real_clock.now()
    console = services.settings.console
    half = await sessions.find(services.pool, operator.token, now, console, None)
    assert half is not None and half.half_open
    origin = sessions.origin_of(
        sessions.Signatory(half.owner_id, half.name, "", True), sessions.Browser(None, "")
    )
    async with open_work(services.pool, now, origin) as work:
        token = await sessions.complete(work, half, sessions.ends_at(now, console), real_now=now)
    assert (await operator.get("/console/settings")).status == 303, "the old token ended"
    operator.cookies[COOKIE] = token
    assert (await operator.get("/console/settings")).status == 200


async def test_after_signing_in_comes_the_page_that_was_asked_for(person: ConsolePerson) -> None:
    asked = await person.get("/console/settings?page=2")
    assert asked.to == "/console/sign-in?next=%2Fconsole%2Fsettings%3Fpage%3D2"
    form = await person.get(asked.to)
    assert 'name="next" value="/console/settings?page=2"' in form.text
    answer = await person.sign_in(next="/console/settings?page=2")
    assert answer.to == "/console/settings?page=2"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/console/../x\r\nA: b", "/console\\evil", "x" * 9],
)
async def test_signing_in_leads_to_no_other_site(person: ConsolePerson, elsewhere: str) -> None:
    assert (await person.sign_in(next=elsewhere)).to == "/console/"


async def test_htmx_is_sent_to_sign_in_as_a_whole_page(person: ConsolePerson) -> None:
    answer = await person.get("/console/settings", **{"HX-Request": "true"})
    assert (answer.status, answer.text) == (401, "")
    assert answer.headers["HX-Redirect"].startswith("/console/sign-in?next=")


async def test_a_form_sent_after_the_session_ended_is_filled_in_again(
    gateway: RunningGateway, people: Callable[[], ConsolePerson]
) -> None:
    person = people()
    await person.sign_in(*OPERATOR)
    page = await person.get("/console/settings")
    sent = page.hidden("zone") | {"zone": "Not/AZone", "some_password": "hunter2"}
    person.cookies.clear()
    answer = await person.post("/console/settings/zone", sent)
    assert answer.status == 401
    assert "You are signed out. Sign in, and you find what you entered." in answer.text
    [kept] = re.findall(r'name="kept" value="([^"]+)"', answer.text)
    wrong = await person.sign_in(demo_data.OPERATOR, "wrong", kept=kept)
    assert kept in wrong.text, "a slip of the password loses nothing"
    answer = await person.sign_in(*OPERATOR, kept=kept)
    assert (answer.status, answer.to) == (303, "/console/settings")
    page = await person.get(answer.to)
    assert "You were signed out before this was sent." in page.text
    [row] = await gateway.pool.fetch("SELECT kept FROM operation.session WHERE kept IS NOT NULL")
    assert row["kept"]["fields"] == [["zone", "Not/AZone"]], "no password, no token is kept"
    answer = await person.submit("/console/settings", "zone", zone="Europe/Berlin")
    assert answer.status == 303
    assert "You were signed out" not in (await person.get("/console/settings")).text


@pytest.mark.parametrize("kept", ["nonsense", "e30=", "x" * 9000, "eyJ0byI6MX0="])
async def test_a_kept_form_that_is_none_is_ignored(person: ConsolePerson, kept: str) -> None:
    assert (await person.sign_in(kept=kept)).to == "/console/"


async def test_clean_up_deletes_sessions_that_have_ended(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    from gateway.usecases.operation.cleanup import clean_up

    await clean_up(gateway.services, await gateway.services.clock.now())
    assert len(await stored(gateway)) == 1
    await gateway.pool.execute("UPDATE operation.session SET seen_at = seen_at - interval '1 hour'")
    await clean_up(gateway.services, await gateway.services.clock.now())
    assert await stored(gateway) == []


async def test_a_refusal_of_any_kind_is_told_in_the_form_and_recorded(
    gateway: RunningGateway, person: ConsolePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LoginRefusedOnSundays(LoginRefused):
        pass

    async def refuse(*_: object) -> None:
        raise LoginRefusedOnSundays("It is Sunday.")

    monkeypatch.setattr("gateway.doors.console.pages.sign_in.check_login", refuse)
    answer = await person.sign_in()
    assert answer.status == 403
    assert "The login or the password is not right" in answer.text
    await gateway.services.refusals.flush()
    assert await gateway.pool.fetchval("SELECT why FROM ops.refusals") == "It is Sunday."
