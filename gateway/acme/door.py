"""What all ACME handlers of a process share."""

from dataclasses import dataclass

from gateway.acme.key_cache import KeyCache
from gateway.acme.nonce import NonceMint
from gateway.acme.signed_request import Verifier
from gateway.acme.urls import Urls
from gateway.db.pool import Pool
from gateway.services import Services
from gateway.store import nonces, servers
from gateway.store.servers import Server
from gateway.usecases.activity import ActivityLog
from gateway.usecases.issuance_runner import IssuanceRunner
from gateway.usecases.validation import Validator


class Servers:
    """The servers on offer, by path; one that an operator adds is found at once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._by_path: dict[str, Server] = {}

    async def find(self, path: str) -> tuple[Server, str] | None:
        """The server that `path` belongs to, and the rest of the path without its slash."""
        found = self._find(path)
        if found is None:
            async with self._pool.acquire() as connection:
                listed = await servers.list_all(connection)
            self._by_path = {server.path: server for server in listed}
            found = self._find(path)
        return found

    def _find(self, path: str) -> tuple[Server, str] | None:
        prefix = path
        while prefix:
            if server := self._by_path.get(prefix):
                return server, path[len(prefix) + 1 :]
            prefix = prefix.rpartition("/")[0]
        return None


class Nonces:
    """Fresh nonces of the database's current epoch, which changes when its used ones are lost."""

    def __init__(self, pool: Pool, mint: NonceMint) -> None:
        self._pool = pool
        self._mint = mint
        self._epoch: int | None = None

    async def fresh(self) -> str:
        if self._epoch is None:
            self._epoch = await nonces.current_epoch(self._pool)
        return self._mint.mint(self._epoch)

    def forget_epoch(self) -> None:
        """A refused nonce may belong to a lost epoch: the next one asks for the current epoch."""
        self._epoch = None


@dataclass(frozen=True, slots=True)
class Door:
    """One per process."""

    services: Services
    servers: Servers
    nonces: Nonces
    keys: KeyCache
    verifier: Verifier
    validator: Validator
    runner: IssuanceRunner
    activity: ActivityLog

    def urls(self, server: Server) -> Urls:
        return Urls(self.services.settings.public_url + server.path)


def open_door(
    services: Services, validator: Validator, runner: IssuanceRunner, activity: ActivityLog
) -> Door:
    """Composes the door of a process."""
    mint = NonceMint(services.vault.derive_keys("nonce"))
    keys = KeyCache(services.pool)
    return Door(
        services,
        Servers(services.pool),
        Nonces(services.pool, mint),
        keys,
        Verifier(services.settings, keys, mint),
        validator,
        runner,
        activity,
    )
