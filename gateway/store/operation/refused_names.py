"""Why names were refused, for the reseller whose clients asked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection

MOST_REFUSALS = 1000


@dataclass(frozen=True, slots=True)
class RefusalSearch:
    """A search over the refusals of a reseller since an instant; None = any name, any credential.

    `name` is a part of a name.
    """

    reseller_id: UUID
    since: datetime
    name: str | None = None
    kid: str | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class RefusedName:
    """One refusal of a name; `kid` is the credential whose client asked, `times` in that hour."""

    name: str | None
    at: datetime
    reason: str
    text: str
    kid: str | None
    account_id: str | None
    times: int


async def search(connection: Connection, wanted: RefusalSearch) -> tuple[int, list[RefusedName]]:
    """Gives how many refusals are found, and the wanted ones of them, the newest first.

    Those after the newest MOST_REFUSALS are not looked for; with them one more is found.

    They are those of the gate and of CAA and failed proofs, name by name as the audit trail has
    them, and all other refusals of callers who had shown who they are (audit.refusal). A client
    that could not bind its account is found by the credential that it named.
    """
    rows = await connection.fetch(
        """
        WITH gate AS (
            SELECT refusal.value ->> 'name' AS name, event.at, refusal.value ->> 'reason' AS reason,
                   refusal.value ->> 'text' AS text, account.kid, account.id AS account_id,
                   1::bigint AS times
              FROM audit.event
              JOIN acme.account ON account.id = substr(event.actor, 6)
              JOIN subscription.eab_credential eab ON eab.kid = account.kid
             CROSS JOIN LATERAL jsonb_array_elements(event.after -> 'refusals') AS refusal
             WHERE event.action = 'issuance.refused'
               AND event.at >= $2
               AND jsonb_typeof(event.after -> 'refusals') = 'array'
               AND event.actor LIKE 'acme:%'
               AND eab.reseller_id = $1
               AND ($4::text IS NULL OR eab.kid = $4)
               AND ($3::text IS NULL OR strpos(refusal.value ->> 'name', $3) > 0)
             ORDER BY event.at DESC
             LIMIT $7::bigint
        ), proofs AS (
            SELECT event.after ->> 'name' AS name, event.at, 'proof_failed' AS reason,
                   event.after -> 'error' ->> 'detail' AS text, account.kid,
                   account.id AS account_id, 1::bigint AS times
              FROM audit.event
              JOIN acme."authorization" needed ON needed.id = event.subject::uuid
              JOIN acme.account ON account.id = needed.account_id
              JOIN subscription.eab_credential eab ON eab.kid = account.kid
             WHERE event.action = 'authorization.failed'
               AND event.at >= $2
               AND eab.reseller_id = $1
               AND ($4::text IS NULL OR eab.kid = $4)
               AND ($3::text IS NULL OR strpos(event.after ->> 'name', $3) > 0)
             ORDER BY event.at DESC
             LIMIT $7::bigint
        ), others AS (
            SELECT name.value AS name, refusal.last_at AS at, refusal.reason,
                   refusal.answer AS text, signer.kid, signer.account_id, refusal.times
              FROM audit.refusal
              LEFT JOIN LATERAL unnest(refusal.names) AS name (value) ON true
              LEFT JOIN LATERAL (
                   SELECT account.kid, account.id AS account_id, eab.reseller_id
                     FROM acme.account
                     JOIN subscription.eab_credential eab ON eab.kid = account.kid
                    WHERE account.id = refusal.subject) AS signer ON true
              JOIN reseller.account own ON own.id = $1
             WHERE refusal.hour >= date_trunc('hour', $2::timestamptz, 'UTC')
               AND (refusal.proven OR refusal.reason = 'eab_refused')
               AND refusal.door IN ('acme', 'reseller')
               AND refusal.reason NOT IN ('issuance_refused', 'caa_refused')
               AND (refusal.names <> '{}' OR refusal.reason IN ('account_refused', 'eab_refused'))
               AND (CASE refusal.door WHEN 'acme' THEN signer.reseller_id = $1
                                      ELSE refusal.login = own.login END)
               AND ($4::text IS NULL OR signer.kid = $4)
               AND ($3::text IS NULL OR strpos(name.value, $3) > 0)
             ORDER BY refusal.hour DESC, refusal.last_at DESC
             LIMIT $7::bigint
        ), found AS MATERIALIZED (
            SELECT * FROM gate
             UNION ALL
            SELECT * FROM proofs
             UNION ALL
            SELECT * FROM others
        ), page AS (
            SELECT * FROM found ORDER BY at DESC, name LIMIT $5 OFFSET $6
        )
        SELECT total.found, page.*
          FROM (SELECT least(count(*), $7::bigint) AS found FROM found) AS total
          LEFT JOIN page ON true
         ORDER BY page.at DESC, page.name
        """,
        wanted.reseller_id,
        wanted.since,
        wanted.name,
        wanted.kid,
        wanted.limit,
        wanted.offset,
        MOST_REFUSALS + 1,
    )
    found = [
        RefusedName(
            row["name"],
            row["at"],
            row["reason"],
            row["text"] or "",
            row["kid"],
            row["account_id"],
            row["times"],
        )
        for row in rows
        if row["at"] is not None
    ]
    return rows[0]["found"], found
