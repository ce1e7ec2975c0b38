"""Finalize and download: the certificate a client gets (RFC 8555 §7.4)."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.support.acme_client import AcmeClient, base64url, make_csr
from tests.support.csrs import csr, of_version
from tests.support.lint import assert_lints_clean


async def download(client: AcmeClient, order: dict[str, Any]) -> list[x509.Certificate]:
    """The chain of a valid order; its leaf is linted."""
    answer = await client.post(order["certificate"])
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/pem-certificate-chain"
    chain = x509.load_pem_x509_certificates(answer.body)
    assert_lints_clean(chain[0].public_bytes(Encoding.DER))
    return chain


async def test_a_ready_order_gives_a_certificate_for_exactly_its_names(
    client: AcmeClient, customer: Customer, ready_order: ReadyOrder, gateway: Any
) -> None:
    await customer.buy("b.example.net")
    order = await ready_order(NAME, "b.example.net")
    key = ec.generate_private_key(ec.SECP256R1())
    answer = await client.finalize(order, make_csr([NAME, "b.example.net"], key))
    assert (answer.status, answer.json["status"]) == (200, "valid")
    assert answer.headers["Location"] == order["url"]
    leaf, *chain = await download(client, answer.json)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert sorted(names.get_values_for_type(x509.DNSName)) == ["b.example.net", NAME]
    assert leaf.public_key() == key.public_key()
    root = x509.load_pem_x509_certificate(gateway.root_pem.read_bytes())
    leaf.verify_directly_issued_by(chain[0])
    chain[-1].verify_directly_issued_by(root)


async def test_it_starts_an_hour_ago_and_lasts_ninety_days_by_the_business_clock(
    client: AcmeClient, ready_order: ReadyOrder
) -> None:
    """Visitors' clocks may be slow; the hour is a part of the ninety days."""
    order = await ready_order()
    finalized = (await client.finalize(order, make_csr([NAME]))).json
    leaf = (await download(client, finalized))[0]
    assert leaf.not_valid_before_utc == datetime(2025, 1, 10, 14, 30, tzinfo=UTC)
    assert leaf.not_valid_after_utc == datetime(2025, 4, 10, 14, 29, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("members", "begins", "ends"),
    [
        ({"notAfter": "2025-04-10T15:29:59Z"}, "2025-01-10T15:30:00", "2025-04-10T15:29:59"),
        ({"notAfter": "2025-04-10T15:00:00Z"}, "2025-01-10T15:00:01", "2025-04-10T15:00:00"),
        ({"notBefore": "2025-01-10T15:30:00Z"}, "2025-01-10T15:30:00", "2025-04-10T15:29:59"),
        ({"notBefore": "2025-01-10T14:45:00Z"}, "2025-01-10T14:45:00", "2025-04-10T14:44:59"),
    ],
    ids=["the longest life", "nearly the longest", "from now", "from earlier"],
)
async def test_dates_that_were_asked_for_are_kept(
    client: AcmeClient,
    ready_order: ReadyOrder,
    members: dict[str, str],
    begins: str,
    ends: str,
) -> None:
    finalized = (await client.finalize(await ready_order(**members), make_csr([NAME]))).json
    leaf = (await download(client, finalized))[0]
    shown = [leaf.not_valid_before_utc, leaf.not_valid_after_utc]
    assert [each.isoformat().removesuffix("+00:00") for each in shown] == [begins, ends]


@pytest.mark.parametrize("version", [1, 2])
async def test_csrs_of_old_clients_are_certified(
    client: AcmeClient, ready_order: ReadyOrder, version: int
) -> None:
    """`acme` 1.21.0, Ruby's OpenSSL: another version, an empty common name, a dot at the end."""
    key = ec.generate_private_key(ec.SECP256R1())
    order = await ready_order()
    sound = csr([f"{NAME.upper()}."], signer=key, common_name="")
    answer = await client.finalize(order, of_version(version, sound, signer=key))
    assert (answer.status, answer.json["status"]) == (200, "valid"), answer.body
    assert (await download(client, answer.json))[0].public_key() == key.public_key()
    again = await client.finalize(order, csr([NAME], signer=key))
    assert (again.status, again.json["status"]) == (200, "valid")


async def test_a_shorter_life_can_be_asked_for(client: AcmeClient, ready_order: ReadyOrder) -> None:
    order = await ready_order(notAfter="2025-01-20T00:00:00Z")
    assert order["notAfter"] == "2025-01-20T00:00:00Z"
    finalized = (await client.finalize(order, make_csr([NAME]))).json
    leaf = (await download(client, finalized))[0]
    assert leaf.not_valid_after_utc == datetime(2025, 1, 20, tzinfo=UTC)


async def test_finalizing_twice_gives_one_certificate(
    client: AcmeClient, ready_order: ReadyOrder, gateway: Any
) -> None:
    order = await ready_order()
    csr = make_csr([NAME])
    answers = await asyncio.gather(*(client.finalize(order, csr) for _ in range(5)))
    assert {answer.status for answer in answers} == {200}
    finished = await client.settled(order["url"], pending=("processing",))
    assert finished["status"] == "valid"
    assert await gateway.pool.fetchval("SELECT count(*) FROM ca.certificate") == 1
    again = await client.finalize(order, csr)
    assert again.json["certificate"] == finished["certificate"]


