"""Do the configured resolvers validate DNSSEC?

The gateway believes them: whoever forges an answer to a resolver that does not validate gets a
certificate. A validating one marks records of signed zones as authentic (RFC 4035 §3.2.3), and
gives out none whose signatures are wrong.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
from dns.rdatatype import RdataType

from gateway.rules.acme.caa import Property
from gateway.validation.dns import LookupFailed, Resolver

_UDP_PAYLOAD = 1232  # bytes


@dataclass
class DnssecStanding:
    """`complaint` is why the resolvers are not to be relied on now; empty = they are."""

    complaint: str = "The resolvers were not looked at yet."


class Vouched:
    """A resolver that proofs may rely on: it answers only while it validates DNSSEC."""

    def __init__(self, resolver: Resolver, standing: DnssecStanding) -> None:
        self._resolver = resolver
        self._standing = standing

    @property
    def nameservers(self) -> Sequence[tuple[str, int]]:
        return self._resolver.nameservers

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
        if self._standing.complaint:
            # Not the complaint: it names our resolvers.
            raise LookupFailed(name, record, "this CA's resolvers do not validate DNSSEC", "dnssec")


async def objection(
    nameservers: Sequence[tuple[str, int]], signed: str, bogus: str, seconds: float
) -> str:
    """Why these resolvers are not to be relied on; empty = all that answer validate.

    `signed` is a zone with good signatures, `bogus` a name whose signatures are wrong; each
    question is given up after `seconds`.
    """
    found = await asyncio.gather(
        *(_objection(host, port, signed, bogus, seconds) for host, port in nameservers)
    )
    complaints = [each for each in found if each]
    answered = [each for each in found if each is not None]
    if answered:
        return " ".join(complaints)
    return f"No resolver answered within {seconds:g} seconds."


async def _objection(host: str, port: int, signed: str, bogus: str, seconds: float) -> str | None:
    """None = the resolver does not answer, and so misleads nobody."""
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
