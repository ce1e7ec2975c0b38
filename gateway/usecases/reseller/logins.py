"""Logging in with a reseller's password: one refusal for every cause, locks, allow-lists."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.config import Logins
from gateway.db.pool import Pool, transaction
from gateway.errors.reseller import LoginRefused
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


async def log_in(
    pool: Pool, checker: PasswordChecker, rules: Logins, now: datetime, attempt: LoginAttempt
) -> LoginState:
    """Gives the reseller whose login and password were sent; the caller looks at its status.

    Raises LoginRefused alike for an unknown login, a wrong password, a locked login and an address
    outside the allow-list: each of them has cost one argon2 run, and none says which it was. Raises
    TooManyLogins under a flood.
    """
    login, password = attempt.login, attempt.password
    async with pool.acquire() as connection:
        state = await logins.find_for_login(connection, login, attempt.address)
    admissible = state is not None and _may_try(state, now)
    if state and admissible and checker.remembers(login, password, state.password_hash):
        if state.failed_logins:
            await _confirm(pool, state, now)
        return state
    correct = await checker.fits(login, password, state.password_hash if state else None)
    if state is None:
        raise LoginRefused("There is no such login.")
    if not admissible:
        where = "The login is locked" if state.address_allowed else "The address is not allowed"
        raise LoginRefused(
            f"{where}; the password was {'right' if correct else 'wrong'}.", known=True
        )
    if not correct:
        await _count_failure(pool, rules, now, attempt)
        raise LoginRefused("The password was wrong.", known=True)
    await _confirm(pool, state, now)
    return state


def _may_try(state: LoginState, now: datetime) -> bool:
    locked = state.locked_until is not None and now < state.locked_until
    return state.address_allowed and not locked


async def _confirm(pool: Pool, state: LoginState, now: datetime) -> None:
    # Guesses at the same moment may have locked the login while this password was checked.
    async with pool.acquire() as connection:
        if not await logins.confirm_login(connection, state.id, now):
            raise LoginRefused("The login was locked while its password was checked.", known=True)


async def _count_failure(pool: Pool, rules: Logins, now: datetime, attempt: LoginAttempt) -> None:
    lock_until = now + timedelta(minutes=rules.lock_minutes)
    async with transaction(pool) as connection:
        locked = await logins.count_failed_login(
            connection, attempt.login, now, rules.failures_before_lock, lock_until
        )
        if locked:
            after = {"lockedUntil": lock_until.isoformat()}
            origin = Origin("gateway:logins", attempt.address)
            change = Change("reseller.locked", attempt.login, None, after)
            await audit.record(connection, now, origin, change)
