"""The filter grammar of GETLASTORDER: `<field> <operator> <value>` (docs/wire.md §2.10)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any

_EXPRESSION = re.compile(
    r"\s*(?P<field>domainName|validNotAfter)\s*(?P<operator>!=|!\?|>=|<=|=|\?|>|<)\s*(?P<value>\S+)\s*"
)
_TEXT_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "=": eq,
    "!=": ne,
    "?": lambda name, part: part in name,
    "!?": lambda name, part: part not in name,
}
_DATE_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": eq,
    "!=": ne,
    ">": gt,
    "<": lt,
    ">=": ge,
    "<=": le,
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class InvalidFilter(ValueError):
    """The text is no filter; the message says why."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition; all conditions of a request must match."""

    field: str
    operator: str
    value: str | date | datetime

    def accepts(self, *, domain_name: str, valid_not_after: datetime | None) -> bool:
        """Whether a row matches; one without a certificate has no date: `!=` alone matches it."""
        if isinstance(self.value, str):
            return _TEXT_OPERATORS[self.operator](domain_name, self.value)
        if valid_not_after is None:
            return self.operator == "!="
        return _DATE_OPERATORS[self.operator](
            _as_precise_as(self.value, valid_not_after), self.value
        )


def parse_filter(text: str) -> Filter:
    """Parses a filter; raises InvalidFilter."""
    match = _EXPRESSION.fullmatch(text)
    if match is None:
        raise InvalidFilter("a filter is a field, an operator and a value")
    field, operator, value = match["field"], match["operator"], match["value"]
    if field == "domainName":
        if operator not in _TEXT_OPERATORS:
            raise InvalidFilter(f"{operator} does not compare names")
        return Filter(field, operator, value.lower())
    if operator not in _DATE_OPERATORS:
        raise InvalidFilter(f"{operator} does not compare dates")
    return Filter(field, operator, _parse_date(value))


def _parse_date(text: str) -> date | datetime:
    """Parses a UTC day, or an instant with seconds."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidFilter(str(error)) from None
    raise InvalidFilter("a date is YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ")


def _as_precise_as(value: date | datetime, instant: datetime) -> date | datetime:
    """Gives the instant, or its day where the filter names a day."""
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=0) if isinstance(value, datetime) else utc.date()
