"""The pictures in docs/console.md show the pages as they are now.

A picture is current while the page's document, which names its style sheet and scripts by their
content, is the one that it was taken of. Both are written by `make screenshots`.
"""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from gateway.sandbox import demo_data
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor
from tests.support.acme_client import AcmeClient, Eab
from tests.support.certificate_shop import CertificateShop, shop_of
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "console.md"
PICTURES = ROOT / "docs" / "images" / "console"
TAKEN_OF = PICTURES / "taken-of.json"
WIDTH = 1280  # pixels
LARGEST = 60_000  # bytes
_COLOURS = 32
NOW = "2026-03-02T10:00:00Z"
RESELLER = (demo_data.LOGIN, demo_data.PASSWORD)

_OWN_TO_A_RUN = re.compile(
    r'(?<=name="csrf" value=")[^"]*|(?<=name="once" value=")[^"]*'  # of the session, of the form
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|scs[0-9]{13}|[0-9a-f]{32,40}"  # ids, serials
    r"|(?<![\w-])[\w-]{22}(?![\w-])|https://127\.0\.0\.1:[0-9]+"  # kids, where the gateway is
)


@dataclass(frozen=True)
class Picture:
    """A picture `name`.png of a page; `focus` is a button whose details are shown."""

    name: str
    path: str
    focus: str = ""
    height: int = 620


async def customers(gateway: RunningGateway) -> Sequence[Picture]:
    """What a reseller has after some months, and the pages that show it."""
    shop = Shop(gateway)
    await gateway.at("2025-03-20T09:00:00Z")
    old = await shop.credential()
    await shop.add(old, "garden.example")
    await gateway.at("2026-02-10T09:00:00Z")
    made = (await shop.do("PREREGISTER", serverUrl=gateway.directory_url))["Accounts"][0]
    eab = Eab(made["eabMACIDb64url"], made["eabMACKeyb64url"])
    await shop.add(eab.kid, "shop.example")
    await shop.add(eab.kid, "www.shop.example")
    await shop.credential()
    await gateway.at("2026-02-26T09:00:00Z")
    await shop.add(eab.kid, "mistyped.example")
    await shop.remove(eab.kid, "mistyped.example")
    bought = await shop.do("ADDDOMAIN", acmeAccountID=eab.kid, domainName="blog.example")
    ssl: CertificateShop = await shop_of(gateway, gateway.login)
    first = await ssl.buy("secure.example", name="secure")
    await gateway.at("2026-02-26T09:30:00Z")  # a list shows the two in their order
    await ssl.buy("www.secure.example", name="www of secure")
    await gateway.at(NOW)
    client = AcmeClient(gateway.session, gateway.directory_url)
    await client.register(eab)
    await client.new_order("new.shop.example")
    return (
        Picture("orders", "/console/orders?orders=", focus="refunded", height=1300),
        Picture("refund", f"/console/orders/{bought['orderNumber']}/refund"),
        Picture("subscriptions", "/console/subscriptions", height=760),
        Picture("subscription", f"/console/subscriptions/{eab.kid}", height=900),
        Picture("refusals", "/console/subscriptions/refusals"),
        Picture("certificates", "/console/certificates"),
        Picture("unsubscribe", f"/console/certificates/{first}/unsubscribe", height=760),
        Picture("statement", "/console/statement?from=2026-02-01&to=2026-02-28", height=760),
    )


async def test_the_pictures_of_the_document_are_of_the_pages_as_they_are(
    visit: Visit, shared_gateway: RunningGateway
) -> None:
    """With TESTS_SCREENSHOTS=renew it takes anew those that are not."""
    renew = os.environ.get("TESTS_SCREENSHOTS") == "renew"
    before = json.loads(TAKEN_OF.read_text())
    taken_of = {}
    async with visit(width=WIDTH) as visitor:
        await visitor.context.add_cookies(
            [{"name": "zone", "value": "UTC", "url": visitor.url, "secure": True}]
        )
        await visitor.sign_in(*RESELLER)
        for picture in await customers(shared_gateway):
            taken_of[picture.name] = await shown(visitor, shared_gateway, picture)
            if renew and taken_of[picture.name] != before.get(picture.name):
                await take(visitor, picture)
    if renew:
        TAKEN_OF.write_text(json.dumps(taken_of, indent=2) + "\n")
    current = json.loads(TAKEN_OF.read_text())
    changed = [name for name in taken_of if current.get(name) != taken_of[name]]
    assert not changed, "these pages have changed since: make screenshots"
    assert current == taken_of


def test_the_document_shows_each_picture_and_says_what_it_shows() -> None:
    shown = dict(re.findall(r"!\[([^\]]+)\]\(images/console/([\w-]+\.png)\)", DOCUMENT.read_text()))
    files = {each.name for each in PICTURES.glob("*.png")}
    assert set(shown.values()) == files
    assert {f"{each}.png" for each in json.loads(TAKEN_OF.read_text())} == files
    assert 6 <= len(files) <= 10
    for each in PICTURES.glob("*.png"):
        assert each.read_bytes().startswith(b"\x89PNG")
        assert each.stat().st_size <= LARGEST, each


async def shown(visitor: Visitor, gateway: RunningGateway, picture: Picture) -> str:
    """Opens the page of a picture; gives a digest of its document without what differs by run."""
    page = await visitor.open(picture.path)
    if picture.focus:
        await page.locator(f'[data-refund="{picture.focus}"]').first.focus()
    document = _OWN_TO_A_RUN.sub("…", await visitor.document())
    rows = await gateway.pool.fetch("SELECT order_number FROM reseller.purchase ORDER BY 1 DESC")
    for place, row in enumerate(rows):
        document = re.sub(rf"\b{row[0]}\b", f"order {place}", document)
    return hashlib.sha256(document.encode()).hexdigest()


async def take(visitor: Visitor, picture: Picture) -> None:
    """Takes the picture, in few colours: a page of text has no need of more."""
    await visitor.page.set_viewport_size({"width": WIDTH, "height": picture.height})
    taken = Image.open(BytesIO(await visitor.page.screenshot()))
    few = taken.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    few.save(PICTURES / f"{picture.name}.png", optimize=True)
