"""Which CSRs may finish an order (RFC 8555 §7.4), and what the others are told."""

import subprocess
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA224, SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from gateway.ca.csr import check_csr
from gateway.errors import BadCsr
from tests.support.csrs import csr, key

ACCOUNT = key("P-256").public_key()
OTHER = key("P-384")
UNREADABLE = "The CSR cannot be read as a DER-encoded PKCS #10 request."
UNSIGNED = "The signature of the CSR does not match its key."
WRONG_NAMES = "The CSR must have exactly the names of the order."
WRONG_KEY = "Only RSA (rsaEncryption) and elliptic curve keys can be certified."
WRONG_HASH = "The CSR must be signed with SHA-256, SHA-384 or SHA-512."
NOT_DNS = "The CSR may ask for DNS names only, and no other kinds of names."


def encoded(public_key: Any) -> bytes:
    spki: bytes = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return spki


def made(names: list[str | x509.GeneralName] | None = None, **options: Any) -> bytes:
    """Not signed with the account's key, unless told so."""
    return csr(names if names is not None else ["example.com"], **{"signer": OTHER, **options})


def refusal(der: bytes, ordered: list[str] | None = None) -> str:
    with pytest.raises(BadCsr) as raised:
        check_csr(der, ordered or ["example.com"], ACCOUNT)
    return raised.value.detail


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ordered", "alternative", "common_name"),
    [
        (["example.com"], ["example.com"], None),
        (["example.com"], ["EXAMPLE.com"], None),
        (["example.com"], ["example.com"], "Example.COM"),
        (["example.com"], [], "example.com"),
        (["a.example", "b.example"], ["b.example", "a.example"], None),
        (["a.example", "b.example"], ["b.example"], "a.example"),
        (["a.example"], ["a.example", "a.example"], "a.example"),
        (["*.a.example", "a.example"], ["a.example", "*.a.example"], "*.a.example"),
    ],
)
def test_the_names_of_the_order_are_asked_for_either_way(
    ordered: list[str], alternative: list[str | x509.GeneralName], common_name: str | None
) -> None:
    """In the subject alternative name, the common name, or both; case and repetition are free."""
    check_csr(made(alternative, common_name=common_name), ordered, ACCOUNT)


@pytest.mark.parametrize(
    ("ordered", "alternative", "common_name", "told"),
    [
        (["a.example"], ["b.example"], None, "Missing: a.example. Not ordered: b.example."),
        (["a.example", "b.example"], ["a.example"], None, "Missing: b.example."),
        (["a.example"], ["a.example", "b.example"], None, "Not ordered: b.example."),
        (["a.example"], ["a.example"], "b.example", "Not ordered: b.example."),
        (["a.example"], ["a.example"], "My Server", "Not ordered: my server."),
        (["a.example"], [], None, "Missing: a.example."),
        (["*.a.example"], ["a.example"], None, "Missing: *.a.example. Not ordered: a.example."),
        (["a.example"], ["a.example."], None, "Missing: a.example. Not ordered: a.example.."),
        (
            [f"{letter}.example" for letter in "abcdefg"],
            ["h.example"],
            None,
            "Missing: a.example, b.example, c.example, d.example, e.example and 2 more. "
            "Not ordered: h.example.",
        ),
    ],
)
def test_other_names_are_refused_by_name(
    ordered: list[str],
    alternative: list[str | x509.GeneralName],
    common_name: str | None,
    told: str,
) -> None:
    der = made(alternative, common_name=common_name)
    assert refusal(der, ordered) == f"{WRONG_NAMES} {told}"


@pytest.mark.parametrize(
    "name",
    [
        x509.IPAddress(ip_address("192.0.2.1")),
        x509.RFC822Name("a@example.com"),
        x509.UniformResourceIdentifier("https://example.com"),
        x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
        x509.DirectoryName(x509.Name([])),
        x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"),
    ],
    ids=lambda name: type(name).__name__,
)
def test_only_dns_names_can_be_asked_for(name: x509.GeneralName) -> None:
    assert refusal(made(["example.com", name])) == NOT_DNS


def test_what_else_a_csr_asks_for_is_ignored() -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    for extension in (
        x509.SubjectAlternativeName([x509.DNSName("example.com")]),
        x509.BasicConstraints(True, None),
        x509.TLSFeature([x509.TLSFeatureType.status_request]),
    ):
        builder = builder.add_extension(extension, critical=True)
    der = builder.sign(OTHER, SHA256()).public_bytes(Encoding.DER)
    check_csr(der, ["example.com"], ACCOUNT)


# --- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA-2048", "RSA-3072", "RSA-4096"])
def test_the_key_to_certify_is_that_of_the_csr(kind: str) -> None:
    account = ed25519.Ed25519PrivateKey.generate().public_key()
    found = check_csr(csr(signer=key(kind)), ["example.com"], account)
    assert encoded(found) == encoded(key(kind).public_key())


def test_the_account_key_is_not_certified() -> None:
    """RFC 8555 §11.1."""
    der = csr(signer=key("P-256"))
    told = "The key of the CSR is the account key; make another key for certificates."
    assert refusal(der) == told
    check_csr(der, ["example.com"], OTHER.public_key())


