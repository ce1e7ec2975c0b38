"""What operators do to price lists, the same for all families. Raises OperatorMistake.

Each family names its articles; see `articles_of_server` for names of subscriptions.
"""

from collections.abc import Sequence
from decimal import Decimal

from gateway import ids
from gateway.errors import OperatorMistake
from gateway.rules.money.prices import Article, Family
from gateway.rules.operation.input import DEFAULT_PRICE_LIST, check_amount, price_currency
from gateway.store.acme import servers
from gateway.store.money import price_table, prices
from gateway.store.money.price_table import PriceRow
from gateway.store.money.prices import ListedPrice
from gateway.store.operation.audit import Change
from gateway.store.reseller import resellers
from gateway.store.reseller.resellers import Reseller
from gateway.usecases.work import Work

__all__ = ["PriceRow"]


async def articles_of_server(work: Work, server: str, name_types: Sequence[str]) -> list[Article]:
    """Gives the articles of a server: a name for 365 days, by its type "fqdn" or "wildcard"."""
    if not {"fqdn", "wildcard"}.issuperset(name_types):
        raise OperatorMistake("a name type is fqdn or wildcard")
    if await servers.find_by_name(work.connection, server) is None:
        raise OperatorMistake(f"there is no server {server!r}")
    return [Article("acme", server, name_type) for name_type in name_types]


async def set_price(
    work: Work, *, login: str | None, article: Article, amount: Decimal, currency: str | None = None
) -> None:
    """Sets a price for the next purchase; those already made keep theirs.

    `login` None = the default list. `currency` None = the reseller's own, USD on the default list.
    """
    price = check_amount(amount)
    if price < 0:
        raise OperatorMistake("a price is not negative")
    owner = await _owner(work, login)
    currency = price_currency(currency, owner.currency if owner else None)
    former = await prices.put(
        work.connection,
        price_id=ids.new_id(),
        reseller_id=owner.id if owner else None,
        article=article,
        amount=price,
        currency=currency,
    )
    before = None if former is None else {"amount": str(former)}
    after = {"amount": str(price), "currency": currency}
    change = Change("price.set", _subject(login, article), before, after)
    await work.record(change)


async def list_prices(work: Work, login: str | None, family: Family) -> list[ListedPrice]:
    """Gives the prices that a reseller pays; `login` None = the default list."""
    owner = await _owner(work, login)
    return await prices.listed(work.connection, owner.id if owner else None, family)


async def price_rows(work: Work, login: str | None) -> list[PriceRow]:
    """Gives all articles with a price, the default one beside the reseller's own.

    `login` None = the default list alone.
    """
    if login is not None and not await resellers.exists(work.connection, login):
        raise OperatorMistake(f"there is no reseller {login!r}")
    return await price_table.table(work.connection, login)


async def remove_prices(
    work: Work, *, login: str | None, articles: Sequence[Article]
) -> list[Article]:
    """Removes prices from a list; gives those removed.

    A reseller then pays those of the default list. `login` None = the default list: what has no
    price cannot be bought (E12). Purchases already made keep theirs.
    """
    owner = await _owner(work, login)
    removed = []
    for article in articles:
        former = await prices.remove(work.connection, owner.id if owner else None, article)
        if former is not None:
            removed.append(article)
            before = {"amount": str(former.amount), "currency": former.currency}
            change = Change("price.removed", _subject(login, article), before, None)
            await work.record(change)
    if not removed:
        items = ", ".join(sorted({article.item for article in articles}))
        raise OperatorMistake(
            f"{login or DEFAULT_PRICE_LIST} has no such price of its own on {items}"
        )
    return removed


def _subject(login: str | None, article: Article) -> str:
    return f"{login or DEFAULT_PRICE_LIST}/{article.item}/{article.variant}"


async def _owner(work: Work, login: str | None) -> Reseller | None:
    if login is None:
        return None
    reseller = await resellers.lock_by_login(work.connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    return reseller
