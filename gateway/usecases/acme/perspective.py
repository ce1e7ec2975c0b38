"""How the gateway checks control over names: methods, network, resolver, and for which account."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import TypeVar

from gateway.config import Settings
from gateway.errors import ConfigurationError
from gateway.rules.acme.account_url import account_url
from gateway.services import Services
from gateway.validation.addresses import EVERYWHERE
from gateway.validation.challenge import choose
from gateway.validation.dns import Resolver
from gateway.validation.dnssec import Vouched
from gateway.validation.method import Claim, Network, NotChecked, ValidationFailed

T = TypeVar("T")


def network_of(settings: Settings) -> Network:
    """The network that validation uses; only in the sandbox may it reach private addresses."""
    validation = settings.validation
    return Network(
        http_port=validation.http_port,
        tls_port=validation.tls_port,
        any_port=settings.sandbox,
        trusted=(
            EVERYWHERE
            if validation.allow_private_addresses
            else tuple(map(ip_network, validation.private_networks))
        ),
        timeout=validation.timeout_seconds,
    )


@dataclass(frozen=True, slots=True)
class Claimant:
    """The account that claims control over a name, and the path of the server that it is at."""

    server_path: str
    account_id: str


@dataclass(frozen=True, slots=True)
class KeyAuthorization:
    """The two parts of a key authorization (RFC 8555 §8.1).

    Both are empty where no challenge is checked.
    """

    token: str = ""
    thumbprint: str = ""


_NO_CHALLENGE = KeyAuthorization()


def claim_of(
    settings: Settings,
    claimant: Claimant,
    name: str,
    now: datetime,
    *,
    wildcard: bool,
    answer: KeyAuthorization = _NO_CHALLENGE,
) -> Claim:
    """The claim of `claimant` to `name`, with the `answer` to its challenge if there is one."""
    directory = settings.public_url + claimant.server_path
    return Claim(
        name,
        answer.token,
        answer.thumbprint,
        wildcard,
        account_url(directory, claimant.account_id),
        settings.ca_identities(),
        now,
    )


def check_validation(settings: Settings) -> None:
    """Raises ConfigurationError for unknown methods, and outside a sandbox for its settings."""
    methods_of(settings)
    if settings.sandbox:
        return
    if settings.validation.resolve_to is not None:
        raise ConfigurationError("validation.resolve_to is for the sandbox only; remove it")
    if settings.validation.allow_private_addresses:
        raise ConfigurationError(
            "validation.allow_private_addresses is for the sandbox only; remove it"
        )


def methods_of(settings: Settings) -> tuple[str, ...]:
    """The challenge types that clients may choose from; raises ConfigurationError."""
    return choose(settings.validation.methods)


def resolver_of(services: Services) -> Resolver:
    """The resolver for proofs: it fails while it must validate DNSSEC and does not."""
    if services.settings.dnssec_required():
        return Vouched(services.resolver, services.dnssec)
    return services.resolver


async def done_in_all(
    settings: Settings, resolver: Resolver, work: Awaitable[T], until: float
) -> T:
    """Gives what `work` gives, if it ends by `until` (time of the event loop).

    `until` is the end of `validation.total_seconds`. When `work` is late, raises ValidationFailed,
    or NotChecked if the resolver is at fault; raises what `work` raises.
    """
    try:
        async with asyncio.timeout_at(until):
            return await work
    except TimeoutError as error:
        late = f"It was not done within {settings.validation.total_seconds:g} seconds in all."
        if not await resolver.works():
            raise NotChecked("resolver", late) from error
        raise ValidationFailed("connection", late) from error
