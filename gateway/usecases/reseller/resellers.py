"""What operators do to resellers and servers. Each call audits what it changes.

All that change something take a unit of work. They raise OperatorMistake, whose text says what is
wrong, and then nothing is changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import asyncpg

from gateway import ids
from gateway.errors import OperatorMistake
from gateway.rules.operation.input import (
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
)
from gateway.store.acme import servers
from gateway.store.acme.servers import Server
from gateway.store.operation import operators
from gateway.store.operation.audit import Change
from gateway.store.reseller import resellers
from gateway.store.reseller.resellers import (
    NewReseller,
    Reseller,
    ResellerSettings,
    ResellerSummary,
)
from gateway.usecases.work import Work

__all__ = [
    "ResellerChanges",
    "ResellerSummary",
    "Server",
    "WantedServer",
    "add_reseller",
    "add_server",
    "deposit",
    "list_resellers",
    "list_servers",
    "set_reseller",
    "set_server",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedServer:
    """An ACME server as an operator wants it."""

    name: str
    path: str
    validation: str
    """DV or OV."""
    product_id: int
    description: str
    names: str
    """public or any."""
    issuers: Sequence[str] = ("local",)
    """The first of these that the settings have issues its certificates."""


@dataclass(frozen=True, slots=True)
class ResellerChanges:
    """An operator's changes to a reseller; None leaves a value as it is."""

    renewal_mode: str | None = None
    credit_limit: Decimal | None = None
    tier1: str | None = None
    """The parent's login; "" = no parent."""
    allowed_networks: Sequence[str] | None = None
    """CIDR networks; [] = any."""
    status: str | None = None
    """active or suspended."""
    password: str | None = field(default=None, repr=False)


async def add_reseller(
    work: Work, *, login: str, password: str, currency: str = "USD", renewal_mode: str = "manual"
) -> None:
    """Adds a reseller with balance and credit limit 0, default prices, and all servers."""
    check_login(login)
    check_password(password)
    check_currency(currency)
    check_renewal_mode(renewal_mode)
    if await operators.exists(work.connection, login):
        raise OperatorMistake(f"{login!r} is an operator's name: one form signs in both")
    reseller = NewReseller(ids.new_id(), login, await _hash(password), currency, renewal_mode)
    try:
        async with work.connection.transaction():
            await resellers.add(work.connection, reseller, work.now)
    except asyncpg.UniqueViolationError:
        raise OperatorMistake(f"the login {login!r} is taken") from None
    after = {"currency": currency, "renewalMode": renewal_mode}
    await work.record(Change("reseller.added", login, None, after))


async def deposit(work: Work, login: str, amount: Decimal, note: str = "") -> Decimal:
    """Books a deposit for a reseller, in its currency; gives the new balance."""
    check_note(note)
    booked = check_amount(amount)
    if booked <= 0:
        raise OperatorMistake("a deposit is more than 0.00")
    reseller = await _locked(work, login)
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


async def list_resellers(work: Work) -> list[ResellerSummary]:
    """Gives all resellers by login."""
    return await resellers.list_summaries(work.connection)


async def set_reseller(work: Work, login: str, wanted: ResellerChanges) -> None:
    """Changes the given settings; a new password also lifts the lock of failed logins."""
    if wanted.password is not None:
        check_password(wanted.password)
    before = await _locked(work, login)
    parent = await _parent(work, before, wanted.tier1)
    settings = _changed(before, parent, wanted)
    try:
        async with work.connection.transaction():
            await resellers.update(work.connection, before.id, settings)
    except asyncpg.CheckViolationError:
        raise OperatorMistake(
            f"{login} already owes {-before.balance}, more than that credit limit"
        ) from None
    if wanted.password is not None:
        password_hash = await _hash(wanted.password)
        await resellers.set_password_hash(work.connection, before.id, password_hash)
    after = _document(settings, parent.login if parent else None)
    after["passwordChanged"] = wanted.password is not None
    change = Change("reseller.changed", login, _document(before, before.tier1_login), after)
    await work.record(change)


