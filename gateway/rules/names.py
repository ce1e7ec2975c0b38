"""Domain names as subscriptions list them: FQDNs and wildcards, lower-case A-labels (A27)."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

import idna

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

NameType = Literal["fqdn", "wildcard"]

_WILDCARD = "*."
_MAXIMUM_LENGTH = 253
"""RFC 1035 §2.3.4 in text form; the 255 there counts the octets on the wire."""

_LONGEST_LABEL = 63
_ACE_PREFIX = "xn--"
_LDH_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_RESERVED_LABEL = re.compile(r"..--")
"""RFC 5890 §2.3.1: only A-labels have "--" in the third place."""


class InvalidName(ValueError):
    """The text is no name for a subscription; the message says why."""


@lru_cache(maxsize=8192)
def normalise(text: str) -> str:
    """Gives the name as stored and compared: lower-case A-labels, no trailing dot (A27).

    Raises InvalidName for IP addresses, single labels, public suffixes and wildcards right above
    them, `*` anywhere but leftmost, labels that are not LDH and anything too long.
    """
    return _read(text, _a_label)


@lru_cache(maxsize=8192)
def stored_form(text: str) -> str:
    """Does as `normalise` for a name of a protocol that takes only ASCII (RFC 8555 §7.1.4).

    A-labels are not decoded, which takes milliseconds: the result is compared only with names that
    `normalise` gave, which contain no A-label that cannot be decoded.
    """
    if not text.isascii():
        raise InvalidName("internationalized names must be sent as A-labels (xn--)")
    return _read(text, _ascii_label)


def name_type(name: str) -> NameType:
    """The type by which a normalised name is charged."""
    return "wildcard" if name.startswith(_WILDCARD) else "fqdn"


def wildcard_of(base: str) -> str:
    """Gives `*.b` for `b`."""
    return _WILDCARD + base


def base_of(wildcard: str) -> str:
    """Gives `b` for `*.b`."""
    return wildcard.removeprefix(_WILDCARD)


def is_public_suffix(name: str) -> bool:
    """Whether the name is a public suffix, such as `com`, `co.uk`, `github.io`.

    The whole list applies, ICANN's part and the private one. The last label counts as a suffix even
    if the list does not contain it.
    """
    return _public_suffixes().is_public(name)


def has_known_suffix(name: str) -> bool:
    """Whether the list has the name's suffix; the root zone has no other top-level domains."""
    return _public_suffixes().publicsuffix(name, accept_unknown=False) is not None


def registrable_domain(name: str) -> str:
    """Gives the public suffix and the label before it: `example.co.uk` of `a.b.example.co.uk`."""
    return _public_suffixes().privatesuffix(name) or name


def _read(text: str, encode: Callable[[str], str]) -> str:
    """Parses a name; lengths are checked first, so that no step takes long.

    The longest name has 253 characters, which are 127 labels.
    """
    _require_length(text.removesuffix("."))
    name = _mapped(text).removesuffix(".")
    _require_length(name)  # the mapping may lengthen it
    wildcard = name.startswith(_WILDCARD)
    labels = name.removeprefix(_WILDCARD).split(".")
    for label in labels:
        if not 0 < len(label) <= _LONGEST_LABEL:
            raise _no_label(label)
    labels = [encode(label) for label in labels]
    base = ".".join(labels)
    if len(labels) < 2:
        raise InvalidName("a domain name has at least two labels")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        raise InvalidName("an IP address is not a domain name")
    name = _WILDCARD + base if wildcard else base
    _require_length(name)
    if is_public_suffix(base):
        raise InvalidName(f"{base} is a public suffix")
    return name


def _require_length(name: str) -> None:
    if len(name) > _MAXIMUM_LENGTH:
        raise InvalidName(f"a domain name has at most {_MAXIMUM_LENGTH} characters")


def _mapped(text: str) -> str:
    """Gives lower case; text beyond ASCII goes through the UTS 46 mapping (full-width dots too)."""
    if text.isascii():
        return text.lower()
    try:
        return idna.uts46_remap(text, std3_rules=False, transitional=False)
    except idna.IDNAError as error:
        raise InvalidName(str(error)) from None


def _a_label(label: str) -> str:
    """Gives the A-label of a U-label; an A-label must be the one of its U-label (RFC 5891 §5.4)."""
    encoded = label
    try:
        if not label.isascii():
            encoded = idna.alabel(label).decode()
        elif label.startswith(_ACE_PREFIX):
            idna.ulabel(label)
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidName(f"{label!r}: {error}") from None
    return _ascii_label(encoded)


def _ascii_label(label: str) -> str:
    reserved = _RESERVED_LABEL.match(label) and not label.startswith(_ACE_PREFIX)
    if reserved or not _LDH_LABEL.fullmatch(label):
        raise _no_label(label)
    return label


def _no_label(label: str) -> InvalidName:
    return InvalidName(f"{label!r} is not a label of letters, digits and hyphens, 1 to 63 long")


@cache
def _public_suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # most commands need no names

    return PublicSuffixList()
