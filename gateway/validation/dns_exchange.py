"""Questions to one name server, all at once.

Most questions of a validation have the answer "there are none": such an answer is recognised by
its header, and only one with records in it is taken apart. The socket is connected and new for
what is asked together: the kernel chooses its port, and drops what does not come from the name
server. Every question has a random number of its own.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Sequence

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
from dns.rdatatype import RdataType

_UDP_PAYLOAD = 1232  # bytes; larger answers come by TCP and are never fragmented
_HEADER = struct.Struct(">6H")
_QUESTION = struct.Struct(">2H")
_INTERNET = 1
_RECURSION_DESIRED = 0x0100
_RESPONSE, _TRUNCATED, _OPCODE, _CODE = 0x8000, 0x0200, 0x7800, 0x000F
_EDNS = struct.pack(">BHHIH", 0, 41, _UDP_PAYLOAD, 0, 0)  # RFC 6891 §6.1.2
_ANSWERED = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


Question = tuple[dns.name.Name, RdataType]
Answer = dns.message.QueryMessage | None
"""None = there are no such records, nor an alias."""


async def ask(
    questions: Sequence[Question], host: str, port: int, seconds: float
) -> list[Answer | Exception]:
    """What the name server says to each question within `seconds`, or why nothing is known.

    That is TimeoutError, OSError or EOFError when the server cannot be reached, and
    dns.exception.DNSException for an answer that is malformed.
    """
    answers: list[Answer | Exception] = [TimeoutError()] * len(questions)
    truncated: list[int] = []
    try:
        async with asyncio.timeout(seconds):
            await _by_udp(questions, host, port, answers, truncated)
            for index in truncated:
                answers[index] = await _by_tcp(*questions[index], host, port)
    except TimeoutError:
        pass
    return answers


async def _by_udp(
    questions: Sequence[Question],
    host: str,
    port: int,
    answers: list[Answer | Exception],
    truncated: list[int],
) -> None:
    """Puts what comes into `answers`, and the numbers of those that do not fit into `truncated`."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    waiting: dict[int, tuple[int, bytes]] = {}
    try:
        with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as connected:
            connected.connect((host, port))
            for index, (owner, record) in enumerate(questions):
                number = _unused_number(waiting)
                wire = owner.to_digestable() + _QUESTION.pack(record, _INTERNET)
                waiting[number] = index, wire
                connected.send(_HEADER.pack(number, _RECURSION_DESIRED, 1, 0, 0, 1) + wire + _EDNS)
            while waiting:
                wire = await loop.sock_recv(connected, 65535)
                answered = _answered(wire, waiting)
                if answered is None:
                    continue
                if _flags(wire) & _TRUNCATED:
                    truncated.append(answered)
                else:
                    answers[answered] = _read(wire)
    except OSError as error:
        for index, _ in waiting.values():
            answers[index] = error


def _unused_number(waiting: dict[int, tuple[int, bytes]]) -> int:
    while (number := int.from_bytes(secrets.token_bytes(2))) in waiting:
        pass
    return number


def _answered(wire: bytes, waiting: dict[int, tuple[int, bytes]]) -> int | None:
    """Which question this answers, once; forged and late packets answer none."""
    if len(wire) < _HEADER.size:
        return None
    number, flags, questions, *_ = _HEADER.unpack_from(wire)
    index, question = waiting.get(number, (0, b""))
    asked = wire[_HEADER.size : _HEADER.size + len(question)]
    if (
        not question
        or flags & (_RESPONSE | _OPCODE) != _RESPONSE
        or questions != 1
        or asked.lower() != question
    ):
        return None
    del waiting[number]
    return index


def _flags(wire: bytes) -> int:
    flags: int = _HEADER.unpack_from(wire)[1]
    return flags


def _read(wire: bytes) -> Answer | Exception:
    _, flags, _, answers, *_ = _HEADER.unpack_from(wire)
    if not answers and flags & _CODE in _ANSWERED:
        return None
    try:
        return _checked(dns.message.from_wire(wire))
    except dns.exception.DNSException as error:
        return error


async def _by_tcp(
    owner: dns.name.Name, record: RdataType, host: str, port: int
) -> Answer | Exception:
    query = dns.message.make_query(owner, record, use_edns=0, payload=_UDP_PAYLOAD)
    try:
        return _checked(await dns.asyncquery.tcp(query, host, port=port))
    except (OSError, EOFError, dns.exception.DNSException) as error:
        return error


def _checked(answer: dns.message.Message) -> dns.message.QueryMessage:
    if not isinstance(answer, dns.message.QueryMessage):
        raise dns.exception.FormError
    return answer
