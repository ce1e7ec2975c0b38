"""Ordering, approving, rejecting and listing pre-validations.

Locks: pre-validations in the order of their numbers, then EAB credentials, then the reseller.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from gateway.errors import OperatorMistake
from gateway.errors.organization import InvalidDetail
from gateway.origin import Origin
from gateway.rules.organization.prevalidations import (
    Validity,
    can_be_rejected,
    checked_domains,
    checked_type,
    decide_approval,
    instant,
)
from gateway.store.operation.audit import Change
from gateway.store.organization import (
    documents,
    organizations,
    prevalidation_links,
    prevalidations,
)
from gateway.store.organization.prevalidations import (
    Prevalidation,
    PrevalidationRow,
    UndecidedPrevalidation,
)
from gateway.usecases.organization.organizations import unknown_organization
from gateway.usecases.work import Work

__all__ = ["Prevalidation", "UndecidedPrevalidation"]


@dataclass(frozen=True, slots=True)
class NewPrevalidation:
    """A pre-validation to add: to be validated, or validated elsewhere until `expires_at` (O3).

    `previous_number` is the one that it renews.
    """

    reseller_id: UUID
    organization_id: UUID
    type: str
    domains: Sequence[str]
    valid_from: datetime | None = None
    expires_at: datetime | None = None
    previous_number: int | None = None
    evidence: str = ""


async def add_prevalidation(work: Work, wanted: NewPrevalidation) -> int:
    """Adds a pre-validation; gives its anchor order number.

    With `expires_at` it is valid, otherwise requested. It keeps the organization's details as they
    are at this moment. Raises InvalidDetail.
    """
    kind, domains = checked_type(wanted.type), await _domains(wanted.domains)
    organization = await organizations.lock(
        work.connection, wanted.organization_id, wanted.reseller_id
    )
    if organization is None:
        raise unknown_organization(wanted.organization_id)
    _check_dates(wanted)
    if wanted.previous_number is not None:
        previous = await prevalidations.find(
            work.connection, wanted.previous_number, reseller_id=wanted.reseller_id
        )
        if previous is None or previous.organization_id != organization.id:
            raise InvalidDetail(
                "previous", f"the organization has no pre-validation {wanted.previous_number}"
            )
    state = "requested" if wanted.expires_at is None else "valid"
    row = PrevalidationRow(
        organization_id=organization.id,
        reseller_id=wanted.reseller_id,
        type=kind,
        validity=Validity(state, wanted.valid_from, wanted.expires_at),
        details=organization.details,
        domains=domains,
        requested_at=work.now,
        previous_number=wanted.previous_number,
        evidence=_note(work.now, work.origin, wanted.evidence),
    )
    try:
        async with work.connection.transaction():
            number = await prevalidations.add(work.connection, row)
    except asyncpg.UniqueViolationError:
        raise InvalidDetail(
            "previous", f"pre-validation {wanted.previous_number} is being renewed already"
        ) from None
    after = {
        "organization": str(organization.id),
        "type": kind,
        "state": state,
        "domains": domains,
        "expiresAt": wanted.expires_at,
        "renews": wanted.previous_number,
    }
    await work.record(Change("prevalidation.added", str(number), None, after))
    return number


async def begin_validation(work: Work, number: int, evidence: str = "") -> Prevalidation:
    """Moves requested → in_validation; later states stay. Raises OperatorMistake."""
    found = await _lock(work, number)
    if found.state == "requested":
        await prevalidations.set_state(work.connection, number, "in_validation")
        await record_move(work, "begun", found, "in_validation", evidence)
    return await _get(work, number)


async def approve(
    work: Work,
    number: int,
    *,
    expires_at: datetime | None = None,
    term: timedelta,
    evidence: str = "",
) -> tuple[Prevalidation, bool]:
    """Approves: valid from now until `expires_at`, or for `term`; False = it was valid already.

    Raises OperatorMistake for one that is over.
    """
    found = await _lock(work, number)
    approval = decide_approval(number, found.validity, expires_at, term, work.now)
    if approval is None:
        return found, False
    await prevalidations.set_state(
        work.connection,
        number,
        "valid",
        valid_from=approval.valid_from,
        expires_at=approval.expires_at,
    )
    await documents.keep(work.connection, found.organization_id, number)
    await record_move(work, "approved", found, "valid", evidence)
    return await _get(work, number), True


async def reject(work: Work, number: int, evidence: str = "") -> tuple[Prevalidation, bool]:
    """Rejects for good, also one that was valid: its names get no more certificates.

    False = it was rejected already. Raises OperatorMistake for one that was superseded.
    """
    found = await _lock(work, number)
    if not can_be_rejected(found.validity):
        if found.state == "rejected":
            return found, False
        raise OperatorMistake(f"pre-validation {number} is {found.state}; no name depends on it")
    await prevalidation_links.lock_linked_credentials(work.connection, number)
    await prevalidations.set_state(work.connection, number, "rejected")
    await documents.keep(work.connection, found.organization_id, number)
    await record_move(work, "rejected", found, "rejected", evidence)
    return await _get(work, number), True


async def note(work: Work, number: int, evidence: str) -> None:
    """Adds a note to the evidence, in any state. Raises OperatorMistake."""
    await _lock(work, number)
    await prevalidations.append_evidence(
        work.connection, number, _note(work.now, work.origin, evidence)
    )
    change = Change("prevalidation.noted", str(number), None, {"evidence": evidence})
    await work.record(change)


async def expire(work: Work, number: int) -> bool:
    """Records the expiry, which the gate does not wait for. False = it has not expired."""
    found = await _lock(work, number)
    if found.state != "valid" or found.validity.state_at(work.now) != "expired":
        return False
    await prevalidations.set_state(work.connection, number, "expired")
    await record_move(work, "expired", found, "expired")
    return True


async def list_prevalidations(
    work: Work,
    *,
    reseller_id: UUID | None = None,
    organization_id: UUID | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Prevalidation]:
    """Gives pre-validations in the order of their numbers."""
    return await prevalidations.list_all(
        work.connection,
        reseller_id=reseller_id,
        organization_id=organization_id,
        limit=limit,
        offset=offset,
    )


async def list_undecided(work: Work, limit: int) -> list[UndecidedPrevalidation]:
    """Gives those that operators are to decide on, the oldest first."""
    return await prevalidations.list_undecided(work.connection, limit)


async def show_prevalidation(work: Work, number: int) -> Prevalidation:
    """Gives a pre-validation; raises OperatorMistake when there is none."""
    return await _get(work, number)


async def _lock(work: Work, number: int) -> Prevalidation:
    await prevalidations.lock_for_decision(work.connection, [number])
    return await _get(work, number)


async def _get(work: Work, number: int) -> Prevalidation:
    found = await prevalidations.find(work.connection, number)
    if found is None:
        raise OperatorMistake(f"there is no pre-validation {number}")
    return found


async def record_move(
    work: Work, verb: str, before: Prevalidation, state: str, evidence: str = ""
) -> None:
    """Audits a change of state; `evidence` is added to the notes."""
    if evidence:
        await prevalidations.append_evidence(
            work.connection, before.number, _note(work.now, work.origin, evidence)
        )
    after = {"state": state} | ({"evidence": evidence} if evidence else {})
    change = Change(f"prevalidation.{verb}", str(before.number), {"state": before.state}, after)
    await work.record(change)


def _check_dates(wanted: NewPrevalidation) -> None:
    start, end = wanted.valid_from, wanted.expires_at
    if start is not None and end is None:
        raise InvalidDetail("expires", "what was valid from a certain day on also expires")
    if start is not None and end is not None and end <= start:
        raise InvalidDetail("expires", f"it would expire before {instant(start)}, when it begins")


def _note(now: datetime, origin: Origin, text: str) -> str:
    if not text:
        return ""
    if "\0" in text or len(text) > 10_000 or not text.isprintable():
        raise InvalidDetail("evidence", "a note is one line of printable text, up to 10000 long")
    return f"{instant(now)} {origin.actor}: {text}"


async def _domains(texts: Sequence[str]) -> list[str]:
    """Gives each of the domains once, as stored. Other tasks may run between two of them."""
    domains = set()
    for domain in checked_domains(texts):
        domains.add(domain)
        await asyncio.sleep(0)
    return sorted(domains)
