"""The directory and newNonce (RFC 8555 §7.1.1, §7.2)."""

from gateway.acme.reply import Reply
from gateway.acme.urls import Urls
from gateway.ca.profiles import PROFILES

_RESOURCES = (
    "newNonce",
    "newAccount",
    "newOrder",
    "newAuthz",
    "keyChange",
    "revokeCert",
    "renewalInfo",
)


def directory(urls: Urls) -> Reply:
    """Says where everything is, and that an EAB credential is needed."""
    document = {name: urls.resource(name) for name in _RESOURCES}
    meta = {
        "externalAccountRequired": True,
        "profiles": {name: profile.description for name, profile in PROFILES.items()},
    }
    return Reply({**document, "meta": meta})


def new_nonce(method: str) -> Reply:
    """The nonce itself is a header that every response has."""
    return Reply(None, 204 if method == "GET" else 200)
