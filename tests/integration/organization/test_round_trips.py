"""OV asks the database as often as DV does (docs/architecture.md)."""

from collections.abc import Awaitable
from typing import Any

from tests.integration.acme.test_round_trips import REPEATED, Statements, statements
from tests.integration.organization.test_ov_gate import OvCustomer
from tests.support.acme_client import Answer, make_csr
from tests.support.challenge_server import ChallengeServer
from tests.support.organizations import add_prevalidation, ov_client
from tests.support.shop import Shop

__all__ = ["statements"]


async def holder_of(shop: Shop, web: ChallengeServer, names: list[str]) -> OvCustomer:
    anchor = await add_prevalidation(shop.gateway, "example.org")
    await shop.set_price("1.00", server="OV")
    return OvCustomer(shop, web, anchor, *await ov_client(shop, anchor, *names))


async def test_an_ov_order_costs_two_round_trips(
    shop: Shop, web: Any, statements: Statements
) -> None:
    names = [f"n{number}.example.org" for number in range(2 * REPEATED)]
    customer = await holder_of(shop, web, names)

    async def place() -> Awaitable[Answer]:
        return customer.client.new_order(names.pop(), names.pop())

    assert await statements.when_warm(place, 201) == 2


async def test_an_ov_certificate_costs_three(shop: Shop, web: Any, statements: Statements) -> None:
    names = [f"n{number}.example.org" for number in range(REPEATED)]
    customer = await holder_of(shop, web, names)

    async def finalize() -> Awaitable[Answer]:
        name = names.pop()
        order = await customer.ready_order(name)
        return customer.client.finalize(order, make_csr([name]))

    assert await statements.when_warm(finalize) == 3
