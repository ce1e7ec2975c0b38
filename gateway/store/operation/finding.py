"""Finds things of all resellers by what somebody has in hand of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection

MOST_OF_A_KIND = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that was found. `key` names it; `belongs_to` is what it is part of, if anything."""

    kind: str
    key: str
    shown: str
    belongs_to: str | None
    reseller_id: UUID
    reseller: str
    state: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Clues:
    """What a text could be, each in its stored form; None = it cannot be that."""

    text: str
    names: Sequence[str]
    name_from: str | None
    name_before: str | None
    """All names at or after the one and before the other begin with the text."""
    serial: str | None
    number: int | None
    uuid: UUID | None


async def find(connection: Connection, clues: Clues) -> list[Hit]:
    """Gives what fits, the same kinds together, at most MOST_OF_A_KIND of each."""
    rows = await connection.fetch(
        """
        (SELECT 'reseller' AS kind, account.id::text AS key, account.login AS shown,
                NULL AS belongs_to, account.id AS reseller_id, account.login AS reseller,
                account.status AS state, account.created_at AS at
           FROM reseller.account
          WHERE account.login = $1)
          UNION ALL
        (SELECT 'credential', eab.kid, eab.kid, NULL, account.id, account.login,
                CASE WHEN eab.suspended THEN 'suspended' ELSE eab.status END, eab.created_at
           FROM subscription.eab_credential eab
           JOIN reseller.account ON account.id = eab.reseller_id
          WHERE eab.kid = $1)
          UNION ALL
        (SELECT 'account', client.id, client.id, eab.kid, account.id, account.login,
                CASE WHEN client.suspended THEN 'suspended' ELSE client.status END,
                client.created_at
           FROM acme.account client
           JOIN subscription.eab_credential eab ON eab.kid = client.kid
           JOIN reseller.account ON account.id = eab.reseller_id
          WHERE client.id = $1)
          UNION ALL
        (SELECT 'name', eab.kid, domain.name, eab.kid, account.id, account.login,
                CASE WHEN domain.removed_at IS NOT NULL THEN 'removed'
                     WHEN subscription.superseded_at IS NOT NULL THEN 'expired' END,
                domain.added_at
           FROM (SELECT id
                   FROM (-- Each by the index; with OR all names would be read.
                         (SELECT id, name
                            FROM subscription.domain
                           WHERE name = ANY ($2)
                           ORDER BY name
                           LIMIT $8)
                          UNION
                         (SELECT id, name
                            FROM subscription.domain
                           WHERE name >= $3 AND name < $4
                           ORDER BY name
                           LIMIT $8)) AS each
                  ORDER BY name
                  LIMIT $8) AS matching
           JOIN subscription.domain ON domain.id = matching.id
           JOIN subscription.subscription ON subscription.id = domain.subscription_id
           JOIN subscription.eab_credential eab ON eab.kid = subscription.kid
           JOIN reseller.account ON account.id = eab.reseller_id
          ORDER BY domain.name, domain.added_at DESC)
          UNION ALL
        (SELECT 'certificate', certificate.serial, certificate.serial, owner.kid, account.id,
                account.login,
                CASE WHEN revocation.serial IS NOT NULL THEN 'revoked'
                     WHEN certificate.withheld THEN 'withheld' END,
                certificate.not_before
           FROM (SELECT serial FROM ca.certificate WHERE serial = $5
                  UNION
                 (SELECT certificate.serial
                    FROM acme.order_identifier identifier
                    JOIN ca.certificate ON certificate.order_id = identifier.order_id
                   WHERE identifier.name = ANY ($2)
                   ORDER BY identifier.name, identifier.order_id DESC
                   LIMIT $8)) AS matching
           JOIN ca.certificate ON certificate.serial = matching.serial
           LEFT JOIN ca.revocation ON revocation.serial = certificate.serial
           LEFT JOIN acme.account owner ON owner.id = certificate.account_id
           LEFT JOIN subscription.eab_credential eab ON eab.kid = owner.kid
           LEFT JOIN ssl.issued ON issued.serial = certificate.serial
           LEFT JOIN ssl."order" placed ON placed.cert_id = issued.cert_id
           JOIN reseller.account
             ON account.id = coalesce(eab.reseller_id, placed.reseller_id)
          ORDER BY certificate.not_before DESC
          LIMIT $8)
          UNION ALL
        (SELECT 'order', purchase.order_number::text, purchase.order_number::text, NULL,
                account.id, account.login,
                CASE WHEN purchase.refunded_at IS NOT NULL THEN 'refunded' END,
                purchase.purchased_at
           FROM reseller.purchase
           JOIN reseller.account ON account.id = purchase.account_id
          WHERE purchase.order_number = $6)
          UNION ALL
        (SELECT 'ACME order', placed.id::text, placed.id::text, owner.kid, account.id,
                account.login, placed.status, placed.created_at
           FROM (SELECT $7::uuid AS id
                  UNION
                (SELECT order_id
                   FROM acme.order_identifier
                  WHERE name = ANY ($2)
                  ORDER BY name, order_id DESC
                  LIMIT $8)
                  UNION
                 SELECT order_id FROM ca.certificate WHERE serial = $5) AS matching
           JOIN acme."order" placed ON placed.id = matching.id
           JOIN acme.account owner ON owner.id = placed.account_id
           JOIN subscription.eab_credential eab ON eab.kid = owner.kid
           JOIN reseller.account ON account.id = eab.reseller_id
          ORDER BY placed.created_at DESC
          LIMIT $8)
          UNION ALL
        (SELECT 'SSL order', placed.cert_id, placed.cert_id, placed.serial, account.id,
                account.login, placed.status, placed.created_at
           FROM (SELECT cert_id FROM ssl."order" WHERE cert_id = $1 OR order_number = $6
                  UNION
                 (SELECT application.cert_id
                    FROM ssl.proof
                    JOIN ssl.application ON application.id = proof.application_id
                   WHERE proof.name = ANY ($2)
                     AND proof.proven_at IS NOT NULL
                   LIMIT $8)) AS matching
           JOIN ssl."order" placed ON placed.cert_id = matching.cert_id
           JOIN reseller.account ON account.id = placed.reseller_id
          ORDER BY placed.created_at DESC
          LIMIT $8)
          UNION ALL
        (SELECT 'SiteLock licence', licence.id::text, licence.domain_name, NULL, account.id,
                account.login, licence.status, licence.created_at
           FROM sitelock.licence
           JOIN reseller.account ON account.id = licence.reseller_id
          WHERE licence.domain_name = ANY ($2)
          ORDER BY licence.created_at DESC
          LIMIT $8)
          UNION ALL
        (SELECT 'pre-validation', held.number::text, held.number::text, NULL, account.id,
                account.login, held.state, held.requested_at
           FROM organization.prevalidation held
           JOIN reseller.account ON account.id = held.reseller_id
          WHERE held.number = $6)
        """,
        clues.text,
        list(clues.names),
        clues.name_from,
        clues.name_before,
        clues.serial,
        clues.number,
        clues.uuid,
        MOST_OF_A_KIND,
    )
    return [Hit(**row) for row in rows]
