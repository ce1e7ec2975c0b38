"""Malformed and extreme values that tests send in every member and parameter of every door."""

import json
from collections.abc import Iterator
from typing import Any

STRINGS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\r\nX-Injected: 1",
    "\t",
    "\x7f\x80\x9f",
    "\ufeff",
    "\ufffd\uffff",
    "\u202etxt.moc.elpmaxe",
    "مثال.إختبار",
    "bücher.example.com",
    "www.exa\u0301mple.com",
    "xn--",
    "xn--nxasmq6b.xn--nxasmq6b",
    "xn--\u00fc",
    ".".join(["xn--nxasmq6b"] * 3_000),
    ".".join(["a"] * 128),
    "a" * 64 + ".example.com",
    ".",
    "..",
    "*.",
    "*.*.example.com",
    "-.example.com",
    "www.example.com.",
    "127.0.0.1",
    "[::1]",
    "\U0001f4a3" * 300,
    "%00",
    "%s%n{0}$1",
    "'; DROP TABLE acme.account; --",
    "\\",
    "../../etc/passwd",
    "a" * 5_000,
    "A" * 40_000,
    "!" * 64,
    "AA",
    "A",
    "AA.AA",
    ".AA",
    "AA.",
    "AAAA.AAAA.AAAA",
    "null",
    "0",
    "-1",
    "9223372036854775808",
    "9" * 400,
    "1e400",
    "NaN",
    "Infinity",
    "١٢٣",
    "²",
    "1_0",
    " 1",
    "0x10",
    "https://127.0.0.1/",
    "https://[",
    "http://a:99999999/",
    "urn:a",
    "mailto:",
    "mailto:a@b@c",
    "mailto:a\0@example.com",
    "mailto:a@example.com?to=b",
    "00000000-0000-0000-0000-000000000000",
)

TIMES = (
    "0001-01-01T00:00:00+23:59",
    "0001-01-01T00:00:00Z",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:59.999999999Z",
    "2025-01-10T23:59:60Z",
    "2025-01-10T24:00:00Z",
    "2025-02-29T00:00:00Z",
    "2025-01-10T00:00:00",
    "2025-01-10",
    "0001-01-01",
    "9999-12-31",
    "2025-13-45",
    "+292278994-08-17T07:12:55Z",
    "-0001-01-01T00:00:00Z",
    "2025-01-10T15:30:00+99:99",
)

TEXTS = STRINGS + TIMES
"""The values that forms can carry, too."""

_DEPTHS = (10, 1_200, 10_000)

FRAGMENTS = (
    *(json.dumps(text) for text in TEXTS),
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"a\\u0000"',
    *(
        "null",
        "true",
        "false",
        "{}",
        "[]",
        "[null]",
        '[""]',
        "[[]]",
        '{"":null}',
        '{"a":"\\u0000"}',
    ),
    *("0", "-0", "-0.0", "-1", "1", "1.5", "1e400", "-1e400", "1e-400", "NaN", "Infinity"),
    *("2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809"),
    *("18446744073709551616", "9" * 5_000, "1" + "0" * 400 + ".0", "01", "1."),
    *("[" * depth + "]" * depth for depth in _DEPTHS),
    *('{"a":' * depth + "1" + "}" * depth for depth in _DEPTHS),
    "[" * 20_000,
    "[" + ",".join(["1"] * 10_000) + "]",
    "{" + ",".join(f'"{number}":1' for number in range(3_000)) + "}",
    '{"type":"dns","value":"a","type":"dns","value":"b"}',
    *('"a', '"\\x"', '"\\u12"', "nul", "", "\x00", "'a'"),
)
"""Texts to put in the place of a JSON value, some of them no JSON."""

_PLACE = "\ue000"

Path = tuple[str | int, ...]


def places(document: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all values in a JSON document: the whole, and every member and element."""
    yield path
    if isinstance(document, dict):
        for name, value in document.items():
            yield from places(value, (*path, name))
    elif isinstance(document, list):
        for position, value in enumerate(document):
            yield from places(value, (*path, position))


def with_fragment(document: Any, path: Path, fragment: str) -> str:
    """The JSON text of `document`, where `fragment` replaces the value at `path`."""
    return json.dumps(_placed(document, path)).replace(json.dumps(_PLACE), fragment)


def _placed(document: Any, path: Path) -> Any:
    if not path:
        return _PLACE
    first, *others = path
    copied = document.copy()
    copied[first] = _placed(document[first], tuple(others))
    return copied
