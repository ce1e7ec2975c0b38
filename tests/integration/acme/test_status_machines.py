"""The database allows the documented moves of each object's status, and no others."""

import re
from itertools import permutations
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.integration.acme.conftest import NAME
from tests.support.acme_client import AcmeClient

DOCUMENT = Path(__file__).parents[3] / "docs" / "status-machines.md"
MACHINES = {
    "Account": ("acme.account", ["pending", "valid", "deactivated"]),
    "Order": ('acme."order"', ["pending", "ready", "processing", "valid", "invalid"]),
    "Authorization": (
        "acme.authorization",
        ["pending", "valid", "invalid", "deactivated", "expired", "revoked"],
    ),
    "Challenge": ("acme.challenge", ["pending", "processing", "valid", "invalid"]),
}


def documented(title: str) -> set[tuple[str, str]]:
    section = DOCUMENT.read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    return set(re.findall(r"(\w+) --> (\w+)", section))


async def moves(connection: Any, table: str, source: str, target: str) -> bool:
    """Tries a move on every row of the table, and takes it back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(f"UPDATE {table} SET status = '{source}'")
        await connection.execute("SET LOCAL session_replication_role = origin")
        await connection.execute(f"UPDATE {table} SET status = '{target}'")
    except asyncpg.RestrictViolationError:
        return False
    finally:
        await transaction.rollback()
    return True


@pytest.mark.parametrize("title", MACHINES)
async def test_exactly_the_documented_moves_are_possible(
    client: AcmeClient, gateway: Any, title: str
) -> None:
    table, statuses = MACHINES[title]
    assert (await client.new_order(NAME)).status == 201
    async with gateway.pool.acquire() as connection:
        for constraint in ("pending_has_no_key", "processing_has_csr", "valid_has_a_key"):
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {constraint}")
        possible = {
            move for move in permutations(statuses, 2) if await moves(connection, table, *move)
        }
    assert possible == documented(title)
