"""http-01 against real web servers and a real name server (RFC 8555 §8.3)."""

import socket
import time
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest

from gateway.validation import http01
from gateway.validation.addresses import EVERYWHERE
from gateway.validation.dns import DnsResolver, FixedResolver
from gateway.validation.method import Claim, Evidence, Network, ValidationFailed
from tests.support import web_server as pages
from tests.support.dns_server import DnsServer, dns_server
from tests.support.web_server import Page, WebServer, web_server

NAME = "example.com"
CLAIM = Claim(NAME, "token", "thumbprint")
PATH = "/.well-known/acme-challenge/token"
CORRECT = b"token.thumbprint"
LOOPBACK = (ip_network("127.0.0.1/32"), ip_network("::1/128"))


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with dns_server() as server:
        server.set(NAME, "A", "127.0.0.1")
        yield server


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    async with web_server() as server:
        server.pages[PATH] = pages.body(CORRECT)
        yield server


async def check(dns: DnsServer, port: int, **network: Any) -> Evidence:
    """As in production, but loopback counts as public, and `port` stands for 80."""
    given = {"http_port": port, "trusted": LOOPBACK, "timeout": 3, **network}
    return await http01.check(CLAIM, DnsResolver([dns.address], timeout=2), Network(**given))


async def failure(dns: DnsServer, port: int, **network: Any) -> ValidationFailed:
    with pytest.raises(ValidationFailed) as failed:
        await check(dns, port, **network)
    return failed.value


# --- what is asked, and what answers it ------------------------------------------------------


async def test_the_key_authorization_proves_control(dns: DnsServer, web: WebServer) -> None:
    evidence = await check(dns, web.port)
    assert evidence == {
        "urls": [f"http://{NAME}{PATH}"],
        "address": f"127.0.0.1:{web.port}",
    }


async def test_the_name_is_in_the_host_header(dns: DnsServer, web: WebServer) -> None:
    await check(dns, web.port)
    assert [(request.path, request.headers["Host"]) for request in web.requests] == [(PATH, NAME)]


