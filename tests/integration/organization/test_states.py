"""Pre-validations make only documented moves, keep validated details, and are shown in views."""

import re
from itertools import permutations
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.db.pool import Record
from gateway.usecases.organization import prevalidations
from gateway.usecases.work import open_work
from tests.support.organizations import (
    OTHER,
    add_organization,
    add_ov_name,
    add_prevalidation,
    ov_credential,
    prevalidation,
    reject,
)
from tests.support.shop import OPERATOR, Shop

DOCUMENT = Path(__file__).parents[3] / "docs" / "status-machines.md"
STATES = ["requested", "in_validation", "valid", "expired", "rejected", "superseded"]


async def moves(connection: Any, source: str, target: str) -> bool:
    """Tries a move, and takes it back."""
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE organization.prevalidation SET state = $1", source)
        await connection.execute("SET LOCAL session_replication_role = origin")
        await connection.execute("UPDATE organization.prevalidation SET state = $1", target)
    except asyncpg.RestrictViolationError:
        return False
    finally:
        await attempt.rollback()
    return True


async def test_exactly_the_documented_moves_are_possible(shop: Shop) -> None:
    await add_prevalidation(shop.gateway, "example.org")
    section = DOCUMENT.read_text().split("## Pre-validation\n")[1].split("\n## ")[0]
    documented = set(re.findall(r"(\w+) --> (\w+)", section))
    async with shop.gateway.pool.acquire() as connection:
        possible = {move for move in permutations(STATES, 2) if await moves(connection, *move)}
    assert possible == documented


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE organization.prevalidation SET details = '{}'",
        "UPDATE organization.prevalidation SET type = 'EV'",
        "UPDATE organization.prevalidation_domain SET name = 'example.net'",
        "DELETE FROM organization.prevalidation_domain",
    ],
)
async def test_what_was_validated_is_never_changed(shop: Shop, statement: str) -> None:
    await add_prevalidation(shop.gateway, "example.org")
    with pytest.raises(asyncpg.RestrictViolationError, match="make a new pre-validation"):
        await shop.gateway.pool.execute(statement)


async def test_expiry_is_written_down_once_it_has_come(shop: Shop) -> None:
    gateway = shop.gateway
    number = await add_prevalidation(gateway, "example.org", expires="2025-06-30T23:59:59Z")
    expired = []
    for at in ("2025-06-30T23:59:59Z", "2025-07-01T00:00:00Z", "2025-07-02T00:00:00Z"):
        await shop.at(at)
        now = await gateway.services.clock.now()
        async with open_work(gateway.pool, now, OPERATOR) as work:
            expired.append(await prevalidations.expire(work, number))
        if expired[-1]:
            break
    state = (await prevalidation(gateway, number)).state
    events = await gateway.pool.fetchval(
        "SELECT count(*) FROM audit.event WHERE action = 'prevalidation.expired' AND subject = $1",
        str(number),
    )
    assert (expired[0], state, events) == (False, "expired", 1)


async def view(shop: Shop, name: str) -> list[Record]:
    return list(await shop.gateway.pool.fetch(f"SELECT * FROM ops.{name} ORDER BY 1"))


async def test_operators_see_organizations_and_their_newest_pre_validation(shop: Shop) -> None:
    organization = await add_organization(shop.gateway, OTHER)
    await add_prevalidation(shop.gateway, "example.org", organization=organization)
    newest = await add_prevalidation(shop.gateway, "example.org", organization=organization)
    [row] = await view(shop, "organizations")
    assert (row["organization_id"], row["reseller"], row["name"]) == (
        organization,
        "demo",
        "Andere AG",
    )
    assert row["newest_prevalidation"] == newest


async def test_operators_see_states_and_the_names_that_lean_on_each(shop: Shop) -> None:
    expires = "2025-02-09T23:59:59Z"
    used = await add_prevalidation(shop.gateway, "example.org", expires=expires)
    unused = await add_prevalidation(shop.gateway, "example.net", expires=expires)
    account = (await ov_credential(shop)).kid
    for name in ("www.example.org", "*.example.org"):
        await add_ov_name(shop, account, name, used)
    rows = {row["number"]: row for row in await view(shop, "prevalidations")}
    assert rows[used]["names"] == ["*.example.org", "www.example.org"]
    assert rows[used]["domains"] == ["example.org"]
    assert rows[used]["days_left"] == 30
    assert (rows[used]["in_use"], rows[unused]["in_use"]) == (True, False)
    assert [row["number"] for row in await view(shop, "prevalidations_expiring")] == [used]
    await shop.at("2025-02-10T00:00:00Z")
    [row] = await view(shop, "prevalidations_expiring")
    assert (row["state"], row["days_left"], row["renewal_mode"]) == ("expired", -1, "manual")
    await reject(shop.gateway, used)
    assert await view(shop, "prevalidations_expiring") == []


async def test_pre_validations_with_more_than_30_days_get_no_warning(shop: Shop) -> None:
    later = "2025-02-10T00:00:00Z"
    number = await add_prevalidation(shop.gateway, "example.org", expires=later)
    await add_ov_name(shop, (await ov_credential(shop)).kid, "example.org", number)
    assert await view(shop, "prevalidations_expiring") == []
