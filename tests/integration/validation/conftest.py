"""Servers of customers that validations connect to."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from gateway.db.pool import Pool
from tests.support.waiting_orders import ValidationOrders, open_waiting
from tests.support.web_server import WebServer, web_server


@pytest.fixture
def self_signed(tmp_path: Path) -> tuple[Path, Path]:
    """Files of a certificate that nobody trusts, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody else")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
        .sign(key, SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    """The customer's web server, for all names."""
    async with web_server() as server:
        yield server


@pytest.fixture
async def waiting(pool: Pool, tmp_path: Path, web: WebServer) -> ValidationOrders:
    """A customer of a sandbox; http-01 goes to `web`."""
    return await open_waiting(pool, tmp_path / "ca", web.port)
