"""Which names are free of charge because of another name in the subscription (R14–R18)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.rules.names import (
    InvalidName,
    base_of,
    name_type,
    normalise,
    wildcard_of,
)

Reason = Literal["wildcard_base", "www"]

_WWW = "www."


@dataclass(frozen=True, slots=True)
class FreeBecause:
    """Why a name is free: `partner` is the paid name, whose removal removes the free one too."""

    reason: Reason
    partner: str


@dataclass(frozen=True, slots=True)
class Listed:
    """The names in the subscription now, or at least those that `relevant_names` gives."""

    paid_by_name: Mapping[str, bool]
    has_wildcard: bool
    """Whether any name of the subscription is a wildcard."""

    def with_name(self, name: str, *, paid: bool) -> "Listed":
        """Gives the names after `name` was added."""
        wildcard = name_type(name) == "wildcard"
        return Listed({**self.paid_by_name, name: paid}, self.has_wildcard or wildcard)


def free_because(
    name: str, listed: Listed, *, any_wildcard_ends_free_www: bool = False
) -> FreeBecause | None:
    """Why `name` costs nothing when it is added now, or None when it is charged.

    R14: `b` beside `*.b`. R15: `www.b` beside a paid `b` (A13), unless `*.b` is there too, or
    with the literal reading of A12 any wildcard. A14: the www of a www name is charged.
    """
    if name_type(name) == "wildcard":
        return None
    if wildcard_of(name) in listed.paid_by_name:
        return FreeBecause("wildcard_base", wildcard_of(name))
    base = _www_base(name)
    if base is None or not listed.paid_by_name.get(base, False):
        return None
    if wildcard_of(base) in listed.paid_by_name:
        return None
    if any_wildcard_ends_free_www and listed.has_wildcard:
        return None
    return FreeBecause("www", base)


def associated_name(name: str) -> str | None:
    """The name that addAssociatedFQDN=Y adds: `b` for `*.b`, `www.b` for `b`; None for `www.b`."""
    if name_type(name) == "wildcard":
        return base_of(name)
    if name.startswith(_WWW):
        return None
    try:
        return normalise(_WWW + name)
    except InvalidName:  # it is too long with the prefix
        return None


def relevant_names(name: str) -> Collection[str]:
    """Gives each name that matters when `name` is added, alone or with its associated one."""
    relevant = {name}
    associated = associated_name(name)
    for added in (name, associated):
        if added is None:
            continue
        base = _www_base(added)
        relevant.update((added, wildcard_of(base_of(added))))
        if base is not None:
            relevant.update((base, wildcard_of(base)))
    return relevant


def _www_base(name: str) -> str | None:
    base = name.removeprefix(_WWW)
    return base if base != name and not base.startswith(_WWW) else None
