"""ACME Renewal Information (RFC 9773)."""

from gateway.doors.acme.door import AcmeDoor
from gateway.doors.acme.jws import decode_base64url
from gateway.doors.acme.problem import malformed
from gateway.doors.acme.reply import Reply, rfc3339
from gateway.errors import NotFound
from gateway.store.acme.servers import Server
from gateway.usecases.acme import renewal

_RETRY_SECONDS = 6 * 3600
_LONGEST_SERIAL = 21
"""Octets of the longest serial number, with one for the sign (RFC 5280 §4.1.2.2)."""

_LONGEST_AUTHORITY = 64
"""Octets of a SHA-512 of an issuing key; clients may ask about other CAs' certificates, too."""


async def renewal_info(door: AcmeDoor, server: Server, certificate_id: str) -> Reply:
    """Answers when to renew a certificate; the request is unsigned (RFC 9773 §4.1)."""
    asked = read_certificate_id(certificate_id)
    try:
        window = await renewal.window_of(door.services, server.id, asked)
    except NotFound:
        raise malformed("No certificate of this server has this identifier.", 404) from None
    document = {"suggestedWindow": {"start": rfc3339(window.start), "end": rfc3339(window.end)}}
    return Reply(document, retry_after=_RETRY_SECONDS)


def read_certificate_id(text: str) -> renewal.CertificateId:
    """Decodes AKI and serial number (RFC 9773 §4.1); raises Problem (malformed)."""
    authority, dot, serial = text.partition(".")
    if not dot:
        raise malformed("The certificate identifier must be AKI and serial, with a dot between.")
    number = decode_base64url(serial, "The serial number of the certificate identifier")
    key_identifier = decode_base64url(authority, "The key identifier of the certificate identifier")
    if not 0 < len(number) <= _LONGEST_SERIAL or not 0 < len(key_identifier) <= _LONGEST_AUTHORITY:
        raise malformed("AKI or serial of the certificate identifier has a wrong length.")
    positive = number.removeprefix(b"\0")  # serials are stored without DER's zero for the sign
    if not positive or not positive[0]:
        raise malformed("The serial of the certificate identifier is not a positive DER integer.")
    return renewal.CertificateId(key_identifier, positive.hex())
