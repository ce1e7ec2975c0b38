"""Makes notices of what the audit trail tells, away from the requests that caused it.

One process at a time reads on from where the last one stopped. The notices, their deliveries and
the new place in the audit trail are one transaction: after a kill -9 nothing is lost or doubled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import structlog

from gateway.db.pool import Connection, is_outage, transaction
from gateway.logging import describe
from gateway.rules import notices
from gateway.rules.notices import Draft, Event
from gateway.services import Services
from gateway.store import notice_facts
from gateway.store import notices as store

_PAUSE_SECONDS = 1.0
_EVENTS_AT_ONCE = 5_000
_SETTLING_SECONDS = 2.0
_SETTLING_LOOK_SECONDS = 0.02

_log = structlog.get_logger(__name__)

_Making = Callable[[Connection, Sequence[Event], Decimal], Awaitable[list[Draft]]]


async def keep_making(services: Services) -> None:
    """Every second; a fault leaves the place in the audit trail where it was."""
    while True:
        try:
            while await make_notices(services):
                pass
        except Exception as error:
            if is_outage(error):
                _log.warning("notices.database_away", error=type(error).__name__)
            else:
                _log.error("notices.failed", **describe(error))
        await asyncio.sleep(_PAUSE_SECONDS)


async def make_all_notices(services: Services, now: datetime) -> None:
    """Everything that has happened until now; the notices carry the instants of their events."""
    while await make_notices(services, wait=True):
        pass


async def make_notices(services: Services, *, wait: bool = False) -> bool:
    """Reads some events; True = there were more of them.

    While another process reads, this one waits, or does nothing. Nothing is read either while a
    transaction that writes events stays open for seconds: later ones wait for it, so that none is
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
    """Waits until all have ended that were writing events when this was called."""
    open_then = set(await store.writers(connection))
    waited = 0.0
    while open_then & set(await store.writers(connection)):
        if waited > _SETTLING_SECONDS:
            return False
        await asyncio.sleep(_SETTLING_LOOK_SECONDS)
        waited += _SETTLING_LOOK_SECONDS
    return True


async def _wanted_actions(connection: Connection) -> list[str]:
    """Certificates become notices only if somebody wants them: most events tell of one."""
    if await notice_facts.certificates_wanted(connection):
        return list(_MAKING)
    return [action for action in _MAKING if action != "certificate.issued"]


async def _drafts(
    connection: Connection, events: Sequence[Event], low_balance: Decimal
) -> list[Draft]:
    by_making: dict[_Making, list[Event]] = {}
    for event in events:
        by_making.setdefault(_MAKING[event.action], []).append(event)
    drafts = []
    for making, those in by_making.items():
        drafts += await making(connection, those, low_balance)
    return drafts


async def _of_issued(connection: Connection, events: Sequence[Event], _: Decimal) -> list[Draft]:
    return await _of_certificates(connection, events, only_wanted=True)


async def _of_revoked(connection: Connection, events: Sequence[Event], _: Decimal) -> list[Draft]:
    return await _of_certificates(connection, events, only_wanted=False)


async def _of_certificates(
    connection: Connection, events: Sequence[Event], *, only_wanted: bool
) -> list[Draft]:
    serials = [event.subject for event in events]
    found = await notice_facts.certificates(connection, serials, only_wanted=only_wanted)
    by_serial = {facts.serial: facts for facts in found}
    return [
        notices.certificate(event, by_serial[event.subject])
        for event in events
        if event.subject in by_serial
    ]


async def _of_refused(connection: Connection, events: Sequence[Event], _: Decimal) -> list[Draft]:
    accounts = [event.actor.removeprefix("acme:") for event in events]
    owners = {
        owner.account_id: owner
        for owner in await notice_facts.owners_of_accounts(connection, accounts)
    }
    drafts = []
    for event, account in zip(events, accounts, strict=True):
        owner = owners.get(account)
        if owner is None:
            continue
        for refused in notices.refusals_to_tell(event):
            untold = await store.tell_refusal(
                connection,
                kid=owner.kid,
                day=notices.day_of(event),
                reason=refused.reason,
                names=refused.names,
                event_id=event.id,
                most=notices.REFUSALS_A_DAY,
            )
            if untold:
                drafts.append(notices.refusal(event, owner, refused, untold))
    return drafts


async def _of_charges(
    connection: Connection, events: Sequence[Event], low_balance: Decimal
) -> list[Draft]:
    drafts = []
    for event in events:
        for charge in await notice_facts.charges(connection, int(event.subject)):
            draft = notices.low_balance(event, charge, low_balance)
            if draft is not None:
                drafts.append(draft)
    return drafts


async def _of_subscriptions(
    connection: Connection, events: Sequence[Event], _: Decimal
) -> list[Draft]:
    drafts = []
    for event in events:
        owner = await notice_facts.owner_of_credential(connection, event.subject)
        if owner is not None:
            expires_at = datetime.fromisoformat(event.after["expiresAt"])
            drafts.append(notices.subscription(event, owner, expires_at))
    return drafts


async def _of_prevalidations(
    connection: Connection, events: Sequence[Event], _: Decimal
) -> list[Draft]:
    numbers = [int(event.subject) for event in events]
    found = {
        facts.number: facts for facts in await notice_facts.prevalidations(connection, numbers)
    }
    return [
        notices.prevalidation(event, found[number])
        for event, number in zip(events, numbers, strict=True)
        if number in found
    ]


_MAKING: Mapping[str, _Making] = {
    "certificate.issued": _of_issued,
    "certificate.revoked": _of_revoked,
    "issuance.refused": _of_refused,
    "purchase.charged": _of_charges,
    "subscription.expiring": _of_subscriptions,
    "subscription.grace_began": _of_subscriptions,
    "subscription.expired": _of_subscriptions,
    "prevalidation.expiring": _of_prevalidations,
    "prevalidation.renewed": _of_prevalidations,
}
"""Actions of the audit trail that notices are made of. Another kind is a line here."""
