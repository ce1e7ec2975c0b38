"""The second factors of a person: an app that makes codes, passkeys, and recovery codes.

The first factor brings recovery codes; with the last one everything else goes too. Whoever has a
factor changes nothing here without having shown it within the last minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from gateway import ids
from gateway.config import Console
from gateway.errors import NotFound
from gateway.errors.operation import FactorNotAdded, FactorNotShown
from gateway.errors.request import ArgumentInvalid
from gateway.rules.operation.one_time_codes import (
    RECOVERY_CODES,
    hash_of_recovery_code,
    provisioning_uri,
    taken_step,
)
from gateway.rules.operation.passkeys import MOST_PASSKEYS, RelyingParty, made_passkey
from gateway.services import Services
from gateway.store.operation import passkeys, second_factors
from gateway.store.operation import sessions as stored_sessions
from gateway.store.operation.audit import Change
from gateway.store.operation.passkeys import ListedPasskey
from gateway.store.operation.second_factors import LockedFactor
from gateway.store.operation.sessions import SessionState
from gateway.usecases.operation import sessions
from gateway.usecases.work import Work

__all__ = ["ListedPasskey"]

SHOWN_FOR = timedelta(minutes=5)
"""So long after it was shown a factor need not be shown again to change factors."""

CODE = "one_time_code"
"""Name of the argument that a wrong first code is refused by."""


@dataclass(frozen=True, slots=True)
class AppSecret:
    """What an app is set up with: the secret in base32, and its otpauth URI."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnFactors:
    """What a person sees of their second factors."""

    app_since: datetime | None
    pending: AppSecret | None
    """The app that waits for its first code."""
    codes_left: int
    passkeys: Sequence[ListedPasskey]


def is_missing(session: SessionState, console: Console) -> bool:
    """Must somebody set up a second factor before anything else?"""
    return (
        console.operators_need_second_factor
        and session.role is not None
        and not session.half_open
        and not session.has_factor
    )


def is_shown(session: SessionState, real_now: datetime) -> bool:
    """Was a factor shown in the session just now?"""
    return session.proven_at is not None and real_now - session.proven_at < SHOWN_FOR


async def show_own(work: Work, services: Services, session: SessionState) -> OwnFactors:
    """What the person has, with the secret of an app that is still to be confirmed."""
    found = await second_factors.find(work.connection, session.owner_id)
    if found is None:
        return OwnFactors(None, None, 0, ())
    pending = None
    if found.encrypted_secret is not None and found.totp_since is None:
        secret = services.vault.decrypt(found.encrypted_secret).decode()
        issuer = urlsplit(services.settings.public_url).hostname or ""
        pending = AppSecret(secret, provisioning_uri(secret, session.name, issuer))
    listed = await passkeys.list_of(work.connection, session.owner_id)
    return OwnFactors(found.totp_since, pending, found.codes_left, listed)


async def list_passkeys(work: Work, session: SessionState) -> list[ListedPasskey]:
    """The passkeys of a person, the oldest first."""
    return await passkeys.list_of(work.connection, session.owner_id)


async def begin_app(work: Work, services: Services, session: SessionState) -> None:
    """Makes a secret for an app, in place of one that waits; its codes count for nothing yet.

    Raises FactorNotAdded and FactorNotShown.
    """
    factor = await _changeable(work, services, session)
    if factor.totp_since is not None:
        raise FactorNotAdded("There is an app already. Remove it before another is set up.")
    sealed = services.vault.encrypt(ids.new_totp_secret().encode())
    await second_factors.set_secret(work.connection, session.owner_id, sealed)


async def confirm_app(
    work: Work, services: Services, session: SessionState, code: str
) -> Sequence[str]:
    """Lets the app count, once a code of it is right; gives new recovery codes, if any were made.

    Raises ArgumentInvalid for a wrong code, FactorNotAdded and FactorNotShown.
    """
    factor = await _changeable(work, services, session)
    if factor.encrypted_secret is None or factor.totp_since is not None:
        raise FactorNotAdded("No app waits for its first code. Set one up.")
    secret = services.vault.decrypt(factor.encrypted_secret).decode()
    real_now = await services.real_clock.now()
    step = taken_step(secret, code, real_now, factor.last_step)
    if step is None:
        raise ArgumentInvalid(CODE)
    is_first = not await second_factors.is_held(work.connection, session.owner_id)
    await second_factors.confirm_app(work.connection, session.owner_id, work.now, step)
    await work.record(Change("second_factor.app_added", session.name, None, None))
    return await _after_first(work, session, real_now) if is_first else ()


