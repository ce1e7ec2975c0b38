"""Challenges from end to end: what is shown of them, and a proof by each type (RFC 8555 §8)."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.rules.acme.key_authorization import txt_value
from gateway.validation.challenge import METHODS
from gateway.validation.dnsaccount01 import account_label
from tests.integration.acme.conftest import NAME, Customer
from tests.support.acme_client import AcmeClient
from tests.support.challenge_server import challenge_server
from tests.support.dns_gateway import CAA_IDENTITY, gateway_with_dns
from tests.support.dns_server import DnsServer, dns_server
from tests.support.gateway import RunningGateway
from tests.support.tls_server import good_certificate, tls_server

PAUSE = 60.0
NOW = "2025-01-10T15:30:00Z"


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with dns_server() as server:
        server.set(NAME, "A", "127.0.0.1")
        yield server


@pytest.fixture
async def gateway(database: str, tmp_path: Path, dns: DnsServer) -> AsyncIterator[RunningGateway]:
    """It tries once again, after a long pause, and offers drafts too."""
    async with gateway_with_dns(
        database,
        tmp_path,
        dns,
        retry_delays_seconds=[PAUSE],
        total_seconds=2 * PAUSE,
        methods=list(METHODS),
    ) as running:
        yield running


async def authorization(client: AcmeClient, name: str = NAME) -> str:
    """The URL of a new pending authorization."""
    placed = await client.new_order(name)
    assert placed.status == 201, placed.body
    [url] = placed.json["authorizations"]
    return str(url)


async def answered(client: AcmeClient, url: str, kind: str) -> str:
    """The status of an authorization after its challenge `kind` was answered."""
    challenge = await client.challenge(url, kind)
    assert (await client.post(challenge["url"], {})).status == 200
    return str((await client.settled(url))["status"])


async def tried(client: AcmeClient, challenge: dict[str, Any]) -> dict[str, Any]:
    """The challenge once an attempt has failed."""
    async with asyncio.timeout(10):
        while "error" not in (shown := (await client.post(challenge["url"])).json):  # noqa: ASYNC110  the other side is the gateway
            await asyncio.sleep(0.02)
    return dict(shown)


# --- each type -------------------------------------------------------------------------------


async def test_tls_alpn_01_proves_a_name(
    client: AcmeClient, gateway: RunningGateway, tmp_path: Path
) -> None:
    url = await authorization(client)
    challenge = await client.challenge(url, "tls-alpn-01")
    certificate = good_certificate(NAME, client.key_authorization(challenge["token"]))
    async with tls_server(certificate.write(tmp_path), port=gateway.tls_port):
        assert await answered(client, url, "tls-alpn-01") == "valid"


@pytest.mark.parametrize("name", ["example.com", "*.example.com"])
async def test_dns_account_01_proves_names_and_wildcards_at_the_account_s_own_label(
    client: AcmeClient, customer: Customer, dns: DnsServer, name: str
) -> None:
    await customer.buy(name)
    url = await authorization(client, name)
    token = (await client.challenge(url, "dns-account-01"))["token"]
    assert client.account_url is not None
    owner = f"{account_label(client.account_url)}._acme-challenge.example.com"
    dns.txt(owner, txt_value(client.key_authorization(token)))
    assert await answered(client, url, "dns-account-01") == "valid"


@pytest.mark.parametrize(
    ("name", "policy"), [("example.com", ""), ("*.example.com", "; policy=wildcard")]
)
async def test_dns_persist_01_proves_names_and_wildcards_again_and_again(
    client: AcmeClient, customer: Customer, dns: DnsServer, name: str, policy: str
) -> None:
    await customer.buy(name)
    url = await authorization(client, name)
    challenge = await client.challenge(url, "dns-persist-01")
    assert challenge == {
        "type": "dns-persist-01",
        "url": challenge["url"],
        "status": "pending",
        "accounturi": client.account_url,
        "issuer-domain-names": [CAA_IDENTITY],
    }
    record = f"{CAA_IDENTITY}; accounturi={client.account_url}{policy}"
    dns.txt("_validation-persist.example.com", record)
    assert await answered(client, url, "dns-persist-01") == "valid"
    await client.post(url, {"status": "deactivated"})
    again = await authorization(client, name)
    assert again != url
    assert await answered(client, again, "dns-persist-01") == "valid"


# --- what is shown ---------------------------------------------------------------------------


async def test_a_failed_attempt_is_shown_with_its_error_and_time_while_there_is_another(
    client: AcmeClient,
) -> None:
    url = await authorization(client)
    challenge = await client.challenge(url, "http-01")
    await client.post(challenge["url"], {})
    shown = await tried(client, challenge)
    assert (shown["status"], shown["validated"]) == ("processing", NOW)
    assert shown["error"]["type"] == "urn:ietf:params:acme:error:connection"
    read = await client.post(url)
    assert read.json["status"] == "pending"
    assert int(read.headers["Retry-After"]) > 0


async def test_a_challenge_that_failed_for_good_says_when_and_why(
    client: AcmeClient, gateway: RunningGateway
) -> None:
    url = await authorization(client)
    async with challenge_server(gateway.http_port):
        assert await answered(client, url, "http-01") == "invalid"
    shown = await client.challenge(url, "http-01")
    assert (shown["status"], shown["validated"]) == ("invalid", NOW)
    assert "status 404" in shown["error"]["detail"]


async def test_a_client_that_answers_again_ends_the_pause_before_the_next_attempt(
    client: AcmeClient, gateway: RunningGateway
) -> None:
    url = await authorization(client)
    challenge = await client.challenge(url, "http-01")
    await client.post(challenge["url"], {})
    await tried(client, challenge)
    begun = time.monotonic()
    async with challenge_server(gateway.http_port) as web:
        web.responses[challenge["token"]] = client.key_authorization(challenge["token"])
        again = await client.post(challenge["url"], {})
        assert (again.status, again.json["status"]) == (200, "processing")
        assert (await client.settled(url))["status"] == "valid"
    assert time.monotonic() - begun < PAUSE / 2
    assert "error" not in await client.challenge(url, "http-01")
