"""Background work as operators handle it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.db.pool import Connection
from gateway.errors import OperatorMistake
from gateway.origin import Origin
from gateway.store.operation import audit, jobs
from gateway.store.operation.audit import Change


async def list_jobs(connection: Connection, state: str) -> list[dict[str, Any]]:
    """Rows of ops.jobs that are `waiting`, `running` or `failed`."""
    return await jobs.list_jobs(connection, state)


async def retry(
    connection: Connection, now: datetime, origin: Origin, job_ids: Sequence[int] | None
) -> list[int]:
    """Takes up what has failed for good again; None = all of it. Gives the ids.

    Raises OperatorMistake when one of the ids is not that of failed work.
    """
    retried = await jobs.retry_failed(connection, job_ids)
    if unknown := set(job_ids or ()) - set(retried):
        raise OperatorMistake(f"job {min(unknown)} has not failed; see gateway jobs list --failed")
    await audit.record(
        connection, now, origin, *(Change("job.retried", str(number)) for number in retried)
    )
    return retried
