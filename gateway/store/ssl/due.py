"""When which SSL certificate orders need work: `due_at`, in database time."""

from datetime import datetime, timedelta

from gateway.db.pool import Connection, Pool

_SECONDS_A_CLAIM = 15.0
"""What ended process after process is left alone for longer and longer."""


async def claim_due(
    pool: Pool | Connection, lease: timedelta, limit: int, *, suspects: bool = False
) -> list[str]:
    """Leases orders that are due and that no process works on.

    Orders during which more than one process ended are `suspects`: they are given only on request,
    and after a pause.
    """
    rows = await pool.fetch(
        """
        UPDATE ssl."order"
           SET due_at = clock_timestamp() + $1::interval, claims = claims + 1
         WHERE cert_id IN (
                SELECT cert_id
                  FROM ssl."order"
                 WHERE due_at <= clock_timestamp()
                   AND (claims > 1) = $3
                   AND (NOT $3
                        OR due_at <= clock_timestamp() - make_interval(secs => $4 * claims))
                 ORDER BY due_at
                 LIMIT $2
                   FOR UPDATE SKIP LOCKED)
        RETURNING cert_id
        """,
        lease,
        limit,
        suspects,
        _SECONDS_A_CLAIM,
    )
    return [row["cert_id"] for row in rows]


async def conclude(pool: Pool, cert_id: str) -> None:
    """Records that the process has finished its work on the order, with any result."""
    await pool.execute(
        'UPDATE ssl."order" SET claims = 0 WHERE cert_id = $1 AND claims > 0', cert_id
    )


async def make_due(connection: Connection, cert_id: str, due_in: timedelta) -> None:
    """Makes the order due after that time."""
    await connection.execute(
        """
        UPDATE ssl."order"
           SET due_at = clock_timestamp() + $2::interval
         WHERE cert_id = $1
        """,
        cert_id,
        due_in,
    )


async def look_soon(connection: Connection, cert_id: str, due_in: timedelta) -> None:
    """Makes the next look come within that time, and resets the pauses, for a customer."""
    await connection.execute(
        """
        UPDATE ssl."order"
           SET due_at = least(due_at, clock_timestamp() + $2::interval), attempts = 0
         WHERE cert_id = $1
        """,
        cert_id,
        due_in,
    )


async def unproven_since(pool: Pool, until: datetime, limit: int) -> list[tuple[datetime, str]]:
    """Gives orders whose proofs are looked at, applied for until then: (submitted_at, cert_id)."""
    rows = await pool.fetch(
        """
        SELECT application.submitted_at, placed.cert_id
          FROM ssl."order" placed
          JOIN ssl.application ON application.id = placed.application_id
         WHERE placed.status IN ('CHECKING', 'SUPPLEMENTCHECKING')
           AND placed.updated_at <= $1
           AND application.submitted_at <= $1
           AND application.intent IS NULL
         ORDER BY application.submitted_at
         LIMIT $2
        """,
        until,
        limit,
    )
    return [(row["submitted_at"], row["cert_id"]) for row in rows]


async def rest(connection: Connection | Pool, cert_id: str, status: str) -> None:
    """Makes the order due no more while it has this status."""
    await connection.execute(
        """
        UPDATE ssl."order"
           SET due_at = NULL
         WHERE cert_id = $1
           AND status = $2
        """,
        cert_id,
        status,
    )


async def pause(
    connection: Connection | Pool,
    cert_id: str,
    due_in: timedelta,
    problem: str | None,
    *,
    counted: bool = True,
) -> None:
    """Shows the customer what prevents progress, and when the next look comes.

    A pause that is `counted` makes the later ones longer.
    """
    await connection.execute(
        """
        UPDATE ssl."order"
           SET attempts = attempts + $4::boolean::integer,
               due_at = clock_timestamp() + $2::interval,
               problem = $3
         WHERE cert_id = $1
           AND due_at IS NOT NULL
        """,
        cert_id,
        due_in,
        problem,
        counted,
    )