async def remove_app(work: Work, services: Services, session: SessionState) -> None:
    """Removes the app, or the one that waits. Raises NotFound and FactorNotShown."""
    factor = await _changeable(work, services, session)
    if factor.encrypted_secret is None:
        raise NotFound
    await second_factors.set_secret(work.connection, session.owner_id, None)
    await second_factors.remove_unless_held(work.connection, session.owner_id)
    if factor.totp_since is not None:
        await work.record(Change("second_factor.app_removed", session.name, None, None))


async def renew_codes(work: Work, services: Services, session: SessionState) -> Sequence[str]:
    """Makes new recovery codes; the old ones count no more. Raises NotFound, FactorNotShown."""
    await _changeable(work, services, session)
    if not await second_factors.is_held(work.connection, session.owner_id):
        raise NotFound
    codes = await _new_codes(work, session)
    await work.record(Change("second_factor.codes_renewed", session.name, None, None))
    return codes


@dataclass(frozen=True, slots=True)
class PasskeyAnswer:
    """What a browser answered when it was asked to make a passkey, as JSON."""

    name: str
    answer: str = field(repr=False)
    site: RelyingParty | None
    """None = this gateway can have no passkeys."""
    challenge: bytes


async def add_passkey(
    work: Work, services: Services, session: SessionState, made: PasskeyAnswer
) -> Sequence[str]:
    """Adds a passkey; gives new recovery codes, if any were made.

    Raises FactorNotAdded and FactorNotShown.
    """
    await _changeable(work, services, session)
    if made.site is None:
        raise FactorNotAdded("Passkeys need a gateway whose host has a name.")
    if len(await passkeys.list_of(work.connection, session.owner_id)) >= MOST_PASSKEYS:
        raise FactorNotAdded(f"There are {MOST_PASSKEYS} passkeys already. Remove one first.")
    passkey = made_passkey(made.site, made.challenge, made.answer)
    if passkey is None:
        raise FactorNotAdded("The browser's answer is not right. Try again.")
    is_first = not await second_factors.is_held(work.connection, session.owner_id)
    try:
        async with work.connection.transaction():
            await passkeys.add(
                work.connection, ids.new_id(), session.owner_id, made.name, passkey, work.now
            )
    except asyncpg.UniqueViolationError:
        raise FactorNotAdded("This passkey was added before.") from None
    after = {"passkey": made.name}
    await work.record(Change("second_factor.passkey_added", session.name, None, after))
    real_now = await services.real_clock.now()
    return await _after_first(work, session, real_now) if is_first else ()


async def remove_passkey(
    work: Work, services: Services, session: SessionState, passkey_id: UUID
) -> str:
    """Removes a passkey of the person and gives its name. Raises NotFound and FactorNotShown."""
    owner = session.owner_id
    if all(each.id != passkey_id for each in await passkeys.list_of(work.connection, owner)):
        raise NotFound
    await _changeable(work, services, session)
    name = await passkeys.remove(work.connection, owner, passkey_id)
    if name is None:
        raise NotFound
    await second_factors.remove_unless_held(work.connection, owner)
    before = {"passkey": name}
    await work.record(Change("second_factor.passkey_removed", session.name, before, None))
    return name


async def is_held(work: Work, owner_id: UUID) -> bool:
    """Has an operator or a reseller a second factor?"""
    return await second_factors.is_held(work.connection, owner_id)


async def _changeable(work: Work, services: Services, session: SessionState) -> LockedFactor:
    """Locks the person's factors; raises FactorNotShown if they have one that was not shown."""
    owner, is_operator = session.owner_id, session.role is not None
    await second_factors.add_owner(work.connection, owner, is_operator=is_operator)
    factor = await second_factors.lock(work.connection, owner)
    assert factor is not None
    real_now = await services.real_clock.now()
    held = await second_factors.is_held(work.connection, owner)
    if held and not is_shown(session, real_now):
        raise FactorNotShown
    return factor


async def _after_first(work: Work, session: SessionState, real_now: datetime) -> Sequence[str]:
    """Ends the sessions that were opened by a password alone, but this; gives recovery codes."""
    await sessions.note_proof(work, session, real_now)
    await stored_sessions.end_all(work.connection, session.owner_id, but=session.id)
    return await _new_codes(work, session)


async def _new_codes(work: Work, session: SessionState) -> Sequence[str]:
    codes = [ids.new_recovery_code() for _ in range(RECOVERY_CODES)]
    hashes = [hashed for each in codes if (hashed := hash_of_recovery_code(each))]
    await second_factors.replace_codes(work.connection, session.owner_id, hashes)
    return codes
