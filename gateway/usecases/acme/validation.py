"""Validation of challenges: check, try again when that may help, record the result.

An attempt begins in the process that took the client's request. When that process dies, the lease
of its challenges ends within seconds and another process goes on; but a challenge fails when
process after process ends during it, and when its check raises an internal error again and again.
What cannot be checked for another reason on our side is put off.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from gateway.logging import describe, log_fault
from gateway.metrics import observe_validation_fault
from gateway.process import descriptors
from gateway.services import Services
from gateway.store.acme import challenges
from gateway.store.acme.challenges import Attempt
from gateway.usecases.acme.issuance import failure
from gateway.usecases.acme.perspective import (
    Claimant,
    KeyAuthorization,
    claim_of,
    done_in_all,
    network_of,
    resolver_of,
)
from gateway.validation import caa
from gateway.validation.challenge import METHODS
from gateway.validation.dns import Resolver
from gateway.validation.method import Claim, Evidence, FailureKind, NotChecked, ValidationFailed

_PAUSE_SECONDS = 2.0
_GRACE_SECONDS = 2.0
_MOST_LOST_LEASES = 5
_MOST_INTERNAL_FAULTS = 10
_BROKEN = (
    f"The check broke {_MOST_INTERNAL_FAULTS} times by a fault of this CA; it is not made again. "
    "Please tell the operator of this CA."
)
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0
"""Pause after an attempt that could not be made; each is twice as long as the one before."""
_SHORTEST_ATTEMPT_SECONDS = 1.0
_STATUS: dict[FailureKind, int] = {
    "caa": 403,
    "unauthorized": 403,
    "incorrectResponse": 403,
    "serverInternal": 500,
}

_log = structlog.get_logger(__name__)


class Validator:
    """Validates challenges; one per process, and any process can finish any challenge."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = services.settings.validation
        self._network = network_of(services.settings)
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._pausing: dict[UUID, asyncio.Event] = {}
        self._suspect: UUID | None = None
        self._at_once = descriptors.divided().validations
        self._room = asyncio.Semaphore(self._at_once)

    def start(self, attempt: Attempt) -> None:
        """Makes an attempt now; the caller has committed `processing` and holds its lease."""
        challenge_id = attempt.challenge_id
        if challenge_id not in self._running:
            task = asyncio.create_task(self._work(attempt))
            self._running[challenge_id] = task
            task.add_done_callback(lambda _: self._running.pop(challenge_id, None))

    def wake(self, challenge_id: UUID) -> None:
        """Makes the next attempt now if this process pauses before it: the client asks for it."""
        if pause := self._pausing.get(challenge_id):
            pause.set()

    async def run_forever(self) -> None:
        """Keeps this process's leases and takes over the challenges of processes that are gone."""
        pool, lease = self._services.pool, self._settings.lease_seconds
        while True:
            if self._running:
                await challenges.renew_leases(pool, list(self._running), lease)
            if (free := self._at_once - len(self._running)) > 0:
                for attempt in await challenges.claim_abandoned(pool, lease, free):
                    self.start(attempt)
                await self._take_a_suspect()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _take_a_suspect(self) -> None:
        """Takes one suspect at a time: it may end this process, and others would be suspect too."""
        if self._suspect in self._running:
            return
        pool, lease = self._services.pool, self._settings.lease_seconds
        for attempt in await challenges.claim_abandoned(pool, lease, 1, suspects=True):
            self._suspect = attempt.challenge_id
            self.start(attempt)

    async def close(self) -> None:
        """Lets checks end that are about to, and gives up the rest for others to take at once."""
        if not self._running:
            return
        _, unfinished = await asyncio.wait(self._running.values(), timeout=_GRACE_SECONDS)
        given_up = list(self._running)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        if given_up:
            with suppress(Exception):  # the leases end by themselves, only later
                await challenges.give_up(self._services.pool, given_up)

    async def _work(self, begun: Attempt) -> None:
        attempt: Attempt | None = begun
        try:
            async with self._room:
                until = asyncio.get_running_loop().time() + self._settings.total_seconds
                while attempt is not None:
                    attempt = await self._try(attempt, until)
        except Exception as error:  # the lease ends and a process tries again
            log_fault("validation", error, challenge=str(begun.challenge_id))

    async def _try(self, attempt: Attempt, until: float) -> Attempt | None:
        """Makes an attempt; waits for the time of the next one and gives it, if there is one."""
        now = await self._services.clock.now()
        try:
            evidence = await self._check(attempt, now, until)
        except NotChecked as fault:
            await self._put_off(attempt, fault, now)
            return None
        except ValidationFailed as failed:
            return await self._after(attempt, failed, now, until)
        days = self._services.settings.issuance.authorization_days
        proven_until = now + timedelta(days=days)
        await challenges.succeed(self._services.pool, attempt, now, proven_until, evidence)
        return None

    async def _check(self, attempt: Attempt, now: datetime, until: float) -> Evidence:
        if now > attempt.expires_at:
            raise ValidationFailed(
                "unauthorized", f"The authorization expired on {attempt.expires_at:%Y-%m-%d}."
            )
        if attempt.lost_leases >= _MOST_LOST_LEASES:
            raise self._poisoned(attempt)
        claim = claim_of(
            self._services.settings,
            Claimant(attempt.server_path, attempt.account_id),
            attempt.name,
            now,
            wildcard=attempt.wildcard,
            answer=KeyAuthorization(attempt.token, attempt.thumbprint),
        )
        resolver = resolver_of(self._services)
        try:
            work = self._evidence(attempt.type, claim, resolver, until)
            return await done_in_all(self._services.settings, resolver, work, until)
        except (ValidationFailed, NotChecked):
            raise
        except Exception as error:
            _log.error("validation.check_failed", name=attempt.name, **describe(error))
            if attempt.internal_faults + 1 >= _MOST_INTERNAL_FAULTS:
                observe_validation_fault("internal")
                raise ValidationFailed("serverInternal", _BROKEN) from error
            raise NotChecked("internal", "The check could not be carried out.") from error

    async def _evidence(
        self, method: str, claim: Claim, resolver: Resolver, until: float
    ) -> Evidence:
        network, left = self._network, until - asyncio.get_running_loop().time()
        if left < network.timeout:
            network = replace(network, timeout=left)
        evidence = await METHODS[method].check(claim, resolver, network)
        allowance = await caa.check(claim, method, resolver)
        return {**evidence, **allowance} if allowance else evidence

    def _poisoned(self, attempt: Attempt) -> ValidationFailed:
        observe_validation_fault("process")
        _log.error(
            "validation.ends_processes",
            name=attempt.name,
            method=attempt.type,
            challenge=str(attempt.challenge_id),
        )
        return ValidationFailed(
            "serverInternal",
            f"The check was begun {attempt.lost_leases} times, and each time the process that made "
            "it ended; it is not made again. Please tell the operator of this CA.",
        )

    async def _put_off(self, attempt: Attempt, fault: NotChecked, now: datetime) -> None:
        """Puts an attempt off and shows the client why; the challenge does not fail for our faults.

        RFC 8555 §8.2.
        """
        seconds = min(_FIRST_PAUSE_SECONDS * 2 ** min(attempt.faults, 16), _LONGEST_PAUSE_SECONDS)
        observe_validation_fault(fault.reason)
        _log.error(
            "validation.put_off",
            name=attempt.name,
            method=attempt.type,
            reason=fault.reason,
            detail=fault.detail,
            seconds=seconds,
        )
        detail = f"{fault.detail} The cause is on the side of this CA, which tries again."
        error = failure("serverInternal", detail, _STATUS["serverInternal"])
        await challenges.put_off(
            self._services.pool,
            attempt,
            now=now,
            error=error,
            seconds=seconds,
            internal=fault.reason == "internal",
        )

    async def _after(
        self, attempt: Attempt, failed: ValidationFailed, now: datetime, until: float
    ) -> Attempt | None:
        pool, delays = self._services.pool, self._settings.retry_delays_seconds
        status = _STATUS.get(failed.kind, 400)
        error = failure(failed.kind, failed.detail, status)
        if failed.transient and attempt.failures < len(delays):
            pause = delays[attempt.failures]
            left = until - asyncio.get_running_loop().time()
            if pause + _SHORTEST_ATTEMPT_SECONDS < left:
                return await self._again(attempt, now, error, pause)
        detail = f"{attempt.name} could not be validated by {attempt.type}. {failed.detail}"
        order_error = failure(failed.kind, detail, status)
        await challenges.fail(pool, attempt, now=now, error=error, order_error=order_error)
        return None

    async def _again(
        self, attempt: Attempt, now: datetime, error: Mapping[str, Any], seconds: float
    ) -> Attempt | None:
        """Gives the next attempt when it is due or the client asks for it (RFC 8555 §8.2)."""
        # The event exists before the client can see the pause and ask for its end.
        asked = self._pausing[attempt.challenge_id] = asyncio.Event()
        try:
            following = await challenges.try_again(
                self._services.pool, attempt, now=now, error=error
            )
            if following is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await asked.wait()
            return following
        finally:
            del self._pausing[attempt.challenge_id]
