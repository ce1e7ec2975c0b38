"""certbot and lego choose another chain by the name of its root (RFC 8555 §7.4.2)."""

from pathlib import Path

import pytest
from cryptography import x509

from gateway.ca.cross_sign import cross_sign
from gateway.usecases.ca.chains import add_chain
from gateway.usecases.work import open_work
from tests.conformance import test_certbot, test_lego
from tests.conformance.conftest import Site
from tests.support.shop import OPERATOR

NAME = "www.example.com"
LABEL = "Root of Somebody Else"


@pytest.fixture
async def other_root(site: Site) -> x509.Certificate:
    """A root whose chain is offered too."""
    gateway = site.gateway
    made = cross_sign(gateway.services.issuer.chain_pem(), LABEL)
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        await add_chain(work, "local", made.issuing)
    await site.buy(NAME)
    return x509.load_pem_x509_certificate(made.root)


def common_name(certificate: x509.Certificate) -> str:
    (name,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(name.value)


def assert_leads_to(root: x509.Certificate, chain: Path) -> None:
    leaf, issuing = x509.load_pem_x509_certificates(chain.read_bytes())
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)


async def test_certbot_preferred_chain(site: Site, other_root: x509.Certificate) -> None:
    await site.succeed(
        *test_certbot.certbot(site, "certonly"),
        *test_certbot.registration(site.customer.eab),
        *test_certbot.http(site, NAME),
        f"--preferred-chain={common_name(other_root)}",
    )
    assert_leads_to(other_root, test_certbot.live(site, NAME) / "fullchain.pem")


async def test_lego_preferred_chain(site: Site, other_root: x509.Certificate) -> None:
    await site.succeed(
        *test_lego.lego(site, *test_lego.http(site)),
        "run",
        f"--preferred-chain={common_name(other_root)}",
    )
    assert_leads_to(other_root, test_lego.certificate(site, NAME))
