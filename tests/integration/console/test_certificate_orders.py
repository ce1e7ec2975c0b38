"""SSL certificates at the console: quoted and bought, applied for, withdrawn and revoked."""

import asyncio
import re
import shlex
from collections.abc import AsyncIterator
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from cryptography import x509

from gateway.usecases.money.prices import set_price
from gateway.usecases.ssl.articles import articles_of
from gateway.usecases.work import open_work
from tests.integration.console.test_certificates import LIST, PAID_AT, QUERY, balance, listed
from tests.support.certificate_shop import CertificateShop, pem, shop_of
from tests.support.challenge_server import challenge_server
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway
from tests.support.shop import OPERATOR


@pytest.fixture
async def shop(gateway: RunningGateway) -> AsyncIterator[CertificateShop]:
    await gateway.at(PAID_AT)
    async with challenge_server(gateway.http_port) as web:
        yield await shop_of(gateway, gateway.login, web)


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
        for article in await articles_of(work, "LOCAL", "DV_SSL_CERT", ["fqdn"]):
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
