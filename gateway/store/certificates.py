"""Certificates as clients download them."""

from dataclasses import dataclass
from uuid import UUID

from gateway.db.pool import Pool, fetch_one
from gateway.store.admission import Admission, Ticket, admission_of


@dataclass(frozen=True, slots=True)
class Download:
    """DER of the leaf, its issuer, and the certificates above that clients are sent."""

    leaf: bytes
    issuer: bytes
    chain: list[bytes]


async def read(pool: Pool, ticket: Ticket, order_id: UUID) -> tuple[Admission, Download | None]:
    """Admits a request; the certificate of one of the signer's orders (RFC 8555 §7.4.2)."""
    row = await fetch_one(
        pool,
        """
          WITH burnt AS MATERIALIZED (SELECT acme.burn_nonce($1, $2) AS nonce_fresh)
        SELECT burnt.nonce_fresh, signer.*, certificate.der, issuer.certificate AS issuer,
               issuer.chain
          FROM burnt
          CROSS JOIN acme.signer
          LEFT JOIN ca.certificate
            ON certificate.order_id = $4
           AND certificate.account_id = signer.account_id
           AND NOT certificate.withheld
          LEFT JOIN ca.issuer ON issuer.id = certificate.issuer_id
         WHERE signer.account_id = $3
        """,
        ticket.nonce,
        ticket.epoch,
        ticket.account_id,
        order_id,
    )
    download = None
    if row["der"] is not None:
        download = Download(row["der"], row["issuer"], row["chain"])
    return admission_of(row), download
