"""Where settings come from: a TOML file, and GATEWAY_… environment variables, which win."""

import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from gateway.config import Settings
from gateway.errors import ConfigurationError

_PREFIX = "gateway_"
_BOOLEANS = {
    **dict.fromkeys(("yes", "y", "on", "t"), True),
    **dict.fromkeys(("no", "n", "off", "f"), False),
}
"""Spellings of booleans in a variable besides true, false, 1 and 0."""

T = TypeVar("T")
Struct = TypeVar("Struct", bound=msgspec.Struct)


def load_settings(path: Path | None) -> Settings:
    """Reads `path` (TOML) and the environment, which wins.

    Raises ConfigurationError: one line that names all that is wrong, without the values.
    """
    return made(Settings, read_file(path) if path else {}, environment())


def read_file(path: Path) -> dict[str, Any]:
    """Reads a settings file; raises ConfigurationError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the settings file cannot be read: {error}") from None


def made(kind: type[Struct], *sources: Mapping[str, Any]) -> Struct:
    """Makes a `kind` of the merged sources, later ones over earlier ones.

    Raises ConfigurationError: one line that names all that is wrong, without the values.
    """
    settings: dict[str, Any] = {}
    for source in sources:
        settings = _merged(settings, source)
    try:
        return _converted(settings, kind)
    except msgspec.ValidationError as error:
        wrong = "; ".join(_mistakes(settings, kind)) or str(error)
        raise ConfigurationError(f"settings are not valid: {wrong}") from None


def environment(variables: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Reads GATEWAY_NAME, GATEWAY_SECTION (JSON) and GATEWAY_SECTION__NAME in the form of a file.

    Lists are JSON too; other variables with that prefix are ignored. Raises ConfigurationError.
    """
    settings: dict[str, Any] = {}
    kinds = _kinds(Settings)
    # A variable for a whole section comes before those for its parts.
    for variable in sorted(variables, key=str.lower):
        name, _, inner = variable.lower().removeprefix(_PREFIX).partition("__")
        kind = kinds.get(name)
        if kind is None or not variable.lower().startswith(_PREFIX):
            continue
        if not inner:
            settings[name] = _value(variable, variables[variable], kind)
        elif _is_section(kind):
            value = _value(variable, variables[variable], _kinds(kind).get(inner))
            settings = _merged(settings, {name: {inner: value}})
    return settings


def _value(variable: str, text: str, kind: Any) -> Any:
    if kind is bool or bool in get_args(kind):
        return _BOOLEANS.get(text.lower(), text)
    if not _is_json(kind):
        return text
    try:
        return json.loads(text)
    except ValueError:
        problem = f"{variable.lower().removeprefix(_PREFIX)}: {variable} is no JSON"
        raise ConfigurationError(f"settings are not valid: {problem}") from None


def _is_json(kind: Any) -> bool:
    return get_origin(kind) is list or _is_section(kind) or any(map(_is_json, get_args(kind)))


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _kinds(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind)}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        name: _merged(below[name], above[name])
        for name in below.keys() & above.keys()
        if isinstance(below[name], Mapping) and isinstance(above[name], Mapping)
    }
    return {**below, **above, **both}


def _converted(value: Any, kind: type[T]) -> T:
    return msgspec.convert(value, kind, strict=False, dec_hook=_from_text)


def _from_text(kind: type, value: Any) -> Any:
    """Makes a Path or a Secret of text."""
    if not isinstance(value, str):
        raise ValueError("Expected `str`")
    return kind(value)


def _mistakes(settings: Any, kind: type[msgspec.Struct], place: str = "") -> Iterator[str]:
    """Gives all mistakes, where a conversion stops at the first."""
    if not isinstance(settings, Mapping):
        yield f"{place}: Expected a section"
        return
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    checks = getattr(kind, "checks", {})
    start = f"{place}." if place else ""
    found = []
    for name, field in fields.items():
        if name not in settings:
            found += [f"{start}{name}: Field required"] if field.required else []
        elif _is_section(field.type) and not isinstance(settings[name], field.type):
            found += _mistakes(settings[name], field.type, start + name)
        else:
            found += _mistake(settings[name], field.type, start + name, checks.get(name))
    if kind.__struct_config__.forbid_unknown_fields:
        unknown = settings.keys() - fields
        found += [f"{start}{name}: Extra inputs are not permitted" for name in sorted(unknown)]
    yield from found or _mistake(settings, kind, place)


def _mistake(
    value: Any, kind: Any, place: str, check: Callable[[Any], object] | None = None
) -> Iterator[str]:
    try:
        converted = _converted(value, kind)
        if check is not None:
            check(converted)
    except (msgspec.ValidationError, ValueError) as error:
        problem, _, inside = str(error).partition(" - at `$")
        if problem.startswith("Invalid enum value"):  # the message contains the value
            problem = "Expected " + " or ".join(f"`{choice}`" for choice in _choices(kind))
        yield f"{place}{inside.rstrip('`')}: {problem}"


def _choices(kind: Any) -> Iterator[str]:
    for part in get_args(kind):
        if isinstance(part, str):
            yield part
        else:
            yield from _choices(part)
