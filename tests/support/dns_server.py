"""A name server on the loopback, UDP and TCP, whose records a test sets and changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

_TTL = 1


@dataclass
class DnsServer:
    """Names are without a trailing dot. Whatever is not set does not exist."""

    address: str = ""
    """host:port, as in the settings."""
    queries: list[tuple[str, str, str]] = field(default_factory=list)
    """(name, type, "udp" or "tcp") in the order they came."""
    failing: dict[str, str] = field(default_factory=dict)
    """Name → response code, for all its types; or "type name" → response code."""
    silent: set[str] = field(default_factory=set)
    """Names that get no answer."""
    truncated: set[str] = field(default_factory=set)
    """Names whose UDP answers are cut off."""
    authentic: set[str] = field(default_factory=set)
    """Names whose records are said to be validated (AD)."""
    cut_off: bool = False
    """It reaches no other name server: SERVFAIL for everything but ". NS"."""
    otherwise: str = "NXDOMAIN"
    """Response code for names that are not set."""
    lose_next: int = 0
    """This many queries are received and forgotten."""
    _records: dict[tuple[str, str], list[list[str]]] = field(default_factory=dict)

    def set(self, name: str, kind: str, *values: str) -> None:
        """Records in presentation format: TXT values in quotes, several strings allowed."""
        self._records[name, kind] = [list(values)]

    def txt(self, name: str, *values: str) -> None:
        """TXT records of one string each."""
        self.set(name, "TXT", *(f'"{value}"' for value in values))

    def then(self, name: str, kind: str, *values: str) -> None:
        """Sets what the record becomes after one more query for it."""
        self._records[name, kind].append(list(values))

    def asked(self, name: str, kind: str) -> list[str]:
        """The transports by which a record was asked for."""
        return [by for asked, record, by in self.queries if (asked, record) == (name, kind)]

    def answer(self, wire: bytes, by: str) -> bytes | None:
        """Answers a query; None = no answer."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = _text(question.name), dns.rdatatype.to_text(question.rdtype)
        self.queries.append((name, kind, by))
        if self.lose_next > 0:
            self.lose_next -= 1
            return None
        if name in self.silent:
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        if name in self.authentic:
            reply.flags |= dns.flags.AD
        code = self.failing.get(f"{kind} {name}", self.failing.get(name))
        if self.cut_off and name != ".":
            code = "SERVFAIL"
        if code is not None:
            reply.set_rcode(dns.rcode.from_text(code))
        elif by == "udp" and name in self.truncated:
            reply.flags |= dns.flags.TC
        else:
            self._fill(reply, name, kind)
        return reply.to_wire(max_size=65535)

    def _fill(self, reply: dns.message.Message, name: str, kind: str) -> None:
        if not any(known == name for known, _ in self._records):
            reply.set_rcode(dns.rcode.from_text(self.otherwise))
            return
        for recorded in dict.fromkeys(("CNAME", kind)):
            values = self._current(name, recorded)
            if values:
                reply.answer.append(dns.rrset.from_text(f"{name}.", _TTL, "IN", recorded, *values))

    def _current(self, name: str, kind: str) -> list[str]:
        versions = self._records.get((name, kind), [[]])
        return versions.pop(0) if len(versions) > 1 else versions[0]


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        reply = self._server.answer(data, "udp")
        if reply is not None:
            self._transport.sendto(reply, addr)


@asynccontextmanager
async def dns_server() -> AsyncIterator[DnsServer]:
    """Listens on one loopback port, UDP and TCP, until the end of the block."""
    server = DnsServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(2))
        reply = server.answer(await reader.readexactly(length), "tcp")
        if reply is not None:
            writer.write(len(reply).to_bytes(2) + reply)
        await reader.read()
        writer.close()

    while True:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        try:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Udp(server), local_addr=("127.0.0.1", port)
            )
            break
        except OSError:  # the port is free for TCP, but not for UDP
            listener.close()
    server.address = f"127.0.0.1:{port}"
    try:
        yield server
    finally:
        transport.close()
        listener.close()


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
