"""Report on Your Orders and SSL certificates in a real browser, by mouse, keyboard and without."""

from typing import Any

import pytest

from gateway.sandbox import demo_data
from tests.browser.conftest import Visit
from tests.browser.visitor import SMALL
from tests.support.certificate_shop import CertificateShop, pem, shop_of
from tests.support.challenge_server import challenge_server
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop

RESELLER = (demo_data.LOGIN, demo_data.PASSWORD)
REFUNDS = "SELECT count(*) FROM reseller.ledger_entry WHERE kind = 'refund'"
WAYS = pytest.mark.parametrize(
    ("javascript", "width"),
    [(True, 1280), (False, SMALL)],
    ids=["scripts", "small, no scripts"],
)


async def bought(gateway: RunningGateway) -> tuple[int, int, int]:
    """Orders that are eligible, not eligible, and refunded."""
    shop, numbers = Shop(gateway), []
    account = await shop.credential()
    for name in ("green.example", "grey.example", "red.example"):
        answer = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName=name)
        numbers.append(int(answer["orderNumber"]))
    await gateway.pool.execute(
        """
        UPDATE subscription.domain
           SET added_at = added_at - interval '40 days'
         WHERE name = 'grey.example'
        """
    )
    await shop.do("REMOVEDOMAIN", acmeAccountID=account, domainName="red.example")
    return numbers[0], numbers[1], numbers[2]


async def colour(button: Any) -> tuple[int, int, int]:
    text = await button.evaluate("each => getComputedStyle(each).backgroundColor")
    red, green, blue = (int(each) for each in text.strip("rgb()").split(","))
    return red, green, blue


@WAYS
async def test_every_page_of_the_report_is_valid_accessible_and_quiet(
    visit: Visit, shared_gateway: RunningGateway, javascript: bool, width: int
) -> None:
    green, _, red = await bought(shared_gateway)
    async with visit(javascript=javascript, width=width) as visitor:
        page = await visitor.sign_in(*RESELLER)
        await visitor.open("/console/")
        await visitor.follow("Report on Your Orders")
        await visitor.fill(orders="none")
        await visitor.follow("Run report", status=422)
        await visitor.fill(orders="")
        await visitor.follow("Run report")
        await visitor.follow("Cost")
        async with page.expect_navigation():
            await page.locator(f'[data-order="{green}"] button').click()
        await visitor.look()
        assert await page.locator("h1").inner_text() == "Customer Refund Order"
        await visitor.follow("Refund 365.00\u00a0USD", status=422)
        await visitor.fill(reason="10")
        await visitor.follow("Refund 365.00\u00a0USD")
        row = page.locator(f'[data-order="{green}"] [data-refund]')
        assert await row.get_attribute("data-refund") == "refunded"
        await visitor.open(f"/console/orders/{red}/refund")


