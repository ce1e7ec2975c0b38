"""Webhooks, signed as the Standard Webhooks specification 1.0 says.

webhook-id: msg_<notice>          the same at every attempt: receivers drop what they know
webhook-timestamp: <seconds>      real time of this attempt
webhook-signature: v1,<base64 of HMAC-SHA256 over "id.timestamp.body">, for each secret
"""

import asyncio
import hmac
import secrets
import ssl
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from ipaddress import ip_address
from typing import Any

import msgspec

from gateway.notify.channel import Answer, Parcel, Undelivered
from gateway.rules.notice.answers import kept_text
from gateway.rules.notice.kinds import message_id, payload
from gateway.validation import fetch, http_response, target, tls
from gateway.validation.addresses import Range, objection
from gateway.validation.dns import Resolver
from gateway.validation.fetch import TargetConnection
from gateway.validation.http_response import BadResponse
from gateway.validation.method import Network, NotChecked, ValidationFailed
from gateway.validation.reach import Reach, cause_of
from gateway.validation.target import Target

_SECRET_PREFIX = "whsec_"  # noqa: S105  of every secret, and no secret itself
_SECRET_BYTES = 32
_GONE = 410
_BODY_SECONDS = 1.0


def new_secret() -> str:
    """A new secret for one webhook, as receivers are given it: `whsec_` and base64 of 256 bits."""
    return _SECRET_PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secrets_of_it: str, message: str, timestamp: int, body: bytes) -> str:
    """Gives the value of webhook-signature, by each of the secrets, which a space separates."""
    signed = f"{message}.{timestamp}.".encode() + body
    keys = [b64decode(each.removeprefix(_SECRET_PREFIX)) for each in secrets_of_it.split()]
    macs = [hmac.digest(key, signed, "sha256") for key in keys]
    return " ".join(f"v1,{b64encode(mac).decode()}" for mac in macs)


def literal_objection(url: str, trusted: Sequence[Range]) -> str | None:
    """Why a URL with an IP address is not connected to; None for names and public addresses."""
    receiver = target.absolute(url)
    return None if receiver is None else _address_objection(receiver.host, trusted)


def _address_objection(host: str, trusted: Sequence[Range]) -> str | None:
    try:
        ip_address(host)
    except ValueError:
        return None
    return objection(host, trusted)


class WebhookSender:
    """Sends notices to webhooks; follows no redirects, connects only to allowed addresses.

    It reads an answer within the limits for validation targets: the owner of a webhook is as little
    trusted. Only the status counts; the text is kept for people, if it comes within a second.
    """

    def __init__(self, resolver: Resolver, trusted: Sequence[Range], timeout: float) -> None:
        """`timeout` is the limit in seconds for one whole attempt."""
        self._resolver = resolver
        self._network = Network(trusted=tuple(trusted), timeout=timeout)

    async def send(self, parcel: Parcel) -> Answer:
        receiver = target.absolute(parcel.address)
        if receiver is None:
            raise Undelivered("the URL is none of a host that there can be")
        if why := _address_objection(receiver.host, self._network.trusted):
            raise Undelivered(f"the URL holds {why}")
        reach = Reach(self._resolver, self._network)
        signed, request = _request(receiver, parcel)
        try:
            status, body = await reach.in_time(self._post(receiver, request, reach))
        except NotChecked as error:
            raise Undelivered(error.detail.removesuffix("."), ours=True) from error
        except ValidationFailed as error:
            raise Undelivered(error.detail.removesuffix(".")) from error
        text = kept_text(body.decode(errors="replace"), [*signed.split(), *_secrets_of(parcel)])
        answer = Answer(status, text)
        if not 200 <= status < 300:
            hint = "; redirects are not followed" if 300 <= status < 400 else ""
            why = f"the receiver answered {status}{hint}"
            raise Undelivered(why, answer=answer, final=status == _GONE)
        return answer

    async def close(self) -> None:
        return None

    async def _post(self, receiver: Target, request: bytes, reach: Reach) -> tuple[int, bytes]:
        connection = await self._connect(receiver, reach)
        reach.step = f"Waiting for the answer of {receiver.host} at {reach.address}"
        try:
            return await connection.post(request)
        except BadResponse as error:
            raise Undelivered(f"the answer {error}") from error
        except OSError as error:
            raise Undelivered(f"the connection broke: {cause_of(error)}") from error
        finally:
            connection.close()

    async def _connect(self, receiver: Target, reach: Reach) -> "_ReceiverConnection":
        secure = (self._context, receiver.host.rstrip(".")) if receiver.secure else None

        async def opened(address: str) -> _ReceiverConnection:
            connection = _ReceiverConnection()
            try:
                await fetch.connect(address, receiver.port, None, connection, secure)
            except ssl.SSLCertVerificationError as error:
                raise Undelivered("the receiver's certificate is not trusted") from error
            return connection

        return await reach.connect(receiver.host, receiver.port, opened)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return tls.verified()


class _ReceiverConnection(TargetConnection):
    """A connection to a receiver, whose status counts even if the body never ends."""

    def __init__(self) -> None:
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        super().__init__(partial(http_response.read_any, on_head=self._status.set_result))

    async def post(self, request: bytes) -> tuple[int, bytes]:
        """Gives the status, and the body if it comes soon; raises BadResponse or OSError."""
        answered = asyncio.ensure_future(self.exchange(request))
        either: list[asyncio.Future[Any]] = [self._status, answered]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not self._status.done():
                answered.result()
            with suppress(TimeoutError, BadResponse, OSError):
                response = await asyncio.wait_for(answered, _BODY_SECONDS)
                return response.status, response.body
            return self._status.result(), b""
        finally:
            answered.cancel()


def _secrets_of(parcel: Parcel) -> list[str]:
    return (parcel.secret or b"").decode().split()


def _request(receiver: Target, parcel: Parcel) -> tuple[str, bytes]:
    """Gives the signatures of a request, and the request."""
    body = msgspec.json.encode(payload(parcel.kind, parcel.due_at, parcel.data))
    timestamp = int(time.time())
    message = message_id(parcel.notice_id)
    signed = signature((parcel.secret or b"").decode(), message, timestamp, body)
    fields: Mapping[str, object] = {
        "Host": receiver.authority,
        "User-Agent": fetch.USER_AGENT,
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Content-Length": len(body),
        "Connection": "close",
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": signed,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return signed, f"POST {receiver.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body