@pytest.mark.parametrize(
    "page",
    [
        pages.body(CORRECT + b"\n"),
        pages.body(CORRECT + b" \t\r\n\r\n"),
        pages.chunked(b"token.", b"thumb", b"print\n"),
        pages.until_closed(CORRECT),
        pages.raw(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200\r\n\r\n" + CORRECT),
        pages.raw(b"HTTP/1.1 200 OK\nContent-Length: 16\n\n" + CORRECT),
        pages.raw(b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n" + CORRECT),
        pages.raw(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n" + CORRECT),
    ],
    ids=["newline", "white space", "chunks", "HTTP/1.0", "early hints", "LF", "folded", "no colon"],
)
async def test_white_space_at_the_end_and_ways_of_sending_do_not_matter(
    dns: DnsServer, web: WebServer, page: Page
) -> None:
    web.pages[PATH] = page
    await check(dns, web.port)


@pytest.mark.parametrize("wrong", [b"", b" " + CORRECT, CORRECT + b"x", CORRECT.upper(), b"\xff"])
async def test_any_other_body_is_an_incorrect_response(
    dns: DnsServer, web: WebServer, wrong: bytes
) -> None:
    web.pages[PATH] = pages.body(wrong)
    failed = await failure(dns, web.port)
    assert (failed.kind, failed.transient) == ("incorrectResponse", False)
    assert f"127.0.0.1:{web.port}" in failed.detail
    assert repr(CORRECT.decode()) in failed.detail


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (b"token.thumbPrint", "'token.thumbPrint' (16 bytes)|from byte 12 on"),
        (b"token", "'token' (5 bytes)|from byte 6 on"),
        (CORRECT + b" and more", "'token.thumbprint and more' (25 bytes)|from byte 17 on"),
        (b"\xef\xbb\xbf" + CORRECT, r"'\xef\xbb\xbftoken.thumbprint' (19 bytes)|from byte 1 on"),
        (b"", "'' (0 bytes)|from byte 1 on"),
        (CORRECT + b"." * 90 + b"<html>", "'token.thumbprint......|(112 bytes)|from byte 17 on"),
    ],
    ids=["a letter", "too short", "too long", "a byte order mark", "nothing", "much more"],
)
async def test_the_text_shows_where_the_body_differs_and_both_lengths(
    dns: DnsServer, web: WebServer, wrong: bytes, expected: str
) -> None:
    web.pages[PATH] = pages.body(wrong)
    detail = (await failure(dns, web.port)).detail
    assert "expected the key authorization 'token.thumbprint' (16 bytes)" in detail
    for part in expected.split("|"):
        assert part in detail


async def test_the_text_shows_a_difference_deep_in_a_long_body(web: WebServer) -> None:
    claim = Claim(NAME, "token", "t" * 100)
    web.pages[PATH] = pages.body(claim.key_authorization.replace("t" * 50, "t" * 49 + "X").encode())
    network = Network(http_port=web.port, trusted=EVERYWHERE)
    with pytest.raises(ValidationFailed) as failed:
        await http01.check(claim, FixedResolver("127.0.0.1"), network)
    assert "sent ... '" + "t" * 16 + "X" in failed.value.detail
    assert "from byte 56 on" in failed.value.detail


async def test_the_text_shows_a_stranger_s_bytes_escaped_and_cut(
    dns: DnsServer, web: WebServer
) -> None:
    web.pages[PATH] = pages.body(b"\x1b[2J\r\n<b>\xe4" + b"x" * 500)
    detail = (await failure(dns, web.port)).detail
    assert r"'\x1b[2J\r\n<b>\xe4xxx" in detail
    assert detail.isascii()
    assert len(detail) < 400


@pytest.mark.parametrize("code", [201, 204, 206, 304, 400, 403, 404, 410])
async def test_another_status_than_200_is_final(dns: DnsServer, web: WebServer, code: int) -> None:
    web.pages[PATH] = pages.body(CORRECT, code)
    failed = await failure(dns, web.port)
    assert (failed.kind, failed.transient) == ("unauthorized", False)
    assert f"127.0.0.1:{web.port} answered with status {code}" in failed.detail


@pytest.mark.parametrize("code", [500, 502, 503])
async def test_a_server_error_is_worth_another_attempt(
    dns: DnsServer, web: WebServer, code: int
) -> None:
    web.pages[PATH] = pages.status(code)
    assert (await failure(dns, web.port)).transient


# --- servers that misbehave ------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        pages.body(CORRECT + b"\n" * 5000),
        pages.chunked(CORRECT, b" " * 3000, b" " * 3000),
        pages.until_closed(CORRECT + b" " * 1_000_000),
        pages.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b" " * 5000),
    ],
    ids=["length", "chunks", "until closed", "promised"],
)
async def test_a_body_over_4096_bytes_is_refused_without_reading_it_all(
    dns: DnsServer, web: WebServer, page: Page
) -> None:
    web.pages[PATH] = page
    failed = await failure(dns, web.port)
    assert failed.kind == "incorrectResponse"
    assert "more than 4096 bytes" in failed.detail


@pytest.mark.parametrize(
    ("sent", "cause"),
    [
        (b"", "ends before it is complete"),
        (b"HTTP/1.1 200 OK\r\n", "ends before it is complete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "ends before it is complete"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 -12 OK\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", "head of more than 16384"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "head of more than 16384"),
    ],
)
async def test_what_is_no_response_is_reported_with_the_address(
    dns: DnsServer, web: WebServer, sent: bytes, cause: str
) -> None:
    web.pages[PATH] = pages.raw(sent)
    failed = await failure(dns, web.port)
    assert (failed.kind, failed.transient) == ("connection", True)
    assert cause in failed.detail
    assert f"127.0.0.1:{web.port}" in failed.detail


