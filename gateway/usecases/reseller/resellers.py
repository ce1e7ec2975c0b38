"""What an operator does to resellers, prices and servers. Each call audits what it changes.

All of them take a connection inside a transaction and raise OperatorMistake, whose text says what
is wrong, without having changed anything that the caller may then commit.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import asyncpg

from gateway import ids
from gateway.db.pool import Connection
from gateway.errors import OperatorMistake
from gateway.rules.operation.input import (
    DEFAULT_PRICE_LIST,
    check_amount,
    check_credit_limit,
    check_currency,
    check_login,
    check_network,
    check_note,
    check_password,
    check_renewal_mode,
    check_server,
    check_server_names,
    check_status,
    price_currency,
)
from gateway.store.acme import servers
from gateway.store.acme.servers import Server
from gateway.store.operation.audit import Change
from gateway.store.reseller import resellers
from gateway.store.reseller.resellers import Reseller, ResellerSummary
from gateway.usecases.work import Work

__all__ = [
    "ResellerSummary",
    "Server",
    "add_reseller",
    "add_server",
    "deposit",
    "list_resellers",
    "list_servers",
    "set_price",
    "set_reseller",
    "set_server",
]


async def add_reseller(
    work: Work, *, login: str, password: str, currency: str = "USD", renewal_mode: str = "manual"
) -> None:
    """A new reseller: balance and credit limit 0, default prices, all servers."""
    check_login(login)
    check_password(password)
    check_currency(currency)
    check_renewal_mode(renewal_mode)
    password_hash = await _hash(password)
    try:
        async with work.connection.transaction():
            await resellers.add(
                work.connection,
                reseller_id=ids.new_id(),
                login=login,
                password_hash=password_hash,
                currency=currency,
                renewal_mode=renewal_mode,
                created_at=work.now,
            )
    except asyncpg.UniqueViolationError:
        raise OperatorMistake(f"the login {login!r} is taken") from None
    after = {"currency": currency, "renewalMode": renewal_mode}
    await work.record(Change("reseller.added", login, None, after))


async def deposit(work: Work, login: str, amount: Decimal, note: str = "") -> Decimal:
    """Books money in favour of a reseller, in the reseller's currency; gives the new balance."""
    check_note(note)
    booked = check_amount(amount)
    if booked <= 0:
        raise OperatorMistake("a deposit is more than 0.00")
    reseller = await _locked(work.connection, login)
    try:
        async with work.connection.transaction():
            balance = await resellers.book_deposit(
                work.connection, reseller.id, booked, work.now, note
            )
    except asyncpg.NumericValueOutOfRangeError:
        raise OperatorMistake("the balance would grow too large") from None
    change = Change(
        "reseller.deposited",
        login,
        {"balance": str(reseller.balance)},
        {"balance": str(balance), "amount": str(booked), "note": note},
    )
    await work.record(change)
    return balance


async def list_resellers(connection: Connection) -> list[ResellerSummary]:
    """All resellers by login."""
    return await resellers.list_summaries(connection)


async def set_reseller(
    work: Work,
    login: str,
    *,
    renewal_mode: str | None = None,
    credit_limit: Decimal | None = None,
    tier1: str | None = None,
    allowed_networks: Sequence[str] | None = None,
    status: str | None = None,
    password: str | None = None,
) -> None:
    """Changes what is given and leaves what is None.

    `tier1` is the parent's login, "" = no parent; `allowed_networks` are CIDR networks, [] = any;
    `status` is active or suspended. A new password also lifts the lock of failed logins.
    """
    if password is not None:
        check_password(password)
    before = await _locked(work.connection, login)
    parent = await _parent(work.connection, before, tier1)
    networks = before.allowed_networks
    if allowed_networks is not None:
        networks = [check_network(text) for text in allowed_networks]
    wanted: dict[str, Any] = {
        "renewal_mode": check_renewal_mode(renewal_mode or before.renewal_mode),
        "credit_limit": check_credit_limit(
            before.credit_limit if credit_limit is None else credit_limit
        ),
        "status": check_status(status or before.status),
    }
    try:
        async with work.connection.transaction():
            await resellers.update(
                work.connection,
                before.id,
                tier1_id=parent.id if parent else None,
                allowed_networks=networks,
                **wanted,
            )
    except asyncpg.CheckViolationError:
        raise OperatorMistake(
            f"{login} already owes {-before.balance}, more than that credit limit"
        ) from None
    if password is not None:
        password_hash = await _hash(password)
        await resellers.set_password_hash(work.connection, before.id, password_hash)
    after = {
        "renewalMode": wanted["renewal_mode"],
        "creditLimit": str(wanted["credit_limit"]),
        "tier1": parent.login if parent else None,
        "allowedNetworks": [str(network) for network in networks],
        "status": wanted["status"],
        "passwordChanged": password is not None,
    }
    change = Change("reseller.changed", login, _settings_of(before), after)
    await work.record(change)


