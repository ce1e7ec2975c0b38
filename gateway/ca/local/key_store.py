"""The files of a local CA: made once, by the first process, and read by every process.

A CA is one directory, renamed into place when all its files are on disk, so that a process sees a
whole CA or none. `root.key` is needed only to make the CA, and may be moved to a safe place.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway import ids
from gateway.errors import ConfigurationError

_ORGANIZATION = "ACME Subscription Gateway"
_ROOT_YEARS, _ISSUING_YEARS = 20, 10
_SECOND = timedelta(seconds=1)
_OTHERS = 0o007
_CA_KEY_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class StoredCa:
    """A CA as stored on disk, without the root's key."""

    id: UUID
    root: x509.Certificate
    issuing: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def create_or_load(
    directory: Path,
    name: str,
    now: datetime,
    passphrase: bytes | None,
    valid: tuple[datetime, datetime] | None,
) -> StoredCa:
    """Loads the CA `name` from `directory`; makes it first if there is none.

    Raises ConfigurationError when its files cannot be read, used or written.
    """
    if passphrase == b"":
        raise ConfigurationError("the CA's passphrase is empty: write one into its file")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with locked(directory / f".{name}.lock"):
            if not (directory / name).exists():
                _create(directory, name, now, passphrase, valid)
        return _load(directory / name, passphrase)
    except OSError as error:
        raise ConfigurationError(
            f"the CA in {directory} cannot be used: {error.strerror} ({error.filename})"
        ) from error


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Locks a file for one process at a time; a killed process leaves no lock."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_private(file: Path, content: bytes) -> None:
    """Writes a new file that only its owner can read; it is on disk when this returns."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)


def private_pem(key: ec.EllipticCurvePrivateKey, passphrase: bytes | None = None) -> bytes:
    encryption: KeySerializationEncryption = NoEncryption()
    if passphrase is not None:
        encryption = BestAvailableEncryption(passphrase)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def _create(
    directory: Path,
    name: str,
    now: datetime,
    passphrase: bytes | None,
    valid: tuple[datetime, datetime] | None,
) -> None:
    root_key = ec.generate_private_key(ec.SECP256R1())
    issuing_key = ec.generate_private_key(ec.SECP256R1())
    root, issuing = _certificates(root_key, issuing_key, now, valid)
    unfinished = directory / f".{name}.new"
    shutil.rmtree(unfinished, ignore_errors=True)  # left by a process killed right here
    unfinished.mkdir(mode=0o700)
    write_private(unfinished / "id", f"{ids.new_id()}\n".encode())
    write_private(unfinished / "root.key", private_pem(root_key, passphrase))
    write_private(unfinished / "root.pem", root.public_bytes(Encoding.PEM))
    write_private(unfinished / "issuing.key", private_pem(issuing_key, passphrase))
    write_private(unfinished / "issuing.pem", issuing.public_bytes(Encoding.PEM))
    _sync_directory(unfinished)
    unfinished.rename(directory / name)
    _sync_directory(directory)


def _certificates(
    root_key: ec.EllipticCurvePrivateKey,
    issuing_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    valid: tuple[datetime, datetime] | None,
) -> tuple[x509.Certificate, x509.Certificate]:
    """Makes root and issuing certificate (BR §7.1.2.1, §7.1.2.6).

    Their names contain a number, because a client may trust CAs of many gateways.
    """
    number = ids.new_serial_number()
    mark = f"{number & 0xFFFF_FFFF:08X}"
    root_name, issuing_name = name_of(f"Root {mark}"), name_of(f"Issuing {mark}")
    identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    root = (
        ca_certificate(root_name, root_key.public_key(), valid or _years(now, _ROOT_YEARS))
        .serial_number(number)
        .issuer_name(root_name)
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(authority, critical=False)
        .sign(root_key, SHA256())
    )
    issuing = (
        ca_certificate(issuing_name, issuing_key.public_key(), valid or _years(now, _ISSUING_YEARS))
        .serial_number(ids.new_serial_number())
        .issuer_name(root_name)
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .add_extension(authority, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.CertificatePolicies(
                [x509.PolicyInformation(x509.ObjectIdentifier("2.5.29.32.0"), None)]
            ),
            critical=False,
        )
        .sign(root_key, SHA256())
    )
    return root, issuing


def ca_certificate(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, valid: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(_CA_KEY_USAGE, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def name_of(common_name: str) -> x509.Name:
    """The subject of a CA of this gateway."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{_ORGANIZATION} {common_name}"),
        ]
    )


def _years(now: datetime, years: int) -> tuple[datetime, datetime]:
    """A validity of so many years, from an hour ago: clocks of nodes and clients may be slow."""
    start = now.replace(microsecond=0) - timedelta(hours=1)
    return start, start + timedelta(days=365 * years) - _SECOND


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _load(directory: Path, passphrase: bytes | None) -> StoredCa:
    key_file = directory / "issuing.key"
    if key_file.stat().st_mode & _OTHERS:
        raise ConfigurationError(f"{key_file} is open to every user: chmod 600 it")
    key = _read_key(key_file, passphrase)
    try:
        issuer_id = UUID((directory / "id").read_text().strip())
        root = x509.load_pem_x509_certificate((directory / "root.pem").read_bytes())
        issuing = x509.load_pem_x509_certificate((directory / "issuing.pem").read_bytes())
    except ValueError as error:
        raise ConfigurationError(
            f"the files of the CA in {directory} are damaged: restore them from a backup"
        ) from error
    if issuing.public_key() != key.public_key():
        raise ConfigurationError(f"{key_file} is not the key of issuing.pem beside it")
    return StoredCa(issuer_id, root, issuing, key)


def _read_key(file: Path, passphrase: bytes | None) -> ec.EllipticCurvePrivateKey:
    content = file.read_bytes()
    encrypted = b"ENCRYPTED" in content
    if encrypted and passphrase is None:
        raise ConfigurationError(f"{file} is encrypted: set ca.passphrase_file")
    if passphrase is not None and not encrypted:
        raise ConfigurationError(
            f"a passphrase is configured, but {file} is not encrypted: encrypt it with "
            "`openssl pkcs8 -topk8`, or remove ca.passphrase_file"
        )
    try:
        key = load_pem_private_key(content, passphrase)
    except (ValueError, TypeError) as error:
        if encrypted:
            raise ConfigurationError(f"the passphrase does not open {file}") from error
        raise ConfigurationError(f"{file} is damaged: restore it from a backup") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigurationError(f"{file} is not an elliptic curve key")
    return key
