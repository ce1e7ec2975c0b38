"""The habits of the PHP client that resellers use with these endpoints (docs/wire.md §9)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import pytest

from tests.integration.sitelock.conftest import DOMAIN, SiteLockClient

OTHER_REASON = 11
ALREADY_CANCELLED = -20


class ProvisionError(Exception):
    """What the client makes of a negative code that it does not tolerate."""


@dataclass(frozen=True)
class PhpClient:
    """Always asks for pairs, reads repeated keys as lists, and looks at errorCode alone."""

    gateway: Any
    test_mode: bool = False

    async def apply_order(self, **fields: str) -> dict[str, Any]:
        return await self._request("AutoApplyOrder", fields | self._test())

    async def refund(self, order_number: str, *tolerated: int) -> dict[str, Any]:
        fields = {"orderNumber": order_number, "refundReasonCode": str(OTHER_REASON)}
        return await self._request("AutoRefund", fields, *tolerated)

    def _test(self) -> dict[str, str]:
        return {"test": "Y"} if self.test_mode else {}

    async def _request(
        self, endpoint: str, fields: dict[str, str], *tolerated: int
    ) -> dict[str, Any]:
        form = {
            "loginName": self.gateway.login,
            "loginPassword": self.gateway.password,
            "responseFormat": "1",
            **fields,
        }
        url = f"{self.gateway.url}/products/!{endpoint}"
        async with self.gateway.session.post(url, data=form) as response:
            data = pairs((await response.text()).strip())
        code = int(data["errorCode"])  # a list, or no number, is no answer
        if code < 0 and code not in tolerated:
            item = data.get("errorItem", "")
            raise ProvisionError(f"{code}: {data['errorMessage']}{f' ({item})' if item else ''}")
        return data


def pairs(body: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for pair in body.split("&"):
        name, _, value = map(unquote_plus, pair.partition("="))
        if name in data:
            data[name] = [*(data[name] if isinstance(data[name], list) else [data[name]]), value]
        elif name:
            data[name] = value
    return data


ORDER = {
    "product": "1060",
    "days": "365",
    "domainName": DOMAIN,
    "appRepEmailAddress": "owner@shop.example",
    "organizationName": "Käse & Söhne = Co",
    "countryName": "DE",
}


@pytest.fixture
def client(sitelock_client: SiteLockClient) -> PhpClient:
    return PhpClient(sitelock_client.gateway)


async def test_it_orders_and_refunds_with_reason_eleven(
    sitelock_client: SiteLockClient, client: PhpClient
) -> None:
    before = await sitelock_client.balance()
    ordered = await client.apply_order(**ORDER)
    assert (ordered["errorCode"], ordered["totalCost"]) == ("0", "149.00")
    assert (await client.refund(ordered["orderNumber"], ALREADY_CANCELLED))["errorCode"] == "0"
    assert await sitelock_client.balance() == before
    assert await sitelock_client.licence("refund_reason") == OTHER_REASON


async def test_no_answer_repeats_a_key(sitelock_client: SiteLockClient, client: PhpClient) -> None:
    ordered = await client.apply_order(**ORDER)
    await client.apply_order(**ORDER | {"domainName": "other.example"})
    [body] = await sitelock_client.text("WebHostReport")
    for data in (ordered, pairs(body)):
        assert not any(isinstance(value, list) for value in data.values())


async def test_it_takes_an_order_that_was_cancelled_before_for_done(
    sitelock_client: SiteLockClient, client: PhpClient
) -> None:
    number = (await client.apply_order(**ORDER | {"days": "30"}))["orderNumber"]
    await sitelock_client.cancel(number, "1060")
    answer = await client.refund(number, ALREADY_CANCELLED)
    assert answer["errorCode"] == str(ALREADY_CANCELLED)
    with pytest.raises(ProvisionError, match=r"^-20: "):
        await client.refund(number)


async def test_it_names_what_an_error_is_about(client: PhpClient) -> None:
    with pytest.raises(ProvisionError, match=r"^-4: .*\(domainName\)$"):
        await client.apply_order(**ORDER | {"domainName": "no name"})
    with pytest.raises(ProvisionError, match=r"^-2: .*\(csr\)$"):
        await client.apply_order(**ORDER, csr="x")


async def test_in_test_mode_nothing_is_ordered(sitelock_client: SiteLockClient) -> None:
    before = await sitelock_client.balance()
    answer = await PhpClient(sitelock_client.gateway, test_mode=True).apply_order(**ORDER)
    assert answer["errorCode"] == "0"
    assert await sitelock_client.balance() == before
    assert await sitelock_client.licence("number") is None
