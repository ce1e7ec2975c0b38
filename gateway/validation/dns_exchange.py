"""Asks one name server, over sockets that all callers share.

A socket is connected, so that the kernel drops packets from anywhere but the name server, and is
soon replaced by another one whose port the kernel chooses (RFC 5452 §9.2). Every query has a random
number, and no question is asked twice at the same time, because that would make it easier to forge
an answer (RFC 5452 §5).
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

import dns.exception

from gateway.validation import dns_wire
from gateway.validation.dns_wire import DnsAnswer, Question, ServerRefused, Truncated

_QUESTIONS_A_SOCKET = 64
_SECONDS_A_SOCKET = 1.0
_SECONDS_TO_JOIN = 1.0
"""Callers share a query that is younger; an older one may be lost, and is sent again."""
_LARGEST_PACKET = 65535
_CUT_BY_TCP = dns.exception.DNSException("an answer by TCP is whole")  # type: ignore[no-untyped-call]
_PACKETS_AT_ONCE = 64
"""Packets read in one go, so that a flooded socket does not keep the event loop busy."""


class _Group:
    """Questions that are asked together, and their answers, complete when `over` is done."""

    def __init__(self, size: int) -> None:
        self.answers: list[DnsAnswer | Exception] = [TimeoutError()] * size
        self.missing = size
        self.over = asyncio.get_running_loop().create_future()

    def put(self, index: int, answer: DnsAnswer | Exception) -> None:
        self.answers[index] = answer
        self.missing -= 1
        if not self.missing:
            self.end()

    def end(self) -> None:
        if not self.over.done():
            self.over.set_result(None)


@dataclass(eq=False, slots=True)
class _Asked:
    """A question that waits for an answer, and the positions in groups that wait for it."""

    question: Question
    waiting: list[tuple[_Group, int]] = field(default_factory=list)
    socket: "_Socket | None" = None
    number: bytes = b""
    join_until: float = 0.0

    def withdraw(self) -> None:
        """Ignores all answers to what was sent so far."""
        if self.socket is not None:
            self.socket.forget(self)


class NameServer:
    """A name server, as asked from one event loop."""

    def __init__(self, host: str, port: int) -> None:
        self._endpoint = host, port
        self._asked: dict[Question, _Asked] = {}
        self._socket: _Socket | None = None

    async def ask(
        self, questions: Sequence[Question], seconds: float
    ) -> list[DnsAnswer | Exception]:
        """The name server's answer to each question within `seconds`, or an error in its place.

        The error is ServerRefused; TimeoutError, OSError or EOFError when the server cannot be
        reached; dns.exception.DNSException for an answer that is malformed.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        join_until = now + min(_SECONDS_TO_JOIN, seconds / 2)
        group = _Group(len(questions))
        timer = loop.call_at(now + seconds, group.end)
        try:
            for index, question in enumerate(questions):
                asked = self._joined(question, group, index)
                if now >= asked.join_until:
                    asked.join_until = join_until
                    self._send(asked)
            await group.over
        finally:
            timer.cancel()
            if group.missing:
                self._leave(questions, group)
        for index, answer in enumerate(group.answers):
            if isinstance(answer, Truncated):
                group.answers[index] = await self._by_tcp(questions[index], now + seconds)
        return group.answers

    def _joined(self, question: Question, group: _Group, index: int) -> _Asked:
        asked = self._asked.get(question)
        if asked is None:
            asked = self._asked[question] = _Asked(question)
        asked.waiting.append((group, index))
        return asked

    def _send(self, asked: _Asked) -> None:
        asked.withdraw()
        try:
            self._current_socket().send(asked)
        except OSError as error:
            _settle(self._asked, asked, error)

    def _current_socket(self) -> "_Socket":
        if self._socket is None or not self._socket.usable:
            self._socket = _Socket(_connected(*self._endpoint), self._asked)
        return self._socket

    def _leave(self, questions: Sequence[Question], group: _Group) -> None:
        for question in questions:
            asked = self._asked.get(question)
            if asked is None:
                continue
            asked.waiting = [place for place in asked.waiting if place[0] is not group]
            if not asked.waiting:
                del self._asked[question]
                asked.withdraw()

    async def _by_tcp(self, question: Question, deadline: float) -> DnsAnswer | Exception:
        try:
            async with asyncio.timeout_at(deadline):
                return _read(await self._fetched(question), question, by_tcp=True)
        except (OSError, EOFError) as error:
            return error

    async def _fetched(self, question: Question) -> bytes:
        """The answer by TCP, cut at the largest size that is read; raises OSError, EOFError."""
        reader, writer = await asyncio.open_connection(*self._endpoint)
        try:
            query = dns_wire.query(os.urandom(2), question)
            writer.write(len(query).to_bytes(2) + query)
            while True:
                length = int.from_bytes(await reader.readexactly(2))
                packet = await reader.readexactly(min(length, dns_wire.LARGEST + 1))
                if packet[:2] == query[:2] and dns_wire.answers(packet, question):
                    return packet
                if length > dns_wire.LARGEST:
                    raise EOFError
        finally:
            writer.transport.abort()


