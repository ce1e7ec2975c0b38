"""The pages that all others stand on, in a real browser: sign-in, settings, errors."""

import pytest

from gateway.sandbox import demo_data
from tests.browser.conftest import Visit
from tests.browser.visitor import SMALL
from tests.support.gateway import RunningGateway

OPERATOR = (demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)
RESELLER = (demo_data.LOGIN, demo_data.PASSWORD)
WAYS = pytest.mark.parametrize(
    ("javascript", "width"),
    [(True, 1280), (False, 1280), (True, SMALL), (False, SMALL)],
    ids=["scripts", "no scripts", "small", "small, no scripts"],
)


@WAYS
async def test_every_page_of_the_foundation_is_valid_accessible_and_quiet(
    visit: Visit, javascript: bool, width: int
) -> None:
    async with visit(javascript=javascript, width=width) as visitor:
        await visitor.open("/console/sign-in")
        await visitor.fill(login="demo", password="wrong")
        await visitor.follow("Sign in", status=403)
        await visitor.sign_in(*OPERATOR)
        await visitor.open("/console/settings")
        await visitor.fill(old_password="wrong", new_password="short")
        await visitor.follow("Change password", status=422)
        await visitor.fill(zone="Europe/Berlin")
        await visitor.follow("Show times in this zone")
        await visitor.open("/console/nowhere", status=404)
        await visitor.open("/console/settings")
        await visitor.follow("Sign out")
        await visitor.sign_in(*RESELLER)
        await visitor.open("/console/settings")


async def test_times_are_in_the_zone_of_the_browser(visit: Visit) -> None:
    async with visit() as visitor:
        await visitor.sign_in(*RESELLER)
        page = await visitor.open("/console/settings")
        shown = page.locator("time").first
        utc = (await shown.get_attribute("datetime") or "")[11:16]
        hours, minutes = map(int, utc.split(":"))
        there = (hours * 60 + minutes + 330) % 1440
        assert (await shown.inner_text())[-5:] == f"{there // 60:02}:{there % 60:02}"
        assert f"{utc}:" in (await shown.get_attribute("title") or "")


async def test_the_balance_stands_on_every_page_of_a_reseller(visit: Visit) -> None:
    async with visit() as visitor:
        page = await visitor.sign_in(*RESELLER)
        assert await page.locator("[data-balance]").inner_text() == "10000.00\u00a0USD"
        await visitor.sign_in(*OPERATOR)
        assert await page.locator("[data-balance]").count() == 0


async def test_the_message_after_a_change_is_in_the_upper_right_and_a_status(visit: Visit) -> None:
    async with visit() as visitor:
        await visitor.sign_in(*RESELLER)
        page = await visitor.open("/console/settings")
        await visitor.fill(zone="Europe/Berlin")
        await visitor.follow("Show times in this zone")
        flash = page.get_by_role("status")
        assert await flash.inner_text() == "Times are shown in Europe/Berlin."
        box = await flash.bounding_box()
        assert box is not None
        assert box["y"] < 100
        assert box["x"] + box["width"] > 1280 - 100


async def test_signing_in_and_out_goes_by_keyboard_alone(visit: Visit) -> None:
    async with visit() as visitor:
        page = await visitor.open("/console/sign-in")
        await page.keyboard.press("Tab")
        skip = page.locator(":focus")
        assert await skip.inner_text() == "Skip to the content"
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.type(demo_data.LOGIN)
        await page.keyboard.press("Tab")
        await page.keyboard.type(demo_data.PASSWORD)
        async with page.expect_navigation(url="**/console/*"):
            await page.keyboard.press("Enter")
        await visitor.look()
        entries = await page.locator("nav.pages a").count()
        for _ in range(entries + 2):  # over the link that skips, and the navigation
            await page.keyboard.press("Tab")
        assert await page.locator(":focus").inner_text() == "Sign out"
        async with page.expect_navigation(url="**/console/sign-in"):
            await page.keyboard.press("Enter")
        await visitor.look()


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_form_is_filled_in_again_after_the_session_ended(
    visit: Visit, shared_gateway: RunningGateway, javascript: bool
) -> None:
    async with visit(javascript=javascript) as visitor:
        await visitor.sign_in(*RESELLER)
        page = await visitor.open("/console/settings")
        await visitor.fill(zone="Pacific/Auckland")
        await shared_gateway.pool.execute("DELETE FROM operation.session")
        await visitor.follow("Show times in this zone", status=401)
        await visitor.fill(login=RESELLER[0], password=RESELLER[1])
        await visitor.follow("Sign in")
        assert await page.get_by_text("You were signed out before this was sent").count() == 1
        assert await page.locator("[name=zone]").input_value() == "Pacific/Auckland"
        await visitor.follow("Show times in this zone")


async def test_a_double_click_sends_a_form_once(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    query = "SELECT count(*) FROM audit.event WHERE action = 'session.ended'"
    async with visit() as visitor:
        await visitor.sign_in(*OPERATOR)
        page = await visitor.open("/console/settings")
        before = await shared_gateway.pool.fetchval(query)
        async with page.expect_navigation():
            await page.get_by_role("button", name="End all other sessions").dblclick()
        await visitor.look()
        assert await shared_gateway.pool.fetchval(query) == before + 1


async def test_an_inline_script_would_be_noticed(visit: Visit) -> None:
    async with visit() as visitor:
        page = await visitor.open("/console/sign-in")
        await page.evaluate(
            "document.body.appendChild(document.createElement('script')).textContent = '1'"
        )
        await page.evaluate("document.body.setAttribute('style', 'color: red')")
        [first, *_] = visitor.complaints
        assert "Content Security Policy" in first
        visitor.complaints.clear()
