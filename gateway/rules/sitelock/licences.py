"""SiteLock products: which there are, what may be ordered when, and the cost.

Source: docs/wire.md §7.1, §7.2.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from gateway.errors import OperatorMistake
from gateway.errors.money import PricingMissing
from gateway.errors.request import ArgumentInvalid, ArgumentMissing
from gateway.errors.sitelock import LicenceExists, LowerTier, OnlyWithSsl, OutsideRenewalPeriod
from gateway.rules.money.prices import Article, Price

ProductKind = Literal["plan", "once", "add_on", "bundle"]

MONTHLY, ANNUAL = 30, 365
RENEWAL_PERIOD = timedelta(days=30)
_CENT = Decimal("0.01")
_MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Product:
    """A product of docs/wire.md §7.1. Within a `line` the higher `tier` includes the lower."""

    number: int
    name: str
    kind: ProductKind
    line: str
    tier: int
    lengths: tuple[int, ...]
    """Lengths in days that a licence may have; empty = it is bought once."""
    free: bool = False


PRODUCTS: Mapping[int, Product] = {
    product.number: product
    for product in (
        Product(1059, "SiteLock Monitor", "plan", "plan", 1, (ANNUAL,), free=True),
        Product(1060, "SiteLock Basic", "plan", "plan", 2, (MONTHLY, ANNUAL)),
        Product(1061, "SiteLock Pro", "plan", "plan", 3, (MONTHLY, ANNUAL)),
        Product(1062, "SiteLock Business", "plan", "plan", 4, (MONTHLY, ANNUAL)),
        Product(1082, "SiteLock 911", "once", "911", 1, ()),
        Product(1068, "Backup 5 GB", "add_on", "backup", 1, (MONTHLY, ANNUAL)),
        Product(1069, "Backup 10 GB", "add_on", "backup", 2, (MONTHLY, ANNUAL)),
        Product(1070, "Backup 25 GB", "add_on", "backup", 3, (MONTHLY, ANNUAL)),
        Product(1071, "TrueShield", "add_on", "firewall", 1, (MONTHLY, ANNUAL)),
        Product(1078, "DNS Pro", "add_on", "dns", 1, (MONTHLY, ANNUAL)),
        Product(1076, "DNS Business", "add_on", "dns", 2, (MONTHLY, ANNUAL)),
        Product(1072, "SSL PLUS", "bundle", "bundle", 1, (ANNUAL,)),
    )
}


@dataclass(frozen=True, slots=True)
class Basket:
    """The products of one call: at most one that is not an add-on."""

    main: Product | None
    add_ons: tuple[Product, ...]
    days: int


@dataclass(frozen=True, slots=True)
class LicencePrices:
    """Prices of licences for a reseller, by item and variant of their articles."""

    currency: str
    prices: Mapping[tuple[str, str], Price]

    def cost(self, product: Product, days: int) -> Decimal:
        """The cost of a product.

        Raises PricingMissing, also for a price in another currency than the reseller's.
        """
        if product.free:
            return Decimal("0.00")
        price = self.prices.get((str(product.number), str(days)))
        if price is None or price.currency != self.currency:
            raise PricingMissing
        return price.amount


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence with the add-ons that have not ended: product to expiry."""

    product: int
    days: int
    status: str
    period_started_at: datetime
    expires_at: datetime | None
    add_ons: Mapping[int, datetime]

    def is_active(self, now: datetime) -> bool:
        return self.status == "active" and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Line:
    """One product of an order."""

    product: Product
    kind: Literal["order", "renewal", "upgrade", "add_on"]
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on an order. `replaced` are add-ons that higher ones replace."""

    lines: tuple[Line, ...]
    days: int
    expires_at: datetime | None
    """The end of the licence after the order."""
    add_on_expiry: Mapping[int, datetime] = field(default_factory=dict)
    replaced: tuple[int, ...] = ()

    @property
    def cost(self) -> Decimal:
        return sum((line.cost for line in self.lines), Decimal("0.00"))


def article_of(number: int, days: int) -> Article:
    """The article of a licence of so many days, 0 = bought once. Raises OperatorMistake."""
    product = PRODUCTS.get(number)
    if product is None:
        raise OperatorMistake(f"a product is one of {', '.join(map(str, PRODUCTS))}")
    if days not in (product.lengths or (0,)):
        lengths = " or ".join(map(str, product.lengths)) or "0"
        raise OperatorMistake(f"{product.name} is sold for {lengths} days")
    return Article("sitelock", str(number), str(days))


def basket(numbers: Sequence[int], days: int | None) -> Basket:
    """Makes a basket of the ordered products.

    Raises ArgumentInvalid, ArgumentMissing (product, days), and OnlyWithSsl for the bundle. `days`
    may be left out where only one value is possible.
    """
    if not numbers:
        raise ArgumentMissing("product")
    products = [PRODUCTS.get(number) for number in numbers]
    known = [product for product in products if product is not None]
    if len(known) != len(numbers) or len(set(numbers)) != len(numbers):
        raise ArgumentInvalid("product")
    if any(product.kind == "bundle" for product in known):
        raise OnlyWithSsl
    mains = [product for product in known if product.kind != "add_on"]
    add_ons = tuple(product for product in known if product.kind == "add_on")
    lines = [product.line for product in add_ons]
    if len(mains) > 1 or len(set(lines)) != len(lines):
        raise ArgumentInvalid("product")
    main = mains[0] if mains else None
    if main is not None and main.kind == "once" and add_ons:
        raise ArgumentInvalid("product")
    return Basket(main, add_ons, _days(known, days))


def decide_order(
    basket: Basket, prices: LicencePrices, now: datetime, licence: Licence | None
) -> Decision:
    """Decides on a first order, or on add-ons to `licence`, the reseller's for the domain.

    Raises LicenceExists, LowerTier, ArgumentInvalid (add-ons without a licence), PricingMissing.
    """
    if basket.main is None:
        if licence is None or not licence.is_active(now) or licence.expires_at is None:
            raise ArgumentInvalid("product")
        return _with_add_ons(
            Decision((), licence.days, licence.expires_at), basket, prices, now, licence
        )
    if basket.main.kind != "once" and licence is not None and licence.is_active(now):
        raise LicenceExists
    line = Line(basket.main, "order", prices.cost(basket.main, basket.days))
    ends = now + timedelta(days=basket.days) if basket.days else None
    return _with_add_ons(Decision((line,), basket.days, ends), basket, prices, now, None)


def decide_change(
    basket: Basket, prices: LicencePrices, now: datetime, licence: Licence
) -> Decision:
    """Decides with previousOrderNumber: the same product renews, a higher upgrades, none adds.

    Raises OutsideRenewalPeriod, LowerTier, ArgumentInvalid, PricingMissing.
    """
    main = basket.main
    if main is None:
        return decide_order(basket, prices, now, licence)
    if licence.expires_at is None or licence.status not in ("active", "expired"):
        raise ArgumentInvalid("previousOrderNumber")
    if not licence.is_active(now):  # A30: or its recorded end is in the future again
        raise OutsideRenewalPeriod
    if main.number == licence.product:
        return _renewal(basket, main, prices, now, licence, licence.expires_at)
    return _upgrade(basket, main, prices, now, licence, licence.expires_at)


def _renewal(
    basket: Basket,
    main: Product,
    prices: LicencePrices,
    now: datetime,
    licence: Licence,
    expires_at: datetime,
) -> Decision:
    if not expires_at - RENEWAL_PERIOD <= now < expires_at:
        raise OutsideRenewalPeriod
    line = Line(main, "renewal", prices.cost(main, basket.days))
    ends = expires_at + timedelta(days=basket.days)
    return _with_add_ons(Decision((line,), basket.days, ends), basket, prices, now, licence)


def _upgrade(
    basket: Basket,
    main: Product,
    prices: LicencePrices,
    now: datetime,
    licence: Licence,
    expires_at: datetime,
) -> Decision:
    former = PRODUCTS[licence.product]
    if main.line != former.line:
        raise ArgumentInvalid("product")
    if main.tier < former.tier:
        raise LowerTier
    if basket.days != licence.days:
        raise ArgumentInvalid("days")
    difference = prices.cost(main, licence.days) - prices.cost(former, licence.days)
    # A30: time before the period is not charged.
    fraction = _fraction_left(licence.days, expires_at, max(now, licence.period_started_at))
    cost = max(difference * fraction, Decimal(0)).quantize(_CENT, ROUND_HALF_UP)
    line = Line(main, "upgrade", cost)
    return _with_add_ons(Decision((line,), licence.days, expires_at), basket, prices, now, licence)


def _fraction_left(days: int, expires_at: datetime, now: datetime) -> Decimal:
    """The rest of a period: in calendar months of a year, in days of a month; a begun one counts.

    It is more than 1 where the licence was renewed ahead of its expiry.
    """
    if days != ANNUAL:
        return Decimal(-((now - expires_at) // timedelta(days=1))) / days
    began = expires_at - timedelta(days=days)
    passed = (now.year - began.year) * _MONTHS_OF_A_YEAR + now.month - began.month
    if (now.day, now.time()) < (began.day, began.time()):
        passed -= 1
    return Decimal(max(_MONTHS_OF_A_YEAR - passed, 1)) / _MONTHS_OF_A_YEAR


def _with_add_ons(
    decided: Decision, basket: Basket, prices: LicencePrices, now: datetime, licence: Licence | None
) -> Decision:
    """What is decided about the licence, and about the add-ons in the basket."""
    lines = decided.lines
    held = licence.add_ons if licence else {}
    current = {number: ends for number, ends in held.items() if ends > now}
    renewing = any(line.kind == "renewal" for line in lines)
    ends_by_product: dict[int, datetime] = {}
    replaced: list[int] = []
    for add_on in basket.add_ons:
        if add_on.number in current:
            if not renewing:
                raise LicenceExists
            begins = current[add_on.number]
        else:
            begins = now
            replaced += _lesser(add_on, current)
        ends_by_product[add_on.number] = begins + timedelta(days=basket.days)
        lines += (Line(add_on, "add_on", prices.cost(add_on, basket.days)),)
    return Decision(lines, decided.days, decided.expires_at, ends_by_product, tuple(replaced))


def _lesser(add_on: Product, held: Collection[int]) -> list[int]:
    """Add-ons of the same line that a higher one replaces. Raises LowerTier."""
    same_line = [PRODUCTS[number] for number in held if PRODUCTS[number].line == add_on.line]
    if any(other.tier > add_on.tier for other in same_line):
        raise LowerTier
    return [other.number for other in same_line]


def _days(products: Collection[Product], days: int | None) -> int:
    lengths = set.intersection(*(set(product.lengths) for product in products))
    if any(not product.lengths for product in products):
        if days is not None:
            raise ArgumentInvalid("days")
        return 0
    if days is None and len(lengths) == 1:
        return lengths.pop()
    if days is None:
        raise ArgumentMissing("days")
    if days not in lengths:
        raise ArgumentInvalid("days")
    return days
