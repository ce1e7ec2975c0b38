"""One question to one name server.

Most questions of a validation have the answer "there are none": such an answer is recognised by
its header, and only one with records in it is taken apart. The socket is connected and new for
each question: the kernel chooses its port, and drops what does not come from the name server.
"""

import asyncio
import secrets
import socket
import struct

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


async def ask(
    owner: dns.name.Name, record: RdataType, host: str, port: int, seconds: float
) -> dns.message.QueryMessage | None:
    """What the name server says; None = that there are no such records, nor an alias.

    Raises TimeoutError after `seconds`, OSError or EOFError when the server cannot be reached, and
    dns.exception.DNSException for an answer that is malformed.
    """
    question = owner.to_digestable() + _QUESTION.pack(record, _INTERNET)
    async with asyncio.timeout(seconds):
        wire = await _by_udp(question, host, port)
        _, flags, _, answers, *_ = _HEADER.unpack_from(wire)
        if flags & _TRUNCATED:
            query = dns.message.make_query(owner, record, use_edns=0, payload=_UDP_PAYLOAD)
            return _checked(await dns.asyncquery.tcp(query, host, port=port))
    if not answers and flags & _CODE in _ANSWERED:
        return None
    return _checked(dns.message.from_wire(wire))


async def _by_udp(question: bytes, host: str, port: int) -> bytes:
    """The first packet that answers this question; forged and late ones are none."""
    number = int.from_bytes(secrets.token_bytes(2))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    loop = asyncio.get_running_loop()
    with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as connected:
        connected.connect((host, port))
        connected.send(_HEADER.pack(number, _RECURSION_DESIRED, 1, 0, 0, 1) + question + _EDNS)
        while True:
            wire = await loop.sock_recv(connected, 65535)
            if _answers(wire, number, question):
                return wire


def _answers(wire: bytes, number: int, question: bytes) -> bool:
    if len(wire) < _HEADER.size + len(question):
        return False
    found, flags, questions, *_ = _HEADER.unpack_from(wire)
    asked = wire[_HEADER.size : _HEADER.size + len(question)]
    return (
        found == number
        and flags & (_RESPONSE | _OPCODE) == _RESPONSE
        and questions == 1
        and asked.lower() == question
    )


def _checked(answer: dns.message.Message) -> dns.message.QueryMessage:
    if not isinstance(answer, dns.message.QueryMessage):
        raise dns.exception.FormError
    return answer
