"""A reseller's client of the action API, for tests of the subscription rules."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gateway.db.pool import transaction
from gateway.origin import Origin
from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_reading, open_work
from tests.support.prices import set_name_price

OPERATOR = Origin("operator:test")


@dataclass(frozen=True, slots=True)
class Refused:
    """An error answer: status, the last part of the URN, and the text."""

    status: int
    kind: str
    detail: str


@dataclass
class Shop:
    """Drives one reseller's actions over HTTP; `gateway` is the fixture of that name."""

    gateway: Any
    credentials: dict[str, str] = field(default_factory=dict)
    """Form fields of another login than the demo one."""

    async def action(self, name: str, **fields: str) -> tuple[int, dict[str, Any]]:
        answered: tuple[int, dict[str, Any]] = await self.gateway.action(
            name, **self.credentials, **fields
        )
        return answered

    async def do(self, name: str, **fields: str) -> dict[str, Any]:
        """The answer of an action that must succeed."""
        status, answer = await self.action(name, **fields)
        assert status == 200, answer
        return answer

    async def refused(self, name: str, **fields: str) -> Refused:
        """The error of an action that must fail."""
        status, answer = await self.action(name, **fields)
        assert status != 200, answer
        return Refused(status, answer["type"].rpartition(":")[2], answer["detail"])

    async def at(self, iso_text: str) -> None:
        await self.gateway.at(iso_text)

    async def credential(self, years: int = 1) -> str:
        """acmeAccountID of a new credential on the DV server."""
        fields = {"serverUrl": self.gateway.directory_url, "years": str(years)}
        answer = await self.do("PREREGISTER", **fields)
        account: str = answer["Accounts"][0]["acmeAccountID"]
        return account

    async def add(self, account: str, name: str, **fields: str) -> Decimal:
        """Adds a name; gives the cost."""
        answer = await self.do("ADDDOMAIN", acmeAccountID=account, domainName=name, **fields)
        return money(answer["cost"])

    async def quote(self, account: str, name: str, **fields: str) -> Decimal:
        return await self.add(account, name, quoteOnly="Y", **fields)

    async def remove(self, account: str, name: str) -> list[str]:
        """Removes a name; gives all names that were removed."""
        answer = await self.do("REMOVEDOMAIN", acmeAccountID=account, domainName=name)
        return [domain["domainName"] for domain in answer["Domains"]]

    async def extend(self, account: str, **fields: str) -> Decimal:
        """Extends by a year unless `fields` say more; gives the cost."""
        answer = await self.do("EXTENDDOMAINS", acmeAccountID=account, **fields)
        return money(answer["cost"])

    async def domains(self, account: str, **fields: str) -> dict[str, str]:
        """LISTDOMAINS as name → expiry."""
        answer = await self.do("LISTDOMAINS", acmeAccountID=account, **fields)
        return {domain["domainName"]: domain["expiresAt"] for domain in answer["Domains"]}

    async def balance(self) -> Decimal:
        login = self.credentials.get("loginName", self.gateway.login)
        now = await self.gateway.services.clock.now()
        async with open_reading(self.gateway.pool, now, OPERATOR) as work:
            balances = {
                summary.login: summary.balance for summary in await resellers.list_resellers(work)
            }
        return balances[login]

    async def state(self) -> dict[str, list[Any]]:
        """Everything that moves with an action, for a comparison before and after."""
        tables = (
            "reseller.account",
            "reseller.purchase",
            "reseller.ledger_entry",
            "subscription.subscription",
            "subscription.domain",
            "subscription.purchase_line",
            "audit.event",
        )
        async with self.gateway.pool.acquire() as connection:
            return {
                table: sorted(
                    repr(tuple(row)) for row in await connection.fetch(f"SELECT * FROM {table}")
                )
                for table in tables
            }

    async def second_reseller(self, login: str, *, deposit: str = "10000.00") -> "Shop":
        """Adds another reseller, with the same prices."""
        now = await self.gateway.services.clock.now()
        async with open_work(self.gateway.pool, now, OPERATOR) as work:
            await resellers.add_reseller(work, login=login, password="secret")
            if Decimal(deposit) > 0:
                await resellers.deposit(work, login, Decimal(deposit))
        return Shop(self.gateway, {"loginName": login, "loginPassword": "secret"})

    async def set_price(self, yearly: str, name_type: str = "fqdn", **wanted: Any) -> None:
        """Changes the demo reseller's price on the DV server."""
        now = await self.gateway.services.clock.now()
        async with transaction(self.gateway.pool) as connection:
            await set_name_price(
                connection,
                now,
                **{"login": self.gateway.login, **wanted},
                name_type=name_type,
                yearly=yearly,
            )

    async def set_reseller(self, login: str | None = None, **wanted: Any) -> None:
        """Changes settings of the demo reseller, or of another."""
        now = await self.gateway.services.clock.now()
        async with open_work(self.gateway.pool, now, OPERATOR) as work:
            await resellers.set_reseller(
                work, login or self.gateway.login, resellers.ResellerChanges(**wanted)
            )


def money(value: float) -> Decimal:
    """A JSON number as the amount it stands for."""
    return Decimal(str(value)).quantize(Decimal("0.01"))
