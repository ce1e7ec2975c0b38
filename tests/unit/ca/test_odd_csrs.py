"""CSRs that clients encode oddly: errors in unused parts do not matter (RFC 8555 §7.4)."""

import subprocess
from contextlib import suppress
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.ca.csr import check_csr
from gateway.ca.der import element, parts
from gateway.ca.pkcs10 import public_key_of
from gateway.errors.acme import BadCsr
from tests.support.csrs import key

NAME = b"example.com"
NULL = b"\x05\x00"
EC_KEY, RSA_KEY = key("P-384"), key("RSA-2048")


def sequence(*members: bytes) -> bytes:
    return element(0x30, b"".join(members))


def set_of(*members: bytes) -> bytes:
    return element(0x31, b"".join(members))


def oid(dotted: str) -> bytes:
    return asn1.encode_der(x509.ObjectIdentifier(dotted))


ECDSA = oid("1.2.840.10045.4.3.2")
RSA = oid("1.2.840.113549.1.1.11")
ED25519 = oid("1.3.101.112")
COMMON_NAME, ORGANIZATION, COUNTRY = oid("2.5.4.3"), oid("2.5.4.10"), oid("2.5.4.6")
UTF8, PRINTABLE, T61, IA5, BMP = 0x0C, 0x13, 0x14, 0x16, 0x1E
PASSWORD = sequence(oid("1.2.840.113549.1.9.7"), set_of(element(PRINTABLE, b"secret")))
MICROSOFT = sequence(oid("1.3.6.1.4.1.311.13.2.3"), set_of(element(IA5, b"10.0.1")))


def relative(kind: bytes, text: bytes, tag: int = UTF8) -> bytes:
    return set_of(sequence(kind, element(tag, text)))


CN = relative(COMMON_NAME, NAME)


def extension(dotted: str, value: bytes, critical: bytes = b"") -> bytes:
    return sequence(oid(dotted), critical, element(0x04, value))


def alternative(*names: bytes, critical: bytes = b"") -> bytes:
    general = sequence(*(element(0x82, name) for name in names))
    return extension("2.5.29.17", general, critical)


def wanted(*extensions: bytes, kind: str = "1.2.840.113549.1.9.14") -> bytes:
    return sequence(oid(kind), set_of(sequence(*extensions)))


USAGE = extension("2.5.29.15", bytes.fromhex("030205a0"))
FALSE, TRUE = bytes.fromhex("010100"), bytes.fromhex("0101ff")


def request(
    *,
    subject: bytes = b"",
    attributes: bytes | None = wanted(alternative(NAME)),
    version: bytes = b"\0",
    algorithm: bytes | None = None,
    signer: Any = EC_KEY,
) -> bytes:
    """`attributes` = None leaves them out, though they are not optional."""
    spki = signer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    set_of_attributes = b"" if attributes is None else element(0xA0, attributes)
    info = sequence(element(0x02, version), sequence(subject), spki, set_of_attributes)
    if isinstance(signer, rsa.RSAPrivateKey):
        signature, usual = signer.sign(info, padding.PKCS1v15(), SHA256()), RSA + NULL
    elif isinstance(signer, ed25519.Ed25519PrivateKey):
        signature, usual = signer.sign(info), ED25519
    else:
        signature, usual = signer.sign(info, ec.ECDSA(SHA256())), ECDSA
    return sequence(info, sequence(algorithm or usual), element(0x03, b"\0" + signature))


ODD = {
    "no attributes at all": request(subject=CN, attributes=None),
    "no attributes in version 1": request(subject=CN, attributes=None, version=b"\1"),
    "an empty set of attributes": request(subject=CN, attributes=b""),
    "ECDSA with NULL": request(algorithm=ECDSA + NULL),
    "ECDSA with NULL in version 2": request(algorithm=ECDSA + NULL, version=b"\2"),
    "RSA without NULL": request(signer=RSA_KEY, algorithm=RSA),
    "RSA without NULL in version 1": request(signer=RSA_KEY, algorithm=RSA, version=b"\1"),
    "critical FALSE": request(attributes=wanted(alternative(NAME, critical=FALSE))),
    "critical TRUE": request(attributes=wanted(alternative(NAME, critical=TRUE))),
    "critical FALSE of another": request(
        attributes=wanted(extension("2.5.29.19", sequence(), FALSE), alternative(NAME))
    ),
    "names in the second extensionRequest": request(
        attributes=wanted(USAGE) + wanted(alternative(NAME))
    ),
    "names in the first extensionRequest": request(
        attributes=wanted(alternative(NAME)) + wanted(USAGE)
    ),
    "names in both extensionRequests": request(attributes=wanted(alternative(NAME)) * 2),
    "names in the one of Microsoft": request(
        attributes=wanted(USAGE) + wanted(alternative(NAME), kind="1.3.6.1.4.1.311.2.1.14")
    ),
    "an empty extensionRequest": request(attributes=wanted() + wanted(alternative(NAME))),
    "attributes in no order": request(attributes=MICROSOFT + wanted(alternative(NAME)) + PASSWORD),
    "an extension twice": request(attributes=wanted(USAGE, USAGE, alternative(NAME))),
    "a common name of one blank": request(subject=relative(COMMON_NAME, b" ")),
    "a common name of blanks": request(subject=relative(COMMON_NAME, b" \t ")),
    "an empty common name": request(subject=relative(COMMON_NAME, b"")),
    "a wide common name": request(
        subject=relative(COMMON_NAME, NAME.decode().encode("utf-16-be"), BMP), attributes=b""
    ),
    "a PrintableString that is none": request(subject=relative(ORGANIZATION, b"a@b", PRINTABLE)),
    "a T61String in Latin-1": request(subject=relative(ORGANIZATION, b"M\xfcller", T61)),
    "an IA5String in Latin-1": request(subject=relative(ORGANIZATION, b"M\xfcller", IA5)),
    "a long country": request(subject=relative(COUNTRY, b"DEU", PRINTABLE)),
    "an organization that is a bit string": request(subject=relative(ORGANIZATION, b"\0M", 0x03)),
}


