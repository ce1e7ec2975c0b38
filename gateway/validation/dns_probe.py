"""Do our name servers work? Tells their trouble from that of a zone that was asked for."""

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
"""However many look-ups fail, name servers are probed no more often."""
_BY_HEART = dns_wire.question(".", RdataType.NS)
"""Every recursive name server knows the answer, also when it is cut off from the internet."""
_SERVFAIL = "SERVFAIL"


class ResolverStanding(NamedTuple):
    """What the name servers together can do."""

    answers: bool
    """One of them gives an answer at all."""
    resolves: bool
    """One of them finds out what it does not know by heart."""


class Probe:
    """For one event loop; all who ask share what was found out."""

    def __init__(self, servers: Sequence[NameServer], zone: str) -> None:
        """`zone` has many names; a random one below it is in no cache."""
        self.servers = servers
        self._zone = zone
        self._found: ResolverStanding | None = None
        self._counts_until = 0.0
        self._asking: asyncio.Task[ResolverStanding] | None = None

    async def standing(self) -> ResolverStanding:
        """As it is now, or was two seconds ago at most."""
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
    """Raises dns.exception.DNSException or UnicodeError when it is no zone."""
    return dns_wire.question(f"{secrets.token_hex(8)}.{zone.strip('.')}", RdataType.A)


def is_servfail(error: Exception) -> bool:
    """Said because of the zone, or because the name server reaches no zone."""
    return isinstance(error, ServerRefused) and str(error) == _SERVFAIL


def _was_found_out(said: DnsAnswer | Exception) -> bool:
    """A refusal counts: an authoritative name server makes it for names that it does not have."""
    return isinstance(said, DnsAnswer | Truncated | ServerRefused) and not (
        isinstance(said, ServerRefused) and is_servfail(said)
    )
