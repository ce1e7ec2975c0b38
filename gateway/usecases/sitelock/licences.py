"""Ordering, renewing and upgrading SiteLock licences (docs/wire.md §7.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from gateway import ids
from gateway.db.pool import Pool
from gateway.errors.request import ArgumentInvalid
from gateway.errors.sitelock import LicenceExists, PartnerInactive
from gateway.origin import Origin
from gateway.rules.money.quotes import require_quoted
from gateway.rules.sitelock.licences import (
    Decision,
    LicencePrices,
    basket,
    decide_change,
    decide_order,
)
from gateway.store.money.prices import prices_of
from gateway.store.operation.audit import Change
from gateway.store.sitelock import licences, partners
from gateway.store.sitelock.licences import NewLicence, StoredLicence
from gateway.usecases.money import billing
from gateway.usecases.work import Work, open_work

_LOOK_AT = 200
_EXPIRY = Origin("job:licence-expiry")


@dataclass(frozen=True, slots=True)
class LicenceOrder:
    """An order for products. With `test_only` everything is checked and nothing is done.

    `quoted` is the cost that a person was shown; None = none was.
    """

    reseller_id: UUID
    products: Sequence[int]
    days: int | None
    domain_name: str
    email: str
    auto_renew: bool
    organization: Mapping[str, str]
    previous_order_number: int | None = None
    test_only: bool = False
    quoted: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """The result of an order; with `test_only` the numbers are 0."""

    order_number: int
    licence_number: int
    cost: Decimal
    currency: str


async def order(work: Work, wanted: LicenceOrder) -> Ordered:
    """Orders a product and add-ons, or with `previous_order_number` renews, upgrades, adds.

    Raises what rules.licences raises, and QuoteChanged, NotEnoughCredit, Tier1DebitFailed and
    Tier1CreditLimitReached.
    """
    asked = basket(wanted.products, wanted.days)
    if not await partners.is_active(work.connection, wanted.reseller_id):
        raise PartnerInactive
    listed = await prices_of(work.connection, wanted.reseller_id, "sitelock")
    prices = LicencePrices(*listed)
    stored = await _licence(work, wanted)
    facts = stored.facts if stored else None
    if wanted.previous_order_number is not None and facts is not None:
        decision = decide_change(asked, prices, work.now, facts)
    else:
        decision = decide_order(asked, prices, work.now, facts)
    if wanted.test_only:
        return Ordered(0, 0, decision.cost, prices.currency)
    require_quoted(wanted.quoted, decision.cost, prices.currency)
    order_number = await billing.charge(
        work,
        reseller_id=wanted.reseller_id,
        kind="order_sitelock",
        cost=decision.cost,
        currency=prices.currency,
        days=decision.days,
    )
    licence_id, number = await _carry_out(work, wanted, stored, decision)
    for line in decision.lines:
        await licences.add_line(
            work.connection,
            order_number=order_number,
            product=line.product.number,
            licence_id=licence_id,
            kind=line.kind,
            cost=line.cost,
        )
    changes = [_ordered(number, wanted, decision, order_number)]
    await work.record(*changes)
    return Ordered(order_number, number, decision.cost, prices.currency)


async def due_expiries(pool: Pool, until: datetime) -> Sequence[tuple[datetime, UUID]]:
    """Gives licences that have ended, each with its end; earliest first."""
    return await licences.expired(pool, until, _LOOK_AT)


async def write_expiry(pool: Pool, licence_id: UUID, now: datetime) -> None:
    """Records the change active → expired; protection has ended with the expiry itself."""
    async with open_work(pool, now, _EXPIRY) as work:
        found = await licences.lock(work.connection, licence_id)
        if found is not None and found.facts.status == "active" and not found.facts.is_active(now):
            await _expire(work, found)


async def _licence(work: Work, wanted: LicenceOrder) -> StoredLicence | None:
    """Finds the licence that the order concerns: of the previous order, or of the domain."""
    if wanted.previous_order_number is not None:
        found = await licences.lock_of_order(
            work.connection, wanted.reseller_id, wanted.previous_order_number
        )
        if found is None:
            raise ArgumentInvalid("previousOrderNumber")
        if found.domain_name != wanted.domain_name:
            raise ArgumentInvalid("domainName")
        return found
    held = await licences.lock_of_domain(work.connection, wanted.domain_name)
    if held is None:
        return None
    licence, reseller_id = held
    if not licence.facts.is_active(work.now):
        if not wanted.test_only:
            await _expire(work, licence)
        return None
    if reseller_id != wanted.reseller_id:
        raise LicenceExists
    return licence


async def _expire(work: Work, licence: StoredLicence) -> None:
    await licences.end(work.connection, licence.id, "expired", work.now)
    change = Change("licence.expired", str(licence.number), {"status": "active"})
    await work.record(change)


async def _carry_out(
    work: Work,
    wanted: LicenceOrder,
    stored: StoredLicence | None,
    decision: Decision,
) -> tuple[UUID, int]:
    main = next((line for line in decision.lines if line.kind != "add_on"), None)
    if main is not None and main.kind == "order":
        licence_id, number = await _add(work, wanted, main.product.number, decision)
    else:
        assert stored is not None
        licence_id, number = stored.id, stored.number
        if main is not None:
            renewed = main.kind == "renewal"
            await licences.change(
                work.connection,
                licence_id,
                product=main.product.number,
                days=decision.days,
                expires_at=decision.expires_at,
                period_started_at=work.now if renewed else stored.facts.period_started_at,
            )
    await licences.end_add_ons(work.connection, licence_id, decision.replaced, work.now)
    for product, ends in decision.add_on_expiry.items():
        await licences.put_add_on(work.connection, ids.new_id(), licence_id, product, ends)
    return licence_id, number


async def _add(
    work: Work, wanted: LicenceOrder, product: int, decision: Decision
) -> tuple[UUID, int]:
    licence_id = ids.new_id()
    try:
        async with work.connection.transaction():
            licence = NewLicence(
                licence_id,
                wanted.reseller_id,
                wanted.domain_name,
                product,
                decision.days,
                wanted.email,
                wanted.auto_renew,
                wanted.organization,
                decision.expires_at,
            )
            number = await licences.add(work.connection, licence, work.now)
    except asyncpg.UniqueViolationError:  # another order was faster
        raise LicenceExists from None
    return licence_id, number


def _ordered(number: int, wanted: LicenceOrder, decision: Decision, order_number: int) -> Change:
    after = {
        "orderNumber": order_number,
        "domainName": wanted.domain_name,
        "lines": [
            {"product": line.product.number, "kind": line.kind, "cost": str(line.cost)}
            for line in decision.lines
        ],
        "expiresAt": decision.expires_at,
    }
    return Change("licence.ordered", str(number), None, after)
