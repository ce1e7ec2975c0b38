"""Webhooks, signed as the Standard Webhooks specification 1.0 says.

webhook-id: msg_<notice>          the same at every attempt: receivers drop what they know
webhook-timestamp: <seconds>      real time of this attempt
webhook-signature: v1,<base64 of HMAC-SHA256 over "id.timestamp.body">, for each secret
"""

import hmac
import secrets
import socket
import ssl
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import msgspec
from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gateway.notify.channel import Parcel, Undelivered
from gateway.rules.notice.kinds import message_id, payload
from gateway.validation.addresses import Range, objection
from gateway.validation.dns import LookupFailed, Resolver
from gateway.validation.own_trouble import is_ours

_SECRET_PREFIX = "whsec_"  # noqa: S105  of every secret, and no secret itself
_SECRET_BYTES = 32
_GONE = 410
_USER_AGENT = "acme-subscription-gateway"


def new_secret() -> str:
    """For one webhook, as its receiver writes it down: `whsec_` and base64 of 256 bits."""
    return _SECRET_PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secrets_of_it: str, message: str, timestamp: int, body: bytes) -> str:
    """webhook-signature, by each of the secrets that stand with a space between them."""
    signed = f"{message}.{timestamp}.".encode() + body
    keys = [b64decode(each.removeprefix(_SECRET_PREFIX)) for each in secrets_of_it.split()]
    macs = [hmac.digest(key, signed, "sha256") for key in keys]
    return " ".join(f"v1,{b64encode(mac).decode()}" for mac in macs)


def literal_objection(url: str, trusted: Sequence[Range]) -> str | None:
    """Why a URL that holds an address is not connected to; None for names and public addresses."""
    host = URL(url).host or ""
    try:
        ip_address(host)
    except ValueError:
        return None
    return objection(host, trusted)


class WebhookSender:
    """Follows no redirects, reads no answers, and connects to no address that is not allowed."""

    def __init__(self, resolver: Resolver, trusted: Sequence[Range], timeout: float) -> None:
        """`timeout` in seconds, for one attempt with everything."""
        self._trusted = trusted
        self._resolver = _AllowedAddresses(resolver, trusted)
        self._timeout = timeout
        self._session: ClientSession | None = None

    async def send(self, parcel: Parcel) -> None:
        if why := literal_objection(parcel.address, self._trusted):
            raise Undelivered(f"the URL holds {why}")
        try:
            status = await self._post(parcel)
        except ClientConnectorDNSError as error:
            fault = error.os_error
            raise Undelivered(
                str(fault), ours=isinstance(fault, _LookupFault) and fault.ours
            ) from error
        except ClientConnectorCertificateError as error:
            raise Undelivered("the receiver's certificate is not trusted") from error
        except ClientConnectorError as error:
            raise Undelivered(
                f"no connection: {_cause(error.os_error)}", ours=is_ours(error.os_error)
            ) from error
        except TimeoutError as error:
            raise Undelivered(f"no answer within {self._timeout:g} seconds") from error
        except (ClientError, OSError, ValueError) as error:
            raise Undelivered(f"the connection broke ({type(error).__name__})") from error
        if not 200 <= status < 300:
            hint = "; redirects are not followed" if 300 <= status < 400 else ""
            raise Undelivered(f"the receiver answered {status}{hint}", final=status == _GONE)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, parcel: Parcel) -> int:
        body = msgspec.json.encode(payload(parcel.kind, parcel.due_at, parcel.data))
        timestamp = int(time.time())
        message = message_id(parcel.notice_id)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": _USER_AGENT,
            "webhook-id": message,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(
                (parcel.secret or b"").decode(), message, timestamp, body
            ),
        }
        async with self._opened().post(
            parcel.address, data=body, headers=headers, allow_redirects=False
        ) as response:
            return response.status  # the connection is closed with the body unread

    def _opened(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(
                    resolver=self._resolver, use_dns_cache=False, force_close=True
                ),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=self._timeout),
                auto_decompress=False,
            )
        return self._session


class _LookupFault(OSError):
    """A look-up that failed; `ours` = not by the fault of the name's owner."""

    def __init__(self, error: LookupFailed) -> None:
        super().__init__(str(error))
        self.ours = error.ours is not None


class _AllowedAddresses(AbstractResolver):
    """Gives the HTTP client only addresses that were checked: DNS cannot change in between."""

    def __init__(self, resolver: Resolver, trusted: Sequence[Range]) -> None:
        self._lookup = resolver
        self._trusted = trusted

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await self._lookup.addresses(host)
        except LookupFailed as error:
            raise _LookupFault(error) from error
        objections = {address: objection(address, self._trusted) for address in found}
        allowed = [address for address, why in objections.items() if why is None]
        if not allowed:
            listed = ", ".join(f"{address} is {why}" for address, why in objections.items())
            raise OSError(f"{host} has no public address to connect to{listed and f': {listed}'}")
        return [_result(host, address, port) for address in allowed]

    async def close(self) -> None:
        return None


def _result(host: str, address: str, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


def _cause(error: Any) -> str:
    if isinstance(error, ssl.SSLError):
        return "the TLS handshake failed"
    return (error.strerror or type(error).__name__).lower()
