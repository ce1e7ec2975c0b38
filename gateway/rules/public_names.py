"""Names that no public CA may certify: nobody can own them in the public DNS (BR §4.2.2).

The registry of special-use names is that of RFC 6761.
"""

from collections.abc import Sequence

from gateway.rules.names import has_known_suffix

_NAMES_SHOWN = 10

SPECIAL_USE = {
    "alt": "RFC 9476",
    "arpa": "RFC 3172",
    "example": "RFC 6761",
    "internal": "reserved by ICANN for private use",
    "invalid": "RFC 6761",
    "local": "RFC 6762",
    "localhost": "RFC 6761",
    "onion": "RFC 7686",
    "test": "RFC 6761",
}
"""Top-level domains, and who has reserved them. `arpa` has the reverse zones of addresses."""


def objection(name: str) -> str:
    """Why no public CA certifies a normalised name, as a clause; empty = one may."""
    top = name.rpartition(".")[2]
    if top in SPECIAL_USE:
        return f".{top} is a special-use domain ({SPECIAL_USE[top]})"
    if not has_known_suffix(name.removeprefix("*.")):
        return f"there is no top-level domain .{top}"
    return ""


def objection_to_any(names: Sequence[str]) -> str:
    """The first objection to any of the names, with the name; empty = all may be certified."""
    found = ((name, objection(name)) for name in names)
    return next((f"no public CA may certify {name}: {why}" for name, why in found if why), "")


def removal_first(names: Sequence[str]) -> str:
    """Which names must leave a subscription before it is extended (A31); empty = none."""
    bad = sorted(name for name in names if objection(name))
    if not bad:
        return ""
    more = len(bad) - _NAMES_SHOWN
    shown = ", ".join(bad[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return f"No public CA may certify {shown}; remove {'it' if len(bad) == 1 else 'them'} first."
