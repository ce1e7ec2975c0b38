"""What strangers send is decoded in few steps, whatever it is."""

import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.doors.acme.door import Servers
from gateway.ids import new_id
from gateway.store.acme.servers import Server
from gateway.web.front.before_routing import first_part
from gateway.web.front.plain_request import recognise
from gateway.web.untrusted import (
    MOST_FIELDS,
    NotJson,
    TooManyFields,
    convert_json,
    decode_json,
    media_type,
    parse_fields,
)


def calls_of(work: Callable[[], object]) -> int:
    """So many functions are called."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    except (TooManyFields, NotJson):
        pass
    finally:
        sys.setprofile(None)
    return calls


_ANY = msgspec.json.Decoder(Any)
_HEAD = b"GET /%s HTTP/1.1\r\nHost: a\r\n%s\r\n"


def _servers() -> Servers:
    made = Servers(None, "")  # type: ignore[arg-type]
    made.offer(Server(new_id(), str(n), f"/v2/{n}", "DV", 608, "", "any") for n in range(10))
    return made


SERVERS = _servers()
DECODERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "many fields": (parse_fields, b"a&"),
    "empty fields": (parse_fields, b"&"),
    "escapes": (parse_fields, b"%"),
    "escapes among other letters": (parse_fields, "é%41".encode()),
    "deep lists": (lambda data: decode_json(_ANY, data), b"["),
    "deep objects": (lambda data: decode_json(_ANY, data), b'{"a":'),
    "media type": (lambda data: media_type("a/b" + data.decode()), b";a=b"),
    "comments in a media type": (lambda data: media_type(data.decode()), b"("),
    "slashes": (lambda data: SERVERS.known(data.decode()), b"/"),
    "slashes below a server": (lambda data: SERVERS.known("/v2/3/" + data.decode()), b"x/"),
    "first part": (lambda data: first_part(data.decode()), b"/"),
    "a target of a plain request": (lambda data: recognise(_HEAD % (data, b""), None), b"/"),
    "an unfinished head": (lambda data: recognise(b"GET / HTTP/1.1\r\n" + data, None), b"a: b\r\n"),
}


@pytest.mark.parametrize("name", DECODERS)
def test_twice_as_much_is_no_more_work(name: str) -> None:
    decode, piece = DECODERS[name]
    pieces = 40_000 // len(piece)
    assert calls_of(lambda: decode(piece * pieces)) <= 40
    assert calls_of(lambda: decode(piece * pieces * 2)) <= 40


def test_what_is_decoded_at_most_is_little_work() -> None:
    largest = b"&".join([b"a=" + b"%zz" * 16] * MOST_FIELDS)
    assert calls_of(lambda: parse_fields(largest)) < 16_000


def test_the_work_for_headers_grows_with_their_number() -> None:
    def work(lines: int) -> int:
        return calls_of(lambda: recognise(_HEAD % (b"", b"X-Forwarded-For: a\r\n" * lines), None))

    assert work(200) < 2.2 * work(100)


def test_as_many_fields_as_there_may_be_are_parsed() -> None:
    assert len(parse_fields(b"&".join([b"a=b"] * MOST_FIELDS))) == MOST_FIELDS
    with pytest.raises(TooManyFields):
        parse_fields(b"&" * MOST_FIELDS)


@given(st.lists(st.binary(max_size=12), max_size=20).map(b"&".join))
def test_fields_are_those_of_the_standard_library(encoded: bytes) -> None:
    text = encoded.decode("latin-1")
    expected = parse_qsl(text, keep_blank_values=True, encoding="latin-1")
    found = [
        tuple(part.encode("utf-8", "surrogateescape").decode("latin-1") for part in field)
        for field in parse_fields(encoded)
    ]
    assert found == expected


@pytest.mark.parametrize("depth", [1_200, 5_000, 30_000])
@pytest.mark.parametrize("kind", [Any, dict[str, Any], list[Any]])
def test_what_is_nested_too_deeply_is_no_json(depth: int, kind: Any) -> None:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)
    for opened in (b"[" * depth, b'{"a":' * depth, b"[" * depth + b"]" * depth):
        with pytest.raises(NotJson):
            decode_json(decoder, opened)


def test_what_was_decoded_deeply_is_refused_when_it_is_converted() -> None:
    nested: Any = "x"
    for _ in range(5_000):
        nested = {"a": nested}
    with pytest.raises(NotJson):
        convert_json(nested, _Nested)


class _Nested(msgspec.Struct):
    a: "_Nested"


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("application/json", "application/json"),
        (" Application/JSON ; charset=utf-8; a", "application/json"),
        ("", ""),
        ("\udcff", "\udcff"),
    ],
)
def test_a_media_type_has_no_parameters(sent: str, found: str) -> None:
    assert media_type(sent) == found
