"""ACME servers on offer."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.db.pool import Connection

CHANNEL = "gateway_servers"
"""Where the database announces that acme.server has changed."""


@dataclass(frozen=True, slots=True)
class Server:
    """A row of acme.server; `path` begins with a slash."""

    id: UUID
    name: str
    path: str
    validation: str
    product_id: int
    description: str
    names: str
    """Which names are certified: `public` = only those that a public CA may certify; `any`."""
    issuers: list[str]
    """Names of issuers; the first that the settings have issues the certificates."""


async def add(connection: Connection, server: Server) -> None:
    """Stores a server after all others in the listing.

    Raises asyncpg.UniqueViolationError when its name or path is taken.
    """
    await connection.execute(
        """
        INSERT INTO acme.server
               (id, name, path, validation, product_id, description, names, issuers, position)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, coalesce(max(position), 0) + 1
          FROM acme.server
        """,
        server.id,
        server.name,
        server.path,
        server.validation,
        server.product_id,
        server.description,
        server.names,
        server.issuers,
    )


async def list_all(connection: Connection) -> list[Server]:
    """Gives all servers in the order clients rely on: DV, OV, …"""
    rows = await connection.fetch(
        """
        SELECT id, name, path, validation, product_id, description, names, issuers
          FROM acme.server
         ORDER BY position
        """
    )
    return [Server(**row) for row in rows]


async def find_by_name(connection: Connection, name: str) -> Server | None:
    row = await connection.fetchrow(
        """
        SELECT id, name, path, validation, product_id, description, names, issuers
          FROM acme.server
         WHERE name = $1
        """,
        name,
    )
    return Server(**row) if row else None


async def update(
    connection: Connection,
    server_id: UUID,
    *,
    names: str | None,
    issuers: Sequence[str] | None,
) -> None:
    """Changes what is not None; it applies from the next order, purchase and finalize on."""
    await connection.execute(
        """
        UPDATE acme.server
           SET names = coalesce($2, names), issuers = coalesce($3, issuers)
         WHERE id = $1
        """,
        server_id,
        names,
        issuers,
    )
