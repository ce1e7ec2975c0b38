"""Authorizations and challenges (RFC 8555 §7.5, §8)."""

from typing import Any
from uuid import UUID

from gateway.doors.acme.door import AcmeDoor
from gateway.doors.acme.identifiers import Identifier, sorted_out
from gateway.doors.acme.payload import Payload
from gateway.doors.acme.problem import malformed
from gateway.doors.acme.reply import Reply, rfc3339
from gateway.doors.acme.signed_request import AcmeCall
from gateway.errors.acme import IssuanceRefused
from gateway.rules.acme import lifecycle
from gateway.store.acme.authorizations import Authorization, Challenge
from gateway.usecases.acme import authorizations
from gateway.validation.challenge import METHODS

_RETRY_SECONDS = 1


class ChallengeResponse(Payload):
    """The payload of a challenge response (RFC 8555 §7.5.1); its members are ignored."""


class NewAuthorizationPayload(Payload):
    """The payload of newAuthz (RFC 8555 §7.4.1)."""

    judged = frozenset({"identifier"})

    identifier: Identifier


class ChangedAuthorization(Payload):
    """The payload of a change (RFC 8555 §7.5.2): the status can change only to deactivated."""

    status: str


async def new_authorization(door: AcmeDoor, call: AcmeCall) -> Reply:
    """Makes an authorization before any order (pre-authorization, RFC 8555 §7.4.1)."""
    names, refused = sorted_out([call.read(NewAuthorizationPayload).identifier])
    if refused:
        raise IssuanceRefused(refused)
    [name] = names
    if name.startswith("*."):
        raise malformed("A wildcard cannot be authorized in advance; place an order for it.")
    shown = await authorizations.authorize(
        door.services, call.take_ticket(), name, call.client.address
    )
    return _reply(door, call, shown, 201)


async def authorization(door: AcmeDoor, call: AcmeCall, authorization_id: UUID) -> Reply:
    """Reads or deactivates one of the signer's authorizations."""
    if call.is_read:
        shown = await authorizations.read_authorization(
            door.services, call.take_ticket(), authorization_id
        )
        return _reply(door, call, shown)
    if call.read(ChangedAuthorization).status != "deactivated":
        raise malformed('The status of an authorization can only be set to "deactivated".')
    shown = await authorizations.deactivate(
        door.services, call.take_ticket(), authorization_id, call.client.address
    )
    return _reply(door, call, shown)


def _reply(door: AcmeDoor, call: AcmeCall, shown: Authorization, status: int = 200) -> Reply:
    document: dict[str, Any] = {
        "identifier": {"type": "dns", "value": shown.name},
        "status": shown.status,
        "expires": rfc3339(shown.expires_at),
        "challenges": [
            _challenge(door, call, challenge)
            for challenge in shown.challenges
            if lifecycle.shows_challenge(shown.status, challenge.status)
        ],
    }
    if shown.wildcard:
        document["wildcard"] = True
    retry_after = _RETRY_SECONDS if _is_processing(shown) else None
    return Reply(
        document, status, location=call.urls.authorization(shown.id), retry_after=retry_after
    )


async def challenge(door: AcmeDoor, call: AcmeCall, challenge_id: UUID) -> Reply:
    """Reads a challenge, or takes the client's response that it is ready to be validated."""
    if not call.is_read:
        call.read(ChallengeResponse)
    authorized, shown = await authorizations.answer_challenge(
        door.services, door.validator, call.take_ticket(), challenge_id, ready=not call.is_read
    )
    retry_after = _RETRY_SECONDS if shown.status == "processing" else None
    return Reply(
        _challenge(door, call, shown),
        retry_after=retry_after,
        links=[(call.urls.authorization(authorized.id), "up")],
    )


def _is_processing(shown: Authorization) -> bool:
    return any(challenge.status == "processing" for challenge in shown.challenges)


def _challenge(door: AcmeDoor, call: AcmeCall, shown: Challenge) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": shown.type,
        "url": call.urls.challenge(shown.id),
        "status": shown.status,
    }
    if METHODS[shown.type].has_token:
        document["token"] = shown.token
    else:
        document["accounturi"] = call.urls.account(call.account_id or "")
        document["issuer-domain-names"] = door.services.settings.ca_identities()
    if shown.validated_at:
        document["validated"] = rfc3339(shown.validated_at)
    if shown.error:
        document["error"] = shown.error
    return document
