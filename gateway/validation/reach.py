"""From a name to an open connection, never with an address that is not allowed.

Each address is checked, and the connection goes to the address that was checked: a change of DNS
in between has no effect.
"""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TypeVar

from gateway.validation.addresses import objection
from gateway.validation.dns import LookupFailed, Resolver
from gateway.validation.method import Network, ValidationFailed

T = TypeVar("T")

_PER_FAMILY = 2  # addresses tried


class Reach:
    """Connects to hosts, and knows where it is for the error text."""

    def __init__(self, resolver: Resolver, network: Network) -> None:
        self._resolver = resolver
        self._network = network
        self.address = ""
        self.step = ""

    async def connect(self, host: str, port: int, opened: Callable[[str], Awaitable[T]]) -> T:
        """What `opened` gives for the first of the host's addresses that takes the connection.

        Raises ValidationFailed.
        """
        addresses = await self._addresses(host)
        failures = []
        for position, address in enumerate(addresses):
            self.address = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
            self.step = f"Connecting to {host} at {self.address}"
            left = len(addresses) - position
            try:
                if left == 1:  # it may take all the time there is; nobody waits after it
                    return await opened(address)
                async with asyncio.timeout(self._network.timeout / left):
                    return await opened(address)
            except ssl.SSLError as error:
                raise ValidationFailed(
                    "tls", f"{self.step} failed: {error.reason or 'TLS handshake failure'}."
                ) from error
            except OSError as error:
                failures.append(f"{self.address}: {cause_of(error)}")
        raise ValidationFailed(
            "connection", f"No connection to {host} at {'; '.join(failures)}.", transient=True
        )

    async def _addresses(self, host: str) -> list[str]:
        """Addresses to try, IPv6 first, each of them allowed."""
        found = [host] if _is_address(host) else await self._look_up(host)
        objections = {address: objection(address, self._network.trusted) for address in found}
        allowed = [address for address in found if objections[address] is None]
        if not allowed:
            listed = ", ".join(f"{address} is {why}" for address, why in objections.items())
            raise ValidationFailed(
                "connection", f"{host} has no public address to connect to: {listed}."
            )
        ipv6 = [address for address in allowed if ":" in address]
        ipv4 = [address for address in allowed if ":" not in address]
        return ipv6[:_PER_FAMILY] + ipv4[:_PER_FAMILY]

    async def _look_up(self, host: str) -> list[str]:
        self.step = f"Looking up {host}"
        try:
            found = await self._resolver.addresses(host)
        except LookupFailed as error:
            raise ValidationFailed("dns", str(error), transient=True) from error
        if not found:
            raise ValidationFailed("dns", f"{host} has no A or AAAA record.")
        return found


def cause_of(error: OSError) -> str:
    """Why a connection was not made, or broke, in words for the client."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return os.strerror(error.errno).lower() if error.errno else str(error) or type(error).__name__


def _is_address(host: str) -> bool:
    if ":" not in host and not host[-1:].isdigit():  # the usual case, decided cheaply
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
