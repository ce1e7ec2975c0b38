"""Errors that linting found in certificates."""

from collections.abc import Sequence
from datetime import datetime

from gateway.db.pool import Pool


async def add(
    pool: Pool, serial: str, findings: Sequence[str], now: datetime, *, refused: bool
) -> None:
    """Adds the findings of a certificate, with an audit event.

    `refused` = the certificate was not signed because of them.
    """
    await pool.execute(
        """
        WITH found AS (
            INSERT INTO ca.lint_finding (serial, findings, refused, found_at)
            VALUES ($1, $2, $3, $4)
        )
        INSERT INTO audit.event (at, actor, action, subject, after)
        VALUES ($4, 'gateway:lint',
                CASE WHEN $3 THEN 'certificate.refused_by_lint' ELSE 'certificate.lint_failed' END,
                $1, jsonb_build_object('findings', to_jsonb($2::text[])))
        """,
        serial,
        list(findings),
        refused,
        now,
    )