@pytest.mark.parametrize(
    "page", [pages.silence, pages.drip(b"HTTP/1.1 200 OK\r\n" + b"x" * 99, 0.05)]
)
async def test_a_slow_server_is_left_when_the_time_for_the_attempt_is_over(
    dns: DnsServer, web: WebServer, page: Page
) -> None:
    web.pages[PATH] = page
    before = time.monotonic()
    failed = await failure(dns, web.port, timeout=0.3)
    assert time.monotonic() - before < 2
    assert (failed.kind, failed.transient) == ("connection", True)
    assert failed.detail == (
        f"Waiting for the response of http://{NAME}{PATH} at 127.0.0.1:{web.port}: "
        "not done within 0.3 seconds."
    )


# --- names and addresses ---------------------------------------------------------------------


async def test_a_refused_connection_names_address_and_cause(dns: DnsServer) -> None:
    port = closed_port()
    failed = await failure(dns, port)
    assert (failed.kind, failed.transient) == ("connection", True)
    assert failed.detail == f"No connection to {NAME} at 127.0.0.1:{port}: connection refused."


async def test_a_name_without_addresses_is_a_dns_failure(dns: DnsServer, web: WebServer) -> None:
    dns.set(NAME, "A")
    failed = await failure(dns, web.port)
    assert (failed.kind, failed.detail) == ("dns", f"{NAME} has no A or AAAA record.")


async def test_a_failing_look_up_is_worth_another_attempt(dns: DnsServer, web: WebServer) -> None:
    dns.failing[NAME] = "SERVFAIL"
    failed = await failure(dns, web.port)
    assert (failed.kind, failed.transient) == ("dns", True)
    assert "SERVFAIL" in failed.detail


async def test_ipv6_is_asked_first(dns: DnsServer, web: WebServer) -> None:
    dns.set(NAME, "AAAA", "::1")
    async with web_server("::1", web.port) as over_ipv6:
        over_ipv6.pages[PATH] = pages.body(CORRECT)
        evidence = await check(dns, web.port)
    assert evidence["address"] == f"[::1]:{web.port}"
    assert web.requests == []


async def test_ipv4_is_asked_when_ipv6_takes_no_connection(dns: DnsServer, web: WebServer) -> None:
    dns.set(NAME, "AAAA", "::1")
    evidence = await check(dns, web.port)
    assert evidence["address"] == f"127.0.0.1:{web.port}"


async def test_a_wrong_answer_over_ipv6_counts_although_ipv4_is_right(
    dns: DnsServer, web: WebServer
) -> None:
    dns.set(NAME, "AAAA", "::1")
    async with web_server("::1", web.port):
        failed = await failure(dns, web.port)
    assert f"[::1]:{web.port} answered with status 404" in failed.detail


async def test_when_no_address_takes_a_connection_each_is_named(dns: DnsServer) -> None:
    dns.set(NAME, "AAAA", "::1")
    port = closed_port()
    failed = await failure(dns, port)
    assert failed.detail == (
        f"No connection to {NAME} at [::1]:{port}: connection refused; "
        f"127.0.0.1:{port}: connection refused."
    )


async def test_the_gateway_s_own_address_can_be_chosen(dns: DnsServer, web: WebServer) -> None:
    await check(dns, web.port, source_address="127.0.0.3")
    assert web.clients == ["127.0.0.3"]


@pytest.mark.parametrize(
    ("kind", "address", "what"),
    [
        ("A", "127.0.0.1", "a loopback address"),
        ("A", "10.0.0.1", "a private address"),
        ("A", "169.254.169.254", "a link-local address"),
        ("A", "100.64.0.1", "a carrier-grade NAT address"),
        ("A", "224.0.0.1", "a multicast address"),
        ("AAAA", "::1", "a loopback address"),
        ("AAAA", "fd00::1", "a private address"),
        ("AAAA", "fe80::1", "a link-local address"),
        ("AAAA", "::ffff:127.0.0.1", "a loopback address"),
    ],
)
async def test_outside_the_sandbox_only_public_addresses_are_connected_to(
    dns: DnsServer, web: WebServer, kind: str, address: str, what: str
) -> None:
    dns.set(NAME, "A")
    dns.set(NAME, kind, address)
    failed = await failure(dns, web.port, trusted=())
    assert (failed.kind, failed.transient) == ("connection", False)
    assert f"{address} is {what}" in failed.detail
    assert web.requests == []


