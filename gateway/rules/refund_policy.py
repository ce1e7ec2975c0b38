"""Whether a purchase is refunded: one function for all families.

The policy of a family is `rules/<subject>/refund.py`, a class that satisfies RefundFacts. A new one
is such a file, and its name here.
"""

from collections.abc import Mapping
from datetime import datetime

from gateway.rules.money.purchases import RefundFacts, ReportedPurchase
from gateway.rules.sitelock.refund import LicenceFacts
from gateway.rules.ssl.refund import CertificateFacts
from gateway.rules.subscription.refund import DomainFacts

POLICIES: Mapping[str, type[RefundFacts]] = {
    facts.family: facts for facts in (DomainFacts, LicenceFacts, CertificateFacts)
}
"""The policies by reseller.purchase.family."""


def facts_of(family: str, purchased: ReportedPurchase, asked_at: datetime) -> RefundFacts:
    """The facts on which a refund of a purchase in the order report is decided."""
    return POLICIES[family].of(purchased, asked_at)
