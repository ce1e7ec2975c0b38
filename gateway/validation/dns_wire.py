"""Writes questions to a name server and reads its answers (RFC 1035 §4).

A stranger may have written an answer: none takes more steps than LARGEST and _MOST_RECORDS allow
(docs/decisions/0010-reading-dns-answers.md). The data of a record is left to dnspython.
"""

import re
import struct
from dataclasses import dataclass
from functools import lru_cache

import dns.exception
import dns.message
import dns.name
import dns.rcode
from dns.rdatatype import RdataType

UDP_PAYLOAD = 1232  # bytes; larger answers come by TCP and are never fragmented

LARGEST = 16 * 1024
"""The most bytes of an answer that are read, also by TCP."""

Question = bytes
"""Owner, type and class on the wire, in lower case; equal bytes are the same question."""

_HEADER = struct.Struct(">6H")
_TYPE_AND_CLASS = struct.Struct(">2H")
_INTERNET = 1
_QUERY = struct.pack(">5H", 0x0100, 1, 0, 0, 1)  # recursion desired; a question, and EDNS
_EDNS = struct.pack(">BHHIH", 0, 41, UDP_PAYLOAD, 0, 0)  # RFC 6891 §6.1.2
_RESPONSE, _RESPONSE_AND_OPCODE = 0x80, 0xF8  # of the first byte of flags
_TRUNCATED, _CODE = 0x0200, 0x000F
_ONE = b"\x00\x01"
_OWNER_OF_QUESTION = b"\xc0\x0c"  # RFC 1035 §4.1.4: a pointer behind the header
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_LONGEST_NAME = 253  # characters
_MOST_RECORDS = 512  # of an answer, all sections together
_LONGEST_ALIAS_CHAIN = 16
_MOST_PARTS = 160  # labels and pointers of a name; a name has 127 labels at most
_LONGEST_LABEL, _LARGEST_NAME = 63, 255  # bytes
_POINTER = 0xC0
_ALIAS = _TYPE_AND_CLASS.pack(RdataType.CNAME, _INTERNET)
_ANSWERED = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


class ServerRefused(Exception):
    """The name server answers neither with records nor that there are none."""


class Truncated(Exception):
    """The answer does not fit into a packet."""


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """The data of each record, or what to ask instead because the name is an alias."""

    records: tuple[bytes, ...] = ()
    alias: Question | None = None


_NOTHING = DnsAnswer()


def question(name: str, record: RdataType) -> Question:
    """Encodes a question; raises dns.exception.DNSException or UnicodeError for a bad name."""
    return _owner(name) + _TYPE_AND_CLASS.pack(record, _INTERNET)


@lru_cache(maxsize=4096)
def _owner(name: str) -> bytes:
    """Encodes a name; cached, because names above many others are asked about repeatedly."""
    if len(name) <= _LONGEST_NAME and _PLAIN.fullmatch(name):
        labels = name.lower().encode("ascii").split(b".")
        return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    return dns.name.from_text(name).to_digestable()


def query(number: bytes, asked: Question) -> bytes:
    return number + _QUERY + asked + _EDNS


def answers(packet: bytes, asked: Question) -> bool:
    """Whether this is a response to that question (RFC 5452 §9.1), its number aside."""
    return (
        packet[4:6] == _ONE
        and packet[2] & _RESPONSE_AND_OPCODE == _RESPONSE
        and packet[_HEADER.size : _HEADER.size + len(asked)].lower() == asked
    )


def read(packet: bytes, asked: Question) -> DnsAnswer:
    """Reads an answer; raises ServerRefused, Truncated, or DNSException if malformed or too large.

    `packet` is one that `answers` the question.
    """
    _, flags, _, number, authorities, others = _HEADER.unpack_from(packet)
    if flags & _TRUNCATED:
        raise Truncated
    if len(packet) > LARGEST or number + authorities + others > _MOST_RECORDS:
        raise dns.exception.TooBig
    code = flags & _CODE
    if number == 0 and code in _ANSWERED:
        return _NOTHING
    if code not in _ANSWERED:
        raise ServerRefused(dns.rcode.to_text(dns.rcode.Rcode.make(code)))
    records = _records(packet, asked, number)
    return _at_the_end(packet, asked, number) if records is None else DnsAnswer(tuple(records))


def _records(packet: bytes, asked: Question, number: int) -> list[bytes] | None:
    """The records' data if all have the name and type asked for (RFC 1035 §4.1.3), else None."""
    expected = _OWNER_OF_QUESTION + asked[-_TYPE_AND_CLASS.size :]
    found = []
    start = _HEADER.size + len(asked)
    for _ in range(number):
        data = start + 12
        end = data + int.from_bytes(packet[data - 2 : data])
        if packet[start : start + 6] != expected or end > len(packet):
            return None
        found.append(packet[data:end])
        start = end
    return found


def _at_the_end(packet: bytes, asked: Question, number: int) -> DnsAnswer:
    """The records at the end of the aliases (CNAME) that begin at the question's name."""
    owner, wanted = asked[: -_TYPE_AND_CLASS.size], asked[-_TYPE_AND_CLASS.size :]
    records: dict[bytes, list[bytes]] = {}
    aliases: dict[bytes, bytes] = {}
    known: dict[bytes, bytes] = {}
    start = _HEADER.size + len(asked)
    for _ in range(number):
        name, start = _name(packet, start, known)
        data = start + 10
        end = data + int.from_bytes(packet[data - 2 : data])
        if end > len(packet):
            raise dns.exception.FormError
        kind = packet[start : start + _TYPE_AND_CLASS.size]
        if kind == wanted:
            records.setdefault(name, []).append(packet[data:end])
        elif kind == _ALIAS:
            aliases[name], behind = _name(packet, data, known)
            if behind != end:
                raise dns.exception.FormError
        start = end
    for _ in range(_LONGEST_ALIAS_CHAIN):
        if owner in records:
            return DnsAnswer(tuple(records[owner]))
        if owner not in aliases:
            is_asked = owner == asked[: -_TYPE_AND_CLASS.size]
            return _NOTHING if is_asked else DnsAnswer(alias=owner + wanted)
        owner = aliases[owner]
    raise dns.message.ChainTooLong


def _name(packet: bytes, start: int, known: dict[bytes, bytes]) -> tuple[bytes, int]:
    """The name at `start`, in lower case and without pointers, and the position after it.

    Names that are nothing but a pointer are remembered: hundreds may lead to the same long one.
    """
    pointer = packet[start : start + 2]
    if pointer in known:
        return known[pointer], start + 2
    name, behind = _spelled_out(packet, start)
    if pointer[0] >= _POINTER:
        known[pointer] = name
    return name, behind


def _spelled_out(packet: bytes, start: int) -> tuple[bytes, int]:
    """Reads a name label by label; pointers may only lead backwards (RFC 1035 §4.1.4)."""
    labels: list[bytes] = []
    size, at, behind = 1, start, 0
    for _ in range(_MOST_PARTS):
        length = int.from_bytes(packet[at : at + 1])
        if length >= _POINTER:
            behind = behind or at + 2
            target = int.from_bytes(packet[at : at + 2]) & 0x3FFF
            if target >= start:
                break
            start = at = target
        elif length > _LONGEST_LABEL or at >= len(packet):
            break
        elif length == 0:
            return b"".join(labels).lower() + b"\0", behind or at + 1
        else:
            size += length + 1
            if size > _LARGEST_NAME:
                break
            labels.append(packet[at : at + length + 1])
            at += length + 1
    raise dns.exception.FormError
