"""Connects to a named host, and only to addresses that are allowed.

Each address is checked, and the connection goes to the address that was checked: a change of DNS
in between has no effect.
"""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import TypeVar

from gateway.validation.addresses import objection
from gateway.validation.dns import LookupFailed, Resolver
from gateway.validation.method import Network, NotChecked, ValidationFailed, unknown
from gateway.validation.own_trouble import is_ours

T = TypeVar("T")

_PER_FAMILY = 2  # addresses tried
_LOOKED_AT = 16  # of each family; a name may have hundreds
_SHOWN = 4


class Reach:
    """Connects to hosts, and keeps the current step for error texts."""

    def __init__(self, resolver: Resolver, network: Network) -> None:
        self._resolver = resolver
        self._network = network
        self.address = ""
        self.step = ""
        self._looking_up = False

    async def in_time(self, work: Awaitable[T]) -> T:
        """Awaits `work` within the time for an attempt; raises ValidationFailed, NotChecked."""
        try:
            async with asyncio.timeout(self._network.timeout):
                return await work
        except TimeoutError as error:
            late = f"{self.step}: not done within {self._network.timeout:g} seconds."
            if self._looking_up and not await self._resolver.works():
                raise NotChecked("resolver", late) from error
            raise ValidationFailed("connection", late, transient=True) from error

    async def connect(self, host: str, port: int, opened: Callable[[str], Awaitable[T]]) -> T:
        """Calls `opened` with the host's addresses in turn; gives its first result.

        Raises ValidationFailed, NotChecked.
        """
        addresses = await self._addresses(host)
        failures, ours = [], False
        for position, address in enumerate(addresses):
            self.address = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
            self.step = f"Connecting to {host} at {self.address}"
            left = len(addresses) - position
            try:
                if left == 1:  # the last address may take all the time that is left
                    return await opened(address)
                async with asyncio.timeout(self._network.timeout / left):
                    return await opened(address)
            except ssl.SSLError as error:
                raise ValidationFailed(
                    "tls", f"{self.step} failed: {error.reason or 'TLS handshake failure'}."
                ) from error
            except OSError as error:
                failures.append(f"{self.address}: {cause_of(error)}")
                ours = ours or is_ours(error, address)
        detail = f"No connection to {host} at {'; '.join(failures)}."
        if ours:
            raise NotChecked("sockets", detail)
        raise ValidationFailed("connection", detail, transient=True)

    async def _addresses(self, host: str) -> list[str]:
        """Allowed addresses to try, IPv6 first."""
        found = [host] if _is_address(host) else await self._look_up(host)
        ipv6 = [address for address in found if ":" in address][:_LOOKED_AT]
        ipv4 = [address for address in found if ":" not in address][:_LOOKED_AT]
        objections = {address: objection(address, self._network.trusted) for address in ipv6 + ipv4}
        allowed = [
            address
            for family in (ipv6, ipv4)
            for address in [each for each in family if objections[each] is None][:_PER_FAMILY]
        ]
        if not allowed:
            listed = [f"{address} is {why}" for address, why in objections.items()]
            raise ValidationFailed(
                "connection", f"{host} has no public address to connect to: {shown(listed)}."
            )
        return allowed

    async def _look_up(self, host: str) -> list[str]:
        self.step = f"Looking up {host}"
        self._looking_up = True
        try:
            found = await self._resolver.addresses(host)
        except LookupFailed as error:
            raise unknown(error) from error
        if not found:
            raise ValidationFailed("dns", f"{host} has no A or AAAA record.")
        self._looking_up = False
        return found


def shown(texts: Sequence[str]) -> str:
    """The first few texts, and how many more there are."""
    more = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


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
