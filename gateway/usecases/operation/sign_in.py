"""The first step of signing in to the console: name and password, of operators and resellers."""

from datetime import datetime

from gateway.config import Logins
from gateway.db.pool import Pool
from gateway.passwords import PasswordChecker, hash_password
from gateway.rules.operation.input import check_password
from gateway.store.operation import operators, sessions
from gateway.store.operation.audit import Change
from gateway.usecases.operation.sessions import SessionState, Signatory, credential_of
from gateway.usecases.reseller.logins import LoginAttempt, LoginBook, log_in, log_in_by
from gateway.usecases.work import Work

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


async def change_password(work: Work, session: SessionState, new_password: str) -> None:
    """Sets an operator's own password, after the old one was checked.

    Only this session goes on; all others of the operator end. Raises OperatorMistake.
    """
    check_password(new_password)
    hashed = await hash_password(new_password)
    await operators.set_password_hash(work.connection, session.owner_id, hashed)
    ended = await sessions.end_all(work.connection, session.owner_id, but=session.id)
    await sessions.renew(work.connection, session.id, credential=credential_of(hashed))
    change = Change("operator.password_changed", session.name, None, {"sessionsEnded": ended})
    await work.record(change)
