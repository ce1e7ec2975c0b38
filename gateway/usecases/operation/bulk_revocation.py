"""Revoking many certificates by one decision: prepare it, look at it, start it, cancel it.

bulk_revocation_runner.py carries it out in the background.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway import ids
from gateway.errors import NotFound
from gateway.errors.operation import SelectionMistake
from gateway.rules.operation import bulk_revocation as rules
from gateway.rules.operation.bulk_revocation import CRITERIA, MOST, Criterion
from gateway.rules.operation.revocation_reasons import REASONS, require_reason
from gateway.store.ca import revocable
from gateway.store.ca.revocable import RevocableCertificate
from gateway.store.operation import bulk_revocation_items as items
from gateway.store.operation import bulk_revocations as store
from gateway.store.operation.audit import Change
from gateway.store.operation.bulk_revocation_items import FailedItem
from gateway.store.operation.bulk_revocations import BulkRevocation, NewBulkRevocation
from gateway.usecases.operation.bulk_criteria import listed_in, select, value_of
from gateway.usecases.work import Work

__all__ = ["CRITERIA", "MOST", "BulkRevocation", "FailedItem", "RevocableCertificate"]

MOST_SHOWN = 10
"""Certificates of a preview, and failures, that are shown."""


@dataclass(frozen=True, slots=True)
class BulkWanted:
    """What an operator decides. `text` says which: a name, key, id, or list, by `criterion`."""

    criterion: Criterion
    text: str
    reason: int
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a prepared one would revoke now: how many, and some; serials that do not exist.

    `too_many` = there are more than MOST, and `number` is no count of them.
    """

    number: int
    too_many: bool
    certificates: Sequence[RevocableCertificate]
    unknown_number: int
    unknown: Sequence[str]


async def prepare(work: Work, wanted: BulkWanted) -> UUID:
    """Stores a decision to be looked at; nothing is revoked yet. Gives its id.

    Raises SelectionMistake, BadRevocationReason.
    """
    require_reason(wanted.reason)
    why = rules.require_why(wanted.why)
    value = value_of(wanted.criterion, wanted.text)
    serials = listed_in(wanted.criterion, wanted.text)
    bulk = NewBulkRevocation(
        ids.new_id(),
        wanted.criterion,
        value,
        wanted.reason,
        why,
        work.origin.actor,
        work.origin.source,
    )
    await store.add(work.connection, bulk, work.now)
    await items.add(work.connection, bulk.id, serials)
    after: dict[str, Any] = {
        "criterion": wanted.criterion,
        "value": value,
        "listed": len(serials),
        "reason": REASONS[wanted.reason],
        "why": why,
    }
    await work.record(Change("bulk_revocation.prepared", str(bulk.id), after=after))
    return bulk.id


async def preview(work: Work, bulk: BulkRevocation) -> Preview:
    """Gives what a prepared one would revoke at this moment."""
    found = await select(work, bulk)
    number, unknown = 0, list[str]()
    if bulk.criterion == "serials":
        number, unknown = await items.unknown(work.connection, bulk.id, MOST_SHOWN)
    shown = await revocable.shown(work.connection, found[:MOST_SHOWN])
    return Preview(len(found), len(found) > MOST, shown, number, unknown)


async def rehearse(work: Work, wanted: BulkWanted) -> Preview:
    """Gives what a decision would revoke, and stores nothing. Raises as `prepare`."""
    attempt = work.connection.transaction()
    await attempt.start()
    try:
        bulk = await show(work, await prepare(work, wanted))
        return await preview(work, bulk)
    finally:
        await attempt.rollback()


async def start(work: Work, bulk_id: UUID, shown: int | None = None) -> int:
    """Starts a prepared one, by the person who confirms it; gives how many certificates it has.

    `shown` = as many certificates as this person has seen that it would revoke; None = none was
    seen. Raises NotFound, SelectionMistake, and SelectionChanged when it is another number now.
    """
    bulk = await _locked(work, bulk_id)
    if bulk.status != "prepared":
        raise SelectionMistake("", "it was started or cancelled before")
    serials = await select(work, bulk)
    rules.require_counted(shown, len(serials))
    rules.require_at_most(len(serials))
    if not serials:
        raise SelectionMistake("", "there is no certificate to revoke")
    total = await store.start(work.connection, bulk_id, serials, work.origin, work.now)
    await work.record(
        Change("bulk_revocation.started", str(bulk_id), after={"total": total, "why": bulk.why})
    )
    return total


async def cancel(work: Work, bulk_id: UUID) -> BulkRevocation:
    """Cancels one that is prepared or runs: what is not revoked by now stays valid.

    It waits for the certificates that are being revoked. Raises NotFound, SelectionMistake.
    """
    bulk = await _locked(work, bulk_id)
    if bulk.status not in ("prepared", "running"):
        raise SelectionMistake("", f"it is {bulk.status} already")
    await store.end(work.connection, bulk_id, "cancelled", work.now)
    after = {"total": bulk.total, "done": bulk.done, "failed": bulk.failed}
    before = {"status": bulk.status}
    await work.record(Change("bulk_revocation.cancelled", str(bulk_id), before, after))
    return bulk


async def show(work: Work, bulk_id: UUID) -> BulkRevocation:
    """Gives one by its id; raises NotFound."""
    found = await store.find(work.connection, bulk_id)
    if found is None:
        raise NotFound
    return found


async def list_failed(work: Work, bulk: BulkRevocation) -> list[FailedItem]:
    """Gives the first of its certificates that could not be revoked."""
    return await items.failed(work.connection, bulk.id, MOST_SHOWN) if bulk.failed else []


async def list_all(work: Work, *, limit: int, offset: int) -> tuple[int, list[BulkRevocation]]:
    """Gives how many there are, and some of them, the newest first."""
    return await store.page(work.connection, limit=limit, offset=offset)


async def _locked(work: Work, bulk_id: UUID) -> BulkRevocation:
    found = await store.lock(work.connection, bulk_id)
    if found is None:
        raise NotFound
    return found
