"""What operators see of ACME prices, and how they take them back. Raises OperatorMistake."""

from collections.abc import Sequence
from uuid import UUID

from gateway.db.pool import Connection
from gateway.errors import OperatorMistake
from gateway.rules.operation.input import DEFAULT_PRICE_LIST
from gateway.store.acme import servers
from gateway.store.money import price_lists
from gateway.store.money.price_lists import ListedPrice
from gateway.store.operation.audit import Change
from gateway.store.reseller import resellers
from gateway.usecases.work import Work


async def list_prices(connection: Connection, login: str | None) -> list[ListedPrice]:
    """What a reseller pays; `login` None = the default list."""
    return await price_lists.listed(connection, await _owner(connection, login))


async def remove_prices(
    work: Work, *, login: str | None, server: str, name_types: Sequence[str]
) -> list[str]:
    """Takes prices off a list, so that a reseller pays those of the default list; gives which.

    `login` None = the default list: names without a price cannot be bought (E12). Purchases
    already made keep theirs.
    """
    owner = await _owner(work.connection, login)
    on_offer = await servers.find_by_name(work.connection, server)
    if on_offer is None:
        raise OperatorMistake(f"there is no server {server!r}")
    removed = []
    for name_type in name_types:
        former = await price_lists.remove(work.connection, owner, on_offer.id, name_type)
        if former is not None:
            removed.append(name_type)
            subject = f"{login or DEFAULT_PRICE_LIST}/{server}/{name_type}"
            before = {"yearly": str(former[0]), "currency": former[1]}
            await work.record(Change("price.removed", subject, before, None))
    if not removed:
        whose = login or DEFAULT_PRICE_LIST
        raise OperatorMistake(f"{whose} has no such price of its own on {server}")
    return removed


async def _owner(connection: Connection, login: str | None) -> UUID | None:
    if login is None:
        return None
    reseller = await resellers.lock_by_login(connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    return reseller.id