async def test_finalizing_a_valid_order_with_another_key_is_refused(
    client: AcmeClient, ready_order: ReadyOrder
) -> None:
    order = await ready_order()
    assert (await client.finalize(order, make_csr([NAME]))).status == 200
    answer = await client.finalize(order, make_csr([NAME]))
    assert (answer.status, answer.problem) == (403, "orderNotReady")


async def test_finalizing_a_pending_order_is_refused(client: AcmeClient) -> None:
    order = (await client.new_order(NAME)).json
    answer = await client.finalize(order, make_csr([NAME]))
    assert (answer.status, answer.problem) == (403, "orderNotReady")


def _csr_with_wrong_signature() -> bytes:
    csr = bytearray(make_csr([NAME]))
    csr[-1] ^= 1
    return bytes(csr)


@pytest.mark.parametrize(
    "csr",
    [
        b"",
        b"\x30\x00",
        make_csr(["other.example.com"]),
        make_csr([NAME, "other.example.com"]),
        make_csr([]),
        make_csr([NAME], common_name="other.example.com"),
        make_csr([NAME], rsa.generate_private_key(65537, 1024)),
        make_csr([NAME], ec.generate_private_key(ec.SECP224R1())),
        _csr_with_wrong_signature(),
    ],
    ids=["empty", "junk", "wrong", "extra", "none", "cn", "rsa 1024", "p-224", "signature"],
)
async def test_a_csr_that_does_not_fit_is_a_bad_csr_and_the_order_stays_ready(
    client: AcmeClient, ready_order: ReadyOrder, csr: bytes
) -> None:
    order = await ready_order()
    answer = await client.finalize(order, csr)
    assert (answer.status, answer.problem) == (400, "badCSR")
    assert (await client.post(order["url"])).json["status"] == "ready"
    assert (await client.finalize(order, make_csr([NAME]))).json["status"] == "valid"


async def test_the_account_key_cannot_be_certified(
    client: AcmeClient, ready_order: ReadyOrder
) -> None:
    order = await ready_order()
    answer = await client.finalize(order, make_csr([NAME], client.signer.key))
    assert (answer.status, answer.problem) == (400, "badCSR")
    assert "account key" in answer.detail


@pytest.mark.parametrize("payload", [{}, {"csr": 1}, {"csr": "!!"}, {"csr": None}, None])
async def test_a_finalize_without_csr_is_malformed(
    client: AcmeClient, ready_order: ReadyOrder, payload: Any
) -> None:
    order = await ready_order()
    answer = await client.post(order["finalize"], payload)
    assert (answer.status, answer.problem) == (400, "malformed")


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["P-384", "RSA 2048"],
)
async def test_usual_certificate_keys_are_accepted(
    client: AcmeClient, ready_order: ReadyOrder, key: Any
) -> None:
    order = await ready_order()
    finalized = (await client.finalize(order, make_csr([NAME], key, common_name=NAME))).json
    leaf = (await download(client, finalized))[0]
    assert leaf.public_key() == key.public_key()


async def test_every_offered_profile_issues_within_its_length(
    client: AcmeClient, ready_order: ReadyOrder
) -> None:
    profiles = (await client.request("GET", client.directory_url)).json["meta"]["profiles"]
    for profile in profiles:
        order = await ready_order(profile=profile)
        finalized = (await client.finalize(order, make_csr([NAME]))).json
        leaf = (await download(client, finalized))[0]
        life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
        assert life.days < 90
        if profile == "shortlived":
            assert life.days < 7


async def test_a_certificate_belongs_to_its_account(
    client: AcmeClient, customer: Customer, ready_order: ReadyOrder, new_client: Any
) -> None:
    order = await ready_order()
    finalized = (await client.finalize(order, make_csr([NAME]))).json
    other = new_client()
    await other.register(customer.eab)
    assert (await other.post(finalized["certificate"])).status == 404


async def test_the_certificate_is_on_record_before_the_client_sees_it(
    client: AcmeClient, ready_order: ReadyOrder, gateway: Any
) -> None:
    order = await ready_order()
    finalized = (await client.finalize(order, make_csr([NAME]))).json
    leaf = (await download(client, finalized))[0]
    row = await gateway.pool.fetchrow("SELECT * FROM ca.certificate")
    assert int(row["serial"], 16) == leaf.serial_number
    assert row["names"] == [NAME]
    event = await gateway.pool.fetchrow(
        "SELECT * FROM audit.event WHERE action = 'certificate.issued'"
    )
    assert event["subject"] == row["serial"]


def test_the_test_csr_is_what_openssl_style_clients_send() -> None:
    csr = x509.load_der_x509_csr(make_csr([NAME], common_name=NAME))
    assert csr.is_signature_valid
    assert csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == NAME
    assert isinstance(csr.signature_hash_algorithm, SHA256)
    assert base64url(b"\xff\xfe") == "__4"
