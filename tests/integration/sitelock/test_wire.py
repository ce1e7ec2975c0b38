"""Codes, answer formats, and malformed requests (docs/wire.md §7.2, §9)."""

from typing import Any

import pytest

from tests.integration.sitelock.conftest import DOMAIN, SiteLockClient

ENDPOINTS = ("AutoApplyOrder", "AutoRefund", "modifyThirdPartyDetails", "WebHostReport")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_get_is_answered_with_its_own_code(
    sitelock_client: SiteLockClient, endpoint: str
) -> None:
    gateway = sitelock_client.gateway
    async with gateway.session.get(f"{gateway.url}/products/!{endpoint}") as response:
        assert response.status == 200
        assert "-17" in await response.text()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_an_argument_in_the_address_is_an_unknown_one(
    sitelock_client: SiteLockClient, endpoint: str
) -> None:
    gateway = sitelock_client.gateway
    url = f"{gateway.url}/products/!{endpoint}?orderNumber=1"
    async with gateway.session.post(url, data=minimal(endpoint)) as response:
        assert response.status == 200
        assert (await response.text()).startswith(("-2\n", "errorCode=-2&"))
    async with gateway.session.post(url, json={}) as response:
        assert response.status == 415


async def test_a_rule_names_an_argument_as_the_caller_wrote_it(
    sitelock_client: SiteLockClient,
) -> None:
    answer = await sitelock_client.text("WebHostReport", firstResultNo="2", LASTRESULTNO="1")
    assert "errorItem=LASTRESULTNO" in "".join(answer)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_plain_http_is_refused_with_its_own_code(
    sitelock_client: SiteLockClient, endpoint: str
) -> None:
    gateway = sitelock_client.gateway
    async with gateway.session.post(f"{gateway.plain_url}/products/!{endpoint}") as response:
        assert response.status == 403
        assert (await response.text()).startswith(("-1\n", "errorCode=-1&"))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_wrong_password_and_a_missing_one_have_their_codes(
    sitelock_client: SiteLockClient, endpoint: str
) -> None:
    wrong = await sitelock_client.text(endpoint, loginPassword="wrong", **minimal(endpoint))
    missing = await sitelock_client.text(endpoint, loginPassword="", **minimal(endpoint))
    assert "-16" in wrong[0]
    assert "-3" in missing[0]


def minimal(endpoint: str) -> dict[str, str]:
    """Fields that the endpoint needs."""
    return {
        "AutoApplyOrder": {
            "product": "1060",
            "days": "365",
            "domainName": DOMAIN,
            "appRepEmailAddress": "owner@shop.example",
        },
        "AutoRefund": {"orderNumber": "1", "refundReasonCode": "1"},
        "modifyThirdPartyDetails": {"orderNumber": "1", "product": "1060", "action": "cancel"},
        "WebHostReport": {},
    }[endpoint]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("domainName", "no name"),
        ("domainName", "*.shop.example"),
        ("domainName", "x" * 256),
        ("appRepEmailAddress", "nobody"),
        ("appRepEmailAddress", "a b@shop.example"),
        ("enableAutoRenew", "maybe"),
        ("responseFormat", "2"),
        ("organizationName", "x" * 129),
        ("days", "-1"),
        ("product", "1060;1061"),
        ("previousOrderNumber", "9" * 30),
        ("product", "1060\x00"),
    ],
)
async def test_a_value_of_no_use_is_named(
    sitelock_client: SiteLockClient, field: str, value: str
) -> None:
    answer = await sitelock_client.text(
        "AutoApplyOrder", **(minimal("AutoApplyOrder") | {field: value})
    )
    assert answer == ["-4", f"The value of the '{field}' argument is invalid!"]


@pytest.mark.parametrize(
    ("country", "code"), [("GB", "0"), ("gb", "0"), ("GBR", "-7"), ("XX", "-7")]
)
async def test_a_country_is_a_code_of_iso_3166(
    sitelock_client: SiteLockClient, country: str, code: str
) -> None:
    answer = await sitelock_client.text(
        "AutoApplyOrder", **minimal("AutoApplyOrder"), countryName=country
    )
    assert answer[0] == code


async def test_names_match_in_any_case_and_empty_optional_fields_are_none(
    sitelock_client: SiteLockClient,
) -> None:
    fields = minimal("AutoApplyOrder") | {"localityName": "", "RESPONSEFORMAT": "0"}
    assert (await sitelock_client.text("AutoApplyOrder", **fields))[0] == "0"


async def test_a_field_sent_twice_is_refused(sitelock_client: SiteLockClient) -> None:
    gateway = sitelock_client.gateway
    data = [
        ("loginName", gateway.login),
        ("loginPassword", gateway.password),
        ("orderNumber", "1"),
        ("orderNumber", "2"),
        ("refundReasonCode", "1"),
    ]
    async with gateway.session.post(f"{gateway.url}/products/!AutoRefund", data=data) as response:
        assert (await response.text()).startswith("-4\n")


async def test_the_name_without_its_exclamation_mark_is_served_too(
    sitelock_client: SiteLockClient,
) -> None:
    gateway = sitelock_client.gateway
    async with gateway.session.post(f"{gateway.url}/products/AutoRefund", data={}) as response:
        assert (await response.text()).startswith("-3\n")


async def test_the_same_idempotency_key_orders_once(sitelock_client: SiteLockClient) -> None:
    gateway = sitelock_client.gateway
    login = {"loginName": gateway.login, "loginPassword": gateway.password}
    before = await sitelock_client.balance()

    async def send(fields: dict[str, str]) -> str:
        url = f"{gateway.url}/products/!AutoApplyOrder"
        headers = {"Idempotency-Key": "order-1"}
        async with gateway.session.post(url, data=login | fields, headers=headers) as response:
            text: str = await response.text()
            return text

    wanted = minimal("AutoApplyOrder")
    first = await send(wanted)
    assert first.startswith("0\n")
    assert await send(wanted) == first
    assert (await send(wanted | {"product": "1061"})).startswith("-4\n")
    assert before - await sitelock_client.balance() == 149


async def test_bodies_that_are_no_forms_are_refused_without_an_internal_error(
    sitelock_client: SiteLockClient,
) -> None:
    gateway: Any = sitelock_client.gateway
    url = f"{gateway.url}/products/!AutoRefund"
    for body, kind, status in (
        (b"{}", "application/json", 415),
        (b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"\xff\xfe=%00", "application/x-www-form-urlencoded", 200),
        (b"%", "application/x-www-form-urlencoded", 200),
    ):
        async with gateway.session.post(url, data=body, headers={"Content-Type": kind}) as response:
            assert response.status == status
            assert (await response.text()).startswith("-")
