"""R14–R18, A12–A14, A25, X11–X13: free names, and which are removed with which."""

from decimal import Decimal

import pytest

from tests.support.shop import Shop

D = "domain.brand.com"
FQDN = Decimal("365.00")
WILDCARD = Decimal("1095.00")
FREE = Decimal("0.00")


@pytest.mark.parametrize(
    "additions",
    [
        # The source's own examples.
        [(D, FQDN), (f"www.{D}", FREE), (f"*.{D}", WILDCARD)],
        [
            (f"*.{D}", WILDCARD),
            (D, FREE),
            ("brand.com", FQDN),
            (f"www.{D}", FQDN),
            (f"subdomain.{D}", FQDN),
        ],
        [(f"www.{D}", FQDN), (D, FQDN)],
        # X13, A14, A12
        [(D, FQDN), (f"*.{D}", WILDCARD), (f"www.{D}", FQDN)],
        [(f"www.{D}", FQDN), (f"www.www.{D}", FQDN)],
        [("*.other.com", WILDCARD), (D, FQDN), (f"www.{D}", FREE)],
        [(D, FQDN), (f"www.{D}", FREE), (f"www.www.{D}", FQDN)],
    ],
)
async def test_r14_r15_r16_what_is_free_and_what_is_charged(
    shop: Shop, additions: list[tuple[str, Decimal]]
) -> None:
    account = await shop.credential()
    before = await shop.balance()
    for name, cost in additions:
        assert await shop.quote(account, name) == cost, name
        assert await shop.add(account, name) == cost, name
    assert await shop.balance() == before - sum(cost for _, cost in additions)
    assert list(await shop.domains(account)) == [name for name, _ in additions]


async def test_free_names_have_an_order_number_and_no_ledger_entry(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, D)
    answer = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName=f"www.{D}")
    async with shop.gateway.pool.acquire() as connection:
        entries = await connection.fetchval(
            "SELECT count(*) FROM reseller.ledger_entry WHERE order_number = $1",
            answer["orderNumber"],
        )
    assert (answer["cost"], entries) == (0, 0)


@pytest.mark.parametrize(
    ("name", "added"),
    [
        (D, [D, f"www.{D}"]),
        (f"*.{D}", [f"*.{D}", D]),
        (f"www.{D}", [f"www.{D}"]),
    ],
)
async def test_r17_the_associated_name_comes_along_free(
    shop: Shop, name: str, added: list[str]
) -> None:
    account = await shop.credential()
    fields = {"acmeAccountID": account, "domainName": name, "addAssociatedFQDN": "Y"}
    quote = await shop.do("ADDDOMAIN", **fields, quoteOnly="Y")
    answer = await shop.do("ADDDOMAIN", **fields, quoteOnly="N")
    assert [domain["domainName"] for domain in answer["domains"]] == added
    assert answer["domains"] == quote["domains"]
    assert answer["cost"] == quote["cost"] == (1095 if name.startswith("*") else 365)
    assert list(await shop.domains(account)) == added


async def test_r17_without_the_switch_a_free_name_is_added_only_by_itself(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, D, addAssociatedFQDN="N")
    assert list(await shop.domains(account)) == [D]


async def test_r17_the_associated_name_stays_out_where_it_would_be_charged(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, f"*.{D}")
    assert await shop.add(account, D, addAssociatedFQDN="Y") == FREE
    assert list(await shop.domains(account)) == [f"*.{D}", D]


async def test_r17_the_associated_name_may_be_there_already(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, D)
    assert await shop.add(account, f"*.{D}", addAssociatedFQDN="Y") == WILDCARD
    assert list(await shop.domains(account)) == [D, f"*.{D}"]


async def test_r18_a_name_removed_and_added_again_is_charged_again(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, D)
    await shop.add(account, f"www.{D}")
    await shop.remove(account, D)
    assert await shop.add(account, f"www.{D}") == FQDN
    assert await shop.add(account, D) == FQDN


async def test_r18_a_free_name_removed_by_mistake_is_free_again(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, D)
    await shop.add(account, f"www.{D}")
    assert await shop.remove(account, f"www.{D}") == [f"www.{D}"]
    assert await shop.add(account, f"www.{D}") == FREE


async def test_r10_x11_removing_the_paid_name_takes_its_free_one(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, D, addAssociatedFQDN="Y")
    assert await shop.remove(account, D) == [D, f"www.{D}"]
    assert await shop.domains(account) == {}


async def test_r10_removing_the_free_name_removes_only_it(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, D, addAssociatedFQDN="Y")
    assert await shop.remove(account, f"www.{D}") == [f"www.{D}"]
    assert list(await shop.domains(account)) == [D]


async def test_x12_a_charged_www_stays_when_the_wildcard_goes(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, f"*.{D}")
    await shop.add(account, D)
    await shop.add(account, f"www.{D}")
    assert await shop.remove(account, f"*.{D}") == [f"*.{D}", D]
    assert list(await shop.domains(account)) == [f"www.{D}"]
    await shop.at("2026-01-01T00:00:00Z")
    assert await shop.extend(account) == FQDN  # and stays charged


async def test_a25_x13_a_name_paid_before_the_wildcard_came_stays(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, D)
    await shop.add(account, f"*.{D}")
    await shop.add(account, f"www.{D}")
    assert await shop.remove(account, f"*.{D}") == [f"*.{D}"]
    assert list(await shop.domains(account)) == [D, f"www.{D}"]
