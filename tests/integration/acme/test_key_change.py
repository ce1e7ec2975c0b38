"""keyChange: both keys consent, and the old one ends at once (RFC 8555 §7.3.5)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.acme.conftest import NAME, Customer
from tests.support.acme_client import AcmeClient, Answer, Signer, jws

NewClient = Callable[..., AcmeClient]


async def change(client: AcmeClient, new: Signer, **changes: Any) -> Answer:
    """`changes`: `header` replaces members of the inner header, `payload` of its payload."""
    url = await client.url("keyChange")
    header = {"alg": new.alg, "jwk": new.jwk, "url": url, **changes.get("header", {})}
    header = {name: value for name, value in header.items() if value is not None}
    claim = {"account": client.account_url, "oldKey": client.signer.jwk}
    inner = jws(header, {**claim, **changes.get("payload", {})}, new.sign)
    return await client.post(url, inner)


async def test_the_new_key_signs_and_the_old_one_does_not(client: AcmeClient) -> None:
    assert client.account_url
    old, new = client.signer, Signer()
    answer = await change(client, new)
    assert (answer.status, answer.json["status"]) == (200, "valid")
    refused = await client.post(client.account_url)
    assert (refused.status, refused.problem) == (400, "malformed")
    client.signer = new
    assert (await client.new_order(NAME)).status == 201
    client.signer = old
    assert (await client.new_account(None, onlyReturnExisting=True)).problem == (
        "accountDoesNotExist"
    )


async def test_a_key_in_use_is_a_conflict_that_names_its_account(
    client: AcmeClient, customer: Customer, new_client: NewClient
) -> None:
    other = new_client()
    url = await other.register(customer.eab)
    answer = await change(client, other.signer)
    assert (answer.status, answer.problem) == (409, "malformed")
    assert answer.headers["Location"] == url
    assert (await change(client, client.signer)).status == 409


@pytest.mark.parametrize(
    "changes",
    [
        {"header": {"url": "https://elsewhere.example/keyChange"}},
        {"header": {"url": None}},
        {"header": {"nonce": "x"}},
        {"header": {"jwk": None}},
        {"header": {"kid": "x"}},
        {"header": {"jwk": Signer().jwk}},
        {"payload": {"account": "https://elsewhere.example/account/1"}},
        {"payload": {"account": None}},
        {"payload": {"oldKey": Signer().jwk}},
        {"payload": {"oldKey": "x"}},
    ],
)
async def test_a_wrong_inner_jws_changes_nothing(client: AcmeClient, changes: Any) -> None:
    answer = await change(client, Signer(), **changes)
    assert (answer.status, answer.problem) == (400, "malformed")
    assert client.account_url
    assert (await client.post(client.account_url)).status == 200


async def test_of_two_changes_at_once_one_wins(client: AcmeClient) -> None:
    signers = [Signer(), Signer()]
    answers = await asyncio.gather(*(change(client, signer) for signer in signers))
    assert sorted(answer.status for answer in answers) == [200, 400]
    assert client.account_url
    client.signer = signers[[answer.status for answer in answers].index(200)]
    assert (await client.post(client.account_url)).status == 200


async def test_another_process_that_cached_the_old_key_refuses_it(
    client: AcmeClient, gateway: Any
) -> None:
    assert client.account_url
    assert (await client.post(client.account_url)).status == 200
    await gateway.pool.execute("UPDATE acme.account SET key_version = key_version + 1")
    stale = await client.post(client.account_url)
    assert (stale.status, stale.problem) == (400, "malformed")
    assert (await client.post(client.account_url)).status == 200  # reloaded: it is still the key
