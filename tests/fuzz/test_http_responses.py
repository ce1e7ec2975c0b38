"""Responses of web servers: malformed ones (10 000 in full), and ones made to be costly."""

from collections.abc import Iterable
from random import Random

import pytest

from gateway.validation import http_response
from gateway.validation.http_response import (
    LONGEST_BODY,
    MOST_BYTES,
    BadResponse,
    Incoming,
    TargetResponse,
)
from tests.support.amount import share_of
from tests.support.steps import counted_steps

RESPONSES = share_of(10_000)
SHARDS = 4
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
STEPS_AT_MOST = 60_000
"""Whatever is sent, in whatever pieces."""

RIGHT = [
    OK + b"Content-Length: 16\r\n\r\ntoken.thumbprint",
    OK
    + b"Server: nginx\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\ntoken.thumbprint\n",
    b"HTTP/1.0 200 OK\nContent-Type: text/plain\n\ntoken.thumbprint\n",
    CHUNKED + b"6;a=b\r\ntoken.\r\n0A\r\nthumbprint\r\n0\r\nTrailer: x\r\n\r\n",
    OK + b"X-Folded: one\r\n  two\r\n\tthree\r\nno colon\r\n\r\ntoken.thumbprint",
    b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK + b"\r\ntoken",
    b"HTTP/1.1 302 Found\r\nLocation: https://example.com/there\r\nContent-Length: 9\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    b"220 mail.example.com ESMTP\r\n250-Hello\r\n\r\n",
    b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\r\n\r\n",
]
PARTS = [
    b"\r\n", b"\n", b"\r", b"\0", b": ", b"HTTP/1.1 100 \r\n\r\n", b"0\r\n",
    b"ffffffffffffffff\r\n",
    b"Content-Length: 99999999999999999999\r\n", b"Content-Length: 5\r\n", b" ", b";" * 50,
    b"Transfer-Encoding: chunked\r\n", b"\xff" * 20, b"x" * 5000, b"1\r\nx\r\n" * 300,
    b"a: b\r\n" * 300, b"Content-Length: -1\r\n", b"HTTP/1.1 \xb2\xb2\xb2 \r\n\r\n",
]  # fmt: skip


def changed(random: Random, response: bytes) -> bytes:
    wire = bytearray(response)
    for _ in range(random.randint(0, 5)):
        at = random.randint(0, len(wire))
        match random.randrange(5):
            case 0:
                wire[at : at + 1] = bytes([random.randrange(256)])
            case 1:
                wire[at:at] = random.choice(PARTS)
            case 2:
                wire[at:at] = wire[random.randint(0, len(wire)) :][:200]
            case 3:
                del wire[at : at + random.randint(1, 20)]
            case _:
                wire[at:at] = random.choice(PARTS) * random.choice((1, 2, 20))
    return bytes(wire)


def pieces(random: Random, wire: bytes) -> Iterable[bytes]:
    size = random.choice((1, 7, 100, 5000, 1_000_000))
    return [wire[at : at + size] for at in range(0, len(wire), size)]


def read(sent: Iterable[bytes]) -> TargetResponse | BadResponse:
    """As a connection does it; whatever else is raised is uncaught."""
    incoming = Incoming()
    reading = http_response.read(incoming)
    try:
        for piece in sent:
            incoming.add(piece)
            next(reading)
        incoming.end()
        next(reading)
    except StopIteration as complete:
        assert isinstance(complete.value, TargetResponse)
        return complete.value
    except BadResponse as error:
        return error
    finally:
        assert len(incoming._data) <= MOST_BYTES
    raise AssertionError("it waits for more than there is")


@pytest.mark.parametrize("shard", range(SHARDS))
def test_each_wrong_response_is_read_or_refused_in_few_steps(shard: int) -> None:
    random = Random(shard)
    good = bad = most = 0
    for _ in range(RESPONSES // SHARDS):
        sent = pieces(random, changed(random, random.choice(RIGHT)))
        with counted_steps() as steps:
            response = read(sent)
        most = max(most, steps.number)
        if isinstance(response, TargetResponse):
            good += 1
            assert 100 <= response.status <= 999
            assert len(response.body) <= LONGEST_BODY + 1
        else:
            bad += 1
    assert most <= STEPS_AT_MOST
    assert good > RESPONSES / SHARDS / 10
    assert bad > RESPONSES / SHARDS / 10


ATTACKS = {
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "interim responses of status -12": (b"", b"HTTP/1.1 -12 \r\n\r\n"),
    "large interim responses": (b"", b"HTTP/1.1 199 x\r\n" + b"a:" * 5000 + b"\r\n\r\n"),
    "header lines": (OK, b"a:\n"),
    "folded lines": (OK + b"a: b\r\n", b" \n"),
    "ends of lines": (OK[:-2], b"\r"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "zeros of a size": (CHUNKED, b"0"),
    "extensions": (CHUNKED + b"1", b";"),
    "trailers": (CHUNKED + b"0\r\n", b"a: b\r\n"),
    "a body": (OK + b"\r\n", b"x"),
    "a long body": (OK + b"Content-Length: 999999999999\r\n\r\n", b"x"),
    "nothing but zeros": (b"", b"\0"),
    "nothing but line ends": (b"", b"\n"),
}


@pytest.mark.parametrize("size", [1, 3, 1000, 262_144])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_response_that_never_ends_costs_a_bounded_number_of_steps(attack: str, size: int) -> None:
    start, again = ATTACKS[attack]
    wire = (start + again * (1_000_000 // len(again)))[:1_000_000]
    taken = 0

    def sent() -> Iterable[bytes]:
        nonlocal taken
        for at in range(0, len(wire), size):
            taken += size
            yield wire[at : at + size]

    with counted_steps() as steps:
        read(sent())
    assert steps.number <= STEPS_AT_MOST
    assert taken <= MOST_BYTES + size
