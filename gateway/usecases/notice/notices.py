"""Makes notices from the audit trail, apart from the requests that caused the events.

One process at a time reads on from where the last one stopped. The notices, their deliveries and
the new place in the audit trail are one transaction: after a kill -9 nothing is lost or doubled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import structlog

from gateway.db.pool import Connection, transaction
from gateway.logging import describe, log_fault
from gateway.rules.notice import notices
from gateway.rules.notice.notices import Draft, Event
from gateway.services import Services
from gateway.store.notice import facts as notice_facts
from gateway.store.notice import notices as store

_PAUSE_SECONDS = 1.0
_EVENTS_AT_ONCE = 5_000
_SETTLING_SECONDS = 2.0
_SETTLING_LOOK_SECONDS = 0.02

_log = structlog.get_logger(__name__)

_Making = Callable[[Connection, Event, Decimal], Awaitable[list[Draft]]]


async def keep_making(services: Services) -> None:
    """Makes notices every second; a fault leaves the place in the audit trail where it was."""
    while True:
        try:
            while await make_notices(services):
                pass
        except Exception as error:
            log_fault("notices", error)
        await asyncio.sleep(_PAUSE_SECONDS)


async def make_all_notices(services: Services, now: datetime) -> None:
    """Makes notices of all events until now; they carry the instants of their events."""
    while await make_notices(services, wait=True):
        pass


async def make_notices(services: Services, *, wait: bool = False) -> bool:
    """Makes notices of some events; True = more events wait.

    While another process reads, this one waits, or does nothing. Nothing is read either while a
    transaction that writes events stays open for seconds: later events wait for it, so that none is
    passed over.
    """
    if not await store.anything_unread(services.pool):
        return False
    async with transaction(services.pool) as connection:
        position = await (store.wait_for_cursor if wait else store.lock_cursor)(connection)
        if position is None:
            return False
        newest = await store.newest_event(connection)
        if not await _settled(connection):
            return False
        upto = min(newest, position + _EVENTS_AT_ONCE)
        actions = await _wanted_actions(connection)
        events = await notice_facts.read_events(connection, position, upto, actions)
        drafts = await _drafts(connection, events, Decimal(services.settings.notices.low_balance))
        if drafts:
            numbers = await store.add(connection, notices.in_order(drafts))
            await store.queue(connection, numbers)
        await store.move_cursor(connection, upto)
    return upto < newest


async def _settled(connection: Connection) -> bool:
    """Waits until all transactions have ended that were writing events when this was called."""
    open_then = set(await store.writers(connection))
    waited = 0.0
    while open_then & set(await store.writers(connection)):
        if waited > _SETTLING_SECONDS:
            return False
        await asyncio.sleep(_SETTLING_LOOK_SECONDS)
        waited += _SETTLING_LOOK_SECONDS
    return True


async def _wanted_actions(connection: Connection) -> list[str]:
    """The actions to read; issued certificates, the most events, only if they are wanted."""
    if await notice_facts.certificates_wanted(connection):
        return [_ISSUED, _REVOKED, *_MAKING]
    return [_REVOKED, *_MAKING]


async def _drafts(
    connection: Connection, events: Sequence[Event], low_balance: Decimal
) -> list[Draft]:
    drafts = await _of_certificates(connection, events, _ISSUED, only_wanted=True)
    drafts += await _of_certificates(connection, events, _REVOKED, only_wanted=False)
    for event in events:
        making = _MAKING.get(event.action)
        if making is None:
            continue
        try:
            drafts += await making(connection, event, low_balance)
        except (LookupError, ValueError, TypeError) as error:
            # An event that cannot be read must not hold up the later ones for ever.
            _log.error("notices.event_unreadable", event_id=event.id, **describe(error))
    return drafts


async def _of_certificates(
    connection: Connection, events: Sequence[Event], action: str, *, only_wanted: bool
) -> list[Draft]:
    """Makes the notices of all certificate events in one query: there may be very many."""
    event_by_serial = {event.subject: event for event in events if event.action == action}
    if not event_by_serial:
        return []
    found = await notice_facts.certificates(
        connection, list(event_by_serial), only_wanted=only_wanted
    )
    return [notices.certificate(event_by_serial[facts.serial], facts) for facts in found]


async def _of_refusal(connection: Connection, event: Event, _: Decimal) -> list[Draft]:
    owner = await notice_facts.owner_of_account(connection, event.actor.removeprefix("acme:"))
    if owner is None:
        return []
    drafts = []
    for refused in notices.refusals_to_notify_of(event):
        new_names = await store.notify_of_refusal(
            connection,
            kid=owner.kid,
            day=notices.day_of(event),
            refused=refused,
            event_id=event.id,
            most=notices.REFUSALS_A_DAY,
        )
        if new_names:
            drafts.append(notices.refusal(event, owner, refused, new_names))
    return drafts


async def _of_charge(connection: Connection, event: Event, low_balance: Decimal) -> list[Draft]:
    charges = await notice_facts.charges(connection, int(event.subject))
    drafts = [notices.low_balance(event, charge, low_balance) for charge in charges]
    return [draft for draft in drafts if draft is not None]


async def _of_subscription(connection: Connection, event: Event, _: Decimal) -> list[Draft]:
    owner = await notice_facts.owner_of_credential(connection, event.subject)
    expires_at = datetime.fromisoformat(event.after["expiresAt"])
    return [] if owner is None else [notices.subscription(event, owner, expires_at)]


async def _of_prevalidation(connection: Connection, event: Event, _: Decimal) -> list[Draft]:
    found = await notice_facts.prevalidation(connection, int(event.subject))
    return [] if found is None else [notices.prevalidation(event, found)]


_ISSUED = "certificate.issued"
_REVOKED = "certificate.revoked"
_MAKING: Mapping[str, _Making] = {
    "issuance.refused": _of_refusal,
    "purchase.charged": _of_charge,
    "subscription.expiring": _of_subscription,
    "subscription.grace_began": _of_subscription,
    "subscription.expired": _of_subscription,
    "prevalidation.expiring": _of_prevalidation,
    "prevalidation.renewed": _of_prevalidation,
}
"""Other actions of the audit trail and how to make their notices. A new kind is a line here."""
