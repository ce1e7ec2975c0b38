"""A person at the console without a browser: requests as browsers send them, and cookies."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from typing import Any

from aiohttp import FormData

from gateway.doors.console.access import COOKIE
from gateway.sandbox import demo_data
from tests.support.gateway import RunningGateway

_INPUT = re.compile(r"<input ([^>]*)>")
_FORM = re.compile(r'<form method="post" action="([^"]*)" id="([^"]*)".*?</form>', re.DOTALL)
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')

Body = Mapping[str, str] | FormData | bytes | AsyncIterator[bytes]
"""Fields of a form, or a body as it is sent."""


@dataclass
class PageAnswer:
    """What came back."""

    status: int
    content: bytes
    headers: Mapping[str, str]
    cookies: dict[str, Any]

    @cached_property
    def text(self) -> str:
        """The page."""
        return self.content.decode(errors="replace")

    @property
    def to(self) -> str:
        """Where the browser is sent."""
        return self.headers["Location"]

    def hidden(self, form_id: str) -> dict[str, str]:
        """The hidden fields of the form with that id."""
        [form] = [each for each in _FORM.finditer(self.text) if each[2] == form_id]
        found = [dict(_ATTRIBUTE.findall(each)) for each in _INPUT.findall(form[0])]
        hidden = (each for each in found if each["type"] == "hidden")
        return {unescape(each["name"]): unescape(each["value"]) for each in hidden}

    def action(self, form_id: str) -> str:
        """Where the form with that id is sent."""
        [action] = [each[1] for each in _FORM.finditer(self.text) if each[2] == form_id]
        return unescape(action)


@dataclass
class ConsolePerson:
    """Somebody with a browser of their own: the session of the tests keeps no cookies of IPs."""

    gateway: RunningGateway
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    """Where the gateway is, if not at its public URL."""

    async def get(self, path: str, **headers: str) -> PageAnswer:
        """Asks for a page, and follows nothing."""
        return await self._ask("GET", path, None, headers)

    async def post(self, path: str, fields: Body, **headers: str) -> PageAnswer:
        """Sends a form from a page of the console."""
        own = {"Origin": self.url or self.gateway.url, "Sec-Fetch-Site": "same-origin"}
        return await self._ask("POST", path, fields, own | headers)

    async def sign_in(
        self, login: str = demo_data.LOGIN, password: str = demo_data.PASSWORD, **more: str
    ) -> PageAnswer:
        """Sends the form to sign in."""
        fields = {"login": login, "password": password, **more}
        return await self.post("/console/sign-in", fields)

    async def submit(self, page: str, form_id: str, **fields: str) -> PageAnswer:
        """Opens a page, fills in one of its forms and sends it."""
        opened = await self.get(page)
        assert opened.status == 200, opened
        return await self.post(opened.action(form_id), {**opened.hidden(form_id), **fields})

    @property
    def token(self) -> str:
        """The session's token."""
        return self.cookies[COOKIE]

    async def _ask(
        self, method: str, path: str, fields: Body | None, headers: Mapping[str, str]
    ) -> PageAnswer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**self.headers, **headers, **({"Cookie": cookies} if cookies else {})}
        url = f"{self.url or self.gateway.url}{path}"
        async with self.gateway.session.request(
            method, url, data=fields, headers=sent, allow_redirects=False
        ) as response:
            for name, morsel in response.cookies.items():
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
            content = await response.read()
            return PageAnswer(response.status, content, response.headers, dict(response.cookies))
