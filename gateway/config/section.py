"""What all sections of the settings are made of: the table itself, numbers, and secrets."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta


class Secret:
    """Text that is not shown by accident: neither repr() nor str() has it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret(…)"

    def get_secret_value(self) -> str:
        """The text itself."""
        return self._text


Port = Annotated[int, Meta(ge=0, le=65535)]
AnyNumber = Annotated[int, Meta(ge=0)]
AtLeastOne = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]
MailAddress = Annotated[str, Meta(pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,189}$")]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the settings file."""

    checks: ClassVar[dict[str, Callable[[Any], object]]] = {}
    """Checks that a type cannot express; a ValueError's text must not contain the value."""

    def __post_init__(self) -> None:
        for name, check in self.checks.items():
            try:
                check(getattr(self, name))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
