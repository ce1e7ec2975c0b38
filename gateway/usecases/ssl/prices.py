"""What operators set for SSL certificates: prices, and coupons of resellers."""

import re
from datetime import datetime
from decimal import Decimal

from gateway import ids
from gateway.db.pool import Connection
from gateway.errors import OperatorMistake
from gateway.rules.operation.input import DEFAULT_PRICE_LIST, check_amount, price_currency
from gateway.rules.ssl.order import TYPES
from gateway.store.operation.audit import Change
from gateway.store.reseller import resellers
from gateway.store.reseller.resellers import Reseller
from gateway.store.ssl import prices as ssl_prices
from gateway.usecases.work import Work

BUILT_IN_BRAND = "LOCAL"
"""What certificates of the local CA are sold as."""

_BRAND = re.compile(r"[A-Z][A-Z0-9_]{0,31}")


async def set_price(
    work: Work,
    *,
    login: str | None,
    brand: str,
    kind: str,
    name_type: str,
    yearly: Decimal,
    currency: str | None = None,
    new_brand: bool = False,
) -> None:
    """Sets the price of a name ("fqdn" or "wildcard") for 12 months.

    `login` None = the default list. `currency` None = the reseller's own, USD on the default list.
    A brand that has no price yet is a slip of the pen, unless `new_brand` says so.
    """
    if not _BRAND.fullmatch(brand):
        raise OperatorMistake("a brand is up to 32 capital letters, digits and '_'")
    known = {BUILT_IN_BRAND, *await ssl_prices.brands(work.connection)}
    if brand not in known and not new_brand:
        raise OperatorMistake(
            f"there is no brand {brand} among {', '.join(sorted(known))}; say so if it is new"
        )
    if kind not in TYPES:
        raise OperatorMistake(f"a type is one of {', '.join(TYPES)}")
    price = check_amount(yearly)
    if price < 0:
        raise OperatorMistake("a price is not negative")
    reseller = None if login is None else await _locked(work.connection, login)
    currency = price_currency(currency, reseller.currency if reseller else None)
    former = await ssl_prices.put_price(
        work.connection,
        price_id=ids.new_id(),
        reseller_id=reseller.id if reseller else None,
        brand=brand,
        kind=kind,
        name_type=name_type,
        yearly=price,
        currency=currency,
    )
    change = Change(
        "certificate_price.set",
        f"{login or DEFAULT_PRICE_LIST}/{brand}/{kind}/{name_type}",
        None if former is None else {"yearly": str(former)},
        {"yearly": str(price), "currency": currency},
    )
    await work.record(change)


async def add_coupon(
    work: Work, *, login: str, amount: Decimal, expires_at: datetime | None = None
) -> str:
    """A coupon for one order of a reseller, in the reseller's currency; gives its code."""
    worth = check_amount(amount)
    if worth <= 0:
        raise OperatorMistake("a coupon is worth more than 0.00")
    if expires_at is not None and expires_at <= work.now:
        raise OperatorMistake("a coupon expires in the future")
    reseller = await _locked(work.connection, login)
    code = ids.new_coupon_code()
    await ssl_prices.add_coupon(work.connection, code, reseller.id, worth, expires_at, work.now)
    # Not the code: whoever reads the trail could use it.
    after = {"amount": str(worth), "expiresAt": expires_at and expires_at.isoformat()}
    await work.record(Change("coupon.added", login, None, after))
    return code


async def _locked(connection: Connection, login: str) -> Reseller:
    reseller = await resellers.lock_by_login(connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    return reseller
