"""The web server of a customer: answers http-01 challenges on a real port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.support.acme_client import AcmeClient

_PATH = "/.well-known/acme-challenge/"


class ChallengeServer:
    """`responses` maps tokens to key authorizations, `elsewhere` to the URLs of redirects."""

    def __init__(self) -> None:
        self.responses: dict[str, str] = {}
        self.elsewhere: dict[str, str] = {}
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers["Host"])
        token = request.match_info["token"]
        if token in self.elsewhere:
            raise web.HTTPFound(self.elsewhere[token])
        body = self.responses.get(token)
        return web.Response(text=body) if body else web.Response(status=404)

    async def prove(self, client: AcmeClient, authorization_url: str) -> None:
        """Publishes the response of the http-01 challenge, and tells the server so."""
        challenge = await client.challenge(authorization_url, "http-01")
        self.responses[challenge["token"]] = client.key_authorization(challenge["token"])
        answered = await client.post(challenge["url"], {})
        assert answered.status == 200, answered.body


@asynccontextmanager
async def challenge_server(port: int, host: str = "127.0.0.1") -> AsyncIterator[ChallengeServer]:
    """Listens until the end of the block."""
    server = ChallengeServer()
    app = web.Application()
    app.router.add_get(_PATH + "{token}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    try:
        yield server
    finally:
        await runner.cleanup()
