"""Two worker processes are one server: nonces, suspensions and keys hold in both at once."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectionError

from gateway.sandbox import demo_data
from tests.integration.acme.conftest import NAME
from tests.integration.acme.test_key_change import change
from tests.integration.process.test_serve import ServedGateway, serving
from tests.support.acme_client import AcmeClient, Answer, Eab, Signer
from tests.support.kept import KeptDatabases
from tests.support.postgres import FURNISHED
from tests.support.server_process import until

_CONNECTIONS = 40


@dataclass
class TwoWorkers:
    """A served gateway, a customer's client, and the demo reseller."""

    served: ServedGateway
    client: AcmeClient
    eab: Eab

    async def action(self, name: str, **fields: str) -> Any:
        form = {
            "action": name,
            "loginName": demo_data.LOGIN,
            "loginPassword": demo_data.PASSWORD,
            **fields,
        }
        url = f"{self.served.url}/products/!ACMEAdmin"
        async with self.served.session.post(url, data=form) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def everywhere(self, ask: Callable[[], Any]) -> list[Answer]:
        """Over many connections, so that both workers are asked."""
        before = self._reads_by_worker()
        answers = await asyncio.gather(*(ask() for _ in range(_CONNECTIONS)))
        after = self._reads_by_worker()
        assert len([pid for pid in after if after[pid] > before.get(pid, 0) + 8]) == 2
        return answers

    def _reads_by_worker(self) -> dict[int, int]:
        """An idle worker reads next to nothing."""
        return {
            pid: int(Path(f"/proc/{pid}/io").read_text().split("syscr: ")[1].split()[0])
            for pid in self.served.server.workers()
        }


@pytest.fixture(scope="module")
async def served(
    kept_databases: KeptDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServedGateway]:
    directory = tmp_path_factory.mktemp("two")
    async with (
        kept_databases.lend(FURNISHED) as database,
        serving(database, directory, workers=2, spread=True) as served,
    ):
        yield served


@pytest.fixture
async def two(served: ServedGateway) -> TwoWorkers:
    """The workers that all tests here share, and a customer of the test's own."""
    directory_url = f"{served.url}/v2/DV"
    client = AcmeClient(served.session, directory_url)
    made = TwoWorkers(served, client, Eab("", ""))
    account = (await made.action("PREREGISTER", serverUrl=directory_url))["Accounts"][0]
    made.eab = Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"])
    await made.action("ADDDOMAIN", acmeAccountID=made.eab.kid, domainName=NAME)
    await client.register(made.eab)
    return made


async def closing(client: AcmeClient, url: str, body: Any) -> Answer:
    """Over a connection of its own."""
    headers = {"Content-Type": "application/jose+json", "Connection": "close"}
    return await client.request("POST", url, data=json.dumps(body).encode(), headers=headers)


async def test_a_nonce_is_taken_once_by_both_together(two: TwoWorkers) -> None:
    url = two.client.account_url
    assert url
    body = await two.client.signed(url)
    answers = await two.everywhere(lambda: closing(two.client, url, body))
    taken = [answer for answer in answers if answer.status == 200]
    assert len(taken) == 1
    assert {answer.problem for answer in answers if answer.status != 200} == {"badNonce"}


async def test_a_nonce_of_one_is_good_at_the_other(two: TwoWorkers) -> None:
    url = two.client.account_url
    assert url

    async def ask() -> Answer:
        return await closing(two.client, url, await two.client.signed(url))

    assert {answer.status for answer in await two.everywhere(ask)} == {200}


async def test_a_suspension_holds_in_both_when_the_action_has_answered(two: TwoWorkers) -> None:
    url = await two.client.url("newOrder")
    identifiers = {"identifiers": [{"type": "dns", "value": NAME}]}

    async def order() -> Answer:
        return await closing(two.client, url, await two.client.signed(url, identifiers))

    assert {answer.status for answer in await two.everywhere(order)} == {201}
    await two.action("SUSPENDACCOUNT", acmeAccountID=two.eab.kid)
    refused = await two.everywhere(order)
    assert {(answer.status, answer.problem) for answer in refused} == {(403, "unauthorized")}
    await two.action("UNSUSPENDACCOUNT", acmeAccountID=two.eab.kid)
    assert {answer.status for answer in await two.everywhere(order)} == {201}


async def test_a_changed_key_holds_in_both(two: TwoWorkers) -> None:
    url = two.client.account_url
    assert url

    async def ask() -> Answer:
        return await closing(two.client, url, await two.client.signed(url))

    assert {answer.status for answer in await two.everywhere(ask)} == {200}  # both cache the key
    new = Signer()
    assert (await change(two.client, new)).status == 200
    assert {answer.status for answer in await two.everywhere(ask)} == {400}
    two.client.signer = new
    assert {answer.status for answer in await two.everywhere(ask)} == {200}


async def test_a_deactivated_account_is_refused_by_both(two: TwoWorkers) -> None:
    url = two.client.account_url
    assert url

    async def ask() -> Answer:
        return await closing(two.client, url, await two.client.signed(url))

    assert {answer.status for answer in await two.everywhere(ask)} == {200}  # both cache the key
    assert (await two.client.post(url, {"status": "deactivated"})).status == 200
    answers = await two.everywhere(ask)
    assert {(answer.status, answer.problem) for answer in answers} == {(403, "unauthorized")}


async def test_orders_go_on_while_a_worker_is_replaced(two: TwoWorkers) -> None:
    victim = two.served.server.workers()[0]
    os.kill(victim, signal.SIGKILL)
    await until(lambda: victim not in two.served.server.workers(), "it outlived a kill")
    try:
        assert (await two.client.new_order(NAME)).status == 201
    except ClientConnectionError:  # the client's open connection was the killed worker's
        assert (await two.client.new_order(NAME)).status == 201
    await two.served.server.until_logged("server.worker_ready", 3)
    assert (await two.client.new_order(NAME)).status == 201
