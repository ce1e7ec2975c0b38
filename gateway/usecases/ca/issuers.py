"""Which issuers exist, and which servers they serve."""

from dataclasses import dataclass

from gateway.ca.issuers import Issuers, names_in
from gateway.config import Settings
from gateway.db.pool import Pool
from gateway.errors import ConfigurationError
from gateway.errors.ca import IssuerMissing
from gateway.store.acme import servers
from gateway.store.ca import issuers as issuer_rows
from gateway.usecases.work import Work


@dataclass(frozen=True, slots=True)
class Known:
    """An issuer that the settings name; `servers` name it, as their first choice or a later one."""

    name: str
    kind: str
    capabilities: list[str]
    servers: list[str]


async def list_known(work: Work, settings: Settings) -> list[Known]:
    """Gives the issuers in the order of the settings."""
    on_offer = await servers.list_all(work.connection)
    return [
        Known(
            name,
            kind.name,
            kind.capabilities(),
            [server.name for server in on_offer if name in server.issuers],
        )
        for name, kind in names_in(settings).items()
    ]


async def register(pool: Pool, issuers: Issuers, settings: Settings) -> None:
    """Registers a process's issuers before they sign.

    Raises ConfigurationError when the database knows another issuer by a name, or when somebody
    would get no certificate: a server, or the setting for SSL certificates, names only issuers that
    are missing.
    """
    for issuer in issuers:
        await issuer_rows.register(pool, issuer)
    async with pool.acquire() as connection:
        wanted = {
            f"server {server.name}": server.issuers for server in await servers.list_all(connection)
        }
    wanted["issuance.ssl_issuers"] = settings.issuance.ssl_issuers
    for who, names in wanted.items():
        try:
            issuers.of(names)
        except IssuerMissing:
            there = ", ".join(issuer.name for issuer in issuers) or "none"
            raise ConfigurationError(
                f"{who}: there is no issuer {' or '.join(names)}; the settings have {there}"
            ) from None
