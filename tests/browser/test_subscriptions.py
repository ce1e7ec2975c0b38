"""Subscriptions in a real browser: each page in each kind of window, and the story by keyboard."""

import pytest
from playwright.async_api import Page

from gateway.sandbox import demo_data
from tests.browser.conftest import Visit
from tests.browser.visitor import SMALL
from tests.support.acme_client import AcmeClient, Eab
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop

LIST = "/console/subscriptions"
RESELLER = (demo_data.LOGIN, demo_data.PASSWORD)
WAYS = pytest.mark.parametrize(
    ("javascript", "width"),
    [(True, 1280), (False, SMALL)],
    ids=["scripts", "small, no scripts"],
)


async def customer(gateway: RunningGateway, *names: str) -> Eab:
    """A customer whose client was refused one name, and has placed an order for another."""
    shop = Shop(gateway)
    made = (await shop.do("PREREGISTER", serverUrl=gateway.directory_url))["Accounts"][0]
    eab = Eab(made["eabMACIDb64url"], made["eabMACKeyb64url"])
    for name in names:
        await shop.add(eab.kid, name)
    client = AcmeClient(gateway.session, gateway.directory_url)
    await client.register(eab)
    await client.new_order("refused.example.org")
    assert (await client.new_order(names[0])).status == 201
    return eab


@WAYS
async def test_every_page_of_subscriptions_is_valid_accessible_and_quiet(
    visit: Visit, shared_gateway: RunningGateway, javascript: bool, width: int
) -> None:
    name = f"a-rather-long-name-of-a-host.{'x' * 60}.example.com"
    eab = await customer(shared_gateway, name, "*.example.com")
    own = f"{LIST}/{eab.kid}"
    async with visit(javascript=javascript, width=width) as visitor:
        page = await visitor.sign_in(*RESELLER)
        await visitor.follow("Subscriptions")
        await visitor.fill(orderNumber="x")
        await visitor.follow("Search", status=422)
        await visitor.open(f"{LIST}?name=nothing-like-this")
        await visitor.open(f"{LIST}/new")
        await visitor.follow("Pre-register", status=422)
        await visitor.open(own)
        await visitor.follow("Show the MAC key")
        assert await page.locator("[data-secret]").inner_text() == eab.mac_key
        await visitor.open(f"{own}/clients")
        await visitor.open(f"{own}/add")
        await visitor.follow("What does it cost?", status=422)
        await visitor.fill(domainName="www.example.com")
        await visitor.follow("What does it cost?")
        await visitor.open(f"{own}/extend")
        await visitor.open(f"{own}/remove?domainName={name}")
        await visitor.open(f"{LIST}/refusals")
        await visitor.open(f"{LIST}/refusals?name=nothing-like-this")
        await visitor.open(f"{LIST}/accounts/{eab.kid}")
        await page.locator("[data-acme-order] a").first.click()
        await visitor.look()


async def press(page: Page, label: str, *, typed: str = "") -> None:
    """Goes by Tab to a control of that name, and types or presses Enter."""
    wanted = page.get_by_label(label, exact=True).or_(
        page.get_by_role("link", name=label, exact=True).or_(
            page.get_by_role("button", name=label, exact=True)
        )
    )
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("each => each === document.activeElement"):
            break
    else:
        raise AssertionError(f"{label} is not reached by Tab")
    if typed:
        await page.keyboard.type(typed)
        return
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def test_from_a_new_account_to_the_command_for_its_client_by_keyboard_alone(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    async with visit() as visitor:
        page = await visitor.sign_in(*RESELLER)
        await press(page, "Subscriptions")
        await press(page, "Pre-register a new account")
        await press(page, "Server", typed="DV")
        await press(page, "Pre-register")
        kid = page.url.rpartition("/")[0].rpartition("/")[2]
        await press(page, "Name", typed="www.example.net")
        await press(page, "What does it cost?")
        quoted = await page.locator("[data-quote]").get_attribute("data-quote")
        assert quoted == "365.00"
        before = await page.locator("[data-balance]").get_attribute("data-balance")
        await press(page, "Add at this price")
        after = await page.locator("[data-balance]").get_attribute("data-balance")
        assert float(before or 0) - float(after or 0) == 365
        await press(page, "Commands for the customer's client")
        await press(page, "Fill in the MAC key")
        await visitor.look()
        line = await page.locator("[data-client=certbot]").inner_text()
        assert f'--eab-kid "{kid}"' in line
        assert "-d www.example.net" in line
        assert "EAB_MAC_KEY" not in line
        await press(page, kid)
        await visitor.look()


async def test_from_a_customers_complaint_to_the_cure_in_four_clicks(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    eab = await customer(shared_gateway, "www.example.org")
    async with visit(javascript=False) as visitor:
        page = await visitor.sign_in(*RESELLER)
        await visitor.follow("Subscriptions")
        await visitor.follow("Why was this name refused?")
        await visitor.fill(name="refused.example", kid=eab.kid)
        await visitor.follow("Search")
        [row] = await page.locator("[data-refused]").all()
        assert "not in the subscription" in await row.inner_text()
        await visitor.follow("Add the name to the subscription.")
        assert "Add refused.example.org" in await page.inner_text("main")
