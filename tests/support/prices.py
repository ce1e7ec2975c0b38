"""Prices of names, as an operator sets them."""

from datetime import datetime
from decimal import Decimal

from gateway.db.pool import Connection
from gateway.origin import Origin
from gateway.usecases.money.prices import articles_of_server, set_price
from gateway.usecases.work import Work

_OPERATOR = Origin("operator:test")


async def set_name_price(
    connection: Connection,
    now: datetime,
    *,
    login: str | None,
    yearly: str,
    server: str = "DV",
    name_type: str = "fqdn",
    currency: str | None = None,
) -> None:
    """`login` None = on the default list."""
    work = Work(connection, now, _OPERATOR)
    [article] = await articles_of_server(work, server, [name_type])
    await set_price(
        work,
        login=login,
        article=article,
        amount=Decimal(yearly),
        currency=currency,
    )
