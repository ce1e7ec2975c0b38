"""The clock is set back after states have advanced: nothing is undone, and nothing fails."""

from typing import Any

import pytest

from gateway.doors.reseller.parameters import ACTIONS
from gateway.doors.sitelock.door import ENDPOINTS
from gateway.errors import OperatorMistake
from tests.support.acme_client import AcmeClient, make_csr
from tests.support.certificate_shop import application, purchase
from tests.support.reseller_history import STATED, ResellerHistory, certificate_id, certificate_of

EARLIER = (
    "2026-06-19T12:00:00Z",  # a day
    "2025-06-20T12:00:00Z",  # a year
    "2025-12-25T00:00:00Z",
    "2025-01-10T15:30:00Z",
    "2024-03-01T00:00:00Z",  # before the account was there
    "1000-01-01T00:00:00Z",
)

NAMES = ("a", "*.b", "c", "d", "e", "late")
"""Below example.com; what was bought on the way."""
DOMAINS = ("refunded", "cancelled", "upgraded", "ended", "month", "renewed", "late")
"""Below example.com; what has or had a SiteLock licence."""


@pytest.mark.parametrize("instant", EARLIER)
async def test_no_door_fails_after_the_clock_was_set_back(
    history: ResellerHistory, instant: str
) -> None:
    assert history.records.failures() == []
    await history.at(instant)
    await everything(history)
    assert history.records.failures() == []
    assert await history.mismatches() == 0
    await history.at("2027-06-20T12:00:00Z")
    assert history.records.failures() == []
    assert await history.mismatches() == 0


async def everything(history: ResellerHistory) -> None:
    for step in (products, certificates, acme, actions):
        await step(history)


async def actions(history: ResellerHistory) -> None:
    """Every action, those that end something last."""
    url, organization = history.gateway.directory_url, history.organization
    old, ev, new, fresh, renewing = history.anchors
    asked: list[tuple[str, dict[str, str]]] = [
        ("LISTSERVERS", {}),
        ("LISTBINDINGS", {}),
        ("LISTACCOUNTS", {"includeContacts": "Y"}),
        ("LISTORGANIZATIONS", {}),
        ("LISTPREVALIDATIONS", {}),
        ("LISTNOTICES", {}),
        ("LISTNOTICEDESTINATIONS", {}),
        ("PREREGISTER", {"serverUrl": url, "years": "3"}),
        ("SETLOWBALANCE", {"lowBalance": "999999.00"}),
        ("ADDORGANIZATION", STATED),
        ("UPDATEORGANIZATION", {"organizationID": organization, **STATED}),
        ("ADDNOTICEDESTINATION", {"webhookUrl": "https://127.0.0.1:9/b"}),
    ]
    for renews in (old, new, fresh, renewing):
        wanted = {"organizationID": organization, "domainNames": "example.com"}
        asked.append(("ORDERPREVALIDATION", {**wanted, "renewsAnchorOrderNumber": renews}))
    for account in history.accounts.values():
        named = {"acmeAccountID": account}
        asked += [
            ("LISTDOMAINS", named),
            ("GETLASTORDER", {**named, "includeAdditionalAccounts": "Y"}),
            ("LISTTRANSACTIONS", {**named, "includeExpired": "Y"}),
            ("EXTENDDOMAINS", {**named, "quoteOnly": "Y", "years": "3"}),
        ]
        for name in ("*.example.com", "example.com", "www.example.com", "a.example.com"):
            wanted = {**named, "domainName": name, "addAssociatedFQDN": "Y"}
            for anchor in ({}, {"ovAnchorOrderNumber": new, "evAnchorOrderNumber": ev}):
                asked += [
                    ("ADDDOMAIN", {**wanted, **anchor, "quoteOnly": "Y"}),
                    ("ADDDOMAIN", {**wanted, **anchor}),
                ]
            asked.append(("REMOVEDOMAIN", {**named, "domainName": name}))
            asked.append(("ADDDOMAIN", {**wanted, "ovAnchorOrderNumber": new}))
        asked += [
            ("REMOVEDOMAIN", {**named, "domainName": f"{name}.example.com"}) for name in NAMES
        ]
        asked += [
            ("EXTENDDOMAINS", {**named, "years": "3"}),
            ("UPDATEDOMAINS", {**named, "ovAnchorOrderNumber": old, "oldOVAnchorOrderNumber": new}),
            ("LISTDOMAINS", named),
            ("LISTTRANSACTIONS", {**named, "includeExpired": "Y"}),
        ]
        endings = ("SUSPENDACCOUNT", "UNSUSPENDACCOUNT", "DEACTIVATEACCOUNT")
        asked += [(action, named) for action in endings]
    for destination in history.destinations:
        named = {"destinationID": destination}
        asked += [
            ("TESTNOTICEDESTINATION", named),
            ("SETNOTICEDESTINATION", {**named, "kind": "balance.low", "resume": "Y"}),
            ("ROTATENOTICESECRET", named),
            ("REPLAYNOTICES", {**named, "fromDate": "2025-01-01", "toDate": "2026-12-31"}),
            ("REMOVENOTICEDESTINATION", named),
        ]
    unasked = set(ACTIONS) - {action for action, _ in asked}
    assert not unasked, f"nothing is asked of {unasked}: add it to `asked`"
    for action, fields in asked:
        await history.action(action, **fields)


