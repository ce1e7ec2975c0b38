"""Setting notices up in tests, and looking at what became of them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.db.pool import Connection, Pool, transaction
from gateway.services import Services
from gateway.store import audit
from gateway.store.audit import Change
from gateway.store.notice_destinations import Destination
from gateway.usecases import notice_destinations as usecase
from gateway.usecases.notice_destinations import Owner
from tests.support.shop import OPERATOR


@dataclass
class Desk:
    """An operator who sets up notices of one reseller, the demo one unless `login` says more."""

    services: Services
    login: str = "demo"

    @property
    def pool(self) -> Pool:
        return self.services.pool

    async def webhook(self, url: str, *kinds: str) -> str:
        """Adds one; gives its secret."""

        async def work(connection: Connection, owner: Owner) -> str:
            now = await self.services.clock.now()
            _, secret = await usecase.add_webhook(
                connection,
                now,
                OPERATOR,
                owner,
                url,
                kinds,
                settings=self.services.settings,
                vault=self.services.vault,
            )
            return secret

        return await self.do(work)

    async def mail(self, address: str, *kinds: str) -> None:
        async def work(connection: Connection, owner: Owner) -> None:
            now = await self.services.clock.now()
            await usecase.add_mail(
                connection, now, OPERATOR, owner, address, kinds, settings=self.services.settings
            )

        await self.do(work)

    async def change(self, change: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """Carries out one of usecases.notice_destinations."""

        async def work(connection: Connection, owner: Owner) -> Any:
            now = await self.services.clock.now()
            return await change(connection, now, OPERATOR, owner, *arguments)

        return await self.do(work)

    async def threshold(self, amount: str | None) -> None:
        await self.change(usecase.set_low_balance, None if amount is None else Decimal(amount))

    async def destinations(self) -> list[Destination]:
        async def work(connection: Connection, owner: Owner) -> list[Destination]:
            return await usecase.list_destinations(connection, owner)

        return await self.do(work)

    async def destination(self) -> Destination:
        """The only one."""
        [only] = await self.destinations()
        return only

    async def do(self, work: Callable[[Connection, Owner], Awaitable[Any]]) -> Any:
        async with transaction(self.pool) as connection:
            return await work(connection, await usecase.owner_by_login(connection, self.login))

    async def notices(self) -> list[tuple[str, str]]:
        """Kind and subject of everything this reseller was to be told, in order."""
        rows = await self.pool.fetch(
            "SELECT kind, subject FROM ops.notices WHERE reseller = $1 ORDER BY number", self.login
        )
        return [(row["kind"], row["subject"]) for row in rows]

    async def record(self, *events: tuple[str, str, dict[str, Any]]) -> None:
        """Audit events as other parts leave them: action, subject, after."""
        now = await self.services.clock.now()
        async with transaction(self.pool) as connection:
            await audit.record(
                connection,
                now,
                OPERATOR,
                *(Change(action, subject, None, after) for action, subject, after in events),
            )


def kinds_of(notices: Sequence[tuple[str, str]]) -> list[str]:
    return [kind for kind, _ in notices]
