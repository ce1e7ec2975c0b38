"""docs/wire.md §2.11 LISTTRANSACTIONS: what moved money."""

from typing import Any

from tests.support.shop import Shop


async def transactions(shop: Shop, account: str, **fields: str) -> list[dict[str, Any]]:
    """The transactions of the newest subscription."""
    answer = await shop.do("LISTTRANSACTIONS", acmeAccountID=account, **fields)
    return list(answer["subscriptions"][0]["transactions"])


async def test_nothing_before_the_first_name(shop: Shop) -> None:
    account = await shop.credential()
    answer = await shop.do("LISTTRANSACTIONS", acmeAccountID=account)
    assert answer == {"subscriptions": []}


async def test_the_whole_shape_of_an_addition(shop: Shop) -> None:
    account = await shop.credential()
    added = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName="*.a.example")
    answer = await shop.do("LISTTRANSACTIONS", acmeAccountID=account)
    assert answer == {
        "subscriptions": [
            {
                "subscriptionStartDate": "2025-01-10T15:30:00Z",
                "subscriptionEndDate": "2026-01-10T23:59:59Z",
                "subscriptionStatus": "active",
                "transactions": [
                    {
                        "transactionType": "addDomain",
                        "transactionDate": "2025-01-10T15:30:00Z",
                        "orderNumber": added["orderNumber"],
                        "cost": 1095.00,
                        "currency": "USD",
                        "debitedForDays": 365,
                        "domains": [{"name": "*.a.example", "type": "Wildcard"}],
                    }
                ],
            }
        ]
    }


async def test_additions_extensions_and_refunds_in_their_order(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.at("2026-01-01T10:00:00Z")
    await shop.add(account, "b.example")
    await shop.at("2026-01-02T10:00:00Z")
    await shop.extend(account)
    await shop.at("2026-01-03T10:00:00Z")
    await shop.remove(account, "b.example")
    rows = await transactions(shop, account)
    assert [
        (
            row["transactionType"],
            row["cost"],
            row["debitedForDays"],
            [domain["name"] for domain in row["domains"]],
            row.get("removeDate"),
        )
        for row in rows
    ] == [
        ("addDomain", 365, 365, ["a.example", "www.a.example"], None),
        ("addDomain", 9, 9, ["b.example"], "2026-01-03T10:00:00Z"),
        ("extendDomains", 730, 365, ["a.example", "www.a.example", "b.example"], None),
        ("refundDomain", 9, 9, ["b.example"], None),
    ]
    assert rows[1]["orderNumber"] == rows[3]["orderNumber"]
    assert rows[3]["transactionDate"] == "2026-01-03T10:00:00Z"


async def test_a7_a_removed_free_name_shows_its_date_but_no_refund(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.remove(account, "www.a.example")
    (row,) = await transactions(shop, account)
    assert row["domains"] == [
        {"name": "a.example", "type": "FQDN"},
        {"name": "www.a.example", "type": "FQDN", "removeDate": "2025-01-10T15:30:00Z"},
    ]
    assert "removeDate" not in row


async def test_with_a_name_only_its_share_is_shown(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.add(account, "*.b.example")
    await shop.at("2026-01-01T10:00:00Z")
    await shop.extend(account, years="2")
    for name, shares in (
        ("A.example.", [365, 730]),
        ("www.a.example", [0, 0]),
        ("*.b.example", [1095, 2190]),
        ("c.example", []),
    ):
        rows = await transactions(shop, account, domainName=name)
        assert [row["cost"] for row in rows] == shares, name
        assert all(len(row["domains"]) == 1 for row in rows)


async def test_with_a_name_the_refund_is_that_of_the_paid_name(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.remove(account, "a.example")
    for name, types in (
        ("a.example", ["addDomain", "refundDomain"]),
        ("www.a.example", ["addDomain"]),
    ):
        rows = await transactions(shop, account, domainName=name)
        assert [row["transactionType"] for row in rows] == types


async def test_past_subscriptions_are_shown_on_request(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2026-01-20T00:00:00Z")
    assert await states(shop, account) == ["grace"]
    await shop.at("2026-03-01T00:00:00Z")
    assert await states(shop, account) == []
    assert await states(shop, account, includeExpired="Y") == ["expired"]
    await shop.add(account, "a.example")
    assert await states(shop, account) == ["active"]
    assert await states(shop, account, includeExpired="Y") == ["active", "expired"]


async def states(shop: Shop, account: str, **fields: str) -> list[str]:
    answer = await shop.do("LISTTRANSACTIONS", acmeAccountID=account, **fields)
    return [subscription["subscriptionStatus"] for subscription in answer["subscriptions"]]


async def test_days_bound_the_list_both_included(shop: Shop) -> None:
    account = await shop.credential()
    for day in ("01-10", "01-11", "01-12"):
        await shop.at(f"2025-{day}T12:00:00Z")
        await shop.add(account, f"n{day}.example")
    for fields, days in (
        ({"fromDate": "2025-01-11"}, ["11", "12"]),
        ({"toDate": "2025-01-11"}, ["10", "11"]),
        ({"fromDate": "2025-01-11", "toDate": "2025-01-11"}, ["11"]),
    ):
        rows = await transactions(shop, account, **fields)
        assert [row["transactionDate"][8:10] for row in rows] == days


async def test_a_day_that_is_none(shop: Shop) -> None:
    account = await shop.credential()
    refused = await shop.refused("LISTTRANSACTIONS", acmeAccountID=account, fromDate="2025-02-30")
    assert refused.detail == "The value of the 'fromDate' argument is invalid!"
