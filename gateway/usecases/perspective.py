"""How the gateway checks what it is told of names: by what, from where, in whose name."""

from datetime import datetime

from gateway.config import Settings
from gateway.rules.account_url import account_url
from gateway.services import Services
from gateway.validation.addresses import EVERYWHERE
from gateway.validation.challenge import choose
from gateway.validation.dns import Resolver
from gateway.validation.dnssec import Vouched
from gateway.validation.method import Claim, Network


def network_of(settings: Settings) -> Network:
    """How checks of this gateway reach the world; only the sandbox may look inwards."""
    validation = settings.validation
    return Network(
        http_port=validation.http_port,
        tls_port=validation.tls_port,
        any_port=settings.sandbox,
        trusted=(
            EVERYWHERE if validation.allow_private_addresses else tuple(validation.private_networks)
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
