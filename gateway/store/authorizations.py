"""Authorizations and their challenges as clients see them (RFC 8555 §7.1.4, §8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.pool import Pool, Record, fetch_one
from gateway.store.admission import Admission, Ticket, admission_of


@dataclass(frozen=True, slots=True)
class Challenge:
    """A stored challenge."""

    id: UUID
    type: str
    token: str
    status: str
    validated_at: datetime | None
    error: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Authorization:
    """A stored authorization with its challenges."""

    id: UUID
    name: str
    wildcard: bool
    status: str
    expires_at: datetime
    challenges: list[Challenge]


async def read(
    pool: Pool, ticket: Ticket, authorization_id: UUID
) -> tuple[Admission, Authorization | None]:
    """Admits a request and reads one of the signer's authorizations."""
    rows = await pool.fetch(
        """
          WITH burnt AS MATERIALIZED (SELECT acme.burn_nonce($1, $2) AS nonce_fresh)
        SELECT burnt.nonce_fresh, signer.*,
               held.id, held.name, held.wildcard, held.status, held.expires_at,
               challenge.id AS challenge_id, challenge.type, challenge.token,
               challenge.status AS challenge_status, challenge.validated_at, challenge.error
          FROM burnt
          CROSS JOIN acme.signer
          LEFT JOIN acme.authorization held
            ON held.id = $4 AND held.account_id = signer.account_id
          LEFT JOIN acme.challenge ON challenge.authorization_id = held.id
         WHERE signer.account_id = $3
         ORDER BY challenge.id
        """,
        ticket.nonce,
        ticket.epoch,
        ticket.account_id,
        authorization_id,
    )
    return admission_of(rows[0]), _authorization_of(rows)


async def read_by_challenge(
    pool: Pool, ticket: Ticket, challenge_id: UUID
) -> tuple[Admission, Authorization | None, Challenge | None]:
    """Admits a request; one of the signer's challenges, and its authorization with just it."""
    row = await fetch_one(
        pool,
        """
          WITH burnt AS MATERIALIZED (SELECT acme.burn_nonce($1, $2) AS nonce_fresh)
        SELECT burnt.nonce_fresh, signer.*, held.*
          FROM burnt
          CROSS JOIN acme.signer
          LEFT JOIN (
                SELECT authorized.id, authorized.account_id AS authorized_account,
                       authorized.name, authorized.wildcard, authorized.status,
                       authorized.expires_at, challenge.id AS challenge_id, challenge.type,
                       challenge.token, challenge.status AS challenge_status,
                       challenge.validated_at, challenge.error
                  FROM acme.challenge
                  JOIN acme.authorization authorized ON authorized.id = challenge.authorization_id
               ) held
            ON held.challenge_id = $4 AND held.authorized_account = signer.account_id
         WHERE signer.account_id = $3
        """,
        ticket.nonce,
        ticket.epoch,
        ticket.account_id,
        challenge_id,
    )
    authorization = _authorization_of([row])
    return (
        admission_of(row),
        authorization,
        authorization.challenges[0] if authorization else None,
    )


def _authorization_of(rows: list[Record]) -> Authorization | None:
    first = rows[0]
    if first["id"] is None:
        return None
    return Authorization(
        first["id"],
        first["name"],
        first["wildcard"],
        first["status"],
        first["expires_at"],
        [
            Challenge(
                row["challenge_id"],
                row["type"],
                row["token"],
                row["challenge_status"],
                row["validated_at"],
                row["error"],
            )
            for row in rows
        ],
    )
