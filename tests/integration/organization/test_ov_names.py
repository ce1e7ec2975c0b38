"""Names on OV servers need a valid pre-validation of their reseller (O2, O8, O12)."""

from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from gateway.errors.organization import InvalidDetail
from tests.support.organizations import (
    OTHER,
    add_organization,
    add_ov_name,
    add_prevalidation,
    approve,
    ov_credential,
    reject,
)
from tests.support.shop import Refused, Shop

NAME = "www.example.org"
UNKNOWN = 299999999
NOT_FOR_DV = Refused(403, "unauthorized", "Not applicable for DV!")


def invalid(name: str) -> Refused:
    return Refused(400, "malformed", f"The value of the '{name}' argument is invalid!")


def missing(name: str) -> Refused:
    return Refused(400, "malformed", f"The '{name}' argument is missing!")


@pytest.fixture
async def anchor(shop: Shop) -> int:
    """Valid for example.org until 2026-06-30."""
    return await add_prevalidation(shop.gateway, "example.org", expires="2026-06-30T23:59:59Z")


@pytest.fixture
async def account(shop: Shop) -> str:
    return (await ov_credential(shop, years=2)).kid


async def listed(shop: Shop, account: str) -> dict[str, dict[str, Any]]:
    answer = await shop.do("LISTDOMAINS", acmeAccountID=account)
    return {domain["domainName"]: domain for domain in answer["Domains"]}


async def test_o2_a_name_with_a_valid_prevalidation_is_added_at_the_ov_price_and_listed_with_it(
    shop: Shop, account: str, anchor: int
) -> None:
    fields = {"acmeAccountID": account, "domainName": NAME, "ovAnchorOrderNumber": str(anchor)}
    quoted = await shop.do("ADDDOMAIN", **fields, quoteOnly="Y")
    bought = await shop.do("ADDDOMAIN", **fields)
    assert Decimal(str(quoted["cost"])) == Decimal(str(bought["cost"])) == 2 * 730
    assert (await listed(shop, account))[NAME] == {
        "domainName": NAME,
        "expiresAt": "2027-01-10T23:59:59Z",
        "ovAnchorOrderNumber": anchor,
    }


@pytest.mark.parametrize("quote", ["Y", "N"])
@pytest.mark.parametrize("sent", [{}, {"ovAnchorOrderNumber": ""}])
async def test_o2_without_a_prevalidation_the_argument_is_missing(
    shop: Shop, account: str, quote: str, sent: dict[str, str]
) -> None:
    before = await shop.state()
    fields = {"acmeAccountID": account, "domainName": NAME, "quoteOnly": quote, **sent}
    assert await shop.refused("ADDDOMAIN", **fields) == missing("ovAnchorOrderNumber")
    assert await shop.state() == before


async def update(shop: Shop, account: str, old: int, new: int, **fields: str) -> int:
    answer = await shop.do(
        "UPDATEDOMAINS",
        acmeAccountID=account,
        ovAnchorOrderNumber=str(new),
        oldOVAnchorOrderNumber=str(old),
        **fields,
    )
    assert answer["success"] is True
    moved: int = answer["nRecordsUpdated"]
    return moved


async def unusable(shop: Shop, why: str) -> str:
    """The number of a pre-validation that does not serve NAME at X1."""
    gateway = shop.gateway
    match why:
        case "foreign":
            await shop.second_reseller("other")
            return str(await add_prevalidation(gateway, "example.org", login="other"))
        case "expired":
            past = "2025-01-10T15:29:59Z"
            return str(await add_prevalidation(gateway, "example.org", expires=past))
        case "not yet valid":
            number = await add_prevalidation(
                gateway, "example.org", valid_from="2025-01-10T15:30:01Z"
            )
            return str(number)
        case "requested":
            return str(await add_prevalidation(gateway, "example.org", expires=None))
        case "rejected":
            number = await add_prevalidation(gateway, "example.org")
            await reject(gateway, number)
            return str(number)
        case "for another domain":
            return str(await add_prevalidation(gateway, "example.net", "xexample.org"))
        case "for a name below":
            return str(await add_prevalidation(gateway, "a.www.example.org", "shop.example.org"))
    return why


