"""R23 and A29: what a name that joins late costs, and what happens when grace has no names left."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.config import Subscriptions
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.shop import Shop

GRACE = "2026-01-20T12:00:00Z"


@pytest.fixture(params=[90])
async def gateway(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[RunningGateway]:
    wanted = Subscriptions(minimum_days=request.param)
    async with running_gateway(database, tmp_path, subscriptions=wanted) as running:
        yield running


@pytest.mark.parametrize(
    ("gateway", "instant", "days"),
    [
        (0, "2026-01-10T12:00:00Z", 0),
        (90, "2026-01-10T12:00:00Z", 90),
        (90, "2025-10-13T00:00:00Z", 90),
        (90, "2025-10-12T23:59:59Z", 90),
        (90, "2025-10-11T12:00:00Z", 91),
        (90, "2025-01-10T15:30:00Z", 365),
        (365, "2025-06-01T00:00:00Z", 365),
    ],
    indirect=["gateway"],
)
async def test_r23_a_name_pays_for_so_many_days_at_least_and_the_quote_says_so(
    shop: Shop, instant: str, days: int
) -> None:
    account = await shop.credential()
    assert await shop.add(account, "a.example") == Decimal(365)
    await shop.at(instant)
    assert await shop.quote(account, "b.example") == days
    assert await shop.add(account, "b.example") == days
    assert await shop.quote(account, "*.c.example") == 3 * days
    assert await shop.domains(account) == dict.fromkeys(
        ("a.example", "b.example"), "2026-01-10T23:59:59Z"
    )
    listed = await shop.do("LISTTRANSACTIONS", acmeAccountID=account, domainName="b.example")
    [added] = listed["subscriptions"][0]["transactions"]
    assert (added["cost"], added["debitedForDays"]) == (days, days)


async def test_r23_free_names_stay_free_and_a_refund_pays_back_what_was_charged(
    shop: Shop,
) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2026-01-10T12:00:00Z")
    before = await shop.balance()
    assert await shop.add(account, "www.a.example") == 0
    await shop.add(account, "b.example", addAssociatedFQDN="Y")
    assert await shop.balance() == before - 90
    await shop.remove(account, "b.example")
    assert await shop.balance() == before


async def test_a29_in_grace_without_names_the_next_one_starts_a_new_subscription(
    shop: Shop,
) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at(GRACE)
    refused = await shop.refused("ADDDOMAIN", acmeAccountID=account, domainName="b.example")
    assert (refused.status, refused.kind) == (403, "unauthorized")
    await shop.remove(account, "a.example")
    assert (await shop.refused("EXTENDDOMAINS", acmeAccountID=account)).status == 403
    assert await shop.quote(account, "b.example") == 365
    assert await shop.add(account, "b.example") == 365
    assert await shop.domains(account) == {"b.example": "2027-01-20T23:59:59Z"}
    listed = await shop.do("LISTTRANSACTIONS", acmeAccountID=account, includeExpired="Y")
    assert [each["subscriptionStatus"] for each in listed["subscriptions"]] == ["active", "expired"]
    # The one that was replaced reaches no further milestone.
    await shop.at("2026-03-01T00:00:00Z")
    ended = await shop.gateway.pool.fetchval(
        "SELECT count(*) FROM audit.event WHERE action = 'subscription.expired'"
    )
    assert ended == 0


async def test_a30_a_name_pays_for_no_time_before_its_subscription(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2020-01-01T00:00:00Z")
    assert await shop.quote(account, "b.example") == 365
