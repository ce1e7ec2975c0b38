"""From purchase to certificate, withdrawal, revocation: over real HTTPS, really issued."""

from decimal import Decimal
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from gateway.db.pool import transaction
from gateway.store.ca import revocations
from gateway.store.ssl import issuance as ssl_issuance
from tests.support.certificate_shop import (
    NAME,
    CertificateShop,
    crl_path,
    eventually,
    purchase,
)


async def crl_serials(shop: CertificateShop, path: str = "/crl/local.crl") -> set[int]:
    async with shop.gateway.session.get(f"{shop.gateway.plain_url}{path}") as response:
        crl = x509.load_der_x509_crl(await response.read())
    return {entry.serial_number for entry in crl}


async def test_a_purchase_charges_the_cash_part_and_is_paid(shop: CertificateShop) -> None:
    await shop.set_price("1000.00")
    coupon = await shop.coupon("200.00")
    before = await shop.balance()
    bought = await shop.do("POST", json=purchase(coupon=coupon))
    assert bought["paid_amount"] == 1000.00
    assert bought["coupon_amount"] == 200.00
    assert bought["cash_amount"] == 800.00
    assert bought["status"] == "PAID"
    assert len(bought["cert_id"]) == 16
    assert await shop.balance() == before - Decimal("800.00")
    shown = await shop.show(bought["cert_id"])
    assert shown["order_number"] == bought["order_number"]
    assert await shop.mismatches() == 0


async def test_a_dv_certificate_is_issued_after_its_domain_is_proven(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.buy()
    applied = await shop.apply(cert_id, domain_method="FILE")
    assert applied["status"] == "CHECKING"
    [proof] = applied["domain_validation"]
    assert proof["location"].startswith(f"http://{NAME}/.well-known/acme-challenge/")
    looked = await eventually(lambda: _problem(shop, cert_id))
    assert looked["status"] == "CHECKING"
    assert "404" in looked["problem"]
    again = await shop.apply(cert_id, domain_method="FILE")
    assert again["domain_validation"][0]["value"] == proof["value"]
    await shop.prove(cert_id, applied)
    shown = await shop.until(cert_id, "ISSUED")
    leaf = x509.load_pem_x509_certificate(shown["certificate"].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [NAME]
    [issuer] = x509.load_pem_x509_certificates(shown["certificate_chain"].encode())
    leaf.verify_directly_issued_by(issuer)
    assert shown["expire_time"] == f"{leaf.not_valid_after_utc:%Y-%m-%d %H:%M:%S}.0"


async def _problem(shop: CertificateShop, cert_id: str) -> Any:
    shown = await shop.show(cert_id)
    return shown if shown["problem"] else None


async def test_a_revocation_is_complete_when_the_crl_tells_of_it(shop: CertificateShop) -> None:
    cert_id = await shop.issue()
    shown = await shop.show(cert_id)
    serial = x509.load_pem_x509_certificate(shown["certificate"].encode()).serial_number
    assert serial not in await crl_serials(shop)
    answer = await shop.do("POST", f"/{cert_id}/revoke", json={"reason": "superseded"})
    assert answer == {"cert_id": cert_id, "status": "REVOKING"}
    await shop.until(cert_id, "REVOKED")
    assert serial in await crl_serials(shop)
    assert serial in await crl_serials(shop, crl_path(shown["certificate"]))
    assert (await shop.send("POST", f"/{cert_id}/revoke")).status == 409


async def test_a_revocation_that_the_issuer_or_the_crl_does_not_know_is_not_complete(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.issue()
    now = await shop.gateway.services.clock.now()
    await crl_serials(shop)  # from now on there is a CRL
    # In a transaction, so that nobody else completes it.
    async with transaction(shop.gateway.pool) as connection:
        serials = await ssl_issuance.serials_to_revoke(connection, cert_id, now)
        await revocations.revoke(connection, serials, 0, now)
        assert not await ssl_issuance.revocation_is_complete(connection, cert_id)
        await revocations.mark_reported(connection, serials)
        assert not await ssl_issuance.revocation_is_complete(connection, cert_id)
        await connection.execute("UPDATE ca.revocation SET crl_number = 1")
        assert not await ssl_issuance.revocation_is_complete(connection, cert_id)
        await connection.execute("UPDATE ca.revocation SET partition = 3")
        assert not await ssl_issuance.revocation_is_complete(connection, cert_id)
        await connection.execute("UPDATE ca.revocation SET partition_number = 1")
        assert await ssl_issuance.revocation_is_complete(connection, cert_id)
        await connection.execute("UPDATE ca.revocation SET partition = 0, partition_number = NULL")
        assert await ssl_issuance.revocation_is_complete(connection, cert_id)
        await connection.execute("UPDATE ca.revocation SET reported_at = NULL")
        assert not await ssl_issuance.revocation_is_complete(connection, cert_id)


async def test_a_withdrawn_application_can_be_made_again(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    await shop.apply(cert_id, domain_method="FILE")
    answer = await shop.do("POST", f"/{cert_id}/cancel-apply")
    assert answer["status"] == "CANCELCHECKING"
    await shop.until(cert_id, "PAID")
    await shop.get_issued(cert_id)


async def test_the_organization_waits_for_an_operator_and_stands_in_the_certificate(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.buy(type="OV_SSL_CERT")
    organization = {"name": "Example GmbH", "country": "DE", "locality": "Berlin"}
    applied = await shop.apply(cert_id, domain_method="FILE", organization=organization)
    await shop.prove(cert_id, applied)
    await shop.until(cert_id, "CHECKING_ORG")
    await shop.approve_organization(cert_id)
    shown = await shop.until(cert_id, "ISSUED")
    leaf = x509.load_pem_x509_certificate(shown["certificate"].encode())
    [attribute] = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert attribute.value == "Example GmbH"


async def test_a_rejected_organization_is_unpassed_and_can_apply_again(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.buy(type="OV_SSL_CERT")
    organization = {"name": "Example GmbH", "country": "DE", "locality": "Berlin"}
    applied = await shop.apply(cert_id, domain_method="FILE", organization=organization)
    await shop.prove(cert_id, applied)
    await shop.until(cert_id, "CHECKING_ORG")
    await shop.reject_organization(cert_id, "not in the register")
    shown = await shop.show(cert_id)
    assert (shown["status"], shown["problem"]) == ("UNPASSED", "not in the register")
    await shop.apply(cert_id, domain_method="FILE", organization=organization)
    await shop.until(cert_id, "CHECKING_ORG")
