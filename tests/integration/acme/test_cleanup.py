"""Clean-up deletes ended objects from the database, and keeps certificates."""

from datetime import timedelta
from typing import Any

from gateway.usecases.operation.cleanup import clean_up
from tests.integration.acme.conftest import NAME, ReadyOrder
from tests.support.acme_client import AcmeClient
from tests.support.csrs import csr


async def rows(gateway: Any, table: str) -> int:
    count: int = await gateway.pool.fetchval(f"SELECT count(*) FROM {table}")
    return count


async def pass_days(gateway: Any, days: int) -> None:
    now = await gateway.services.clock.now()
    await clean_up(gateway.services, now + timedelta(days=days))


async def test_an_order_that_came_to_nothing_leaves_with_its_authorizations_and_challenges(
    gateway: Any, client: AcmeClient
) -> None:
    await client.new_order(NAME)
    await pass_days(gateway, 7 + 89)
    assert await rows(gateway, 'acme."order"') == 1
    await pass_days(gateway, 7 + 91)
    for table in ('acme."order"', "acme.order_identifier", "acme.authorization", "acme.challenge"):
        assert await rows(gateway, table) == 0


async def test_an_order_with_a_certificate_stays_for_years_and_its_certificate_for_ever(
    gateway: Any, client: AcmeClient, ready_order: ReadyOrder
) -> None:
    order = await ready_order()
    await client.finalize(order, csr([NAME]))
    await pass_days(gateway, 90 + 1199)
    assert await rows(gateway, 'acme."order"') == 1
    await pass_days(gateway, 90 + 1201)
    assert await rows(gateway, 'acme."order"') == 0
    assert await rows(gateway, "acme.authorization") == 0
    assert await rows(gateway, "ca.certificate WHERE order_id IS NULL") == 1


async def test_used_nonces_leave_when_they_are_too_old_to_be_taken(
    gateway: Any, client: AcmeClient
) -> None:
    await client.new_order(NAME)
    young = await rows(gateway, "acme.nonce")
    assert young > 0
    await gateway.pool.execute("INSERT INTO acme.nonce VALUES ('\\x00000001'::bytea)")
    await pass_days(gateway, 0)
    assert await rows(gateway, "acme.nonce") == young


async def test_more_orders_than_a_batch_all_leave_and_those_that_are_not_over_stay(
    gateway: Any, client: AcmeClient
) -> None:
    await client.new_order(NAME)
    await gateway.pool.execute(
        """
        INSERT INTO acme."order"
        SELECT (jsonb_populate_record("order", jsonb_build_object('id', gen_random_uuid()))).*
          FROM acme."order", generate_series(1, 1300)
        """
    )
    await pass_days(gateway, 7 + 89)
    assert await rows(gateway, 'acme."order"') == 1301
    await pass_days(gateway, 7 + 91)
    assert await rows(gateway, 'acme."order"') == 0


async def test_an_authorization_that_another_order_needs_stays_as_long_as_that_one(
    gateway: Any, client: AcmeClient, ready_order: ReadyOrder
) -> None:
    order = await ready_order()
    await gateway.advance(86400)
    placed = await client.new_order(NAME, notAfter="2025-02-01T00:00:00Z")
    assert placed.json["authorizations"] == order["authorizations"]
    await gateway.pool.execute(
        """UPDATE acme."order" SET expires_at = expires_at + interval '60 days' WHERE id = $1""",
        placed.headers["Location"].rpartition("/")[2],
    )
    await pass_days(gateway, 7 + 91)
    assert await rows(gateway, 'acme."order"') == 1
    assert await rows(gateway, "acme.authorization") == 1
    await pass_days(gateway, 7 + 91 + 60)
    assert await rows(gateway, 'acme."order"') == 0
    assert await rows(gateway, "acme.authorization") == 0
