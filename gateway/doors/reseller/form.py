"""A request's form: the checks of §1 in their order.

Unknown names first (E1), then login and action present (E2); after the login everything else that
is missing (E2), then values (E3, E4).
"""

from collections.abc import Sequence
from typing import Any

from gateway.doors.reseller.parameters import ACTIONS, Action, Kind, Parameter, text
from gateway.errors import ArgumentInvalid, ArgumentMissing, ArgumentUnrecognized
from gateway.web.untrusted import Field

LOGIN = (
    Parameter("loginName", text(64), required=True, description="Login; case-sensitive."),
    Parameter("loginPassword", text(128), required=True, description="Case-sensitive."),
)
IDEMPOTENCY_KEY = r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?"
"""Pattern of the Idempotency-Key header: 1 to 255 printable ASCII characters."""

ACTION = Parameter("action", text(30), required=True, description="What to do.")


class Form:
    """The fields of one request, checked step by step in the documented order."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._by_name: dict[str, list[Field]] = {}
        for field in fields:
            self._by_name.setdefault(field.name.lower(), []).append(field)

    def refuse_unknown(self) -> None:
        """E1. Names are checked against the requested action; without a known one, against all."""
        requested = ACTIONS.get(self._first_value(ACTION) or "")
        actions = [requested] if requested else ACTIONS.values()
        known = {parameter.name.lower() for parameter in (*LOGIN, ACTION)}
        known.update(parameter.name.lower() for entry in actions for parameter in entry.parameters)
        for field in self._fields:
            if field.name.lower() not in known:
                raise ArgumentUnrecognized(field.name)

    def credentials(self) -> tuple[str, str]:
        """loginName and loginPassword, once `action` is there too (E2, E3)."""
        self._refuse_missing((*LOGIN, ACTION))
        login, password = (self._value(parameter) for parameter in LOGIN)
        return login, password

    def requested_action(self) -> Action:
        """E3 for an unknown action."""
        requested = ACTIONS.get(self._value(ACTION))
        if requested is None:
            raise ArgumentInvalid(self.spelling(ACTION.name))
        return requested

    def arguments(self, parameters: Sequence[Parameter]) -> dict[str, Any]:
        """All values by documented name: first everything missing (E2), then values (E3, E4)."""
        self._refuse_missing(parameters)
        return {parameter.name: self._value(parameter) for parameter in parameters}

    def spelling(self, name: str) -> str:
        """How the caller wrote a parameter; as documented, if it was not sent."""
        sent = self._by_name.get(name.lower())
        return sent[0].name if sent else name

    def sent(self, *names: str) -> list[str]:
        """What was sent for lower-case names, unchecked; not empty ones."""
        return [
            field.value for name in names for field in self._by_name.get(name, ()) if field.value
        ]

    def canonical(self) -> list[tuple[str, str]]:
        """The request without credentials and spelling: the same for two equal requests."""
        secret = {parameter.name.lower() for parameter in LOGIN}
        return sorted(
            (name, field.value)
            for name, fields in self._by_name.items()
            for field in fields
            if name not in secret
        )

    def _refuse_missing(self, parameters: Sequence[Parameter]) -> None:
        for parameter in parameters:
            if parameter.required and not self._first_value(parameter):
                raise ArgumentMissing(self.spelling(parameter.name))

    def _value(self, parameter: Parameter) -> Any:
        sent = self._by_name.get(parameter.name.lower(), [])
        if parameter.conditional and all(not field.value for field in sent):
            sent = sent[1:]  # one empty field counts as none; two are still sent twice
        if len(sent) > 1 and not parameter.repeatable:
            raise ArgumentInvalid(sent[1].name)
        values = [_parse(parameter.kind, field) for field in sent]
        if parameter.repeatable:
            return values
        return values[0] if values else parameter.default

    def _first_value(self, parameter: Parameter) -> str | None:
        sent = self._by_name.get(parameter.name.lower())
        return sent[0].value if sent else None


def _parse(kind: Kind, field: Field) -> Any:
    value = field.value
    if not value or len(value) > kind.maximum_length or "\0" in value or not _is_unicode(value):
        raise ArgumentInvalid(field.name)
    try:
        return kind.parse(value)
    except (ValueError, KeyError):
        raise ArgumentInvalid(field.name) from None


def _is_unicode(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)
