"""EXTENDDOMAINS: moves the expiry of a subscription, for all its names."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.errors.subscription import NotExtendable
from gateway.rules.money.quotes import require_quoted
from gateway.rules.subscription.decisions import ExtendDecision, Policy, decide_extend
from gateway.store.operation.audit import Change
from gateway.store.subscription import subscriptions
from gateway.store.subscription.subscriptions import Domain, Subscription
from gateway.usecases.money import billing
from gateway.usecases.subscription.domains import (
    credential_to_change,
    refuse_deactivated,
    refuse_uncertifiable_listed,
)
from gateway.usecases.work import Work


@dataclass(frozen=True, slots=True)
class Extend:
    """A request to extend. With `quote_only` nothing is locked or changed."""

    reseller_id: UUID
    account_id: str
    days: int
    policy: Policy
    quote_only: bool = False
    quoted: Decimal | None = None
    """What the buyer was shown; None = nothing."""


@dataclass(frozen=True, slots=True)
class Extended:
    """What was done; for a quote, what would be: then `order_number` is None."""

    order_number: int | None
    cost: Decimal
    currency: str
    days: int
    expires_at: datetime


async def extend(work: Work, request: Extend) -> Extended:
    """Extends a subscription: every paid name is charged today's price, free ones stay free (R11).

    Raises ArgumentInvalid (A31 too), PermissionDenied (deactivated EAB), NotExtendable,
    PricingMissing, PricingBroken, and unless it is a quote NotEnoughCredit, Tier1DebitFailed,
    Tier1CreditLimitReached or QuoteChanged.
    """
    credential = await credential_to_change(
        work, request.reseller_id, request.account_id, lock=not request.quote_only
    )
    refuse_deactivated(credential)
    current = await subscriptions.find_current(work.connection, credential.kid)
    if current is None:
        raise NotExtendable
    domains = await subscriptions.all_domains(work.connection, current.id)
    prices = await billing.name_prices(work, request.reseller_id, credential.server_name)
    decision = decide_extend(
        expires_at=current.expires_at,
        paid_by_name=[(domain.name, domain.free_because is None) for domain in domains],
        days=request.days,
        prices=prices,
        policy=request.policy,
        now=work.now,
    )
    refuse_uncertifiable_listed(credential, [domain.name for domain in domains])
    order_number = None
    if not request.quote_only:
        require_quoted(request.quoted, decision.cost, prices.currency)
        order_number = await billing.charge(
            work,
            reseller_id=request.reseller_id,
            kind="extend_domains",
            cost=decision.cost,
            currency=prices.currency,
            days=decision.days,
        )
        await _write(work, credential.kid, current, domains, order_number, decision)
    return Extended(
        order_number, decision.cost, prices.currency, decision.days, decision.expires_at
    )


async def _write(
    work: Work,
    kid: str,
    current: Subscription,
    domains: list[Domain],
    order_number: int,
    decision: ExtendDecision,
) -> None:
    id_by_name = {domain.name: domain.id for domain in domains}
    await subscriptions.extend(
        work.connection,
        current.id,
        now=work.now,
        expires_at=decision.expires_at,
        order_number=order_number,
        cost_by_domain=[(id_by_name[name.name], name.cost) for name in decision.names],
    )
    change = Change(
        "subscription.extended",
        kid,
        {"expiresAt": current.expires_at},
        {"expiresAt": decision.expires_at, "orderNumber": order_number},
    )
    await work.record(change)
