"""UPDATEDOMAINS moves names to another pre-validation (O7, O8), and the EV pair with them (O12)."""

import pytest

from tests.integration.organization.test_ov_names import (
    NAME,
    UNKNOWN,
    account,
    anchor,
    invalid,
    listed,
    missing,
    unusable,
    update,
)
from tests.support.organizations import (
    add_ov_name,
    add_prevalidation,
    ov_credential,
    prevalidation,
    reject,
)
from tests.support.shop import Shop

__all__ = ["account", "anchor"]


class TestUpdateDomains:
    """O8."""

    @pytest.fixture
    async def names(self, shop: Shop, account: str, anchor: int) -> list[str]:
        """Five names that depend on `anchor`."""
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
        wrong = {
            "ovAnchorOrderNumber": old,
            "oldOVAnchorOrderNumber": new,
            "evAnchorOrderNumber": {**old, **new, "oldEVAnchorOrderNumber": str(anchor)},
            "oldEVAnchorOrderNumber": {**old, **new, "evAnchorOrderNumber": str(anchor)},
        }
        for argument, fields in wrong.items():
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
