"""Reads what operators type to select certificates, and finds what they select."""

from hashlib import sha256

from gateway.errors.operation import SelectionMistake
from gateway.rules.operation.bulk_revocation import (
    MOST,
    Criterion,
    fingerprint_of,
    id_of,
    name_of,
    serials_of,
)
from gateway.store.acme.issuance import KEY_COMPROMISE
from gateway.store.ca import revocable
from gateway.store.operation.bulk_revocations import BulkRevocation
from gateway.usecases.work import Work

_PEM = "-----BEGIN "
_WRONG_KEY = (
    "give the SHA-256 of the public key (64 hexadecimal digits), or as PEM the public key, a"
    " certificate or a CSR"
)
_FOUND_AT_MOST = MOST + 1


def value_of(criterion: Criterion, text: str) -> str:
    """What is stored of a criterion; "" for a list of serials; raises SelectionMistake."""
    match criterion:
        case "name":
            return name_of(text.strip())
        case "key":
            return _key_of(text.strip())
        case "account" | "credential":
            return id_of(text.strip())
    return ""


def listed_in(criterion: Criterion, text: str) -> list[str]:
    """The serials that a criterion lists itself; raises SelectionMistake."""
    return serials_of(text) if criterion == "serials" else []


async def select(work: Work, bulk: BulkRevocation) -> list[str]:
    """Gives the serials of what would be revoked now, with all that goes with it.

    It is one more than MOST when there are more.
    """
    serials = await _selected(work, bulk)
    if not serials or len(serials) > MOST:
        return serials
    return await revocable.with_companions(
        work.connection, serials, work.now, keys=bulk.reason == KEY_COMPROMISE, limit=_FOUND_AT_MOST
    )


async def _selected(work: Work, bulk: BulkRevocation) -> list[str]:
    connection, now = work.connection, work.now
    value, most = bulk.value, _FOUND_AT_MOST
    match bulk.criterion:
        case "name":
            return await revocable.of_name(connection, value, now, most)
        case "key":
            return await revocable.of_key(connection, bytes.fromhex(value), now, most)
        case "account":
            return await revocable.of_account(connection, value, now, most)
        case "credential":
            return await revocable.of_credential(connection, value, now, most)
    return await revocable.of_list(connection, bulk.id, now, most)


def _key_of(text: str) -> str:
    """The SHA-256 of a public key's SubjectPublicKeyInfo, in hexadecimal."""
    known = fingerprint_of(text)
    if known is not None:
        return known
    if not text.startswith(_PEM):
        raise SelectionMistake("value", _WRONG_KEY)
    if "PRIVATE KEY" in text.partition("\n")[0]:
        raise SelectionMistake("value", f"a private key is not looked at; {_WRONG_KEY}")
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    pem = text.encode()
    try:
        if "PUBLIC KEY" in text.partition("\n")[0]:
            key = load_pem_public_key(pem)
        elif "REQUEST" in text.partition("\n")[0]:
            key = x509.load_pem_x509_csr(pem).public_key()
        else:
            key = x509.load_pem_x509_certificate(pem).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise SelectionMistake("value", f"this cannot be read; {_WRONG_KEY}") from None
    return sha256(spki).hexdigest()
