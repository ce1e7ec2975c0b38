"""R4, R12, A15–A19: expiry, grace, and the new subscription after it."""

from decimal import Decimal

from tests.support.shop import Shop

OLD, NEW = "2026-01-10T23:59:59Z", "2027-03-01T23:59:59Z"


async def test_a15_in_grace_no_name_can_be_added(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    for now in ("2026-01-11T00:00:00Z", "2026-02-09T23:59:59Z"):
        await shop.at(now)
        before = await shop.state()
        for fields in ({}, {"quoteOnly": "Y"}):
            refused = await shop.refused(
                "ADDDOMAIN", acmeAccountID=account, domainName="b.example", **fields
            )
            assert (refused.status, refused.kind) == (403, "unauthorized")
            assert "ubscription has expired" in refused.detail
        assert await shop.state() == before


async def test_r12_a16_after_grace_a_name_starts_a_new_subscription(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("a.example", "b.example"):
        await shop.add(account, name)
    await shop.at("2026-03-01T00:00:00Z")
    assert await shop.quote(account, "c.example") == Decimal("365.00")
    assert await shop.add(account, "c.example") == Decimal("365.00")
    # The old names stay in the report, with their own expiry.
    assert await shop.domains(account) == {"a.example": OLD, "b.example": OLD, "c.example": NEW}


async def test_a19_an_expired_name_is_no_duplicate_and_is_listed_once(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("a.example", "b.example"):
        await shop.add(account, name)
    await shop.at("2026-03-01T00:00:00Z")
    assert await shop.add(account, "a.example") == Decimal("365.00")
    assert await shop.domains(account) == {"b.example": OLD, "a.example": NEW}


async def test_a17_free_names_are_judged_afresh(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.at("2026-03-01T00:00:00Z")
    assert await shop.add(account, "www.a.example") == Decimal("365.00")
    assert await shop.add(account, "a.example") == Decimal("365.00")


async def test_r12_names_not_added_again_cost_nothing_at_the_next_extension(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("a.example", "b.example"):
        await shop.add(account, name)
    await shop.at("2026-03-01T00:00:00Z")
    await shop.add(account, "a.example")
    await shop.at("2027-02-01T00:00:00Z")
    assert await shop.extend(account) == Decimal("365.00")
    assert await shop.domains(account) == {
        "b.example": OLD,
        "a.example": "2028-02-29T23:59:59Z",
    }


async def test_a18_names_of_the_old_subscription_cannot_be_removed(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("a.example", "b.example"):
        await shop.add(account, name)
    await shop.at("2026-03-01T00:00:00Z")
    await shop.add(account, "a.example")
    refused = await shop.refused("REMOVEDOMAIN", acmeAccountID=account, domainName="b.example")
    assert refused.detail == "Domain could not be removed!"


async def test_a_name_removed_from_the_new_subscription_leaves_the_report(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("a.example", "b.example"):
        await shop.add(account, name)
    await shop.at("2026-03-01T00:00:00Z")
    await shop.add(account, "a.example")
    await shop.remove(account, "a.example")
    assert await shop.domains(account) == {"b.example": OLD}


async def test_r4_one_subscription_at_a_time(shop: Shop) -> None:
    account = await shop.credential(2)
    for now in ("2025-01-10T00:00:00Z", "2027-03-01T00:00:00Z", "2029-06-01T00:00:00Z"):
        await shop.at(now)
        await shop.add(account, "a.example")
        assert await shop.quote(account, "b.example") == Decimal("730.00")
    async with shop.gateway.pool.acquire() as connection:
        open_ended = await connection.fetch(
            "SELECT superseded_at IS NULL FROM subscription.subscription ORDER BY started_at"
        )
    assert [row[0] for row in open_ended] == [False, False, True]
