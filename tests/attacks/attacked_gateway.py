"""Measures a gateway under attack: how long a customer waits, and what a hostile request costs.

Times are only compared with each other, and CPU time with CPU time: the figures of a slow or busy
machine mean the same.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.process.test_serve import ServedGateway
from tests.support.acme_client import AcmeClient, Eab
from tests.support.challenge_server import ChallengeServer
from tests.support.csrs import csr
from tests.support.raw_http import RawConnection

NAME = "www.example.com"
VICTIM = "victim.example.com"
"""In the same subscription, for attacks that take an order of their own."""

_ROUNDS = 3
_TURNS = 8
_COUNTED = 12
"""Hostile requests whose CPU time is measured one after the other."""

Attack = Callable[[], Awaitable[None]]
"""One hostile request, until it is answered."""


@dataclass
class AttackedGateway:
    """A served gateway with one worker, its honest customer, and that customer's web server."""

    served: ServedGateway
    client: AcmeClient
    web: ChallengeServer
    eab: Eab

    @property
    def port(self) -> int:
        return self.served.settings.listen.port

    @property
    def directory_url(self) -> str:
        return f"{self.served.url}/v2/DV"

    def another_client(self) -> AcmeClient:
        """With a key of its own; not registered."""
        return AcmeClient(self.served.session, self.directory_url)

    def cpu(self) -> float:
        """CPU seconds that the worker's event loop has used."""
        [worker] = self.served.server.workers()
        return int(Path(f"/proc/{worker}/schedstat").read_text().split()[0]) / 1e9

    async def issue(self) -> float:
        """A whole issuance: order, proof, certificate. Gives the seconds that it took."""
        begun_at = time.monotonic()
        placed = await self.client.new_order(NAME)
        assert placed.status == 201, placed.body
        order = await self.prove(placed.headers["Location"], placed.json)
        finalized = await self.client.finalize(order, csr([NAME]))
        assert finalized.status == 200, finalized.body
        assert (await self.client.post(finalized.json["certificate"])).status == 200
        return time.monotonic() - begun_at

    async def prove(self, url: str, order: dict[str, Any]) -> dict[str, Any]:
        """The order once it is ready."""
        for authorization in order["authorizations"]:
            await self.web.prove(self.client, authorization)
        ready = await self.client.settled(url)
        assert ready["status"] == "ready", ready
        return ready

    async def fastest_issuance(self, enough: float = 0.0) -> float:
        """Seconds of the fastest of some: what else the machine does then matters least.

        None follows one that took fewer seconds than `enough`.
        """
        fastest = await self.issue()
        for _ in range(_ROUNDS - 1):
            if fastest < enough:
                break
            fastest = min(fastest, await self.issue())
        return fastest

    async def cost_of(self, attack: Attack) -> float:
        """CPU of one hostile request, as a share of that of one issuance."""
        await attack()
        return await self._cpu_of(attack, _COUNTED) / await self._cpu_of(self._honest, _ROUNDS)

    async def cost_beside(self, attack: Attack, harmless: Attack) -> float:
        """CPU of one hostile request, as a share of that of another, harmless one.

        Both are measured in turns: what else the machine does concerns them alike.
        """
        spent = [0.0, 0.0]
        for _ in range(_TURNS):
            for which, request in enumerate((attack, harmless)):
                spent[which] += await self._cpu_of(request, _COUNTED)
        return spent[0] / spent[1]

    async def _honest(self) -> None:
        await self.issue()

    async def _cpu_of(self, work: Attack, times: int) -> float:
        before = self.cpu()
        for _ in range(times):
            await work()
        return (self.cpu() - before) / times

    async def slowdown(
        self, attack: Attack, attackers: int, per_second: float, most: float
    ) -> float:
        """How many times as long an issuance takes while `attackers` attack.

        Each of them sends `per_second` requests, or fewer: it waits for its answers. A figure above
        `most` is measured more often.
        """
        alone = await self.fastest_issuance()
        async with attacking(attack, attackers, per_second):
            under_attack = await self.fastest_issuance(enough=most * alone)
        if under_attack < most * alone:
            return under_attack / alone
        return under_attack / max(alone, await self.fastest_issuance())


@asynccontextmanager
async def attacking(attack: Attack, attackers: int, per_second: float) -> AsyncIterator[None]:
    """Attacks until the end of the block; every attacker has had an answer when it begins."""

    async def run(started: asyncio.Event) -> None:
        while True:
            next_at = time.monotonic() + 1 / per_second
            await attack()
            started.set()
            await asyncio.sleep(next_at - time.monotonic())

    events = [asyncio.Event() for _ in range(attackers)]
    tasks = [asyncio.create_task(run(event)) for event in events]
    try:
        for event, task in zip(events, tasks, strict=True):
            waiting = asyncio.create_task(event.wait())
            await asyncio.wait((waiting, task), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        yield
        failed = [task for task in tasks if task.done()]
        assert not failed, failed
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def raw(attacked: AttackedGateway) -> RawConnection:
    """A connection to the gateway's public door."""
    root = attacked.served.server.config.with_name("root.pem")
    return RawConnection(attacked.port, ssl.create_default_context(cafile=str(root)))