async def set_price(
    work: Work,
    *,
    login: str | None,
    server: str,
    name_type: str,
    yearly: Decimal,
    currency: str | None = None,
) -> None:
    """Sets the price of a name ("fqdn" or "wildcard") for 365 days.

    `login` None = the default list. `currency` None = the reseller's own, USD on the default list.
    """
    if name_type not in ("fqdn", "wildcard"):
        raise OperatorMistake("a name type is fqdn or wildcard")
    price = check_amount(yearly)
    if price < 0:
        raise OperatorMistake("a price is not negative")
    reseller = None if login is None else await _locked(work.connection, login)
    on_offer = await servers.find_by_name(work.connection, server)
    if on_offer is None:
        raise OperatorMistake(f"there is no server {server!r}")
    currency = price_currency(currency, reseller.currency if reseller else None)
    former = await resellers.put_price(
        work.connection,
        price_id=ids.new_id(),
        reseller_id=reseller.id if reseller else None,
        server_id=on_offer.id,
        name_type=name_type,
        yearly=price,
        currency=currency,
    )
    change = Change(
        "price.set",
        f"{login or DEFAULT_PRICE_LIST}/{server}/{name_type}",
        None if former is None else {"yearly": str(former)},
        {"yearly": str(price), "currency": currency},
    )
    await work.record(change)


async def add_server(
    work: Work,
    *,
    name: str,
    path: str,
    validation: str,
    product_id: int,
    description: str,
    names: str,
) -> None:
    """Offers a further ACME directory, last in LISTSERVERS; clients rely on DV before OV."""
    check_server(name, path, validation, product_id, description)
    check_server_names(names)
    server = Server(ids.new_id(), name, path, validation, product_id, description, names)
    try:
        async with work.connection.transaction():
            await servers.add(work.connection, server)
    except asyncpg.UniqueViolationError:
        raise OperatorMistake(f"the name {name!r} or the path {path!r} is taken") from None
    after = {"path": path, "validation": validation, "productId": product_id, "names": names}
    await work.record(Change("server.added", name, None, after))


async def set_server(work: Work, name: str, *, names: str) -> None:
    """Which names are taken: `public` or `any`. Names that are listed stay; `public` stops them."""
    check_server_names(names)
    server = await servers.find_by_name(work.connection, name)
    if server is None:
        raise OperatorMistake(f"there is no server {name!r}")
    await servers.set_names(work.connection, server.id, names)
    before, after = {"names": server.names}, {"names": names}
    await work.record(Change("server.changed", name, before, after))


async def list_servers(connection: Connection) -> list[Server]:
    """All servers in the order of LISTSERVERS."""
    return await servers.list_all(connection)


async def _locked(connection: Connection, login: str) -> Reseller:
    reseller = await resellers.lock_by_login(connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    return reseller


async def _parent(connection: Connection, reseller: Reseller, tier1: str | None) -> Reseller | None:
    """Two levels only: a parent has no parent, so that locks are taken in one order."""
    if tier1 is None:
        tier1 = reseller.tier1_login
    if not tier1:
        return None
    if tier1 == reseller.login:
        raise OperatorMistake("a reseller cannot be its own Tier-1 account")
    parent = await _locked(connection, tier1)
    if parent.tier1_id is not None:
        raise OperatorMistake(f"{tier1} has a Tier-1 account itself")
    if reseller.has_children:
        raise OperatorMistake(f"{reseller.login} is the Tier-1 account of others")
    if parent.currency != reseller.currency:
        raise OperatorMistake(f"{tier1} is kept in {parent.currency}, not {reseller.currency}")
    return parent


def _settings_of(reseller: Reseller) -> dict[str, Any]:
    return {
        "renewalMode": reseller.renewal_mode,
        "creditLimit": str(reseller.credit_limit),
        "tier1": reseller.tier1_login,
        "allowedNetworks": [str(network) for network in reseller.allowed_networks],
        "status": reseller.status,
    }


async def _hash(password: str) -> str:
    from gateway import passwords  # loads argon2, which most commands need not

    return await passwords.hash_password(password)
