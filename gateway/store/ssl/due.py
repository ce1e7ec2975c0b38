"""Which certificate orders something is to be done for, and when: `due_at`, in database time."""

from datetime import datetime, timedelta

from gateway.db.pool import Connection, Pool

_SECONDS_A_CLAIM = 15.0
"""What ended process after process is left alone for longer and longer."""


async def claim_due(
    pool: Pool | Connection, lease: timedelta, limit: int, *, suspects: bool = False
) -> list[str]:
    """Orders that nobody works on and that are due; this process has them until the lease ends.

    Orders that more than one process ended with are `suspects`: the others are given without them,
    and they after a pause.
    """
    rows = await pool.fetch(
        """
        UPDATE ssl.certificate_order
           SET due_at = clock_timestamp() + $1::interval, claims = claims + 1
         WHERE cert_id IN (
                SELECT cert_id
                  FROM ssl.certificate_order
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
    """The process that worked on the order has not ended by it, whatever came of it."""
    await pool.execute(
        "UPDATE ssl.certificate_order SET claims = 0 WHERE cert_id = $1 AND claims > 0", cert_id
    )


async def make_due(connection: Connection, cert_id: str, due_in: timedelta) -> None:
    """Somebody goes on with the order when that time has passed."""
    await connection.execute(
        """
        UPDATE ssl.certificate_order
           SET due_at = clock_timestamp() + $2::interval
         WHERE cert_id = $1
        """,
        cert_id,
        due_in,
    )


async def look_soon(connection: Connection, cert_id: str, due_in: timedelta) -> None:
    """A customer asks for a look: it comes no later than that, and pauses begin short again."""
    await connection.execute(
        """
        UPDATE ssl.certificate_order
           SET due_at = least(due_at, clock_timestamp() + $2::interval), attempts = 0
         WHERE cert_id = $1
        """,
        cert_id,
        due_in,
    )


async def unproven_since(pool: Pool, until: datetime, limit: int) -> list[tuple[datetime, str]]:
    """Orders whose proofs are looked at, applied for until then: (submitted_at, cert_id)."""
    rows = await pool.fetch(
        """
        SELECT application.submitted_at, placed.cert_id
          FROM ssl.certificate_order placed
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
    """Nothing is to be done for an order while it has this status."""
    await connection.execute(
        """
        UPDATE ssl.certificate_order
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
    """Tells the customer what is in the way, and when it is looked at again.

    What is `counted` makes the pauses after it longer.
    """
    await connection.execute(
        """
        UPDATE ssl.certificate_order
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
