"""R8, A6, A23: money back for a name removed soon."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from gateway.rules.subscription.refund import DomainFacts

ADDED = datetime(2025, 1, 10, 15, 30, tzinfo=UTC)
FEE = Decimal("365.00")


@pytest.mark.parametrize(
    ("removed_at", "paid_back"),
    [
        (ADDED, True),
        (datetime(2025, 2, 9, 15, 29, 59, tzinfo=UTC), True),
        (datetime(2025, 2, 9, 15, 29, 59, 999999, tzinfo=UTC), True),
        (datetime(2025, 2, 9, 15, 30, tzinfo=UTC), False),
        (ADDED + timedelta(days=300), False),
    ],
)
def test_x10_a6_thirty_days_to_the_instant(removed_at: datetime, paid_back: bool) -> None:
    assert (DomainFacts(FEE, ADDED, removed_at).objection() is None) is paid_back


def test_a7_a_free_name_gives_nothing_back() -> None:
    assert DomainFacts(Decimal("0.00"), ADDED, ADDED).objection() is not None
