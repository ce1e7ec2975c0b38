"""OV certificates: the validated organization, whatever the CSR or the reseller says meanwhile.

What is signed here is linted as OV when the test ends.
"""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.rules.organization.organizations import OrganizationDetails
from tests.integration.organization.test_ov_gate import NAME, OvCustomer, customer, subject
from tests.support.acme_client import AcmeClient, Eab
from tests.support.organizations import add_prevalidation, prevalidation
from tests.support.shop import Shop

__all__ = ["customer"]

DOMAIN_VALIDATED, ORGANIZATION_VALIDATED = "2.23.140.1.2.1", "2.23.140.1.2.2"


def policy(leaf: x509.Certificate) -> str:
    policies = leaf.extensions.get_extension_for_class(x509.CertificatePolicies).value
    return str(policies[0].policy_identifier.dotted_string)


async def test_the_validated_organization_is_the_subject(customer: OvCustomer) -> None:
    leaf = await customer.issue()
    assert subject(leaf) == f"CN={NAME},O=Acme Hosting Ltd,L=London,C=GB"
    assert policy(leaf) == ORGANIZATION_VALIDATED


async def test_letters_of_all_the_world_and_both_kinds_of_places(
    shop: Shop, customer: OvCustomer
) -> None:
    details = OrganizationDetails("Königliche Børs 東京 «Ümlaut»", "JP", "東京都", "関東")
    new = await add_prevalidation(shop.gateway, "example.org", details=details)
    await customer.move(customer.anchor, new)
    leaf = await customer.issue()
    assert subject(leaf) == f"CN={NAME},O=Königliche Børs 東京 «Ümlaut»,L=東京都,ST=関東,C=JP"


async def test_a_state_alone_is_a_place(shop: Shop, customer: OvCustomer) -> None:
    details = OrganizationDetails("S" * 64, "US", state_or_province="T" * 128)
    new = await add_prevalidation(shop.gateway, "example.org", details=details)
    await customer.move(customer.anchor, new)
    assert f"O={'S' * 64},ST={'T' * 128},C=US" in subject(await customer.issue())


@pytest.mark.parametrize("profile", ["tlsserver", "shortlived"])
async def test_profiles_without_a_common_name_keep_the_organization(
    customer: OvCustomer, profile: str
) -> None:
    leaf = await customer.issue(profile=profile)
    assert subject(leaf) == "O=Acme Hosting Ltd,L=London,C=GB"
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert not names.critical  # RFC 5280 §4.2.1.6: there is a subject
    assert policy(leaf) == ORGANIZATION_VALIDATED


async def test_changed_details_come_with_the_next_prevalidation_only(
    shop: Shop, customer: OvCustomer
) -> None:
    """O8: UPDATEORGANIZATION alone changes no certificate."""
    organization = (await prevalidation(shop.gateway, customer.anchor)).organization_id
    await shop.do(
        "UPDATEORGANIZATION",
        organizationID=str(organization),
        organizationName="Acme Cloud Ltd",
        localityName="Leeds",
        countryName="GB",
    )
    assert "O=Acme Hosting Ltd,L=London" in subject(await customer.issue())
    new = await add_prevalidation(shop.gateway, "example.org", organization=organization)
    await customer.move(customer.anchor, new)
    assert "O=Acme Cloud Ltd,L=Leeds" in subject(await customer.issue())


async def test_what_the_csr_says_of_an_organization_is_not_looked_at(customer: OvCustomer) -> None:
    order = await customer.ready_order()
    key = ec.generate_private_key(ec.SECP256R1())
    said = [(NameOID.COMMON_NAME, NAME), (NameOID.ORGANIZATION_NAME, "Somebody Else Inc")]
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid, text) for oid, text in said]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, SHA256())
        .public_bytes(Encoding.DER)
    )
    finalized = (await customer.client.finalize(order, csr)).json
    leaf = await customer.download(finalized["certificate"])
    assert subject(leaf) == f"CN={NAME},O=Acme Hosting Ltd,L=London,C=GB"


async def test_dv_certificates_name_no_organization(shop: Shop, customer: OvCustomer) -> None:
    answer = await shop.do("PREREGISTER", serverUrl=shop.gateway.directory_url)
    account = answer["Accounts"][0]
    await shop.add(account["acmeAccountID"], NAME)
    client = AcmeClient(shop.gateway.session, shop.gateway.directory_url)
    await client.register(Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"]))
    leaf = await OvCustomer(shop, customer.web, 0, customer.eab, client).issue()
    assert (subject(leaf), policy(leaf)) == (f"CN={NAME}", DOMAIN_VALIDATED)
