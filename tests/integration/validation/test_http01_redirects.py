"""http-01 follows redirects, and only to where it may connect."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.validation.addresses import EVERYWHERE
from tests.integration.validation.test_http01 import CORRECT, NAME, PATH, check, failure
from tests.support import web_server as pages
from tests.support.dns_server import DnsServer, dns_server
from tests.support.web_server import WebServer, web_server


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