async def test_green_grey_and_red_are_told_by_words_too_and_grey_and_red_do_nothing(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    green, grey, red = await bought(shared_gateway)
    async with visit() as visitor:
        page = await visitor.sign_in(*RESELLER)
        await visitor.open(f"/console/orders?orders={green},{grey},{red}")
        for number, state, dominant, words in (
            (green, "eligible", 1, "Eligible for a refund before"),
            (grey, "not eligible", None, "The refund period ended at"),
            (red, "refunded", 0, "365.00\u00a0USD. Reason: The name was removed."),
        ):
            row = page.locator(f'[data-order="{number}"]')
            button = row.get_by_role("button", name="Refund")
            channels = await colour(button)
            if dominant is None:
                assert max(channels) - min(channels) < 20
            else:
                assert max(channels) == channels[dominant] > min(channels) + 60
            assert await row.locator(".refund-state").inner_text() == state
            details = row.get_by_role("tooltip")
            assert not await details.is_visible()
            await button.hover()
            assert await details.is_visible()
            await page.mouse.move(0, 0)
            await button.focus()
            assert await details.is_visible()
            shown = await details.inner_text()
            assert words in shown
            described = await button.get_attribute("aria-describedby")
            assert await details.get_attribute("id") == described
            await button.blur()
            if state != "eligible":
                before = page.url
                await button.focus()
                await page.keyboard.press("Enter")
                await button.click(force=True)
                assert page.url == before


async def test_an_order_is_refunded_by_keyboard_alone(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    green, _, _ = await bought(shared_gateway)
    async with visit() as visitor:
        page = await visitor.sign_in(*RESELLER)
        await visitor.open("/console/orders")

        async def tab_to(locator: Any) -> None:
            for _ in range(60):
                await page.keyboard.press("Tab")
                if await locator.evaluate("each => each === document.activeElement"):
                    return
            raise AssertionError(locator)

        await tab_to(page.locator('[name="orders"]'))
        await page.keyboard.type(str(green))
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await tab_to(page.locator('[data-refund="eligible"]'))
        assert await page.get_by_role("tooltip").is_visible()
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await tab_to(page.locator('[name="reason"]'))
        await page.keyboard.type("Moving")
        await tab_to(page.get_by_role("button", name="Refund 365.00"))
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await visitor.look()
        button = page.locator(f'[data-order="{green}"] [data-refund]')
        assert await button.get_attribute("data-refund") == "refunded"


@pytest.mark.parametrize("javascript", [True, False])
async def test_the_back_button_after_a_refund_pays_back_no_second_time(
    visit: Visit, shared_gateway: RunningGateway, javascript: bool
) -> None:
    green, _, _ = await bought(shared_gateway)
    before = await shared_gateway.pool.fetchval(REFUNDS)
    async with visit(javascript=javascript) as visitor:
        page = await visitor.sign_in(*RESELLER)
        await visitor.open(f"/console/orders/{green}/refund")
        await visitor.fill(reason="10")
        await visitor.follow("Refund 365.00\u00a0USD")
        await page.go_back()
        again = page.get_by_role("button", name="Refund 365.00")
        if await again.count():  # as the browser kept the page; else it asks anew
            await visitor.fill(reason="10")
            async with page.expect_navigation():
                await again.click()
        await visitor.look()
        state = page.locator("[data-refund], .trouble, main").first
        assert "efunded" in await state.inner_text()
    assert await shared_gateway.pool.fetchval(REFUNDS) == before + 1


@pytest.mark.parametrize("javascript", [True, False])
async def test_of_two_tabs_with_one_refund_the_second_is_told_so(
    visit: Visit, shared_gateway: RunningGateway, javascript: bool
) -> None:
    green, _, _ = await bought(shared_gateway)
    before = await shared_gateway.pool.fetchval(REFUNDS)
    async with visit(javascript=javascript) as visitor:
        await visitor.sign_in(*RESELLER)
        await visitor.open(f"/console/orders/{green}/refund")
        await visitor.fill(reason="10")
        second = await visitor.context.new_page()
        await second.goto(f"/console/orders/{green}/refund")
        await visitor.follow("Refund 365.00\u00a0USD")
        await second.locator('[name="reason"]').select_option("10")
        async with second.expect_navigation():
            await second.get_by_role("button", name="Refund 365.00").click()
        assert "refunded" in await second.inner_text("main")
        assert await shared_gateway.pool.fetchval(REFUNDS) == before + 1


@pytest.fixture
async def certificates(shared_gateway: RunningGateway) -> CertificateShop:
    return await shop_of(shared_gateway, shared_gateway.login)


@WAYS
async def test_a_certificate_is_bought_applied_for_withdrawn_and_unsubscribed(
    visit: Visit, certificates: CertificateShop, javascript: bool, width: int
) -> None:
    async with visit(javascript=javascript, width=width) as visitor:
        page = await visitor.sign_in(*RESELLER)
        await visitor.follow("SSL certificates")
        await visitor.follow("Buy a certificate")
        await visitor.follow("Show the price", status=422)
        name = f"w{width}.example.com"
        await visitor.fill(domains=name, product="LOCAL/DV_SSL_CERT", months="12")
        await visitor.follow("Show the price")
        await visitor.follow("Buy for 120.00\u00a0USD")
        cert_id = page.url.rpartition("/")[2]
        await visitor.follow("Apply")
        await visitor.follow("Apply", status=422)
        await visitor.fill(csr=pem(name))
        await visitor.follow("Apply")
        assert await page.locator("code").first.inner_text() == f"_acme-challenge.{name}"
        await visitor.follow("Withdraw the application")
        await certificates.until(cert_id, "PAID")
        await visitor.open("/console/certificates")
        row = page.locator(f'[data-cert="{cert_id}"]')
        async with page.expect_navigation():
            await row.get_by_text("Unsubscribe", exact=True).click()
        await visitor.look()
        assert await page.locator("h1").inner_text() == "Confirm Unsubscription"
        await visitor.follow("Unsubscribe", status=422)
        await page.get_by_role("checkbox").check()
        box = await page.get_by_role("button", name="Unsubscribe").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] > width * 0.8  # lower right
        below = await page.get_by_role("checkbox").bounding_box()
        assert below is not None
        assert box["y"] > below["y"]
        await visitor.follow("Unsubscribe")
        message = page.get_by_role("status")
        assert await message.inner_text() == "Certificate unsubscribed."
        upper = await message.bounding_box()
        assert upper is not None
        assert upper["y"] < 100
        assert upper["x"] + upper["width"] > width - 100
        assert "Unsubscription under review" in await row.inner_text()
        await visitor.follow("My Orders")
        assert "Under review" in await page.locator("tbody").inner_text()


async def test_a_certificate_that_was_issued_is_downloaded_and_revoked(
    visit: Visit, shared_gateway: RunningGateway, certificates: CertificateShop
) -> None:
    async with challenge_server(shared_gateway.http_port) as web, visit() as visitor:
        certificates.web = web
        cert_id = await certificates.issue()
        page = await visitor.sign_in(*RESELLER)
        await visitor.open(f"/console/certificates/{cert_id}")
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Certificate and chain (PEM)").click()
        file = await download.value
        assert file.suggested_filename == f"{cert_id}-fullchain.pem"
        await visitor.fill(reason="superseded")
        await visitor.follow("Revoke")
        await visitor.open(f"/console/certificates/{cert_id}/unsubscribe")
        assert "cannot be unsubscribed" in await page.locator("main").inner_text()
