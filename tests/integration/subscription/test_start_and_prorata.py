"""R1–R6, R19, R20, X1–X5, X9, X14: starting a subscription and adding to it."""

import json
from decimal import Decimal

import pytest

from tests.support.shop import Shop, money


async def test_x1_the_first_name_starts_the_subscription_and_is_charged(shop: Shop) -> None:
    account = await shop.credential()
    before = await shop.balance()
    answer = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName="a.example")
    assert answer.pop("orderNumber") > 0
    assert answer == {
        "success": True,
        "cost": 365.00,
        "currency": "USD",
        "domains": [{"domainName": "a.example"}],
    }
    assert await shop.balance() == before - Decimal("365.00")
    assert await shop.domains(account) == {"a.example": "2026-01-10T23:59:59Z"}


async def test_r2_preregistering_starts_and_costs_nothing(shop: Shop) -> None:
    before = await shop.balance()
    account = await shop.credential()
    assert await shop.balance() == before
    assert await shop.domains(account) == {}
    await shop.at("2025-03-01T00:00:00Z")
    await shop.add(account, "a.example")
    assert await shop.domains(account) == {"a.example": "2026-03-01T23:59:59Z"}


@pytest.mark.parametrize(
    ("years", "cost", "expires_at"),
    [(2, "730.00", "2027-01-10T23:59:59Z"), (3, "1095.00", "2028-01-10T23:59:59Z")],
)
async def test_x2_longer_terms(shop: Shop, years: int, cost: str, expires_at: str) -> None:
    account = await shop.credential(years)
    assert await shop.add(account, "a.example") == Decimal(cost)
    assert await shop.domains(account) == {"a.example": expires_at}


@pytest.mark.parametrize(
    ("years", "expires_at"), [(1, "2025-02-28T23:59:59Z"), (3, "2027-02-28T23:59:59Z")]
)
async def test_x3_leap_day(shop: Shop, years: int, expires_at: str) -> None:
    await shop.at("2024-02-29T12:00:00Z")
    account = await shop.credential(years)
    await shop.add(account, "a.example")
    assert await shop.domains(account) == {"a.example": expires_at}