@pytest.mark.parametrize("der", ODD.values(), ids=ODD)
def test_a_request_whose_key_names_and_signature_are_good_is_accepted(der: bytes) -> None:
    """As OpenSSL does, which verifies the signature of each."""
    check = ["openssl", "req", "-inform", "DER", "-verify", "-noout"]
    subprocess.run(check, input=der, check=True, capture_output=True)
    found = check_csr(der, [NAME.decode()], None)
    assert public_key_of(der).public_numbers() == found.public_numbers()  # type: ignore[union-attr]
    assert found in (EC_KEY.public_key(), RSA_KEY.public_key())


@pytest.mark.parametrize("der", ODD.values(), ids=ODD)
def test_its_names_are_compared_and_its_signature_is_verified_all_the_same(der: bytes) -> None:
    with pytest.raises(BadCsr, match="exactly the names"):
        check_csr(der, ["other.example"], None)
    forged = der[:-1] + bytes([der[-1] ^ 1])
    with pytest.raises(BadCsr, match="signature of the CSR does not match"):
        check_csr(forged, [NAME.decode()], None)


def test_names_of_every_extension_request_count() -> None:
    der = request(attributes=wanted(alternative(NAME)) + wanted(alternative(b"more.example")))
    check_csr(der, [NAME.decode(), "more.example"], None)
    with pytest.raises(BadCsr, match=r"Not ordered: more\.example"):
        check_csr(der, [NAME.decode()], None)


EC_SPKI = EC_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
REFUSED = {
    "The CSR says that its version is 3; it must be 0.": request(version=b"\3"),
    "The CSR says that its version is -1; it must be 0.": request(version=b"\xff"),
    "Only RSA (rsaEncryption) and elliptic curve keys can be certified.": request(
        signer=ed25519.Ed25519PrivateKey.generate()
    ),
    "The key, the signature algorithm or the signature of the CSR cannot be read.": sequence(
        sequence(element(0x02, b"\0"), sequence(), sequence()), sequence(ECDSA), b"\x03\x01\0"
    ),
    "The subject of the CSR cannot be read.": request(subject=set_of(sequence(COMMON_NAME))),
    "The common name of the CSR cannot be read.": request(
        subject=relative(COMMON_NAME, b"M\xfcller.example")
    ),
    "The extensions that the CSR asks for cannot be read.": request(
        attributes=wanted(sequence(oid("2.5.29.17")))
    ),
    "The CSR has the extension 2.5.29.17 twice.": request(
        attributes=wanted(alternative(NAME), alternative(NAME))
    ),
    "The CSR asks for a DNS name that is not ASCII; send its A-labels (xn--).": request(
        attributes=wanted(alternative(b"m\xfcller.example"))
    ),
    "The CSR cannot be read as a DER-encoded PKCS #10 request.": sequence(
        sequence(), sequence(ECDSA), b"\x03\x01\0"
    ),
    "The signature algorithm 1.2.3 is unknown. "
    "The CSR must be signed with SHA-256, SHA-384 or SHA-512.": request(
        algorithm=oid("1.2.3") + NULL
    ),
}


def test_a_part_that_is_missing_empty_or_another_is_a_refusal_and_no_fault() -> None:
    """Each is left out, emptied, or made something else; nothing but BadCsr is raised."""

    def variants(der: bytes, depth: int) -> list[bytes]:
        found = []
        for part in parts(der):
            others = [b"", element(part.tag, b""), element(0x04, part.content)]
            if depth and part.tag in (0x30, 0x31, 0xA0):
                others += [element(part.tag, each) for each in variants(part.content, depth - 1)]
            found += [der.replace(part.encoded, other, 1) for other in others]
        return [each for each in found if each != der]

    tried, accepted = variants(request(subject=CN, signer=RSA_KEY), 6), []
    assert len(tried) > 60
    for der in tried:
        with suppress(BadCsr):
            check_csr(der, [NAME.decode()], None)
            accepted.append(der)
    # Not signed, and not needed: the NULL behind the algorithm of the signature.
    assert accepted == [request(subject=CN, signer=RSA_KEY, algorithm=RSA)]


@pytest.mark.parametrize("message", REFUSED)
def test_each_cause_of_refusal_has_its_own_text(message: str) -> None:
    with pytest.raises(BadCsr) as refused:
        check_csr(REFUSED[message], [NAME.decode()], None)
    assert refused.value.detail == message