async def add_server(work: Work, wanted: WantedServer) -> None:
    """Adds an ACME server, last in LISTSERVERS; clients rely on DV before OV."""
    check_server(wanted.name, wanted.path, wanted.validation, wanted.product_id, wanted.description)
    check_server_names(wanted.names)
    server = Server(
        ids.new_id(),
        wanted.name,
        wanted.path,
        wanted.validation,
        wanted.product_id,
        wanted.description,
        wanted.names,
        list(wanted.issuers),
    )
    try:
        async with work.connection.transaction():
            await servers.add(work.connection, server)
    except asyncpg.UniqueViolationError:
        raise OperatorMistake(
            f"the name {server.name!r} or the path {server.path!r} is taken"
        ) from None
    after = {
        "path": server.path,
        "validation": server.validation,
        "productId": server.product_id,
        "names": server.names,
        "issuers": server.issuers,
    }
    await work.record(Change("server.added", server.name, None, after))


async def set_server(
    work: Work, name: str, *, names: str | None = None, issuers: Sequence[str] | None = None
) -> None:
    """Changes the given settings of a server; None leaves one as it is.

    `names` says which names may be bought: `public` or `any`. Names in subscriptions stay there;
    `public` stops certificates for those that no public CA certifies. The first of `issuers` that
    the settings have gets the intents recorded from now on.
    """
    if names is not None:
        check_server_names(names)
    server = await servers.find_by_name(work.connection, name)
    if server is None:
        raise OperatorMistake(f"there is no server {name!r}")
    await servers.update(work.connection, server.id, names=names, issuers=issuers)
    wanted = {"names": names, "issuers": None if issuers is None else list(issuers)}
    after = {key: value for key, value in wanted.items() if value is not None}
    before = {key: getattr(server, key) for key in after}
    await work.record(Change("server.changed", name, before, after))


async def list_servers(work: Work) -> list[Server]:
    """Gives all servers in the order of LISTSERVERS."""
    return await servers.list_all(work.connection)


async def _locked(work: Work, login: str) -> Reseller:
    reseller = await resellers.lock_by_login(work.connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    return reseller


async def _parent(work: Work, reseller: Reseller, tier1: str | None) -> Reseller | None:
    """Finds a parent, which must have none itself: two levels keep the lock order fixed."""
    if tier1 is None:
        tier1 = reseller.tier1_login
    if not tier1:
        return None
    if tier1 == reseller.login:
        raise OperatorMistake("a reseller cannot be its own Tier-1 account")
    parent = await _locked(work, tier1)
    if parent.tier1_id is not None:
        raise OperatorMistake(f"{tier1} has a Tier-1 account itself")
    if reseller.has_children:
        raise OperatorMistake(f"{reseller.login} is the Tier-1 account of others")
    if parent.currency != reseller.currency:
        raise OperatorMistake(f"{tier1} is kept in {parent.currency}, not {reseller.currency}")
    return parent


def _changed(
    before: Reseller, parent: Reseller | None, wanted: ResellerChanges
) -> ResellerSettings:
    networks, limit = before.allowed_networks, wanted.credit_limit
    if wanted.allowed_networks is not None:
        networks = [check_network(text) for text in wanted.allowed_networks]
    return ResellerSettings(
        renewal_mode=check_renewal_mode(wanted.renewal_mode or before.renewal_mode),
        credit_limit=check_credit_limit(before.credit_limit if limit is None else limit),
        tier1_id=parent.id if parent else None,
        allowed_networks=networks,
        status=check_status(wanted.status or before.status),
    )


def _document(settings: Reseller | ResellerSettings, tier1_login: str | None) -> dict[str, Any]:
    return {
        "renewalMode": settings.renewal_mode,
        "creditLimit": str(settings.credit_limit),
        "tier1": tier1_login,
        "allowedNetworks": [str(network) for network in settings.allowed_networks],
        "status": settings.status,
    }


async def _hash(password: str) -> str:
    from gateway import passwords  # loads argon2, which most commands need not

    return await passwords.hash_password(password)
