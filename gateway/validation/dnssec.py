"""Checks whether the configured resolvers validate DNSSEC.

The gateway trusts their answers: whoever forges an answer to a resolver that does not validate gets
a certificate. A validating resolver marks records of signed zones as authentic (RFC 4035 §3.2.3),
and gives out no records whose signatures are wrong.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
from dns.rdatatype import RdataType

from gateway.rules.acme.caa import Property
from gateway.validation.dns import LookupFailed, Resolver

_UDP_PAYLOAD = 1232  # bytes


_Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ResolverLook:
    """The result of one check of the resolvers."""

    complaint: str
    """Why they are not reliable, for operators; empty = all that answered are reliable."""
    cause: str
    """The same for clients, as a clause without addresses."""
    ours: Literal["dnssec", "resolver"] = "dnssec"
    silent: tuple[_Endpoint, ...] = ()
    """Resolvers that did not answer, so that nothing is known of them."""


_NOT_LOOKED_AT = ResolverLook(
    "The resolvers were not looked at yet.", "this CA's resolvers were not looked at yet"
)


class DnssecStanding:
    """What is known of the resolvers since the last check."""

    def __init__(self) -> None:
        self.look = _NOT_LOOKED_AT
        self.reliable: Resolver | None = None
        """Asks only the resolvers that answered; None = all did, or none."""

    def take(self, look: ResolverLook, resolver: Resolver) -> None:
        """Keeps a result until the next check; `resolver` is the one that asks all."""
        if look.silent != self.look.silent:
            is_some = 0 < len(look.silent) < len(resolver.nameservers)
            self.reliable = resolver.without(look.silent) if is_some else None
        self.look = look


class Vouched:
    """A resolver that proofs may rely on: it answers only while it validates DNSSEC.

    Resolvers that did not answer the last check are not asked before the next: whether they
    validate is unknown.
    """

    def __init__(self, resolver: Resolver, standing: DnssecStanding) -> None:
        self._all = resolver
        self._standing = standing

    @property
    def _resolver(self) -> Resolver:
        return self._standing.reliable or self._all

    @property
    def nameservers(self) -> Sequence[_Endpoint]:
        return self._resolver.nameservers

    def without(self, nameservers: Sequence[_Endpoint]) -> "Vouched":
        return Vouched(self._all.without(nameservers), self._standing)

    async def works(self) -> bool:
        return await self._resolver.works()

    async def addresses(self, name: str) -> list[str]:
        self._require(name, "A")
        return await self._resolver.addresses(name)

    async def txt(self, name: str) -> list[str]:
        self._require(name, "TXT")
        return await self._resolver.txt(name)

    async def caa(self, names: Sequence[str]) -> list[list[Property] | LookupFailed]:
        self._require(names[0], "CAA")
        return await self._resolver.caa(names)

    def _require(self, name: str, record: str) -> None:
        look = self._standing.look
        if look.complaint:
            raise LookupFailed(name, record, look.cause, look.ours)


async def look_at(
    nameservers: Sequence[_Endpoint], signed: str, bogus: str, seconds: float
) -> ResolverLook:
    """Checks whether all resolvers that answer validate DNSSEC.

    `signed` is a zone with good signatures, `bogus` a name whose signatures are wrong; each
    question is given up after `seconds`.
    """
    found = await asyncio.gather(
        *(_objection(host, port, signed, bogus, seconds) for host, port in nameservers)
    )
    silent = tuple(
        endpoint for endpoint, each in zip(nameservers, found, strict=True) if each is None
    )
    if len(silent) == len(nameservers):
        late = f"No resolver answered within {seconds:g} seconds."
        return ResolverLook(late, "this CA's resolvers do not answer", "resolver", silent)
    complaint = " ".join(each for each in found if each)
    return ResolverLook(complaint, "this CA's resolvers do not validate DNSSEC", "dnssec", silent)


async def _objection(host: str, port: int, signed: str, bogus: str, seconds: float) -> str | None:
    """Why a resolver is not reliable; empty = it is, None = it does not answer."""
    resolver = f"The resolver {host}:{port}"
    good, bad = await asyncio.gather(
        _ask(host, port, signed, RdataType.SOA, seconds),
        _ask(host, port, bogus, RdataType.A, seconds),
    )
    if good is None:
        return None
    if good.rcode() != dns.rcode.NOERROR:
        code = dns.rcode.to_text(good.rcode())
        return f"{resolver} answers {code} when asked for the signed zone {signed}."
    if not good.flags & dns.flags.AD:
        return f"{resolver} does not validate DNSSEC: it vouches for no records of {signed}."
    if bad is not None and bad.answer:
        return f"{resolver} does not validate DNSSEC: it gives out the bogus records of {bogus}."
    return ""


async def _ask(
    host: str, port: int, name: str, record: RdataType, seconds: float
) -> dns.message.Message | None:
    query = dns.message.make_query(name, record, use_edns=0, payload=_UDP_PAYLOAD, want_dnssec=True)
    query.flags |= dns.flags.AD
    try:
        async with asyncio.timeout(seconds):
            answer, _ = await dns.asyncquery.udp_with_fallback(
                query, host, seconds, port, ignore_unexpected=True, ignore_errors=True
            )
    except (TimeoutError, dns.exception.DNSException, OSError, EOFError):
        return None
    return answer
