"""Receivers of notices on real sockets: a webhook and a mail server."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP
from standardwebhooks import Webhook

_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Post:
    """One request at a webhook."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class WebhookReceiver:
    """A webhook: keeps what it is sent, and answers with the next of `answers`, then 204."""

    url: str
    answers: list[int] = field(default_factory=list)
    refused: list[Post] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    """Posts that were answered with a 2xx."""
    arrived: int = 0
    """Requests, answered or not."""
    hold: asyncio.Event | None = None
    """If present, requests wait until it is set before they are answered."""
    says: Callable[[Post], str] = lambda _: ""
    """Makes the text of each answer from what was sent."""
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, number: int) -> list[Post]:
        """Waits for so many confirmed posts."""
        return await self._until(self.posts, number)

    async def until_refused(self, number: int) -> list[Post]:
        return await self._until(self.refused, number)

    async def _until(self, posts: list[Post], number: int) -> list[Post]:
        async with asyncio.timeout(_PATIENCE_SECONDS), self.came:
            await self.came.wait_for(lambda: len(posts) >= number)
        return posts

    @property
    def kinds(self) -> list[str]:
        return [post.json["type"] for post in self.posts]

    @property
    def days(self) -> list[int]:
        """The numbers of `NoticeOperator.happen`, as they came."""
        return [post.json["data"]["daysLeft"] for post in self.posts]

    def verified(self, secret: str) -> list[Any]:
        """What was posted, its signatures checked by the specification's own library."""
        checker = Webhook(secret)
        return [checker.verify(post.body, post.headers) for post in self.posts]

    async def serve(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        post = Post(headers, await request.read())
        self.arrived += 1
        if self.hold is not None:
            await self.hold.wait()
        status = self.answers.pop(0) if self.answers else 204
        async with self.came:
            (self.posts if 200 <= status < 300 else self.refused).append(post)
            self.came.notify_all()
        location = {"Location": self.url} if 300 <= status < 400 else {}
        return web.Response(status=status, headers=location, text=self.says(post))


@asynccontextmanager
async def hook(port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[WebhookReceiver]:
    """A webhook on the loopback; with `tls` by HTTPS."""
    app = web.Application()
    runner = web.AppRunner(app)
    served = WebhookReceiver("")
    app.router.add_post("/notices", served.serve)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    scheme = "http" if tls is None else "https"
    served.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}/notices"
    try:
        yield served
    finally:
        await runner.cleanup()


@dataclass
class Mailbox:
    """A mail server: keeps what it is sent, and answers RCPT with the next of `answers`."""

    port: int
    answers: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, number: int) -> list[EmailMessage]:
        async with asyncio.timeout(_PATIENCE_SECONDS), self.came:
            await self.came.wait_for(lambda: len(self.mails) >= number)
        return self.mails

    # aiosmtpd calls these by name.
    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        async with self.came:
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients += envelope.rcpt_tos
            self.came.notify_all()
        return "250 OK"


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mail server on the loopback, in this loop."""
    box = Mailbox(0)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
