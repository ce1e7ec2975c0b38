"""Is a purchase paid back? One question for all product families.

Each family has a file `rules/<subject>/refund.py`: a class of the facts that its decision depends
on, `objection(facts)`, and `facts_of(purchased, asked_at)` for a purchase in the order report. A
new family is such a file, and a line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.rules.money.purchases import Purchased
from gateway.rules.sitelock import refund as sitelock_refund
from gateway.rules.ssl import refund as ssl_refund
from gateway.rules.subscription import refund as subscription_refund


@dataclass(frozen=True, slots=True)
class _Policy:
    """`facts` is the class that `objection` decides on and `facts_of` makes."""

    facts: type
    objection: Callable[[Any], str | None]
    facts_of: Callable[[Purchased, datetime], object]


_POLICIES: Mapping[str, _Policy] = {
    family: _Policy(facts, module.objection, module.facts_of)
    for family, module, facts in (
        ("acme", subscription_refund, subscription_refund.DomainFacts),
        ("sitelock", sitelock_refund, sitelock_refund.LicenceFacts),
        ("ssl", ssl_refund, ssl_refund.CertificateFacts),
    )
}
"""By reseller.purchase.family."""

_BY_FACTS = {policy.facts: policy for policy in _POLICIES.values()}


def objection(facts: object) -> str | None:
    """Why the purchase is not paid back; None = it is. `facts` are those of its family."""
    return _BY_FACTS[type(facts)].objection(facts)


def objection_to(family: str, purchased: Purchased, asked_at: datetime) -> str | None:
    """The same for a purchase in the order report."""
    return objection(_POLICIES[family].facts_of(purchased, asked_at))
