"""Finds the names that a CSR asks for: subject alternative names and common names.

Everything else that it asks for is ignored, even where it is malformed.
"""

from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import ExtensionOID, NameOID

from gateway.ca.der import Part, parts
from gateway.ca.pkcs10 import Request
from gateway.errors.acme import BadCsr


def _identifier(dotted: str) -> bytes:
    return asn1.encode_der(x509.ObjectIdentifier(dotted))[2:]


_EXTENSION_REQUESTS = frozenset(
    {
        _identifier("1.2.840.113549.1.9.14"),  # RFC 2985 §5.4.2
        _identifier("1.3.6.1.4.1.311.2.1.14"),  # Microsoft's, older
    }
)
_ALTERNATIVE_NAME = _identifier(ExtensionOID.SUBJECT_ALTERNATIVE_NAME.dotted_string)
_COMMON_NAME = _identifier(NameOID.COMMON_NAME.dotted_string)
_DNS_NAME = 0x82  # RFC 5280 §4.2.1.6: [2] IMPLICIT IA5String
_WIDE = {0x1C: "utf-32-be", 0x1E: "utf-16-be"}
"""Encodings of UniversalString and BMPString; all other strings are taken for UTF-8."""

_NOT_DNS = "The CSR may ask for DNS names only, and no other kinds of names."
_NOT_ASCII = "The CSR asks for a DNS name that is not ASCII; send its A-labels (xn--)."
_TWICE = f"The CSR has the extension {ExtensionOID.SUBJECT_ALTERNATIVE_NAME.dotted_string} twice."
_UNREADABLE = "The extensions that the CSR asks for cannot be read."


def requested_names(request: Request) -> list[str]:
    """The names as the CSR has them, common names first; raises BadCsr for other kinds of names."""
    return _common_names(request.subject) + _alternative_names(request.attributes)


def _common_names(subject: bytes) -> list[str]:
    """The common names, without blank ones: clients may leave one when they do not use it."""
    try:
        values = [
            value
            for relative in parts(subject)
            for attribute in relative.parts
            for kind, value in [attribute.parts]
            if kind.content == _COMMON_NAME
        ]
    except ValueError as error:
        raise BadCsr("The subject of the CSR cannot be read.") from error
    try:
        names = [value.content.decode(_WIDE.get(value.tag, "utf-8")) for value in values]
    except UnicodeDecodeError as error:
        raise BadCsr("The common name of the CSR cannot be read.") from error
    return [name for name in names if name.strip()]


def _alternative_names(attributes: bytes) -> list[str]:
    """The names of all extension requests: the standard's, Microsoft's and any repeated one."""
    try:
        names = [
            name
            for extensions in _extension_requests(attributes)
            for value in _alternative_name_of(extensions)
            for name in _only(parts(value))
        ]
    except ValueError as error:
        raise BadCsr(_UNREADABLE) from error
    if any(name.tag != _DNS_NAME for name in names):
        raise BadCsr(_NOT_DNS)
    try:
        return [name.content.decode("ascii") for name in names]
    except UnicodeDecodeError as error:
        raise BadCsr(_NOT_ASCII) from error


def _extension_requests(attributes: bytes) -> Iterator[list[Part]]:
    for attribute in parts(attributes):
        kind, *values = attribute.parts
        if kind.content in _EXTENSION_REQUESTS:
            for request in _only(values):
                yield request.parts


def _alternative_name_of(extensions: list[Part]) -> list[bytes]:
    """The value of the subject alternative name, if there is one; raises BadCsr for several.

    An extension consists of its identifier, whether it is critical, and its value.
    """
    members = [each.parts for each in extensions]
    found = [each[-1] for each in members if each and each[0].content == _ALTERNATIVE_NAME]
    if len(found) > 1:
        raise BadCsr(_TWICE)
    return [value.content for value in found]


def _only(values: list[Part]) -> list[Part]:
    """The parts of the only value; raises ValueError if there is not exactly one value."""
    [value] = values
    return value.parts