async def products(history: ResellerHistory) -> None:
    """Every order is renewed, upgraded, cancelled and refunded; every domain is ordered anew."""
    orders = list(history.orders)
    for number in orders:
        for product in ("1060", "1061", "1069", "1060,1071"):
            for domain in DOMAINS:
                wanted = {"product": product, "days": "365", "domainName": f"{domain}.example.com"}
                wanted |= {
                    "appRepEmailAddress": "owner@shop.example",
                    "previousOrderNumber": number,
                }
                await history.product("AutoApplyOrder", **wanted)
        await history.product("AutoRefund", orderNumber=number, refundReasonCode="1")
        for product in ("1069", "1060", "1061"):
            fields = {"orderNumber": number, "product": product, "action": "cancel"}
            await history.product("modifyThirdPartyDetails", **fields)
        await history.product("AutoRefund", orderNumber=number, refundReasonCode="1")
    for domain in DOMAINS:
        wanted = {"product": "1060", "days": "365", "domainName": f"{domain}.example.com"}
        await history.product("AutoApplyOrder", **wanted, appRepEmailAddress="owner@shop.example")
    await history.product("WebHostReport", showStatusDetails="Y")
    assert set(ENDPOINTS) <= {what for what, _, _ in history.records.statuses}


async def certificates(history: ResellerHistory) -> None:
    """Every operation on every SSL certificate order, whatever became of it."""
    await history.certificate("POST", json=purchase("new.example.com"))
    await history.certificate("GET")
    for name, cert_id in history.certificates.items():
        path = f"/{cert_id}"
        await history.certificate("GET", path)
        await history.certificate("DELETE", f"{path}/unsubscribe")
        wanted = application(f"{name}.example.com", domain_method="FILE")
        await history.certificate("POST", f"{path}/apply", json=wanted)
        await history.certificate("POST", f"{path}/cancel-apply")
        await history.certificate("POST", f"{path}/revoke", json={"reason": "superseded"})
        await history.certificate("DELETE", f"{path}/unsubscribe")
    assert history.token is not None
    waiting = await history.gateway.pool.fetch(
        "SELECT id FROM ssl.unsubscription WHERE status = 'waiting'"
    )
    for row in waiting:
        try:
            await history.token.approve(row["id"])
        except OperatorMistake:
            await history.token.reject(row["id"], "not now")


async def acme(history: ResellerHistory) -> None:
    """newOrder, finalize, renewalInfo and revokeCert, and what else an account can ask for."""
    client = history.client

    async def keep(what: str, answer: Any) -> Any:
        error = "" if answer.status < 400 else answer.json["type"]
        history.records.keep(what, answer.status, None, error)
        return answer

    await keep("order", await client.post(history.ready["finalize"].removesuffix("/finalize")))
    csr = make_csr(["a.example.com", "www.a.example.com"])
    await keep("finalize", await client.finalize(history.ready, csr))
    for answer in history.issued:
        info = f"{await client.url('renewalInfo')}/{certificate_id(answer)}"
        await keep("renewalInfo", await client.request("GET", info))
        fields = {"replaces": certificate_id(answer)}
        await keep("newOrder", await client.new_order("a.example.com", **fields))
    for name in ("a.example.com", "www.a.example.com", "*.b.example.com", "unknown.example.com"):
        placed = await keep("newOrder", await client.new_order(name))
        if placed.status != 201:
            continue
        for authorization in placed.json["authorizations"]:
            held = await keep("authorization", await client.post(authorization))
            for challenge in held.json["challenges"]:
                await keep("challenge", await client.post(challenge["url"], {}))
            deactivated = {"status": "deactivated"}
            await keep("authorization", await client.post(authorization, deactivated))
        await keep("finalize", await client.finalize(placed.json, make_csr([name])))
    for answer in history.issued:
        revoke = await client.url("revokeCert")
        body = {"certificate": certificate_of(answer)}
        await keep("revokeCert", await client.post(revoke, body))
    for eab in history.eabs.values():
        other = AcmeClient(client.session, client.directory_url)
        await keep("newAccount", await other.new_account(eab, termsOfServiceAgreed=True))
    crl = f"{history.gateway.plain_url}/crl/local.crl"
    async with history.gateway.session.get(crl) as response:
        history.records.keep("crl", response.status, None, "")
