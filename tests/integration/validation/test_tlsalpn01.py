"""tls-alpn-01 against real TLS servers and a real name server (RFC 8737)."""

from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway.validation import tlsalpn01
from gateway.validation.dns import DnsResolver
from gateway.validation.method import Claim, Evidence, Network, ValidationFailed
from tests.support import web_server as pages
from tests.support.dns_server import DnsServer, dns_server
from tests.support.gateway import free_ports
from tests.support.tls_server import (
    ChallengeCertificate,
    good_certificate,
    proof_of,
    tls_server,
)
from tests.support.web_server import web_server

NAME = "www.example.com"
CLAIM = Claim(NAME, "token", "thumbprint")
KEY_AUTHORIZATION = "token.thumbprint"
GOOD = good_certificate(NAME, KEY_AUTHORIZATION)
LOOPBACK = (ip_network("127.0.0.1/32"), ip_network("::1/128"))


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with dns_server() as server:
        server.set(NAME, "A", "127.0.0.1")
        yield server


async def check(dns: DnsServer, port: int, **network: Any) -> Evidence:
    """As in production, but loopback counts as public, and `port` stands for 443."""
    given = {"tls_port": port, "trusted": LOOPBACK, "timeout": 3, **network}
    return await tlsalpn01.check(CLAIM, DnsResolver([dns.address], timeout=2), Network(**given))


async def failure(dns: DnsServer, port: int, **network: Any) -> ValidationFailed:
    with pytest.raises(ValidationFailed) as failed:
        await check(dns, port, **network)
    return failed.value


async def objection(
    dns: DnsServer,
    directory: Path,
    certificate: ChallengeCertificate,
    protocols: Sequence[str] = ("acme-tls/1",),
) -> str:
    """What is said of a server that is wrong and stays so."""
    async with tls_server(certificate.write(directory), protocols) as server:
        failed = await failure(dns, server.port)
        assert (failed.kind, failed.transient) == ("unauthorized", False)
        assert f"127.0.0.1:{server.port}" in failed.detail
        return failed.detail


async def test_the_certificate_of_the_challenge_proves_control(
    dns: DnsServer, tmp_path: Path
) -> None:
    async with tls_server(GOOD.write(tmp_path)) as server:
        assert await check(dns, server.port) == {"address": f"127.0.0.1:{server.port}"}


async def test_the_name_is_asked_for_in_the_handshake_and_nothing_is_sent_afterwards(
    dns: DnsServer, tmp_path: Path
) -> None:
    async with tls_server(GOOD.write(tmp_path)) as server:
        await check(dns, server.port)
        assert server.server_names == [NAME]
        assert server.received in ([], [b""])


async def test_the_case_of_the_name_does_not_matter(dns: DnsServer, tmp_path: Path) -> None:
    shouted = good_certificate(NAME.upper(), KEY_AUTHORIZATION)
    async with tls_server(shouted.write(tmp_path)) as server:
        await check(dns, server.port)


@pytest.mark.parametrize("protocols", [["h2", "http/1.1"], []], ids=["others", "none"])
async def test_a_server_that_does_not_speak_the_protocol_is_refused(
    dns: DnsServer, tmp_path: Path, protocols: list[str]
) -> None:
    said = await objection(dns, tmp_path, GOOD, protocols)
    assert "does not speak acme-tls/1" in said


@pytest.mark.parametrize(
    "names",
    [
        [x509.DNSName("other.example.com")],
        [x509.DNSName(NAME), x509.DNSName("other.example.com")],
        [x509.DNSName(NAME), x509.IPAddress(ip_address("127.0.0.1"))],
        [x509.DNSName(f"*.{NAME}")],
        [x509.UniformResourceIdentifier(NAME)],
    ],
    ids=["another name", "two names", "an address too", "a wildcard", "no dNSName"],
)
async def test_the_certificate_is_for_exactly_this_name(
    dns: DnsServer, tmp_path: Path, names: list[x509.GeneralName]
) -> None:
    said = await objection(dns, tmp_path, ChallengeCertificate(names, proof_of(KEY_AUTHORIZATION)))
    assert f"expected one dNSName, '{NAME}'" in said


async def test_the_names_stand_in_the_subject_alternative_name(
    dns: DnsServer, tmp_path: Path
) -> None:
    without = ChallengeCertificate(None, proof_of(KEY_AUTHORIZATION))
    assert "has no subjectAltName" in await objection(dns, tmp_path, without)


async def test_a_certificate_without_the_extension_is_refused(
    dns: DnsServer, tmp_path: Path
) -> None:
    without = ChallengeCertificate(GOOD.names, None)
    assert "has no acmeIdentifier" in await objection(dns, tmp_path, without)


async def test_the_extension_must_be_critical(dns: DnsServer, tmp_path: Path) -> None:
    lax = ChallengeCertificate(GOOD.names, GOOD.proof, critical=False)
    assert "is not critical" in await objection(dns, tmp_path, lax)


@pytest.mark.parametrize(
    "proof",
    [
        proof_of("another.thumbprint"),
        proof_of(KEY_AUTHORIZATION)[2:],
        proof_of(KEY_AUTHORIZATION) + b"\0",
        b"",
    ],
    ids=["another digest", "no DER", "more than the digest", "empty"],
)
async def test_the_extension_holds_exactly_the_digest(
    dns: DnsServer, tmp_path: Path, proof: bytes
) -> None:
    said = await objection(dns, tmp_path, ChallengeCertificate(GOOD.names, proof))
    assert "does not hold the SHA-256 digest" in said


async def test_the_certificate_is_self_signed(dns: DnsServer, tmp_path: Path) -> None:
    foreign = ChallengeCertificate(GOOD.names, GOOD.proof, self_signed=False)
    assert "is not self-signed" in await objection(dns, tmp_path, foreign)


async def test_a_server_without_tls_is_a_tls_error(dns: DnsServer) -> None:
    async with web_server(greeting=b"220 mail.example.com ESMTP\r\n") as server:
        failed = await failure(dns, server.port)
    assert failed.kind == "tls"
    assert f"127.0.0.1:{server.port}" in failed.detail


async def test_a_server_that_says_nothing_is_given_up_in_time(dns: DnsServer) -> None:
    async with web_server() as server:
        server.pages["/"] = pages.silence
        failed = await failure(dns, server.port, timeout=0.3)
    assert (failed.kind, failed.transient) == ("connection", True)
    assert "not done within 0.3 seconds" in failed.detail


async def test_a_port_that_nobody_listens_on_is_worth_another_attempt(dns: DnsServer) -> None:
    [port] = free_ports(1)
    failed = await failure(dns, port)
    assert (failed.kind, failed.transient) == ("connection", True)
    assert f"127.0.0.1:{port}: connection refused" in failed.detail


async def test_an_address_that_is_not_public_is_not_connected_to(
    dns: DnsServer, tmp_path: Path
) -> None:
    async with tls_server(GOOD.write(tmp_path)) as server:
        failed = await failure(dns, server.port, trusted=())
        assert "127.0.0.1 is a loopback address" in failed.detail
        assert server.server_names == []


async def test_a_name_without_addresses_is_reported_so(dns: DnsServer) -> None:
    dns.set(NAME, "A")
    failed = await failure(dns, 443)
    assert (failed.kind, failed.detail) == ("dns", f"{NAME} has no A or AAAA record.")


async def test_a_failing_resolver_is_worth_another_attempt(dns: DnsServer) -> None:
    dns.failing[NAME] = "SERVFAIL"
    failed = await failure(dns, 443)
    assert (failed.kind, failed.transient) == ("dns", True)
