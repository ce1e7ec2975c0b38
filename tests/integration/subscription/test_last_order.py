"""docs/wire.md §2.10 GETLASTORDER: the newest certificate order of each name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.issued import acme_account, acme_order, certificate, revocation
from tests.support.shop import Shop

ISSUED = datetime(2025, 1, 11, 10, tzinfo=UTC)


async def orders(shop: Shop, account: str, **fields: Any) -> list[dict[str, Any]]:
    return list((await shop.do("GETLASTORDER", acmeAccountID=account, **fields))["Orders"])


async def names(shop: Shop, account: str, **fields: Any) -> list[str]:
    return [order["domainName"] for order in await orders(shop, account, **fields)]


async def issue(shop: Shop, account: str, name: str, at: datetime = ISSUED) -> tuple[str, str]:
    """Id of the order and serial of the certificate."""
    order = await acme_order(shop.gateway.pool, account, name, at, "valid", csr=b"csr")
    return order, await certificate(shop.gateway.pool, order, name, at)


async def test_names_without_orders_are_not_listed(shop: Shop) -> None:
    account = await shop.credential()
    assert await orders(shop, account) == []
    await shop.add(account, "a.example")
    assert await orders(shop, account) == []


async def test_the_whole_shape_of_an_issued_certificate(shop: Shop) -> None:
    account = await shop.credential()
    added = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName="a.example")
    order, serial = await issue(shop, account, "a.example")
    (shown,) = await orders(shop, account)
    assert isinstance(shown.pop("certificateID"), int)
    assert shown == {
        "orderNumber": added["orderNumber"],
        "acmeOrderID": order,
        "acmeOrderStatus": "valid",
        "statusCode": 6,
        "statusDesc": "Valid",
        "domainName": "a.example",
        "serialNumber": serial,
        "validNotBefore": "2025-01-11T10:00:00Z",
        "validNotAfter": "2025-04-11T09:59:59Z",
        "acmeAccountID": account,
        "acmeEABKeyID": account,
    }


async def test_a_revoked_certificate(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    _, serial = await issue(shop, account, "a.example")
    await revocation(shop.gateway.pool, serial, ISSUED)
    (shown,) = await orders(shop, account)
    assert (shown["statusCode"], shown["statusDesc"]) == (8, "Revoked")


async def test_only_the_newest_order_of_a_name_counts(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await issue(shop, account, "a.example")
    newest = await acme_order(shop.gateway.pool, account, "a.example", ISSUED)
    (shown,) = await orders(shop, account)
    assert (shown["acmeOrderID"], shown["acmeOrderStatus"]) == (newest, "pending")
    assert not {"statusCode", "certificateID", "serialNumber", "validNotAfter"} & set(shown)


async def test_orders_of_other_accounts_of_the_credential_on_request(shop: Shop) -> None:
    kid = await shop.credential()
    second = await acme_account(shop.gateway.pool, kid, ISSUED)
    await shop.add(kid, "a.example")
    await issue(shop, kid, "a.example")
    newer, _ = await issue(shop, second, "a.example")
    assert [order["acmeAccountID"] for order in await orders(shop, kid)] == [kid]
    (shown,) = await orders(shop, kid, includeAdditionalAccounts="Y")
    assert (shown["acmeOrderID"], shown["acmeAccountID"]) == (newer, second)
    assert shown["acmeEABKeyID"] == kid


async def test_orders_of_other_credentials_are_never_shown(shop: Shop) -> None:
    first, second = await shop.credential(), await shop.credential()
    for account in (first, second):
        await shop.add(account, "a.example")
    await issue(shop, first, "a.example")
    assert await orders(shop, second, includeAdditionalAccounts="Y") == []


async def test_only_names_of_the_current_subscription(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("a.example", "b.example"):
        await shop.add(account, name)
        await issue(shop, account, name)
    await shop.remove(account, "b.example")
    assert await names(shop, account) == ["a.example"]
    await shop.at("2026-02-09T00:00:00Z")
    assert await names(shop, account) == ["a.example"]
    await shop.at("2026-02-10T00:00:00Z")
    assert await names(shop, account) == []


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"filter": "domainName = a.example"}, ["a.example"]),
        ({"filter": "domainName != a.example"}, ["b.example", "c.example"]),
        ({"filter": "domainName ? example"}, ["a.example", "b.example", "c.example"]),
        ({"filter": "validNotAfter > 2025-04-11"}, ["b.example"]),
        ({"filter": "validNotAfter <= 2025-04-11"}, ["a.example"]),
        ({"filter": ["domainName ? example", "validNotAfter > 2025-04-11"]}, ["b.example"]),
        ({"domainName": "B.example"}, ["b.example"]),
        ({"domainName": "b.example", "filter": "domainName = a.example"}, []),
    ],
)
async def test_filters_all_have_to_hold(
    shop: Shop, fields: dict[str, Any], shown: list[str]
) -> None:
    account = await shop.credential()
    for name in ("a.example", "b.example", "c.example"):
        await shop.add(account, name)
    await issue(shop, account, "a.example")
    await issue(shop, account, "b.example", ISSUED + timedelta(days=1))
    await acme_order(shop.gateway.pool, account, "c.example", ISSUED)
    assert await names(shop, account, **fields) == shown


async def test_what_is_no_filter(shop: Shop) -> None:
    account = await shop.credential()
    refused = await shop.refused("GETLASTORDER", acmeAccountID=account, filter="serial = 1")
    assert (refused.status, refused.kind) == (400, "malformed")
    assert refused.detail == "The value of the 'filter' argument is invalid!"
