"""Plain requests are answered by the front, others by way of aiohttp: with the same answers."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.integration.acme.conftest import NAME, ReadyOrder
from tests.support.acme_client import AcmeClient, Signer, make_csr
from tests.support.gateway import session_trusting


@pytest.fixture(params=[False, True], ids=["plain", "connection: close"])
async def new_client(
    gateway: Any, request: pytest.FixtureRequest
) -> AsyncIterator[Callable[..., AcmeClient]]:
    def make(signer: Signer | None = None) -> AcmeClient:
        return AcmeClient(session, gateway.directory_url, signer)

    async with session_trusting(gateway.root_pem, one_request_each=request.param) as session:
        yield make


async def test_a_certificate_is_issued(client: AcmeClient, ready_order: ReadyOrder) -> None:
    answer = await client.finalize(await ready_order(), make_csr([NAME]))
    assert (answer.status, answer.json["status"]) == (200, "valid")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Replay-Nonce"]
    certificate = await client.post(answer.json["certificate"])
    assert certificate.body.startswith(b"-----BEGIN CERTIFICATE-----")


async def test_a_refusal_is_a_problem_document(client: AcmeClient) -> None:
    answer = await client.new_order("elsewhere.example.net")
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Replay-Nonce"]


async def test_a_nonce_is_a_header_without_a_body(client: AcmeClient) -> None:
    url = await client.url("newNonce")
    answer = await client.request("HEAD", url)
    assert (answer.status, answer.body) == (200, b"")
    answer = await client.request("GET", url)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Replay-Nonce"]
