"""R11, R13, A10, A11, A20, X1, X6–X8: extending a subscription."""

from decimal import Decimal

import pytest

from tests.support.shop import Shop, money

REFUSED = "Subscription has expired, is outside the extension window, or does not exist!"


async def expiring_2025_08_28(shop: Shop, *names: str) -> str:
    await shop.at("2024-08-28T10:00:00Z")
    account = await shop.credential()
    for name in names:
        await shop.add(account, name)
    assert set((await shop.domains(account)).values()) == {"2025-08-28T23:59:59Z"}
    return account


async def test_x6_the_scenario_of_the_source(shop: Shop) -> None:
    account = await expiring_2025_08_28(shop, "a.example", "b.example")
    await shop.at("2025-08-23T12:00:00Z")
    before = await shop.balance()
    answer = await shop.do("EXTENDDOMAINS", acmeAccountID=account, years="1")
    assert answer.pop("orderNumber") > 0
    assert answer == {
        "success": True,
        "cost": 730.00,
        "currency": "USD",
        "extensionDurationDays": 365,
    }
    assert await shop.balance() == before - Decimal("730.00")
    assert set((await shop.domains(account)).values()) == {"2026-08-28T23:59:59Z"}
    assert await shop.add(account, "c.example") == Decimal("370.00")


@pytest.mark.parametrize(
    ("fields", "days", "expires_at"),
    [
        ({}, 365, "2026-08-28T23:59:59Z"),
        ({"years": "2"}, 730, "2027-08-28T23:59:59Z"),
        ({"years": "3"}, 1095, "2028-08-27T23:59:59Z"),
        ({"days": "730"}, 730, "2027-08-28T23:59:59Z"),
        ({"years": "1", "days": "1095"}, 365, "2026-08-28T23:59:59Z"),
    ],
)
async def test_x7_r1_lengths(
    shop: Shop, fields: dict[str, str], days: int, expires_at: str
) -> None:
    account = await expiring_2025_08_28(shop, "a.example")
    await shop.at("2025-08-23T12:00:00Z")
    answer = await shop.do("EXTENDDOMAINS", acmeAccountID=account, **fields)
    assert answer["extensionDurationDays"] == days
    assert money(answer["cost"]) == Decimal(days)
    assert await shop.domains(account) == {"a.example": expires_at}


@pytest.mark.parametrize("fields", [{"years": "4"}, {"days": "366"}, {"years": "0"}])
async def test_r13_no_other_lengths(shop: Shop, fields: dict[str, str]) -> None:
    account = await expiring_2025_08_28(shop, "a.example")
    await shop.at("2025-08-23T12:00:00Z")
    assert (await shop.refused("EXTENDDOMAINS", acmeAccountID=account, **fields)).status == 400


async def test_x8_in_grace_the_old_expiry_counts(shop: Shop) -> None:
    account = await expiring_2025_08_28(shop, "a.example")
    await shop.at("2025-09-20T12:00:00Z")
    assert await shop.extend(account) == Decimal("365.00")
    assert await shop.domains(account) == {"a.example": "2026-08-28T23:59:59Z"}
    assert await shop.add(account, "b.example") == Decimal("342.00")


@pytest.mark.parametrize(
    ("now", "open_"),
    [
        ("2025-10-01T23:59:59Z", False),
        ("2025-10-02T00:00:00Z", True),
        ("2026-02-09T23:59:59Z", True),
        ("2026-02-10T00:00:00Z", False),
    ],
)
async def test_x1_a10_the_window(shop: Shop, now: str, open_: bool) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at(now)
    for fields in ({"quoteOnly": "Y"}, {}):
        if open_:
            assert await shop.extend(account, **fields) == Decimal("365.00")
            continue
        before = await shop.state()
        refused = await shop.refused("EXTENDDOMAINS", acmeAccountID=account, **fields)
        assert (refused.status, refused.kind) == (403, "unauthorized")
        assert refused.detail == REFUSED
        assert await shop.state() == before


async def test_e11_without_a_subscription(shop: Shop) -> None:
    account = await shop.credential()
    assert (await shop.refused("EXTENDDOMAINS", acmeAccountID=account)).detail == REFUSED


async def test_r11_a20_paid_names_pay_todays_price_and_free_ones_stay_free(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.add(account, "*.b.example", addAssociatedFQDN="Y")
    await shop.set_price("400.00")
    await shop.at("2026-01-01T00:00:00Z")
    quote = await shop.extend(account, quoteOnly="Y", years="2")
    assert quote == await shop.extend(account, years="2") == Decimal("2990.00")
    assert set((await shop.domains(account)).values()) == {"2028-01-10T23:59:59Z"}


async def test_r11_a_free_www_stays_free_when_a_wildcard_came_later(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("a.example", "www.a.example", "*.a.example"):
        await shop.add(account, name)
    await shop.at("2026-01-01T00:00:00Z")
    assert await shop.extend(account) == Decimal("1460.00")


async def test_r11_names_removed_before_are_not_extended(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("a.example", "b.example"):
        await shop.add(account, name)
    await shop.at("2026-01-01T00:00:00Z")
    await shop.remove(account, "b.example")
    assert await shop.extend(account) == Decimal("365.00")
    assert await shop.domains(account) == {"a.example": "2027-01-10T23:59:59Z"}


async def test_a11_three_years_on_top_of_a_hundred_days(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2025-10-02T00:00:00Z")
    await shop.extend(account, years="3")
    assert await shop.add(account, "b.example") == Decimal("1195.00")
    refused = await shop.refused("EXTENDDOMAINS", acmeAccountID=account)  # the window moved along
    assert refused.detail == REFUSED


async def test_a_quote_of_an_extension_changes_nothing_and_has_no_order(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2026-01-01T00:00:00Z")
    before = await shop.state()
    answer = await shop.do("EXTENDDOMAINS", acmeAccountID=account, quoteOnly="Y", years="3")
    assert answer == {
        "success": True,
        "cost": 1095.00,
        "currency": "USD",
        "extensionDurationDays": 1095,
    }
    assert await shop.state() == before
