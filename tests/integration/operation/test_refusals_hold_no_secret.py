"""A password in the wrong place of a malformed request is recorded nowhere."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from yarl import URL

from gateway.doors.sitelock.door import ENDPOINTS
from gateway.refusal_log import TOO_MANY, RefusalLog, Refused
from tests.integration.acme.conftest import new_customer
from tests.support.acme_client import AcmeClient, Eab
from tests.support.certificate_shop import shop_of
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop

MARKER = "Hunter2-marker"
FORM = "application/x-www-form-urlencoded"
SCM = "/v3/scm/certificates"
LOGIN = "loginName=demo&loginPassword="

JSON = json.dumps({"loginName": "demo", "loginPassword": MARKER, MARKER: MARKER})
QUERIES = [MARKER, f"loginPassword={MARKER}", f"{MARKER}={MARKER}", f"{LOGIN}{MARKER}"]


def bodies(password: str) -> Iterator[tuple[str, str]]:
    """Content types and bodies with the marker in each wrong place; `password` is the right one."""
    yield FORM, JSON
    yield "text/plain", JSON
    yield "application/json", JSON
    yield "application/json", f"[{MARKER}"
    yield "multipart/form-data; boundary=x", f"--x\r\n\r\n{MARKER}\r\n--x--"
    yield "", MARKER
    for login in (LOGIN + MARKER, LOGIN + password):
        yield FORM, f"{login}&action=LISTSERVERS&{MARKER}"
        yield FORM, f"{login}&action=LISTSERVERS&{MARKER}={MARKER}"
        yield FORM, f"{login}&action={MARKER}"
        yield FORM, f"{login}&action=LISTACCOUNTS&acmeAccountID={MARKER}"
        yield FORM, f"{login}&action=ADDDOMAIN&acmeAccountID={'A' * 22}&{MARKER}"
        yield FORM, f"{login}&action=ADDDOMAIN&acmeAccountID={'A' * 22}&domainName={MARKER}"
        yield FORM, f"{login}&orderNumber={MARKER}&refundReasonCode=1"
        yield FORM, f"{login}&product=1&domainName={MARKER}&appRepEmailAddress={MARKER}"
    yield FORM, f"loginName=demo {MARKER}&loginPassword=x&action=LISTSERVERS"


def logged(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> str:
    return "".join(capfd.readouterr()) + caplog.text


async def kept(gateway: RunningGateway) -> list[str]:
    await gateway.services.refusals.flush()
    rows = await gateway.pool.fetch("SELECT refusal::text AS row FROM audit.refusal")
    return [row["row"] for row in rows]


async def send(gateway: RunningGateway, method: str, url: str, kind: str, body: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    sent = gateway.session.request(
        method, URL(url, encoded=True), data=body.encode(), headers=headers
    )
    async with sent as response:
        await response.read()
        assert 200 <= response.status < 500, (url, kind, body)


async def test_a_password_in_the_wrong_place_of_a_form_is_kept_nowhere(
    gateway: RunningGateway, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    doors = [gateway.actions_url]
    doors += [f"{gateway.url}/products/!{name}" for name in ENDPOINTS]
    doors += [url.replace(gateway.url, gateway.plain_url) for url in doors]
    for url in doors:
        for kind, body in bodies(gateway.password):
            await send(gateway, "POST", url, kind, body)
        for query in QUERIES:
            await send(gateway, "POST", f"{url}?{query}", FORM, "action=LISTSERVERS")
            await send(gateway, "GET", f"{url}?{query}", "", "")
    rows = await kept(gateway)
    assert len(rows) > len(doors)
    assert [row for row in rows if MARKER in row] == []
    assert MARKER not in logged(capfd, caplog)


async def test_the_answer_still_names_the_argument(gateway: RunningGateway) -> None:
    status, body = await gateway.action("LISTSERVERS", **{MARKER: "x"})
    assert (status, body["detail"]) == (400, f"'{MARKER}' is an unrecognized argument!")
    await gateway.action("LISTSERVERS", domainName="www.example.com")
    rows = await kept(gateway)
    assert sum("'…' is an unrecognized argument!" in row.replace("''", "'") for row in rows) == 1
    assert sum("domainName" in row for row in rows) == 1


async def test_a_password_in_the_wrong_place_of_a_certificate_request_is_kept_nowhere(
    gateway: RunningGateway, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    shop = await shop_of(gateway, gateway.login)
    right, known = shop.token, shop.token.partition(".")[0]
    for token in (right, MARKER, f"{known}.{MARKER}", f"{MARKER} é"):
        for path in ("", f"/{MARKER}", f"/{MARKER}/apply", f"/x/{MARKER}", "/scs0000000000000"):
            for query in ("", *(f"?{query}" for query in QUERIES)):
                for method in ("GET", "POST", "DELETE"):
                    headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
                    url = URL(f"{gateway.url}{SCM}{path}{query}", encoded=True)
                    sent = gateway.session.request(method, url, data=JSON, headers=headers)
                    async with sent as response:
                        assert response.status < 500
    await send(gateway, MARKER.upper(), f"{gateway.url}{SCM}", "", "")
    rows = await kept(gateway)
    assert len(rows) > 4
    assert [row for row in rows if MARKER.lower() in row.lower()] == []
    # Whoever writes a secret into the path has it in the access log, as in any proxy's.
    lines = logged(capfd, caplog).splitlines()
    assert [line for line in lines if MARKER in line and f"/{MARKER}" not in line] == []


async def test_a_secret_in_the_wrong_place_of_an_acme_request_is_kept_nowhere(
    gateway: RunningGateway, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    mac_key = f"{MARKER}{'x' * 29}"  # as long as a MAC key, where the key identifier belongs
    client = AcmeClient(gateway.session, gateway.directory_url)
    answer = await client.new_account(Eab(mac_key, "AAAA"), termsOfServiceAgreed=True)
    assert answer.status >= 400
    url = await client.url("newAccount")
    jws: dict[str, Any] = {"protected": MARKER, "payload": MARKER, "signature": MARKER}
    for body in (JSON, MARKER, json.dumps(jws), json.dumps(jws | {MARKER: MARKER})):
        for kind in ("application/jose+json", FORM):
            await send(gateway, "POST", url, kind, body)
            await send(gateway, "POST", f"{url}?{MARKER}", kind, body)
    await send(gateway, MARKER.upper(), url, "", "")
    below = url.rpartition("/")[0]
    await send(gateway, "POST", f"{below}/{MARKER}", "application/jose+json", JSON)
    rows = await kept(gateway)
    assert rows
    assert [row for row in rows if MARKER.lower() in row.lower()] == []
    lines = logged(capfd, caplog).splitlines()
    assert [line for line in lines if MARKER in line and f"/{MARKER}" not in line] == []


async def test_made_up_logins_do_not_hide_failed_logins_of_a_real_one(
    gateway: RunningGateway,
) -> None:
    for number in range(200):
        refused = Refused("reseller", "x", "login_refused", "no", login=f"guess{number}")
        gateway.services.refusals.note(refused)
    assert (await gateway.action("LISTSERVERS", loginName="nobody"))[0] == 401
    status, body = await gateway.action("LISTSERVERS", loginPassword="wrong")
    unknown = await gateway.action("LISTSERVERS", loginName="nobody", loginPassword="wrong")
    assert (status, body) == unknown
    await kept(gateway)
    query = "SELECT reseller, why FROM ops.refusals WHERE reseller = ANY ($1)"
    rows = await gateway.pool.fetch(query, [gateway.login, "nobody"])
    assert [tuple(row) for row in rows] == [(gateway.login, "The password was wrong.")]


async def test_made_up_key_identifiers_do_not_hide_those_that_exist(
    gateway: RunningGateway,
) -> None:
    customer = await new_customer(Shop(gateway), "www.example.com")
    for number in range(200):
        gateway.services.refusals.note(
            Refused("acme", "newAccount", "eab_refused", "no", subject=f"kid{number}")
        )
    client = AcmeClient(gateway.session, gateway.directory_url)
    wrong = Eab(customer.eab.kid, "A" * 43)
    assert (await client.new_account(wrong, termsOfServiceAgreed=True)).status == 403
    await kept(gateway)
    query = "SELECT reason FROM ops.refusals WHERE subject = $1"
    assert await gateway.pool.fetchval(query, customer.eab.kid) == "eab_refused"


async def test_guesses_at_a_real_login_are_bounded_and_stay_findable(
    gateway: RunningGateway,
) -> None:
    log = RefusalLog(gateway.pool, gateway.services.clock)
    for number in range(1000):
        request = f"guess {number}"
        log.note(Refused("reseller", request, "login_refused", "no", login="demo", known=True))
    await log.flush()
    rows = await gateway.pool.fetch("SELECT why, times FROM ops.refusals WHERE reseller = 'demo'")
    assert len(rows) == 101
    assert [row["times"] for row in rows if row["why"] == TOO_MANY] == [900]


async def test_a_fault_while_noting_breaks_no_answer(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Refused:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.doors.acme.routes.refused", broken)
    client = AcmeClient(gateway.session, gateway.directory_url)
    answer = await client.new_account(Eab("nobodys-kid", "AAAA"), termsOfServiceAgreed=True)
    assert answer.status == 403
