"""Names on OV servers lean on a valid, own, covering pre-validation (O2, O8, O12)."""

from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from gateway.rules.organizations import InvalidDetail
from tests.support.organizations import (
    OTHER,
    add_organization,
    add_ov_name,
    add_prevalidation,
    approve,
    ov_credential,
    prevalidation,
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


class TestUpdateDomains:
    """O8."""

    @pytest.fixture
    async def names(self, shop: Shop, account: str, anchor: int) -> list[str]:
        """Five names that lean on `anchor`, as in the example of §5."""
        names = [f"n{number}.example.org" for number in range(5)]
        for name in names:
            await add_ov_name(shop, account, name, anchor)
        return names

    async def test_the_names_that_carry_the_old_number_are_moved_and_counted(
        self, shop: Shop, account: str, anchor: int, names: list[str]
    ) -> None:
        third = await add_prevalidation(shop.gateway, "example.org")
        await add_ov_name(shop, account, "other.example.org", third)
        balance = await shop.balance()
        new = await add_prevalidation(shop.gateway, "example.org")
        assert await update(shop, account, anchor, new) == 5
        after = await listed(shop, account)
        assert {after[name]["ovAnchorOrderNumber"] for name in names} == {new}
        assert after["other.example.org"]["ovAnchorOrderNumber"] == third
        assert await update(shop, account, anchor, new) == 0
        assert await shop.balance() == balance

    async def test_names_of_another_credential_stay(
        self, shop: Shop, account: str, anchor: int, names: list[str]
    ) -> None:
        sibling = (await ov_credential(shop)).kid
        await add_ov_name(shop, sibling, NAME, anchor)
        organization = (await prevalidation(shop.gateway, anchor)).organization_id
        renewal = await add_prevalidation(
            shop.gateway, "example.org", organization=organization, renews=anchor
        )
        assert await update(shop, account, anchor, renewal) == 5
        assert (await listed(shop, sibling))[NAME]["ovAnchorOrderNumber"] == anchor
        assert (await prevalidation(shop.gateway, anchor)).state == "valid"
        assert await update(shop, sibling, anchor, renewal) == 1
        assert (await prevalidation(shop.gateway, anchor)).state == "superseded"

    async def test_the_old_one_may_have_expired_or_been_rejected(
        self, shop: Shop, account: str, anchor: int, names: list[str]
    ) -> None:
        await shop.at("2026-07-01T00:00:00Z")
        second = await add_prevalidation(shop.gateway, "example.org")
        assert await update(shop, account, anchor, second) == 5
        await reject(shop.gateway, second)
        third = await add_prevalidation(shop.gateway, "example.org")
        assert await update(shop, account, second, third) == 5

    @pytest.mark.parametrize(
        "why",
        [
            *("foreign", "expired", "not yet valid", "requested", "rejected"),
            *("for another domain", "for a name below", str(UNKNOWN), "x"),
        ],
    )
    async def test_the_new_one_must_be_own_valid_and_cover_every_name(
        self, shop: Shop, account: str, anchor: int, names: list[str], why: str
    ) -> None:
        number = await unusable(shop, why)
        before = await shop.state()
        pair = {"ovAnchorOrderNumber": number, "oldOVAnchorOrderNumber": str(anchor)}
        refused = await shop.refused("UPDATEDOMAINS", acmeAccountID=account, **pair)
        assert refused == invalid("ovAnchorOrderNumber")
        assert await shop.state() == before

    async def test_one_name_that_is_not_covered_keeps_all_where_they_are(
        self, shop: Shop, account: str, anchor: int, names: list[str]
    ) -> None:
        new = await add_prevalidation(shop.gateway, *names[1:])
        before = await shop.state()
        pair = {"ovAnchorOrderNumber": str(new), "oldOVAnchorOrderNumber": str(anchor)}
        refused = await shop.refused("UPDATEDOMAINS", acmeAccountID=account, **pair)
        assert refused == invalid("ovAnchorOrderNumber")
        assert await shop.state() == before

    async def test_the_old_one_must_be_the_resellers_own(
        self, shop: Shop, account: str, anchor: int
    ) -> None:
        for old in (await unusable(shop, "foreign"), str(UNKNOWN), "x"):
            pair = {"ovAnchorOrderNumber": str(anchor), "oldOVAnchorOrderNumber": old}
            refused = await shop.refused("UPDATEDOMAINS", acmeAccountID=account, **pair)
            assert refused == invalid("oldOVAnchorOrderNumber")

    async def test_both_numbers_are_needed(self, shop: Shop, account: str, anchor: int) -> None:
        old = {"oldOVAnchorOrderNumber": str(anchor)}
        new = {"ovAnchorOrderNumber": str(anchor)}
        told = {
            "ovAnchorOrderNumber": old,
            "oldOVAnchorOrderNumber": new,
            "evAnchorOrderNumber": {**old, **new, "oldEVAnchorOrderNumber": str(anchor)},
            "oldEVAnchorOrderNumber": {**old, **new, "evAnchorOrderNumber": str(anchor)},
        }
        for argument, fields in told.items():
            refused = await shop.refused("UPDATEDOMAINS", acmeAccountID=account, **fields)
            assert refused == missing(argument)


class TestTheEvPair:
    """O12: checked and kept; certificates stay OV."""

    async def test_an_ev_prevalidation_is_kept_with_the_name_and_moved(
        self, shop: Shop, account: str, anchor: int
    ) -> None:
        ev = await add_prevalidation(shop.gateway, "example.org", kind="EV")
        await add_ov_name(shop, account, NAME, anchor, evAnchorOrderNumber=str(ev))
        await add_ov_name(shop, account, "b.example.org", anchor)
        line = (await listed(shop, account))[NAME]
        assert (line["ovAnchorOrderNumber"], line["evAnchorOrderNumber"]) == (anchor, ev)
        new = await add_prevalidation(shop.gateway, "example.org", kind="EV")
        pair = {"evAnchorOrderNumber": str(new), "oldEVAnchorOrderNumber": str(ev)}
        assert await update(shop, account, anchor, anchor, **pair) == 1
        assert (await listed(shop, account))[NAME]["evAnchorOrderNumber"] == new
        ov = await add_prevalidation(shop.gateway, "example.org")
        both = {"evAnchorOrderNumber": str(ev), "oldEVAnchorOrderNumber": str(new)}
        assert await update(shop, account, anchor, ov, **both) == 2  # names, not links

    @pytest.mark.parametrize("why", ["foreign", "expired", "for another domain", "OV"])
    async def test_it_must_be_a_valid_own_one_for_ev(
        self, shop: Shop, account: str, anchor: int, why: str
    ) -> None:
        number = str(anchor) if why == "OV" else await unusable(shop, why)
        before = await shop.state()
        fields = {"acmeAccountID": account, "domainName": NAME, "ovAnchorOrderNumber": str(anchor)}
        refused = await shop.refused("ADDDOMAIN", **fields, evAnchorOrderNumber=number)
        assert refused == invalid("evAnchorOrderNumber")
        assert await shop.state() == before


async def test_o7_a_renewal_to_ov_ends_what_was_kept_for_ev(shop: Shop, account: str) -> None:
    ev = await add_prevalidation(shop.gateway, "example.org", kind="EV")
    await add_ov_name(shop, account, NAME, ev, evAnchorOrderNumber=str(ev))
    organization = (await prevalidation(shop.gateway, ev)).organization_id
    renewal = await add_prevalidation(
        shop.gateway, "example.org", organization=organization, renews=ev
    )
    assert await update(shop, account, ev, renewal) == 1
    line = (await listed(shop, account))[NAME]
    assert line["ovAnchorOrderNumber"] == renewal
    assert "evAnchorOrderNumber" not in line


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
