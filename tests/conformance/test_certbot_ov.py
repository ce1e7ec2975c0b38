"""certbot on the OV server: the organization in the certificate, texts of refusals, new details."""

from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.conformance.conftest import Site
from tests.conformance.test_certbot import certbot, http, live, registration
from tests.support.acme_client import Eab
from tests.support.organizations import (
    OTHER,
    add_ov_name,
    add_prevalidation,
    ov_credential,
    reject,
)

NAME = "www.example.com"
EXPIRES = "2099-12-31T23:59:59Z"


async def furnished(site: Site) -> tuple[Eab, int]:
    """A credential on the OV server with NAME, and the pre-validation that it depends on."""
    site.zone.point_here(NAME)
    anchor = await add_prevalidation(site.gateway, "example.com", expires=EXPIRES)
    eab = await ov_credential(site.customer.shop)
    await add_ov_name(site.customer.shop, eab.kid, NAME, anchor)
    return eab, anchor


def on_ov(site: Site, command: str, *options: str) -> list[str]:
    """certbot takes the last of two servers."""
    return [*certbot(site, command), f"--server={site.gateway.ov_directory_url}", *options]


def certificate(site: Site) -> x509.Certificate:
    """NAME's, checked and linted as OV."""
    return site.check_certificate(live(site, NAME) / "fullchain.pem", NAME)


def organization(leaf: x509.Certificate) -> str:
    [attribute] = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(attribute.value)


async def test_the_certificate_names_the_organization_and_the_renewal_the_one_of_then(
    site: Site,
) -> None:
    eab, anchor = await furnished(site)
    await site.succeed(*on_ov(site, "certonly"), *registration(eab), *http(site, NAME))
    first = certificate(site)
    assert organization(first) == "Acme Hosting Ltd"
    new = await add_prevalidation(site.gateway, "example.com", details=OTHER, expires=EXPIRES)
    moved = await site.customer.shop.do(
        "UPDATEDOMAINS",
        acmeAccountID=eab.kid,
        ovAnchorOrderNumber=str(new),
        oldOVAnchorOrderNumber=str(anchor),
    )
    assert moved["nRecordsUpdated"] == 1
    await site.succeed(
        *on_ov(site, "renew", "--force-renewal", "--no-random-sleep-on-renew"),
        f"--http-01-port={site.gateway.http_port}",
    )
    second = certificate(site)
    assert organization(second) == "Andere AG"
    assert second.serial_number != first.serial_number


async def test_a_rejected_pre_validation_is_a_refusal_that_says_what_to_do(site: Site) -> None:
    eab, anchor = await furnished(site)
    await reject(site.gateway, anchor)
    output = await site.fail(*on_ov(site, "certonly"), *registration(eab), *http(site, NAME))
    shown = " ".join(output.split())
    assert f"No certificate can be issued for {NAME}." in shown
    assert f"pre-validation {anchor} was rejected; ask your reseller to order a new one" in shown


async def test_dv_and_ov_live_side_by_side_for_one_client(site: Site) -> None:
    eab, anchor = await furnished(site)
    await reject(site.gateway, anchor)
    await site.buy("dv.example.com")
    await site.succeed(
        *certbot(site, "certonly"),
        *registration(site.customer.eab),
        *http(site, "dv.example.com"),
    )
    site.check_certificate(live(site, "dv.example.com") / "fullchain.pem", "dv.example.com")
    output = await site.fail(*on_ov(site, "certonly"), *registration(eab), *http(site, NAME))
    assert "was rejected" in output
