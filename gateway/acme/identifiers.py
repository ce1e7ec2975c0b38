"""Identifiers as clients send them (RFC 8555 §7.1.3, §9.7.7)."""

from typing import Any

import msgspec

from gateway.acme.problem import Problem, malformed, subproblems
from gateway.rules.names import InvalidName, stored_form

_MAXIMUM_NAMES = 100
_LONGEST_TOLD = 253  # characters; the subproblem has all of it


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
            names[stored_form(item.value)] = None
        except InvalidName as error:
            refused.append((item.value, f"No certificate can be issued for this name: {error}."))
    if refused:
        raise Problem(
            "rejectedIdentifier",
            "The order names identifiers that no certificate can be issued for: "
            + "; ".join(f"{name[:_LONGEST_TOLD]}: {detail}" for name, detail in refused),
            members={"subproblems": subproblems("rejectedIdentifier", refused)},
        )
    return list(names)


def _unsupported(item: Identifier) -> dict[str, Any]:
    problem = Problem(
        "unsupportedIdentifier", f"Identifiers of type {item.type[:64]!r} are not supported."
    )
    document = problem.document()
    del document["status"]
    return {**document, "identifier": {"type": item.type, "value": item.value}}
