"""Members of actions' answers, declared beside each action for OpenAPI and the documents.

An optional member without a value is absent, never null.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_INSTANT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}
_MONEY = {"type": "number", "minimum": 0}
_UUID = {"type": "string", "format": "uuid"}


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an answer, or of an object in one. `schema` is JSON Schema."""

    name: str
    schema: Mapping[str, Any]
    description: str
    optional: bool = False


def text(name: str, description: str, *, optional: bool = False) -> Member:
    """A member with any text."""
    return Member(name, {"type": "string"}, description, optional)


def one_of(name: str, description: str, *values: str, optional: bool = False) -> Member:
    """A member with one of these values."""
    return Member(name, {"type": "string", "enum": list(values)}, description, optional)


def number(name: str, description: str, *, optional: bool = False) -> Member:
    """A member with a whole number from 0 on."""
    return Member(name, {"type": "integer", "minimum": 0}, description, optional)


def money(name: str, description: str) -> Member:
    """A member with an amount of up to two decimals."""
    return Member(name, _MONEY, description)


def instant(name: str, description: str, *, optional: bool = False) -> Member:
    """A member with an instant, `YYYY-MM-DDTHH:MM:SSZ`."""
    return Member(name, _INSTANT, description, optional)


def identifier(name: str, description: str) -> Member:
    """A member with a UUID."""
    return Member(name, _UUID, description)


def flag(name: str, description: str) -> Member:
    """A member that is true or false."""
    return Member(name, {"type": "boolean"}, description)


def texts(name: str, description: str, *, optional: bool = False) -> Member:
    """A member with a list of texts."""
    schema = {"type": "array", "items": {"type": "string"}}
    return Member(name, schema, description, optional)


def listing(name: str, description: str, *members: Member) -> Member:
    """A member with a list of objects, which may be empty."""
    return Member(name, {"type": "array", "items": described(members)}, description)


def described(members: Sequence[Member]) -> dict[str, Any]:
    """JSON Schema of an object; it allows more members, because clients ignore unknown ones."""
    return {
        "type": "object",
        "properties": {
            each.name: {**each.schema, **_description(each.description)} for each in members
        },
        "required": [each.name for each in members if not each.optional],
    }


def _description(text: str) -> dict[str, str]:
    return {"description": text} if text else {}


SUCCESS = Member("success", {"const": True}, "It was done.")
UPDATED = number("nRecordsUpdated", "How many there were to change.")
CURRENCY = text("currency", "ISO 4217.")
NAME = text("domainName", "The name, in lower-case A-labels.")
