"""A newcomer's ways through the console, counted in clicks (docs/console.md states the counts)."""

import asyncio
import os
import re
import sys
from pathlib import Path

from cryptography import x509
from playwright.async_api import Page

from gateway.sandbox import demo_data
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor
from tests.support.acme_client import AcmeClient, Eab
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop

DOCUMENT = Path(__file__).parents[2] / "docs" / "console.md"
RESELLER = (demo_data.LOGIN, demo_data.PASSWORD)
CLICKS_TO_A_CLIENT = 8
CLICKS_TO_A_CAUSE = 4
CLICKS_TO_A_CURE = 7


class Walk:
    """Somebody who clicks on what a page offers, and knows no address but that of the console."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.clicks = visitor, 0

    async def begin(self) -> None:
        """Opens the console, and signs in."""
        await self.visitor.open("/console/")
        await self.visitor.fill(login=RESELLER[0], password=RESELLER[1])
        await self.click("Sign in")

    async def click(self, label: str) -> Page:
        """Clicks on a link or button."""
        self.clicks += 1
        return await self.visitor.follow(label)


async def test_from_signing_in_to_a_running_client(
    visit: Visit, shared_gateway: RunningGateway, tmp_path: Path
) -> None:
    async with visit() as visitor:
        walk = Walk(visitor)
        await walk.begin()
        await walk.click("Subscriptions")
        await walk.click("Pre-register a new account")
        await visitor.fill(serverUrl=shared_gateway.directory_url)
        await walk.click("Pre-register")
        await visitor.fill(domainName="newcomer.example.com")
        await walk.click("What does it cost?")
        await walk.click("Add at this price")
        await walk.click("Commands for the customer's client")
        page = await walk.click("Fill in the MAC key")
        command = await page.locator('[data-client="certbot"]').inner_text()
        assert walk.clicks == CLICKS_TO_A_CLIENT
    chain = await issued_by(command, shared_gateway, tmp_path)
    names = x509.load_pem_x509_certificate(chain).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["newcomer.example.com"]


async def issued_by(command: str, gateway: RunningGateway, directory: Path) -> bytes:
    """Runs certbot as the page says; only ports and directories are those of this machine."""
    (directory / "letsencrypt").mkdir()
    (directory / "letsencrypt" / "cli.ini").write_text(
        f"config-dir = {directory}/config\n"
        f"work-dir = {directory}/work\n"
        f"logs-dir = {directory}/logs\n"
        f"http-01-port = {gateway.http_port}\n"
        "non-interactive = true\n"
    )
    process = await asyncio.create_subprocess_exec(
        "sh", "-euc", command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "REQUESTS_CA_BUNDLE": str(gateway.root_pem),
            "XDG_CONFIG_HOME": str(directory),
        },
    )  # fmt: skip
    async with asyncio.timeout(120):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    [live] = (directory / "config" / "live").glob("*/fullchain.pem")
    return live.read_bytes()


async def test_from_a_customers_complaint_to_the_cause_and_its_cure(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    shop = Shop(shared_gateway)
    made = (await shop.do("PREREGISTER", serverUrl=shared_gateway.directory_url))["Accounts"][0]
    eab = Eab(made["eabMACIDb64url"], made["eabMACKeyb64url"])
    await shop.add(eab.kid, "bought.example.com")
    client = AcmeClient(shared_gateway.session, shared_gateway.directory_url)
    await client.register(eab)
    assert (await client.new_order("complaint.example.com")).status == 400
    async with visit() as visitor:
        walk = Walk(visitor)
        await walk.begin()
        await walk.click("Subscriptions")
        await walk.click("Why was this name refused?")
        await visitor.fill(name="complaint")
        page = await walk.click("Search")
        row = page.locator('[data-refused="complaint.example.com"]')
        assert await row.get_attribute("data-reason") == "not_listed"
        assert "not in the subscription" in await row.inner_text()
        assert walk.clicks == CLICKS_TO_A_CAUSE
        await walk.click(await row.get_by_role("link").first.inner_text())
        await walk.click("What does it cost?")
        await walk.click("Add at this price")
        assert walk.clicks == CLICKS_TO_A_CURE
    assert (await client.new_order("complaint.example.com")).status == 201


def test_the_document_states_the_clicks() -> None:
    text = " ".join(DOCUMENT.read_text().split())
    stated = re.findall(r"\*\*([0-9]+) clicks\*\*", text)
    assert [int(each) for each in stated] == [
        CLICKS_TO_A_CLIENT,
        CLICKS_TO_A_CAUSE,
        CLICKS_TO_A_CURE,
    ]