class _Socket:
    """A socket for a limited number of questions; closed when it has no more to send or await."""

    def __init__(self, connected: socket.socket, all_asked: dict[Question, _Asked]) -> None:
        """Takes a connected socket; `all_asked` also has the questions of other sockets."""
        self._socket = connected
        self._all_asked = all_asked
        self._waiting: dict[bytes, _Asked] = {}
        self._left = _QUESTIONS_A_SOCKET
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._receive)
        loop.call_later(_SECONDS_A_SOCKET, self._retire)

    def __del__(self) -> None:
        self._socket.close()  # the event loop ended before it was retired

    @property
    def usable(self) -> bool:
        return self._left > 0

    def send(self, asked: _Asked) -> None:
        while (number := os.urandom(2)) in self._waiting:
            pass
        asked.socket, asked.number = self, number
        self._waiting[number] = asked
        self._left -= 1
        try:
            self._socket.send(dns_wire.query(number, asked.question))
        except BlockingIOError:
            pass  # as if the packet were lost on the way
        except OSError as error:
            self._fail(error)

    def forget(self, asked: _Asked) -> None:
        del self._waiting[asked.number]
        self._close_at_the_end()

    def _retire(self) -> None:
        self._left = 0
        self._close_at_the_end()

    def _close_at_the_end(self) -> None:
        if self._left <= 0 and not self._waiting and self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()

    def _receive(self) -> None:
        try:
            for _ in range(_PACKETS_AT_ONCE):
                self._take(self._socket.recv(_LARGEST_PACKET))
                if not self._waiting:
                    break
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error)
        self._close_at_the_end()

    def _take(self, packet: bytes) -> None:
        """Settles the question that a packet answers; forged and late packets are ignored."""
        asked = self._waiting.get(packet[:2])
        if asked is None or not dns_wire.answers(packet, asked.question):
            return
        answer = _read(packet, asked.question)
        del self._waiting[asked.number]
        _settle(self._all_asked, asked, answer)

    def _fail(self, error: OSError) -> None:
        """Fails all questions of the socket: the kernel does not say which one had the error."""
        lost = list(self._waiting.values())
        self._waiting.clear()
        for asked in lost:
            _settle(self._all_asked, asked, error)
        self._retire()


def _connected(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        opened.connect((host, port))
    except OSError:
        opened.close()
        raise
    return opened


def _settle(
    all_asked: dict[Question, _Asked], asked: _Asked, answer: DnsAnswer | Exception
) -> None:
    del all_asked[asked.question]
    for group, index in asked.waiting:
        group.put(index, answer)


def _read(packet: bytes, question: Question, *, by_tcp: bool = False) -> DnsAnswer | Exception:
    try:
        return dns_wire.read(packet, question)
    except Truncated as error:
        return _CUT_BY_TCP if by_tcp else error
    except (ServerRefused, dns.exception.DNSException) as error:
        return error
