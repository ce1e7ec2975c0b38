"""Logging in with a password: one refusal for every cause, locks, allow-lists."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from gateway.config import Logins
from gateway.db.pool import Connection, Pool, transaction
from gateway.errors.request import LoginRefused
from gateway.origin import Origin
from gateway.passwords import PasswordChecker
from gateway.store.operation import audit
from gateway.store.operation.audit import Change
from gateway.store.reseller import logins
from gateway.store.reseller.logins import LoginState


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A login and password as they were sent; `address` is the sender's."""

    login: str
    password: str = field(repr=False)
    address: str | None


class LoginFacts(Protocol):
    """The facts that decide about a login attempt."""

    @property
    def id(self) -> UUID: ...
    @property
    def password_hash(self) -> str: ...
    @property
    def failed_logins(self) -> int: ...
    @property
    def locked_until(self) -> datetime | None: ...
    @property
    def barred(self) -> str: ...


Facts = TypeVar("Facts", bound=LoginFacts)


@dataclass(frozen=True, slots=True)
class LoginBook(Generic[Facts]):
    """Where logins of one kind are found, and where their failures are counted."""

    find: Callable[[Connection, str, str | None], Awaitable[Facts | None]]
    count_failed: Callable[[Connection, str, datetime, int, datetime], Awaitable[bool]]
    confirm: Callable[[Connection, UUID, datetime], Awaitable[bool]]
    locked: str
    """The audit event of a login that is locked after too many failures."""


RESELLERS = LoginBook(
    logins.find_for_login, logins.count_failed_login, logins.confirm_login, "reseller.locked"
)


async def log_in(
    pool: Pool, checker: PasswordChecker, rules: Logins, now: datetime, attempt: LoginAttempt
) -> LoginState:
    """Gives the reseller whose login and password were sent; the caller looks at its status.

    Raises what `log_in_by` raises.
    """
    return await log_in_by(RESELLERS, pool, checker, rules, now, attempt)


async def log_in_by(
    book: LoginBook[Facts],
    pool: Pool,
    checker: PasswordChecker,
    rules: Logins,
    now: datetime,
    attempt: LoginAttempt,
) -> Facts:
    """Gives the facts of the login in `book` whose password was sent.

    Raises LoginRefused alike for an unknown login, a wrong password, a locked login and one that is
    barred (by its address, or suspended): each of them has cost one argon2 run, and none says which
    it was. Raises TooManyLogins under a flood.
    """
    login, password = attempt.login, attempt.password
    async with pool.acquire() as connection:
        facts = await book.find(connection, login, attempt.address)
    admissible = facts is not None and not facts.barred and not _is_locked(facts, now)
    if facts and admissible and checker.remembers(login, password, facts.password_hash):
        if facts.failed_logins:
            await _confirm(book, pool, facts, now)
        return facts
    correct = await checker.fits(login, password, facts.password_hash if facts else None)
    if facts is None:
        raise LoginRefused("There is no such login.")
    if not admissible:
        where = facts.barred or "The login is locked"
        raise LoginRefused(
            f"{where}; the password was {'right' if correct else 'wrong'}.", known=True
        )
    if not correct:
        await _count_failure(book, pool, rules, now, attempt)
        raise LoginRefused("The password was wrong.", known=True)
    await _confirm(book, pool, facts, now)
    return facts


def _is_locked(facts: LoginFacts, now: datetime) -> bool:
    return facts.locked_until is not None and now < facts.locked_until


async def _confirm(book: LoginBook[Facts], pool: Pool, facts: Facts, now: datetime) -> None:
    # Guesses at the same moment may have locked the login while this password was checked.
    async with pool.acquire() as connection:
        if not await book.confirm(connection, facts.id, now):
            raise LoginRefused("The login was locked while its password was checked.", known=True)


async def _count_failure(
    book: LoginBook[Facts], pool: Pool, rules: Logins, now: datetime, attempt: LoginAttempt
) -> None:
    lock_until = now + timedelta(minutes=rules.lock_minutes)
    async with transaction(pool) as connection:
        locked = await book.count_failed(
            connection, attempt.login, now, rules.failures_before_lock, lock_until
        )
        if locked:
            after = {"lockedUntil": lock_until.isoformat()}
            origin = Origin("gateway:logins", attempt.address)
            change = Change(book.locked, attempt.login, None, after)
            await audit.record(connection, now, origin, change)
