"""Damages valid requests at random, in the same way for the same seed."""

import json
from random import Random
from typing import Any

from tests.support.extreme_values import FRAGMENTS, places, with_fragment


def spoilt_bytes(random: Random, text: bytes) -> bytes:
    """Some bytes flipped, lost, doubled, put in, moved or cut off; never longer than twice."""
    data = bytearray(text)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        place = random.randrange(len(data) + 1)
        end = min(len(data), place + random.choice((1, 1, 2, 8, 64)))
        match random.randrange(6):
            case 0 if data:
                data[min(place, len(data) - 1)] ^= 1 << random.randrange(8)
            case 1:
                del data[place:end]
            case 2:
                data[place:place] = data[place:end]
            case 3:
                data[place:place] = random.choice(_TOKENS)
            case 4:
                del data[place:]
            case _:
                data[place:end] = random.randbytes(end - place)
    return bytes(data)


def spoilt_json(random: Random, document: Any) -> str:
    """JSON with a value replaced, a member repeated, lost or added, or its text damaged."""
    path = random.choice(list(places(document)))
    match random.randrange(5):
        case 0 | 1:
            return with_fragment(document, path, random.choice(FRAGMENTS))
        case 2 if isinstance(document, dict) and document:
            name = random.choice(list(document))
            twice = f"{json.dumps(name)}:{random.choice(FRAGMENTS)},"
            return "{" + twice + json.dumps(document)[1:]
        case 3 if isinstance(document, dict) and document:
            lost = random.choice(list(document))
            return json.dumps({name: document[name] for name in document if name != lost})
        case _:
            return spoilt_bytes(random, json.dumps(document).encode()).decode("utf-8", "replace")


_TOKENS = (b"\0", b"%00", b"%", b"&", b"=", b"&&", b"+", b'"', b"\\", b"\\u0000", b"\\ud800", b"{",
           b"}", b"[", b"]", b",", b":", b"null", b"1e999", b"-", b"\r\n", b"\xff", b"\xed\xa0\x80",
           b"\xe2\x80\xae", b"A" * 300)  # fmt: skip
