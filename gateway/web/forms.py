"""Forms: what a field is, and the checks of a request's fields, step by step (docs/wire.md §1).

Unknown names are refused first (E1), then the caller logs in; after the login everything that is
missing is refused (E2), then wrong values (E3, E4).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.errors.request import ArgumentInvalid, ArgumentMissing, ArgumentUnrecognized
from gateway.web.untrusted import Field

MEDIA_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class ParameterKind:
    """How text becomes a value. `parse` raises ValueError (E3) or NotBase64url (E4)."""

    parse: Callable[[str], Any]
    schema: Mapping[str, Any]
    """JSON Schema of the text as it is sent."""
    maximum_length: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """One form field. `name` is the documented spelling; callers may use any letter case.

    A `conditional` field is needed only sometimes: empty counts as not sent, and the handler raises
    ArgumentMissing. Any other optional field must have a value when it is sent: an empty
    `quoteOnly` must not become a purchase by default.
    """

    name: str
    kind: ParameterKind
    required: bool = False
    conditional: bool = False
    repeatable: bool = False
    default: Any = None
    description: str = ""


class Form:
    """The fields of one request, checked step by step in the documented order."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._by_name: dict[str, list[Field]] = {}
        for field in fields:
            self._by_name.setdefault(field.name.lower(), []).append(field)

    @property
    def fields(self) -> Sequence[Field]:
        """The fields as they were sent."""
        return self._fields

    def refuse_unknown(self, parameters: Sequence[Parameter]) -> None:
        """Raises E1 for a field that is not among `parameters`."""
        known = names_of(parameters)
        for field in self._fields:
            if field.name.lower() not in known:
                raise ArgumentUnrecognized(field.name)

    def refuse_missing(self, parameters: Sequence[Parameter]) -> None:
        """Raises E2 for the first required parameter that was not sent."""
        for parameter in parameters:
            if parameter.required and not self.first(parameter):
                raise ArgumentMissing(self.spelling(parameter.name))

    def arguments(self, parameters: Sequence[Parameter]) -> dict[str, Any]:
        """All values by documented name: first everything missing (E2), then values (E3, E4)."""
        self.refuse_missing(parameters)
        return {parameter.name: self.value(parameter) for parameter in parameters}

    def value(self, parameter: Parameter) -> Any:
        """A parameter's value: a list if it is repeatable, the default if it was not sent.

        Raises E3 and E4.
        """
        sent = self._by_name.get(parameter.name.lower(), [])
        if parameter.conditional and all(not field.value for field in sent):
            sent = sent[1:]  # one empty field counts as not sent; two are still sent twice
        if len(sent) > 1 and not parameter.repeatable:
            raise ArgumentInvalid(sent[1].name)
        values = [_parse(parameter.kind, field) for field in sent]
        if parameter.repeatable:
            return values
        return values[0] if values else parameter.default

    def first(self, parameter: Parameter) -> str | None:
        """The first value that was sent for a parameter, unchecked; None = it was not sent."""
        sent = self._by_name.get(parameter.name.lower())
        return sent[0].value if sent else None

    def spelling(self, name: str) -> str:
        """A parameter's name as the caller wrote it; as documented, if it was not sent."""
        sent = self._by_name.get(name.lower())
        return sent[0].name if sent else name

    @contextmanager
    def in_callers_spelling(self) -> Iterator[None]:
        """Lets errors of the block name an argument as the caller spelled it."""
        try:
            yield
        except (ArgumentInvalid, ArgumentMissing) as error:
            error.name = self.spelling(error.name)
            raise

    def sent(self, *names: str) -> list[str]:
        """The values that were sent for lower-case names, unchecked, without empty ones."""
        return [
            field.value for name in names for field in self._by_name.get(name, ()) if field.value
        ]

    def canonical(self, secret: Sequence[Parameter]) -> list[tuple[str, str]]:
        """The fields without secrets and spelling: the same for two equal requests."""
        left_out = names_of(secret)
        return sorted(
            (name, field.value)
            for name, fields in self._by_name.items()
            for field in fields
            if name not in left_out
        )


def names_of(parameters: Sequence[Parameter]) -> set[str]:
    """The names of parameters, in lower case."""
    return {parameter.name.lower() for parameter in parameters}


def _parse(kind: ParameterKind, field: Field) -> Any:
    value = field.value
    if not value or len(value) > kind.maximum_length or "\0" in value or not _is_unicode(value):
        raise ArgumentInvalid(field.name)
    try:
        return kind.parse(value)
    except (ValueError, KeyError):
        raise ArgumentInvalid(field.name) from None


def _is_unicode(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def text(maximum_length: int) -> ParameterKind:
    """Any text of up to so many characters."""
    return ParameterKind(str, {"type": "string", "maxLength": maximum_length}, maximum_length)


def choice(*values: str) -> ParameterKind:
    """One of the documented values, in exactly their letter case."""

    def parse(sent: str) -> str:
        if sent not in values:
            raise ValueError(sent)
        return sent

    return ParameterKind(parse, {"type": "string", "enum": list(values)}, max(map(len, values)))


def integer(minimum: int, maximum: int) -> ParameterKind:
    """Decimal digits without sign, within the bounds."""

    def parse(sent: str) -> int:
        if not re.fullmatch("[0-9]+", sent) or not minimum <= int(sent) <= maximum:
            raise ValueError(sent)
        return int(sent)

    schema = {"type": "integer", "minimum": minimum, "maximum": maximum}
    return ParameterKind(parse, schema, len(str(maximum)))


_AMOUNT = r"-?[0-9]{1,10}(\.[0-9]{1,2})?"


def _parse_amount(sent: str) -> Decimal:
    if not re.fullmatch(_AMOUNT, sent):
        raise ValueError(sent)
    return Decimal(sent)


amount = ParameterKind(_parse_amount, {"type": "string", "pattern": f"^{_AMOUNT}$"}, 14)
"""An amount like 365.00, parsed to a Decimal."""

flag = ParameterKind(
    {"Y": True, "N": False}.__getitem__,
    {"type": "string", "enum": ["Y", "N"]},
    1,
)
"""Y or N, parsed to a bool."""
