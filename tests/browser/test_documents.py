"""A document is asked for and sent in a real browser, by keyboard and on a small screen."""

import asyncio
from pathlib import Path

from gateway.sandbox import demo_data
from tests.browser.conftest import Visit
from tests.browser.test_subscriptions import press
from tests.browser.visitor import SMALL
from tests.support.gateway import RunningGateway
from tests.support.organizations import PDF, add_organization, add_prevalidation

RESELLER = (demo_data.LOGIN, demo_data.PASSWORD)
OPERATOR = (demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)
ASKED = "register extract not older than 3 months"


async def test_a_document_is_asked_for_and_sent_by_keyboard_on_a_small_screen(
    visit: Visit, shared_gateway: RunningGateway, tmp_path: Path
) -> None:
    organization = await add_organization(shared_gateway)
    number = await add_prevalidation(
        shared_gateway, "acme.example", organization=organization, expires=None
    )
    file = tmp_path / f"extract-of-the-register-{'x' * 60}.pdf"
    file.write_bytes(PDF)
    async with visit(width=SMALL) as visitor:
        page = await visitor.sign_in(*OPERATOR)
        await visitor.open("/console/queues")
        await press(page, str(number))
        await press(page, "Ask for a document", typed=ASKED)
        await press(page, "Ask the reseller")
        await visitor.look()
        assert ASKED in await page.locator("[data-asked]").inner_text()
    async with visit(width=SMALL) as visitor:
        page = await visitor.sign_in(*RESELLER)
        await visitor.open(f"/console/organizations/{organization}")
        assert ASKED in await page.locator("[data-asked]").inner_text()
        await press(page, "Send the document")
        await visitor.look(status=422)
        async with page.expect_file_chooser() as chooser:
            await page.get_by_label("File").focus()
            await page.keyboard.press("Enter")
        await (await chooser.value).set_files(file)
        await press(page, "Send the document")
        await visitor.look()
        assert await page.locator("[data-asked]").count() == 0
        async with page.expect_download() as download:
            await page.get_by_role("link", name=file.name).focus()
            await page.keyboard.press("Enter")
        saved = await download.value
        assert saved.suggested_filename == file.name
        assert await asyncio.to_thread((await saved.path()).read_bytes) == PDF
        await press(page, f"Remove: {file.name}")
        await visitor.look()
        assert await page.locator("[data-document]").count() == 0
