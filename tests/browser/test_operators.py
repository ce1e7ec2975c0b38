"""The pages of operators in a real browser: each of them, and a certificate revoked by keyboard."""

import pytest
from playwright.async_api import Page

from gateway.sandbox import demo_data
from tests.browser.conftest import Visit
from tests.browser.visitor import SMALL
from tests.support import looked_up, waiting
from tests.support.gateway import RunningGateway

OPERATOR = (demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)
_MOST_TABS = 60


@pytest.fixture(scope="module")
async def paths(shared_gateway: RunningGateway) -> list[str]:
    """All pages of operators, with something on each of them."""
    gateway = shared_gateway
    eab = await looked_up.credential_with_name(gateway)
    serial = await looked_up.certificate_of(gateway, eab)
    await looked_up.failed_job(gateway)
    await looked_up.failing_destination(gateway)
    await looked_up.other_operator(gateway)
    query = "reseller=&family=acme&item=DV&variant=fqdn"
    return [
        f"queues/prevalidations/{await waiting.waiting_prevalidation(gateway)}",
        f"queues/unsubscriptions/{await waiting.waiting_unsubscription(gateway)}",
        f"queues/ssl/{await waiting.waiting_check(gateway)}",
        "queues",
        f"find?q={looked_up.NAME}",
        "find?q=nothing.example",
        f"credentials/{eab.kid}",
        f"issued/{serial}",
        "resellers",
        "resellers/add",
        f"resellers/{await looked_up.demo_reseller(gateway)}",
        "prices?reseller=demo",
        f"prices/set?{query}",
        f"prices/remove?{query}",
        "jobs",
        "jobs?state=waiting",
        "destinations",
        "issuers",
        "health",
        "audit",
        "operators",
    ]


@pytest.mark.parametrize(
    ("javascript", "width"),
    [(True, SMALL), (False, 1280)],
    ids=["small", "no scripts"],
)
async def test_every_page_of_operators_is_valid_accessible_and_quiet(
    visit: Visit, paths: list[str], javascript: bool, width: int
) -> None:
    async with visit(javascript=javascript, width=width) as visitor:
        await visitor.sign_in(*OPERATOR)
        for path in paths:
            await visitor.open(f"/console/{path}")


async def test_refused_forms_are_valid_and_accessible_too(visit: Visit, paths: list[str]) -> None:
    [reseller] = [each for each in paths if each.startswith("resellers/") and len(each) > 20]
    [serial] = [each for each in paths if each.startswith("issued/")]
    async with visit(width=SMALL) as visitor:
        await visitor.sign_in(*OPERATOR)
        for path, button in (
            (reseller, "Book deposit"),
            (serial, "Revoke"),
            ("resellers/add", "Add reseller"),
            ("operators", "Add operator"),
            ("prices/set", "Set price"),
        ):
            await visitor.open(f"/console/{path}")
            page = await visitor.follow(button, status=422)
            assert await page.locator('[aria-invalid="true"]').count() > 0, path


async def test_from_a_name_to_its_revoked_certificate_by_keyboard_alone(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    serial = await looked_up.serial(shared_gateway)
    async with visit() as visitor:
        page = await visitor.sign_in(*OPERATOR)
        await visitor.open("/console/find")
        await reach(page, '[name="q"]')
        await page.keyboard.type(looked_up.NAME)
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await visitor.look()
        await reach(page, f'main a[href$="{serial}"]')
        async with page.expect_navigation(url=f"**/issued/{serial}"):
            await page.keyboard.press("Enter")
        await visitor.look()
        await reach(page, '[name="reason"]')
        await page.keyboard.type("4, superseded")
        await reach(page, '[name="sure"]')
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await visitor.look()
        assert await page.get_by_role("status").inner_text() == (
            "Certificates that were revoked: 1. The next CRL lists them."
        )
        state = page.locator("[data-state]")
        assert (await state.inner_text()).startswith("revoked: superseded")


async def reach(page: Page, selector: str) -> None:
    """Presses Tab until the element has the focus."""
    for _ in range(_MOST_TABS):
        await page.keyboard.press("Tab")
        if await page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")
