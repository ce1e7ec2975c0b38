"""Debiting and refunding: the money side of every action that costs something."""

from decimal import Decimal
from typing import Literal
from uuid import UUID

from gateway.errors.money import NotEnoughCredit, Tier1CreditLimitReached, Tier1DebitFailed
from gateway.rules.money.prices import NamePrices, covers
from gateway.store.money import ledger, prices
from gateway.store.money.ledger import NewPurchase
from gateway.store.operation.audit import Change
from gateway.usecases.work import Work


async def name_prices(work: Work, reseller_id: UUID, server: str) -> NamePrices:
    """Gives today's prices of a reseller on one server (A20)."""
    currency, found = await prices.prices_of(work.connection, reseller_id, "acme", server)
    return NamePrices(currency, {variant: price for (_, variant), price in found.items()})


async def charge(
    work: Work,
    *,
    reseller_id: UUID,
    kind: Literal["add_domain", "extend_domains", "order_ssl", "order_sitelock"],
    cost: Decimal,
    currency: str,
    days: int,
) -> int:
    """Debits the reseller and, if there is one, its Tier-1 parent the same amount; R21.

    Gives the order number; a free order has one too. Call it with the EAB credential locked. Raises
    NotEnoughCredit (E14), Tier1DebitFailed (E15: the parent is suspended or has another currency)
    or Tier1CreditLimitReached (E16).
    """
    reseller = await ledger.lock_funds(work.connection, reseller_id)
    if not covers(reseller.balance, reseller.credit_limit, cost):
        raise NotEnoughCredit
    payers = [reseller_id]
    if reseller.tier1_id is not None and cost > 0:
        parent = await ledger.lock_funds(work.connection, reseller.tier1_id)
        if parent.status != "active" or parent.currency != currency:
            raise Tier1DebitFailed
        if not covers(parent.balance, parent.credit_limit, cost):
            raise Tier1CreditLimitReached
        payers.append(parent.account_id)
    bought = NewPurchase(kind, cost, currency, days)
    order_number = await ledger.purchase(work.connection, payers, bought, work.now)
    after = {"kind": kind, "cost": str(cost), "currency": currency, "days": days}
    change = Change("purchase.charged", str(order_number), None, after)
    await work.record(change)
    return order_number


async def refund(work: Work, order_number: int, amount: Decimal, reason: str) -> None:
    """Refunds `amount` of an order to all who were debited; call it with the EAB locked."""
    payers = await ledger.payers_of(work.connection, order_number)
    for payer in payers:
        await ledger.lock_funds(work.connection, payer)
    await ledger.refund(
        work.connection,
        order_number=order_number,
        payers=payers,
        amount=amount,
        refunded_at=work.now,
    )
    after = {"amount": str(amount), "reason": reason}
    change = Change("purchase.refunded", str(order_number), None, after)
    await work.record(change)
