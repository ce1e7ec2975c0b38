"""What is checked once before any process serves.

The supervisor imports this and no door: it starts sooner, and stays small while its workers serve.
"""

from urllib.parse import urlsplit

from msgspec.structs import replace

from gateway.ca.addresses import plain_url
from gateway.ca.issuers import open_issuers
from gateway.config import Settings
from gateway.db.migrate import require_current_schema
from gateway.db.pool import open_pool, transaction
from gateway.sandbox.clock import choose_clock
from gateway.usecases.acme.perspective import check_validation
from gateway.usecases.ca import issuers, linting
from gateway.usecases.operation import stored_secrets
from gateway.validation.dns import DnsResolver, FixedResolver, Resolver
from gateway.vault import Vault

_ANY_HOST = "pki.example.com"


async def prepare(settings: Settings) -> None:
    """Checks once before any process serves: schema, secrets; registers the issuers.

    Raises OperatorMistake when the schema is older than the program, ConfigurationError when the
    settings contradict each other or do not decrypt what is stored, and what `open_pool` raises.
    """
    check_validation(settings)
    # Errors of these are reported here once, and not by every worker.
    vault = vault_of(settings)
    resolver_of(settings)
    pool = await open_pool(settings.database, min_size=1)
    try:
        async with pool.acquire() as connection:
            await require_current_schema(connection)
        async with transaction(pool) as connection:
            now = await choose_clock(settings, pool).now()
            await stored_secrets.check(connection, vault, now)
        await issuers.register(pool, await open_issuers(settings), settings)
    finally:
        await pool.close()


async def check_profiles(settings: Settings) -> None:
    """Raises ConfigurationError when a profile gives certificates with lint errors.

    The hosts of their URLs do not matter: an internal CA may have an internal name.
    """
    url = urlsplit(plain_url(settings))._replace(netloc=_ANY_HOST).geturl()
    elsewhere = replace(settings.ca, crl_url=url)
    opened = await open_issuers(replace(settings, ca=elsewhere))
    await linting.check_profiles(*opened)


def vault_of(settings: Settings) -> Vault:
    """The vault with the keys of the settings; raises ConfigurationError for a bad key."""
    return Vault([key.get_secret_value() for key in settings.secrets.keys])


def resolver_of(settings: Settings) -> Resolver:
    """The resolver of the settings; raises ConfigurationError for one that cannot be used."""
    if settings.validation.resolve_to is not None:
        return FixedResolver(settings.validation.resolve_to)
    # A look-up must end, and be known to be at fault, before the attempt that needs it.
    chosen = settings.validation
    return DnsResolver(chosen.resolvers, chosen.timeout_seconds / 2, chosen.probed_zone)