@pytest.mark.parametrize("quote", ["Y", "N"])
@pytest.mark.parametrize(
    "why",
    [
        *("foreign", "expired", "not yet valid", "requested", "rejected", "for another domain"),
        *("for a name below", str(UNKNOWN), "-1", "0x10", "1.0", "٢", "9" * 128, str(2**63), "a'"),
    ],
)
async def test_o2_what_is_foreign_unknown_not_valid_or_not_covering_is_one_and_the_same_e3(
    shop: Shop, account: str, why: str, quote: str
) -> None:
    number = await unusable(shop, why)
    before = await shop.state()
    fields = {"acmeAccountID": account, "domainName": NAME, "quoteOnly": quote}
    refused = await shop.refused("ADDDOMAIN", **fields, ovAnchorOrderNumber=number)
    assert refused == invalid("ovAnchorOrderNumber")
    assert await shop.state() == before


@pytest.mark.parametrize(
    "name", ["example.org", "*.example.org", "a.b.example.org", "*.b.example.org"]
)
async def test_o2_a_prevalidation_covers_its_domain_and_all_below(
    shop: Shop, account: str, anchor: int, name: str
) -> None:
    await add_ov_name(shop, account, name, anchor)
    assert (await listed(shop, account))[name]["ovAnchorOrderNumber"] == anchor


async def test_o2_it_ends_at_the_registrable_domain(shop: Shop, account: str) -> None:
    """s3.amazonaws.com is a public suffix: what is below belongs to somebody else."""
    anchor = await add_prevalidation(shop.gateway, "amazonaws.com")
    await add_ov_name(shop, account, "www.amazonaws.com", anchor)
    name = "somebody.s3.amazonaws.com"
    fields = {"acmeAccountID": account, "domainName": name, "ovAnchorOrderNumber": str(anchor)}
    assert await shop.refused("ADDDOMAIN", **fields) == invalid("ovAnchorOrderNumber")


async def test_an_associated_name_leans_on_the_same_one_and_moves_with_it(
    shop: Shop, account: str, anchor: int
) -> None:
    await add_ov_name(shop, account, "example.org", anchor, addAssociatedFQDN="Y")
    lines = await listed(shop, account)
    assert {name: line["ovAnchorOrderNumber"] for name, line in lines.items()} == {
        "example.org": anchor,
        "www.example.org": anchor,
    }
    new = await add_prevalidation(shop.gateway, "example.org")
    assert await update(shop, account, anchor, new) == 2


@pytest.mark.parametrize("argument", ["ovAnchorOrderNumber", "evAnchorOrderNumber"])
async def test_e9_dv_names_have_none(shop: Shop, anchor: int, argument: str) -> None:
    account = await shop.credential()
    before = await shop.state()
    for number in (anchor, UNKNOWN):
        fields = {"acmeAccountID": account, "domainName": NAME, argument: str(number)}
        assert await shop.refused("ADDDOMAIN", **fields) == NOT_FOR_DV
        assert await shop.refused("ADDDOMAIN", **fields, quoteOnly="Y") == NOT_FOR_DV
    pair = {"ovAnchorOrderNumber": str(anchor), "oldOVAnchorOrderNumber": str(anchor)}
    assert await shop.refused("UPDATEDOMAINS", acmeAccountID=account, **pair) == NOT_FOR_DV
    assert await shop.state() == before


async def test_what_is_approved_serves_from_that_moment_on(shop: Shop, account: str) -> None:
    number = await add_prevalidation(shop.gateway, "example.org", expires=None)
    assert await approve(shop.gateway, number) is True
    await add_ov_name(shop, account, NAME, number)
    assert await approve(shop.gateway, number) is False


async def test_a_second_renewal_of_the_same_one_is_refused(shop: Shop) -> None:
    organization = await add_organization(shop.gateway, OTHER)
    wanted: dict[str, Any] = {"organization": organization, "expires": None}
    first = await add_prevalidation(shop.gateway, "example.org", organization=organization)
    renewal = await add_prevalidation(shop.gateway, "example.org", **wanted, renews=first)
    with pytest.raises(InvalidDetail, match="is being renewed already"):
        await add_prevalidation(shop.gateway, "example.org", **wanted, renews=first)
    await reject(shop.gateway, renewal)
    await add_prevalidation(shop.gateway, "example.org", **wanted, renews=first)


async def test_the_database_refuses_a_link_to_another_resellers_prevalidation(
    shop: Shop, account: str, anchor: int
) -> None:
    await add_ov_name(shop, account, NAME, anchor)
    foreign = int(await unusable(shop, "foreign"))
    with pytest.raises(asyncpg.RestrictViolationError, match="another reseller"):
        await shop.gateway.pool.execute("UPDATE subscription.domain SET ov_anchor = $1", foreign)
