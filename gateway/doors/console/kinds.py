"""Kinds of fields that several pages have."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from gateway.doors.console.forms import FormField
from gateway.doors.console.page import PageRequest
from gateway.errors import OperatorMistake
from gateway.rules.operation.input import (
    MAXIMUM_PASSWORD,
    MINIMUM_OPERATOR_PASSWORD,
    check_operator_password,
)
from gateway.web.forms import ParameterKind, choice, text

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_LENGTH = len("2026-06-30")
WRONG_DAY = "Enter a day like 2026-01-31."


RENEWAL_MODE = FormField(
    "renewal_mode",
    "Renewal of pre-validations",
    choice("manual", "auto"),
    control="select",
    options=(("manual", "manual: the reseller is warned"), ("auto", "automatic")),
)


def _parse_day(sent: str) -> date:
    if not _DAY.fullmatch(sent):
        raise ValueError(sent)
    return date.fromisoformat(sent)


def _parse_new_password(sent: str) -> str:
    try:
        check_operator_password(sent)
    except OperatorMistake:
        raise ValueError from None
    return sent


def first_second(day: date) -> datetime:
    """The first second of a UTC day."""
    return datetime.combine(day, time(0, 0, 0, tzinfo=UTC))


def last_second(day: date) -> datetime:
    """The last second of a UTC day."""
    return datetime.combine(day, time(23, 59, 59, tzinfo=UTC))


def older_than(page: PageRequest) -> int | None:
    """The row of an endless list after which its page begins, by the query's `older`."""
    sent = page.query.first("older")
    usable = sent.isascii() and sent.isdigit() and len(sent) < len(str(2**63 - 1))
    return int(sent) if usable else None


def day(name: str, label: str, hint: str = "") -> FormField:
    """A field for a UTC day that may stay empty."""
    return FormField(
        name,
        label,
        ParameterKind(_parse_day, {"type": "string", "format": "date"}, _DAY_LENGTH),
        control="date",
        required=False,
        hint=hint,
        wrong=WRONG_DAY,
    )


def reason(name: str, label: str, hint: str = "", *, required: bool = True) -> FormField:
    """A field for one line that says why."""
    return FormField(name, label, text(500), required=required, hint=hint, default="")


def file(name: str, label: str, most_bytes: int, accept: Sequence[str], hint: str) -> FormField:
    """A field for a file; `accept` are the media types that browsers offer to choose."""
    schema = {"type": "string", "format": "binary", "contentMediaType": ",".join(accept)}
    return FormField(name, label, ParameterKind(str, schema, most_bytes), control="file", hint=hint)


def new_password(name: str = "password", label: str = "Password") -> FormField:
    """A field for somebody's first or next password."""
    return FormField(
        name,
        label,
        ParameterKind(_parse_new_password, {"type": "string"}, MAXIMUM_PASSWORD),
        control="password",
        hint=f"{MINIMUM_OPERATOR_PASSWORD} characters or more.",
        wrong=f"A password has {MINIMUM_OPERATOR_PASSWORD} to {MAXIMUM_PASSWORD} characters.",
        autocomplete="new-password",
    )
