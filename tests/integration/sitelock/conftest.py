"""A reseller at the endpoints of the older products, as the PHP client talks to them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.support.shop import Shop

DOMAIN = "shop.example"


@dataclass(frozen=True)
class SiteLockClient:
    """Sends forms as the demo reseller; answers as the pairs of responseFormat=1."""

    gateway: Any
    shop: Shop

    async def text(self, endpoint: str, **fields: str) -> list[str]:
        """The lines of responseFormat=0."""
        url = f"{self.gateway.url}/products/!{endpoint}"
        login = {"loginName": self.gateway.login, "loginPassword": self.gateway.password}
        async with self.gateway.session.post(url, data=login | fields) as response:
            assert response.status == 200, await response.text()
            body: str = await response.text()
        return body.rstrip("\n").split("\n")

    async def pairs(self, endpoint: str, **fields: str) -> dict[str, str]:
        [line] = await self.text(endpoint, **({"responseFormat": "1"} | fields))
        return {name: ",".join(values) for name, values in parse_qs(line, True, True).items()}

    async def order(
        self, product: str = "1060", days: str = "365", **fields: str
    ) -> dict[str, str]:
        """Must succeed."""
        answer = await self.try_order(product, days, **fields)
        assert answer["errorCode"] == "0", answer
        return answer

    async def try_order(
        self, product: str = "1060", days: str = "365", **fields: str
    ) -> dict[str, str]:
        wanted = {
            "product": product,
            "days": days,
            "domainName": DOMAIN,
            "appRepEmailAddress": "owner@shop.example",
        }
        sent = {name: value for name, value in (wanted | fields).items() if value}
        return await self.pairs("AutoApplyOrder", **sent)

    async def refund(self, order_number: str, reason: str = "11") -> dict[str, str]:
        return await self.pairs("AutoRefund", orderNumber=order_number, refundReasonCode=reason)

    async def cancel(self, order_number: str, product: str) -> dict[str, str]:
        [line] = await self.text(
            "modifyThirdPartyDetails", orderNumber=order_number, product=product, action="cancel"
        )
        return {name: values[0] for name, values in parse_qs(line, True, True).items()}

    async def report(self, **fields: str) -> list[dict[str, str]]:
        """The rows of WebHostReport, each without its number."""
        [line] = await self.text("WebHostReport", **fields)
        values = {name: values[0] for name, values in parse_qs(line, True, True).items()}
        assert values.pop("errorCode") == "0", values
        count = int(values.pop("noOfResults"))
        rows: dict[int, dict[str, str]] = {}
        for name, value in values.items():
            number, _, member = name.partition("_")
            rows.setdefault(int(number), {})[member] = value
        assert all(1 <= number <= count for number in rows)
        return [rows[number] for number in sorted(rows)]

    async def balance(self) -> Decimal:
        return await self.shop.balance()

    async def licence(self, column: str) -> Any:
        """A column of the newest licence."""
        return await self.gateway.pool.fetchval(
            f"SELECT {column} FROM sitelock.licence ORDER BY number DESC LIMIT 1"
        )


@pytest.fixture
async def sitelock_client(gateway: Any) -> SiteLockClient:
    await gateway.at("2025-01-10T12:00:00Z")
    return SiteLockClient(gateway, Shop(gateway))
