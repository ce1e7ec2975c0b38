"""LISTACCOUNTS and LISTBINDINGS show who used an account last, without a write per request."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from gateway.store.acme import eab_credentials
from gateway.store.acme.accounts import Client
from gateway.store.acme.activity import Seen, note_all
from tests.integration.acme.conftest import NAME, Customer
from tests.integration.acme.test_registration import accounts_of
from tests.support.acme_client import AcmeClient
from tests.support.server_process import until


async def test_later_requests_are_written_together(
    client: AcmeClient, customer: Customer, gateway: Any
) -> None:
    await gateway.at("2025-01-12T08:00:00Z")
    url = await client.url("newOrder")
    payload = {"identifiers": [{"type": "dns", "value": NAME}]}
    headers = {"Content-Type": "application/jose+json", "User-Agent": "another/1.0"}
    for _ in range(3):
        body = json.dumps(await client.signed(url, payload)).encode()
        answer = await client.request("POST", url, data=body, headers=headers)
        assert answer.status == 201

    async def written() -> bool:
        [account] = await accounts_of(customer.shop, customer.eab.kid)
        return bool(account["userAgent"] == "another/1.0")

    assert not await written()
    await until(written, "the activity was never written", 20)
    [account] = await accounts_of(customer.shop, customer.eab.kid)
    assert account["lastActivity"] == "2025-01-12T08:00:00Z"
    [binding] = (await customer.shop.do("LISTBINDINGS"))["Bindings"]
    assert binding["lastActivity"] == "2025-01-12T08:00:00Z"


async def test_a_refused_request_is_no_activity(
    client: AcmeClient, customer: Customer, gateway: Any
) -> None:
    await customer.shop.do("SUSPENDACCOUNT", acmeAccountID=customer.eab.kid)
    await gateway.at("2025-01-12T08:00:00Z")
    assert (await client.new_order(NAME)).status == 403
    assert client.account_url
    [account] = await accounts_of(customer.shop, customer.eab.kid)
    assert account["lastActivity"] == "2025-01-10T15:30:00Z"


async def test_activity_takes_its_locks_as_actions_do(
    client: AcmeClient, customer: Customer, gateway: Any
) -> None:
    """The credential first, then its accounts: otherwise the two would wait for each other."""
    assert client.account_url
    account_id = client.account_url.rpartition("/")[2]
    seen = Seen(account_id, Client("another/1.0", "192.0.2.1"), datetime(2025, 1, 12, tzinfo=UTC))
    async with gateway.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await eab_credentials.lock_for_change(connection, customer.eab.kid)
        noting = asyncio.create_task(note_all(gateway.pool, [seen]))

        async def waits() -> bool:
            query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            return bool(await gateway.pool.fetchval(query))

        await until(waits, "the activity does not wait for the credential", 20)
        await connection.execute(
            "UPDATE acme.account SET contacts = contacts WHERE id = $1", account_id
        )
        await transaction.commit()
    await noting
    [account] = await accounts_of(customer.shop, customer.eab.kid)
    assert account["userAgent"] == "another/1.0"