async def test_a_public_address_beside_a_private_one_is_used(
    dns: DnsServer, web: WebServer
) -> None:
    dns.set(NAME, "AAAA", "fd00::1")
    evidence = await check(dns, web.port)
    assert evidence["address"] == f"127.0.0.1:{web.port}"


async def test_a_change_of_dns_after_the_check_has_no_effect(
    dns: DnsServer, web: WebServer
) -> None:
    dns.then(NAME, "A", "127.0.0.2")
    await check(dns, web.port)
    assert len(dns.asked(NAME, "A")) == 1


# --- redirects -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_a_redirect_is_followed_to_another_path(
    dns: DnsServer, web: WebServer, code: int
) -> None:
    web.pages[PATH] = pages.redirect("/elsewhere?a=b", code)
    web.pages["/elsewhere?a=b"] = pages.body(CORRECT)
    evidence = await check(dns, web.port)
    assert evidence["urls"] == [f"http://{NAME}{PATH}", f"http://{NAME}/elsewhere?a=b"]


@pytest.mark.parametrize("code", [300, 303, 305])
async def test_other_statuses_do_not_redirect(dns: DnsServer, web: WebServer, code: int) -> None:
    web.pages[PATH] = pages.redirect("/elsewhere", code)
    web.pages["/elsewhere"] = pages.body(CORRECT)
    assert (await failure(dns, web.port)).kind == "unauthorized"


async def test_a_redirect_to_another_name_is_looked_up_and_asked_by_that_name(
    dns: DnsServer, web: WebServer
) -> None:
    dns.set("www.example.net", "A", "127.0.0.1")
    web.pages[PATH] = pages.redirect("http://www.example.net/proof#part")
    web.pages["/proof"] = pages.body(CORRECT)
    await check(dns, web.port)
    assert [request.headers["Host"] for request in web.requests] == [NAME, "www.example.net"]


async def test_a_redirect_to_https_needs_no_trusted_certificate(
    dns: DnsServer, web: WebServer, self_signed: Any
) -> None:
    web.pages[PATH] = pages.redirect(f"https://{NAME}{PATH}")
    async with web_server(tls=self_signed) as secure:
        secure.pages[PATH] = pages.body(CORRECT)
        evidence = await check(dns, web.port, tls_port=secure.port)
    assert evidence["address"] == f"127.0.0.1:{secure.port}"
    assert secure.server_names == [NAME]


async def test_a_server_that_speaks_no_tls_behind_https_is_a_tls_failure(
    dns: DnsServer, web: WebServer
) -> None:
    web.pages[PATH] = pages.redirect(f"https://{NAME}{PATH}")
    async with web_server(greeting=b"220 mail.example.com ESMTP\r\n") as mail:
        failed = await failure(dns, web.port, tls_port=mail.port)
    assert failed.kind == "tls"
    assert f"127.0.0.1:{mail.port}" in failed.detail


async def test_ten_redirects_are_followed_and_the_eleventh_is_not(
    dns: DnsServer, web: WebServer
) -> None:
    web.pages[PATH] = pages.redirect("/1")
    for hop in range(1, 12):
        web.pages[f"/{hop}"] = pages.redirect(f"/{hop + 1}")
    web.pages["/10"] = pages.body(CORRECT)
    assert len((await check(dns, web.port))["urls"]) == 11
    web.pages["/10"] = pages.redirect("/11")
    web.pages["/11"] = pages.body(CORRECT)
    failed = await failure(dns, web.port)
    assert (failed.kind, failed.transient) == ("connection", False)
    assert "more than 10 redirects" in failed.detail


