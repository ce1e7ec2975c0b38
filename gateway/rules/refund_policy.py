"""Is a purchase paid back? One question for all product families.

Each family has a file in refund_policies/: a class of the facts that its decision depends on,
`objection(facts)`, and `facts_of(purchased, asked_at)` for a purchase in the order report. A new
family is such a file, and a line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.rules.purchases import Purchased
from gateway.rules.refund_policies import acme_domains, sitelock, ssl_certificates


@dataclass(frozen=True, slots=True)
class _Policy:
    """`facts` is the class that `objection` decides on and `facts_of` makes."""

    facts: type
    objection: Callable[[Any], str | None]
    facts_of: Callable[[Purchased, datetime], object]


_POLICIES: Mapping[str, _Policy] = {
    family: _Policy(facts, module.objection, module.facts_of)
    for family, module, facts in (
        ("acme", acme_domains, acme_domains.DomainFacts),
        ("sitelock", sitelock, sitelock.LicenceFacts),
        ("ssl", ssl_certificates, ssl_certificates.CertificateFacts),
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
