"""The queue's tables are ours to migrate, and must be those that pgqueuer wants."""

import asyncpg

from gateway.doors.jobs.queue import queries_of


async def test_the_schema_is_what_the_installed_pgqueuer_wants(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        plan = await queries_of(connection).plan_upgrade()
    finally:
        await connection.close()
    assert not plan.statements
