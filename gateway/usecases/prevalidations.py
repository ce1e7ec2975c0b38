"""Pre-validations: ordering, deciding on them, and letting names lean on another one.

Locks: pre-validations in the order of their numbers, then EAB credentials, then the reseller.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from gateway.db.pool import Connection
from gateway.errors import ArgumentInvalid, OperatorMistake
from gateway.origin import Origin
from gateway.rules.organizations import InvalidDetail
from gateway.rules.prevalidation import (
    can_be_rejected,
    checked_domains,
    checked_type,
    covers,
    decide_approval,
    instant,
)
from gateway.store import audit, eab_credentials, organizations, prevalidations
from gateway.store.audit import Change
from gateway.store.prevalidations import Prevalidation
from gateway.usecases.organizations import unknown_organization

__all__ = ["Prevalidation"]


@dataclass(frozen=True, slots=True)
class NewPrevalidation:
    """What is to be validated, or was elsewhere: then `expires_at` says until when (O3).

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


async def add_prevalidation(
    connection: Connection, now: datetime, origin: Origin, wanted: NewPrevalidation
) -> int:
    """Gives the anchor order number; with `expires_at` it is valid, otherwise requested.

    It keeps the organization's details as they are at this moment. Raises InvalidDetail.
    """
    kind, domains = checked_type(wanted.type), checked_domains(wanted.domains)
    organization = await organizations.lock(connection, wanted.organization_id, wanted.reseller_id)
    if organization is None:
        raise unknown_organization(wanted.organization_id)
    _check_dates(wanted)
    if wanted.previous_number is not None:
        previous = await prevalidations.find(
            connection, wanted.previous_number, reseller_id=wanted.reseller_id
        )
        if previous is None or previous.organization_id != organization.id:
            raise InvalidDetail(
                "previous", f"the organization has no pre-validation {wanted.previous_number}"
            )
    state = "requested" if wanted.expires_at is None else "valid"
    try:
        async with connection.transaction():
            number = await prevalidations.add(
                connection,
                organization_id=organization.id,
                reseller_id=wanted.reseller_id,
                type=kind,
                state=state,
                details=organization.details,
                domains=domains,
                requested_at=now,
                valid_from=wanted.valid_from,
                expires_at=wanted.expires_at,
                previous_number=wanted.previous_number,
                evidence=_note(now, origin, wanted.evidence),
            )
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
    await audit.record(
        connection, now, origin, Change("prevalidation.added", str(number), None, after)
    )
    return number


async def begin_validation(
    connection: Connection, now: datetime, origin: Origin, number: int, evidence: str = ""
) -> Prevalidation:
    """requested → in_validation; one that has gone further stays. Raises OperatorMistake."""
    found = await _lock(connection, number)
    if found.state == "requested":
        await prevalidations.set_state(connection, number, "in_validation")
        await _record_move(connection, now, origin, "begun", found, "in_validation", evidence)
    return await _get(connection, number)


async def approve(
    connection: Connection,
    now: datetime,
    origin: Origin,
    number: int,
    *,
    expires_at: datetime | None = None,
    term: timedelta,
    evidence: str = "",
) -> tuple[Prevalidation, bool]:
    """Valid from now until `expires_at`, or for `term`; False = it was valid already.

    Raises OperatorMistake for one that is over.
    """
    found = await _lock(connection, number)
    approval = decide_approval(number, found.validity, expires_at, term, now)
    if approval is None:
        return found, False
    await prevalidations.set_state(
        connection,
        number,
        "valid",
        valid_from=approval.valid_from,
        expires_at=approval.expires_at,
    )
    await _record_move(connection, now, origin, "approved", found, "valid", evidence)
    return await _get(connection, number), True


async def reject(
    connection: Connection, now: datetime, origin: Origin, number: int, evidence: str = ""
) -> tuple[Prevalidation, bool]:
    """For good, also one that was valid: its names get no certificates from this moment on.

    False = it was rejected already. Raises OperatorMistake for one that was superseded.
    """
    found = await _lock(connection, number)
    if not can_be_rejected(found.validity):
        if found.state == "rejected":
            return found, False
        raise OperatorMistake(f"pre-validation {number} is {found.state}; no name leans on it")
    await prevalidations.lock_linked_credentials(connection, number)
    await prevalidations.set_state(connection, number, "rejected")
    await _record_move(connection, now, origin, "rejected", found, "rejected", evidence)
    return await _get(connection, number), True


async def note(
    connection: Connection, now: datetime, origin: Origin, number: int, evidence: str
) -> None:
    """Adds to the evidence, whatever the state. Raises OperatorMistake."""
    await _lock(connection, number)
    await prevalidations.append_evidence(connection, number, _note(now, origin, evidence))
    change = Change("prevalidation.noted", str(number), None, {"evidence": evidence})
    await audit.record(connection, now, origin, change)


async def expire(connection: Connection, now: datetime, origin: Origin, number: int) -> bool:
    """Writes down that it has expired; the gate does not wait for that. False = it has not."""
    found = await _lock(connection, number)
    if found.state != "valid" or found.validity.state_at(now) != "expired":
        return False
    await prevalidations.set_state(connection, number, "expired")
    await _record_move(connection, now, origin, "expired", found, "expired", "")
    return True


