"""SSL certificates: the list, unsubscribing, My Orders, and all a customer does with one.

Each test's name is a sentence of "Unsubscribing from an SSL Certificate", or a rule that follows.
"""

import asyncio
import re
import shlex
from collections.abc import AsyncIterator
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from cryptography import x509

from gateway.doors.console.pages.certificates import STATUS_WORDS
from gateway.rules.ssl.order import STATUSES
from gateway.usecases.money.price_lists import set_price
from gateway.usecases.ssl.articles import articles_of
from gateway.usecases.work import open_work
from tests.integration.console.conftest import MOST_STATEMENTS
from tests.support.certificate_shop import CertificateShop, pem, shop_of
from tests.support.challenge_server import challenge_server
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway
from tests.support.shop import OPERATOR, Shop

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


async def test_a_certificate_is_bought_at_the_price_that_was_shown(
    gateway: RunningGateway, reseller: ConsolePerson, shop: CertificateShop
) -> None:
    before = await balance(gateway)
    page = await reseller.get(f"{LIST}/new?{QUERY}&label=Mine")
    assert 'data-quote="120.00"' in page.text
    assert f"the balance is {before - 120}" in unescape(page.text)
    form = page.hidden("buy")
    sent = [reseller.post(f"{LIST}/new", form) for _ in range(3)]
    answers = await asyncio.gather(*sent)
    [(status, to)] = {(each.status, each.to) for each in answers}
    assert status == 303
    assert await balance(gateway) == before - 120
    shown = await reseller.get(to)
    assert "<h1>Mine</h1>" in shown.text
    assert "Pending application" in shown.text


async def test_a_coupon_pays_a_part_of_the_quote(
    reseller: ConsolePerson, shop: CertificateShop
) -> None:
    coupon = await shop.coupon("20.00")
    page = await reseller.get(f"{LIST}/new?{QUERY}&coupon={coupon}")
    assert 'data-quote="100.00"' in page.text
    assert (await reseller.post(f"{LIST}/new", page.hidden("buy"))).status == 303
    again = await reseller.get(f"{LIST}/new?{QUERY}&coupon={coupon}")
    assert again.status == 422
    assert 'id="quote-coupon-error">The coupon was used before.' in again.text


async def test_a_price_that_changed_since_is_asked_again(
    gateway: RunningGateway, reseller: ConsolePerson, shop: CertificateShop
) -> None:
    before = await balance(gateway)
    page = await reseller.get(f"{LIST}/new?{QUERY}")
    async with open_work(gateway.pool, await gateway.services.clock.now(), OPERATOR) as work:
        for article in await articles_of(work.connection, "LOCAL", "DV_SSL_CERT", ["fqdn"]):
            await set_price(work, login=gateway.login, article=article, amount=Decimal("130.00"))
    answer = await reseller.post(f"{LIST}/new", page.hidden("buy"))
    assert answer.status == 409
    assert "The price is 130.00 USD now, not 120.00 USD." in answer.text
    assert await balance(gateway) == before
    assert answer.hidden("buy")["quoted"] == "130.00"
    assert (await reseller.post(f"{LIST}/new", answer.hidden("buy"))).status == 303


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "domains"),
        ("domains=" + "a.example," * 101, "domains"),
        ("domains=not_a-name!", "domains"),
        ("domains=a.example+a.example", "domains"),
        ("domains=" + "x" * 7000, "domains"),
        ("product=LOCAL", "product"),
        ("product=", "product"),
        ("months=2", "months"),
        ("months=x", "months"),
        ("label=" + "x" * 64, "label"),
        ("label=%07", "label"),
        ("coupon=!!!!", "coupon"),
        ("coupon=NOSUCHCOUPON", "coupon"),
    ],
)
async def test_what_is_wrong_with_a_purchase_stands_beside_its_field(
    gateway: RunningGateway, reseller: ConsolePerson, query: str, field: str
) -> None:
    name = query.partition("=")[0] or "domains"
    kept = "&".join(each for each in QUERY.split("&") if not each.startswith(f"{name}="))
    before = await balance(gateway)
    page = await reseller.get(f"{LIST}/new?{query}&{kept}")
    assert page.status == 422
    assert f'id="quote-{field}-error"' in page.text
    assert 'id="buy"' not in page.text
    form = (await reseller.get(f"{LIST}/new?{QUERY}")).hidden("buy")
    value = unescape(query.partition("=")[2]).replace("%07", "\a").replace("+", " ")
    answer = await reseller.post(f"{LIST}/new", {**form, name: value})
    assert answer.status == 422
    assert f'id="quote-{field}-error"' in answer.text
    assert await balance(gateway) == before


