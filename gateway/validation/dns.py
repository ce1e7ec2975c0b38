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

_DNS_PORT = 53
_LARGEST_PORT = 65535
_ROUNDS = 2  # UDP packets get lost: every name server is asked twice before giving up
_LONGEST_ALIAS_CHAIN = 16


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

    async def caa(self, name: str) -> list[Property]:
        """CAA records of exactly this name, aliases followed (RFC 8659 §3)."""


class FixedResolver:
    """The sandbox's DNS: every name has one address and nothing else."""

    def __init__(self, address: str) -> None:
        self.nameservers: Sequence[tuple[str, int]] = ()
        self._addresses = [str(ip_address(address))]

    async def addresses(self, name: str) -> list[str]:
        return list(self._addresses)

    async def txt(self, name: str) -> list[str]:
        return []

    async def caa(self, name: str) -> list[Property]:
        return []


class DnsResolver:
    """Asks recursive name servers, without a cache: a client just changed what we look at."""

    def __init__(self, nameservers: Sequence[str], timeout: float) -> None:
        """`nameservers` as host:port, none = those of the system; `timeout` seconds a look-up.

        Raises ConfigurationError when a name server cannot be understood or found.
        """
        self.nameservers = [_endpoint(text) for text in nameservers] or _of_the_system()
        self._timeout = timeout

    async def addresses(self, name: str) -> list[str]:
        found = await asyncio.gather(
            self._lookup(name, RdataType.AAAA),
            self._lookup(name, RdataType.A),
            return_exceptions=True,
        )
        addresses, failures = [], []
        for records in found:
            if isinstance(records, BaseException):
                failures.append(records)
            else:
                addresses += [record.to_text() for record in records or ()]
        if failures and not addresses:
            raise failures[0]
        return addresses

    async def txt(self, name: str) -> list[str]:
        records = await self._lookup(name, RdataType.TXT)
        return [
            b"".join(record.strings).decode("utf-8", "replace")
            for record in records or ()
            if isinstance(record, TXT)
        ]

    async def caa(self, name: str) -> list[Property]:
        records = await self._lookup(name, RdataType.CAA)
        return [
            Property(record.flags, record.tag.decode("latin-1"), record.value.decode("latin-1"))
            for record in records or ()
            if isinstance(record, CAA)
        ]

    async def _lookup(self, name: str, record: RdataType) -> RRset | None:
        """The records at the end of the alias chain that begins at `name`, if there are any."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            owner = _parsed(name)
            for _ in range(_LONGEST_ALIAS_CHAIN):
                answer = await self._ask(owner, record, deadline)
                if answer is None:
                    return None
                chain = answer.resolve_chaining()
                if chain.answer is not None or chain.canonical_name == owner:
                    return chain.answer
                owner = chain.canonical_name
            raise _Unanswered("its aliases never end")
        except dns.message.ChainTooLong:
            cause = "its aliases never end"
        except _Unanswered as error:
            cause = str(error)
        except (dns.exception.DNSException, UnicodeError):
            cause = "this is not a DNS name, or the answer about it is malformed"
        raise LookupFailed(name, record.name, cause) from None

    async def _ask(
        self, owner: dns.name.Name, record: RdataType, deadline: float
    ) -> dns.message.QueryMessage | None:
        """NOERROR or NXDOMAIN from the first name server that has an opinion; None = no records."""
        share = self._timeout / (_ROUNDS * len(self.nameservers))
        too_late = f"no answer within {self._timeout:g} seconds"
        cause = ""
        for host, port in self.nameservers * _ROUNDS:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise _Unanswered(too_late)
            try:
                answer = await dns_exchange.ask(owner, record, host, port, min(share, left))
            except TimeoutError:
                cause = too_late
            except (OSError, EOFError):
                cause = "the resolver cannot be reached"
            else:
                if answer is None or answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                    return answer
                cause = f"the resolver answered {dns.rcode.to_text(answer.rcode())}"
        raise _Unanswered(cause)


_parsed = lru_cache(maxsize=4096)(dns.name.from_text)
"""Names above many others are asked about again and again."""


class _Unanswered(Exception):
    """No name server gave an answer that counts; the text is the cause."""


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
