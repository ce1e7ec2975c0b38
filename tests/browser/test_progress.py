"""What takes long says so: a bulk revocation under way, a search, a file with its rows."""

import asyncio

import pytest

from gateway.db.pool import transaction
from gateway.sandbox import demo_data
from tests.browser.conftest import Visit
from tests.browser.visitor import SMALL
from tests.support.gateway import RunningGateway
from tests.support.looked_up import credential_with_name
from tests.support.many_certificates import many_certificates

OPERATOR = (demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)
_PATIENCE_MILLISECONDS = 60_000


@pytest.mark.parametrize(
    ("javascript", "width"),
    [(True, SMALL), (False, 1280)],
    ids=["small", "no scripts"],
)
async def test_a_bulk_revocation_shows_by_itself_how_far_it_is(
    visit: Visit, shared_gateway: RunningGateway, javascript: bool, width: int
) -> None:
    pool = shared_gateway.pool
    kid = (await credential_with_name(shared_gateway)).kid
    now = await shared_gateway.services.clock.now()
    serials = await many_certificates(pool, kid, 12, now, f"many-{width}.example.com")
    async with visit(javascript=javascript, width=width) as visitor:
        page = await visitor.sign_in(*OPERATOR)
        await visitor.open("/console/bulk-revocations/new")
        await visitor.follow("Look at them", status=422)
        await visitor.fill(
            criterion="credential", value=kid, reason="4", why="the customer has left"
        )
        await visitor.follow("Look at them")
        assert await page.locator("[data-serial]").count() == 10
        await page.locator('[name="sure"]').check()
        async with transaction(pool) as blocker:
            query = "SELECT FROM ca.certificate WHERE serial = $1 FOR UPDATE"
            await blocker.execute(query, serials[0])
            await visitor.follow("Revoke 12")
            shown = page.locator("#progress [data-state]")
            assert await shown.inner_text() == "Being revoked: 0 of 12 revoked, 0 failed"
        done = page.locator('[data-state="done"]')
        if javascript:
            await done.wait_for(timeout=_PATIENCE_MILLISECONDS)
        else:
            async with asyncio.timeout(_PATIENCE_MILLISECONDS / 1000):
                while not await done.count():
                    await visitor.follow("Look again")
        assert "12 of 12 revoked, 0 failed" in await done.inner_text()
        assert await page.locator("progress").get_attribute("value") == "12"
        await visitor.open("/console/bulk-revocations")
        assert await page.locator("[data-bulk]").count() > 0


async def test_a_search_says_that_it_is_under_way(visit: Visit) -> None:
    async with visit() as visitor:
        page = await visitor.sign_in(*OPERATOR)
        await visitor.open("/console/resellers")
        busy = page.get_by_text("Being looked for…")
        assert not await busy.is_visible()
        # The answer never comes here.
        await page.locator("form.search").evaluate(
            "form => form.addEventListener('submit', each => each.preventDefault())"
        )
        await page.get_by_role("button", name="Search").click()
        assert await busy.is_visible()
