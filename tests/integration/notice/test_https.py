"""Webhooks by HTTPS, as outside a sandbox: the receiver's certificate must be good for its name."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.notify.webhook import new_secret
from tests.support.gateway import RunningGateway
from tests.support.receivers import WebhookReceiver, hook

# A process of its own: which certificates are trusted is read once, from the environment.
_SEND = """
import asyncio, sys
from datetime import UTC, datetime
from gateway.ids import new_id
from gateway.notify.channel import Parcel, Undelivered
from gateway.notify.webhook import WebhookSender
from gateway.validation.addresses import EVERYWHERE
from gateway.validation.dns import FixedResolver

async def send(url, secret):
    sender = WebhookSender(FixedResolver("127.0.0.1"), EVERYWHERE, 5)
    at = datetime(2025, 1, 10, tzinfo=UTC)
    try:
        await sender.send(Parcel(new_id(), "notice.test", at, {}, url, secret.encode()))
    except Undelivered as error:
        print(error)
    await sender.close()

asyncio.run(send(*sys.argv[1:]))
"""


@pytest.fixture
async def secure(gateway: RunningGateway) -> AsyncIterator[WebhookReceiver]:
    """A receiver with the certificate that the gateway's CA made for 127.0.0.1."""
    listen = gateway.services.settings.listen
    assert listen.tls_certificate
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(listen.tls_certificate, listen.tls_key)
    async with hook(tls=tls) as served:
        yield served


async def send(url: str, secret: str, trusted: Path) -> str:
    """Sends a notice in a process that trusts `trusted`; gives what went wrong."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SEND, url, secret),
        env={**os.environ, "SSL_CERT_FILE": str(trusted)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().strip()


async def test_a_receiver_that_the_system_trusts_gets_its_notice(
    gateway: RunningGateway, secure: WebhookReceiver
) -> None:
    secret = new_secret()
    assert await send(secure.url, secret, gateway.root_pem) == ""
    assert [notice["type"] for notice in secure.verified(secret)] == ["notice.test"]


async def test_a_certificate_for_another_name_is_refused_before_anything_is_sent(
    gateway: RunningGateway, secure: WebhookReceiver
) -> None:
    url = secure.url.replace("127.0.0.1", "hooks.example.com")
    failure = await send(url, new_secret(), gateway.root_pem)
    assert failure == "the receiver's certificate is not trusted"
    assert secure.arrived == 0
