"""Transport, the form and the order of checks (docs/wire.md §1)."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from gateway.store.acme import eab_credentials
from gateway.web import body as web_body
from tests.support.action_door import LOGIN, PASSWORD, Door

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GOOD = {"action": "LISTBINDINGS", "loginName": LOGIN, "loginPassword": PASSWORD}
MALFORMED = "urn:sectigo:params:acme:error:malformed"
HTTPS_NEEDED = "Use of HTTPS is REQUIRED!"
UNAUTHORIZED = "urn:sectigo:params:acme:error:unauthorized"


async def test_plain_http_is_refused_whatever_else_is_wrong(door: Door) -> None:
    answered = await door.send("GET", headers={"X-Forwarded-Proto": "http"})
    assert answered.status == 403
    assert answered.json == {
        "type": UNAUTHORIZED,
        "detail": HTTPS_NEEDED,
        "errorMessage": HTTPS_NEEDED,
    }


@pytest.mark.parametrize("path", ["/products/!ACMEAdmin", "/products/%21ACMEAdmin"])
async def test_the_exclamation_mark_may_be_percent_encoded(door: Door, path: str) -> None:
    url = URL(str(URL(door.url).origin()) + path, encoded=True)
    assert (await door.post(GOOD, url=url)).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_only_post_is_served(door: Door, method: str) -> None:
    answered = await door.send(method, data=GOOD if method != "HEAD" else None)
    assert answered.status == 405
    assert answered.headers["Allow"] == "POST"
    if method != "HEAD":
        assert answered.json["type"] == MALFORMED


@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", "junk"]
)
async def test_only_forms_are_read(door: Door, content_type: str) -> None:
    answered = await door.post(b"{}", headers={"Content-Type": content_type})
    assert (answered.status, answered.json["type"]) == (415, MALFORMED)


async def test_the_content_type_may_name_a_charset(door: Door) -> None:
    body = "&".join(f"{name}={value}" for name, value in GOOD.items()).replace(" ", "+")
    content_type = "Application/X-WWW-Form-Urlencoded; charset=UTF-8"
    assert (await door.post(body, headers={"Content-Type": content_type})).status == 200


async def test_a_body_over_64_kib_is_refused(door: Door) -> None:
    answered = await door.post(b"a=" + b"x" * 2**20, headers=FORM)
    assert (answered.status, answered.json["type"]) == (413, MALFORMED)


async def test_a_chunked_body_over_64_kib_is_refused(door: Door) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 4096

    answered = await door.post(chunks(), headers=FORM)
    assert (answered.status, answered.json["type"]) == (413, MALFORMED)


async def test_a_body_that_does_not_arrive_is_not_waited_for(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_body, "MAXIMUM_SECONDS", 0.1)
    never = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"action="
        await never.wait()

    answered = await door.post(stuck(), headers=FORM)
    assert (answered.status, answered.json["type"]) == (408, MALFORMED)


async def test_a_compressed_body_counts_unpacked(door: Door) -> None:
    bomb = gzip.compress(b"a=" + b"x" * 2**22)
    answered = await door.post(bomb, headers={**FORM, "Content-Encoding": "gzip"})
    assert answered.status == 413


async def test_a_broken_compressed_body_is_malformed(door: Door) -> None:
    answered = await door.post(b"no gzip", headers={**FORM, "Content-Encoding": "gzip"})
    assert (answered.status, answered.json["type"]) == (400, MALFORMED)


async def test_arguments_in_the_address_are_refused(door: Door) -> None:
    answered = await door.post(GOOD, params={"quoteOnly": "Y"})
    assert answered.json["detail"] == "'quoteOnly' is an unrecognized argument!"


async def test_answers_are_never_cached(door: Door) -> None:
    answered = await door.post(GOOD)
    assert answered.headers["Cache-Control"] == "no-store"
    assert answered.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    ("form", "status", "detail"),
    [
        # Each row has every later mistake too, so that the first one tells the order.
        ({"bogus": "1"}, 400, "'bogus' is an unrecognized argument!"),
        ({"quoteOnly": "Y", "action": "PREREGISTER"}, 400, "'quoteOnly' is an unrecognized"),
        ({}, 400, "The 'loginName' argument is missing!"),
        ({"loginName": LOGIN}, 400, "The 'loginPassword' argument is missing!"),
        ({"loginName": LOGIN, "loginPassword": "wrong"}, 400, "The 'action' argument is missing!"),
        ({"loginName": LOGIN, "loginPassword": "wrong", "action": "NONE"}, 401, "Incorrect login"),
        (
            {"loginName": LOGIN, "loginPassword": PASSWORD, "action": "NONE"},
            400,
            "The value of the 'action' argument is invalid!",
        ),
        (
            {
                "loginName": LOGIN,
                "loginPassword": PASSWORD,
                "action": "PREREGISTER",
                "years": "9",
            },
            400,
            "The 'serverUrl' argument is missing!",
        ),
        (
            {
                "loginName": LOGIN,
                "loginPassword": PASSWORD,
                "action": "PREREGISTER",
                "years": "9",
                "serverUrl": "https://elsewhere.test/",
            },
            400,
            "The value of the 'years' argument is invalid!",
        ),
    ],
)
async def test_checks_come_in_the_documented_order(
    door: Door, form: dict[str, str], status: int, detail: str
) -> None:
    answered = await door.post(form)
    assert (answered.status, answered.json["detail"][: len(detail)]) == (status, detail)


async def test_without_a_known_action_any_actions_argument_is_recognized(door: Door) -> None:
    answered = await door.post({"serverUrl": "x", "page": "1"})
    assert answered.json["detail"] == "The 'loginName' argument is missing!"


async def test_names_match_in_any_letter_case_and_errors_echo_the_callers(door: Door) -> None:
    form: dict[str, Any] = {
        "ACTION": "PREREGISTER",
        "LoginName": LOGIN,
        "LOGINPASSWORD": PASSWORD,
        "serverURL": "https://gateway.test/v2/DV",
    }
    assert (await door.post(form)).status == 200
    answered = await door.post({**form, "serverURL": "https://gateway.test/v2/XX"})
    assert answered.json["detail"] == "The value of the 'serverURL' argument is invalid!"


async def test_the_values_of_login_and_action_are_case_sensitive(door: Door) -> None:
    assert (await door.action("LISTBINDINGS", loginName=LOGIN.upper())).status == 401
    assert (await door.action("LISTBINDINGS", loginPassword=PASSWORD.lower())).status == 401
    assert (await door.action("listbindings")).status == 400


@pytest.mark.parametrize(
    ("name", "value"), [("loginName", "x" * 65), ("loginPassword", "x" * 129), ("action", "X" * 31)]
)
async def test_an_overlong_field_of_every_call_is_invalid(
    door: Door, name: str, value: str
) -> None:
    answered = await door.post({**GOOD, name: value})
    assert answered.status == 400
    assert answered.json["detail"] == f"The value of the '{name}' argument is invalid!"


async def test_a_database_that_goes_away_is_503_changes_nothing_and_comes_back(door: Door) -> None:
    kid = await door.preregister()
    before = await door.state()
    async with door.pool.acquire() as other, other.transaction():
        await eab_credentials.lock_for_change(other, kid)
        waiting = asyncio.create_task(door.action("SUSPENDACCOUNT", acmeAccountID=kid))
        while not await other.fetchval(_CUT_THE_WAITING_CONNECTION):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        answered = await waiting
    assert answered.status == 503
    assert answered.json["type"] == "urn:sectigo:params:acme:error:serverInternal"
    assert int(answered.headers["Retry-After"]) > 0
    async with door.pool.acquire() as connection:
        await connection.execute("UPDATE subscription.eab_credential SET version = 1")
    assert await door.state() == before
    assert (await door.action("SUSPENDACCOUNT", acmeAccountID=kid)).status == 200


_CUT_THE_WAITING_CONNECTION = """
    SELECT pg_terminate_backend(pid)
      FROM pg_stat_activity
     WHERE datname = current_database()
       AND wait_event_type = 'Lock'
    """


async def test_an_unexpected_fault_is_500_without_details(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    kid = await door.preregister()
    async with door.pool.acquire() as connection:
        await connection.execute("UPDATE subscription.eab_credential SET encrypted_mac_key = ''")
    answered = await door.action("LISTACCOUNTS", acmeAccountID=kid)
    assert answered.status == 500
    assert answered.json == {
        "type": "urn:sectigo:params:acme:error:serverInternal",
        "detail": "An internal error occurred!",
        "errorMessage": "An internal error occurred!",
    }
    logged = "".join(capsys.readouterr())
    assert "ConfigurationError" in logged
    assert PASSWORD not in logged
    assert kid not in logged
