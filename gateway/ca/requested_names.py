"""The names that a CSR asks for, wherever clients put them: alternative names, common name.

What else it asks for is none of our business, even where that is malformed.
"""

import warnings
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import ExtensionOID, NameOID

from gateway.errors.acme import BadCsr

# A subject that is none by X.520 is no news: it is not certified. Nor is it one for stderr.
warnings.filterwarnings("ignore", message="Attribute's length must be", category=UserWarning)

_EXTENSION_REQUESTS = frozenset(
    {
        x509.ObjectIdentifier("1.2.840.113549.1.9.14"),  # RFC 2985 §5.4.2
        x509.ObjectIdentifier("1.3.6.1.4.1.311.2.1.14"),  # Microsoft's, older
    }
)
_DNS_NAME = b"\x82"  # RFC 5280 §4.2.1.6: [2] IMPLICIT IA5String
_SEQUENCE = b"\x30"

_NOT_DNS = "The CSR may ask for DNS names only, and no other kinds of names."
_UNREADABLE = "The extensions that the CSR asks for cannot be read."


@asn1.sequence
class _Extension:
    oid: x509.ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    value: bytes


@asn1.sequence
class _Extensions:
    each: list[_Extension]


@asn1.sequence
class _GeneralNames:
    each: list[asn1.TLV]


def requested_names(csr: x509.CertificateSigningRequest) -> list[str]:
    """As they are written, the common name first. Raises BadCsr for names of other kinds."""
    return _common_names(csr) + _alternative_names(csr)


def _common_names(csr: x509.CertificateSigningRequest) -> list[str]:
    """Clients that use the alternative names only may leave an empty one behind."""
    try:
        attributes = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (ValueError, TypeError) as error:
        raise BadCsr("The subject of the CSR cannot be read.") from error
    return [str(attribute.value) for attribute in attributes if attribute.value]


def _alternative_names(csr: x509.CertificateSigningRequest) -> list[str]:
    try:
        extension = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    except x509.DuplicateExtension as error:
        raise BadCsr(f"The CSR has the extension {error.oid.dotted_string} twice.") from error
    except x509.UnsupportedGeneralNameType as error:
        raise BadCsr(_NOT_DNS) from error
    except (ValueError, TypeError):
        return _alternative_names_alone(csr)
    names = list(extension.value)
    if not all(isinstance(name, x509.DNSName) for name in names):
        raise BadCsr(_NOT_DNS)
    return [str(name.value) for name in names]


def _alternative_names_alone(csr: x509.CertificateSigningRequest) -> list[str]:
    """Some extension is malformed: which one?"""
    try:
        wanted = [
            extension.value
            for attribute in csr.attributes
            if attribute.oid in _EXTENSION_REQUESTS
            for extension in asn1.decode_der(
                _Extensions, _sequence(_sequence(attribute.value))
            ).each
            if extension.oid == ExtensionOID.SUBJECT_ALTERNATIVE_NAME
        ]
        names = [
            name
            for value in wanted
            for name in asn1.decode_der(_GeneralNames, _sequence(value)).each
        ]
        if any(name.tag_bytes != _DNS_NAME for name in names):
            raise BadCsr(_NOT_DNS)
        return [bytes(name.data).decode("ascii") for name in names]
    except (ValueError, TypeError) as error:
        raise BadCsr(_UNREADABLE) from error


def _sequence(content: bytes) -> bytes:
    """The reader takes no bare SEQUENCE OF, and an attribute's value comes without its header."""
    return _SEQUENCE + asn1.encode_der(content)[1:]
