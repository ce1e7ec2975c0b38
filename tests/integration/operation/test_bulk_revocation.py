"""Bulk revocations as rows: their status machine, SSL orders that go with them, clean-up."""

from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest

from gateway.usecases.operation import bulk_revocation_runner
from gateway.usecases.operation.certificates import revoke
from gateway.usecases.operation.cleanup import clean_up
from gateway.usecases.work import open_work
from tests.integration.acme.test_status_machines import documented, moves
from tests.support.certificate_shop import CertificateShop, shop_of
from tests.support.challenge_server import challenge_server
from tests.support.gateway import RunningGateway
from tests.support.looked_up import credential_with_name
from tests.support.many_certificates import (
    ACTOR,
    age,
    counts,
    many_certificates,
    prepared_bulk,
    start_bulk,
)

_CONSTRAINTS = ("started_is_dated", "ended_is_dated")


async def test_exactly_the_documented_moves_are_possible(gateway: RunningGateway) -> None:
    await prepared_bulk(gateway)
    table, statuses = "operation.bulk_revocation", ("prepared", "running", "done", "cancelled")
    async with gateway.pool.acquire() as connection:
        for constraint in _CONSTRAINTS:
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        possible = {
            move for move in permutations(statuses, 2) if await moves(connection, table, *move)
        }
    assert possible == documented("Bulk revocation")


async def serials_of(gateway: RunningGateway, cert_id: str) -> list[str]:
    query = "SELECT serial FROM ssl.issued WHERE cert_id = $1"
    return [row["serial"] for row in await gateway.pool.fetch(query, cert_id)]


async def issued_twice(gateway: RunningGateway) -> tuple[CertificateShop, str, str]:
    """Two SSL orders with a certificate each, which have the same key."""
    async with challenge_server(gateway.http_port) as web:
        shop = await shop_of(gateway, gateway.login, web)
        first = await shop.issue("one.example.com")
        second = await shop.issue("two.example.com")
    return shop, first, second


async def test_an_ssl_order_whose_certificate_is_revoked_moves_with_it(
    gateway: RunningGateway,
) -> None:
    shop, first, second = await issued_twice(gateway)
    now = await gateway.services.clock.now()
    text = " ".join(await serials_of(gateway, first))
    bulk_id = await start_bulk(gateway.pool, now, "serials", text)
    await bulk_revocation_runner.carry_out(gateway.pool, bulk_id, now)
    assert await shop.status(first) in ("REVOKING", "REVOKED")
    assert await shop.status(second) == "ISSUED"
    assert await counts(gateway.pool, bulk_id) == ("done", 1, 1, 0)


@pytest.mark.parametrize("in_bulk", [True, False])
async def test_key_compromise_moves_all_ssl_orders_with_certificates_of_the_key(
    gateway: RunningGateway, in_bulk: bool
) -> None:
    shop, first, second = await issued_twice(gateway)
    await gateway.pool.execute("UPDATE ca.certificate SET key_hash = '\\xab'")
    [serial] = await serials_of(gateway, first)
    now = await gateway.services.clock.now()
    if in_bulk:
        bulk_id = await start_bulk(gateway.pool, now, "serials", serial, 1)
        await bulk_revocation_runner.carry_out(gateway.pool, bulk_id, now)
        assert await counts(gateway.pool, bulk_id) == ("done", 2, 2, 0)
    else:
        async with open_work(gateway.pool, now, ACTOR) as work:
            assert len(await revoke(work, serial, 1)) == 2
    for cert_id in (first, second):
        assert await shop.status(cert_id) in ("REVOKING", "REVOKED")


async def test_what_nobody_confirmed_leaves_after_a_day_and_lists_after_the_log_of_jobs(
    gateway: RunningGateway,
) -> None:
    now = await gateway.services.clock.now()
    kid = (await credential_with_name(gateway)).kid
    await many_certificates(gateway.pool, kid, 3, now)
    unconfirmed = UUID(await prepared_bulk(gateway))
    done = await start_bulk(gateway.pool, now, "credential", kid)
    await bulk_revocation_runner.carry_out(gateway.pool, done, now)

    async def left() -> tuple[list[UUID], int]:
        rows = await gateway.pool.fetch("SELECT id FROM operation.bulk_revocation ORDER BY id")
        items = "SELECT count(*) FROM operation.bulk_revocation_item"
        return [row["id"] for row in rows], await gateway.pool.fetchval(items)

    await clean_up(gateway.services, now + timedelta(hours=23))
    assert await left() == (sorted([unconfirmed, done]), 3)
    await clean_up(gateway.services, now + timedelta(hours=25))
    assert await left() == ([done], 3)
    days = gateway.services.settings.retention.job_days
    await age(gateway.pool, timedelta(days=days - 1))
    await clean_up(gateway.services, now)
    assert await left() == ([done], 3)
    await age(gateway.pool, timedelta(days=2))
    await clean_up(gateway.services, now)
    assert await left() == ([done], 0)
    assert await counts(gateway.pool, done) == ("done", 3, 3, 0)