async def test_a_certificate_that_is_not_on_offer_is_not_sold(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    page = await reseller.get(f"{LIST}/new?{QUERY}".replace("LOCAL", "OTHER"))
    assert page.status == 422
    assert "There is no price for this yet." in page.text
    await gateway.pool.execute("DELETE FROM reseller.price WHERE family = 'ssl'")
    assert "No certificate is on offer" in (await reseller.get(f"{LIST}/new")).text


async def test_too_little_money_is_said_and_nothing_is_bought(
    gateway: RunningGateway, reseller: ConsolePerson, shop: CertificateShop
) -> None:
    names = "+".join(f"*.n{each}.example.com" for each in range(60))
    page = await reseller.get(f"{LIST}/new?{QUERY.replace('www.example.com', names)}")
    answer = await reseller.post(f"{LIST}/new", page.hidden("buy"))
    assert answer.status == 422
    assert "The balance does not suffice." in answer.text
    assert await balance(gateway) == Decimal("10000.00")


async def apply(person: ConsolePerson, cert_id: str, **fields: str) -> PageAnswer:
    wanted = {"csr": pem(), "method": "http-01", **fields}
    return await person.submit(f"{LIST}/{cert_id}/apply", "apply", **wanted)


async def test_applying_shows_the_proofs_ready_to_copy_and_the_files_once_it_is_issued(
    reseller: ConsolePerson, shop: CertificateShop
) -> None:
    cert_id = await shop.buy()
    answer = await apply(reseller, cert_id)
    assert (answer.status, answer.to) == (303, f"{LIST}/{cert_id}")
    page = await reseller.get(answer.to)
    location, value = re.findall(r"<code>([^<]+)</code>", page.text)
    assert location.startswith("http://www.example.com/.well-known/acme-challenge/")
    assert (await reseller.get(f"{answer.to}/certificate.pem")).status == 404
    assert shop.web is not None
    shop.web.responses[location.rpartition("/")[2]] = value
    await shop.until(cert_id, "ISSUED")
    page = await reseller.get(answer.to)
    assert "Issued" in page.text
    counts = {"certificate.pem": 1, "chain.pem": 1, "fullchain.pem": 2}
    for name, count in counts.items():
        assert f'href="{answer.to}/{name}"' in page.text
        file = await reseller.get(f"{answer.to}/{name}")
        assert file.headers["Content-Disposition"] == f'attachment; filename="{cert_id}-{name}"'
        found = x509.load_pem_x509_certificates(file.text.encode())
        assert len(found) == count
    leaf = x509.load_pem_x509_certificates(file.text.encode())[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["www.example.com"]


async def test_the_line_that_makes_a_csr_makes_one_that_can_be_applied_with(
    reseller: ConsolePerson, shop: CertificateShop, tmp_path: Path
) -> None:
    cert_id = await shop.buy("example.com", "*.example.com")
    page = await reseller.get(f"{LIST}/{cert_id}/apply")
    found = re.search(r"<pre><code>(.*?)</code></pre>", page.text, re.DOTALL)
    assert found is not None
    command = shlex.split(unescape(found[1]).replace("\\\n", " "))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, stderr=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    csr = (tmp_path / f"{cert_id}.csr").read_text()
    answer = await apply(reseller, cert_id, csr=csr, method="dns-01")
    assert answer.status == 303, answer.text
    assert "_acme-challenge.example.com" in (await reseller.get(answer.to)).text


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"csr": ""}, 'id="apply-csr-error">Enter a value here.'),
        ({"csr": "nonsense"}, 'id="apply-csr-error">csr must be a PEM-encoded'),
        ({"csr": pem("other.example")}, 'id="apply-csr-error"'),
        ({"csr": "x" * 30_000}, 'id="apply-csr-error"'),
        ({"method": "tls-alpn-01"}, 'id="apply-method-error"'),
        ({"method": ""}, 'id="apply-method-error"'),
    ],
)
async def test_what_is_wrong_with_an_application_stands_beside_its_field(
    reseller: ConsolePerson, shop: CertificateShop, fields: dict[str, str], shown: str
) -> None:
    cert_id = await shop.buy()
    answer = await apply(reseller, cert_id, **fields)
    assert answer.status == 422
    assert shown in answer.text
    assert await shop.status(cert_id) == "PAID"


async def test_a_file_does_not_prove_a_wildcard(
    reseller: ConsolePerson, shop: CertificateShop
) -> None:
    cert_id = await shop.buy("*.example.com")
    page = await reseller.get(f"{LIST}/{cert_id}/apply")
    assert "control is shown by TXT records" in page.text
    answer = await apply(reseller, cert_id, csr=pem("*.example.com"))
    assert answer.status == 422


async def test_an_organization_is_asked_for_where_it_is_in_the_certificate(
    reseller: ConsolePerson, shop: CertificateShop
) -> None:
    cert_id = await shop.buy(type="OV_SSL_CERT")
    wrong = await apply(reseller, cert_id, name="Shop Ltd", country="XX", locality="Berlin")
    assert wrong.status == 422
    assert 'id="apply-country-error"' in wrong.text
    assert 'value="Shop Ltd"' in wrong.text
    missing = await apply(reseller, cert_id, country="DE")
    assert 'id="apply-name-error">Enter a value here.' in missing.text
    right = await apply(reseller, cert_id, name="Shop Ltd", country="DE", locality="Berlin")
    assert right.status == 303
    assert await shop.status(cert_id) == "CHECKING"


async def test_an_application_is_withdrawn_and_a_certificate_revoked_with_a_reason(
    gateway: RunningGateway, reseller: ConsolePerson, shop: CertificateShop
) -> None:
    cert_id = await shop.buy()
    await apply(reseller, cert_id)
    page = f"{LIST}/{cert_id}"
    answer = await reseller.submit(page, "withdraw")
    assert answer.status == 303
    await shop.until(cert_id, "PAID")
    assert 'id="withdraw"' not in (await reseller.get(page)).text
    await shop.get_issued(cert_id)
    wrong = await reseller.submit(page, "revoke", reason="whim")
    assert wrong.status == 422
    assert 'id="revoke-reason-error">Choose a reason.' in wrong.text
    assert await shop.status(cert_id) == "ISSUED"
    assert (await reseller.submit(page, "revoke", reason="keyCompromise")).status == 303
    await shop.until(cert_id, "REVOKED")
    row = (await listed(reseller))[cert_id]
    assert "Revoked" in row
    assert "Unsubscribe" in row
    actors = await gateway.pool.fetch(
        "SELECT actor FROM audit.event WHERE action IN ('ssl_order.withdrawn', 'ssl_order.revoked')"
    )
    assert [row["actor"] for row in actors] == ["reseller:demo"] * 2


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
