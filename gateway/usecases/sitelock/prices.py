"""What operators set for SiteLock products: prices, and who may order."""

from decimal import Decimal

from gateway import ids
from gateway.db.pool import Connection
from gateway.errors import OperatorMistake
from gateway.rules.operation.input import DEFAULT_PRICE_LIST, check_amount, price_currency
from gateway.rules.sitelock.licences import PRODUCTS
from gateway.store.operation.audit import Change
from gateway.store.reseller import resellers
from gateway.store.sitelock import partners
from gateway.store.sitelock import prices as store
from gateway.store.sitelock.prices import ListedPrice
from gateway.usecases.work import Work


async def set_price(
    work: Work,
    *,
    login: str | None,
    product: int,
    days: int,
    amount: Decimal,
    currency: str | None = None,
) -> None:
    """`login` None = the default list; `days` 0 = bought once. Raises OperatorMistake."""
    known = PRODUCTS.get(product)
    if known is None:
        raise OperatorMistake(f"a product is one of {', '.join(map(str, PRODUCTS))}")
    if days not in (known.lengths or (0,)):
        lengths = " or ".join(map(str, known.lengths)) or "0"
        raise OperatorMistake(f"{known.name} is sold for {lengths} days")
    price = check_amount(amount)
    if price < 0:
        raise OperatorMistake("a price is not negative")
    reseller = None if login is None else await resellers.lock_by_login(work.connection, login)
    if login is not None and reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    currency = price_currency(currency, reseller.currency if reseller else None)
    await store.put_price(
        work.connection,
        price_id=ids.new_id(),
        reseller_id=reseller.id if reseller else None,
        product=product,
        days=days,
        amount=price,
        currency=currency,
    )
    subject = f"{login or DEFAULT_PRICE_LIST}/{product}/{days}"
    change = Change("product_price.set", subject, None, {"amount": str(price)})
    await work.record(change)


async def list_prices(connection: Connection, login: str | None) -> list[ListedPrice]:
    """What a reseller pays; `login` None = the default list. Raises OperatorMistake."""
    if login is None:
        return await store.listed_prices(connection, None)
    reseller = await resellers.lock_by_login(connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    return await store.listed_prices(connection, reseller.id)


async def set_partner(work: Work, login: str, *, active: bool) -> None:
    """Whether a reseller may order SiteLock products. Raises OperatorMistake."""
    reseller = await resellers.lock_by_login(work.connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    former = await partners.is_active(work.connection, reseller.id)
    await partners.set_active(work.connection, reseller.id, work.now, active=active)
    change = Change("product_partner.set", login, {"active": former}, {"active": active})
    await work.record(change)
