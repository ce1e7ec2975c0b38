"""Listing and retrying background work, for operators."""

from collections.abc import Sequence
from typing import Any

from gateway.errors import OperatorMistake
from gateway.store.operation import jobs
from gateway.store.operation.audit import Change
from gateway.store.operation.jobs import ListedJob
from gateway.usecases.work import Work

STATES = ("failed", "running", "waiting")


async def page_of_jobs(
    work: Work, state: str, *, limit: int, offset: int
) -> tuple[dict[str, int], list[ListedJob]]:
    """Gives the number of units by state, and some of those in one of STATES."""
    counts = await jobs.count_by_state(work.connection)
    found = await jobs.page_of_jobs(work.connection, state, limit=limit, offset=offset)
    return {each: counts.get(each, 0) for each in STATES}, found


async def list_jobs(work: Work, state: str) -> list[dict[str, Any]]:
    """Gives the rows of ops.jobs that are `waiting`, `running` or `failed`."""
    return await jobs.list_jobs(work.connection, state)


async def retry(work: Work, job_ids: Sequence[int] | None) -> list[int]:
    """Retries background work that has failed for good; None = all of it. Gives the ids.

    Raises OperatorMistake when one of the ids is not that of failed work.
    """
    retried = await jobs.retry_failed(work.connection, job_ids)
    if unknown := set(job_ids or ()) - set(retried):
        raise OperatorMistake(f"job {min(unknown)} has not failed; see gateway jobs list --failed")
    await work.record(*(Change("job.retried", str(number)) for number in retried))
    return retried
