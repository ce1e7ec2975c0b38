"""Which CSRs may finish an order (RFC 8555 §7.4), and the messages for the others."""

import subprocess
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA224, SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.name import _ASN1Type
from hypothesis import given
from hypothesis import strategies as st

from gateway.ca.csr import check_csr
from gateway.ca.pkcs10 import public_key_of
from gateway.errors.acme import BadCsr
from tests.support.csrs import changed, csr, key, of_version

ACCOUNT = key("P-256").public_key()
OTHER = key("P-384")
TWICE = "The CSR has the extension 2.5.29.17 twice."
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
    """Not signed with the account's key, unless asked to."""
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
        (["a.example"], ["a.example."], None),
        (["a.example"], ["A.Example."], "a.example."),
        (["a.example"], ["a.example"], ""),
    ],
)
def test_the_names_of_the_order_are_asked_for_either_way(
    ordered: list[str], alternative: list[str | x509.GeneralName], common_name: str | None
) -> None:
    """In the subject alternative name, the common name, or both; case and repetition are free."""
    check_csr(made(alternative, common_name=common_name), ordered, ACCOUNT)


@pytest.mark.parametrize(
    ("ordered", "alternative", "common_name", "message"),
    [
        (["a.example"], ["b.example"], None, "Missing: a.example. Not ordered: b.example."),
        (["a.example", "b.example"], ["a.example"], None, "Missing: b.example."),
        (["a.example"], ["a.example", "b.example"], None, "Not ordered: b.example."),
        (["a.example"], ["a.example"], "b.example", "Not ordered: b.example."),
        (["a.example"], ["a.example"], "My Server", "Not ordered: my server."),
        (["a.example"], [], None, "Missing: a.example."),
        (["*.a.example"], ["a.example"], None, "Missing: *.a.example. Not ordered: a.example."),
        (["a.example"], ["a.example.."], None, "Missing: a.example. Not ordered: a.example..."),
        (["a.example"], ["a.example", ""], None, "Not ordered: ."),
        (
            ["xn--bcher-kva.example"],
            [],
            "bücher.example",
            "Missing: xn--bcher-kva.example. Not ordered: bücher.example.",
        ),
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
    message: str,
) -> None:
    der = made(alternative, common_name=common_name)
    assert refusal(der, ordered) == f"{WRONG_NAMES} {message}"


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


@pytest.mark.parametrize(
    "malformed", [x509.BasicConstraints(True, None), x509.KeyUsage(*[True] * 9)]
)
def test_a_malformed_extension_that_is_not_about_names_is_ignored(malformed: Any) -> None:
    value = malformed.public_bytes()
    der = requested(malformed, x509.SubjectAlternativeName([x509.DNSName("example.com")]))
    der = changed(der, value, b"\x0c" + value[1:], signer=OTHER)
    check_csr(der, ["example.com"], ACCOUNT)
    assert refusal(der, ["example.net"]).startswith(WRONG_NAMES)


def test_alternative_names_that_cannot_be_read_are_refused() -> None:
    malformed = changed(made(), b"\x82\x0bexample", b"\x82\x0cexample", signer=OTHER)
    assert refusal(malformed) == "The extensions that the CSR asks for cannot be read."
    not_ascii = changed(made(), b"\x82\x0bexample", b"\x82\x0bexampl\xe9", signer=OTHER)
    message = "The CSR asks for a DNS name that is not ASCII; send its A-labels (xn--)."
    assert refusal(not_ascii) == message


def test_the_same_extension_twice_is_refused() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("example.com")])
    other = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.99"), names.public_bytes())
    der = changed(
        requested(names, other), b"\x06\x03\x55\x1d\x63", b"\x06\x03\x55\x1d\x11", signer=OTHER
    )
    assert refusal(der) == TWICE


def test_the_extension_request_of_microsoft_is_understood() -> None:
    """1.3.6.1.4.1.311.2.1.14, written before there was one of PKCS #9."""
    [attribute] = x509.load_der_x509_csr(made()).attributes
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_attribute(
            x509.ObjectIdentifier("1.3.6.1.4.1.311.2.1.14"),
            attribute.value,
            _tag=_ASN1Type.OctetString,
        )
    )
    text = asn1.encode_der(attribute.value)
    der = builder.sign(OTHER, SHA256()).public_bytes(Encoding.DER)
    check_csr(changed(der, text, b"\x30" + text[1:], signer=OTHER), ["example.com"], ACCOUNT)


def test_more_names_than_an_order_can_have_are_not_compared() -> None:
    ordered = [f"{number}.example.com" for number in range(100)]
    der = made([f"{number}.net" for number in range(201)])
    assert refusal(der, ordered) == "The CSR asks for 201 names; 200 are the most."


