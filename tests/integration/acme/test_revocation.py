"""revokeCert: who may revoke, with which reasons, and the entry in the CRL (RFC 8555 §7.6)."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.support.acme_client import AcmeClient, Answer, Signer, base64url, make_csr
from tests.support.challenge_server import ChallengeServer
from tests.support.gateway import CRL_URL

NewClient = Callable[..., AcmeClient]


class Issued:
    """A certificate, its key, and the ways to ask for its revocation."""

    def __init__(self, client: AcmeClient, leaf: x509.Certificate, key: Any) -> None:
        self.client = client
        self.leaf = leaf
        self.key = key
        self.der = leaf.public_bytes(Encoding.DER)

    async def revoke(self, client: AcmeClient | None = None, **members: Any) -> Answer:
        client = client or self.client
        payload = {"certificate": base64url(self.der), **members}
        return await client.post(await client.url("revokeCert"), payload)

    async def revoke_with_key(self, key: Any, **members: Any) -> Answer:
        client = AcmeClient(self.client.session, self.client.directory_url, Signer(key))
        return await self.revoke(client, **members)


@pytest.fixture
async def issued(client: AcmeClient, ready_order: ReadyOrder) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    finalized = (await client.finalize(await ready_order(), make_csr([NAME], key))).json
    chain = (await client.post(finalized["certificate"])).body
    return Issued(client, x509.load_pem_x509_certificates(chain)[0], key)


async def crl(gateway: Any, leaf: x509.Certificate) -> x509.CertificateRevocationList:
    """The CRL that the certificate itself points to, from where this gateway serves it."""
    points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    [name] = points[0].full_name or []
    url = name.value.replace(CRL_URL, gateway.plain_url)
    async with gateway.session.get(url) as response:
        assert response.status == 200
        return x509.load_der_x509_crl(await response.read())


async def test_the_account_that_ordered_it_revokes_and_the_crl_tells(
    issued: Issued, gateway: Any
) -> None:
    before = await crl(gateway, issued.leaf)
    assert before.get_revoked_certificate_by_serial_number(issued.leaf.serial_number) is None
    answer = await issued.revoke(reason=4)
    assert (answer.status, answer.body) == (200, b"")
    after = await crl(gateway, issued.leaf)
    entry = after.get_revoked_certificate_by_serial_number(issued.leaf.serial_number)
    assert entry is not None
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason == x509.ReasonFlags.superseded


async def test_a_second_time_it_is_already_revoked(issued: Issued) -> None:
    assert (await issued.revoke()).status == 200
    for answer in (await issued.revoke(), await issued.revoke_with_key(issued.key)):
        assert (answer.status, answer.problem) == (400, "alreadyRevoked")


async def test_the_key_of_the_certificate_revokes_without_an_account(issued: Issued) -> None:
    assert (await issued.revoke_with_key(issued.key)).status == 200


async def test_another_key_or_account_does_not(
    issued: Issued, customer: Customer, new_client: NewClient
) -> None:
    other = new_client()
    await other.register(customer.eab)
    answers = (await issued.revoke_with_key(Signer().key), await issued.revoke(other))
    for answer in answers:
        assert (answer.status, answer.problem) == (403, "unauthorized")


async def test_an_account_with_authorizations_for_all_names_does(
    issued: Issued, customer: Customer, new_client: NewClient, web: ChallengeServer, gateway: Any
) -> None:
    other = new_client()
    await other.register(customer.eab)
    [authorization] = (await other.new_order(NAME)).json["authorizations"]
    await web.prove(other, authorization)
    assert (await other.settled(authorization))["status"] == "valid"
    await gateway.advance(31 * 86400)
    assert (await issued.revoke(other)).problem == "unauthorized"  # the authorization has expired
    await gateway.advance(-31 * 86400)
    assert (await issued.revoke(other)).status == 200


@pytest.mark.parametrize("reason", [2, 6, 7, 8, 9, 10, 11, -1])
async def test_reasons_that_are_not_the_subscribers_to_give_are_refused(
    issued: Issued, reason: int
) -> None:
    answer = await issued.revoke(reason=reason)
    assert (answer.status, answer.problem) == (400, "badRevocationReason")
    assert (await issued.revoke(reason=1)).status == 200


@pytest.mark.parametrize(
    "payload", [{}, {"certificate": "!"}, {"certificate": "AAAA"}, {"certificate": 1}, None]
)
async def test_what_is_no_certificate_is_malformed(client: AcmeClient, payload: Any) -> None:
    answer = await client.post(await client.url("revokeCert"), payload)
    assert (answer.status, answer.problem) == (400, "malformed")


async def test_a_certificate_of_somebody_else_is_not_found(
    client: AcmeClient, gateway: Any
) -> None:
    root = x509.load_pem_x509_certificate(gateway.root_pem.read_bytes())
    payload = {"certificate": base64url(root.public_bytes(Encoding.DER))}
    answer = await client.post(await client.url("revokeCert"), payload)
    assert (answer.status, answer.problem) == (404, "malformed")


async def test_a_compromised_key_is_never_certified_again(
    issued: Issued, client: AcmeClient, ready_order: ReadyOrder
) -> None:
    second = (await client.finalize(await ready_order(), make_csr([NAME], issued.key))).json
    assert (await issued.revoke_with_key(issued.key, reason=1)).status == 200
    order = await ready_order()
    answer = await client.finalize(order, make_csr([NAME], issued.key))
    assert (answer.status, answer.problem) == (400, "badCSR")
    assert "compromised" in answer.detail
    assert (await client.finalize(order, make_csr([NAME]))).json["status"] == "valid"
    chain = x509.load_pem_x509_certificates((await client.post(second["certificate"])).body)
    other = Issued(client, chain[0], issued.key)
    assert (await other.revoke()).problem == "alreadyRevoked"  # all certificates of the key went
