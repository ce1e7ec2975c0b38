"""The status machine of SSL certificate orders is the same in rules, database and document."""

from itertools import permutations

import pytest

from gateway.rules.ssl.orders import MOVES, STATUSES
from tests.integration.acme.test_status_machines import documented, moves
from tests.support.certificate_shop import CertificateShop

CONSTRAINTS = {
    'ssl."order"': (
        "uploaded_was_not_bought",
        "issued_has_a_certificate",
        "revoked_is_dated",
    ),
    "ssl.unsubscription": ("decided_is_dated", "approved_says_what_was_refunded"),
}


def test_the_rules_are_what_is_drawn() -> None:
    drawn = documented("SSL certificate order")
    assert {(before, after) for before, all_of in MOVES.items() for after in all_of} == drawn


@pytest.mark.parametrize(
    ("title", "table", "statuses"),
    [
        ("SSL certificate order", 'ssl."order"', STATUSES),
        ("Unsubscription", "ssl.unsubscription", ("waiting", "approved", "rejected", "failed")),
    ],
)
async def test_exactly_the_documented_moves_are_possible(
    shop: CertificateShop, title: str, table: str, statuses: tuple[str, ...]
) -> None:
    await shop.unsubscribe(await shop.buy())
    async with shop.gateway.pool.acquire() as connection:
        for constraint in CONSTRAINTS[table]:
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        possible = {
            move for move in permutations(statuses, 2) if await moves(connection, table, *move)
        }
    assert possible == documented(title)
