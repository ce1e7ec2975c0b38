"""Answers of name servers: malformed ones (300 000 in full), and ones made to be costly."""

import re
import struct
from collections.abc import Callable
from random import Random
from re import _constants as sre
from re import _parser as sre_parser
from typing import Any

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from gateway.rules.acme import caa
from gateway.rules.acme.caa import parse_issue_value
from gateway.validation import dns as look_ups
from gateway.validation import dns_wire
from gateway.validation.dns_wire import LARGEST, DnsAnswer, ServerRefused, Truncated
from tests.support.amount import share_of
from tests.support.steps import counted_steps

ANSWERS = share_of(300_000)
SHARDS = 12
NAME = "shop.example.com"
RCODES = [*[dns.rcode.NOERROR] * 3, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL]
KINDS: dict[str, Any] = {
    "A": look_ups._A,
    "AAAA": look_ups._AAAA,
    "TXT": look_ups._TXT,
    "CAA": look_ups._CAA,
}
STEPS_AN_ANSWER = 4000
"""For packets of a size that UDP brings."""
STEPS_AT_MOST = 30_000
"""For whatever is read at all."""
STEPS_A_VALUE, STEPS_A_PARAMETER = 30, 8

RECORDS = [
    f"{NAME} A 192.0.2.1",
    f"{NAME} A 192.0.2.2",
    f"{NAME} AAAA 2001:db8::1",
    f'{NAME} TXT "one" "two"',
    f'{NAME} TXT "{"x" * 43}"',
    f'{NAME} CAA 0 issue "ca.example; accounturi=https://ca.example/1"',
    f'{NAME} CAA 128 issuewild ";"',
    f"{NAME} CNAME b.example.net.",
    "b.example.net CNAME c.example.org.",
    "c.example.org A 192.0.2.3",
    'c.example.org TXT "there"',
    'c.example.org CAA 0 issue "other.example"',
    f"{NAME} MX 10 mail.example.com.",
    f"{NAME} NS ns.example.com.",
]


def right_answers(random: Random) -> list[tuple[str, bytes]]:
    """Type and packet, of every usual shape."""
    made = []
    for kind in KINDS:
        for size in (0, 1, 2, 3, 5, 8):
            query = dns.message.make_query(NAME, kind, use_edns=0, payload=1232)
            reply = dns.message.make_response(query, recursion_available=True)
            reply.set_rcode(random.choice(RCODES))
            for text in random.sample(RECORDS, size):
                owner, record, value = text.split(" ", 2)
                reply.answer.append(dns.rrset.from_text(f"{owner}.", 60, "IN", record, value))
            made.append((kind, reply.to_wire()))
    return made


def changed(random: Random, packet: bytes) -> bytes:
    """Wrong in up to four places; the question stays, for others are thrown away at once."""
    wire = bytearray(packet)
    start = 12 + len(question("A"))
    for _ in range(random.randint(1, 4)):
        at = random.randrange(start, len(wire)) if len(wire) > start else len(wire)
        match random.randrange(8):
            case 0 | 1 if at < len(wire):
                wire[at] = random.randrange(256)
            case 2 if at < len(wire):
                wire[at] ^= 1 << random.randrange(8)
            case 3:
                del wire[at:]
            case 4:
                wire[at:at] = wire[random.randrange(start, len(wire) + 1) :][:64]
            case 5:
                wire[at : at + 2] = struct.pack(">H", 0xC000 | random.randrange(len(wire) + 16))
            case 6:
                field = random.choice((6, 8, 10))
                wire[field : field + 2] = struct.pack(">H", random.choice((0, 1, 2, 9, 65535)))
            case _:
                wire[2 + random.randrange(2)] ^= 1 << random.randrange(7)
    return bytes(wire)


def question(kind: str) -> bytes:
    return dns_wire.question(NAME, dns.rdatatype.from_text(kind))


def read(packet: bytes, kind: str) -> str:
    """What became of it; whatever else is raised is uncaught."""
    asked = question(kind)
    if not dns_wire.answers(packet, asked):
        return "no answer"
    try:
        answer = dns_wire.read(packet, asked)
    except (ServerRefused, Truncated, dns.exception.DNSException) as error:
        return type(error).__name__
    assert isinstance(answer, DnsAnswer)
    found = look_ups._read(answer.records, (NAME, KINDS[kind]))
    for each in found if isinstance(found, list) and kind == "TXT" else ():
        parse_issue_value(str(each))
    return "records" if answer.records else "alias" if answer.alias else "nothing"


