"""Contacts of an ACME account (RFC 8555 §7.3)."""

import re
from collections.abc import Sequence

from gateway.errors import ContactInvalid, ContactUnsupported

_MAXIMUM_CONTACTS = 10
_MAXIMUM_LENGTH = 254
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}"
)


def checked(contacts: Sequence[str]) -> list[str]:
    """The contacts as stored; raises ContactUnsupported or ContactInvalid for the first bad one."""
    if len(contacts) > _MAXIMUM_CONTACTS:
        raise ContactInvalid(f"An account has at most {_MAXIMUM_CONTACTS} contacts.")
    return [_checked(contact) for contact in contacts]


def is_mail_address(text: str) -> bool:
    """One bare address, without a display name, comments or quotes."""
    return len(text) <= _MAXIMUM_LENGTH and _ADDRESS.fullmatch(text) is not None


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