def test_a_csr_is_not_much_longer_than_its_names_need() -> None:
    der = made(["a.example"] * 2000)
    assert refusal(der) == f"The CSR has {len(der)} bytes; 8249 must do for the names of the order."
    longest = [f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{number:060}.example" for number in range(100)]
    check_csr(made([*longest], signer=key("RSA-4096")), longest, ACCOUNT)


# --- versions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("kind", ["P-384", "RSA-2048"])
def test_a_request_of_another_version_is_read_like_any(kind: str, version: int) -> None:
    """As `acme` 1.21.0 (certbot) and clients in Ruby write it."""
    signer = key(kind)
    der = of_version(version, made(signer=signer, common_name="example.com"), signer=signer)
    with pytest.raises(x509.InvalidVersion):
        x509.load_der_x509_csr(der)
    assert encoded(check_csr(der, ["example.com"], ACCOUNT)) == encoded(signer.public_key())
    assert encoded(public_key_of(der)) == encoded(signer.public_key())


def test_its_signature_is_over_the_bytes_that_were_sent() -> None:
    der = of_version(2, made(signer=OTHER), signer=OTHER)
    assert refusal(der.replace(b"\x02\x01\x02", b"\x02\x01\x01", 1)) == UNSIGNED
    assert refusal(der.replace(b"\x02\x01\x02", b"\x02\x01\x00", 1)) == UNSIGNED
    assert refusal(made().replace(b"\x02\x01\x00", b"\x02\x01\x02", 1)) == UNSIGNED
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    signer = key("RSA-2048")
    der = made(signer=signer, rsa_padding=pss)
    check_csr(of_version(1, der, signer=signer, pss=pss), ["example.com"], ACCOUNT)
    assert refusal(of_version(1, der, signer=signer)) == UNSIGNED


def test_a_version_that_nobody_writes_is_refused() -> None:
    message = "The CSR says that its version is 3; it must be 0."
    assert refusal(of_version(3, made(signer=OTHER), signer=OTHER)) == message


def test_other_faults_are_reported_in_every_version() -> None:
    der = of_version(1, made(["example.net"], signer=OTHER), signer=OTHER)
    assert refusal(der) == f"{WRONG_NAMES} Missing: example.com. Not ordered: example.net."
    assert refusal(der + b"\0").startswith("The CSR ends after")
    assert refusal(of_version(1, csr(), signer=None)) == (
        "The key of the CSR is the account key; make another key for certificates."
    )


# --- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA-2048", "RSA-3072", "RSA-4096"])
def test_the_key_to_certify_is_that_of_the_csr(kind: str) -> None:
    account = ed25519.Ed25519PrivateKey.generate().public_key()
    found = check_csr(csr(signer=key(kind)), ["example.com"], account)
    assert encoded(found) == encoded(key(kind).public_key())


def test_the_account_key_is_not_certified() -> None:
    """RFC 8555 §11.1."""
    der = csr(signer=key("P-256"))
    message = "The key of the CSR is the account key; make another key for certificates."
    assert refusal(der) == message
    check_csr(der, ["example.com"], OTHER.public_key())


@pytest.mark.parametrize(
    ("signer", "message"),
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
def test_weak_keys_are_refused(signer: Callable[[], Any], message: str) -> None:
    assert refusal(made(signer=signer())) == message


def test_keys_of_other_kinds_are_refused() -> None:
    signer = ed25519.Ed25519PrivateKey.generate()
    assert refusal(made(signer=signer, hash_algorithm=None)) == WRONG_KEY


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"], "brainpoolP256r1"),
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "secp256k1"),
        (["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], "rsaEncryption"),
    ],
    ids=["brainpool", "secp256k1", "RSA-PSS key"],
)
def test_keys_of_openssl_that_are_refused(tmp_path: Path, options: list[str], message: str) -> None:
    openssl(tmp_path, "genpkey", *options, "-out", "key.pem")
    assert message in refusal(request_by_openssl(tmp_path))


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
        made()[:-1],
        b"\x30\x84\xff\xff\xff\xff",
    ],
    ids=["empty", "zero", "empty sequence", "base64", "cut", "endless"],
)
def test_bytes_that_are_no_csr_are_refused(der: bytes) -> None:
    assert refusal(der) == UNREADABLE


def test_pem_is_refused() -> None:
    pem = x509.load_der_x509_csr(made()).public_bytes(Encoding.PEM)
    assert refusal(pem) == "The CSR is PEM; send its DER, base64url-encoded."


def test_what_follows_the_request_is_refused() -> None:
    der = made()
    assert refusal(der + b"\0") == f"The CSR ends after {len(der)} bytes, and others follow it."


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


def requested(*extensions: Any) -> bytes:
    """A CSR that asks for just these extensions."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(OTHER, SHA256()).public_bytes(Encoding.DER)


def openssl(directory: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


def request_by_openssl(directory: Path, *options: str) -> bytes:
    """A CSR for example.com, signed with key.pem."""
    subject = ["-subj", "/CN=example.com", "-outform", "DER", "-out", "request.der"]
    openssl(directory, "req", "-new", "-key", "key.pem", *subject, *options)
    return (directory / "request.der").read_bytes()
