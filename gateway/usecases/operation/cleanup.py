"""Deletes what is over from the database, in batches short enough not to hold up requests."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from gateway.db.pool import Connection, Pool, transaction
from gateway.services import Services
from gateway.store.acme import nonces
from gateway.store.notice import notices
from gateway.store.operation import (
    bulk_revocation_items,
    bulk_revocations,
    cleanup,
    refusals,
    sessions,
)

_BATCH = 500
_PAUSE_SECONDS = 0.05
_RESPONSES_KEPT = timedelta(hours=24)
_UNCONFIRMED_KEPT = timedelta(days=1)

_LockOrders = Callable[[Connection, datetime, int], Awaitable[list[UUID]]]

_log = structlog.get_logger(__name__)


async def clean_up(services: Services, now: datetime) -> None:
    """Deletes what is over: ACME's nonces and orders, responses, notices, refusals, sessions, jobs.

    Sessions and the job log are measured in real time.
    """
    pool, retention = services.pool, services.settings.retention
    unfinished = now - timedelta(days=retention.order_days)
    issued = now - timedelta(days=retention.issued_order_days)
    job_age = timedelta(days=retention.job_days)
    await _empty("nonces", lambda: nonces.delete_outlived(pool, _BATCH * 10))
    await _empty(
        "unfinished orders",
        lambda: _delete_orders(pool, cleanup.lock_unfinished_orders, unfinished),
    )
    await _empty("orders", lambda: _delete_orders(pool, cleanup.lock_finalized_orders, issued))
    await _empty("authorizations", lambda: cleanup.delete_authorizations(pool, issued, _BATCH))
    await _empty("responses", lambda: cleanup.delete_responses(pool, now - _RESPONSES_KEPT, _BATCH))
    notice_age = timedelta(days=retention.notice_days)
    await _empty("notices", lambda: notices.delete_old(pool, notice_age, _BATCH))
    refusal_age = timedelta(days=retention.refusal_days)
    await _empty("refusals", lambda: refusals.delete_old(pool, now, refusal_age, _BATCH))
    seen = await services.real_clock.now()
    idle = timedelta(minutes=services.settings.console.idle_minutes)
    await _empty("sessions", lambda: sessions.delete_over(pool, seen, idle, _BATCH))
    unconfirmed = now - _UNCONFIRMED_KEPT
    await _empty(
        "unconfirmed bulk revocations",
        lambda: bulk_revocations.delete_unconfirmed(pool, unconfirmed, _BATCH),
    )
    await _empty(
        "lists of bulk revocations",
        lambda: bulk_revocation_items.delete_ended(pool, now - job_age, _BATCH),
    )
    await _empty("job log", lambda: cleanup.delete_job_log(pool, job_age, _BATCH))


async def _delete_orders(pool: Pool, lock_some: _LockOrders, ended_before: datetime) -> int:
    async with transaction(pool) as connection:
        order_ids = await lock_some(connection, ended_before, _BATCH)
        if order_ids:
            await cleanup.delete_orders(connection, order_ids, ended_before)
    return len(order_ids)


async def _empty(what: str, delete_some: Callable[[], Awaitable[int]]) -> None:
    deleted = 0
    while some := await delete_some():
        deleted += some
        await asyncio.sleep(_PAUSE_SECONDS)
    if deleted:
        _log.info("cleanup.deleted", what=what, rows=deleted)
