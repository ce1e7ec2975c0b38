"""SSL certificates: the list, unsubscribing, My Orders, and all a customer does with one.

Each test's name is a sentence of "Unsubscribing from an SSL Certificate", or a rule that follows.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from html import unescape

import pytest

from gateway.doors.console.pages.certificates import STATUS_WORDS
from gateway.rules.ssl.orders import STATUSES
from tests.integration.console.conftest import MOST_STATEMENTS
from tests.support.certificate_shop import CertificateShop, shop_of
from tests.support.challenge_server import challenge_server
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop

LIST = "/console/certificates"
PAID_AT = "2025-12-01T12:00:00Z"
_ROW = re.compile(r'<tr data-cert="(\w+)">(.*?)</tr>', re.DOTALL)
BUY = {"domains": "www.example.com", "product": "LOCAL/DV_SSL_CERT", "months": "12"}
QUERY = "domains=www.example.com&product=LOCAL%2FDV_SSL_CERT&months=12"


@pytest.fixture
async def shop(gateway: RunningGateway) -> AsyncIterator[CertificateShop]:
    await gateway.at(PAID_AT)
    async with challenge_server(gateway.http_port) as web:
        yield await shop_of(gateway, gateway.login, web)


def words(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())


async def listed(person: ConsolePerson, query: str = "") -> dict[str, str]:
    """The rows of the list: their text by cert_id."""
    answer = await person.get(f"{LIST}{query}")
    assert answer.status == 200
    return {each[1]: words(each[2]) for each in _ROW.finditer(answer.text)}


async def unsubscribe(person: ConsolePerson, cert_id: str, **fields: str) -> PageAnswer:
    return await person.submit(f"{LIST}/{cert_id}/unsubscribe", "unsubscribe", **fields)


async def balance(gateway: RunningGateway) -> Decimal:
    return await Shop(gateway).balance()


async def test_unsubscribe_is_in_the_row_only_where_it_is_possible(
    reseller: ConsolePerson, shop: CertificateShop
) -> None:
    unused = await shop.buy()
    withdrawn = await shop.buy("b.example.com")
    await shop.apply(withdrawn, "b.example.com")
    pending = await shop.buy("c.example.com")
    await shop.apply(pending, "c.example.com")
    issued = await shop.issue()
    revoked = await shop.issue()
    await shop.revoke(revoked)
    rows = await listed(reseller)
    for cert_id, status, possible in (
        (unused, "Pending application", True),
        (withdrawn, "Pending domain check", False),
        (pending, "Pending domain check", False),
        (issued, "Issued", False),
        (revoked, "Revoked", True),
    ):
        assert status in rows[cert_id]
        assert ("Unsubscribe" in rows[cert_id]) == possible, status
    await shop.do("POST", f"/{withdrawn}/cancel-apply")
    await shop.until(withdrawn, "PAID")
    rows = await listed(reseller)
    assert "Pending application" in rows[withdrawn]
    assert "Unsubscribe" in rows[withdrawn]


async def test_no_refunds_are_allowed_7_days_after_the_purchase(
    gateway: RunningGateway, reseller: ConsolePerson, shop: CertificateShop
) -> None:
    cert_id = await shop.buy()
    await gateway.at("2025-12-08T11:59:00Z")
    assert "Unsubscribe" in (await listed(reseller))[cert_id]
    form = (await reseller.get(f"{LIST}/{cert_id}/unsubscribe")).hidden("unsubscribe")
    await gateway.at("2025-12-08T12:00:00Z")
    assert "Unsubscribe" not in (await listed(reseller))[cert_id]
    late = await reseller.post(f"{LIST}/{cert_id}/unsubscribe", {**form, "acknowledged": "Y"})
    assert late.status == 422
    assert "The refund period ended at" in late.text
    page = await reseller.get(f"{LIST}/{cert_id}/unsubscribe")
    assert "cannot be unsubscribed. The refund period ended at 2025-12-08 12:00 ." in words(
        page.text
    )
    assert 'id="unsubscribe"' not in page.text


async def test_on_the_page_confirm_unsubscription_confirm_the_certificate_information(
    reseller: ConsolePerson, shop: CertificateShop
) -> None:
    coupon = await shop.coupon("20.00")
    cert_id = await shop.buy("www.example.com", "b.example.com", coupon=coupon)
    page = await reseller.get(f"{LIST}/{cert_id}/unsubscribe")
    assert "<h1>Confirm Unsubscription</h1>" in page.text
    text = words(page.text)
    for shown in (
        cert_id,
        "Pending application",
        "LOCAL DV_SSL_CERT",
        "www.example.com, b.example.com",
        "12 months",
        "220.00 USD, and 20.00 USD by a coupon on 2025-12-01 12:00",
        "The unsubscribed certificate is deleted and cannot be recovered.",
        "Your unsubscription is reviewed. After it is approved, the certificate is not in the list",
        "During the review, do not perform any operation on the certificate."
        " Otherwise the approval fails.",
        "The fees you paid, 220.00 USD , are credited to your balance",
        "Coupons are not refunded.",
        "I acknowledge that the certificate will be deleted and cannot be restored after the"
        " unsubscription.",
    ):
        assert shown in text, shown


@pytest.mark.parametrize("sent", [{}, {"acknowledged": "N"}, {"acknowledged": "maybe"}])
async def test_without_the_tick_nothing_is_unsubscribed(
    reseller: ConsolePerson, shop: CertificateShop, sent: dict[str, str]
) -> None:
    cert_id = await shop.buy()
    answer = await unsubscribe(reseller, cert_id, **sent)
    assert answer.status == 422
    assert "Tick the box: the certificate cannot be restored." in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "Unsubscribe" in (await listed(reseller))[cert_id]


async def test_certificate_unsubscribed_is_displayed_and_it_is_under_review(
    reseller: ConsolePerson, shop: CertificateShop
) -> None:
    cert_id = await shop.buy()
    answer = await unsubscribe(reseller, cert_id, acknowledged="Y")
    assert (answer.status, answer.to) == (303, LIST)
    page = await reseller.get(LIST)
    assert '<output class="flash">Certificate unsubscribed.</output>' in page.text
    row = (await listed(reseller))[cert_id]
    assert "Unsubscription under review" in row
    assert "Unsubscribe" not in row
    shown = words((await reseller.get(f"{LIST}/{cert_id}")).text)
    assert "any operation makes the unsubscription fail" in shown


async def test_after_approval_it_is_not_in_the_list_and_the_refund_is_credited(
    gateway: RunningGateway, reseller: ConsolePerson, shop: CertificateShop
) -> None:
    before = await balance(gateway)
    cert_id = await shop.buy()
    await unsubscribe(reseller, cert_id, acknowledged="Y")
    number = await gateway.pool.fetchval("SELECT max(id) FROM ssl.unsubscription")
    await shop.approve(number)
    assert cert_id not in await listed(reseller)
    assert await balance(gateway) == before
    for path in ("", "/unsubscribe", "/apply", "/certificate.pem"):
        assert (await reseller.get(f"{LIST}/{cert_id}{path}")).status == 404
    assert "refunded" in (await reseller.get("/console/orders?name=www.example.com")).text


async def test_my_orders_shows_the_unsubscription_record_with_decision_and_reason(
    gateway: RunningGateway, reseller: ConsolePerson, shop: CertificateShop
) -> None:
    path = f"{LIST}/my-orders"
    assert f'href="{path}">My Orders' in (await reseller.get(LIST)).text
    assert "You have unsubscribed from no certificate." in (await reseller.get(path)).text
    texts = []
    for decision in ("approve", "reject", "fail", "wait"):
        cert_id = await shop.buy()
        await unsubscribe(reseller, cert_id, acknowledged="Y")
        number = await gateway.pool.fetchval("SELECT max(id) FROM ssl.unsubscription")
        if decision == "approve":
            await shop.approve(number)
        elif decision == "reject":
            await shop.reject(number, "It <is> in use.")
        elif decision == "fail":
            await shop.apply(cert_id)
        texts.append(number)
    page = await reseller.get(path)
    found = {
        int(each[1]): words(each[2])
        for each in re.finditer(r'data-unsubscription="(\d+)">(.*?)</tr>', page.text, re.DOTALL)
    }
    assert list(found) == sorted(texts, reverse=True)
    approved, rejected, failed, waiting = (found[each] for each in texts)
    assert "Approved on 2025-12-01 12:00 120.00 USD" in approved
    assert "Rejected on 2025-12-01 12:00 : It <is> in use. none" in rejected
    assert "Failed on 2025-12-01 12:00 : apply came in between none" in failed
    assert "Under review none" in waiting


async def test_nobody_sees_the_records_of_others(
    gateway: RunningGateway, reseller: ConsolePerson, shop: CertificateShop
) -> None:
    await Shop(gateway).second_reseller("other")
    theirs = await shop_of(gateway, "other")
    cert_id = await theirs.buy()
    await theirs.unsubscribe(cert_id)
    assert cert_id not in (await reseller.get(f"{LIST}/my-orders")).text
    assert cert_id not in (await reseller.get(LIST)).text


async def test_a_form_sent_twice_asks_for_one_unsubscription(
    gateway: RunningGateway, reseller: ConsolePerson, shop: CertificateShop
) -> None:
    cert_id = await shop.buy()
    path = f"{LIST}/{cert_id}/unsubscribe"
    form, tab = [(await reseller.get(path)).hidden("unsubscribe") for _ in range(2)]
    sent = [reseller.post(path, {**form, "acknowledged": "Y"}) for _ in range(3)]
    assert {each.status for each in await asyncio.gather(*sent)} == {303}
    assert (await reseller.post(path, {**tab, "acknowledged": "Y"})).status == 422
    assert await gateway.pool.fetchval("SELECT count(*) FROM ssl.unsubscription") == 1


async def test_the_list_is_filtered_by_status_sorted_and_paged(
    reseller: ConsolePerson, shop: CertificateShop
) -> None:
    bought = [await shop.buy(f"n{each}.example.com") for each in range(51)]
    await shop.apply(bought[3], "n3.example.com")
    assert list(await listed(reseller, "?status=CHECKING")) == [bought[3]]
    assert len(await listed(reseller)) == 50
    assert len(await listed(reseller, "?page=2")) == 1
    assert next(iter(await listed(reseller, "?sort=status"))) == bought[3]
    assert bought[3] in await listed(reseller, "?sort=-status&page=2")
    assert (await reseller.get(f"{LIST}?status=GONE")).status == 422


def test_every_status_has_a_word() -> None:
    assert set(STATUS_WORDS) == set(STATUSES)
    assert len(set(STATUS_WORDS.values())) == len(STATUSES)
    # The words of the source text.
    assert STATUS_WORDS["PAID"] == "Pending application"
    assert STATUS_WORDS["REVOKED"] == "Revoked"


async def test_what_the_status_does_not_allow_is_said_on_the_certificates_page(
    reseller: ConsolePerson, shop: CertificateShop
) -> None:
    cert_id = await shop.buy()
    form = (await reseller.get("/console/settings")).hidden("zone")
    for operation, fields in (("withdraw", {}), ("revoke", {"reason": "unspecified"})):
        answer = await reseller.post(f"{LIST}/{cert_id}/{operation}", {**form, **fields})
        assert answer.status in (409, 422), operation
        assert 'class="trouble"' in answer.text
        form = (await reseller.get("/console/settings")).hidden("zone")
    await shop.apply(cert_id)
    late = await reseller.get(f"{LIST}/{cert_id}/apply")
    assert "Nothing can be applied for in its status." in late.text


async def test_a_list_costs_few_statements(
    reseller: ConsolePerson, shop: CertificateShop, asked: list[str]
) -> None:
    cert_id = await shop.issue()
    for path in (LIST, f"{LIST}/{cert_id}", f"{LIST}/{cert_id}/unsubscribe", f"{LIST}/my-orders"):
        asked.clear()
        await reseller.get(path)
        assert 0 < len(asked) <= MOST_STATEMENTS, asked


@pytest.mark.parametrize("cert_id", ["0", "scs0000000000000", "x" * 300, "scs12345678901234"])
async def test_a_certificate_that_there_is_not_is_not_found(
    reseller: ConsolePerson, cert_id: str
) -> None:
    for path in ("", "/apply", "/unsubscribe", "/certificate.pem"):
        assert (await reseller.get(f"{LIST}/{cert_id}{path}")).status == 404
