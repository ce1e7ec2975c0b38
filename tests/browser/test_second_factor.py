"""Second factors in a real browser: by keyboard alone, without scripts, and with a passkey.

Passkeys need a host with a name and a certificate that the browser trusts, so this gateway and its
browser are others than those of the other pages.
"""

from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.conftest import CHROMIUM, OPTIONS, Visit
from tests.browser.visitor import SMALL, Visitor
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.kept import KeptDatabases
from tests.support.looked_up import other_operator
from tests.support.postgres import FURNISHED
from tests.support.second_factor import (
    FACTOR_PAGE,
    OPERATOR,
    RESELLER,
    code_of,
    let_codes_count_again,
    let_minutes_pass,
)

HOST = "console.example.com"
HELEN = ("helen", "helen-password")
_MOST_TABS = 40


@pytest.fixture(scope="module")
async def shared_gateway(
    kept_databases: KeptDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningGateway]:
    """A gateway whose host has a name."""
    directory = tmp_path_factory.mktemp("named")
    async with (
        kept_databases.lend(FURNISHED) as database,
        running_gateway(database, directory, public_url=f"https://{HOST}") as running,
    ):
        yield running


@pytest.fixture(scope="module")
async def browser(shared_gateway: RunningGateway) -> AsyncIterator[Browser]:
    """Debian's chromium, which finds the gateway by its name and trusts its certificate."""
    listen = shared_gateway.services.settings.listen
    assert listen.tls_certificate is not None
    certificate = x509.load_pem_x509_certificate(listen.tls_certificate.read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    options = [
        *OPTIONS,
        f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{listen.port}",
        f"--ignore-certificate-errors-spki-list={b64encode(sha256(key).digest()).decode()}",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        await browser.close()


async def test_an_app_is_set_up_and_used_by_keyboard_alone(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    async with visit(width=SMALL) as visitor:
        page = await visitor.sign_in(*OPERATOR)
        await visitor.open(FACTOR_PAGE)
        await reach(page, "#set-up-app button")
        await press_enter(visitor)
        secret = await secret_on(page)
        await reach(page, '[name="one_time_code"]')
        await page.keyboard.type("not it")
        await press_enter(visitor, status=422)
        await reach(page, '[name="one_time_code"]')
        await page.keyboard.type(code_of(secret))
        await press_enter(visitor)
        shown = await page.get_by_role("status").inner_text()
        assert len(shown.splitlines()) == 11, "a line for each recovery code"
        await visitor.follow("Sign out")
        await sign_in_by_keyboard(visitor)
        await reach(page, '[name="one_time_code"]')
        await page.keyboard.type("not it")
        await press_enter(visitor, status=403)
        await let_codes_count_again(shared_gateway)
        await reach(page, '[name="one_time_code"]')
        await page.keyboard.type(code_of(secret))
        await press_enter(visitor)
        assert page.url.endswith("/console/queues")
        await let_minutes_pass(shared_gateway, 6)
        await visitor.open(FACTOR_PAGE)
        assert await page.get_by_role("button", name="Show the code").is_visible()
        assert await page.get_by_role("button", name="Remove the app").count() == 0


async def test_without_scripts_codes_serve_and_the_page_says_what_passkeys_need(
    visit: Visit,
) -> None:
    async with visit(javascript=False, width=SMALL) as visitor:
        await visitor.sign_in(*RESELLER)
        page = await visitor.open(FACTOR_PAGE)
        await visitor.follow("Set up an app")
        assert await page.get_by_text("Passkeys need JavaScript").is_visible()
        assert not await page.get_by_role("button", name="Add a passkey").is_visible()
        await visitor.fill(one_time_code=code_of(await secret_on(page)))
        await visitor.follow("Confirm the app")
        recovery = (await page.get_by_role("status").inner_text()).split()[-1]
        await visitor.follow("Sign out")
        await visitor.sign_in(*RESELLER)
        await visitor.fill(one_time_code=recovery)
        await visitor.follow("Sign in")
        assert page.url.endswith("/console/orders")
        await visitor.open(FACTOR_PAGE)
        assert await page.locator("[data-codes]").inner_text() == "9"


async def test_a_passkey_is_added_and_is_the_second_step(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    await other_operator(shared_gateway)
    async with visit(width=SMALL) as visitor:
        forget_passkeys = await virtual_authenticator(visitor)
        page = await visitor.sign_in(*HELEN)
        await visitor.open(FACTOR_PAGE)
        assert not await page.get_by_text("Passkeys need JavaScript").is_visible()
        await visitor.fill(name="Laptop")
        await visitor.follow("Add a passkey")
        assert "The passkey Laptop is added." in await page.get_by_role("status").inner_text()
        await visitor.follow("Sign out")
        await visitor.sign_in(*HELEN)
        await visitor.follow("Sign in with a passkey")
        assert page.url.endswith("/console/queues")
        await let_minutes_pass(shared_gateway, 6)
        await visitor.open(FACTOR_PAGE)
        await visitor.follow("Show a passkey")
        await forget_passkeys()
        await visitor.follow("Sign out")
        await visitor.sign_in(*HELEN)
        await page.get_by_role("button", name="Sign in with a passkey").click()
        alert = page.get_by_role("alert")
        await alert.wait_for()
        assert (await alert.inner_text()).startswith("The browser gave no passkey: ")
        assert await page.locator("form[data-passkey] button").is_enabled()


async def virtual_authenticator(visitor: Visitor) -> Callable[[], Awaitable[Any]]:
    """Gives the window chromium's own authenticator; the result makes that forget all passkeys.

    It cannot verify its user, which is preferred and not demanded.
    """
    session = await visitor.context.new_cdp_session(visitor.page)
    await session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return lambda: session.send("WebAuthn.clearCredentials", added)


async def secret_on(page: Page) -> str:
    """The secret that the page shows."""
    return (await page.locator("[data-secret]").inner_text()).replace(" ", "")


async def sign_in_by_keyboard(visitor: Visitor) -> None:
    """Types name and password into the form to sign in."""
    for field, value in zip(("login", "password"), OPERATOR, strict=True):
        await reach(visitor.page, f'[name="{field}"]')
        await visitor.page.keyboard.type(value)
    await press_enter(visitor)


async def press_enter(visitor: Visitor, status: int = 200) -> None:
    """Presses Enter, and looks at the page that comes."""
    async with visitor.page.expect_navigation():
        await visitor.page.keyboard.press("Enter")
    await visitor.look(status)


async def reach(page: Page, selector: str) -> None:
    """Presses Tab until the element has the focus."""
    for _ in range(_MOST_TABS):
        await page.keyboard.press("Tab")
        if await page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")
