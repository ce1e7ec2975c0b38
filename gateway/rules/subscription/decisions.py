"""Decisions on a subscription and its names: what would be done, at what cost.

A quote is only the decision; the action carries the same decision out. Each function raises the
refusals that docs/rules.md requires; balances are not read here (A22).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.errors.subscription import (
    DomainAlreadyPresent,
    DomainNotRemovable,
    NotExtendable,
    SubscriptionInGrace,
)
from gateway.rules.money import once_per_name
from gateway.rules.money.prices import NamePrices, total
from gateway.rules.names import name_type
from gateway.rules.subscription import free_names, terms
from gateway.rules.subscription.free_names import FreeBecause, Listed
from gateway.rules.subscription.refund import DomainFacts

_NOTHING = Decimal("0.00")
_EMPTY = Listed({}, has_wildcard=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """The readings of the rules that an operator may choose."""

    any_wildcard_ends_free_www: bool = False
    """A12: any wildcard in the subscription ends the free www."""
    maximum_days_after_extension: int | None = None
    """A11: cap on the days left after an extension; None = no cumulative cap."""
    minimum_days: int = 0
    """R23; 0 = a name pays only for the full days left (A4)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The conditions of sale for names; `term_days` is that of a new subscription."""

    term_days: int
    prices: NamePrices
    policy: Policy


@dataclass(frozen=True, slots=True)
class Current:
    """The current subscription of a credential; `has_names` matters in grace only (A29)."""

    started_at: datetime
    expires_at: datetime
    has_names: bool = True


@dataclass(frozen=True, slots=True)
class NameToAdd:
    """A name to add with its cost; free ones cost 0 and have a reason."""

    name: str
    cost: Decimal
    free: FreeBecause | None


@dataclass(frozen=True, slots=True)
class AddDomainDecision:
    """`names` holds the requested name, then the associated free one if there is one."""

    names: tuple[NameToAdd, ...]
    days: int
    cost: Decimal
    starts_subscription: bool
    """Whether a new subscription starts; False = the current one goes on."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NameToExtend:
    """A name to extend with its cost: 0 if it is free."""

    name: str
    cost: Decimal


@dataclass(frozen=True, slots=True)
class ExtendDecision:
    """All names of the subscription move to the new expiry together."""

    names: tuple[NameToExtend, ...]
    days: int
    cost: Decimal
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RemoveDecision:
    """Whether the order that added the name is refunded, and how much (0 = it is not).

    `refund_refused` says why R22 prevents a refund that would have been made otherwise.
    """

    refund: Decimal
    refund_refused: str | None


def decide_add(
    name: str,
    *,
    current: Current | None,
    listed: Listed,
    offer: Offer,
    with_associated: bool,
    now: datetime,
) -> AddDomainDecision:
    """Decides on adding a name (R2, R6, R12, R14–R18, R23).

    `listed` are the names of the current subscription. Raises SubscriptionInGrace (A15),
    DomainAlreadyPresent (E18a), PricingMissing, PricingBroken.
    """
    starts = current is None or _is_over(current, now)
    if current is None or starts:
        # A16, A17, A29: a new subscription; the names of the expired one count no more (A19).
        listed, days = _EMPTY, offer.term_days
        expires_at = terms.first_expiry(now, days)
    else:
        # A30: time before the subscription is not charged.
        expires_at, began = current.expires_at, max(now, current.started_at)
        days = max(terms.full_days_left(expires_at, began), offer.policy.minimum_days)
    if name in listed.paid_by_name:
        raise DomainAlreadyPresent
    requested = _name_to_add(name, days, listed, offer)
    names = [requested]
    if with_associated:
        with_requested = listed.with_name(name, paid=requested.free is None)
        names += _associated(name, with_requested, offer.policy)
    cost = total([added.cost for added in names])
    return AddDomainDecision(tuple(names), days, cost, starts, expires_at)


def decide_extend(
    *,
    expires_at: datetime,
    paid_by_name: Sequence[tuple[str, bool]],
    days: int,
    prices: NamePrices,
    policy: Policy,
    now: datetime,
) -> ExtendDecision:
    """Decides on an extension: today's price for paid names; free ones stay free (R11, A20).

    Raises NotExtendable (E11) without any name (A9), outside the window, and beyond the operator's
    cap (A11); PricingMissing, PricingBroken.
    """
    if not paid_by_name or not terms.is_extendable(expires_at, now):
        raise NotExtendable
    extended = terms.extended(expires_at, days)
    cap = policy.maximum_days_after_extension
    if cap is not None and terms.full_days_left(extended, now) > cap:
        raise NotExtendable
    names = tuple(
        NameToExtend(name, prices.cost(name_type(name), days) if paid else _NOTHING)
        for name, paid in paid_by_name
    )
    return ExtendDecision(names, days, total([name.cost for name in names]), extended)


def decide_remove(*, expires_at: datetime, facts: DomainFacts) -> RemoveDecision:
    """Decides on a removal: while valid and in grace, refunded in the first 30 days (R7, R8, R22).

    `facts` are those of the order that added the name. Raises DomainNotRemovable (E8, A18).
    """
    if terms.state(expires_at, facts.asked_at) == "expired":
        raise DomainNotRemovable
    objection = facts.objection()
    if objection is None:
        return RemoveDecision(facts.charged, None)
    again = once_per_name.objection(facts.refunds, facts.asked_at)
    return RemoveDecision(_NOTHING, again if again == objection else None)


def _is_over(current: Current, now: datetime) -> bool:
    """Whether the subscription is over, so that the next name starts a new one (A16).

    A29: one in grace without names can never be extended (A9): it is over too. Raises
    SubscriptionInGrace (A15).
    """
    state = terms.state(current.expires_at, now)
    if state == "grace" and current.has_names:
        raise SubscriptionInGrace
    return state != "active"


def _name_to_add(name: str, days: int, listed: Listed, offer: Offer) -> NameToAdd:
    free = _free_because(name, listed, offer.policy)
    cost = _NOTHING if free else offer.prices.cost(name_type(name), days)
    return NameToAdd(name, cost, free)


def _associated(name: str, listed: Listed, policy: Policy) -> list[NameToAdd]:
    """The name that is free with `name` (R17); none if it is listed already or not free."""
    associated = free_names.associated_name(name)
    if associated is None or associated in listed.paid_by_name:
        return []
    free = _free_because(associated, listed, policy)
    return [NameToAdd(associated, _NOTHING, free)] if free else []


def _free_because(name: str, listed: Listed, policy: Policy) -> FreeBecause | None:
    return free_names.free_because(
        name, listed, any_wildcard_ends_free_www=policy.any_wildcard_ends_free_www
    )
