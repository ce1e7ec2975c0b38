"""A customer's TLS server for tls-alpn-01, good or bad, on a real loopback socket."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

_IDENTIFIER = ObjectIdentifier("1.3.6.1.5.5.7.1.31")


@dataclass(frozen=True)
class ChallengeCertificate:
    """The content of a certificate; by default what RFC 8737 §3 demands."""

    names: Sequence[x509.GeneralName] | None
    proof: bytes | None
    """The value of the acmeIdentifier extension."""
    critical: bool = True
    self_signed: bool = True

    def write(self, directory: Path) -> Path:
        """A PEM file with certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        signer = key if self.self_signed else ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "challenge")])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(subject, subject, key.public_key(), serial_number=1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        if self.names is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName(self.names), critical=False)
        if self.proof is not None:
            extension = x509.UnrecognizedExtension(_IDENTIFIER, self.proof)
            builder = builder.add_extension(extension, critical=self.critical)
        certificate = builder.sign(signer, SHA256())
        file = directory / "challenge.pem"
        file.write_bytes(
            certificate.public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return file


def proof_of(key_authorization: str) -> bytes:
    """The DER of the acmeIdentifier extension's value."""
    return b"\x04\x20" + sha256(key_authorization.encode()).digest()


def good_certificate(name: str, key_authorization: str) -> ChallengeCertificate:
    return ChallengeCertificate([x509.DNSName(name)], proof_of(key_authorization))


@dataclass
class TlsServer:
    """Where it listens, and what clients asked for."""

    port: int
    server_names: list[str | None] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    """What each client sent after the handshake."""


@asynccontextmanager
async def tls_server(
    pem: Path, protocols: Sequence[str] = ("acme-tls/1",), port: int = 0
) -> AsyncIterator[TlsServer]:
    """Listens until the end of the block, with the certificate and key in `pem`."""
    server = TlsServer(port)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.set_alpn_protocols(list(protocols))
    context.sni_callback = lambda _, name, __: server.server_names.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            server.received.append(await reader.read())
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
