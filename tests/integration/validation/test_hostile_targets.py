"""Validation targets that send without end: the number of bytes and reads is limited."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway.validation import http01, http_response, tls, tlsalpn01
from gateway.validation.addresses import EVERYWHERE
from gateway.validation.dns import DnsResolver, FixedResolver
from gateway.validation.fetch import TargetConnection
from gateway.validation.method import Claim, Network, ValidationFailed
from tests.support import web_server as pages
from tests.support.dns_server import dns_server
from tests.support.tls_server import ChallengeCertificate, proof_of, tls_server
from tests.support.web_server import Page, WebServer, web_server

NAME = "example.com"
CLAIM = Claim(NAME, "token", "thumbprint")
PATH = "/.well-known/acme-challenge/token"
CORRECT = b"token.thumbprint"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ONE_READ = 256 * 1024
"""What an event loop hands over at most at a time."""


class BytesRead:
    """What came to the connections of a check, and how often."""

    def __init__(self) -> None:
        self.bytes = 0
        self.pieces = 0


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bytes_read(monkeypatch: pytest.MonkeyPatch) -> BytesRead:
    seen = BytesRead()

    def watch(reader: Any) -> None:
        receive = reader.data_received

        def received(self: Any, data: bytes) -> None:
            seen.bytes += len(data)
            seen.pieces += 1
            receive(self, data)

        monkeypatch.setattr(reader, "data_received", received)

    watch(TargetConnection)
    watch(tls.TlsTransport)
    return seen


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    async with web_server() as server:
        yield server


def endless(start: bytes, *again: bytes) -> Page:
    """`start`, and then `again` until nobody takes it any more."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        for part in cycle(again):
            writer.write(part * max(1, 65536 // len(part)))
            await writer.drain()
            if writer.transport.is_closing():
                return

    return write


def one_by_one(start: bytes, piece: bytes) -> Page:
    """Small packets as fast as they go."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while not writer.transport.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return write


async def check(
    web: WebServer, page: Page, scheme: str, self_signed: tuple[Path, Path]
) -> ValidationFailed:
    """What is said of a target that behaves so; nothing here ends by its time."""
    network = Network(http_port=web.port, trusted=EVERYWHERE, any_port=True, timeout=60)
    if scheme == "http":
        web.pages[PATH] = page
        return await failure(network)
    async with web_server(tls=self_signed) as secure:
        web.pages[PATH] = pages.redirect(f"https://127.0.0.1:{secure.port}{PATH}")
        secure.pages[PATH] = page
        return await failure(network)


async def failure(network: Network) -> ValidationFailed:
    with pytest.raises(ValidationFailed) as failed:
        await http01.check(CLAIM, FixedResolver("127.0.0.1"), network)
    return failed.value


@pytest.mark.parametrize(
    ("page", "cause"),
    [
        (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "more than 8 interim responses"),
        (endless(b"", b"HTTP/1.1 103 E\r\nA: b\r\n\r\n"), "more than 8 interim responses"),
        (endless(b"HTTP/1.1 100 Continue\r\n", b"A: b\r\n"), "head of more than 16384 bytes"),
        (endless(OK, b"A: b\r\n"), "head of more than 16384 bytes"),
        (endless(OK, b"\ta\n"), "head of more than 16384 bytes"),
        (endless(OK, b"x"), "head of more than 16384 bytes"),
        (endless(CHUNKED, b"1\r\nx\r\n"), "more than 256 chunks"),
        (endless(CHUNKED + b"1;", b"x"), "a line of more than 1024 bytes"),
        (endless(CHUNKED, b"0"), "a line of more than 1024 bytes"),
        (endless(CHUNKED, b"1;" + b"x" * 900 + b"\r\nx\r\n"), "not complete after 49152 bytes"),
        (endless(OK + b"\r\n", b"x"), "sent more than 4096 bytes"),
        (endless(OK + b"Content-Length: 999999999\r\n\r\n", b"x"), "sent more than 4096 bytes"),
        (one_by_one(OK + b"X: ", b"x"), "pieces|head of more than"),
    ],
    ids=[
        "interim responses",
        "interim responses with fields",
        "an interim response",
        "header lines",
        "folded lines",
        "a header line",
        "chunks",
        "a chunk's extension",
        "a chunk's size",
        "chunks with extensions",
        "a body until the end",
        "a body of great length",
        "packets of one byte",
    ],
)
async def test_a_target_that_sends_without_end_is_left_after_a_bounded_number_of_bytes(
    web: WebServer,
    bytes_read: BytesRead,
    scheme: str,
    self_signed: tuple[Path, Path],
    page: Page,
    cause: str,
) -> None:
    failed = await check(web, page, scheme, self_signed)
    assert any(part in failed.detail for part in cause.split("|")), failed.detail
    assert bytes_read.bytes < 4 * ONE_READ
    assert bytes_read.pieces < 5000


async def test_a_body_whose_trailers_never_end_is_read_up_to_its_last_chunk(
    web: WebServer, bytes_read: BytesRead
) -> None:
    network = Network(http_port=web.port, trusted=EVERYWHERE, timeout=60)
    web.pages[PATH] = endless(CHUNKED + b"10\r\n" + CORRECT + b"\r\n0\r\n", b"A: b\r\n")
    await http01.check(CLAIM, FixedResolver("127.0.0.1"), network)
    assert bytes_read.bytes < 4 * ONE_READ


async def test_of_redirects_with_endless_bodies_only_the_heads_are_read(
    web: WebServer, bytes_read: BytesRead
) -> None:
    page = endless(b"HTTP/1.1 302 There\r\nLocation: " + PATH.encode() + b"\r\n\r\n", b"x")
    web.pages[PATH] = page
    failed = await failure(Network(http_port=web.port, trusted=EVERYWHERE, timeout=60))
    assert "more than 10 redirects" in failed.detail
    assert len(web.requests) == 11
    assert bytes_read.bytes < 11 * 2 * ONE_READ


async def test_what_a_server_says_before_it_was_asked_is_bounded_too(bytes_read: BytesRead) -> None:
    async with web_server(greeting=b"220 mail.example.com\r\n" * 100_000) as mail:
        failed = await failure(Network(http_port=mail.port, trusted=EVERYWHERE, timeout=60))
    assert "head of more than 16384 bytes" in failed.detail or "broke" in failed.detail
    assert bytes_read.bytes < 4 * ONE_READ


def record(content: bytes) -> bytes:
    """A TLS record of the handshake."""
    return b"\x16\x03\x03" + len(content).to_bytes(2) + content


@pytest.mark.parametrize(
    "again",
    [record(b"\0\0\0\0" * 4000), record(b"\0\0\0\0"), b"\x14\x03\x03\x00\x01\x01", b"\x16\x03\x03"],
    ids=["HelloRequests", "one in each record", "ChangeCipherSpec", "nonsense"],
)
async def test_a_handshake_that_never_ends_is_left(
    bytes_read: BytesRead, again: bytes, check_tls: Callable[[int], Awaitable[ValidationFailed]]
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        await endless(again, again)(writer)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listener:
        await check_tls(listener.sockets[0].getsockname()[1])
    assert bytes_read.bytes < tls.MOST_BYTES + 2 * ONE_READ


@pytest.fixture(params=["tls-alpn-01", "http-01"])
def check_tls(request: pytest.FixtureRequest) -> Callable[[int], Awaitable[ValidationFailed]]:
    """A check that opens TLS to that port and fails."""

    async def alpn(port: int) -> ValidationFailed:
        network = Network(tls_port=port, trusted=EVERYWHERE, timeout=60)
        with pytest.raises(ValidationFailed) as failed:
            await tlsalpn01.check(CLAIM, FixedResolver("127.0.0.1"), network)
        return failed.value

    async def redirected(port: int) -> ValidationFailed:
        async with web_server() as server:
            server.pages[PATH] = pages.redirect(f"https://{NAME}{PATH}")
            ports: Any = {"http_port": server.port, "tls_port": port}
            return await failure(Network(**ports, trusted=EVERYWHERE, timeout=60))

    return alpn if request.param == "tls-alpn-01" else redirected


async def test_a_name_with_hundreds_of_addresses_is_connected_to_at_a_few(web: WebServer) -> None:
    async with dns_server() as dns:
        dns.set(NAME, "A", *(f"10.0.{number // 250}.{number % 250 + 1}" for number in range(400)))
        with pytest.raises(ValidationFailed) as failed:
            await http01.check(CLAIM, DnsResolver([dns.address], 5), Network(timeout=60))
    assert failed.value.detail.count("is a private address") == 4
    assert "and 12 more" in failed.value.detail


async def test_a_certificate_for_thousands_of_names_is_not_looked_into(tmp_path: Path) -> None:
    names = [x509.DNSName(f"{number}.example.com") for number in range(2000)]
    certificate = ChallengeCertificate(names, proof_of("token.thumbprint"))
    async with tls_server(certificate.write(tmp_path)) as server:
        network = Network(tls_port=server.port, trusted=EVERYWHERE, timeout=60)
        with pytest.raises(ValidationFailed, match="has more than 16384 bytes"):
            await tlsalpn01.check(CLAIM, FixedResolver("127.0.0.1"), network)


def test_the_longest_body_and_the_longest_head_fit_into_what_is_read() -> None:
    assert http_response.MOST_BYTES > 16 * 1024 + 256 * 12 + http_response.LONGEST_BODY