async def test_x4_later_names_pay_the_full_days_left_and_change_no_expiry(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    assert await shop.add(account, "same-day.example") == Decimal("365.00")
    for now, name, cost in (
        ("2025-06-01T08:00:00Z", "b.example", "223.00"),
        ("2025-06-01T08:00:00Z", "*.c.example", "669.00"),
        ("2026-01-09T23:00:00Z", "d.example", "1.00"),
        ("2026-01-10T23:59:59Z", "e.example", "0.00"),
    ):
        await shop.at(now)
        assert await shop.add(account, name) == Decimal(cost), name
    assert set((await shop.domains(account)).values()) == {"2026-01-10T23:59:59Z"}


@pytest.mark.parametrize(
    ("now", "cost"), [("2025-06-01T08:00:00Z", "61.09"), ("2025-10-02T08:00:00Z", "27.39")]
)
async def test_x5_costs_are_rounded_half_up(shop: Shop, now: str, cost: str) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.set_price("99.99")
    await shop.at(now)
    assert await shop.add(account, "b.example") == Decimal(cost)


async def test_x9_multi_year_terms_pay_a_365th_of_the_yearly_price_per_day(shop: Shop) -> None:
    account = await shop.credential(3)
    await shop.add(account, "a.example")
    await shop.at("2026-03-15T10:00:00Z")
    assert await shop.add(account, "b.example") == Decimal("666.00")


async def test_r19_x14_the_same_name_is_charged_on_every_credential(shop: Shop) -> None:
    accounts = [await shop.credential(), await shop.credential()]
    before = await shop.balance()
    for account in accounts:
        assert await shop.add(account, "a.example") == Decimal("365.00")
    await shop.at("2025-12-01T00:00:00Z")
    for account in accounts:
        assert await shop.extend(account) == Decimal("365.00")
    assert await shop.balance() == before - 4 * Decimal("365.00")


async def test_r20_a_quote_is_the_price_and_nothing_else(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("a.example", "*.b.example"):
        before = await shop.state()
        answer = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName=name, quoteOnly="Y")
        assert "orderNumber" not in answer
        assert await shop.state() == before
        assert money(answer["cost"]) == await shop.add(account, name)


async def test_a22_a_quote_is_refused_like_the_action_but_looks_at_no_balance(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    refused = await shop.refused(
        "ADDDOMAIN", acmeAccountID=account, domainName="a.example", quoteOnly="Y"
    )
    assert refused.detail == "The domain name is already present in the subscription."
    await shop.set_price("100000.00")
    assert await shop.quote(account, "b.example") == Decimal("100000.00")
    refused = await shop.refused("ADDDOMAIN", acmeAccountID=account, domainName="b.example")
    assert (refused.status, refused.detail) == (403, "Not enough credit!")


async def test_e18a_a_name_in_any_spelling_is_present_once(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "bücher.example")
    before = await shop.state()
    for spelling in ("BÜCHER.example", "xn--bcher-kva.example.", "bücher.example."):
        refused = await shop.refused("ADDDOMAIN", acmeAccountID=account, domainName=spelling)
        assert (refused.status, refused.kind) == (403, "unauthorized")
        assert refused.detail == "The domain name is already present in the subscription."
    assert await shop.state() == before
    assert list(await shop.domains(account)) == ["xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "name", ["localhost", "com", "*.com", "co.uk", "1.2.3.4", "a..b.example", "*", "-a.example"]
)
@pytest.mark.parametrize("action", ["ADDDOMAIN", "REMOVEDOMAIN"])
async def test_a27_names_that_cannot_be_listed(shop: Shop, action: str, name: str) -> None:
    account = await shop.credential()
    refused = await shop.refused(action, acmeAccountID=account, domainName=name)
    assert (refused.status, refused.kind) == (400, "malformed")
    assert refused.detail == "The value of the 'domainName' argument is invalid!"


async def test_foreign_and_unknown_accounts_are_the_same_invalid_value(shop: Shop) -> None:
    other = await shop.second_reseller("other")
    theirs = await other.credential()
    for account in (theirs, "AAAAAAAAAAAAAAAAAAAAAA"):
        for action, fields in (
            ("ADDDOMAIN", {"domainName": "a.example"}),
            ("REMOVEDOMAIN", {"domainName": "a.example"}),
            ("EXTENDDOMAINS", {}),
            ("LISTDOMAINS", {}),
            ("UPDATEDOMAINS", {}),
        ):
            refused = await shop.refused(action, acmeAccountID=account, **fields)
            assert refused.status == 400
            assert refused.detail == "The value of the 'acmeAccountID' argument is invalid!"


async def test_pages_of_list_domains(shop: Shop) -> None:
    account = await shop.credential()
    names = [f"n{number}.example" for number in range(5)]
    for name in names:
        await shop.add(account, name)
    pages = [await shop.domains(account, page=str(page), size="2") for page in range(4)]
    assert [list(page) for page in pages] == [names[:2], names[2:4], names[4:], []]


async def test_costs_are_json_numbers_with_two_decimals(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.set_price("99.99")
    await shop.at("2025-06-01T08:00:00Z")
    answer = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName="b.example")
    assert '"cost": 61.09' in json.dumps(answer)


async def test_dv_names_have_no_prevalidation(shop: Shop) -> None:
    account = await shop.credential()
    for fields in ({"ovAnchorOrderNumber": "111"}, {"evAnchorOrderNumber": "111"}):
        refused = await shop.refused(
            "ADDDOMAIN", acmeAccountID=account, domainName="a.example", **fields
        )
        assert (refused.status, refused.detail) == (403, "Not applicable for DV!")
    refused = await shop.refused(
        "UPDATEDOMAINS",
        acmeAccountID=account,
        ovAnchorOrderNumber="222",
        oldOVAnchorOrderNumber="111",
    )
    assert (refused.status, refused.detail) == (403, "Not applicable for DV!")


async def test_o2_ov_names_need_an_existing_prevalidation(shop: Shop) -> None:
    answer = await shop.do("PREREGISTER", serverUrl=shop.gateway.ov_directory_url)
    fields = {"acmeAccountID": answer["Accounts"][0]["acmeAccountID"], "domainName": "a.example"}
    refused = await shop.refused("ADDDOMAIN", **fields)
    assert refused.detail == "The 'ovAnchorOrderNumber' argument is missing!"
    refused = await shop.refused("ADDDOMAIN", **fields, ovAnchorOrderNumber="no such thing")
    assert refused.detail == "The value of the 'ovAnchorOrderNumber' argument is invalid!"


async def test_nothing_is_bought_for_a_deactivated_credential(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.do("SUSPENDACCOUNT", acmeAccountID=account)
    assert await shop.add(account, "b.example") > 0  # A26: suspension is of the ACME side
    await shop.do("DEACTIVATEACCOUNT", acmeAccountID=account)
    for action, fields in (("ADDDOMAIN", {"domainName": "c.example"}), ("EXTENDDOMAINS", {})):
        refused = await shop.refused(action, acmeAccountID=account, **fields)
        assert (refused.status, refused.detail) == (403, "Permission denied!")
    assert await shop.remove(account, "b.example") == ["b.example"]
    assert list(await shop.domains(account)) == ["a.example"]


async def test_r3_a_term_counts_from_the_next_day_and_ends_at_its_last_second(shop: Shop) -> None:
    ends = {1: "2026-01-10T23:59:59Z", 2: "2027-01-10T23:59:59Z", 3: "2028-01-10T23:59:59Z"}
    for years, expires_at in ends.items():
        account = await shop.credential(years)
        await shop.add(account, "a.example")
        assert await shop.domains(account) == {"a.example": expires_at}
