"""The state of background work and of what waits for long, in one statement."""

from dataclasses import dataclass
from datetime import datetime

from gateway.db.pool import Connection, fetch_one


@dataclass(frozen=True, slots=True)
class Vitals:
    """Numbers that should be small; the times are real time."""

    jobs_failed: int
    jobs_waiting: int
    oldest_waiting_since: datetime | None
    last_periodic_run: datetime | None
    stuck_orders: int
    failing_destinations: int
    unreported_revocations: int


async def read_vitals(connection: Connection) -> Vitals:
    """Gives the numbers as they are now."""
    row = await fetch_one(
        connection,
        """
        SELECT (SELECT count(*) FROM job.queue WHERE status = 'failed') AS jobs_failed,
               (SELECT count(*) FROM job.queue WHERE status = 'queued') AS jobs_waiting,
               (SELECT min(execute_after)
                  FROM job.queue
                 WHERE status = 'queued') AS oldest_waiting_since,
               (SELECT max(last_run) FROM job.schedule) AS last_periodic_run,
               -- As ops.stuck_orders; every processing order has a lease, whose index finds it.
               (SELECT count(*)
                  FROM acme."order"
                 WHERE status = 'processing'
                   AND issue_after IS NOT NULL
                   AND created_at < ops.business_now() - interval '1 hour') AS stuck_orders,
               (SELECT count(*) FROM ops.failing_destinations) AS failing_destinations,
               (SELECT count(*)
                  FROM ca.revocation
                 WHERE reported_at IS NULL) AS unreported_revocations
        """,
    )
    return Vitals(**row)
