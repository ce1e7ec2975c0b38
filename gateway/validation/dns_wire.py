"""Questions to a name server and its answers, as they are on the wire (RFC 1035 §4).

Most answers of a validation hold no records, or just those that were asked for. They are read
here, strictly, for a tenth of the CPU; dnspython reads whatever else there is.
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

Question = bytes
"""Owner, type and class, all in lower case. Equal bytes = the same question."""

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
_ANSWERED = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


class Refused(Exception):
    """The name server says neither that there are records nor that there are none."""


class Truncated(Exception):
    """The answer does not fit into a packet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The data of each record, or what to ask instead because the name is an alias."""

    records: tuple[bytes, ...] = ()
    alias: Question | None = None


_NOTHING = Answer()


def question(name: str, record: RdataType) -> Question:
    """Raises dns.exception.DNSException or UnicodeError when it is no name."""
    return _owner(name) + _TYPE_AND_CLASS.pack(record, _INTERNET)


@lru_cache(maxsize=4096)
def _owner(name: str) -> bytes:
    """Names above many others are asked about again and again."""
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


def read(packet: bytes, asked: Question) -> Answer:
    """Raises Refused, Truncated, or dns.exception.DNSException for what is malformed."""
    _, flags, _, number, _, _ = _HEADER.unpack_from(packet)
    if flags & _TRUNCATED:
        raise Truncated
    code = flags & _CODE
    if number == 0 and code in _ANSWERED:
        return _NOTHING
    if code == dns.rcode.NOERROR and (records := _records(packet, asked, number)):
        return Answer(tuple(records))
    return taken_apart(dns.message.from_wire(packet))


def _records(packet: bytes, asked: Question, number: int) -> list[bytes] | None:
    """Their data, if all are of the name and type that were asked for (RFC 1035 §4.1.3)."""
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


def taken_apart(message: dns.message.Message) -> Answer:
    """The end of the alias chain in it; raises what `read` does."""
    if not isinstance(message, dns.message.QueryMessage):
        raise dns.exception.FormError
    if message.rcode() not in _ANSWERED:
        raise Refused(dns.rcode.to_text(message.rcode()))
    asked = message.question[0]
    chain = message.resolve_chaining()
    if chain.answer is None and chain.canonical_name != asked.name:
        owner = chain.canonical_name.to_digestable()
        return Answer(alias=owner + _TYPE_AND_CLASS.pack(asked.rdtype, _INTERNET))
    return Answer(tuple(record.to_digestable() for record in chain.answer or ()))
