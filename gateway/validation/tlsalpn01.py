"""tls-alpn-01: a certificate made for the challenge, sent in a TLS handshake (RFC 8737)."""

import ssl
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ObjectIdentifier

from gateway.validation import tls
from gateway.validation.dns import Resolver
from gateway.validation.method import Claim, Evidence, Network, ValidationFailed
from gateway.validation.reach import Reach
from gateway.validation.tls import TlsTransport

PROTOCOL = "acme-tls/1"
ACME_IDENTIFIER = ObjectIdentifier("1.3.6.1.5.5.7.1.31")
_OCTET_STRING = b"\x04\x20"  # DER: 32 bytes follow
_NO_PROTOCOL = "TLSV1_ALERT_NO_APPLICATION_PROTOCOL"
_SHOWN_NAMES = 3
_LARGEST_CERTIFICATE = 16 * 1024  # bytes; usual ones have 500


async def check(claim: Claim, resolver: Resolver, network: Network) -> Evidence:
    """Checks that the server on the name's TLS port sends the right certificate.

    Raises NotChecked, or ValidationFailed, which names the address and what is wrong there.
    """
    reach = Reach(resolver, network)

    async def opened(address: str) -> TlsTransport:
        try:
            return await _handshake(address, claim.name, network)
        except ssl.SSLError as error:
            if error.reason == _NO_PROTOCOL:
                raise ValidationFailed(
                    "unauthorized", f"{reach.step} failed: {_UNSPOKEN}."
                ) from error
            raise

    transport = await reach.in_time(reach.connect(claim.name, network.tls_port, opened))
    try:
        complaint = _objection(transport.object, claim)
    finally:
        transport.abort()  # RFC 8737 §3: no data is sent over the connection
    if complaint:
        raise ValidationFailed("unauthorized", f"{claim.name} at {reach.address}: {complaint}.")
    return {"address": reach.address}


async def _handshake(address: str, name: str, network: Network) -> TlsTransport:
    return await tls.connect(address, network.tls_port, network.source_address, _context(), name)


def _context() -> ssl.SSLContext:
    context = tls.unverified()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([PROTOCOL])
    return context


_UNSPOKEN = f"the server does not speak {PROTOCOL}"


def _objection(shown: ssl.SSLObject, claim: Claim) -> str:
    """What is wrong with a completed handshake; empty = nothing (RFC 8737 §3)."""
    if shown.selected_alpn_protocol() != PROTOCOL:
        return _UNSPOKEN
    der = shown.getpeercert(binary_form=True)
    if der is None:
        return "the server showed no certificate"
    if len(der) > _LARGEST_CERTIFICATE:
        return f"the certificate has more than {_LARGEST_CERTIFICATE} bytes"
    try:
        return _certificate_objection(x509.load_der_x509_certificate(der), claim)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return "the certificate is malformed"


def _certificate_objection(certificate: x509.Certificate, claim: Claim) -> str:
    # The signature is verified last: it takes longest, and is worth it only for a right proof.
    return (
        _names_objection(certificate, claim.name)
        or _proof_objection(certificate, claim)
        or _signature_objection(certificate)
    )


def _signature_objection(certificate: x509.Certificate) -> str:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, TypeError, ValueError):
        return "the certificate is not self-signed"
    return ""


def _names_objection(certificate: x509.Certificate, name: str) -> str:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return "the certificate has no subjectAltName"
    names = list(extension.value)
    if [_dns_name(each) for each in names] == [name.lower()]:
        return ""
    shown = ", ".join(ascii(str(each.value)[:64]) for each in names[:_SHOWN_NAMES])
    return f"the certificate is for {shown or 'no name'}; expected one dNSName, {name!a}"


def _dns_name(name: x509.GeneralName) -> str:
    return name.value.lower() if isinstance(name, x509.DNSName) else ""


def _proof_objection(certificate: x509.Certificate, claim: Claim) -> str:
    try:
        extension = certificate.extensions.get_extension_for_oid(ACME_IDENTIFIER)
    except x509.ExtensionNotFound:
        return "the certificate has no acmeIdentifier extension"
    if not extension.critical:
        return "the acmeIdentifier extension of the certificate is not critical"
    assert isinstance(extension.value, x509.UnrecognizedExtension)
    if extension.value.value != _OCTET_STRING + sha256(claim.key_authorization.encode()).digest():
        return (
            "the acmeIdentifier extension of the certificate does not hold "
            "the SHA-256 digest of the key authorization"
        )
    return ""
