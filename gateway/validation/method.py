"""The interface of challenge types: what a check is given, and how it ends.

A check is a function of the claim (identifier and method), the resolver and the network with its
source address. It reads and writes nothing else, so that it can also run on a remote perspective.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct

from gateway.validation.addresses import Range
from gateway.validation.dns import LookupFailed, Resolver

FailureKind = Literal[
    "caa",
    "connection",
    "dns",
    "incorrectResponse",
    "malformed",
    "serverInternal",
    "tls",
    "unauthorized",
]
"""Last part of the ACME error URN (RFC 8555 §6.7)."""

Reason = Literal["dnssec", "internal", "resolver", "sockets"]
"""The cause on our side for which a claim cannot be checked."""

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)

Evidence = Mapping[str, Any]
"""What a check saw and where, as JSON members, for the audit trail."""


class Claim(Struct, frozen=True):
    """A client's claim to control a name. `name` is a DNS name without "*."."""

    name: str
    token: str
    thumbprint: str
    wildcard: bool = False
    """The proof is for all names one label below the name."""
    account_url: str = ""
    identities: tuple[str, ...] = ()
    """Issuer domain names of the CA, as in CAA records."""
    at: datetime = _END_OF_TIME
    """Business time of the check; by default everything with an expiry has expired."""

    @property
    def key_authorization(self) -> str:
        """The key authorization of the token (RFC 8555 §8.1)."""
        return f"{self.token}.{self.thumbprint}"


@dataclass(frozen=True, slots=True)
class Network:
    """How checks connect to servers: ports, addresses and time limit."""

    http_port: int = 80
    """The port used in place of 80."""
    tls_port: int = 443
    """The port used in place of 443."""
    any_port: bool = False
    """Redirects may name other ports than 80 and 443; only in the sandbox."""
    trusted: tuple[Range, ...] = ()
    """Networks that checks may connect to although they are not public."""
    source_address: str | None = None
    """Local address to connect from; None = the system chooses."""
    timeout: float = 10.0
    """Seconds for one whole attempt."""


Check = Callable[[Claim, Resolver, Network], Awaitable[Evidence]]
"""Returns the evidence when the claim holds; raises ValidationFailed or NotChecked otherwise."""


@dataclass(frozen=True, slots=True)
class Method:
    """A challenge type."""

    type: str
    for_wildcards: bool
    check: Check
    draft: bool = False
    """True = not a standard yet, and offered only where the operator chooses it."""
    has_token: bool = True
    """The client needs a token; otherwise it needs its account's URL and the CA's names."""


class ValidationFailed(Exception):
    """The claim does not hold, or cannot be checked now. `detail` tells the client the cause.

    `transient` = the same attempt may well succeed a little later.
    """

    def __init__(self, kind: FailureKind, detail: str, *, transient: bool = False) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.transient = transient


class NotChecked(Exception):
    """The claim could not be checked, for a reason on our side; it is checked again later.

    Such a reason never fails a client's challenge. `detail` is fit for the client.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def unknown(error: LookupFailed) -> ValidationFailed | NotChecked:
    """The error of a check whose look-up failed: NotChecked if the cause is on our side."""
    if error.ours is not None:
        return NotChecked(error.ours, str(error))
    return ValidationFailed("dns", str(error), transient=True)
