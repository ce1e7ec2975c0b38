"""REMOVEDOMAIN: take a name out, with the names that are free because of it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection
from gateway.errors import DomainNotRemovable
from gateway.origin import Origin
from gateway.rules.refund_policies.acme_domains import DomainFacts
from gateway.rules.subscriptions import decide_remove
from gateway.store import audit, subscriptions
from gateway.store.audit import Change
from gateway.usecases.refund_purchase import refund_purchase
from gateway.usecases.revocation import revoke_refunded
from gateway.usecases.subscriptions import credential_to_change, parse_name


@dataclass(frozen=True, slots=True)
class RemoveDomain:
    """What is asked for."""

    reseller_id: UUID
    account_id: str
    domain_name: str
    revoke_certificates: bool = False
    """With a refund, also what was issued for the names (setting refund.revoke_certificates)."""


@dataclass(frozen=True, slots=True)
class DomainsRemoved:
    """`names` holds the requested name, then the free ones that went with it (R10)."""

    names: tuple[str, ...]
    refund: Decimal


async def remove_domain(
    connection: Connection, now: datetime, origin: Origin, request: RemoveDomain
) -> DomainsRemoved:
    """R7–R10: also for a suspended or deactivated EAB (A26).

    The subscription stays as it is, even without names (A9). Raises ArgumentInvalid, and
    DomainNotRemovable (E8) for a name that is not in the subscription or after grace.
    """
    name = parse_name(request.domain_name)
    credential = await credential_to_change(connection, request.reseller_id, request.account_id)
    current = await subscriptions.find_current(connection, credential.kid)
    if current is None:
        raise DomainNotRemovable
    domain = await subscriptions.find_added(connection, current.id, name)
    if domain is None:
        raise DomainNotRemovable
    decision = decide_remove(
        expires_at=current.expires_at, charged=domain.charged, added_at=domain.added_at, now=now
    )
    removed = await subscriptions.remove_with_free_partners(connection, domain.id, now)
    after = {"credential": credential.kid, "removedWith": name}
    changes = (Change("domain.removed", each, None, after) for each in removed)
    await audit.record(connection, now, origin, *changes)
    if decision.refund > 0:
        facts = DomainFacts(domain.charged, domain.added_at, now)
        amounts = {domain.order_number: decision.refund}
        await refund_purchase(connection, now, origin, facts, amounts)
        if request.revoke_certificates:
            await revoke_refunded(
                connection,
                now,
                origin,
                kid=credential.kid,
                names=removed,
                since=domain.added_at,
            )
    return DomainsRemoved(tuple(removed), decision.refund)