async def reassign(
    connection: Connection,
    now: datetime,
    origin: Origin,
    *,
    reseller_id: UUID,
    old_number: int,
    new_number: int,
    kid: str | None = None,
) -> set[UUID]:
    """Lets names lean on `new_number` instead of `old_number`; gives the ids of their rows (O8).

    Those of one credential, or with `kid` None all of them. When the new one renews the old one
    and no name is left on that, it is superseded. Raises ArgumentInvalid (E3) when the new one is
    not valid now or does not cover one of the names: then nothing may be committed.
    """
    await prevalidations.lock_for_decision(connection, {old_number, new_number})
    if kid is None:
        await prevalidations.lock_linked_credentials(connection, old_number)
    else:
        await eab_credentials.lock_for_change(connection, kid)
    old = await prevalidations.find(connection, old_number, reseller_id=reseller_id)
    new = await prevalidations.find(connection, new_number, reseller_id=reseller_id)
    if old is None:
        raise ArgumentInvalid("oldOVAnchorOrderNumber")
    linked = await prevalidations.linked_names(connection, old_number, kid)
    if (
        new is None
        or not new.validity.holds(now)
        or not all(covers(new.domains, link.name) for link in linked)
    ):
        raise ArgumentInvalid("ovAnchorOrderNumber")
    if old_number == new_number:
        return set()
    moved = await prevalidations.move_links(connection, old_number, new_number, kid)
    changes = [_reassigned(link.name, link.kid, old_number, new_number) for link in linked]
    await audit.record(connection, now, origin, *changes)
    if new.previous_number == old.number:
        await _supersede(connection, now, origin, old, new)
    return moved


async def reassign_ev(
    connection: Connection,
    now: datetime,
    *,
    reseller_id: UUID,
    old_number: int | None,
    new_number: int | None,
    kid: str,
) -> set[UUID]:
    """As `reassign` for the EV pre-validations that are kept with names; call it afterwards.

    Raises ArgumentInvalid (E3) for what is not the reseller's, or not a valid EV one.
    """
    if old_number is None or not await prevalidations.find(
        connection, old_number, reseller_id=reseller_id
    ):
        raise ArgumentInvalid("oldEVAnchorOrderNumber")
    new = None
    if new_number is not None:
        await prevalidations.lock_for_linking(connection, [new_number], reseller_id)
        new = await prevalidations.find(connection, new_number, reseller_id=reseller_id)
    if new is None or new.type != "EV" or not new.validity.holds(now):
        raise ArgumentInvalid("evAnchorOrderNumber")
    names = await prevalidations.ev_linked_names(connection, old_number, kid)
    if not all(covers(new.domains, name) for name in names):
        raise ArgumentInvalid("evAnchorOrderNumber")
    if old_number == new.number:
        return set()
    return await prevalidations.move_ev_links(connection, old_number, new.number, kid)


async def list_prevalidations(
    connection: Connection,
    *,
    reseller_id: UUID | None = None,
    organization_id: UUID | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Prevalidation]:
    """In the order of their numbers."""
    return await prevalidations.list_all(
        connection,
        reseller_id=reseller_id,
        organization_id=organization_id,
        limit=limit,
        offset=offset,
    )


async def show_prevalidation(connection: Connection, number: int) -> Prevalidation:
    """Raises OperatorMistake when there is none."""
    return await _get(connection, number)


async def _lock(connection: Connection, number: int) -> Prevalidation:
    await prevalidations.lock_for_decision(connection, [number])
    return await _get(connection, number)


async def _get(connection: Connection, number: int) -> Prevalidation:
    found = await prevalidations.find(connection, number)
    if found is None:
        raise OperatorMistake(f"there is no pre-validation {number}")
    return found


async def _supersede(
    connection: Connection, now: datetime, origin: Origin, old: Prevalidation, new: Prevalidation
) -> None:
    """O7: what an EV pre-validation was kept for ends too, unless the renewal is one as well."""
    if old.state not in ("valid", "expired"):
        return
    if await prevalidations.linked_names(connection, old.number):
        return
    await prevalidations.move_ev_links(
        connection, old.number, new.number if new.type == "EV" else None
    )
    await prevalidations.set_state(connection, old.number, "superseded")
    await _record_move(connection, now, origin, "superseded", old, "superseded", "")


async def _record_move(
    connection: Connection,
    now: datetime,
    origin: Origin,
    verb: str,
    before: Prevalidation,
    state: str,
    evidence: str,
) -> None:
    if evidence:
        await prevalidations.append_evidence(
            connection, before.number, _note(now, origin, evidence)
        )
    after = {"state": state} | ({"evidence": evidence} if evidence else {})
    change = Change(f"prevalidation.{verb}", str(before.number), {"state": before.state}, after)
    await audit.record(connection, now, origin, change)


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


def _reassigned(name: str, kid: str, old_number: int, new_number: int) -> Change:
    return Change(
        "domain.reassigned",
        name,
        {"credential": kid, "ovAnchorOrderNumber": old_number},
        {"credential": kid, "ovAnchorOrderNumber": new_number},
    )
