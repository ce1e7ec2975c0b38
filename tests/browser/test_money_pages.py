"""The pages of money, organizations, SiteLock and notices in a real browser."""

from playwright.async_api import Page

from gateway.sandbox import demo_data
from tests.browser.conftest import Visit
from tests.browser.test_foundation import WAYS
from tests.browser.visitor import Visitor
from tests.support.gateway import RunningGateway
from tests.support.notices import NoticeOperator
from tests.support.organizations import (
    add_organization,
    add_ov_name,
    add_prevalidation,
    ov_credential,
)
from tests.support.shop import Shop

RESELLER = (demo_data.LOGIN, demo_data.PASSWORD)


@WAYS
async def test_every_page_of_money_is_valid_accessible_and_quiet(
    visit: Visit, shared_gateway: RunningGateway, javascript: bool, width: int
) -> None:
    shop = Shop(shared_gateway)
    await shop.add(await shop.credential(), "shop.example")
    async with visit(javascript=javascript, width=width) as visitor:
        await visitor.sign_in(*RESELLER)
        await visitor.open("/console/statement")
        await visitor.open("/console/statement?from=2020-01-01&to=2020-01-31")
        await visitor.open(
            "/console/statement?from=2026-03-02&to=2026-03-01&sort=amount", status=422
        )
        await visitor.fill(amount="nothing")
        await visitor.follow("Set the threshold", status=422)
        await visitor.open("/console/statement/due")


@WAYS
async def test_every_page_of_organizations_is_valid_accessible_and_quiet(
    visit: Visit, shared_gateway: RunningGateway, javascript: bool, width: int
) -> None:
    shop = Shop(shared_gateway)
    organization = await add_organization(shared_gateway)
    ends = "2027-06-30T23:59:59Z"
    old, new = [
        await add_prevalidation(
            shared_gateway, "acme.example", organization=organization, expires=ends
        )
        for _ in range(2)
    ]
    await add_ov_name(shop, (await ov_credential(shop)).kid, "acme.example", old)
    async with visit(javascript=javascript, width=width) as visitor:
        await visitor.sign_in(*RESELLER)
        await visitor.open("/console/organizations")
        await visitor.follow("Add an organization")
        await visitor.fill(name="Acme", country="XX")
        await visitor.follow("Add the organization", status=422)
        await visitor.open(f"/console/organizations/{organization}")
        await visitor.follow("Order the pre-validation", status=422)
        await visitor.open(f"/console/prevalidations/{old}")
        await visitor.fill(ovAnchorOrderNumber=str(new))
        await visitor.follow("Move the names")
        await visitor.open("/console/statement/due")


@WAYS
async def test_every_page_of_sitelock_is_valid_accessible_and_quiet(
    visit: Visit, shared_gateway: RunningGateway, javascript: bool, width: int
) -> None:
    async with visit(javascript=javascript, width=width) as visitor:
        await visitor.sign_in(*RESELLER)
        await visitor.open("/console/sitelock")
        await visitor.open("/console/sitelock/order")
        await visitor.follow("Show the price", status=422)
        await fill_in_order(visitor, f"s{width}{javascript}.example".lower())
        await visitor.page.get_by_label("TrueShield").check()
        await visitor.follow("Show the price")
        page = await visitor.follow("Order with payment")
        assert "SiteLock licence" in await page.locator("h1").inner_text()
        await visitor.follow("Cancel the licence", status=422)
        await page.get_by_label("The licence and its add-ons end now").check()
        await visitor.follow("Cancel the licence")
        await visitor.open("/console/sitelock?state=refunded")
        await visitor.open("/console/sitelock?state=expired")


@WAYS
async def test_every_page_of_notices_is_valid_accessible_and_quiet(
    visit: Visit, shared_gateway: RunningGateway, javascript: bool, width: int
) -> None:
    notices = NoticeOperator(shared_gateway.services)
    await notices.happen(await notices.credential(), 14)
    async with visit(javascript=javascript, width=width) as visitor:
        await visitor.sign_in(*RESELLER)
        await visitor.open("/console/notices")
        await visitor.fill(address="nowhere")
        await visitor.follow("Add the webhook", status=422)
        await visitor.fill(address=f"http://127.0.0.1:9/{width}{javascript}")
        page = await visitor.follow("Add the webhook")
        assert "whsec_" in await page.locator("output").inner_text()
        await visitor.follow("Suspend")
        await visitor.follow("Send a test")
        await visitor.follow("Set the kinds")
        await visitor.follow("Send again")
        await visitor.follow("Make another secret")
        await visitor.follow("Remove the destination", status=422)
        await visitor.open("/console/notices")


async def test_sitelock_is_ordered_by_keyboard_alone(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    async with visit() as visitor:
        page = await visitor.sign_in(*RESELLER)
        await visitor.open("/console/sitelock")
        before = await page.locator("[data-balance]").get_attribute("data-balance")
        await press(page, "Order SiteLock", "link")
        await page.get_by_label("Product").focus()
        await page.keyboard.type("SiteLock Pro")
        await page.get_by_label("Length").focus()
        await page.keyboard.type("a month")
        await page.get_by_label("Domain", exact=True).focus()
        await page.keyboard.type("keys.example")
        await page.keyboard.press("Tab")
        await page.keyboard.type("owner@keys.example")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert await page.locator("[data-quote]").get_attribute("data-quote") == "24.90"
        await press(page, "Order with payment", "button")
        assert await page.locator("[data-state]").get_attribute("data-state") == "active"
        after = await page.locator("[data-balance]").get_attribute("data-balance")
        assert round(float(before or 0) - float(after or 0), 2) == 24.90
        await visitor.look()


async def test_the_navigation_names_the_pages_as_the_contract_does(visit: Visit) -> None:
    async with visit() as visitor:
        page = await visitor.sign_in(*RESELLER)
        shown = await page.get_by_role("navigation", name="Pages").get_by_role("link").all()
        labels = [await each.inner_text() for each in shown]
        own = [
            each for each in labels if each in ("Statement", "Organizations", "SiteLock", "Notices")
        ]
        assert own == ["Statement", "Organizations", "SiteLock", "Notices"]
        for label in own:
            await visitor.follow(label)
            current = page.locator("[aria-current=page]").first
            assert await current.inner_text() == label


async def fill_in_order(visitor: Visitor, name: str) -> None:
    await visitor.fill(product="1060", days="365", domainName=name, email=f"owner@{name}")


async def press(page: Page, name: str, role: str) -> None:
    """Goes to a link or button by Tab, and presses Enter."""
    target = page.get_by_role("link" if role == "link" else "button", name=name, exact=True)
    await target.focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
