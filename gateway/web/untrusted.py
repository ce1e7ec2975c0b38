"""Decodes what strangers send: JSON and URL-encoded fields, bounded in depth and in number.

The cost of these functions grows with the number of bytes, and is small for what they refuse.
"""

from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec

MOST_FIELDS = 256
"""No form or query of this program takes a fifth of this number."""
_MOST_ESCAPES = 4096
"""A form with every field at its longest has fewer."""

T = TypeVar("T")


class Field(NamedTuple):
    """A field as sent. Text that is not UTF-8 holds lone surrogates and fits no parameter."""

    name: str
    value: str


class TooManyFields(ValueError):
    """More fields, or more percent-escapes, than any request needs."""


class NotJson(ValueError):
    """Text is not JSON, or not the documented JSON; the error's text says where."""


def parse_fields(encoded: bytes) -> list[Field]:
    """The fields of application/x-www-form-urlencoded bytes, in their order.

    Raises TooManyFields before anything is decoded.
    """
    if encoded.count(b"&") >= MOST_FIELDS or encoded.count(b"%") > _MOST_ESCAPES:
        raise TooManyFields
    fields = []
    for field in encoded.split(b"&"):
        if field:
            name, _, value = field.partition(b"=")
            fields.append(Field(_text(name), _text(value)))
    return fields


def decode_json(decoder: "msgspec.json.Decoder[T]", encoded: bytes | str) -> T:
    """Decodes JSON text; raises NotJson."""
    try:
        return decoder.decode(encoded)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise NotJson(str(error)) from None
    except RecursionError:
        raise NotJson("JSON is nested too deeply") from None


def convert_json(decoded: Any, kind: type[T]) -> T:
    """Converts JSON that is decoded already to `kind`; raises NotJson."""
    try:
        return msgspec.convert(decoded, kind)
    except msgspec.ValidationError as error:
        raise NotJson(str(error)) from None
    except RecursionError:
        raise NotJson("JSON is nested too deeply") from None


def media_type(content_type: str) -> str:
    """A Content-Type without its parameters, in lower case (RFC 9110 §8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


def _text(encoded: bytes) -> str:
    return unquote_to_bytes(encoded.replace(b"+", b" ")).decode("utf-8", "surrogateescape")
