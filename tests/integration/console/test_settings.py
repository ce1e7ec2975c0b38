"""The settings page: zone, sessions, an operator's password; and what every form does."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from gateway.doors.console.access import COOKIE
from gateway.doors.console.rendering import COMMON_ZONES, zones
from gateway.passwords import PasswordChecker
from gateway.sandbox import demo_data
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway

SETTINGS = "/console/settings"
NEW = "another long password"


async def change_password(person: ConsolePerson, **fields: str) -> tuple[int, str]:
    wanted = {
        "old_password": demo_data.OPERATOR_PASSWORD,
        "new_password": NEW,
        "again_password": NEW,
        **fields,
    }
    answer = await person.submit(SETTINGS, "password", **wanted)
    return answer.status, answer.text


async def signed_in(people: Callable[[], ConsolePerson]) -> ConsolePerson:
    person = people()
    await person.sign_in(demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)
    return person


async def test_times_are_shown_in_the_chosen_zone_with_utc_as_their_title(
    reseller: ConsolePerson,
) -> None:
    answer = await reseller.submit(SETTINGS, "zone", zone="Asia/Kolkata")
    assert (answer.status, answer.to) == (303, SETTINGS)
    page = await reseller.get(SETTINGS)
    assert '<option value="Asia/Kolkata" selected>' in page.text
    found = re.findall(
        r'<time datetime="(\S+)T(\d\d):(\d\d):\d\dZ" title="\S+ (\S+) UTC">\S+ (\d\d):(\d\d)<',
        page.text,
    )
    assert found
    for _, hour, minute, _, shown_hour, shown_minute in found:
        utc = int(hour) * 60 + int(minute)
        assert (int(shown_hour) * 60 + int(shown_minute) - utc) % 1440 == 330


@pytest.mark.parametrize("zone", ["Mars/Base", "../etc/passwd", "", "x" * 3000, "\0"])
async def test_a_zone_that_is_none_is_told_beside_its_field(
    reseller: ConsolePerson, zone: str
) -> None:
    answer = await reseller.submit(SETTINGS, "zone", zone=zone)
    assert answer.status == 422
    assert 'aria-invalid="true" aria-describedby="zone-zone-error zone-zone-hint"' in answer.text
    assert "Check the marked fields." in answer.text
    reseller.cookies["zone"] = "Mars/Base"
    assert (await reseller.get(SETTINGS)).status == 200


async def test_the_message_after_a_change_is_shown_once(reseller: ConsolePerson) -> None:
    await reseller.submit(SETTINGS, "zone", zone="Europe/Berlin")
    shown = '<output class="flash">Times are shown in Europe/Berlin.</output>'
    assert shown in (await reseller.get(SETTINGS)).text
    assert "flash" not in (await reseller.get(SETTINGS)).text.split("<body>")[1]


async def test_a_new_password_ends_all_other_sessions_and_keeps_this_one(
    gateway: RunningGateway, people: Callable[[], ConsolePerson]
) -> None:
    here, there = await signed_in(people), await signed_in(people)
    assert (await change_password(here))[0] == 303
    assert (await here.get(SETTINGS)).status == 200
    assert (await there.get(SETTINGS)).status == 303
    person = people()
    assert (await person.sign_in(demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)).status == 403
    assert (await person.sign_in(demo_data.OPERATOR, NEW)).status == 303
    [row] = await gateway.pool.fetch(
        "SELECT * FROM audit.event WHERE action = 'operator.password_changed'"
    )
    assert (row["actor"], row["after"]) == ("operator:operator", {"sessionsEnded": 1})


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"old_password": "wrong"}, "It is not your password."),
        ({"again_password": "something else here"}, "The two are not the same."),
        ({"new_password": "short", "again_password": "short"}, "12 to 128 characters"),
        ({"new_password": ""}, "Enter a value here."),
    ],
)
async def test_a_password_that_cannot_be_set_is_told_beside_its_field(
    operator: ConsolePerson, fields: dict[str, str], shown: str
) -> None:
    status, text = await change_password(operator, **fields)
    assert status == 422
    assert shown in text
    assert demo_data.OPERATOR_PASSWORD not in text
    assert NEW not in text


async def test_wrong_old_passwords_lock_as_at_the_sign_in(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    for _ in range(10):
        await change_password(operator, old_password="wrong")
    assert (await change_password(operator))[0] == 422
    locked = "SELECT locked_until FROM operation.operator"
    assert await gateway.pool.fetchval(locked) is not None


async def test_a_password_is_checked_while_no_transaction_waits_for_it(
    gateway: RunningGateway, operator: ConsolePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    fits = PasswordChecker.fits

    async def looking(*given: Any) -> bool:
        query = """
            SELECT count(*)
              FROM pg_stat_activity
             WHERE datname = current_database() AND state = 'idle in transaction'
        """
        held.append(await gateway.pool.fetchval(query))
        return await fits(*given)

    monkeypatch.setattr(PasswordChecker, "fits", looking)
    assert (await change_password(operator, old_password="wrong"))[0] == 422
    assert held == [0]


async def test_a_password_form_that_is_sent_again_has_changed_it_once_and_counts_no_failure(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    fields = {
        **(await operator.get(SETTINGS)).hidden("password"),
        "old_password": demo_data.OPERATOR_PASSWORD,
        "new_password": NEW,
        "again_password": NEW,
    }
    for _ in range(3):
        answer = await operator.post(f"{SETTINGS}/password", fields)
        assert (answer.status, answer.to) == (303, SETTINGS)
    query = "SELECT count(*) FROM audit.event WHERE action = 'operator.password_changed'"
    assert await gateway.pool.fetchval(query) == 1
    assert await gateway.pool.fetchval("SELECT failed_logins FROM operation.operator") == 0


async def test_a_password_form_whose_answer_is_too_old_changes_nothing(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    fields = {
        **(await operator.get(SETTINGS)).hidden("password"),
        "old_password": demo_data.OPERATOR_PASSWORD,
        "new_password": NEW,
        "again_password": NEW,
    }
    assert (await operator.post(f"{SETTINGS}/password", fields)).status == 303
    await gateway.pool.execute(
        "UPDATE reseller.idempotency SET stored_at = stored_at - interval '25 hours'"
    )
    fields |= {"old_password": "wrong", "new_password": NEW * 2, "again_password": NEW * 2}
    answer = await operator.post(f"{SETTINGS}/password", fields)
    assert answer.status == 400
    assert "Open its page anew." in answer.text
    query = "SELECT count(*) FROM audit.event WHERE action = 'operator.password_changed'"
    assert await gateway.pool.fetchval(query) == 1


async def test_the_common_zones_can_be_chosen_and_the_browsers_own(
    reseller: ConsolePerson,
) -> None:
    assert set(COMMON_ZONES) <= zones()
    reseller.cookies["zone"] = "America/Argentina/Salta"
    page = await reseller.get(SETTINGS)
    assert '<option value="America/Argentina/Salta" selected>' in page.text
    assert page.text.count("<option") == len(COMMON_ZONES) + 1
    answer = await reseller.submit(SETTINGS, "zone", zone="America/Argentina/Salta")
    assert answer.status == 303


async def test_no_password_of_a_form_is_stored(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await change_password(operator)
    [row] = await gateway.pool.fetch("SELECT request_hash FROM reseller.idempotency")
    from gateway.usecases.actions import request_hash

    assert row["request_hash"] == request_hash([("to", f"{SETTINGS}/password")])


async def test_a_person_sees_and_ends_their_own_sessions(
    people: Callable[[], ConsolePerson],
) -> None:
    here, there = await signed_in(people), await signed_in(people)
    page = await here.get(SETTINGS)
    assert page.text.count("data-session=") == 2
    [form] = re.findall(r'id="(end-session-[0-9a-f]+)"', page.text)
    answer = await here.submit(SETTINGS, form)
    assert answer.status == 303
    assert (await there.get(SETTINGS)).status == 303
    assert (await here.get(SETTINGS)).text.count("data-session=") == 1


async def test_another_persons_session_is_not_found(
    gateway: RunningGateway, reseller: ConsolePerson, operator: ConsolePerson
) -> None:
    other = await gateway.pool.fetchval(
        "SELECT id FROM operation.session WHERE reseller_id IS NOT NULL"
    )
    page = await operator.get(SETTINGS)
    fields = page.hidden("end-others")
    answer = await operator.post(f"{SETTINGS}/sessions/{other}/end", fields)
    assert answer.status == 404
    answer = await operator.post(f"{SETTINGS}/sessions/nonsense/end", fields)
    assert answer.status == 404
    assert (await reseller.get(SETTINGS)).status == 200


async def test_signing_out_everywhere_ends_all_sessions(
    people: Callable[[], ConsolePerson],
) -> None:
    here, there = await signed_in(people), await signed_in(people)
    answer = await here.submit(SETTINGS, "end-all")
    assert (answer.status, answer.to) == (303, "/console/sign-in")
    assert COOKIE not in here.cookies
    assert (await there.get(SETTINGS)).status == 303


async def test_a_form_that_is_sent_twice_is_carried_out_once(
    gateway: RunningGateway, people: Callable[[], ConsolePerson]
) -> None:
    here, _, _ = [await signed_in(people) for _ in range(3)]
    page = await here.get(SETTINGS)
    fields = page.hidden("end-others")
    sent = [here.post(f"{SETTINGS}/sessions/end-others", fields) for _ in range(4)]
    answers = await asyncio.gather(*sent)
    assert {(each.status, each.to) for each in answers} == {(303, SETTINGS)}
    ended = await gateway.pool.fetch("SELECT after FROM audit.event WHERE action = 'session.ended'")
    assert [row["after"] for row in ended] == [{"sessions": 2}]
    assert "Sessions that have ended: 2." in (await here.get(SETTINGS)).text


async def test_a_form_that_was_sent_cannot_be_sent_with_other_values(
    reseller: ConsolePerson,
) -> None:
    fields = (await reseller.get(SETTINGS)).hidden("zone")
    first = await reseller.post(f"{SETTINGS}/zone", {**fields, "zone": "Europe/Berlin"})
    assert first.status == 303
    other = await reseller.post(f"{SETTINGS}/zone", {**fields, "zone": "Europe/Paris"})
    assert other.status == 409
    assert "This form was already sent, with other values." in other.text
    anew = other.hidden("zone")
    assert anew["once"] != fields["once"]
    again = await reseller.post(f"{SETTINGS}/zone", {**anew, "zone": "Europe/Paris"})
    assert again.status == 303


async def test_what_was_typed_is_shown_as_text(reseller: ConsolePerson) -> None:
    for markup in ('"><script>alert(1)</script>', "'onload=x", "</textarea>", "{{ 7*7 }}"):
        answer = await reseller.submit(SETTINGS, "zone", zone=markup)
        assert answer.status == 422
        assert markup not in answer.text
    signing = await reseller.sign_in('"><script>alert(1)</script>', "x")
    assert "<script>alert" not in signing.text
