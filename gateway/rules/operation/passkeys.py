"""Passkeys: what a browser is asked for, and whether its answer is right (WebAuthn Level 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

MOST_PASSKEYS = 20
"""How many passkeys somebody has at most."""

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The site that passkeys are for: its id is a host's name."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey as an authenticator made it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """What an answer of a passkey is checked by."""

    id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int


def relying_party(public_url: str) -> RelyingParty | None:
    """The site with that URL; None = its host is an address, which passkeys cannot be for."""
    parts = urlsplit(public_url.lower())
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
        return RelyingParty(host, f"{parts.scheme}://{host}{port}")
    return None


def creation_options(
    site: RelyingParty, owner_id: UUID, name: str, challenge: bytes, known: Sequence[bytes]
) -> str:
    """What a browser is asked for to make a passkey, as JSON; `known` ones are not made again."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    return options_to_json(
        generate_registration_options(
            rp_id=site.id,
            rp_name=site.id,
            user_id=owner_id.bytes,
            user_name=name,
            challenge=challenge,
            # As the second step it is named by the server: it need not fill a place in a key.
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=_described(known),
        )
    )


def request_options(site: RelyingParty, challenge: bytes, known: Sequence[bytes]) -> str:
    """What a browser is asked for to show one of the known passkeys, as JSON."""
    from webauthn import generate_authentication_options, options_to_json

    return options_to_json(
        generate_authentication_options(
            rp_id=site.id, challenge=challenge, allow_credentials=_described(known)
        )
    )


def made_passkey(site: RelyingParty, challenge: bytes, answer: str) -> NewPasskey | None:
    """The passkey that a browser answers with; None = the answer is not right."""
    from webauthn import verify_registration_response

    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
        )
    except Exception:  # a stranger's JSON and CBOR: the parsers let errors of every kind pass
        return None
    return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count)


def credential_in(answer: str) -> bytes | None:
    """The id of the passkey that an answer names; None = it names none."""
    from webauthn.helpers import parse_authentication_credential_json

    try:
        return parse_authentication_credential_json(answer).raw_id
    except Exception:  # as above
        return None


def shown_count(
    site: RelyingParty, challenge: bytes, passkey: KnownPasskey, answer: str
) -> int | None:
    """The passkey's count of its answers, with a right one; None = the answer is not right.

    A count that did not grow is that of a copy (WebAuthn, signature counter), unless none counts.
    """
    from webauthn import verify_authentication_response

    try:
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
        )
    except Exception:  # as above
        return None
    return found.new_sign_count if found.credential_id == passkey.credential_id else None


def _described(known: Sequence[bytes]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=each) for each in known]
