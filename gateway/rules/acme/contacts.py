"""Contacts of an ACME account (RFC 8555 §7.3)."""

from collections.abc import Sequence

from gateway.errors.acme import ContactInvalid, ContactUnsupported
from gateway.rules.mail_addresses import is_mail_address

_MAXIMUM_CONTACTS = 10


def checked(contacts: Sequence[str]) -> list[str]:
    """Gives the contacts as stored.

    Raises ContactUnsupported or ContactInvalid for the first bad one.
    """
    if len(contacts) > _MAXIMUM_CONTACTS:
        raise ContactInvalid(f"An account has at most {_MAXIMUM_CONTACTS} contacts.")
    return [_checked(contact) for contact in contacts]


def _checked(contact: str) -> str:
    scheme, colon, address = contact.partition(":")
    if not colon or scheme.lower() != "mailto":
        raise ContactUnsupported(f"The contact {_shown(contact)} is no mailto: URL.")
    if "?" in address or "," in address:  # RFC 8555 §7.3: no hfields, one address
        raise ContactInvalid(f"The contact {_shown(contact)} must hold one bare mail address.")
    if not is_mail_address(address):
        raise ContactInvalid(f"The contact {_shown(contact)} is not a valid mail address.")
    return f"mailto:{address}"


def _shown(contact: str) -> str:
    return ascii(contact[:100])
