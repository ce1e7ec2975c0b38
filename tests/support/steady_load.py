"""Customers that go on buying names and getting certificates while a gateway is worked on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import ClientSession

from tests.support.acme_client import AcmeClient, Eab, make_csr
from tests.support.certificate_shop import purchase
from tests.support.challenge_server import ChallengeServer

_PATIENCE_SECONDS = 60
_THINKING_SECONDS = 0.1
"""A pause after each round, which leaves CPU to other processes."""


@dataclass
class Customers:
    """Customers of one reseller at one gateway.

    What was acknowledged is kept; what fails is raised.
    """

    url: str
    session: ClientSession
    web: ChallengeServer
    form: dict[str, str]
    """The reseller's login."""
    token: str
    """For SSL certificates."""
    prefix: str
    """First letters of the names that they buy."""
    accounts: list[str] = field(default_factory=list)
    """acmeAccountIDs: of the one who gets certificates, and of the one who only buys."""
    client: AcmeClient = field(init=False)
    """The client of the first."""
    names: dict[str, int] = field(default_factory=dict)
    """Names that were bought, with their order numbers."""
    removed: list[str] = field(default_factory=list)
    certificates: dict[str, bytes] = field(default_factory=dict)
    """What was downloaded, by the path of its URL."""
    leave: bool = False
    """They finish what they began, and no more."""

    async def come(self) -> None:
        """Makes their accounts: two, because a change of one holds up its certificates."""
        self.client = AcmeClient(self.session, f"{self.url}/v2/DV")
        for _ in range(2):
            made = await self.action("PREREGISTER", serverUrl=f"{self.url}/v2/DV")
            [account] = made["Accounts"]
            self.accounts.append(account["acmeAccountID"])
            if len(self.accounts) == 1:
                eab = Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"])
                await self.client.register(eab)

    async def action(self, name: str, **fields: str) -> dict[str, Any]:
        data = {"action": name, **self.form, **fields}
        async with self.session.post(f"{self.url}/products/!ACMEAdmin", data=data) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, (name, answer)
        return answer

    async def sitelock(self, endpoint: str, **fields: str) -> dict[str, list[str]]:
        data = {"responseFormat": "1", **self.form, **fields}
        async with self.session.post(f"{self.url}/products/!{endpoint}", data=data) as response:
            answer = parse_qs((await response.text()).strip())
        assert answer["errorCode"] == ["0"], (endpoint, answer)
        return answer

    async def ssl(self, method: str, path: str = "", **options: Any) -> dict[str, Any]:
        headers = {"X-Auth-Token": self.token}
        url = f"{self.url}/v3/scm/certificates{path}"
        async with self.session.request(method, url, headers=headers, **options) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, (method, path, answer)
        return answer

    async def buy(self, account: str, kind: str) -> str:
        """Buys a new name for an account; gives it."""
        name = f"{kind}{self.prefix}{len(self.names)}.example.com"
        bought = await self.action("ADDDOMAIN", acmeAccountID=account, domainName=name)
        self.names[name] = bought["orderNumber"]
        return name

    async def get_certificates(self) -> None:
        """Buys a name, proves control over it, and gets its certificate, again and again."""
        while not self.leave:
            name = await self.buy(self.accounts[0], "issued-")
            placed = await self.client.new_order(name)
            assert placed.status == 201, placed.body
            [authorization] = placed.json["authorizations"]
            await self.web.prove(self.client, authorization)
            ready = await self.client.settled(placed.headers["Location"])
            assert ready["status"] == "ready", ready
            finalized = await self.client.finalize(ready, make_csr([name]))
            assert finalized.status == 200, finalized.body
            order = await self.client.settled(
                placed.headers["Location"], pending=("ready", "processing")
            )
            download = await self.client.post(order["certificate"])
            assert download.status == 200, download.body
            self.certificates[order["certificate"].removeprefix(self.url)] = download.body
            await asyncio.sleep(_THINKING_SECONDS)

    async def buy_names(self) -> None:
        """Buys names, and gives back every third, again and again."""
        account = self.accounts[1]
        while not self.leave:
            kept = [await self.buy(account, "bought-") for _ in range(2)]
            back = await self.buy(account, "back-")
            await self.action("REMOVEDOMAIN", acmeAccountID=account, domainName=back)
            self.removed.append(back)
            listed = await self.action("LISTDOMAINS", acmeAccountID=account)
            assert {*kept, back} & {each["domainName"] for each in listed["Domains"]} == {*kept}
            await asyncio.sleep(_THINKING_SECONDS)

    async def ask_for_everything(self) -> None:
        """Sends requests of every family to every door that the two loops do not use."""
        site = f"site-{self.prefix}{len(self.names)}.example.com"
        await self.sitelock(
            "AutoApplyOrder",
            product="1060",
            days="365",
            domainName=site,
            appRepEmailAddress="owner@example.com",
        )
        assert [site] in (await self.sitelock("WebHostReport")).values()
        bought = await self.ssl("POST", json=purchase(site))
        await self.ssl("GET", f"/{bought['cert_id']}")
        await self.ssl("DELETE", f"/{bought['cert_id']}/unsubscribe")
        for action in ("LISTSERVERS", "LISTACCOUNTS", "LISTORGANIZATIONS", "LISTPREVALIDATIONS"):
            await self.action(action)
        for action in ("LISTNOTICES", "LISTNOTICEDESTINATIONS"):
            await self.action(action)
        for action in ("LISTTRANSACTIONS", "GETLASTORDER"):
            await self.action(action, acmeAccountID=self.accounts[0])
        made = await self.action("PREREGISTER", serverUrl=f"{self.url}/v2/DV")
        account = made["Accounts"][0]["acmeAccountID"]
        await self.action("ADDDOMAIN", acmeAccountID=account, domainName=site)
        await self.action("SUSPENDACCOUNT", acmeAccountID=account)
        await self.action("DEACTIVATEACCOUNT", acmeAccountID=account)


@asynccontextmanager
async def busy(customers: Customers) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Keeps them busy within the block; gives a function that waits for so many more of each.

    A request that failed is raised by that function, and at the end.
    """
    loops = [
        asyncio.create_task(customers.get_certificates()),
        asyncio.create_task(customers.buy_names()),
    ]

    async def more(times: int) -> None:
        issued = len(customers.certificates) + times
        removed = len(customers.removed) + times
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(customers.certificates) < issued or len(customers.removed) < removed:
                for loop in loops:
                    assert not loop.done(), loop.result()
                await asyncio.sleep(0.02)

    try:
        yield more
        customers.leave = True
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await asyncio.gather(*loops)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
