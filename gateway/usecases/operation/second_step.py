"""The second step of signing in: a code of the app, a recovery code, or a passkey.

It is also asked for again before factors are changed. Wrong answers are counted and lock the login
as wrong passwords do, but on their own: whoever knows the password cannot start the count anew.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.errors.operation import FactorRefused
from gateway.origin import Origin
from gateway.rules.operation.one_time_codes import hash_of_recovery_code, taken_step
from gateway.rules.operation.passkeys import credential_in, relying_party, shown_count
from gateway.services import Services
from gateway.store.operation import passkeys, second_factors
from gateway.store.operation.audit import Change
from gateway.store.operation.second_factors import LockedFactor
from gateway.store.operation.sessions import SessionState
from gateway.usecases.operation import sessions
from gateway.usecases.operation.sign_in import OPERATORS
from gateway.usecases.reseller.logins import RESELLERS
from gateway.usecases.work import Work, open_work

_LOCKED = "The login is locked."
_WRONG = "The code or the passkey was wrong, or was taken before."


@dataclass(frozen=True, slots=True)
class ShownCode:
    """What somebody typed: a code of the app, or a recovery code."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownPasskey:
    """What a browser answered to a challenge, as JSON."""

    answer: str = field(repr=False)
    challenge: bytes = field(repr=False)


ShownFactor = ShownCode | ShownPasskey


@dataclass(frozen=True, slots=True)
class SecondStep:
    """Who shows a factor, in which session, at which business time."""

    session: SessionState
    origin: Origin
    now: datetime


async def complete_sign_in(services: Services, step: SecondStep, shown: ShownFactor) -> str:
    """Opens a half-open session; gives its new token. Raises FactorRefused."""
    real_now = await services.real_clock.now()
    ends_at = sessions.ends_at(real_now, services.settings.console)
    token = ""
    async with open_work(services.pool, step.now, step.origin) as work:
        objection = await _objection(work, services, step.session, shown, real_now)
        if not objection:
            token = await sessions.complete(work, step.session, ends_at, real_now=real_now)
    _refuse(objection)
    return token


async def prove(services: Services, step: SecondStep, shown: ShownFactor) -> None:
    """Takes a factor that is shown again in an open session. Raises FactorRefused."""
    real_now = await services.real_clock.now()
    async with open_work(services.pool, step.now, step.origin) as work:
        objection = await _objection(work, services, step.session, shown, real_now)
        if not objection:
            await sessions.note_proof(work, step.session, real_now)
    _refuse(objection)


def _refuse(objection: str) -> None:
    """Raises FactorRefused for an objection, once the failure was counted and committed."""
    if objection:
        raise FactorRefused(objection, known=True)


async def _objection(
    work: Work,
    services: Services,
    session: SessionState,
    shown: ShownFactor,
    real_now: datetime,
) -> str:
    """Why a factor is not taken; "" = it is, and is used up. Failures are counted.

    The row's lock puts answers of all processes in a row: no code is taken twice, and no guess is
    tried after the one that locks.
    """
    factor = await second_factors.lock(work.connection, session.owner_id)
    if factor is None:
        return "There is no second factor."
    if factor.locked_until is not None and work.now < factor.locked_until:
        return _LOCKED
    if isinstance(shown, ShownCode):
        taken = await _take_app_code(work, services, session, factor, shown, real_now)
        taken = taken or await _take_recovery_code(work, session, shown)
    else:
        taken = await _take_passkey(work, services, session, shown)
    if taken:
        return ""
    await _count_failure(work, services, session)
    return _WRONG


async def _take_app_code(
    work: Work,
    services: Services,
    session: SessionState,
    factor: LockedFactor,
    shown: ShownCode,
    real_now: datetime,
) -> bool:
    if factor.encrypted_secret is None or factor.totp_since is None:
        return False
    secret = services.vault.decrypt(factor.encrypted_secret).decode()
    step = taken_step(secret, shown.code, real_now, factor.last_step)
    if step is None:
        return False
    await second_factors.forgive(work.connection, session.owner_id, step)
    return True


async def _take_recovery_code(work: Work, session: SessionState, shown: ShownCode) -> bool:
    hashed = hash_of_recovery_code(shown.code)
    if hashed is None:
        return False
    left = await second_factors.use_code(work.connection, session.owner_id, hashed, work.now)
    if left is None:
        return False
    await second_factors.forgive(work.connection, session.owner_id)
    after = {"codesLeft": left}
    await work.record(Change("second_factor.recovery_code_used", session.name, None, after))
    return True


async def _take_passkey(
    work: Work, services: Services, session: SessionState, shown: ShownPasskey
) -> bool:
    site = relying_party(services.settings.public_url)
    credential = credential_in(shown.answer)
    if site is None or credential is None:
        return False
    known = await passkeys.find(work.connection, session.owner_id, credential)
    if known is None:
        return False
    count = shown_count(site, shown.challenge, known, shown.answer)
    if count is None:
        return False
    await passkeys.note_use(work.connection, known.id, count, work.now)
    await second_factors.forgive(work.connection, session.owner_id)
    return True


async def _count_failure(work: Work, services: Services, session: SessionState) -> None:
    rules = services.settings.logins
    lock_until = work.now + timedelta(minutes=rules.lock_minutes)
    locks = await second_factors.count_failure(
        work.connection, session.owner_id, rules.failures_before_lock, lock_until
    )
    if locks:
        book = RESELLERS if session.role is None else OPERATORS
        after = {"lockedUntil": lock_until.isoformat()}
        await work.record(Change(book.locked, session.name, None, after))
