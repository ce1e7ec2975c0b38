"""Money back for names removed soon after they were added (R8)."""

from datetime import datetime, timedelta
from decimal import Decimal

REFUND_PERIOD = timedelta(hours=30 * 24)
"""A6: "less than 30 days", to the instant."""


def refund(charged: Decimal, added_at: datetime, removed_at: datetime) -> Decimal:
    """R8, A7, A8, A23: what is paid back for a name removed now; all or nothing.

    `charged` is what the order that added the name charged for it: 0 for a free name, and never
    the fee of a later extension.
    """
    return charged if removed_at - added_at < REFUND_PERIOD else Decimal("0.00")
