"""Probes whether our name servers work, to tell their faults from those of a zone."""

import asyncio
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from dns.rdatatype import RdataType

from gateway.validation import dns_wire
from gateway.validation.dns_exchange import NameServer
from gateway.validation.dns_wire import DnsAnswer, Question, ServerRefused, Truncated

SECONDS = 1.0
_SECONDS_IT_COUNTS = 2.0
"""How long a result is used: name servers are probed no more often, however many look-ups fail."""
_BY_HEART = dns_wire.question(".", RdataType.NS)
"""Every recursive name server knows the answer, also when it is cut off from the internet."""
_SERVFAIL = "SERVFAIL"


class ResolverStanding(NamedTuple):
    """What the name servers together can do."""

    answers: bool
    """At least one of them answers."""
    resolves: bool
    """At least one of them resolves a name that it does not know already."""


class Probe:
    """Probes name servers from one event loop; all callers share the result."""

    def __init__(self, servers: Sequence[NameServer], zone: str) -> None:
        """Takes a zone with many names: a random name below it is in no cache."""
        self.servers = servers
        self._zone = zone
        self._found: ResolverStanding | None = None
        self._counts_until = 0.0
        self._asking: asyncio.Task[ResolverStanding] | None = None

    async def standing(self) -> ResolverStanding:
        """What the name servers can do now, or could at most two seconds ago."""
        if self._found is not None and asyncio.get_running_loop().time() < self._counts_until:
            return self._found
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)  # others may wait for it too

    async def _ask(self) -> ResolverStanding:
        try:
            unknown = uncached(self._zone)
            said = await asyncio.gather(
                *(server.ask([_BY_HEART, unknown], SECONDS) for server in self.servers)
            )
            self._found = ResolverStanding(
                any(isinstance(known, DnsAnswer | Truncated) for known, _ in said),
                any(_was_found_out(found) for _, found in said),
            )
            self._counts_until = asyncio.get_running_loop().time() + _SECONDS_IT_COUNTS
            return self._found
        finally:
            self._asking = None


def uncached(zone: str) -> Question:
    """A question about a random name below `zone`, which no cache has.

    Raises dns.exception.DNSException or UnicodeError when `zone` is no zone.
    """
    return dns_wire.question(f"{secrets.token_hex(8)}.{zone.strip('.')}", RdataType.A)


def is_servfail(error: Exception) -> bool:
    """Is it SERVFAIL, which may be the fault of the zone or of the name server?"""
    return isinstance(error, ServerRefused) and str(error) == _SERVFAIL


def _was_found_out(said: DnsAnswer | Exception) -> bool:
    """Does the answer show that the name server resolved the name?

    A refusal does: an authoritative name server refuses names that it does not have.
    """
    return isinstance(said, DnsAnswer | Truncated | ServerRefused) and not (
        isinstance(said, ServerRefused) and is_servfail(said)
    )
