"""SiteLock licences as their reseller sees them: the list, and what can be done with one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.errors import NotFound
from gateway.rules.money.once_per_name import NO_LIMIT, NameRefunds
from gateway.rules.sitelock.licences import PRODUCTS, RENEWAL_PERIOD, LicencePrices, Product
from gateway.store.money import name_refunds
from gateway.store.money.prices import prices_of
from gateway.store.sitelock import licences, listing
from gateway.store.sitelock.licences import OrderLine
from gateway.store.sitelock.listing import COLUMNS, STATES, KnownLicence, ListedLicence
from gateway.usecases.sitelock.refunds import amounts_to_refund, facts_of
from gateway.usecases.work import Work

__all__ = ["COLUMNS", "STATES", "ListedLicence"]

_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class ShownLicence:
    """A licence, its orders, and what can be done with it now.

    `order_number` is the one that bought, renewed or upgraded it last. `refund` is what cancelling
    pays back; `objection` says why that is nothing.
    """

    known: KnownLicence
    status: str
    lines: Sequence[OrderLine]
    order_number: int
    renewable_from: datetime | None
    renewable: bool
    upgrades: Sequence[Product]
    refund: Decimal
    objection: str | None


async def list_licences(
    work: Work,
    reseller_id: UUID,
    status: str | None,
    *,
    order: tuple[str, bool],
    window: tuple[int, int],
) -> tuple[int, list[ListedLicence]]:
    """Gives how many licences a reseller has, in any status or in one, and some of them.

    `order` is one of COLUMNS and whether it descends; `window` is limit and offset.
    """
    return await listing.page(
        work.connection, reseller_id, work.now, status, order=order, window=window
    )


async def show_licence(
    work: Work, reseller_id: UUID, number: int, once_in_days: int
) -> ShownLicence:
    """Gives a licence; raises NotFound. `once_in_days` is refund.once_per_name_days (R22)."""
    known = await listing.find(work.connection, reseller_id, number)
    if known is None:
        raise NotFound
    stored, facts = known.stored, known.stored.facts
    lines = await licences.lines_of(work.connection, stored.id)
    order_number = max(line.order_number for line in lines if line.kind != "add_on")
    active = facts.is_active(work.now)
    refunds = NO_LIMIT
    if once_in_days and active:
        last = await name_refunds.last_refund(
            work.connection, "sitelock", reseller_id, stored.domain_name
        )
        refunds = NameRefunds(once_in_days, last)
    objection = facts_of(stored, lines, order_number, work.now, refunds).objection()
    amounts = {} if objection else amounts_to_refund(stored, lines)
    begins = facts.expires_at - RENEWAL_PERIOD if active and facts.expires_at else None
    return ShownLicence(
        known,
        "expired" if facts.status == "active" and not active else facts.status,
        lines,
        order_number,
        begins,
        begins is not None and begins <= work.now,
        _higher(PRODUCTS[facts.product]) if begins else (),
        sum(amounts.values(), _NOTHING),
        objection,
    )


async def list_prices(
    work: Work, reseller_id: UUID
) -> tuple[str, Mapping[int, Mapping[int, Decimal]]]:
    """Gives a reseller's currency, and its prices in it by product and days (0 = once)."""
    listed = LicencePrices(*await prices_of(work.connection, reseller_id, "sitelock"))
    prices: dict[int, dict[int, Decimal]] = {}
    for (product, days), price in listed.prices.items():
        if price.currency == listed.currency:
            prices.setdefault(int(product), {})[int(days)] = price.amount
    return listed.currency, prices


def _higher(product: Product) -> list[Product]:
    """What a licence can be upgraded to."""
    return [
        each for each in PRODUCTS.values() if each.line == product.line and each.tier > product.tier
    ]
