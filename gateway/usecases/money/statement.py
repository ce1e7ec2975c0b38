"""A reseller's statement, and what will be due soon."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Pool
from gateway.errors.money import PricingBroken, PricingMissing
from gateway.rules.money.prices import NamePrices, Price, total
from gateway.rules.sitelock.licences import PRODUCTS, LicencePrices
from gateway.rules.subscription.terms import GRACE
from gateway.store.money import due, prices
from gateway.store.money import statement as store
from gateway.store.money.due import Ending
from gateway.store.money.statement import COLUMNS, Entry, Totals
from gateway.usecases.work import Work

__all__ = ["COLUMNS", "Ending", "Entry", "Totals"]

DUE_WITHIN = timedelta(days=90)
MOST_DUE = 200
_ROWS_A_READ = 1000
_YEAR = 365  # days


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a statement: from `since` to before `until`."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """What ends soon; `cost` = continuing it for its own length, or a year, at today's prices.

    None = it costs nothing here, or there is no usable price.
    """

    ending: Ending
    cost: Decimal | None


async def statement(
    work: Work,
    reseller_id: UUID,
    days: Days,
    *,
    order: tuple[str, bool],
    window: tuple[int, int],
) -> tuple[Totals, list[Entry]]:
    """Gives the totals of the days and a page of their entries.

    `order` is one of COLUMNS and whether it descends; `window` is limit and offset.
    """
    return await store.page(
        work.connection, reseller_id, days.since, days.until, order=order, window=window
    )


async def all_entries(pool: Pool, reseller_id: UUID, days: Days) -> AsyncIterator[Entry]:
    """Reads all entries of the days, oldest first, and never many at once."""
    last_id = 0
    while True:
        async with pool.acquire() as connection:
            found = await store.after(
                connection, reseller_id, days.since, days.until, last_id, _ROWS_A_READ
            )
        for entry in found:
            yield entry
        if len(found) < _ROWS_A_READ:
            return
        last_id = found[-1].id


async def due_soon(work: Work, reseller_id: UUID) -> tuple[str, list[Due]]:
    """Gives the reseller's currency, and what ends within 90 days or can still be extended."""
    found = await due.endings(
        work.connection, reseller_id, work.now - GRACE, work.now + DUE_WITHIN, MOST_DUE
    )
    current = [each for each in found if each.kind == "subscription" or each.ends_at > work.now]
    currency, names = await prices.prices_of(work.connection, reseller_id, "acme")
    _, licences = await prices.prices_of(work.connection, reseller_id, "sitelock")
    listed = LicencePrices(currency, licences)
    return currency, [Due(each, _cost(each, currency, names, listed)) for each in current]


def _cost(
    ending: Ending,
    currency: str,
    names: Mapping[tuple[str, str], Price],
    licences: LicencePrices,
) -> Decimal | None:
    try:
        if ending.kind == "subscription":
            own = {
                variant: price for (item, variant), price in names.items() if item == ending.item
            }
            listed = NamePrices(currency, own)
            return total(
                [
                    listed.cost(name_type, _YEAR) * count
                    for name_type in ("fqdn", "wildcard")
                    if (count := ending.articles[name_type])
                ]
            )
        if ending.kind == "sitelock":
            [days] = ending.articles
            return licences.cost(PRODUCTS[int(ending.item)], int(days))
    except (PricingMissing, PricingBroken):
        pass
    return None