@pytest.mark.parametrize("shard", range(SHARDS))
def test_each_wrong_answer_is_read_or_refused_in_few_steps(shard: int) -> None:
    random = Random(shard)
    right = right_answers(random)
    seen: dict[str, int] = {}
    most = 0
    for _ in range(ANSWERS // SHARDS):
        kind, packet = random.choice(right)
        packet = changed(random, packet)
        with counted_steps() as steps:
            outcome = read(packet, kind)
        most = max(most, steps.number)
        seen[outcome] = seen.get(outcome, 0) + 1
    assert most <= STEPS_AN_ANSWER
    # They do reach all the ways there are.
    assert {
        "records",
        "alias",
        "nothing",
        "FormError",
        "ServerRefused",
        "Truncated",
    } <= seen.keys(), seen


def header(number: int, kind: str = "A") -> bytes:
    return struct.pack(">6H", 1, 0x8180, 1, number, 0, 0) + question(kind)


def record(owner: bytes, kind: int, data: bytes) -> bytes:
    return owner + struct.pack(">2HIH", kind, 1, 0, len(data)) + data


HERE = 12 + len(question("A"))
OWNER = b"\xc0\x0c"
LONG = b"".join(b"\1" + bytes([97 + at % 26]) for at in range(126)) + b"\0"
TO_LONG = struct.pack(">H", 0xC000 | HERE)


def many(number: int, first: bytes, each: Callable[[int], bytes]) -> bytes:
    return header(number + 1) + first + b"".join(each(at) for at in range(number))


def pointers() -> bytes:
    """A chain of pointers as long as it may be, and names that begin at its end."""
    chain = b"".join(struct.pack(">H", 0xC000 | max(12, HERE + 10 + 2 * at)) for at in range(3000))
    body = record(OWNER, 65280, chain)
    last = struct.pack(">H", 0xC000 | (HERE + 12 + len(chain) - 2))
    return header(500) + body + b"".join(record(last, 1, b"abcd") for _ in range(499))


ATTACKS = {
    "owners of 126 labels": many(
        500, record(LONG, 5, OWNER), lambda _: record(TO_LONG, 1, b"abcd")
    ),
    "aliases to names of 126 labels": many(
        500, record(LONG, 5, OWNER), lambda _: record(TO_LONG, 5, TO_LONG)
    ),
    "many aliases of one name": many(
        500, b"", lambda at: record(OWNER, 5, b"\2%02x\0" % (at % 256))
    ).replace(struct.pack(">H", 501), struct.pack(">H", 500), 1),
    "a chain of aliases": header(500)
    + record(OWNER, 5, b"\4" + b"%04d" % 0 + b"\0")
    + b"".join(record(b"\4%04d\0" % at, 5, b"\4%04d\0" % (at + 1)) for at in range(499)),
    "an alias of itself": header(1) + record(OWNER, 5, OWNER),
    "pointers to pointers": pointers(),
    "a pointer to itself": header(1) + record(TO_LONG, 5, TO_LONG),
    "a pointer ahead": header(1) + record(b"\xff\xff", 1, b"abcd"),
    "thousands of records": header(5000) + record(OWNER, 1, b"abcd") * 5000,
    "records that are promised": header(65535) + record(OWNER, 1, b"abcd") * 10,
    "records without data": header(500) + record(b"\0", 1, b"") * 500,
    "the largest packet": header(1) + record(OWNER, 1, b"x" * 65000),
    "a byte": b"\0",
    "a header": struct.pack(">6H", 1, 0x8180, 1, 1, 0, 0),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_answer_that_was_made_to_cost_costs_a_bounded_number_of_steps(attack: str) -> None:
    with counted_steps() as steps:
        read(ATTACKS[attack], "A")
    assert steps.number <= STEPS_AT_MOST


@pytest.mark.parametrize("kind", KINDS)
def test_each_end_of_an_answer_and_each_size_is_read(kind: str) -> None:
    for _, packet in right_answers(Random(0)):
        for end in range(len(packet)):
            read(packet[:end], kind)


def giving_back(parsed: object) -> int:
    """Repetitions without a bound that a pattern may go back over again and again."""
    if isinstance(parsed, tuple) and parsed and parsed[0] in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        _, (_, most, repeated) = parsed
        return int(most is sre.MAXREPEAT) + giving_back(repeated)
    if isinstance(parsed, tuple | list | sre_parser.SubPattern):
        return sum(giving_back(part) for part in parsed)
    return 0


@pytest.mark.parametrize("pattern", [caa._ISSUE_VALUE, caa._PARAMETER], ids=["value", "parameter"])
def test_no_pattern_for_the_text_of_a_record_goes_back_over_it(pattern: re.Pattern[str]) -> None:
    """So that each looks at a character a fixed number of times, whatever the text."""
    assert giving_back(sre_parser.parse(pattern.pattern, pattern.flags)) == 0


def test_the_count_finds_a_pattern_that_does() -> None:
    assert giving_back(sre_parser.parse("(?:a*b)?(?P<rest>[ \t]*)")) == 2
    assert giving_back(sre_parser.parse("(?:(?:-*[a-z])*+x){2}")) == 1
    assert giving_back(sre_parser.parse("(?:-*+[a-z])*+")) == 0


class CountingPattern:
    """A pattern that counts the characters it is given."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.characters = 0

    def fullmatch(self, text: str) -> re.Match[str] | None:
        self.characters += len(text)
        return self._pattern.fullmatch(text)


@pytest.mark.parametrize(
    ("start", "again", "end"),
    [
        ("", " ", "!"),
        ("ca; a=", " ", "\x01"),
        ("", "a", "!"),
        ("a", "-", "!"),
        ("a", ".", "!"),
        ("ca", ";", "\x01"),
        ("ca", "; a=b", ""),
        ("ca;", "a", "=b"),
    ],
)
def test_the_text_of_a_record_is_read_in_work_that_grows_with_its_length(
    start: str, again: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pattern is given every character once at most, and a record has few calls a part."""
    patterns = [CountingPattern(caa._ISSUE_VALUE), CountingPattern(caa._PARAMETER)]
    monkeypatch.setattr(caa, "_ISSUE_VALUE", patterns[0])
    monkeypatch.setattr(caa, "_PARAMETER", patterns[1])
    text = start + again * (LARGEST // len(again)) + end
    with counted_steps() as steps:
        parse_issue_value(text)
    assert all(pattern.characters <= len(text) for pattern in patterns)
    assert steps.number <= STEPS_A_VALUE + STEPS_A_PARAMETER * text.count(";")
