"""R8, A6, A23: money back for a name removed soon."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from gateway.rules.refunds import refund

ADDED = datetime(2025, 1, 10, 15, 30, tzinfo=UTC)
FEE = Decimal("365.00")


@pytest.mark.parametrize(
    ("removed_at", "amount"),
    [
        (ADDED, FEE),
        (datetime(2025, 2, 9, 15, 29, 59, tzinfo=UTC), FEE),
        (datetime(2025, 2, 9, 15, 29, 59, 999999, tzinfo=UTC), FEE),
        (datetime(2025, 2, 9, 15, 30, tzinfo=UTC), Decimal(0)),
        (ADDED + timedelta(days=300), Decimal(0)),
    ],
)
def test_x10_a6_thirty_days_to_the_instant(removed_at: datetime, amount: Decimal) -> None:
    assert refund(FEE, ADDED, removed_at) == amount


def test_a7_a_free_name_gives_nothing_back() -> None:
    assert refund(Decimal("0.00"), ADDED, ADDED) == 0
