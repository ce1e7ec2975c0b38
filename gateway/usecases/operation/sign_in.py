"""The first step of signing in to the console: name and password, of operators and resellers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.config import Logins
from gateway.db.pool import Pool
from gateway.errors.request import ArgumentInvalid, LoginRefused
from gateway.passwords import PasswordChecker, hash_password
from gateway.rules.operation.input import check_operator_password
from gateway.services import Services
from gateway.store.operation import operators, second_factors
from gateway.store.operation import sessions as stored_sessions
from gateway.store.operation.audit import Change
from gateway.usecases.operation import sessions
from gateway.usecases.operation.sessions import Browser, SessionState, Signatory, credential_of
from gateway.usecases.reseller.logins import LoginAttempt, LoginBook, log_in, log_in_by
from gateway.usecases.work import Work, open_work

OPERATORS = LoginBook(
    operators.find_for_login,
    operators.count_failed_login,
    operators.confirm_login,
    "operator.locked",
)


async def check_login(
    pool: Pool, checker: PasswordChecker, rules: Logins, now: datetime, attempt: LoginAttempt
) -> Signatory:
    """Who has that name and password. Raises LoginRefused (never saying why) and TooManyLogins.

    Known and unknown names cost the same: two statements and one argon2 run.
    """
    async with pool.acquire() as connection:
        is_operator = await operators.exists(connection, attempt.login)
    if is_operator:
        operator = await log_in_by(OPERATORS, pool, checker, rules, now, attempt)
        return Signatory(operator.id, operator.login, operator.password_hash, True)
    reseller = await log_in(pool, checker, rules, now, attempt)
    return Signatory(reseller.id, reseller.login, reseller.password_hash, False)


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Somebody at a browser whose password was right."""

    who: Signatory
    browser: Browser
    token_before: str | None
    """The token of the session that the browser had until now; None = it had none."""
    kept: dict[str, Any] | None
    """A form to fill in again."""


@dataclass(frozen=True, slots=True)
class BegunSession:
    """A session as the first step leaves it."""

    token: str = field(repr=False)
    half_open: bool
    """The second step is still to come."""


async def begin_session(services: Services, signing_in: SigningIn, now: datetime) -> BegunSession:
    """Opens a session with a new token, which nobody can have known before.

    It is half open for those who have a second factor. `now` is business time; the session ends by
    real time.
    """
    who, browser = signing_in.who, signing_in.browser
    real_now = await services.real_clock.now()
    ends_at = sessions.ends_at(real_now, services.settings.console)
    origin = sessions.origin_of(who, browser)
    async with open_work(services.pool, now, origin) as work:
        if signing_in.token_before is not None:
            await sessions.forget_token(work, signing_in.token_before)
        if await second_factors.is_held(work.connection, who.id):
            token = await sessions.half_open_session(
                work, who, browser, real_now=real_now, kept=signing_in.kept
            )
            return BegunSession(token, half_open=True)
        token = await sessions.open_session(
            work, who, browser, ends_at, real_now=real_now, kept=signing_in.kept
        )
        return BegunSession(token, half_open=False)


async def check_own_password(
    pool: Pool, checker: PasswordChecker, rules: Logins, now: datetime, attempt: LoginAttempt
) -> None:
    """Checks the password of an operator who is signed in; failures count as at the sign-in.

    Raises ArgumentInvalid for `old_password`, and TooManyLogins.
    """
    try:
        await log_in_by(OPERATORS, pool, checker, rules, now, attempt)
    except LoginRefused:
        raise ArgumentInvalid("old_password", "It is not your password.") from None


async def change_password(work: Work, session: SessionState, new_password: str) -> None:
    """Sets an operator's own password, after the old one was checked.

    Only this session goes on; all others of the operator end. Raises OperatorMistake.
    """
    check_operator_password(new_password)
    hashed = await hash_password(new_password)
    await operators.set_password_hash(work.connection, session.owner_id, hashed)
    ended = await stored_sessions.end_all(work.connection, session.owner_id, but=session.id)
    await stored_sessions.renew(work.connection, session.id, credential=credential_of(hashed))
    change = Change("operator.password_changed", session.name, None, {"sessionsEnded": ended})
    await work.record(change)
