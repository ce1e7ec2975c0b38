"""Forms of pages: declared once, filled in by people, shown again with what is wrong with a field.

The kinds of fields are those of the action API (gateway.web.forms). A field that stands for an
argument of a use case has its name, so that a refusal finds its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway import ids
from gateway.doors.console.sentences import Sentence, field_of, text_of
from gateway.errors.request import ArgumentInvalid, NotBase64url
from gateway.web.forms import Form, Parameter, ParameterKind
from gateway.web.untrusted import Field
from gateway.web.uploads import SentFile

CSRF = "csrf"
ONCE = "once"
BACK = "back"

CODE = "one_time_code"
PASSKEY = "passkey_answer"

_PASSWORD = "password"  # noqa: S105  how names of such fields end
_MISSING = "Enter a value here."
_NOT_TICKED = "Tick the box to go on."
_NO_FILE = "Choose a file."
_CHECK_FIELDS = "Check the marked fields."

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form.

    `control` is text, email, number, date, password, textarea, select, radio, checkbox, checkboxes,
    file or hidden; `options` are (value, shown) for those to choose from. A checkbox sends Y.
    `wrong` says what a right value looks like; without it the kind does. The name of a password's
    field ends with `password`: such values, CODE and PASSKEY are never kept or shown.
    """

    name: str
    label: str
    kind: ParameterKind
    control: str = "text"
    required: bool = True
    options: Sequence[tuple[str, str]] = ()
    hint: str = ""
    wrong: str = ""
    autocomplete: str = "off"
    default: Any = None
    unchosen: str = "Any"
    """What an optional select shows while nothing is chosen."""

    @property
    def repeatable(self) -> bool:
        """Whether several values may be sent."""
        return self.control == "checkboxes"

    @property
    def remedy(self) -> str:
        """What is shown of a value that cannot be used."""
        return self.wrong or _remedy(self.kind)


@dataclass(frozen=True, slots=True)
class PageForm:
    """A form of a page; `name` is its own on the page. A file is the last of its fields."""

    name: str
    fields: tuple[FormField, ...] = ()

    @property
    def file(self) -> FormField | None:
        """The field for a file."""
        return next((each for each in self.fields if each.control == "file"), None)

    def field(self, name: str) -> FormField | None:
        """The field of that name; letter case does not count, as in the action API."""
        found = (each for each in self.fields if each.name.lower() == name.lower())
        return next(found, None)


class FilledForm:
    """A form as it is shown: with what was entered, and what is wrong with it."""

    def __init__(
        self, form: PageForm, action: str, *, token: str, back: str, key: str = ""
    ) -> None:
        self.form = form
        self.action = action
        self.token = token
        self.back = back
        self.once = ids.new_form_key()
        """Another one each time: a form that is shown again may be sent again."""
        self.key = f"{form.name}-{key}" if key else form.name
        """Begins the ids of its elements."""
        self.entered: dict[str, list[str]] = {}
        self.errors: dict[str, str] = {}
        self.trouble = ""
        """What is wrong with the form as a whole."""
        self.note = ""

    def enter(self, values: Mapping[str, Any]) -> "FilledForm":
        """Fills in values that a page knows; a list for a field with several."""
        for name, value in values.items():
            many = value if isinstance(value, list | tuple) else [value]
            self.entered[name] = [_written(each) for each in many if each is not None]
        return self

    def enter_fields(self, fields: Sequence[Field]) -> "FilledForm":
        """Fills in what was sent, as it was sent."""
        self.entered = {}
        for sent in fields:
            self.entered.setdefault(sent.name, []).append(sent.value)
        return self

    def offer(self, name: str, options: Sequence[tuple[str, str]]) -> None:
        """Gives a field the options of this page: (value, shown) each."""
        fields = [
            replace(each, options=options) if each.name == name else each
            for each in self.form.fields
        ]
        self.form = PageForm(self.form.name, tuple(fields))

    def value(self, name: str) -> str:
        """What stands in a field; secrets are not shown again."""
        entered = [] if _is_secret(name) else self.entered.get(name, [])
        return _showable(entered[0]) if entered else ""

    def has(self, name: str, value: str) -> bool:
        """Is the option of a field chosen?"""
        return value in self.entered.get(name, ())

    def check(self, form: Form, file: SentFile | None = None) -> Values | None:
        """The values of all fields; None = some are wrong, and `errors` says which."""
        values: Values = {}
        for each in self.form.fields:
            if each.control == "file":
                if file is None:
                    self.errors[each.name] = _NO_FILE
                values[each.name] = file
                continue
            parameter = Parameter(
                each.name, each.kind, conditional=True, repeatable=each.repeatable
            )
            try:
                value = form.value(parameter)
            except (ArgumentInvalid, NotBase64url):
                self.errors[each.name] = each.remedy
                continue
            missing = value is None or value == []
            if missing and each.required:
                ticks = each.control == "checkbox"
                self.errors[each.name] = _NOT_TICKED if ticks else _MISSING
            values[each.name] = each.default if missing else value
        if not self.errors:
            return values
        self.trouble = _CHECK_FIELDS
        return None

    def refuse(self, line: Sentence, error: Exception) -> None:
        """Puts the sentence of a refusal beside its field, or above the form."""
        field = self.form.field(field_of(line, error))
        if field is None or field.control == "hidden":
            self.trouble = text_of(line, error)
        else:
            vague = isinstance(error, ArgumentInvalid) and not error.hint
            self.errors[field.name] = (vague and field.wrong) or text_of(line, error)
            self.trouble = _CHECK_FIELDS


def without_spaces(fields: Sequence[Field]) -> list[Field]:
    """Fields without the spaces that people paste along, except in passwords."""
    return [
        each if each.name.endswith(_PASSWORD) else Field(each.name, each.value.strip())
        for each in fields
    ]


def holds_secret(field: Field) -> bool:
    """Whether a field may hold a password, a code or a passkey's answer, by its name."""
    name = field.name.lower()
    return _PASSWORD in name or _is_secret(name)


def may_be_kept(field: Field) -> bool:
    """Whether a field may be shown again after the session has ended: no secret, nothing ours."""
    return field.name.lower() not in (CSRF, ONCE, BACK) and not holds_secret(field)


def counted(fields: Sequence[Field], file: SentFile | None = None) -> list[tuple[str, str]]:
    """The fields by which a form that is sent twice is known to be the same; no secret."""
    ours = (CSRF, ONCE, BACK)
    sent = [(file.name, file.sha256.hex())] if file is not None else []
    return sent + sorted(
        (each.name, each.value)
        for each in fields
        if each.name not in ours and not _is_secret(each.name)
    )


def _is_secret(name: str) -> bool:
    return name.endswith(_PASSWORD) or name in (CODE, PASSKEY)


def _remedy(kind: ParameterKind) -> str:
    schema = kind.schema
    if "enum" in schema:
        return "Choose one of the options."
    if schema.get("type") == "integer" and "minimum" in schema:
        return f"Enter a whole number from {schema['minimum']} to {schema['maximum']}."
    return f"This value cannot be used; it has at most {kind.maximum_length} characters."


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "Y" if value else "N"
    return str(value)


def _showable(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "�")
