"""Checks the proofs of an application: control over the names, and CAA.

A look that finds nothing is no failure: the customer may still be about to put the proof in place.
The next look comes after a pause that grows, or at once when the customer applies again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from gateway.config import Settings
from gateway.db.pool import Pool
from gateway.errors.acme import CaaRefusal, CaaRefused, CaaUnchecked
from gateway.logging import describe
from gateway.metrics import observe_validation_fault
from gateway.origin import Origin
from gateway.rules.acme.caa import is_fresh
from gateway.rules.names import base_of, name_type
from gateway.rules.ssl import orders as rules
from gateway.services import Services
from gateway.store.operation.audit import Change
from gateway.store.ssl import applications as ssl_applications
from gateway.store.ssl import due as ssl_due
from gateway.store.ssl import issuance as ssl_issuance
from gateway.store.ssl import orders as ssl_orders
from gateway.store.ssl.applications import NameProof, UnfinishedOrder
from gateway.usecases.acme.perspective import (
    Claimant,
    KeyAuthorization,
    claim_of,
    done_in_all,
    network_of,
    resolver_of,
)
from gateway.usecases.ssl.intents import intent_of
from gateway.usecases.ssl.proofs import key_authorization
from gateway.usecases.work import Work, open_work
from gateway.validation import caa
from gateway.validation.challenge import METHODS
from gateway.validation.method import Claim, NotChecked, ValidationFailed

GATEWAY = Origin("gateway:ssl-orders")
_DOOR_PATH = "/v3/scm"
_LOOKS_AT_ONCE = 20
_FAILURES_AT_ONCE = 100
_AT_ONCE = timedelta(0)
PAUSE_OF_OURS = timedelta(seconds=15)
"""Pause after a fault on our side; it does not grow."""
_UNTIL_THE_JOB = timedelta(minutes=1)
_NOT_PROVEN = f"Control over the names was not shown within {rules.PROOF_PERIOD.days} days."

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """The result of a look at a proof: evidence, or a problem for the customer."""

    proof: NameProof
    evidence: Mapping[str, Any] | None = None
    problem: str | None = None
    ours: bool = False
    """The problem is on our side; it does not lengthen the pause before the next look."""


async def look_at_proofs(services: Services, item: UnfinishedOrder, now: datetime) -> bool:
    """Looks at the proofs in CHECKING and SUPPLEMENTCHECKING; True = continue at once."""
    if now >= item.application.submitted_at + rules.PROOF_PERIOD:
        # Its time is over: no further look, the job that is due then ends it (fail_unproven).
        await ssl_due.pause(services.pool, item.cert_id, _UNTIL_THE_JOB, None)
        return False
    if rules.period_is_over(item.first_issued_at, item.months, now):
        await settle_failed(services.pool, item, rules.PERIOD_OVER, now)
        return False
    unproven = [proof for proof in item.proofs if proof.proven_at is None][:_LOOKS_AT_ONCE]
    looks = await asyncio.gather(*(_look(services, item, proof, now) for proof in unproven))
    async with open_work(services.pool, now, GATEWAY) as work:
        fresh = await unchanged(work, item)
        if fresh is None:
            return True
        for look in looks:
            await ssl_applications.settle_proof(
                work.connection,
                item.application.id,
                look.proof.position,
                proven_at=now if look.evidence is not None else None,
                evidence=look.evidence,
                problem=look.problem,
            )
        if looks:
            await work.record(*_changes(item, looks))
        proofs = await ssl_applications.proofs_of(work.connection, item.application.id)
        if all(proof.proven_at is not None for proof in proofs):
            return await _proven(work, services.settings, fresh)
        problems = [look.problem for look in looks if look.problem]
        theirs = any(look.problem and not look.ours for look in looks)
        pause = PAUSE_OF_OURS if problems else _AT_ONCE
        if theirs:
            pause = timedelta(seconds=rules.retry_seconds(item.attempts))
        await ssl_due.pause(
            work.connection,
            item.cert_id,
            pause,
            problems[0] if problems else None,
            counted=theirs or not problems,
        )
    return not problems


async def look_at_caa_again(
    services: Services, item: UnfinishedOrder, now: datetime
) -> CaaRefused | CaaUnchecked | None:
    """Checks CAA before issuance where the last check is too old; gives the objection.

    BR §3.2.2.8. None = nothing forbids issuance.
    """
    stale = [proof for proof in item.proofs if not is_fresh(proof.caa_checked_at, now)]
    until = _end_of_look(services)
    for proof in stale:
        try:
            check = _check_caa(services, item, proof, now)
            await done_in_all(services.settings, resolver_of(services), check, until)
        except ValidationFailed as failed:
            detail = f"{proof.name}: {failed.detail}"
            return CaaRefused([CaaRefusal(proof.name, True, detail)])
        except NotChecked as fault:
            return CaaUnchecked(_report_fault(proof, fault))
        await ssl_applications.mark_caa_checked(
            services.pool, item.application.id, proof.position, now
        )
    return None


async def unchanged(work: Work, item: UnfinishedOrder) -> UnfinishedOrder | None:
    """Gives the order, locked, if it still has the application and status that `item` has."""
    await ssl_orders.lock(work.connection, item.cert_id)
    fresh = await ssl_applications.read_unfinished(work.connection, item.cert_id)
    if fresh is None or fresh.status != item.status or fresh.application != item.application:
        return None
    return fresh


async def due_failures(pool: Pool, until: datetime) -> list[tuple[datetime, str]]:
    """Gives applications whose time for proofs ends by then: that instant, and the cert_id."""
    unproven = await ssl_due.unproven_since(pool, until - rules.PROOF_PERIOD, _FAILURES_AT_ONCE)
    return [(submitted_at + rules.PROOF_PERIOD, cert_id) for submitted_at, cert_id in unproven]


async def fail_unproven(pool: Pool, cert_id: str, now: datetime) -> None:
    """Ends an application whose time for proofs is over; does nothing if it has moved on."""
    item = await ssl_applications.read_unfinished(pool, cert_id)
    if (
        item is not None
        and item.status in ("CHECKING", "SUPPLEMENTCHECKING")
        and item.intent is None
        and now >= item.application.submitted_at + rules.PROOF_PERIOD
    ):
        await settle_failed(pool, item, _NOT_PROVEN, now)


async def settle_failed(pool: Pool, item: UnfinishedOrder, problem: str, now: datetime) -> None:
    """Ends an application without a certificate: UNPASSED, or ISSUED as before."""
    async with open_work(pool, now, GATEWAY) as work:
        if await unchanged(work, item) is None:
            return
        await ssl_issuance.settle_issuer(work.connection, item.application.id)
        status = "ISSUED" if item.status == "SUPPLEMENTCHECKING" else "UNPASSED"
        await moved(work, item, status, problem=problem)


async def moved(
    work: Work,
    item: UnfinishedOrder,
    status: str,
    *,
    due_in: timedelta | None = None,
    problem: str | None = None,
) -> None:
    """Moves the status of a locked order in the background, with its audit event."""
    await ssl_orders.move(
        work.connection, item.cert_id, status, work.now, due_in=due_in, problem=problem
    )
    change = Change(
        "ssl_order.moved",
        item.cert_id,
        {"status": item.status},
        {"status": status, "problem": problem} if problem else {"status": status},
    )
    await work.record(change)


async def _proven(work: Work, settings: Settings, item: UnfinishedOrder) -> bool:
    """Moves on when all names are proven: to the organization's check, or to the issuer."""
    if rules.TYPES[item.type] and item.status == "CHECKING":
        await moved(work, item, "CHECKING_ORG")
        return False
    intent = intent_of(settings, work.now, item.first_issued_at, item.months)
    await ssl_issuance.record_intent(work.connection, item.application.id, intent)
    if item.status == "CHECKING":
        await moved(work, item, "ISSUING", due_in=_AT_ONCE)
    return True


