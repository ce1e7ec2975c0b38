"""Follows an http URL through its redirects; every hop is resolved and checked anew."""

from gateway.validation import fetch, http_response, tls
from gateway.validation.dns import Resolver
from gateway.validation.fetch import TargetConnection
from gateway.validation.http_response import BadResponse, TargetResponse
from gateway.validation.method import Network, ValidationFailed
from gateway.validation.reach import Reach, cause_of
from gateway.validation.target import Target

_MOST_REDIRECTS = 10
_REDIRECTS = (301, 302, 307, 308)
"""Redirects that Baseline Requirements §3.2.2.4.19 allows; 303 is not among them."""
_PORTS = (80, 443)
_SHOWN = 200  # characters of a location


class Visit:
    """Follows redirects from one URL, and keeps the current place for error texts."""

    def __init__(self, resolver: Resolver, network: Network) -> None:
        self._network = network
        self._reach = Reach(resolver, network)
        self.targets: list[Target] = []

    @property
    def address(self) -> str:
        return self._reach.address

    @property
    def place(self) -> str:
        return f"{self.targets[-1].url} at {self.address}"

    async def follow(self, target: Target) -> TargetResponse:
        """Gives the first response that is no redirect; raises ValidationFailed, NotChecked."""
        return await self._reach.in_time(self._follow(target))

    async def _follow(self, target: Target) -> TargetResponse:
        for _ in range(_MOST_REDIRECTS + 1):
            self.targets.append(target)
            response = await self._get(target)
            if response.status not in _REDIRECTS:
                return response
            target = self._redirected(target, response.location)
        raise ValidationFailed(
            "connection", f"{self.place} is the last of more than {_MOST_REDIRECTS} redirects."
        )

    def _redirected(self, base: Target, location: str | None) -> Target:
        if not location:
            raise ValidationFailed("connection", f"{self.place} redirects to nowhere.")
        target = base.redirected(location)
        if target is None:
            raise ValidationFailed(
                "connection",
                f"{self.place} redirects to {location[:_SHOWN]!a}, "
                "not an http or https URL with a host that can be.",
            )
        if target.port not in _PORTS and not self._network.any_port:
            raise ValidationFailed(
                "connection",
                f"{self.place} redirects to port {target.port}; only ports 80 and 443 can be used.",
            )
        return target

    async def _get(self, target: Target) -> TargetResponse:
        connection = await self._connect(target)
        self._reach.step = f"Waiting for the response of {self.place}"
        try:
            return await connection.exchange(fetch.get_request(target))
        except BadResponse as error:
            raise ValidationFailed(
                "connection", f"The response of {self.place} {error}.", transient=True
            ) from error
        except OSError as error:
            raise ValidationFailed(
                "connection",
                f"The connection with {self.place} broke: {cause_of(error)}.",
                transient=True,
            ) from error
        finally:
            connection.close()

    async def _connect(self, target: Target) -> TargetConnection:
        usual = {80: self._network.http_port, 443: self._network.tls_port}
        port = usual.get(target.port, target.port)
        source = self._network.source_address
        # A server that redirects to https may have no valid certificate yet: it asks for one now.
        secure = (tls.unverified(), fetch.server_name(target.host)) if target.secure else None
        return await self._reach.connect(
            target.host,
            port,
            lambda address: fetch.connect(
                address, port, source, TargetConnection(http_response.read), secure
            ),
        )
