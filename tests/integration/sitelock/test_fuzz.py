"""Whatever is sent to the endpoints of the products: a code, no 5xx, and no state changes."""

import asyncio
import re
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.sitelock.conftest import SiteLockClient

MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
TABLES = (
    "reseller.account",
    "reseller.purchase",
    "reseller.ledger_entry",
    "sitelock.licence",
    "sitelock.add_on",
    "sitelock.order_line",
    "audit.event",
)
ENDPOINTS = st.sampled_from(
    ["AutoApplyOrder", "AutoRefund", "modifyThirdPartyDetails", "WebHostReport"]
)
NAMES = st.sampled_from(
    [
        "product",
        "days",
        "domainName",
        "appRepEmailAddress",
        "orderNumber",
        "refundReasonCode",
        "fqdn",
        "notBefore",
        "previousOrderNumber",
        "notAfter",
        "firstResultNo",
        "lastResultNo",
        "responseFormat",
        "action",
        "countryName",
        "enableAutoRenew",
        "showStatusDetails",
    ]
)
# No e-mail address is among them, and order 1 is nobody's: nothing may succeed but a report.
VALUES = st.sampled_from(["1", "0", "-1", "1060", "1072", "1060,1060", "365", "Y", "%", "cancel"])
FIELDS = st.lists(
    st.tuples(NAMES | st.text(max_size=20), VALUES | st.text(max_size=40)), max_size=9
)


async def digests(gateway: Any) -> list[str]:
    return [
        await gateway.pool.fetchval(
            f"SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {table} t"
        )
        for table in TABLES
    ]


async def send(sitelock_client: SiteLockClient, method: str, endpoint: str, body: bytes) -> None:
    gateway = sitelock_client.gateway
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{gateway.url}/products/!{endpoint}"
    async with gateway.session.request(method, url, data=body, headers=headers) as response:
        text = await response.text()
        assert response.status < 500, text
        if method != "HEAD":
            assert re.match(r"(errorCode=)?(0|-[0-9]+)[&\n]", text), text


async def test_any_form_gets_a_code_and_changes_nothing(sitelock_client: SiteLockClient) -> None:
    number = (await sitelock_client.order("1060,1069"))["orderNumber"]
    await sitelock_client.gateway.at("2025-02-01T00:00:00Z")  # no refund any more
    loop = asyncio.get_running_loop()
    login = [
        ("loginName", sitelock_client.gateway.login),
        ("loginPassword", sitelock_client.gateway.password),
    ]

    @MANY
    @given(ENDPOINTS, FIELDS, st.booleans(), st.booleans())
    def attack(
        endpoint: str, fields: list[tuple[str, str]], logged_in: bool, real_order: bool
    ) -> None:
        sent = (login if logged_in else []) + fields
        if real_order and endpoint == "AutoRefund":
            sent.append(("orderNumber", number))
        body = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in sent).encode()
        asyncio.run_coroutine_threadsafe(
            send(sitelock_client, "POST", endpoint, body), loop
        ).result(60)

    before = await digests(sitelock_client.gateway)
    await asyncio.to_thread(attack)
    assert await digests(sitelock_client.gateway) == before


async def test_any_bytes_by_any_method_get_a_code_and_change_nothing(
    sitelock_client: SiteLockClient,
) -> None:
    loop = asyncio.get_running_loop()

    @MANY
    @given(
        ENDPOINTS,
        st.binary(max_size=120),
        st.sampled_from(["POST", "PUT", "GET", "DELETE", "PATCH", "OPTIONS", "HEAD"]),
    )
    def attack(endpoint: str, body: bytes, method: str) -> None:
        asyncio.run_coroutine_threadsafe(
            send(sitelock_client, method, endpoint, body), loop
        ).result(60)

    before = await digests(sitelock_client.gateway)
    await asyncio.to_thread(attack)
    assert await digests(sitelock_client.gateway) == before


def quoted(value: str) -> str:
    return quote(value.encode(errors="replace"))
