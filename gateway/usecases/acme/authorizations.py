"""Authorizations: proofs of control over a name (RFC 8555 §7.4.1, §7.5)."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from msgspec.structs import replace

from gateway import ids
from gateway.ca.profiles import PROFILES
from gateway.config import Settings
from gateway.errors import NotFound
from gateway.rules.acme import lifecycle
from gateway.services import Services
from gateway.store.acme import authorizations, challenges, new_orders
from gateway.store.acme.admission import Ticket
from gateway.store.acme.authorizations import Authorization, Challenge
from gateway.store.acme.challenges import Attempt
from gateway.store.acme.new_orders import OfferedAuthorization
from gateway.usecases.acme.admission import admit, require_terms
from gateway.usecases.acme.perspective import methods_of
from gateway.usecases.acme.refusals import GateQuestion, check_gate
from gateway.validation.challenge import offered


class Checks(Protocol):
    """What validates challenges in this process: the Validator."""

    def start(self, attempt: Attempt) -> None:
        """Makes an attempt now; the caller has committed `processing` and holds its lease."""

    def wake(self, challenge_id: UUID) -> None:
        """Makes the next attempt now, if this process pauses before it."""


async def authorize(
    services: Services, ticket: Ticket, name: str, source: str | None
) -> Authorization:
    """Pre-authorizes a name: gives its valid authorization, or a new pending one.

    Raises IssuanceRefused when no certificate could be issued for the name now.
    """
    now = await services.clock.now()
    profile = next(iter(PROFILES))
    admission, facts, reusable = await new_orders.read_gate(
        services.pool, ticket, [name], profile, None, now
    )
    admit(ticket, admission)
    require_terms(services.settings, admission.agreed_terms)
    asked = GateQuestion(ticket, admission.kid, [name], source)
    await check_gate(services.pool, facts, asked, now)
    held = [proof.id for proof in reusable.proofs if not proof.wildcard]
    if held and services.settings.issuance.reuse_authorizations:
        return await authorizations.find(services.pool, held[-1])
    made = new_authorization(services.settings, name, wildcard=False)
    expires_at = now + timedelta(hours=services.settings.issuance.order_hours)
    await authorizations.add(services.pool, ticket.account_id, made, expires_at, now, source)
    return await authorizations.find(services.pool, made.id)


async def read_authorization(
    services: Services, ticket: Ticket, authorization_id: UUID
) -> Authorization:
    """Gives one of the signer's authorizations as it is now; raises NotFound."""
    admission, authorization = await authorizations.read(services.pool, ticket, authorization_id)
    admit(ticket, admission)
    if authorization is None:
        raise NotFound
    return _authorization_as_of(authorization, await services.clock.now())


async def answer_challenge(
    services: Services, checks: Checks, ticket: Ticket, challenge_id: UUID, *, ready: bool
) -> tuple[Authorization, Challenge]:
    """Gives a challenge as it is now; `ready` begins its validation if it can (RFC 8555 §7.5.1).

    When the client says so again, the next attempt is made at once. Raises NotFound.
    """
    admission, authorization = await authorizations.read_by_challenge(
        services.pool, ticket, challenge_id
    )
    admit(ticket, admission)
    if authorization is None:
        raise NotFound
    [challenge] = authorization.challenges
    authorization = _authorization_as_of(authorization, await services.clock.now())
    if not ready:
        return authorization, challenge
    if authorization.status != "pending" or challenge.status != "pending":
        checks.wake(challenge_id)
        return authorization, challenge
    started = await challenges.start_attempt(
        services.pool, challenge_id, services.settings.validation.lease_seconds
    )
    if started is None:  # another request was faster
        checks.wake(challenge_id)
    else:
        checks.start(started)
    return authorization, replace(challenge, status="processing")


async def deactivate(
    services: Services, ticket: Ticket, authorization_id: UUID, source: str | None
) -> Authorization:
    """Deactivates an authorization, with the open orders that need it (RFC 8555 §7.5.2).

    Raises NotFound.
    """
    now = await services.clock.now()
    held = await read_authorization(services, ticket, authorization_id)
    if held.status not in ("pending", "valid"):
        return held
    await authorizations.deactivate(
        services.pool, ticket.account_id, authorization_id, now, source, _GIVEN_UP
    )
    return replace(held, status="deactivated")


_GIVEN_UP = {
    "type": "urn:ietf:params:acme:error:unauthorized",
    "detail": "An authorization of the order was deactivated by its account.",
    "status": 403,
}


def _authorization_as_of(authorization: Authorization, now: datetime) -> Authorization:
    status = lifecycle.authorization_status(authorization.status, authorization.expires_at, now)
    if status == authorization.status:
        return authorization
    return replace(authorization, status=status)


def new_authorization(settings: Settings, name: str, wildcard: bool) -> OfferedAuthorization:
    """A new authorization with a challenge of each type that can prove it."""
    kinds = offered(wildcard, methods_of(settings))
    challenges = [(ids.new_id(), kind, ids.new_challenge_token()) for kind in kinds]
    return OfferedAuthorization(ids.new_id(), name, wildcard, challenges)
