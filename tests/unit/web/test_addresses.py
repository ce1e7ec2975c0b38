"""Which address and scheme a request is believed to have."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from gateway.config import Listen
from gateway.errors import ConfigurationError
from gateway.web.addresses import address_of, came_by_https, client_address
from tests.support.action_door import settings


@asynccontextmanager
async def judge(*trusted: str) -> AsyncIterator[str]:
    """A real server that says what it believes of each request."""
    chosen = settings(listen=Listen(trusted_proxies=list(trusted)))

    async def tell(request: web.Request) -> web.Response:
        return web.Response(text=f"{address_of(request, chosen)} {came_by_https(request, chosen)}")

    app = web.Application()
    app.router.add_get("/", tell)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def ask(url: str, *headers: tuple[str, str]) -> str:
    async with ClientSession() as session, session.get(url, headers=headers) as response:
        return await response.text()


async def test_an_untrusted_peer_is_not_believed() -> None:
    async with judge("10.0.0.0/8") as url:
        answer = await ask(url, ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "https"))
    assert answer == "127.0.0.1 False"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4, 10.0.0.9", "1.2.3.4"),
        ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ("1.2.3.4, junk, 10.0.0.9", "10.0.0.9"),
        ("junk", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
async def test_x_forwarded_for_is_read_from_the_right_through_trusted_hops(
    forwarded: str, client: str
) -> None:
    async with judge("127.0.0.1/32", "10.0.0.0/8") as url:
        answer = await ask(url, ("X-Forwarded-For", forwarded))
    assert answer.split()[0] == client


async def test_several_header_lines_are_one_list() -> None:
    async with judge("127.0.0.1/32", "10.0.0.0/8") as url:
        answer = await ask(url, ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "10.0.0.9"))
    assert answer.split()[0] == "1.2.3.4"


@pytest.mark.parametrize(
    ("claimed", "believed"),
    [("https", True), ("HTTPS", True), ("http", False), ("https, http", False), ("", False)],
)
async def test_a_trusted_proxy_says_whether_the_client_used_https(
    claimed: str, believed: bool
) -> None:
    async with judge("127.0.0.1/32") as url:
        answer = await ask(url, ("X-Forwarded-Proto", claimed))
    assert answer == f"127.0.0.1 {believed}"


def test_a_broken_network_is_a_mistake_of_the_configuration() -> None:
    chosen = settings(listen=Listen(trusted_proxies=["10.0.0.1/8"]))
    with pytest.raises(ConfigurationError, match="trusted_proxies"):
        client_address("127.0.0.1", ["192.0.2.1"], chosen)
