"""Strangers' requests to any route of any door: an exact answer, never a fault, little work."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
from aiohttp import web

from gateway.web.site import Site
from tests.support import attacks
from tests.support.attacks import FORM, JOSE, JSON, acme_paths, paths_of, request
from tests.support.certificate_shop import shop_of
from tests.support.gateway import RunningGateway
from tests.support.raw_client import RawClient

MOST_CALLS = 2_500
"""Python and C functions called for a request and its answer, by the client of the test too."""
TRIES = 6


@pytest.fixture
async def client(gateway: RunningGateway) -> AsyncIterator[RawClient]:
    made = RawClient(gateway.url, gateway.root_pem)
    yield made
    made.close()


def other_doors(gateway: RunningGateway) -> list[str]:
    return sorted(set(paths_of(gateway.sites["port"])))


def all_doors(gateway: RunningGateway) -> list[str]:
    return [*other_doors(gateway), *acme_paths("/v2/DV"), "/", "/v9/XX", "/products/none", "/v3/x"]


def form_doors(gateway: RunningGateway) -> list[str]:
    """A path for each route that takes forms."""
    app = web.Application()
    for door in gateway.doors.values():
        for route in door.routes:
            if route.media_type.encode() == FORM and "POST" in route.handlers:
                app.router.add_post(route.path, _unreached)
    return list(paths_of(Site(app, _unreached)))


async def _unreached(_: web.Request) -> web.Response:
    raise AssertionError


async def expect_status(
    client: RawClient, path: str, sent: Iterable[tuple[str, bytes]], status: int
) -> None:
    """Each of the requests is answered with that status."""
    for name, data in sent:
        answer = await client.ask(data)
        assert answer.status == status, (path, name, answer)


async def test_every_form_door_counts_fields_before_it_parses(
    gateway: RunningGateway, client: RawClient
) -> None:
    doors = form_doors(gateway)
    assert "/products/!ACMEAdmin" in doors
    assert len(doors) >= 5
    for path in doors:
        await expect_status(client, path, attacks.large_forms(path.encode()), 413)


async def test_every_json_door_refuses_what_is_nested_too_deeply(
    gateway: RunningGateway, client: RawClient
) -> None:
    for path in acme_paths("/v2/DV"):
        status = 405 if "/renewalInfo/" in path else 400
        await expect_status(client, path, attacks.bad_json(path.encode(), JOSE), status)
        await expect_status(client, path, attacks.bad_jws(path.encode()), status)
    await expect_status(client, "clock", attacks.bad_json(b"/sandbox/clock", JSON), 400)


async def test_the_ssl_door_refuses_it_too(gateway: RunningGateway, client: RawClient) -> None:
    shop = await shop_of(gateway, gateway.login, None)
    token = b"\r\nX-Auth-Token: " + shop.token.encode() + b"\r\nHost: gateway\r\n"

    def with_token(sent: Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, bytes]]:
        return [(name, data.replace(b"\r\nHost: gateway\r\n", token, 1)) for name, data in sent]

    path = "/v3/scm/certificates"
    await expect_status(client, path, with_token(attacks.bad_json(path.encode(), JSON)), 400)
    many = [("fields in the query", request(b"GET", path.encode() + b"?" + b"limit=10&" * 800))]
    await expect_status(client, path, with_token(many), 400)
    await expect_status(client, path, attacks.bad_json(path.encode(), JSON), 401)


async def test_a_path_that_leads_nowhere_is_not_found(
    gateway: RunningGateway, client: RawClient
) -> None:
    for path in all_doors(gateway):
        await expect_status(client, path, attacks.long_paths(path.rstrip("/").encode()), 404)


async def test_bytes_that_are_no_ascii_in_a_path_are_a_bad_request(
    gateway: RunningGateway, client: RawClient
) -> None:
    for path in all_doors(gateway):
        odd = [("odd", request(b"POST", path.encode() + attacks.ODD, kind=JOSE, body=b"{}"))]
        await expect_status(client, path, odd, 400)


async def test_a_query_that_nobody_asked_for_changes_no_status_below_500(
    gateway: RunningGateway, client: RawClient
) -> None:
    for path in all_doors(gateway):
        for query in (b"?" + b"a&" * 3_900, b"?" + b"a=%FF&" * 1_200, b"?%00=%ff;;&&=="):
            for method, body in ((b"GET", b""), (b"POST", b"a=b")):
                sent = request(method, path.encode() + query, kind=FORM, body=body)
                assert (await client.ask(sent)).status < 500, (path, query[:20])


@pytest.mark.parametrize("method", [b"GET", b"POST", b"OPTIONS", b"DELETE"])
async def test_odd_bytes_and_long_lists_in_headers_change_no_answer(
    gateway: RunningGateway, client: RawClient, method: bytes
) -> None:
    for path in all_doors(gateway):
        usual = (await client.ask(request(method, path.encode()))).status
        assert usual < 500
        await expect_status(client, path, attacks.odd_headers(method, path.encode()), usual)
        await expect_status(
            client, path, attacks.values_of(b"Content-Type", method, path.encode()), usual
        )


async def test_an_expectation_that_nobody_can_meet_is_417(
    gateway: RunningGateway, client: RawClient
) -> None:
    for path in all_doors(gateway):
        for method in (b"GET", b"POST"):
            usual = (await client.ask(request(method, path.encode()))).status
            for name, sent in attacks.values_of(b"Expect", method, path.encode()):
                answer = await client.ask(sent)
                assert answer.status == (usual if name == "empty" else 417), (path, name)
            met = request(method, path.encode(), b"Expect: 100-Continue", body=b"a=b")
            assert (await client.ask(met)).status < 500
    body = b"a" * 10
    met = request(b"POST", b"/v2/DV/newOrder", b"Expect: 100-continue", kind=JOSE, body=body)
    assert (await client.ask(met)).status == 400


@pytest.mark.parametrize("header", [b"Content-Length", b"Transfer-Encoding"])
async def test_a_length_that_makes_no_sense_is_a_bad_request(
    gateway: RunningGateway, client: RawClient, header: bytes
) -> None:
    for path in ("/v2/DV/newOrder", "/products/!ACMEAdmin", "/v3/scm/certificates", "/v9/XX"):
        sent = dict(attacks.values_of(header, b"POST", path.encode()))
        del sent["empty"]
        await expect_status(client, path, sent.items(), 400)


async def test_a_405_names_the_methods_that_are_allowed(
    gateway: RunningGateway, client: RawClient
) -> None:
    methods = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
    for path in all_doors(gateway):
        answers = {
            method: await client.ask(request(method.encode(), path.encode())) for method in methods
        }
        allowed = {method for method, answer in answers.items() if answer.status != 405}
        for method, answer in answers.items():
            assert answer.status < 500
            if answer.status == 405:
                named = set(answer.headers["allow"].replace(" ", "").split(","))
                assert named == allowed & named, (path, method)
                assert named >= allowed - {"GET", "HEAD"}, (path, method)
        assert (await client.ask(request(b"BREW", path.encode()))).status == 400


async def test_the_absolute_form_of_a_target_is_served_as_its_path(
    gateway: RunningGateway, client: RawClient
) -> None:
    for path in all_doors(gateway):
        for method in (b"GET", b"POST"):
            usual = await client.ask(request(method, path.encode()))
            absolute = await client.ask(request(method, b"https://any.example" + path.encode()))
            assert (absolute.status, absolute.body) == (usual.status, usual.body), path
    whole = await client.ask(request(b"OPTIONS", b"*"))
    assert (whole.status, whole.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    assert (await client.ask(request(b"CONNECT", b"a.example:443"))).status < 500


@pytest.mark.parametrize("listener", ["plain_http_port", "metrics_port"])
async def test_the_other_listeners_hold_out_too(gateway: RunningGateway, listener: str) -> None:
    port = getattr(gateway.services.settings.listen, listener)
    client = RawClient(f"http://127.0.0.1:{port}", gateway.root_pem)
    for path in [
        *paths_of(gateway.sites[listener]),
        "/",
        "/v2/DV/newOrder",
        "/products/!ACMEAdmin",
    ]:
        usual = {m: (await client.ask(request(m, path.encode()))).status for m in (b"GET", b"POST")}
        nowhere = 404 if listener == "metrics_port" else 403
        await expect_status(client, path, attacks.long_paths(path.rstrip("/").encode()), nowhere)
        for method, status in usual.items():
            assert status < 500
            await expect_status(client, path, attacks.odd_headers(method, path.encode()), status)
        await expect_status(client, path, attacks.large_forms(path.encode()), usual[b"POST"])
        await expect_status(
            client, path, [("expect", request(b"GET", path.encode(), b"Expect: \xff"))], 417
        )
    client.close()


FIRST = b"GET %b HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST %b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
BROKEN = {
    "no HTTP": b"\x16\x03\x01\x00%b\r\n\r\n",
    "a header line without a colon": FIRST + b"abc\r\n\r\n",
    "a header's name with a space": FIRST + b"a b: c\r\n\r\n",
    "a line that is too long": FIRST + b"A: " + b"a" * 20_000 + b"\r\n\r\n",
    "too many header lines": FIRST + b"A: a\r\n" * 2_000 + b"\r\n",
    "a target without its host": b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
    "a port that is none": b"GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "a version that is none": b"GET %b HTTP/9.z\r\nHost: a\r\n\r\n",
    "two lengths": FIRST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a bad size of a chunk": CHUNKED + b"\r\nzz\r\n",
    "a bad size of a later chunk": CHUNKED + b"\r\n1\r\na\r\nzz\r\n\r\n",
    "a bad body of a request that is refused": CHUNKED + b"Expect: b\r\n\r\nzz\r\n\r\n",
    "bad deflate": CHUNKED + b"Content-Encoding: deflate\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "bad gzip": FIRST.replace(b"GET", b"POST")
    + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    "an upgrade and then no HTTP": FIRST
    + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\nabc\r\n\r\n",
}
"""Where there is `%b`, a path is put in."""


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_request_is_no_fault_in_the_log(
    client: RawClient, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    for path in (b"/v2/DV/newOrder", b"/health/live", b"/products/!ACMEAdmin", b"/v9/XX"):
        broken = BROKEN[name].replace(b"%b", path)
        for before in (b"", request(b"HEAD", b"/v2/DV"), request(b"HEAD", b"/health/live")):
            reader, writer = await client.connect()
            for sent in filter(None, (before, broken)):
                writer.write(sent)
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.")
                await asyncio.sleep(0.01)
            writer.close()
    await client.ask(request(b"GET", b"/health/live"))
    errors = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert errors == []


async def test_a_client_that_breaks_a_body_off_is_no_fault_in_the_log(
    client: RawClient, caplog: pytest.LogCaptureFixture
) -> None:
    for path in (b"/v2/DV/newOrder", b"/health/live", b"/products/!ACMEAdmin", b"/v9/XX"):
        for head in (b"Content-Length: 9\r\n\r\n1", b"Transfer-Encoding: chunked\r\n\r\n9\r\n1"):
            _, writer = await client.connect()
            writer.write(b"POST " + path + b" HTTP/1.1\r\nHost: a\r\n" + head)
            await asyncio.sleep(0.02)
            writer.transport.abort()
    await client.ask(request(b"GET", b"/health/live"))
    errors = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert errors == []


COSTLY: dict[str, Callable[[bytes], bytes]] = {
    "a form of many fields": lambda path: request(b"POST", path, kind=FORM, body=b"a&" * 32_000),
    "a form of escapes": lambda path: request(b"POST", path, kind=FORM, body=b"%" * 65_000),
    "deep JSON": lambda path: request(b"POST", path, kind=JOSE, body=attacks.DEEP),
    "slashes": lambda path: request(b"GET", path + b"/" * 7_900),
    "slashes in the absolute form": lambda path: request(b"GET", b"http://a" + path + b"/" * 7_900),
    "fields in the query": lambda path: request(b"GET", path + b"?" + b"a&" * 3_900),
    "fields in the query of a POST": lambda path: request(
        b"POST", path + b"?" + b"a&" * 3_900, kind=FORM, body=b"a=b"
    ),
    "parameters of the content type": lambda path: request(
        b"POST", path, b"Content-Type: " + FORM + b";a=b" * 1_900, body=b"a=b"
    ),
    "hops": lambda path: request(b"GET", path, b"X-Forwarded-For: " + b"1," * 4_000),
}


@pytest.mark.parametrize("name", COSTLY)
async def test_no_request_of_a_stranger_makes_work(
    gateway: RunningGateway, client: RawClient, name: str
) -> None:
    for path in all_doors(gateway):
        sent = COSTLY[name](path.rstrip("/").encode() or b"/x")
        counted: list[int] = []
        while len(counted) < TRIES and min(counted, default=MOST_CALLS) >= MOST_CALLS:
            counted.append(await calls_of(client, sent))  # some are beside background work
        assert min(counted) < MOST_CALLS, (path, counted)


async def calls_of(client: RawClient, sent: bytes) -> int:
    """So many functions are called in this thread until the answer is there."""
    await client.ask(request(b"GET", b"/v2/DV"))
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        await client.ask(sent)
    finally:
        sys.setprofile(None)
    return calls
