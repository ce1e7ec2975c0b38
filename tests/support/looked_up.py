"""Things of the demo reseller that operators look up, made the short way."""

from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from gateway import ids
from gateway.usecases.operation.operators import add_operator
from gateway.usecases.work import open_work
from tests.support.acme_client import AcmeClient, Eab, make_csr
from tests.support.challenge_server import challenge_server
from tests.support.shop import OPERATOR, Shop

NAME = "www.example.com"


async def demo_reseller(gateway: Any) -> str:
    """The id of the demo reseller."""
    query = "SELECT id FROM reseller.account WHERE login = $1"
    return str(await gateway.pool.fetchval(query, gateway.login))


async def credential_with_name(gateway: Any) -> Eab:
    """A new credential with NAME in its subscription."""
    shop = Shop(gateway)
    answer = await shop.do("PREREGISTER", serverUrl=gateway.directory_url, years="1")
    account = answer["Accounts"][0]
    await shop.add(account["eabMACIDb64url"], NAME)
    return Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"])


async def kid(gateway: Any) -> str:
    """The kid of such a credential, which is the id of its first account too."""
    return (await credential_with_name(gateway)).kid


async def certificate_of(gateway: Any, eab: Eab, key: Any = None) -> str:
    """Registers a client with a credential, and orders a certificate for NAME; gives its serial."""
    client = AcmeClient(gateway.session, gateway.directory_url)
    await client.register(eab)
    async with challenge_server(gateway.http_port) as web:
        placed = await client.new_order(NAME)
        assert placed.status == 201, placed.body
        for authorization in placed.json["authorizations"]:
            await web.prove(client, authorization)
        ready = await client.settled(placed.headers["Location"])
    key = key or ec.generate_private_key(ec.SECP256R1())
    finalized = await client.finalize(ready, make_csr([NAME], key))
    assert finalized.status == 200, finalized.body
    query = "SELECT serial FROM ca.certificate ORDER BY number DESC LIMIT 1"
    return str(await gateway.pool.fetchval(query))


async def serial(gateway: Any) -> str:
    """The serial of a new certificate for NAME."""
    return await certificate_of(gateway, await credential_with_name(gateway))


async def failed_job(gateway: Any, subject: str = "3") -> str:
    """Background work that has failed for good; gives its number."""
    return str(
        await gateway.pool.fetchval(
            """
            WITH failed AS (
                INSERT INTO job.queue (priority, status, entrypoint, dedupe_key, payload, attempts)
                VALUES (0, 'failed', 'licence-expiry', 'licence-expiry/' || $1,
                        convert_to(json_build_object('subject', $1::text,
                                                     'due_at', '2026-02-01T11:58:00Z')::text,
                                   'UTF8'), 10)
                RETURNING id
            ), noted AS (
                INSERT INTO job.log (job_id, status, priority, entrypoint, traceback)
                SELECT id, 'failed', 0, 'licence-expiry', '{"exception_message": "no answer"}'
                  FROM failed
            )
            SELECT id FROM failed
            """,
            subject,
        )
    )


async def failing_destination(gateway: Any) -> str:
    """A mail address that takes no notices; gives its id."""
    destination = ids.new_id()
    await gateway.pool.execute(
        """
        INSERT INTO notice.destination
               (id, reseller_id, channel, address, kinds, status, created_at, failures,
                failing_since, last_error, parked_at)
        VALUES ($1, $2, 'mail', 'full@example.com', '{}', 'parked', now(), 3, now(),
                'mailbox full', now())
        """,
        destination,
        UUID(await demo_reseller(gateway)),
    )
    return str(destination)


async def other_operator(gateway: Any, name: str = "helen", role: str = "support") -> str:
    """Another operator; gives the id."""
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        await add_operator(work, name=name, role=role, password=f"{name}-password")
    query = "SELECT id FROM operation.operator WHERE name = $1"
    return str(await gateway.pool.fetchval(query, name))
