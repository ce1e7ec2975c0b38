"""How fresh the CRLs of each issuer are."""

from dataclasses import dataclass
from datetime import datetime

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class CrlFreshness:
    """The newest CRLs of an issuer; times and numbers are None where none was signed.

    `number` and `this_update` are those of the complete CRL, the others of all partitions.
    """

    issuer: str
    number: int | None
    this_update: datetime | None
    partitions: int
    oldest_update: datetime | None
    first_to_end: datetime | None


async def of_issuers(connection: Connection) -> list[CrlFreshness]:
    """Gives the freshness of each issuer's CRLs, by name."""
    rows = await connection.fetch(
        """
        SELECT issuer.name AS issuer,
               max(newest.number) FILTER (WHERE newest.partition = 0) AS number,
               max(newest.this_update) FILTER (WHERE newest.partition = 0) AS this_update,
               count(newest.partition) FILTER (WHERE newest.partition > 0) AS partitions,
               min(newest.this_update) AS oldest_update,
               min(newest.next_update) AS first_to_end
          FROM ca.issuer
          LEFT JOIN (SELECT DISTINCT ON (issuer_id, partition)
                            issuer_id, partition, number, this_update, next_update
                       FROM ca.crl
                      ORDER BY issuer_id, partition, number DESC) AS newest
            ON newest.issuer_id = issuer.id
         GROUP BY issuer.name
         ORDER BY issuer.name
        """
    )
    return [CrlFreshness(**row) for row in rows]


async def unlisted(connection: Connection) -> int:
    """Gives the number of revocations that the next CRLs will list first."""
    number: int = await connection.fetchval(
        """
        SELECT count(*)
          FROM ca.revocation
         WHERE crl_number IS NULL
        """
    )
    return number
