"""Refunds purchases of all product families; the decision is made under lock."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from gateway.errors.money import NotRefundable
from gateway.rules.money.once_per_name import NO_LIMIT, NameRefunds
from gateway.rules.money.prices import Family
from gateway.rules.money.purchases import RefundFacts
from gateway.store.money import ledger, name_refunds
from gateway.usecases.money import billing
from gateway.usecases.work import Work


async def refund_purchase(
    work: Work, facts: RefundFacts, amounts: Mapping[int, Decimal], reason: str
) -> Decimal:
    """Pays back `amounts` by order, unless the refund policy of the family objects.

    `reason` is a sentence that the report on orders shows. Gives the sum. Call it with the row
    locked that `facts` were read from, and end what was bought in the same transaction. Raises
    NotRefundable; then nothing is changed.
    """
    if objection := facts.objection():
        raise NotRefundable(objection)
    for order_number, amount in sorted(amounts.items()):
        if amount > 0:
            await billing.refund(work, order_number, amount, reason)
    return sum(amounts.values(), Decimal("0.00"))


async def earlier_refunds(
    work: Work, family: Family, reseller_id: UUID, name: str, once_in_days: int
) -> NameRefunds:
    """Reads the earlier refunds that R22 looks at, and locks the reseller's row.

    The lock lasts until the transaction ends, so two removals of the same name from two accounts
    come one after the other. Call it with the EAB credential or the licence locked; with
    `once_in_days` 0 it does nothing.
    """
    if once_in_days == 0:
        return NO_LIMIT
    await ledger.lock_funds(work.connection, reseller_id)
    last = await name_refunds.last_refund(work.connection, family, reseller_id, name)
    return NameRefunds(once_in_days, last)
