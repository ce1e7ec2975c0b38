"""Receivers of webhooks that answer without end: reading their answers ends."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import idna
import pytest

from gateway.notify.channel import Undelivered
from gateway.notify.webhook import WebhookSender, literal_objection
from gateway.validation import tls
from gateway.validation.addresses import EVERYWHERE
from gateway.validation.dns import FixedResolver
from gateway.validation.fetch import TargetConnection
from tests.integration.notice.test_addresses import parcel
from tests.support.gateway import RunningGateway

_SECONDS = 60
"""No attempt ends by its time here."""
_BLOCK = 64 * 1024
_ENOUGH = 512 * 1024
"""Bytes; an event loop hands over 256 KiB at most at a time."""

OK = b"HTTP/1.1 200 OK\r\n"


class BytesRead:
    """How many bytes came to the connections of a sender."""

    def __init__(self) -> None:
        self.bytes = 0


@pytest.fixture
def bytes_read(monkeypatch: pytest.MonkeyPatch) -> BytesRead:
    seen = BytesRead()
    # From the socket only: whatever else reads there makes these tests fail.
    for reader in (TargetConnection, tls.TlsTransport):
        receive: Any = reader.data_received

        def received(self: Any, data: bytes, receive: Any = receive) -> None:
            seen.bytes += len(data)
            receive(self, data)

        monkeypatch.setattr(reader, "data_received", received)
    return seen


@asynccontextmanager
async def receiver(
    head: bytes, endless: bytes, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Its URL. With an empty `head` it does not wait for what it is sent."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            if head:
                await reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            while not writer.transport.is_closing():
                writer.write(endless * (_BLOCK // len(endless)))
                await writer.drain()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
    finally:
        server.close()


async def refusal(url: str) -> str:
    sender = WebhookSender(FixedResolver("127.0.0.1"), EVERYWHERE, _SECONDS)
    with pytest.raises(Undelivered) as undelivered:
        await sender.send(parcel(url))
    await sender.close()
    return str(undelivered.value)


@pytest.fixture
def trusted(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's side of TLS, with a certificate that senders trust here."""
    listen = gateway.services.settings.listen
    assert listen.tls_certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(listen.tls_certificate, listen.tls_key)
    monkeypatch.setenv("SSL_CERT_FILE", str(gateway.root_pem))
    return context


ENDLESS = pytest.mark.parametrize(
    ("head", "endless", "cause"),
    [
        (b"HTTP/1.1 100\r\n\r\n", b"HTTP/1.1 100\r\n\r\n", "more than 8 interim responses"),
        (
            b"HTTP/1.1 103 Early Hints\r\n\r\n",
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
            "more than 8 interim responses",
        ),
        (OK, b"A: b\r\n", "a head of more than 16384 bytes"),
        (OK, b" b\r\n", "a head of more than 16384 bytes"),
        (OK[:-2], b" OK", "a head of more than 16384 bytes"),
    ],
    ids=[
        "interim responses",
        "interim responses with fields",
        "fields",
        "folded lines",
        "one line",
    ],
)


@ENDLESS
async def test_a_receiver_that_answers_without_end_is_left_after_a_bounded_number_of_bytes(
    head: bytes, endless: bytes, cause: str, bytes_read: BytesRead
) -> None:
    async with receiver(head, endless) as url:
        assert cause in await refusal(url)
    assert 0 < bytes_read.bytes < _ENOUGH


@ENDLESS
async def test_the_same_holds_behind_tls(
    head: bytes, endless: bytes, cause: str, bytes_read: BytesRead, trusted: ssl.SSLContext
) -> None:
    async with receiver(head, endless, trusted) as url:
        assert cause in await refusal(url)
    assert 0 < bytes_read.bytes < 2 * _ENOUGH  # once encrypted, once not


async def test_a_handshake_without_end_is_left_after_a_bounded_number_of_bytes(
    bytes_read: BytesRead,
) -> None:
    warning = bytes.fromhex("15 03 03 00 02 01 5a")  # an alert that ends nothing
    async with receiver(b"", warning) as url:
        await refusal(url.replace("http:", "https:"))
    assert 0 < bytes_read.bytes < _ENOUGH


@pytest.mark.parametrize(
    "host", ["xn--bcher-kva." * 140 + "com", "a." * 900 + "com", "a" * 64 + ".com", "a..com", "%41"]
)
async def test_a_host_that_cannot_be_is_neither_decoded_nor_looked_up(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(*arguments: Any, **options: Any) -> str:
        raise AssertionError("decoded")

    monkeypatch.setattr(idna, "decode", decode)
    url = f"https://{host}/"
    assert await refusal(url) == "the URL is none of a host that there can be"
    assert literal_objection(url, ()) is None


async def test_of_many_addresses_that_are_not_allowed_a_few_are_named() -> None:
    class Many(FixedResolver):
        async def addresses(self, name: str) -> list[str]:
            return [f"10.0.{number >> 8}.{number & 255}" for number in range(1000)]

    sender = WebhookSender(Many("127.0.0.1"), (), _SECONDS)
    with pytest.raises(Undelivered) as undelivered:
        await sender.send(parcel("https://hook.example.com/"))
    assert len(str(undelivered.value)) < 300
