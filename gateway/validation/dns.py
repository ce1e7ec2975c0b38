"""DNS look-ups for validation: what names resolve to, and what their TXT records say."""

import asyncio
import socket
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Protocol

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CAA import CAA
from dns.rdtypes.ANY.TXT import TXT
from dns.rrset import RRset

from gateway.errors import ConfigurationError
from gateway.rules.caa import Property
from gateway.validation import dns_exchange
from gateway.validation.dns_exchange import Answer, Question

_DNS_PORT = 53
_LARGEST_PORT = 65535
_ROUNDS = 2  # UDP packets get lost: every name server is asked twice before giving up
_LONGEST_ALIAS_CHAIN = 16
_ENDLESS = "its aliases never end"
_MALFORMED = "this is not a DNS name, or the answer about it is malformed"


class LookupFailed(Exception):
    """Nothing is known about the records: which name and type, and why, fit for the client."""

    def __init__(self, name: str, record: str, cause: str) -> None:
        super().__init__(f"The {record} records of {name} could not be looked up: {cause}.")


class Resolver(Protocol):
    """Answers what DNS says now; "there are none" is an answer, a failure raises LookupFailed."""

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

    async def addresses(self, name: str) -> list[str]:
        found = await self._look_up([(name, RdataType.AAAA), (name, RdataType.A)])
        failures = [each for each in found if isinstance(each, LookupFailed)]
        addresses = [
            record.to_text()
            for records in found
            if not isinstance(records, LookupFailed)
            for record in records or ()
        ]
        if failures and not addresses:
            raise failures[0]
        return addresses

    async def txt(self, name: str) -> list[str]:
        [records] = await self._look_up([(name, RdataType.TXT)])
        if isinstance(records, LookupFailed):
            raise records
        return [
            b"".join(record.strings).decode("utf-8", "replace")
            for record in records or ()
            if isinstance(record, TXT)
        ]

    async def caa(self, names: Sequence[str]) -> list[list[Property] | LookupFailed]:
        found = await self._look_up([(name, RdataType.CAA) for name in names])
        return [
            records if isinstance(records, LookupFailed) else _properties(records)
            for records in found
        ]

    async def _look_up(
        self, wanted: Sequence[tuple[str, RdataType]]
    ) -> list[RRset | LookupFailed | None]:
        """The records at the end of the alias chains that begin there, if there are any."""
        found: list[RRset | LookupFailed | None] = [None] * len(wanted)
        deadline = asyncio.get_running_loop().time() + self._timeout
        open_questions: dict[int, Question] = {}
        for index, (name, record) in enumerate(wanted):
            try:
                open_questions[index] = _parsed(name), record
            except (dns.exception.DNSException, UnicodeError):
                found[index] = LookupFailed(name, record.name, _MALFORMED)
        for _ in range(_LONGEST_ALIAS_CHAIN):
            answers = await self._ask(list(open_questions.values()), deadline)
            for (index, (owner, record)), answer in zip(
                list(open_questions.items()), answers, strict=True
            ):
                try:
                    found[index], further = _follow(owner, answer)
                except _Unanswered as error:
                    found[index] = LookupFailed(wanted[index][0], record.name, str(error))
                    further = None
                if further is None:
                    del open_questions[index]
                else:
                    open_questions[index] = further, record
            if not open_questions:
                return found
        for index in open_questions:
            name, record = wanted[index]
            found[index] = LookupFailed(name, record.name, _ENDLESS)
        return found

    async def _ask(
        self, questions: Sequence[Question], deadline: float
    ) -> "list[Answer | _Unanswered]":
        """NOERROR or NXDOMAIN of the first name server that has an opinion on the question."""
        share = self._timeout / (_ROUNDS * len(self.nameservers))
        too_late = _Unanswered(f"no answer within {self._timeout:g} seconds")
        answers: list[Answer | _Unanswered] = [too_late] * len(questions)
        unanswered = list(range(len(questions)))
        for host, port in self.nameservers * _ROUNDS:
            left = deadline - asyncio.get_running_loop().time()
            if not unanswered or left <= 0:
                break
            asked = [questions[index] for index in unanswered]
            said = await dns_exchange.ask(asked, host, port, min(share, left))
            for index, answer in zip(unanswered, said, strict=True):
                answers[index] = too_late if isinstance(answer, TimeoutError) else _opinion(answer)
            unanswered = [
                index
                for index in unanswered
                if isinstance(answer := answers[index], _Unanswered) and not answer.final
            ]
        return answers


class _Unanswered(Exception):
    """No name server gave an answer that counts; the text is the cause."""

    def __init__(self, cause: str, *, final: bool = False) -> None:
        """`final` = asking again is of no use."""
        super().__init__(cause)
        self.final = final


def _opinion(answer: Answer | Exception) -> Answer | _Unanswered:
    if isinstance(answer, dns.exception.DNSException):
        return _Unanswered(_MALFORMED, final=True)
    if isinstance(answer, Exception):
        return _Unanswered("the resolver cannot be reached")
    if answer is None or answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return answer
    return _Unanswered(f"the resolver answered {dns.rcode.to_text(answer.rcode())}")


def _follow(
    owner: dns.name.Name, answer: Answer | _Unanswered
) -> tuple[RRset | None, dns.name.Name | None]:
    """The records, or the alias that is to be asked about next; raises _Unanswered."""
    if isinstance(answer, _Unanswered):
        raise answer
    if answer is None:
        return None, None
    try:
        chain = answer.resolve_chaining()
    except dns.message.ChainTooLong:
        raise _Unanswered(_ENDLESS) from None
    except dns.exception.DNSException:
        raise _Unanswered(_MALFORMED) from None
    if chain.answer is not None or chain.canonical_name == owner:
        return chain.answer, None
    return None, chain.canonical_name


def _properties(records: RRset | None) -> list[Property]:
    return [
        Property(record.flags, record.tag.decode("latin-1"), record.value.decode("latin-1"))
        for record in records or ()
        if isinstance(record, CAA)
    ]


_parsed = lru_cache(maxsize=4096)(dns.name.from_text)
"""Names above many others are asked about again and again."""


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