@pytest.mark.parametrize(
    ("signer", "told"),
    [
        (lambda: key("P-224"), "The curve secp224r1 is not accepted; use P-256 or P-384."),
        (lambda: key("P-521"), "The curve secp521r1 is not accepted; use P-256 or P-384."),
        (lambda: key("RSA-1024"), "The RSA key has 1024 bits; use 2048, 3072 or 4096."),
        (
            lambda: rsa.generate_private_key(3, 2048),
            "The exponent of the RSA key is not accepted; use 65537.",
        ),
    ],
    ids=["P-224", "P-521", "RSA-1024", "exponent 3"],
)
def test_weak_keys_are_refused(signer: Callable[[], Any], told: str) -> None:
    assert refusal(made(signer=signer())) == told


def test_keys_of_other_kinds_are_refused() -> None:
    signer = ed25519.Ed25519PrivateKey.generate()
    assert refusal(made(signer=signer, hash_algorithm=None)) == WRONG_KEY


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"], "brainpoolP256r1"),
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "secp256k1"),
        (["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], "rsaEncryption"),
    ],
    ids=["brainpool", "secp256k1", "RSA-PSS key"],
)
def test_keys_of_openssl_that_are_refused(tmp_path: Path, options: list[str], told: str) -> None:
    openssl(tmp_path, "genpkey", *options, "-out", "key.pem")
    assert told in refusal(request_by_openssl(tmp_path))


# --- signatures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [SHA256(), SHA384(), SHA512()], ids=lambda a: a.name)
@pytest.mark.parametrize("kind", ["P-384", "RSA-2048"])
def test_signatures_with_sha_2_are_accepted(kind: str, algorithm: Any) -> None:
    check_csr(made(signer=key(kind), hash_algorithm=algorithm), ["example.com"], ACCOUNT)


def test_pss_signatures_are_accepted() -> None:
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    check_csr(made(signer=key("RSA-2048"), rsa_padding=pss), ["example.com"], ACCOUNT)


def test_short_hashes_are_refused() -> None:
    assert refusal(made(hash_algorithm=SHA224())) == WRONG_HASH


@pytest.mark.parametrize("digest", ["-md5", "-sha1"])
def test_broken_hashes_are_refused(tmp_path: Path, digest: str) -> None:
    openssl(tmp_path, "genpkey", "-algorithm", "RSA", "-out", "key.pem")
    assert refusal(request_by_openssl(tmp_path, digest)) == WRONG_HASH


def test_a_signature_by_another_key_is_refused() -> None:
    """Who asks must hold the key: that is what the signature of a CSR is for."""
    der = made(signer=key("RSA-2048"))
    other = rsa.generate_private_key(65537, 2048).public_key()
    mine, theirs = encoded(key("RSA-2048").public_key()), encoded(other)
    assert der.count(mine) == 1
    assert refusal(der.replace(mine, theirs)) == UNSIGNED


# --- bytes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x00",
        b"\x30\x00",
        b"MIIB",
        made() + b"\x00",
        made()[:-1],
        b"\x30\x84\xff\xff\xff\xff",
    ],
    ids=["empty", "zero", "empty sequence", "base64", "trailing", "cut", "endless"],
)
def test_bytes_that_are_no_csr_are_refused(der: bytes) -> None:
    assert refusal(der) == UNREADABLE


def test_pem_is_refused() -> None:
    pem = x509.load_der_x509_csr(made()).public_bytes(Encoding.PEM)
    assert refusal(pem) == UNREADABLE


SOUND = [
    (
        made(["example.com", "*.example.com"], common_name="example.com"),
        "example.com *.example.com",
    ),
    (made(["example.com"], signer=key("RSA-2048")), "example.com"),
]
SEEDS = [
    *(der for der, _ in SOUND),
    made(["example.com", x509.IPAddress(ip_address("::1")), x509.RFC822Name("a@example.com")]),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real CSR with a few bytes changed, dropped or put in."""
    der = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(der) - 1))
        end = start + draw(st.integers(0, 3))
        der[start:end] = draw(st.binary(max_size=3))
    return bytes(der)


@given(st.one_of(mutated(), st.binary(max_size=64)))
def test_no_bytes_raise_anything_but_bad_csr(der: bytes) -> None:
    if der in SEEDS:
        return
    with pytest.raises(BadCsr) as raised:
        check_csr(der, ["never.example"], ACCOUNT)
    assert raised.value.detail.endswith(".")


@given(st.sampled_from(SOUND), st.data())
def test_no_changed_byte_of_what_is_signed_goes_unnoticed(
    sound: tuple[bytes, str], data: st.DataObject
) -> None:
    der, names = sound
    check_csr(der, names.split(), ACCOUNT)
    signed = x509.load_der_x509_csr(der).tbs_certrequest_bytes
    position = der.index(signed) + data.draw(st.integers(0, len(signed) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != der[position]))
    with pytest.raises(BadCsr):
        check_csr(der[:position] + bytes([value]) + der[position + 1 :], names.split(), ACCOUNT)


def openssl(directory: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


def request_by_openssl(directory: Path, *options: str) -> bytes:
    """A CSR for example.com, signed with key.pem."""
    subject = ["-subj", "/CN=example.com", "-outform", "DER", "-out", "request.der"]
    openssl(directory, "req", "-new", "-key", "key.pem", *subject, *options)
    return (directory / "request.der").read_bytes()
