"""DNS look-ups for validation: what names resolve to, and what their TXT records say."""

import asyncio
import socket
from asyncio import AbstractEventLoop
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import ip_address
from typing import Generic, NamedTuple, Protocol, TypeVar
from weakref import WeakKeyDictionary

import dns.exception
import dns.message
import dns.rdata
import dns.resolver
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CAA import CAA
from dns.rdtypes.ANY.TXT import TXT

from gateway.errors import ConfigurationError
from gateway.rules.caa import Property
from gateway.validation import dns_wire
from gateway.validation.dns_exchange import NameServer
from gateway.validation.dns_wire import Answer, Question, Refused

T = TypeVar("T")

_DNS_PORT = 53
_LARGEST_PORT = 65535
_ROUNDS = 2  # UDP packets get lost: every name server is asked twice before giving up
_LONGEST_ALIAS_CHAIN = 16
_FINAL = (Answer, dns.exception.DNSException)
"""Asking again is of no use."""
_ENDLESS = "its aliases never end"
_MALFORMED = "this is not a DNS name, or the answer about it is malformed"


class LookupFailed(Exception):
    """Nothing is known about the records: which name and type, and why, fit for the client."""

    def __init__(self, name: str, record: str, cause: str) -> None:
        super().__init__(f"The {record} records of {name} could not be looked up: {cause}.")


class Resolver(Protocol):
    """Answers what DNS says now; "there are none" is an answer, a failure raises LookupFailed.

    That is also raised when a look-up takes too long: nobody needs to watch the time.
    """

    @property
    def nameservers(self) -> Sequence[tuple[str, int]]:
        """Address and port of every name server that may be asked."""

    async def addresses(self, name: str) -> list[str]:
        """IPv6 addresses first, then IPv4; empty when the name has none or does not exist."""

    async def txt(self, name: str) -> list[str]:
        """TXT records, aliases followed, each with its strings joined (RFC 8555 §8.4)."""

    async def caa(self, names: Sequence[str]) -> "list[list[Property] | LookupFailed]":
        """CAA records of exactly each of these names, aliases followed (RFC 8659 §3).

        One failure does not keep the others from being known.
        """


class FixedResolver:
    """The sandbox's DNS: every name has one address and nothing else."""

    def __init__(self, address: str) -> None:
        self.nameservers: Sequence[tuple[str, int]] = ()
        self._addresses = [str(ip_address(address))]

    async def addresses(self, name: str) -> list[str]:
        return list(self._addresses)

    async def txt(self, name: str) -> list[str]:
        return []

    async def caa(self, names: Sequence[str]) -> list[list[Property] | LookupFailed]:
        return [[] for _ in names]


