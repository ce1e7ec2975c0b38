"""DNS look-ups for validation: what names resolve to, and what their TXT records say."""

import asyncio
import socket
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from ipaddress import ip_address
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar
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
from gateway.rules.acme.caa import Property
from gateway.validation import dns_wire
from gateway.validation.dns_exchange import NameServer
from gateway.validation.dns_probe import Probe, is_servfail, uncached
from gateway.validation.dns_wire import DnsAnswer, Question, ServerRefused
from gateway.validation.own_trouble import is_ours

T = TypeVar("T")

_DNS_PORT = 53
_LARGEST_PORT = 65535
_ROUNDS = 2  # UDP packets get lost: every name server is asked twice before giving up
_LONGEST_ALIAS_CHAIN = 16
_FINAL = (DnsAnswer, dns.exception.DNSException)
"""Results after which no other name server is asked."""
_SAID = (*_FINAL, ServerRefused)
_Ours = Literal["dnssec", "resolver", "sockets"]
_ENDLESS = "its aliases never end"
_MALFORMED = "this is not a DNS name, or the answer about it is malformed"


class LookupFailed(Exception):
    """A look-up found nothing out; the text has name, type and cause, and is fit for the client.

    `ours` says what on our side is the cause, if that is not the owner of the name: resolvers that
    do not answer at all, or sockets that this machine cannot open.
    """

    def __init__(
        self,
        name: str,
        record: str,
        cause: str,
        ours: "_Ours | None" = None,
    ) -> None:
        super().__init__(f"The {record} records of {name} could not be looked up: {cause}.")
        self.ours = ours


class Resolver(Protocol):
    """Looks records up; "there are none" is an answer, a failure raises LookupFailed.

    LookupFailed is also raised when a look-up takes too long: callers need no time limit.
    """

    async def works(self) -> bool:
        """Whether any name server answers, and any resolves names that it does not know already.

        If not, the cause of a failure is on our side.
        """

    @property
    def nameservers(self) -> Sequence[tuple[str, int]]:
        """Address and port of every name server that may be asked."""

    def without(self, nameservers: Sequence[tuple[str, int]]) -> "Resolver":
        """A resolver like this one that does not ask these name servers."""

    async def addresses(self, name: str) -> list[str]:
        """A name's addresses, IPv6 first; empty when the name has none or does not exist."""

    async def txt(self, name: str) -> list[str]:
        """TXT records, aliases followed, each with its strings joined (RFC 8555 §8.4)."""

    async def caa(self, names: Sequence[str]) -> "list[list[Property] | LookupFailed]":
        """CAA records of each of these names but not of their parents (RFC 8659 §3).

        Aliases are followed. The failure of one look-up does not affect the others.
        """


class FixedResolver:
    """The sandbox's DNS: every name has one address and nothing else."""

    def __init__(self, address: str) -> None:
        self.nameservers: Sequence[tuple[str, int]] = ()
        self._addresses = [str(ip_address(address))]

    def without(self, nameservers: Sequence[tuple[str, int]]) -> "FixedResolver":
        return self

    async def works(self) -> bool:
        return True

    async def addresses(self, name: str) -> list[str]:
        return list(self._addresses)

    async def txt(self, name: str) -> list[str]:
        return []

    async def caa(self, names: Sequence[str]) -> list[list[Property] | LookupFailed]:
        return [[] for _ in names]


