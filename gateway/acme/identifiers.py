"""Identifiers as clients send them (RFC 8555 §7.1.3, §9.7.7)."""

from typing import Any

import msgspec

from gateway.acme.problem import Problem, malformed, subproblems
from gateway.rules.names import InvalidName, normalise

_MAXIMUM_NAMES = 100


class Identifier(msgspec.Struct):
    """RFC 8555 §7.1.3."""

    type: str
    value: str


def certifiable_names(identifiers: list[Identifier]) -> list[str]:
    """Unique names in the client's order; raises Problem naming each that cannot be certified."""
    if not 0 < len(identifiers) <= _MAXIMUM_NAMES:
        raise malformed(f"An order has 1 to {_MAXIMUM_NAMES} identifiers.")
    unsupported = [item for item in identifiers if item.type != "dns"]
    if unsupported:
        raise Problem(
            "unsupportedIdentifier",
            "Certificates are issued for DNS names only.",
            members={"subproblems": [_unsupported(item) for item in unsupported]},
        )
    names: dict[str, None] = {}
    refused: list[tuple[str, str]] = []
    for item in identifiers:
        try:
            if not item.value.isascii():
                raise InvalidName("internationalized names must be sent as A-labels (xn--)")
            names[normalise(item.value)] = None
        except InvalidName as error:
            refused.append((item.value, f"No certificate can be issued for this name: {error}."))
    if refused:
        raise Problem(
            "rejectedIdentifier",
            "The order names identifiers that no certificate can be issued for: "
            + "; ".join(f"{name}: {detail}" for name, detail in refused),
            members={"subproblems": subproblems("rejectedIdentifier", refused)},
        )
    return list(names)


def _unsupported(item: Identifier) -> dict[str, Any]:
    problem = Problem(
        "unsupportedIdentifier", f"Identifiers of type {item.type!r} are not supported."
    )
    document = problem.document()
    del document["status"]
    return {**document, "identifier": {"type": item.type, "value": item.value}}