class DnsResolver:
    """Asks recursive name servers, without a cache: a client just changed what we look at."""

    def __init__(self, nameservers: Sequence[str], timeout: float) -> None:
        """`nameservers` as host:port, none = those of the system; `timeout` seconds a look-up.

        Raises ConfigurationError when a name server cannot be understood or found.
        """
        self.nameservers = [_endpoint(text) for text in nameservers] or _of_the_system()
        self._timeout = timeout
        self._by_loop: WeakKeyDictionary[AbstractEventLoop, list[NameServer]] = WeakKeyDictionary()

    async def addresses(self, name: str) -> list[str]:
        found = await self._look_up([(name, _AAAA), (name, _A)])
        failures = [each for each in found if isinstance(each, LookupFailed)]
        addresses = [
            address
            for records in found
            if not isinstance(records, LookupFailed)
            for address in records
        ]
        if failures and not addresses:
            raise failures[0]
        return addresses

    async def txt(self, name: str) -> list[str]:
        [records] = await self._look_up([(name, _TXT)])
        if isinstance(records, LookupFailed):
            raise records
        return records

    async def caa(self, names: Sequence[str]) -> list[list[Property] | LookupFailed]:
        return await self._look_up([(name, _CAA) for name in names])

    async def _look_up(
        self, wanted: Sequence[tuple[str, "_Kind[T]"]]
    ) -> list[list[T] | LookupFailed]:
        """The records at the end of the alias chains that begin there."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        found: list[list[T] | LookupFailed] = [[] for _ in wanted]
        questions: dict[int, Question] = {}
        for index, (name, kind) in enumerate(wanted):
            try:
                questions[index] = dns_wire.question(name, kind.record)
            except (dns.exception.DNSException, UnicodeError):
                found[index] = _failed(wanted[index], _MALFORMED)
        for _ in range(_LONGEST_ALIAS_CHAIN):
            if not questions:
                break
            said = await self._ask(list(questions.values()), deadline)
            answers = dict(zip(questions, said, strict=True))
            questions = {}
            for index, answer in answers.items():
                if not isinstance(answer, Answer):
                    found[index] = _failed(wanted[index], self._cause(answer))
                elif answer.alias is not None:
                    questions[index] = answer.alias
                elif answer.records:
                    found[index] = _read(answer.records, wanted[index])
        for index in questions:
            found[index] = _failed(wanted[index], _ENDLESS)
        return found

    async def _ask(
        self, questions: Sequence[Question], deadline: float
    ) -> list[Answer | Exception]:
        """What the first name server says that has an opinion on the question."""
        servers = self._servers() * _ROUNDS
        share = self._timeout / len(servers)
        answers: list[Answer | Exception] = [TimeoutError()] * len(questions)
        unanswered = list(range(len(questions)))
        for server in servers:
            left = deadline - asyncio.get_running_loop().time()
            if not unanswered or left <= 0:
                break
            said = await server.ask([questions[index] for index in unanswered], min(share, left))
            for index, answer in zip(unanswered, said, strict=True):
                answers[index] = answer
            unanswered = [index for index in unanswered if not isinstance(answers[index], _FINAL)]
        return answers

    def _cause(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._timeout:g} seconds"
        if isinstance(error, Refused):
            return f"the resolver answered {error}"
        if isinstance(error, dns.message.ChainTooLong):
            return _ENDLESS
        if isinstance(error, dns.exception.DNSException):
            return _MALFORMED
        return "the resolver cannot be reached"

    def _servers(self) -> list[NameServer]:
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            self._by_loop[loop] = [NameServer(host, port) for host, port in self.nameservers]
        return self._by_loop[loop]


class _Kind(NamedTuple, Generic[T]):
    """A type of records, and what the data of one says; ValueError = it is malformed."""

    record: RdataType
    read: Callable[[bytes], T]


def _text(data: bytes) -> str:
    record = dns.rdata.from_wire(RdataClass.IN, RdataType.TXT, data, 0, len(data))
    assert isinstance(record, TXT)
    return b"".join(record.strings).decode("utf-8", "replace")


def _property(data: bytes) -> Property:
    record = dns.rdata.from_wire(RdataClass.IN, RdataType.CAA, data, 0, len(data))
    assert isinstance(record, CAA)
    return Property(record.flags, record.tag.decode("latin-1"), record.value.decode("latin-1"))


_A = _Kind(RdataType.A, partial(socket.inet_ntop, socket.AF_INET))
_AAAA = _Kind(RdataType.AAAA, partial(socket.inet_ntop, socket.AF_INET6))
_TXT = _Kind(RdataType.TXT, _text)
_CAA = _Kind(RdataType.CAA, _property)


def _read(records: Sequence[bytes], wanted: tuple[str, _Kind[T]]) -> list[T] | LookupFailed:
    try:
        return [wanted[1].read(data) for data in records]
    except (dns.exception.DNSException, ValueError):
        return _failed(wanted, _MALFORMED)


def _failed(wanted: tuple[str, _Kind[T]], cause: str) -> LookupFailed:
    name, kind = wanted
    return LookupFailed(name, kind.record.name, cause)


def _endpoint(text: str) -> tuple[str, int]:
    """Address and port of "host:port", "[IPv6]:port" or just a host."""
    if text.count(":") > 1 and not text.startswith("["):
        host, port = text, ""
    else:
        host, _, port = text.rpartition(":") if _has_port(text) else (text, "", "")
    try:
        number = int(port or _DNS_PORT)
        if not 0 < number <= _LARGEST_PORT:
            raise ValueError(number)
        found = socket.getaddrinfo(host.strip("[]"), number, type=socket.SOCK_DGRAM)
    except (ValueError, OSError, OverflowError) as error:
        raise ConfigurationError(
            f"The resolver {text!r} cannot be used; write it as host:port."
        ) from error
    return str(found[0][4][0]), number


def _has_port(text: str) -> bool:
    return ":" in text.rpartition("]")[2]


def _of_the_system() -> list[tuple[str, int]]:
    try:
        configured = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration as error:
        raise ConfigurationError(
            "The system has no resolver configured; set validation.resolvers."
        ) from error
    return [(str(server), configured.port) for server in configured.nameservers]
