"""Following an http URL over redirects to its end, never to an address that is not allowed.

Every hop is resolved anew, each address is checked, and the connection goes to the address that
was checked: a change of DNS in between has no effect.
"""

import asyncio
import os
import ssl
from ipaddress import ip_address

from yarl import URL

from gateway.validation.addresses import objection
from gateway.validation.dns import LookupFailed, Resolver
from gateway.validation.fetch import BadResponse, Response, Stream, connect, get
from gateway.validation.method import Network, ValidationFailed

_MOST_REDIRECTS = 10
_REDIRECTS = (301, 302, 307, 308)
"""Baseline Requirements §3.2.2.4.19; 303 is not among them."""
_PORTS = (80, 443)
_PER_FAMILY = 2  # addresses tried
_LONGEST_LOCATION = 2048  # characters
_SHOWN = 200  # characters of a location


class Visit:
    """The way from the first URL to the last, and where it is now for the error text."""

    def __init__(self, resolver: Resolver, network: Network) -> None:
        self._resolver = resolver
        self._network = network
        self.urls: list[URL] = []
        self.address = ""
        self.step = ""

    @property
    def place(self) -> str:
        return f"{self.urls[-1]} at {self.address}"

    async def follow(self, url: URL) -> Response:
        """The first response that is no redirect."""
        for _ in range(_MOST_REDIRECTS + 1):
            self.urls.append(url)
            response = await self._get(url)
            if response.status not in _REDIRECTS:
                return response
            url = self._redirected(url, response.location)
        raise ValidationFailed(
            "connection", f"{self.place} is the last of more than {_MOST_REDIRECTS} redirects."
        )

    def _redirected(self, url: URL, location: str | None) -> URL:
        if not location:
            raise ValidationFailed("connection", f"{self.place} redirects to nowhere.")
        target = _target(url, location)
        if target is None:
            raise ValidationFailed(
                "connection",
                f"{self.place} redirects to {location[:_SHOWN]!a}, not an http or https URL.",
            )
        if target.port not in _PORTS and not self._network.any_port:
            raise ValidationFailed(
                "connection",
                f"{self.place} redirects to port {target.port}; only ports 80 and 443 can be used.",
            )
        return target

    async def _get(self, url: URL) -> Response:
        stream = await self._connect(url)
        self.step = f"Waiting for the response of {self.place}"
        try:
            return await get(stream, url)
        except BadResponse as error:
            raise ValidationFailed(
                "connection", f"The response of {self.place} {error}.", transient=True
            ) from error
        except OSError as error:
            raise ValidationFailed(
                "connection",
                f"The connection with {self.place} broke: {_cause(error)}.",
                transient=True,
            ) from error
        finally:
            stream.close()

    async def _connect(self, url: URL) -> Stream:
        """Tries the addresses in turn until one takes the connection."""
        port = {80: self._network.http_port, 443: self._network.tls_port}.get(
            url.port or 0, url.port or 0
        )
        addresses = await self._addresses(url.raw_host or "")
        failures = []
        for position, address in enumerate(addresses):
            self.address = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
            self.step = f"Connecting to {url.raw_host} at {self.address}"
            left = len(addresses) - position
            try:
                # The last address may take all the time there is; nobody waits after it.
                async with asyncio.timeout(self._network.timeout / left if left > 1 else None):
                    return await connect(address, port, url, self._network.source_address)
            except ssl.SSLError as error:
                raise ValidationFailed(
                    "tls", f"{self.step} failed: {error.reason or 'TLS handshake failure'}."
                ) from error
            except OSError as error:
                failures.append(f"{self.address}: {_cause(error)}")
        raise ValidationFailed(
            "connection",
            f"No connection to {url.raw_host} at {'; '.join(failures)}.",
            transient=True,
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


def _target(base: URL, location: str) -> URL | None:
    """None = not an http or https URL, or a longer one than is sensible."""
    if len(location) > _LONGEST_LOCATION:
        return None
    try:
        given = URL(location)
        target = base.join(given).with_fragment(None)
        usable = (given.raw_host or not given.scheme) and target.scheme in ("http", "https")
    except ValueError:
        return None
    return target if usable else None


def _is_address(host: str) -> bool:
    if ":" not in host and not host[-1:].isdigit():  # the usual case, decided cheaply
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _cause(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return os.strerror(error.errno).lower() if error.errno else str(error) or type(error).__name__