async def test_a_redirect_loop_ends(dns: DnsServer, web: WebServer) -> None:
    web.pages[PATH] = pages.redirect(PATH)
    assert "more than 10 redirects" in (await failure(dns, web.port)).detail
    assert len(web.requests) == 11


@pytest.mark.parametrize(
    ("location", "cause"),
    [
        ("", "redirects to nowhere"),
        ("ftp://example.com/proof", "not an http or https URL"),
        ("file:///etc/passwd", "not an http or https URL"),
        ("gopher://127.0.0.1:11211/_stats", "not an http or https URL"),
        ("http://example.com/" + "x" * 2048, "not an http or https URL"),
        ("http://", "not an http or https URL"),
        ("http://[::1/", "not an http or https URL"),
        ("http://example.com:99999/", "not an http or https URL"),
        ("http://example.com:6379/", "redirects to port 6379; only ports 80 and 443"),
        ("https://example.com:22/", "redirects to port 22; only ports 80 and 443"),
        ("http://10.0.0.1/", "10.0.0.1 is a private address"),
        ("http://127.0.0.2/", "127.0.0.2 is a loopback address"),
        ("http://[::ffff:a00:1]/", "::ffff:a00:1 is a private address"),
        ("https://169.254.169.254/latest/meta-data/", "169.254.169.254 is a link-local address"),
        ("http://inside.example.com/", "10.9.8.7 is a private address"),
        ("http://a..b/", "not an http or https URL"),
        ("http://0x7f000001/", "has no A or AAAA record"),
        ("http://missing.example.com/", "missing.example.com has no A or AAAA record"),
    ],
)
async def test_a_redirect_to_where_it_must_not_go_is_refused(
    dns: DnsServer, web: WebServer, location: str, cause: str
) -> None:
    dns.set("inside.example.com", "A", "10.9.8.7")
    web.pages[PATH] = pages.redirect(location)
    failed = await failure(dns, web.port)
    assert cause in failed.detail
    assert len(web.requests) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    [
        "a..example.com",
        ".example.com",
        "x" * 64 + ".example.com",
        "a%20b.example.com",
        "a b.example.com",
        "a%00.example.com",
        "a%25eth0.example.com",
        "a*.example.com",
        "[fe80::1%25eth0]",
        "[::1%25lo]",
    ],
)
async def test_a_redirect_to_a_host_that_there_cannot_be_is_a_failure_of_theirs(
    dns: DnsServer, web: WebServer, scheme: str, host: str
) -> None:
    """And never an exception of a resolver or of a TLS library, which would be ours."""
    web.pages[PATH] = pages.redirect(f"{scheme}://{host}/")
    failed = await failure(dns, web.port)
    assert failed.kind == "connection"
    assert "not an http or https URL" in failed.detail


async def test_each_hop_is_resolved_anew_and_checked(dns: DnsServer, web: WebServer) -> None:
    dns.then(NAME, "A", "10.0.0.1")
    web.pages[PATH] = pages.redirect("/again")
    web.pages["/again"] = pages.body(CORRECT)
    assert "10.0.0.1 is a private address" in (await failure(dns, web.port)).detail


async def test_in_the_sandbox_any_port_and_address_will_do(dns: DnsServer, web: WebServer) -> None:
    async with web_server("127.0.0.2") as other:
        other.pages["/proof"] = pages.body(CORRECT)
        web.pages[PATH] = pages.redirect(f"http://127.0.0.2:{other.port}/proof")
        evidence = await check(dns, web.port, trusted=EVERYWHERE, any_port=True)
    assert evidence["address"] == f"127.0.0.2:{other.port}"
    assert other.requests[0].headers["Host"] == f"127.0.0.2:{other.port}"


async def test_in_the_sandbox_every_name_is_at_home(web: WebServer) -> None:
    network = Network(http_port=web.port, trusted=EVERYWHERE, any_port=True)
    await http01.check(CLAIM, FixedResolver("127.0.0.1"), network)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