async def _look(services: Services, item: UnfinishedOrder, proof: NameProof, now: datetime) -> Look:
    claim = _claim(services.settings, item, proof, now)
    resolver = resolver_of(services)

    async def found() -> Mapping[str, Any]:
        network = network_of(services.settings)
        evidence = await METHODS[proof.method].check(claim, resolver, network)
        return {**evidence, **await _check_caa(services, item, proof, now)}

    try:
        evidence = await done_in_all(services.settings, resolver, found(), _end_of_look(services))
    except ValidationFailed as failed:
        return Look(proof, problem=f"{proof.name}: {failed.detail}")
    except NotChecked as fault:
        return Look(proof, problem=_report_fault(proof, fault), ours=True)
    except Exception as error:
        _log.error("ssl_order.check_failed", name=proof.name, **describe(error))
        broken = NotChecked("internal", "The check could not be carried out.")
        return Look(proof, problem=_report_fault(proof, broken), ours=True)
    return Look(proof, evidence=evidence)


def _end_of_look(services: Services) -> float:
    return asyncio.get_running_loop().time() + services.settings.validation.total_seconds


def _report_fault(proof: NameProof, fault: NotChecked) -> str:
    """Logs and counts a fault; gives the text for the customer."""
    observe_validation_fault(fault.reason)
    _log.error("ssl_order.not_checked", name=proof.name, reason=fault.reason, detail=fault.detail)
    return f"{proof.name}: {fault.detail} The cause is on our side; it is tried again."


async def _check_caa(
    services: Services, item: UnfinishedOrder, proof: NameProof, now: datetime
) -> Mapping[str, Any]:
    claim = _claim(services.settings, item, proof, now)
    return await caa.check(claim, proof.method, resolver_of(services))


def _claim(settings: Settings, item: UnfinishedOrder, proof: NameProof, now: datetime) -> Claim:
    expected = key_authorization(proof.token, item.application.key_hash)
    return claim_of(
        settings,
        Claimant(_DOOR_PATH, str(item.reseller_id)),
        base_of(proof.name),
        now,
        wildcard=name_type(proof.name) == "wildcard",
        answer=KeyAuthorization(proof.token, expected.removeprefix(f"{proof.token}.")),
    )


def _changes(item: UnfinishedOrder, looks: Sequence[Look]) -> list[Change]:
    return [
        Change(
            "ssl_order.name_proven",
            item.cert_id,
            None,
            {"name": look.proof.name, "method": look.proof.method, "evidence": look.evidence},
        )
        for look in looks
        if look.evidence is not None
    ]
