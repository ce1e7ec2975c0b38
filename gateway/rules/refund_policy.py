"""Is a purchase paid back? One question for all product families.

Each family has a file in refund_policies/ with the facts that its decision depends on and an
`objection(facts)`: None = eligible, otherwise the reason in words. A new family is such a file, and
a line here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.rules.refund_policies import acme_domains, sitelock, ssl_certificates

Facts = acme_domains.DomainFacts | sitelock.LicenceFacts | ssl_certificates.CertificateFacts

_POLICIES: Mapping[type, Callable[[Any], str | None]] = {
    acme_domains.DomainFacts: acme_domains.objection,
    sitelock.LicenceFacts: sitelock.objection,
    ssl_certificates.CertificateFacts: ssl_certificates.objection,
}


def objection(facts: Facts) -> str | None:
    """Why the purchase is not paid back; None = it is."""
    return _POLICIES[type(facts)](facts)
