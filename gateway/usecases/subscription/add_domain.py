"""ADDDOMAIN: add a name; the first one starts the subscription."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from gateway import ids
from gateway.rules.money.prices import NamePrices
from gateway.rules.money.quotes import require_quoted
from gateway.rules.names import name_type
from gateway.rules.subscription import free_names, terms
from gateway.rules.subscription.decisions import (
    AddDomainDecision,
    Current,
    NameToAdd,
    Offer,
    Policy,
    decide_add,
)
from gateway.rules.subscription.free_names import Listed
from gateway.store.acme.eab_credentials import EabCredential
from gateway.store.operation.audit import Change
from gateway.store.subscription import subscriptions
from gateway.store.subscription.subscriptions import Domain, NewDomain, Subscription
from gateway.usecases.money import billing
from gateway.usecases.organization import anchors
from gateway.usecases.organization.anchors import Anchors, SentAnchors
from gateway.usecases.subscription.domains import (
    credential_to_change,
    parse_name,
    refuse_deactivated,
    refuse_uncertifiable,
)
from gateway.usecases.work import Work


@dataclass(frozen=True, slots=True)
class AddDomain:
    """A request to add a name. With `quote_only` nothing is locked or changed."""

    reseller_id: UUID
    account_id: str
    domain_name: str
    policy: Policy
    quote_only: bool = False
    with_associated: bool = False
    anchors: SentAnchors = field(default_factory=SentAnchors)
    quoted: Decimal | None = None
    """What the buyer was shown; None = nothing."""


@dataclass(frozen=True, slots=True)
class DomainAdded:
    """What was done; for a quote, what would be: then `order_number` is None."""

    order_number: int | None
    cost: Decimal
    currency: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Situation:
    """The facts of a decision. `known` are the names that matter for the requested one."""

    credential: EabCredential
    current: Subscription | None
    known: list[Domain]
    prices: NamePrices
    anchors: Anchors


async def add_domain(work: Work, request: AddDomain) -> DomainAdded:
    """Adds a name, and with `with_associated` the associated name that is free with it.

    Raises ArgumentInvalid, ArgumentMissing (no pre-validation on an OV server, O2),
    PermissionDenied (deactivated EAB), NotApplicableForDv, SubscriptionInGrace,
    DomainAlreadyPresent, PricingMissing, PricingBroken, and unless it is a quote NotEnoughCredit,
    Tier1DebitFailed, Tier1CreditLimitReached or QuoteChanged.
    """
    name = parse_name(request.domain_name)
    if not request.quote_only:
        await anchors.hold(work, request.reseller_id, request.anchors)
    credential = await credential_to_change(
        work, request.reseller_id, request.account_id, lock=not request.quote_only
    )
    refuse_deactivated(credential)
    refuse_uncertifiable(credential, name)
    situation = await _load(work, credential, name, request)
    decision = await _decide(work, situation, name, request)
    order_number = None
    if not request.quote_only:
        require_quoted(request.quoted, decision.cost, situation.prices.currency)
        order_number = await _carry_out(work, request, situation, decision)
    return DomainAdded(
        order_number,
        decision.cost,
        situation.prices.currency,
        tuple(added.name for added in decision.names),
    )


async def _load(
    work: Work,
    credential: EabCredential,
    name: str,
    request: AddDomain,
) -> _Situation:
    associated = free_names.associated_name(name) if request.with_associated else None
    named = await anchors.anchors_for(
        work,
        reseller_id=credential.reseller_id,
        validation=credential.validation,
        names=[name, associated] if associated else [name],
        sent=request.anchors,
    )
    current = await subscriptions.find_current(work.connection, credential.kid)
    known: list[Domain] = []
    if current is not None:
        known = await subscriptions.find_domains(
            work.connection, current.id, free_names.relevant_names(name)
        )
    prices = await billing.name_prices(work, credential.reseller_id, credential.server_name)
    return _Situation(credential, current, known, prices, named)


async def _decide(
    work: Work, situation: _Situation, name: str, request: AddDomain
) -> AddDomainDecision:
    current, has_wildcard = situation.current, False
    if current is not None and request.policy.any_wildcard_ends_free_www:
        has_wildcard = await subscriptions.has_wildcard(work.connection, current.id)
    facts = None if current is None else await _current(work, current)
    paid_by_name = {domain.name: domain.free_because is None for domain in situation.known}
    return decide_add(
        name,
        current=facts,
        listed=Listed(paid_by_name, has_wildcard),
        offer=Offer(situation.credential.term_days, situation.prices, request.policy),
        with_associated=request.with_associated,
        now=work.now,
    )


async def _current(work: Work, current: Subscription) -> Current:
    """The current subscription; whether it has names is read only where it matters (A29)."""
    has_names = True
    if terms.state(current.expires_at, work.now) == "grace":
        has_names = bool(await subscriptions.all_domains(work.connection, current.id))
    return Current(current.started_at, current.expires_at, has_names)


async def _carry_out(
    work: Work, request: AddDomain, situation: _Situation, decision: AddDomainDecision
) -> int:
    order_number = await billing.charge(
        work,
        reseller_id=request.reseller_id,
        kind="add_domain",
        cost=decision.cost,
        currency=situation.prices.currency,
        days=decision.days,
    )
    current, kid = situation.current, situation.credential.kid
    if current is not None and not decision.starts_subscription:
        subscription_id = current.id
    else:
        subscription_id = await _start(work, kid, current, decision.expires_at)
    await subscriptions.add_domains(
        work.connection,
        subscription_id=subscription_id,
        order_number=order_number,
        added_at=work.now,
        added_by=request.account_id,
        domains=_new_domains(decision, situation),
    )
    added = (_added(kid, order_number, name, situation.anchors) for name in decision.names)
    await work.record(*added)
    return order_number


async def _start(work: Work, kid: str, former: Subscription | None, expires_at: datetime) -> UUID:
    """Starts a subscription (R2), which may replace one that is over (R12, A29)."""
    subscription_id = ids.new_id()
    await subscriptions.start(
        work.connection,
        subscription_id=subscription_id,
        kid=kid,
        started_at=work.now,
        expires_at=expires_at,
        replaces=former.id if former else None,
    )
    after = {
        "subscription": str(subscription_id),
        "expiresAt": expires_at,
        "replaces": str(former.id) if former else None,
    }
    await work.record(Change("subscription.started", kid, None, after))
    return subscription_id


def _new_domains(decision: AddDomainDecision, situation: _Situation) -> list[NewDomain]:
    new_ids = {added.name: ids.new_id() for added in decision.names}
    partners = {domain.name: domain.id for domain in situation.known} | new_ids
    return [
        NewDomain(
            id=new_ids[added.name],
            name=added.name,
            name_type=name_type(added.name),
            free_because=added.free.reason if added.free else None,
            partner_id=partners[added.free.partner] if added.free else None,
            cost=added.cost,
            ov_anchor=situation.anchors.ov,
            ev_anchor=situation.anchors.ev,
        )
        for added in decision.names
    ]


def _added(kid: str, order_number: int, added: NameToAdd, named: Anchors) -> Change:
    after: dict[str, Any] = {
        "credential": kid,
        "orderNumber": order_number,
        "cost": str(added.cost),
        "freeBecause": added.free.reason if added.free else None,
    }
    if named.ov is not None:
        after["ovAnchorOrderNumber"] = named.ov
    if named.ev is not None:
        after["evAnchorOrderNumber"] = named.ev
    return Change("domain.added", added.name, None, after)
