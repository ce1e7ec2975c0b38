"""Sets notices up in tests, and reads what became of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from gateway import ids
from gateway.db.pool import Pool, transaction
from gateway.services import Services
from gateway.store.notice import notices as store
from gateway.store.notice.destinations import Destination
from gateway.store.operation import audit
from gateway.store.operation.audit import Change
from gateway.usecases.notice import destinations as usecase
from gateway.usecases.notice.destinations import Recipient
from gateway.usecases.work import Work, open_work
from tests.support.shop import OPERATOR

T = TypeVar("T")


@dataclass
class NoticeOperator:
    """Sets up notices of one reseller as an operator; by default of the demo reseller."""

    services: Services
    login: str = "demo"

    @property
    def pool(self) -> Pool:
        return self.services.pool

    async def webhook(self, url: str, *kinds: str) -> str:
        """Adds one; gives its secret."""

        async def carry_out(work: Work, owner: Recipient) -> str:
            _, secret = await usecase.add_webhook(
                work,
                owner,
                url,
                kinds,
                settings=self.services.settings,
                vault=self.services.vault,
            )
            return secret

        return await self.do(carry_out)

    async def mail(self, address: str, *kinds: str) -> None:
        async def carry_out(work: Work, owner: Recipient) -> None:
            await usecase.add_mail(
                work,
                owner,
                address,
                kinds,
                settings=self.services.settings,
            )

        await self.do(carry_out)

    async def change(self, change: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """Calls one of the use cases in usecases/notice/destinations.py."""

        async def carry_out(work: Work, owner: Recipient) -> Any:
            return await change(work, owner, *arguments)

        return await self.do(carry_out)

    async def threshold(self, amount: str | None) -> None:
        await self.change(usecase.set_low_balance, None if amount is None else Decimal(amount))

    async def destinations(self) -> list[Destination]:
        return await self.do(usecase.list_destinations)

    async def destination(self) -> Destination:
        """The reseller's only destination."""
        [only] = await self.destinations()
        return only

    async def do(self, carry_out: Callable[[Work, Recipient], Awaitable[T]]) -> T:
        now = await self.services.clock.now()
        async with open_work(self.pool, now, OPERATOR) as work:
            return await carry_out(work, await usecase.owner_by_login(work, self.login))

    async def notices(self) -> list[tuple[str, str]]:
        """Kind and subject of all notices for this reseller, in order."""
        rows = await self.pool.fetch(
            "SELECT kind, subject FROM ops.notices WHERE reseller = $1 ORDER BY number", self.login
        )
        return [(row["kind"], row["subject"]) for row in rows]

    async def credential(self) -> str:
        """The kid of a new credential, made without a request."""
        kid = ids.new_eab_kid()
        await self.pool.execute(
            """
            INSERT INTO subscription.eab_credential
                   (kid, reseller_id, server_id, encrypted_mac_key, term_days, created_at)
            SELECT $1, account.id, server.id, $4, 365, $3
              FROM reseller.account, acme.server
             WHERE account.login = $2
               AND server.name = 'DV'
            """,
            kid,
            self.login,
            await self.services.clock.now(),
            self.services.vault.encrypt(b"a MAC key"),
        )
        return kid

    async def happen(self, kid: str, *days_left: int) -> None:
        """Writes audit events from which notices are made, one for each number."""
        after = [{"expiresAt": "2026-01-10T23:59:59Z", "daysLeft": days} for days in days_left]
        changes = [Change("subscription.expiring", kid, None, each) for each in after]
        now = await self.services.clock.now()
        async with transaction(self.pool) as connection:
            await audit.record(connection, now, OPERATOR, *changes)

    async def pass_time(self, interval: str) -> None:
        """Moves the times of destinations back, as if `interval` of database time had passed."""
        await self.pool.execute(
            """
            UPDATE notice.destination
               SET attempt_at = attempt_at - $1::text::interval,
                   failing_since = failing_since - $1::text::interval
            """,
            interval,
        )

    async def unread(self) -> bool:
        return await store.anything_unread(self.pool)

    # Conditions to wait for, of the only destination.

    async def failed_times(self, failures: int) -> bool:
        found = await self.pool.fetchval("SELECT failures FROM notice.destination")
        return bool(found >= failures if failures else found == 0)

    async def undelivered_are(self, number: int) -> bool:
        found = await self.pool.fetchval("SELECT count(*) FROM ops.undelivered_notices")
        notices = await self.pool.fetchval("SELECT count(*) FROM ops.notices")
        return bool(found == number and notices > 0)

    async def somebody_waits_for_a_lock(self) -> bool:
        waiting: bool = await self.pool.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM pg_stat_activity
                 WHERE datname = current_database()
                   AND wait_event_type = 'Lock'
                   AND query LIKE '%notice.destination%')
            """
        )
        return waiting

    async def made_are(self, number: int) -> bool:
        return len(await self.notices()) == number

    async def attempted(self, times: int) -> bool:
        found = await self.pool.fetchval("SELECT sum(attempts) FROM notice.delivery")
        return found is not None and found >= times

    async def has_status(self, status: str) -> bool:
        return (await self.destination()).status == status
