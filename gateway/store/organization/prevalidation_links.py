"""The names that are linked to pre-validations, and their credentials."""

from dataclasses import dataclass
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class LinkedName:
    """A name that is linked to a pre-validation, and its credential."""

    kid: str
    name: str


async def lock_linked_credentials(connection: Connection, number: int) -> list[str]:
    """Does eab_credentials.lock_for_change for each credential with a name linked to `number`.

    In kid order; call it with the pre-validation locked for a decision.
    """
    rows = await connection.fetch(
        """
        WITH locked AS (
            SELECT kid
              FROM subscription.eab_credential
             WHERE kid IN (
                    SELECT subscription.kid
                      FROM subscription.domain
                      JOIN subscription.subscription
                        ON subscription.id = domain.subscription_id
                     WHERE domain.ov_anchor = $1
                       AND domain.removed_at IS NULL)
             ORDER BY kid
               FOR UPDATE
        )
        UPDATE subscription.eab_credential eab
           SET version = version + 1
          FROM locked
         WHERE eab.kid = locked.kid
        RETURNING eab.kid
        """,
        number,
    )
    return [row["kid"] for row in rows]


async def linked_names(
    connection: Connection, number: int, kid: str | None = None
) -> list[LinkedName]:
    """Gives names of current subscriptions linked to `number`, of one credential if given."""
    rows = await connection.fetch(
        """
        SELECT subscription.kid, domain.name
          FROM subscription.domain
          JOIN subscription.subscription
            ON subscription.id = domain.subscription_id
           AND subscription.superseded_at IS NULL
         WHERE domain.ov_anchor = $1
           AND domain.removed_at IS NULL
           AND ($2::text IS NULL OR subscription.kid = $2)
         ORDER BY subscription.kid, domain.name
        """,
        number,
        kid,
    )
    return [LinkedName(**row) for row in rows]


async def move_links(
    connection: Connection, old_number: int, new_number: int, kid: str | None = None
) -> set[UUID]:
    """Links the names of `linked_names` to another pre-validation; gives their ids."""
    rows = await connection.fetch(
        """
        UPDATE subscription.domain
           SET ov_anchor = $2
          FROM subscription.subscription
         WHERE domain.ov_anchor = $1
           AND domain.removed_at IS NULL
           AND subscription.id = domain.subscription_id
           AND subscription.superseded_at IS NULL
           AND ($3::text IS NULL OR subscription.kid = $3)
        RETURNING domain.id
        """,
        old_number,
        new_number,
        kid,
    )
    return {row["id"] for row in rows}


async def ev_linked_names(connection: Connection, number: int, kid: str) -> list[str]:
    """Gives names of a credential's current subscription that keep an EV pre-validation."""
    rows = await connection.fetch(
        """
        SELECT domain.name
          FROM subscription.domain
          JOIN subscription.subscription
            ON subscription.id = domain.subscription_id
           AND subscription.superseded_at IS NULL
         WHERE domain.ev_anchor = $1
           AND domain.removed_at IS NULL
           AND subscription.kid = $2
        """,
        number,
        kid,
    )
    return [row["name"] for row in rows]


async def move_ev_links(
    connection: Connection, old_number: int, new_number: int | None, kid: str | None = None
) -> set[UUID]:
    """Does as `move_links` for ev_anchor; `new_number` None = the names keep none any more."""
    rows = await connection.fetch(
        """
        UPDATE subscription.domain
           SET ev_anchor = $2
          FROM subscription.subscription
         WHERE domain.ev_anchor = $1
           AND domain.removed_at IS NULL
           AND subscription.id = domain.subscription_id
           AND subscription.superseded_at IS NULL
           AND ($3::text IS NULL OR subscription.kid = $3)
        RETURNING domain.id
        """,
        old_number,
        new_number,
        kid,
    )
    return {row["id"] for row in rows}
