"""REMOVEDOMAIN: removes a name, with the names that are free because of it."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from gateway.errors.subscription import DomainNotRemovable
from gateway.rules.money.quotes import require_quoted_refund
from gateway.rules.subscription.decisions import decide_remove
from gateway.rules.subscription.refund import DomainFacts
from gateway.store.operation.audit import Change
from gateway.store.subscription import subscriptions
from gateway.store.subscription.subscriptions import AddedDomain
from gateway.usecases.acme.revocation import revoke_refunded
from gateway.usecases.money.refund_purchase import earlier_refunds, refund_purchase
from gateway.usecases.subscription.domains import credential_to_change, parse_name
from gateway.usecases.work import Work


@dataclass(frozen=True, slots=True)
class RemoveDomain:
    """A request to remove a name. With `quote_only` it is only asked what would be paid back."""

    reseller_id: UUID
    account_id: str
    domain_name: str
    revoke_certificates: bool = False
    """Whether a refund also revokes what was issued (setting refund.revoke_certificates)."""
    refund_once_in_days: int = 0
    """R22 (setting refund.once_per_name_days)."""
    quote_only: bool = False
    """Nothing is locked or changed."""
    quoted: Decimal | None = None
    """The refund that the reseller was shown; None = nothing."""
    reason: str = "The name was removed."
    """Why; kept with a refund."""


@dataclass(frozen=True, slots=True)
class DomainsRemoved:
    """`names` holds the requested name, then the free ones that go with it (R10)."""

    names: tuple[str, ...]
    refund: Decimal
    refund_refused: str | None
    """Why R22 kept the money that would have been paid back otherwise."""


async def remove_domain(work: Work, request: RemoveDomain) -> DomainsRemoved:
    """Removes a name (R7–R10, R22), also for a suspended or deactivated EAB (A26).

    The subscription stays as it is, even without names (A9). Raises ArgumentInvalid, and
    DomainNotRemovable (E8) for a name that is not in the subscription or after grace; QuoteChanged
    for another refund than was quoted.
    """
    name = parse_name(request.domain_name)
    credential = await credential_to_change(
        work, request.reseller_id, request.account_id, lock=not request.quote_only
    )
    current = await subscriptions.find_current(work.connection, credential.kid)
    if current is None:
        raise DomainNotRemovable
    domain = await subscriptions.find_added(work.connection, current.id, name)
    if domain is None:
        raise DomainNotRemovable
    facts = await _facts(work, request, domain)
    decision = decide_remove(expires_at=current.expires_at, facts=facts)
    if request.quote_only:
        names = await subscriptions.with_free_partners(work.connection, domain.id)
        return DomainsRemoved(tuple(names), decision.refund, decision.refund_refused)
    require_quoted_refund(request.quoted, decision.refund)
    removed = await subscriptions.remove_with_free_partners(work.connection, domain.id, work.now)
    after = {"credential": credential.kid, "removedWith": name}
    changes = [Change("domain.removed", each, None, after) for each in removed]
    if decision.refund_refused is not None:
        kept = {"name": name, "amount": str(domain.charged), "reason": decision.refund_refused}
        number = str(domain.order_number)
        changes.append(Change("purchase.refund_refused", number, None, kept))
    await work.record(*changes)
    if decision.refund > 0:
        amounts = {domain.order_number: decision.refund}
        await refund_purchase(work, facts, amounts, request.reason)
        if request.revoke_certificates:
            await revoke_refunded(work, kid=credential.kid, names=removed, since=domain.added_at)
    return DomainsRemoved(tuple(removed), decision.refund, decision.refund_refused)


async def _facts(work: Work, request: RemoveDomain, domain: AddedDomain) -> DomainFacts:
    refunds = await earlier_refunds(
        work, "acme", request.reseller_id, domain.name, request.refund_once_in_days
    )
    return DomainFacts(domain.charged, domain.added_at, work.now, refunds=refunds)