class DnsResolver:
    """Asks recursive name servers, without a cache: clients have just changed their records."""

    def __init__(self, nameservers: Sequence[str], timeout: float, probed: str = "com") -> None:
        """Takes `nameservers` as host:port (empty = the system's), and seconds for one look-up.

        A random name below `probed` shows whether they resolve anything. Raises ConfigurationError
        when a name server cannot be understood or found, or `probed` is no zone.
        """
        try:
            uncached(probed)
        except (dns.exception.DNSException, UnicodeError) as error:
            raise ConfigurationError(f"The zone {probed!r} is no DNS name.") from error
        self._probed = probed
        self.nameservers = [_endpoint(text) for text in nameservers] or _of_the_system()
        self._timeout = timeout
        self._by_loop: WeakKeyDictionary[AbstractEventLoop, Probe] = WeakKeyDictionary()

    def without(self, nameservers: Sequence[tuple[str, int]]) -> "DnsResolver":
        left = copy(self)
        left.nameservers = [each for each in self.nameservers if each not in nameservers]
        left._by_loop = WeakKeyDictionary()
        return left

    async def works(self) -> bool:
        return all(await self._probe().standing())

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
        """The records of several names and types, at the end of their alias chains."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        found: list[list[T] | LookupFailed] = [[] for _ in wanted]
        questions: dict[int, Question] = {}
        for index, (name, kind) in enumerate(wanted):
            try:
                questions[index] = dns_wire.question(name, kind.record)
            except (dns.exception.DNSException, UnicodeError):
                found[index] = _failed(wanted[index], _MALFORMED)
        failures: dict[int, Exception] = {}
        for _ in range(_LONGEST_ALIAS_CHAIN):
            if not questions:
                break
            said = await self._ask(list(questions.values()), deadline)
            answers = dict(zip(questions, said, strict=True))
            questions = {}
            for index, answer in answers.items():
                if not isinstance(answer, DnsAnswer):
                    failures[index] = answer
                elif answer.alias is not None:
                    questions[index] = answer.alias
                elif answer.records:
                    found[index] = _read(answer.records, wanted[index])
        for index in questions:
            found[index] = _failed(wanted[index], _ENDLESS)
        blamed = await self._blamed(failures)
        for index, error in failures.items():
            found[index] = _failed(wanted[index], self._cause(error), blamed.get(index))
        return found

    async def _blamed(self, failures: Mapping[int, Exception]) -> "dict[int, _Ours]":
        """The causes of failures that are on our side, by the position of the failure."""
        unclear = [index for index, error in failures.items() if _may_be_ours(error)]
        blamed: dict[int, _Ours] = {}
        if unclear:
            answers, resolves = await self._probe().standing()
            for index in unclear:
                if not resolves or not (answers or is_servfail(failures[index])):
                    blamed[index] = "resolver"
        for index, error in failures.items():
            if isinstance(error, OSError) and is_ours(error):
                blamed[index] = "sockets"
        return blamed

    async def _ask(
        self, questions: Sequence[Question], deadline: float
    ) -> list[DnsAnswer | Exception]:
        """Asks one name server after the other until each question has a final answer."""
        servers = [*self._probe().servers] * _ROUNDS
        share = self._timeout / len(servers)
        answers: list[DnsAnswer | Exception] = [TimeoutError()] * len(questions)
        unanswered = list(range(len(questions)))
        for server in servers:
            left = deadline - asyncio.get_running_loop().time()
            if not unanswered or left <= 0:
                break
            said = await server.ask([questions[index] for index in unanswered], min(share, left))
            for index, answer in zip(unanswered, said, strict=True):
                # The answer of a name server says more than the silence of the next one.
                if isinstance(answer, _SAID) or not isinstance(answers[index], _SAID):
                    answers[index] = answer
            unanswered = [index for index in unanswered if not isinstance(answers[index], _FINAL)]
        return answers

    def _cause(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._timeout:g} seconds"
        if isinstance(error, ServerRefused):
            return f"the resolver answered {error}"
        if isinstance(error, dns.message.ChainTooLong):
            return _ENDLESS
        if isinstance(error, dns.exception.TooBig):
            return "the answer is larger than is read"
        if isinstance(error, dns.exception.DNSException):
            return _MALFORMED
        return "the resolver cannot be reached"

    def _probe(self) -> Probe:
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            servers = [NameServer(host, port) for host, port in self.nameservers]
            self._by_loop[loop] = Probe(servers, self._probed)
        return self._by_loop[loop]


class _Kind(NamedTuple, Generic[T]):
    """A record type, and a reader of its data, which raises ValueError if they are malformed."""

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


def _failed(wanted: tuple[str, _Kind[T]], cause: str, ours: _Ours | None = None) -> LookupFailed:
    name, kind = wanted
    return LookupFailed(name, kind.record.name, cause, ours)


def _may_be_ours(error: Exception) -> bool:
    """Is the error silence, or the answer of a name server that is cut off or does not serve us?"""
    return isinstance(error, ServerRefused | OSError | EOFError)  # TimeoutError is an OSError


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
