"""LISTACCOUNTS and LISTBINDINGS show who used an account last, without a write per request."""

import json
from typing import Any

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
