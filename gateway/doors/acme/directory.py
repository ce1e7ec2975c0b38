"""The directory and newNonce (RFC 8555 §7.1.1, §7.2)."""

from typing import Any

from gateway.ca.profiles import PROFILES
from gateway.doors.acme.door import AcmeDoor
from gateway.doors.acme.reply import Reply
from gateway.store.acme.servers import Server

_RESOURCES = (
    "newNonce",
    "newAccount",
    "newOrder",
    "newAuthz",
    "keyChange",
    "revokeCert",
    "renewalInfo",
)


def directory(door: AcmeDoor, server: Server) -> Reply:
    """Answers with the directory: the resources' URLs, and that an EAB credential is needed."""
    urls, settings = door.urls(server), door.services.settings
    meta = {
        "externalAccountRequired": True,
        "termsOfService": settings.directory.terms_of_service,
        "website": settings.directory.website,
        "caaIdentities": settings.ca_identities(),
        "profiles": {name: profile.description for name, profile in PROFILES.items()},
    }
    document: dict[str, Any] = {name: urls.resource(name) for name in _RESOURCES}
    document["meta"] = {name: value for name, value in meta.items() if value}
    return Reply(document)


def new_nonce(method: str) -> Reply:
    """Answers newNonce; the nonce itself is added as a header later."""
    return Reply(None, 204 if method == "GET" else 200)
