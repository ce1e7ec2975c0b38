"""ACME Renewal Information (RFC 9773)."""

from gateway.acme.door import Door
from gateway.acme.jws import decode_base64url
from gateway.acme.problem import malformed
from gateway.acme.reply import Reply, rfc3339
from gateway.store.servers import Server
from gateway.usecases import renewal

_RETRY_SECONDS = 6 * 3600


async def renewal_info(door: Door, server: Server, certificate_id: str) -> Reply:
    """When to renew a certificate; asked without a signature (RFC 9773 §4.1)."""
    window = await renewal.window_of(door.services, server.id, read_certificate_id(certificate_id))
    document = {"suggestedWindow": {"start": rfc3339(window.start), "end": rfc3339(window.end)}}
    return Reply(document, retry_after=_RETRY_SECONDS)


def read_certificate_id(text: str) -> renewal.CertificateId:
    """AKI and serial number (RFC 9773 §4.1); raises Problem (malformed)."""
    authority, dot, serial = text.partition(".")
    if not dot:
        raise malformed("The certificate identifier must be AKI and serial, with a dot between.")
    number = decode_base64url(serial, "The serial number of the certificate identifier")
    if not 0 < len(number) <= 21:
        raise malformed("The serial number of the certificate identifier has a wrong length.")
    return renewal.CertificateId(
        decode_base64url(authority, "The key identifier of the certificate identifier"),
        # DER's leading zero is for the sign; serials are stored without it.
        number.hex() if number[0] else number[1:].hex(),
    )
