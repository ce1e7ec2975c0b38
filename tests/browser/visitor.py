"""A person at the console with a real browser, who notices whatever is wrong with a page.

Every page that a test opens is looked at: violations of the content security policy, errors in the
console and of scripts, answers that fail, axe-core (WCAG A and AA), valid HTML, and, on a small
screen, nothing wider than it.
"""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response

NPM = Path(__file__).parents[2] / ".venv" / "npm-browser"
_AXE = NPM / "node_modules" / "axe-core" / "axe.min.js"
_CHECK = Path(__file__).with_name("html_check.mjs")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_STATUS_OF_PAGE = "Failed to load resource"

SMALL = 360
"""Width of the smallest screen, in pixels."""


def _path(url: str) -> str:
    """The address of a page, whatever is asked of it."""
    return url.partition("?")[0]


class HtmlCheck:
    """html-validate, in one process for all pages."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(_CHECK), str(NPM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._seen: dict[str, list[str]] = {}

    def complaints(self, html: str) -> list[str]:
        """What is wrong with a document."""
        if html not in self._seen:
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(json.dumps(html) + "\n")
            self._process.stdin.flush()
            self._seen[html] = json.loads(self._process.stdout.readline())
        return self._seen[html]

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


class Visitor:
    """A browser window of its own: `open` and `follow` look at every page; so does `look`."""

    def __init__(
        self, browser: Browser, html: HtmlCheck, url: str, *, javascript: bool, width: int
    ) -> None:
        self._browser, self._html = browser, html
        self.url = url
        self.javascript, self.width = javascript, width
        self.page: Page
        self.context: BrowserContext
        self.complaints: list[str] = []
        """What was wrong with the pages so far; the end of the block fails when there is any."""
        self._answer: Response | None = None

    async def __aenter__(self) -> "Visitor":
        self.context = await self._browser.new_context(
            base_url=self.url,
            ignore_https_errors=True,
            java_script_enabled=self.javascript,
            viewport={"width": self.width, "height": 900},
            timezone_id="Asia/Kolkata",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(10_000)
        self.page = await self.context.new_page()
        self.page.on("console", self._noted)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("response", self._answered)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.context.close()
        if error is None:
            assert self.complaints == [], "\n".join(self.complaints)

    async def open(self, path: str, status: int = 200) -> Page:
        """Opens a page by its address, and looks at it."""
        await self.page.goto(path)
        await self.look(status)
        return self.page

    async def follow(self, link: str, status: int = 200) -> Page:
        """Clicks on a link or button with that name, and looks at the page that comes."""
        target = self.page.get_by_role("link", name=link, exact=True).or_(
            self.page.get_by_role("button", name=link, exact=True)
        )
        async with self.page.expect_navigation():
            await target.click()
        await self.look(status)
        return self.page

    async def fill(self, **fields: str) -> None:
        """Fills in fields by their names; `_` in a name stands for itself."""
        for name, value in fields.items():
            field = self.page.locator(f'[name="{name}"]:not([type="hidden"])')
            if await field.evaluate("each => each.tagName") == "SELECT":
                await field.select_option(value)
            else:
                await field.fill(value)

    async def document(self) -> str:
        """The document of the page that is shown, as the server sent it."""
        assert self._answer is not None
        return (await self._answer.body()).decode()

    async def sign_in(self, login: str, password: str) -> Page:
        """Signs in by the form."""
        await self.open("/console/sign-in")
        await self.fill(login=login, password=password)
        return await self.follow("Sign in")

    async def look(self, status: int = 200) -> None:
        """Looks at the page that is shown."""
        assert self._answer is not None
        where = f"{self.page.url} ({self.width} px, {'with' if self.javascript else 'no'} scripts)"
        if self._answer.status != status:
            self.complaints.append(f"{where}: status {self._answer.status}")
        self._complain(where, self._html.complaints((await self._answer.body()).decode()))
        if self.javascript:  # axe is a script; the other windows show the same document
            self._complain(where, await self._accessibility())
        wide = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            self.complaints.append(f"{where}: {wide} px too wide")

    async def _accessibility(self) -> list[str]:
        await self.page.evaluate(_AXE.read_text())
        found: dict[str, Any] = await self.page.evaluate(
            "rules => axe.run({runOnly: rules, resultTypes: ['violations']})", _RULES
        )
        return [
            f"axe {each['id']}: {each['help']}: {node['html'][:200]} {node.get('failureSummary')}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def _complain(self, where: str, found: list[str]) -> None:
        self.complaints += [f"{where}: {each}" for each in found]

    def _noted(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        # The browser tells the status of a page that a test asks for on purpose.
        own = _path(message.location["url"]) == _path(self.page.url)
        if not (own and message.text.startswith(_STATUS_OF_PAGE)):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _answered(self, response: Response) -> None:
        request = response.request
        page = request.is_navigation_request() or "hx-request" in request.headers
        if page and not 300 <= response.status < 400:
            self._answer = response
        elif response.status >= 400:
            self.complaints.append(f"{response.url}: status {response.status}")
