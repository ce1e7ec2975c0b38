"""Buying SSL certificates: a price for each name; a coupon pays a part, cash the rest."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from gateway import ids
from gateway.errors.money import PricingMissing
from gateway.errors.ssl import BadMember, CouponRefused
from gateway.rules.money.prices import Price
from gateway.rules.money.quotes import require_quoted
from gateway.rules.names import InvalidName, normalise
from gateway.rules.public_names import objection_to_any
from gateway.rules.ssl import orders as rules
from gateway.rules.ssl.orders import Payment
from gateway.store.money import prices
from gateway.store.operation.audit import Change
from gateway.store.ssl import coupons
from gateway.store.ssl import orders as ssl_orders
from gateway.store.ssl.orders import NewSslOrder
from gateway.usecases.money import billing
from gateway.usecases.work import Work

_NO_COUPON = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order to buy; `names` as the customer wrote them."""

    reseller_id: UUID
    brand: str
    type: str
    names: list[str]
    months: int
    name: str | None = None
    coupon: str | None = None
    public_only: bool = False
    """Only names that a public CA may certify are sold."""
    quoted: Decimal | None = None
    """The cash that was quoted; None = the customer saw no quote."""


@dataclass(frozen=True, slots=True)
class Purchased:
    """A new order."""

    cert_id: str
    order_number: int
    payment: Payment
    currency: str


async def purchase(work: Work, wanted: Purchase) -> Purchased:
    """Buys a certificate: charges the cash part; the coupon pays the rest.

    Raises BadMember, PricingMissing, PricingBroken, CouponRefused, QuoteChanged, NotEnoughCredit,
    Tier1DebitFailed or Tier1CreditLimitReached.
    """
    names, by_name_type, currency = await _to_pay(work, wanted)
    coupon = await _coupon(work, wanted)
    cost = rules.payment(names, wanted.months, by_name_type, currency, coupon)
    require_quoted(wanted.quoted, cost.cash, currency)
    order_number = await billing.charge(
        work,
        reseller_id=wanted.reseller_id,
        kind="order_ssl",
        cost=cost.cash,
        currency=currency,
        days=rules.paid_days(wanted.months),
    )
    cert_id = await _store(work, wanted, names, cost, order_number)
    if wanted.coupon is not None:
        await coupons.use_coupon(work.connection, wanted.coupon, cert_id)
    after = {
        "orderNumber": order_number,
        "names": names,
        "paid": str(cost.total),
        "coupon": str(cost.coupon),
    }
    change = Change("ssl_order.bought", cert_id, None, after)
    await work.record(change)
    return Purchased(cert_id, order_number, cost, currency)


async def quote(work: Work, wanted: Purchase) -> tuple[Payment, str]:
    """Gives what an order would cost, and the currency; raises what `purchase` raises for it."""
    names, by_name_type, currency = await _to_pay(work, wanted)
    coupon = await _coupon(work, wanted, lock=False)
    return rules.payment(names, wanted.months, by_name_type, currency, coupon), currency


async def on_offer(work: Work, reseller_id: UUID) -> list[str]:
    """Gives brand and type, as LOCAL/DV_SSL_CERT, of what a reseller can buy."""
    _, found = await prices.prices_of(work.connection, reseller_id, "ssl")
    return sorted({item for item, _ in found})


async def _to_pay(work: Work, wanted: Purchase) -> tuple[list[str], dict[str, Price], str]:
    """The names as they are stored, the prices by type of name, and the currency."""
    names = await _names(wanted.names, wanted.public_only)
    if wanted.months not in rules.VALIDITY_MONTHS:
        allowed = ", ".join(str(months) for months in rules.VALIDITY_MONTHS)
        raise BadMember(f"validity_period must be one of {allowed} (months).")
    if wanted.type not in rules.TYPES:
        raise PricingMissing
    item = rules.item_of(wanted.brand, wanted.type)
    currency, found = await prices.prices_of(work.connection, wanted.reseller_id, "ssl", item)
    return names, {variant: price for (_, variant), price in found.items()}, currency


async def _names(texts: list[str], public_only: bool) -> list[str]:
    if not 1 <= len(texts) <= rules.MOST_NAMES:
        raise BadMember(f"domains must hold 1 to {rules.MOST_NAMES} names.")
    names = []
    for text in texts:
        try:
            names.append(normalise(text))
        except InvalidName as error:
            raise BadMember(f"domains: {error}.") from None
        if public_only and (why := objection_to_any(names[-1:])):
            raise BadMember(f"domains: {why}.")
        await asyncio.sleep(0)  # A-labels take milliseconds: other tasks run in between
    if len(set(names)) < len(names):
        raise BadMember("domains must hold each name once.")
    return names


async def _coupon(work: Work, wanted: Purchase, *, lock: bool = True) -> Decimal:
    if wanted.coupon is None:
        return _NO_COUPON
    read = coupons.lock_coupon if lock else coupons.find_coupon
    coupon = await read(work.connection, wanted.reseller_id, wanted.coupon)
    if coupon is None:
        raise CouponRefused("There is no such coupon.")
    if coupon.used_for is not None:
        raise CouponRefused("The coupon was used before.")
    if coupon.expires_at is not None and work.now >= coupon.expires_at:
        raise CouponRefused("The coupon is past its time.")
    return coupon.amount


async def _store(
    work: Work,
    wanted: Purchase,
    names: list[str],
    cost: Payment,
    order_number: int,
) -> str:
    while True:
        order = NewSslOrder(
            ids.new_cert_id(),
            wanted.reseller_id,
            order_number,
            wanted.name or names[0][: rules.LONGEST_NAME],
            wanted.brand,
            wanted.type,
            names,
            wanted.months,
            cost.total,
            cost.coupon,
        )
        if await ssl_orders.add(work.connection, order, work.now):
            return order.cert_id
