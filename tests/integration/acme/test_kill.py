"""kill -9 between any two steps of an issuance: the client's retry finishes, nothing is lost.

A statement is held in the database, all processes are killed, PostgreSQL included, and started
again on the same state.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientError

from tests.support.acme_client import AcmeClient, Eab, make_csr
from tests.support.challenge_server import ChallengeServer, challenge_server
from tests.support.gateway import session_trusting
from tests.support.server_process import SandboxProcess, until

NAME = "www.example.com"

STEPS = {
    "the money moves": ("reseller.ledger_entry", "INSERT"),
    "the account is registered": ("acme.account", "UPDATE"),
    "the order is stored": ('acme."order"', "INSERT"),
    "the challenge is taken up": ("acme.challenge", "UPDATE"),
    "the proof is recorded": ("acme.authorization", "UPDATE"),
    "the intent to sign is recorded": ('acme."order"', "UPDATE"),
    "the certificate is stored": ("ca.certificate", "INSERT"),
}


class RepeatableIssuance:
    """A purchase and an issuance whose every step can be tried again after a crash."""

    def __init__(self, sandbox: SandboxProcess, web: ChallengeServer) -> None:
        self.sandbox = sandbox
        self.web = web
        self.csr = make_csr([NAME])
        self.eab: Eab | None = None
        self.order_url: str | None = None
        self.signer: Any = None

    async def carry_out(self) -> bytes:
        """From where it stands to the downloaded chain, as a client does that starts again."""
        ready = self.sandbox.ready
        async with session_trusting(self.sandbox.state / "root.pem") as session:
            await self._buy(session)
            client = AcmeClient(session, ready["directories"]["DV"], self.signer)
            self.signer = client.signer
            assert self.eab
            await client.register(self.eab)
            order = await self._order(client)
            if order["status"] == "pending":
                for url in order["authorizations"]:
                    await self._prove(client, url)
                assert self.order_url
                order = await client.settled(self.order_url)
            if order["status"] != "valid":
                finalized = await client.finalize(order, self.csr)
                assert finalized.status == 200, finalized.body
                assert self.order_url
                order = await client.settled(self.order_url, pending=("processing",))
            assert order["status"] == "valid", order
            chain = await client.post(order["certificate"])
            assert chain.status == 200
            return chain.body

    async def _buy(self, session: Any) -> None:
        if self.eab is None:
            url = self.sandbox.ready["directories"]["DV"]
            answer = await self._action(session, "PREREGISTER", serverUrl=url, years="1")
            account = answer["Accounts"][0]
            self.eab = Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"])
        await self._action(session, "ADDDOMAIN", acmeAccountID=self.eab.kid, domainName=NAME)

    async def _action(self, session: Any, name: str, **fields: str) -> Any:
        ready = self.sandbox.ready
        form = {
            "action": name,
            "loginName": ready["loginName"],
            "loginPassword": ready["loginPassword"],
            **fields,
        }
        async with session.post(ready["actions"], data=form) as response:
            answer = await response.json()
            if response.status != 200:
                assert "already present" in answer["detail"], answer
            return answer

    async def _order(self, client: AcmeClient) -> Any:
        if self.order_url is None:
            placed = await client.new_order(NAME)
            assert placed.status == 201, placed.body
            self.order_url = placed.headers["Location"]
        return (await client.post(self.order_url)).json

    async def _prove(self, client: AcmeClient, url: str) -> None:
        challenge = await client.challenge(url, "http-01")
        self.web.responses[challenge["token"]] = client.key_authorization(challenge["token"])
        if challenge["status"] == "pending":
            await client.post(challenge["url"], {})


@asynccontextmanager
async def connected(sandbox: SandboxProcess) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(sandbox.ready["database"])
    try:
        yield connection
    finally:
        await connection.close()


async def hold(sandbox: SandboxProcess, table: str, operation: str) -> None:
    """The next such statement, and the process that sent it, waits."""
    async with connected(sandbox) as connection:
        await connection.execute(
            f"""
            CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_sleep(600); RETURN NEW; END';
            CREATE TRIGGER hold BEFORE {operation} ON {table}
                FOR EACH ROW EXECUTE FUNCTION public.hold();
            """
        )


async def wait_until_held(sandbox: SandboxProcess) -> None:
    held = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')"
    async with connected(sandbox) as connection:
        await until(lambda: connection.fetchval(held), sandbox.log)


async def release(sandbox: SandboxProcess) -> None:
    async with connected(sandbox) as connection:
        await connection.execute("DROP FUNCTION IF EXISTS public.hold() CASCADE")


async def counted(sandbox: SandboxProcess) -> tuple[int, int, Decimal]:
    """How many certificates and charges there are, and the charges' sum."""
    async with connected(sandbox) as connection:
        assert await connection.fetch("SELECT * FROM ops.ledger_mismatch") == []
        return tuple(
            await connection.fetchrow(
                """
                SELECT (SELECT count(*) FROM ca.certificate), count(*), coalesce(sum(amount), 0)
                  FROM reseller.ledger_entry
                 WHERE kind = 'charge'
                """
            )
        )


@pytest.fixture(scope="module")
def one_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("killed") / "sandbox")
    try:
        process.start()
        yield process
    finally:
        process.clean_up()


@pytest.fixture
async def sandbox(one_sandbox: SandboxProcess) -> SandboxProcess:
    """One for all tests here: each kills it, starts it again, and leaves it running."""
    if one_sandbox.process.poll() is not None:  # the test before has failed
        await asyncio.to_thread(one_sandbox.start)
    await release(one_sandbox)
    return one_sandbox


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_before_a_step_loses_nothing_and_charges_once(
    sandbox: SandboxProcess, step: str
) -> None:
    certificates, charges, charged = await counted(sandbox)
    async with challenge_server(sandbox.http_port) as web:
        issuance = RepeatableIssuance(sandbox, web)
        await hold(sandbox, *STEPS[step])
        issuing = asyncio.create_task(issuance.carry_out())
        await wait_until_held(sandbox)
        sandbox.kill9()
        with pytest.raises((ClientError, OSError, AssertionError)):
            await issuing
        await asyncio.to_thread(sandbox.start)
        await release(sandbox)
        chain = await issuance.carry_out()
        assert chain.startswith(b"-----BEGIN CERTIFICATE-----")
    assert await counted(sandbox) == (certificates + 1, charges + 1, charged - 365)


async def test_a_certificate_that_a_client_has_seen_survives_a_crash(
    sandbox: SandboxProcess,
) -> None:
    async with challenge_server(sandbox.http_port) as web:
        issuance = RepeatableIssuance(sandbox, web)
        chain = await issuance.carry_out()
        sandbox.kill9()
        await asyncio.to_thread(sandbox.start)
        assert await issuance.carry_out() == chain
