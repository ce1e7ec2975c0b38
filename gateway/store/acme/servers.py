"""ACME servers on offer."""

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
    """`public` = only those that a public CA may certify; `any`."""


async def add(connection: Connection, server: Server) -> None:
    """Stores a server behind all others in the listing.

    Raises asyncpg.UniqueViolationError when its name or path is taken.
    """
    await connection.execute(
        """
        INSERT INTO acme.server
               (id, name, path, validation, product_id, description, names, position)
        SELECT $1, $2, $3, $4, $5, $6, $7, coalesce(max(position), 0) + 1
          FROM acme.server
        """,
        server.id,
        server.name,
        server.path,
        server.validation,
        server.product_id,
        server.description,
        server.names,
    )


async def list_all(connection: Connection) -> list[Server]:
    """All servers in the order clients rely on: DV, OV, …"""
    rows = await connection.fetch(
        """
        SELECT id, name, path, validation, product_id, description, names
          FROM acme.server
         ORDER BY position
        """
    )
    return [Server(**row) for row in rows]


async def find_by_name(connection: Connection, name: str) -> Server | None:
    row = await connection.fetchrow(
        """
        SELECT id, name, path, validation, product_id, description, names
          FROM acme.server
         WHERE name = $1
        """,
        name,
    )
    return Server(**row) if row else None


async def set_names(connection: Connection, server_id: UUID, names: str) -> None:
    """`public` or `any`; it acts with the next order and the next purchase."""
    await connection.execute(
        """
        UPDATE acme.server
           SET names = $2
         WHERE id = $1
        """,
        server_id,
        names,
    )
