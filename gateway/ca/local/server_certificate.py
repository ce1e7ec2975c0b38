"""Keeps the certificate of the gateway's own HTTPS, signed by its own CA, in files."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.ca.local import key_store
from gateway.ca.local.leaf import general_name

VALIDITY = timedelta(days=90)
_CLOCK_SKEW = timedelta(hours=1)

Sign = Callable[[ec.EllipticCurvePublicKey, list[str], tuple[datetime, datetime]], bytes]
"""Gives DER of a certificate for a key and names, with its first and last second."""


def kept_in(
    directory: Path, hostnames: list[str], issuing: x509.Certificate, sign: Sign
) -> tuple[Path, Path]:
    """Files of the certificate's chain and key, renewed when a third of its validity is left."""
    chain, key_file = directory / "server.pem", directory / "server.key"
    directory.mkdir(parents=True, exist_ok=True)
    with key_store.locked(directory / ".server.lock"):
        now = datetime.fromtimestamp(int(time.time()), UTC)
        if not _still_good(chain, key_file, hostnames, issuing, now):
            key = ec.generate_private_key(ec.SECP256R1())
            der = sign(key.public_key(), hostnames, (now - _CLOCK_SKEW, now + VALIDITY))
            leaf = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
            chain.unlink(missing_ok=True)
            key_file.unlink(missing_ok=True)
            key_store.write_private(key_file, key_store.private_pem(key))
            key_store.write_private(chain, leaf + issuing.public_bytes(Encoding.PEM))
    return chain, key_file


def _still_good(
    chain: Path, key_file: Path, hostnames: list[str], issuing: x509.Certificate, now: datetime
) -> bool:
    if not chain.exists() or not key_file.exists():
        return False
    try:
        leaf, *above = x509.load_pem_x509_certificates(chain.read_bytes())
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return (
        above == [issuing]
        and list(names) == [general_name(name) for name in hostnames]
        and leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc - VALIDITY / 3
    )
