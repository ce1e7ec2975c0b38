"""Reads the JSON that clients send, payloads and protected headers, by one rule for members.

Clients write "I have none" in three ways: they leave a member out, or send `null` or `""`. For an
optional member all three mean the same, for a required one all three are a mistake.
"""

from functools import lru_cache
from typing import Any, ClassVar, TypeVar

import msgspec
from msgspec import Struct

from gateway.doors.acme.problem import malformed
from gateway.web.untrusted import NotJson, convert_json, decode_json

_members = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode
_NUL = rb"\u0000"
"""U+0000 as JSON must write it. PostgreSQL can store it neither in text nor in jsonb."""


class Payload(Struct):
    """Base of all payloads.

    Members in `judged` may hold any text: their readers check each character, and have an exact
    error of their own for what does not fit.
    """

    judged: ClassVar[frozenset[str]] = frozenset()


T = TypeVar("T", bound=Payload)


def read(form: type[T], text: bytes, what: str) -> T:
    """Decodes `text` as `form`.

    Raises Problem (malformed) whose text begins with `what` and names the member.
    """
    try:
        members = decode_json(_members, text)
        if not isinstance(members, dict):
            raise malformed(f"{what} must be a JSON object.")
        for name, required in _members_of(form):
            _check(form, members, name, required, what)
        if _NUL in text:
            _refuse_nul(form, members, what)
        return convert_json(members, form)
    except NotJson as error:
        raise malformed(f"{what} cannot be read: {error}") from error


def _check(
    form: type[Payload], members: dict[str, Any], name: str, required: bool, what: str
) -> None:
    """Removes an optional member without a value; raises Problem for a required one."""
    value = members.get(name)
    if value is not None and value != "":
        return
    if not required:
        members.pop(name, None)
    elif value is None or name not in form.judged:
        raise malformed(f'{what} needs a value for "{name}".')


def _refuse_nul(form: type[Payload], members: dict[str, Any], what: str) -> None:
    """Raises Problem for U+0000, and for a backslash before "u0000", which no member needs."""
    for name, _ in _members_of(form):
        if name in members and name not in form.judged and _NUL in _encode(members[name]):
            raise malformed(f'{what} has U+0000 in "{name}".')


@lru_cache
def _members_of(form: type[Payload]) -> tuple[tuple[str, bool], ...]:
    """Each member as clients spell it, and whether it is required."""
    return tuple((field.encode_name, field.required) for field in msgspec.structs.fields(form))
