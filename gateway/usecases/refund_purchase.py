"""Paying purchases back, for all product families: decided under lock, at the moment of doing."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from gateway.db.pool import Connection
from gateway.errors import NotRefundable
from gateway.origin import Origin
from gateway.rules import refund_policy
from gateway.usecases import billing


async def refund_purchase(
    connection: Connection,
    now: datetime,
    origin: Origin,
    facts: object,
    amounts: Mapping[int, Decimal],
) -> Decimal:
    """Asks the policy of the family that `facts` belong to, and pays back `amounts` by order.

    Gives the sum. Call it with the row locked that `facts` were read from, and end what was bought
    in the same transaction. Raises NotRefundable; then nothing is changed.
    """
    if objection := refund_policy.objection(facts):
        raise NotRefundable(objection)
    for order_number, amount in sorted(amounts.items()):
        if amount > 0:
            await billing.refund(connection, now, origin, order_number, amount)
    return sum(amounts.values(), Decimal("0.00"))
