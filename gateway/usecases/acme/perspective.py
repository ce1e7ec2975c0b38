"""How the gateway checks what it is told of names: by what, from where, in whose name."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from ipaddress import ip_network
from typing import TypeVar

from gateway.config import Settings
from gateway.rules.acme.account_url import account_url
from gateway.services import Services
from gateway.validation.addresses import EVERYWHERE
from gateway.validation.challenge import choose
from gateway.validation.dns import Resolver
from gateway.validation.dnssec import Vouched
from gateway.validation.method import Claim, Network, NotChecked, ValidationFailed

T = TypeVar("T")


def network_of(settings: Settings) -> Network:
    """How checks of this gateway reach the world; only the sandbox may look inwards."""
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


def claim_of(
    settings: Settings,
    name: str,
    *,
    wildcard: bool,
    server_path: str,
    account_id: str,
    now: datetime,
    token: str = "",
    thumbprint: str = "",
) -> Claim:
    """What the account `account_id` of the server at `server_path` says of `name`."""
    directory = settings.public_url + server_path
    return Claim(
        name,
        token,
        thumbprint,
        wildcard,
        account_url(directory, account_id),
        settings.ca_identities(),
        now,
    )


def methods_of(settings: Settings) -> tuple[str, ...]:
    """The challenge types that clients may choose from; raises ConfigurationError."""
    return choose(settings.validation.methods)


def resolver_of(services: Services) -> Resolver:
    """What proofs go by: it fails while it does not validate DNSSEC and ought to."""
    if services.settings.dnssec_required():
        return Vouched(services.resolver, services.dnssec)
    return services.resolver


async def done_in_all(
    settings: Settings, resolver: Resolver, work: Awaitable[T], until: float
) -> T:
    """What `work` gives by `until` (time of the loop): the end of `validation.total_seconds`.

    Raises ValidationFailed or NotChecked, by whose fault it is, and what `work` raises.
    """
    try:
        async with asyncio.timeout_at(until):
            return await work
    except TimeoutError as error:
        late = f"It was not done within {settings.validation.total_seconds:g} seconds in all."
        if not await resolver.works():
            raise NotChecked("resolver", late) from error
        raise ValidationFailed("connection", late) from error
