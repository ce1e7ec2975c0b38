"""What became of ACME orders: an account's orders, and all that happened to one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.counting import COUNTED_TO
from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """An ACME account of a reseller, with its EAB credential."""

    id: str
    kid: str
    server: str
    status: str
    suspended: bool
    credential_status: str
    credential_suspended: bool
    contacts: list[str]
    user_agent: str | None
    ip_address: Any
    created_at: datetime
    last_activity: datetime | None


@dataclass(frozen=True, slots=True)
class AcmeOrderLine:
    """An ACME order with its names, and its certificate if there is one."""

    id: UUID
    status: str
    names: list[str]
    created_at: datetime
    expires_at: datetime
    error: dict[str, Any] | None
    serial: str | None
    not_after: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderDetails:
    """An ACME order of a reseller's account."""

    id: UUID
    account_id: str
    kid: str
    reseller_id: UUID
    reseller: str
    status: str
    profile: str
    created_at: datetime
    expires_at: datetime
    error: dict[str, Any] | None
    names: list[str]
    serial: str | None
    withheld: bool | None
    not_before: datetime | None
    not_after: datetime | None
    issued_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProofLine:
    """A challenge of an order's authorization, as it stands."""

    authorization_id: UUID
    name: str
    wildcard: bool
    status: str
    created_at: datetime
    expires_at: datetime
    type: str
    challenge_status: str
    attempts: int
    validated_at: datetime | None
    error: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """An event of the audit trail."""

    id: int
    at: datetime
    action: str
    subject: str
    after: dict[str, Any] | None


async def find_account(
    connection: Connection, reseller_id: UUID, account_id: str
) -> AccountDetails | None:
    """Finds an account of a reseller."""
    row = await connection.fetchrow(
        """
        SELECT account.id, account.kid, server.name AS server, account.status, account.suspended,
               eab.status AS credential_status, eab.suspended AS credential_suspended,
               account.contacts, account.user_agent, account.ip_address, account.created_at,
               account.last_activity
          FROM acme.account
          JOIN subscription.eab_credential eab ON eab.kid = account.kid
          JOIN acme.server ON server.id = account.server_id
         WHERE account.id = $1
           AND eab.reseller_id = $2
        """,
        account_id,
        reseller_id,
    )
    return AccountDetails(**row) if row else None


async def orders_of(
    connection: Connection, account_id: str, *, limit: int, offset: int
) -> tuple[int, list[AcmeOrderLine]]:
    """Gives the number of an account's orders, and the wanted ones of them, the newest first.

    They are counted up to COUNTED_TO.
    """
    rows = await connection.fetch(
        """
        WITH page AS (
            SELECT id, status, created_at, expires_at, error
              FROM acme."order"
             WHERE account_id = $1
             ORDER BY id DESC
             LIMIT $2
            OFFSET $3)
        SELECT total.found, page.*,
               ARRAY(SELECT identifier.name
                       FROM acme.order_identifier identifier
                      WHERE identifier.order_id = page.id
                      ORDER BY identifier.position) AS names,
               certificate.serial, certificate.not_after, revocation.revoked_at
          FROM (SELECT count(*) AS found
                  FROM (SELECT
                          FROM acme."order"
                         WHERE account_id = $1
                         LIMIT $4::bigint) AS each) AS total
          LEFT JOIN page ON true
          LEFT JOIN ca.certificate ON certificate.order_id = page.id AND NOT certificate.withheld
          LEFT JOIN ca.revocation ON revocation.serial = certificate.serial
         ORDER BY page.id DESC
        """,
        account_id,
        limit,
        offset,
        COUNTED_TO,
    )
    orders = [
        AcmeOrderLine(
            row["id"],
            row["status"],
            row["names"],
            row["created_at"],
            row["expires_at"],
            row["error"],
            row["serial"],
            row["not_after"],
            row["revoked_at"],
        )
        for row in rows
        if row["id"] is not None
    ]
    return rows[0]["found"], orders


async def find_order(
    connection: Connection, reseller_id: UUID | None, order_id: UUID
) -> OrderDetails | None:
    """Finds an ACME order of a reseller's account, with its certificate; None = of any reseller."""
    row = await connection.fetchrow(
        """
        SELECT placed.id, placed.account_id, account.kid, eab.reseller_id,
               owner.login AS reseller, placed.status, placed.profile,
               placed.created_at, placed.expires_at, placed.error,
               ARRAY(SELECT identifier.name
                       FROM acme.order_identifier identifier
                      WHERE identifier.order_id = placed.id
                      ORDER BY identifier.position) AS names,
               certificate.serial, certificate.withheld, certificate.not_before,
               certificate.not_after, certificate.issued_at, revocation.revoked_at
          FROM acme."order" placed
          JOIN acme.account ON account.id = placed.account_id
          JOIN subscription.eab_credential eab ON eab.kid = account.kid
          JOIN reseller.account owner ON owner.id = eab.reseller_id
          LEFT JOIN ca.certificate ON certificate.order_id = placed.id
          LEFT JOIN ca.revocation ON revocation.serial = certificate.serial
         WHERE placed.id = $1
           AND ($2::uuid IS NULL OR eab.reseller_id = $2)
        """,
        order_id,
        reseller_id,
    )
    return OrderDetails(**row) if row else None


async def proofs_of(connection: Connection, order_id: UUID) -> list[ProofLine]:
    """Gives the challenges of an order's authorizations, name by name."""
    rows = await connection.fetch(
        """
        SELECT needed.id AS authorization_id, needed.name, needed.wildcard, needed.status,
               needed.created_at, needed.expires_at, challenge.type,
               challenge.status AS challenge_status, challenge.attempts, challenge.validated_at,
               challenge.error
          FROM acme.order_identifier identifier
          JOIN acme."authorization" needed ON needed.id = identifier.authorization_id
          JOIN acme.challenge ON challenge.authorization_id = needed.id
         WHERE identifier.order_id = $1
         ORDER BY identifier.position, challenge.type
        """,
        order_id,
    )
    return [ProofLine(**row) for row in rows]


async def events_of(connection: Connection, subjects: Sequence[str]) -> list[HistoryEvent]:
    """Gives the events about any of the subjects, in the order in which they happened."""
    rows = await connection.fetch(
        """
        SELECT id, at, action, subject, after
          FROM audit.event
         WHERE subject = ANY ($1)
         ORDER BY at, id
        """,
        list(subjects),
    )
    return [HistoryEvent(**row) for row in rows]
