"""What becomes due happens when the clock passes it, in order, once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.store.operation import jobs
from gateway.usecases.organization import prevalidation_renewal
from gateway.usecases.subscription import milestones
from tests.integration.jobs.conftest import BusinessEvents
from tests.support.organizations import (
    add_organization,
    add_ov_name,
    add_prevalidation,
    ov_credential,
    prevalidation,
)
from tests.support.shop import Shop


async def set_mode(shop: Shop, mode: str) -> None:
    await shop.set_reseller(renewal_mode=mode)


async def test_events_of_a_subscription_that_ends_are_in_order_each_as_of_its_instant(
    shop: Shop, business_events: BusinessEvents
) -> None:
    kid = await shop.credential()
    await shop.add(kid, "a.example")
    await shop.at("2030-01-01T00:00:00Z")
    assert await business_events() == [
        ("2025-11-11T23:59:59", "subscription.expiring", kid),
        ("2025-12-11T23:59:59", "subscription.expiring", kid),
        ("2026-01-03T23:59:59", "subscription.expiring", kid),
        ("2026-01-11T00:00:00", "subscription.grace_began", kid),
        ("2026-02-10T00:00:00", "subscription.expired", kid),
    ]


@pytest.mark.parametrize(
    ("instant", "actions"),
    [
        ("2026-01-10T23:59:59Z", ["expiring"] * 3),
        ("2026-01-11T00:00:00Z", ["expiring"] * 3 + ["grace_began"]),
        ("2026-02-09T23:59:59Z", ["expiring"] * 3 + ["grace_began"]),
        ("2026-02-10T00:00:00Z", ["expiring"] * 3 + ["grace_began", "expired"]),
    ],
)
async def test_grace_and_expiry_begin_to_the_second(
    shop: Shop, business_events: BusinessEvents, instant: str, actions: list[str]
) -> None:
    await shop.add(await shop.credential(), "a.example")
    await shop.at(instant)
    assert [action for _, action, _ in await business_events()] == [
        f"subscription.{one}" for one in actions
    ]


async def test_an_extended_subscription_gets_warnings_again_before_its_new_end(
    shop: Shop, business_events: BusinessEvents
) -> None:
    kid = await shop.credential()
    await shop.add(kid, "a.example")
    await shop.at("2025-12-20T00:00:00Z")
    await shop.extend(kid, years="1")
    await shop.at("2026-12-31T00:00:00Z")
    assert [at for at, _, _ in await business_events()] == [
        "2025-11-11T23:59:59",
        "2025-12-11T23:59:59",
        "2026-11-11T23:59:59",
        "2026-12-11T23:59:59",
    ]


async def test_events_of_subscriptions_are_in_the_order_of_business_time(
    shop: Shop, business_events: BusinessEvents
) -> None:
    late = await shop.credential(years=2)
    await shop.add(late, "late.example")
    early = await shop.credential()
    await shop.add(early, "early.example")
    await shop.at("2029-01-01T00:00:00Z")
    events = await business_events()
    assert [subject for _, _, subject in events] == [early] * 5 + [late] * 5
    assert [at for at, _, _ in events] == sorted(at for at, _, _ in events)


async def test_a_clock_set_back_undoes_nothing_and_repeats_nothing(
    shop: Shop, business_events: BusinessEvents
) -> None:
    await shop.add(await shop.credential(), "a.example")
    await shop.at("2026-03-01T00:00:00Z")
    before = await business_events()
    await shop.at("2024-01-01T00:00:00Z")
    await shop.at("2026-03-01T00:00:00Z")
    assert await business_events() == before


async def test_a_pre_validation_in_use_is_renewed_thirty_days_before_its_end_with_its_names(
    gateway: Any, shop: Shop, business_events: BusinessEvents
) -> None:
    await set_mode(shop, "auto")
    ends = "2025-06-30T23:59:59Z"
    old = await add_prevalidation(gateway, "shop.example", kind="EV", expires=ends)
    kid = (await ov_credential(shop, years=3)).kid
    await add_ov_name(shop, kid, "www.shop.example", old)
    await shop.at("2025-05-31T23:59:58Z")
    assert await business_events() == []
    await shop.at("2025-05-31T23:59:59Z")
    [*_, (at, action, new)] = await business_events()
    assert (at, action) == ("2025-05-31T23:59:59", "prevalidation.renewed")
    renewed = await prevalidation(gateway, int(new))
    assert (renewed.type, renewed.state, renewed.previous_number) == ("OV", "valid", old)
    assert renewed.details == (await prevalidation(gateway, old)).details
    assert renewed.domains == ["shop.example"]
    assert f"{renewed.expires_at:%Y-%m-%dT%H:%M:%S}" == "2026-06-30T23:59:59"
    assert (await prevalidation(gateway, old)).state == "superseded"
    [listed] = (await shop.do("LISTDOMAINS", acmeAccountID=kid))["Domains"]
    assert str(listed["ovAnchorOrderNumber"]) == new


async def test_automatic_renewal_goes_on_through_validity_and_grace_and_then_ends(
    gateway: Any, shop: Shop, business_events: BusinessEvents
) -> None:
    await set_mode(shop, "auto")
    first = await add_prevalidation(gateway, "shop.example", expires="2025-02-20T23:59:59Z")
    await add_ov_name(shop, (await ov_credential(shop)).kid, "shop.example", first)
    await shop.at("2030-01-01T00:00:00Z")
    renewed = [at for at, action, _ in await business_events() if action == "prevalidation.renewed"]
    # The subscription ends on 2026-01-10, its grace on 2026-02-09: the renewal of 2026 is in it.
    assert renewed == ["2025-01-21T23:59:59", "2026-01-21T23:59:59"]


async def test_one_that_no_name_leans_on_is_not_renewed_but_expires(
    gateway: Any, shop: Shop, business_events: BusinessEvents
) -> None:
    await set_mode(shop, "auto")
    number = await add_prevalidation(gateway, "shop.example", expires="2025-06-30T23:59:59Z")
    await shop.at("2026-01-01T00:00:00Z")
    assert await business_events() == [
        ("2025-07-01T00:00:00", "prevalidation.expired", str(number))
    ]


async def test_with_manual_renewal_the_reseller_is_warned_four_times_and_nothing_is_renewed(
    gateway: Any, shop: Shop, business_events: BusinessEvents
) -> None:
    number = await add_prevalidation(gateway, "shop.example", expires="2025-06-30T23:59:59Z")
    await add_ov_name(shop, (await ov_credential(shop)).kid, "shop.example", number)
    await shop.at("2025-05-31T23:59:59Z")  # exactly 30 days remain
    assert await business_events() == []
    await shop.at("2025-08-01T00:00:00Z")
    assert await business_events() == [
        ("2025-06-01T00:00:00", "prevalidation.expiring", str(number)),
        ("2025-06-17T00:00:00", "prevalidation.expiring", str(number)),
        ("2025-06-24T00:00:00", "prevalidation.expiring", str(number)),
        ("2025-06-30T00:00:00", "prevalidation.expiring", str(number)),
        ("2025-07-01T00:00:00", "prevalidation.expired", str(number)),
    ]


async def test_a_name_that_leans_on_a_nearly_expired_one_warns_once_of_what_is_left(
    gateway: Any, shop: Shop, business_events: BusinessEvents
) -> None:
    number = await add_prevalidation(gateway, "shop.example", expires="2025-01-20T23:59:59Z")
    await add_ov_name(shop, (await ov_credential(shop)).kid, "shop.example", number)
    await gateway.advance(1)
    await gateway.advance(1)
    assert await business_events() == [
        ("2025-01-10T15:30:00", "prevalidation.expiring", str(number)),
    ]


async def test_a_change_of_mode_acts_from_then_on(
    gateway: Any, shop: Shop, business_events: BusinessEvents
) -> None:
    number = await add_prevalidation(gateway, "shop.example", expires="2025-06-30T23:59:59Z")
    await add_ov_name(shop, (await ov_credential(shop)).kid, "shop.example", number)
    await shop.at("2025-06-02T12:00:00Z")
    await set_mode(shop, "auto")
    await shop.at("2025-06-03T12:00:00Z")
    found = [
        (at, action) for at, action, _ in await business_events() if action != "domain.reassigned"
    ]
    assert found == [
        ("2025-06-01T00:00:00", "prevalidation.expiring"),
        ("2025-06-02T12:00:00", "prevalidation.superseded"),
        ("2025-06-02T12:00:00", "prevalidation.renewed"),
    ]


@pytest.mark.parametrize("mode", ["manual", "auto"])
async def test_a_renewal_that_the_reseller_ordered_himself_is_waited_for_with_warnings(
    gateway: Any, shop: Shop, business_events: BusinessEvents, mode: str
) -> None:
    await set_mode(shop, mode)
    organization = await add_organization(gateway)
    ends = "2025-06-30T23:59:59Z"
    number = await add_prevalidation(
        gateway, "shop.example", organization=organization, expires=ends
    )
    await add_ov_name(shop, (await ov_credential(shop)).kid, "shop.example", number)
    await add_prevalidation(
        gateway, "shop.example", organization=organization, expires=None, renews=number
    )
    await shop.at("2025-06-20T00:00:00Z")
    assert await business_events() == [
        ("2025-06-01T00:00:00", "prevalidation.expiring", str(number)),
        ("2025-06-17T00:00:00", "prevalidation.expiring", str(number)),
    ]


async def test_units_done_by_many_at_once_are_done_once(
    gateway: Any, shop: Shop, business_events: BusinessEvents
) -> None:
    await set_mode(shop, "auto")
    number = await add_prevalidation(gateway, "shop.example", expires="2025-06-30T23:59:59Z")
    await add_ov_name(shop, (await ov_credential(shop)).kid, "shop.example", number)
    now = datetime(2026, 1, 11, tzinfo=UTC)
    [(due_at, subscription)] = await milestones.due_milestones(gateway.pool, now)
    lead, term = timedelta(days=30), timedelta(days=365)
    renewals = (
        prevalidation_renewal.renew(gateway.pool, number, now, lead=lead, term=term)
        for _ in range(8)
    )
    passed = (milestones.pass_milestone(gateway.pool, subscription, due_at, now) for _ in range(8))
    numbers = [made for made in await asyncio.gather(*renewals) if made is not None]
    await asyncio.gather(*passed)
    assert len(numbers) == 1
    actions = [action for _, action, _ in await business_events()]
    assert actions.count("prevalidation.renewed") == actions.count("subscription.expiring") == 1


async def test_five_years_with_many_subscriptions_leave_nothing_due(
    gateway: Any, shop: Shop, business_events: BusinessEvents
) -> None:
    for number in range(20):
        await shop.at(f"2025-02-{number + 1:02}T10:00:00Z")
        await shop.add(await shop.credential(), f"n{number}.example")
    await shop.at("2030-02-01T00:00:00Z")
    assert len(await business_events()) == 100
    now = await gateway.services.clock.now()
    assert await jobs.subscriptions_due(gateway.pool, now, 1) == []
