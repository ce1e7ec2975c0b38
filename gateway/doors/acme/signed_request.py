"""Verifies POST requests: body, JWS, URL, key, signature, nonce (RFC 8555 §6.2-§6.5).

The signature is checked first. The nonce is burnt after it, within the first statement of the
request itself where there is one (docs/architecture.md). If a request fails before, the process
remembers its nonce, and verifies nothing again that comes with it.
"""

import time
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.ca.rsa_strength import CERTIFIED, SIGNING_REQUESTS
from gateway.config import Settings
from gateway.doors.acme import jws, payload
from gateway.doors.acme.jwk import (
    ALGORITHMS,
    AccountKey,
    read_jwk,
    require_limits,
    require_strength,
)
from gateway.doors.acme.jws import Jws
from gateway.doors.acme.key_cache import CachedKey, KeyCache
from gateway.doors.acme.nonce import Nonce, NonceMint
from gateway.doors.acme.payload import Payload
from gateway.doors.acme.problem import Problem, bad_nonce, bad_signature, malformed
from gateway.doors.acme.refused_nonces import RefusedNonces
from gateway.doors.acme.urls import Urls
from gateway.store.acme.accounts import Client
from gateway.store.acme.admission import Ticket
from gateway.store.acme.servers import Server
from gateway.web.addresses import client_address
from gateway.web.front.plain_request import PlainRequest
from gateway.web.untrusted import TooManyFields, media_type, parse_fields

CONTENT_TYPE = "application/jose+json"
_USER_AGENT_LENGTH = 255

T = TypeVar("T", bound=Payload)


@dataclass(slots=True)
class AcmeCall:
    """A verified request to one server. `account_id` is None when the key itself signed (jwk)."""

    server: Server
    urls: Urls
    url: str
    key: AccountKey
    payload: bytes
    client: Client
    nonce: Nonce
    account_id: str | None = None
    key_version: int = 0
    query: dict[str, str] = field(default_factory=dict)
    nonce_taken: bool = False

    def take_ticket(self) -> Ticket:
        """The ticket for the statement that burns the nonce and reads the account's standing."""
        assert self.account_id is not None
        self.nonce_taken = True
        return Ticket(self.nonce.value, self.nonce.epoch, self.account_id, self.key_version)

    def read(self, form: type[T]) -> T:
        """Decodes the payload as `form`; raises Problem (malformed)."""
        return payload.read(form, self.payload, "The payload")

    @property
    def is_read(self) -> bool:
        """Is it a POST-as-GET (RFC 8555 §6.3)?"""
        return not self.payload

    def require_read(self) -> None:
        if self.payload:
            raise malformed("This resource is only read: send POST-as-GET, with an empty payload.")


class Verifier:
    """Verifies signed requests with the keys of this process."""

    def __init__(self, settings: Settings, keys: KeyCache, mint: NonceMint) -> None:
        self._settings = settings
        self._keys = keys
        self._mint = mint
        self._refused = RefusedNonces()

    async def by_account(self, request: PlainRequest, server: Server, urls: Urls) -> AcmeCall:
        """A request signed by an account of `server`, named by `kid`."""
        signed, url = self._parse(request)
        if signed.header.jwk is not None or signed.header.kid is None:
            raise malformed('This request must be signed by an account: "kid" and no "jwk".')
        return await self._call_of_account(request, signed, url, server, urls)

    def by_key(self, request: PlainRequest, server: Server, urls: Urls) -> AcmeCall:
        """A request signed by the key it carries (`jwk`)."""
        signed, url = self._parse(request)
        if signed.header.jwk is None or signed.header.kid is not None:
            raise malformed('This request must be signed by its own key: "jwk" and no "kid".')
        return self._call_of_key(request, signed, url, server, urls)

    async def by_either(self, request: PlainRequest, server: Server, urls: Urls) -> AcmeCall:
        """A request signed by an account or by the key it carries."""
        signed, url = self._parse(request)
        if (signed.header.jwk is None) == (signed.header.kid is None):
            raise malformed('The protected header must have one of "kid" and "jwk".')
        if signed.header.kid is None:
            return self._call_of_key(request, signed, url, server, urls, certified=True)
        return await self._call_of_account(request, signed, url, server, urls)

    async def _call_of_account(
        self, request: PlainRequest, signed: Jws, url: str, server: Server, urls: Urls
    ) -> AcmeCall:
        account_id = urls.account_id(signed.header.kid or "")
        if account_id is None:
            raise malformed(f'"kid" must be the URL of an account of {urls.directory}.')
        nonce = self._open_nonce(signed)
        try:
            cached = await self._verified_key(signed, account_id, server)
        except Problem:
            self.refuse(nonce)
            raise
        return AcmeCall(
            server,
            urls,
            url,
            cached.key,
            signed.payload,
            self._client(request),
            nonce,
            account_id,
            cached.version,
            _query(request) if "?" in url else {},
        )

    def refuse(self, nonce: Nonce) -> None:
        """Makes this process refuse the nonce from now on, before it verifies anything."""
        self._refused.add(nonce, time.time())

    def _call_of_key(
        self,
        request: PlainRequest,
        signed: Jws,
        url: str,
        server: Server,
        urls: Urls,
        *,
        certified: bool = False,
    ) -> AcmeCall:
        nonce = self._open_nonce(signed)
        try:
            key = _verified_own_key(signed, certified=certified)
        except Problem:
            self.refuse(nonce)
            raise
        return AcmeCall(server, urls, url, key, signed.payload, self._client(request), nonce)

    def _parse(self, request: PlainRequest) -> tuple[Jws, str]:
        if not _is_jose(request.headers.get("content-type", "")):
            raise malformed(f"The content type must be {CONTENT_TYPE}.", 415)
        signed = jws.parse(request.body)
        url = self._settings.public_url + request.target
        if signed.header.url is None:
            raise malformed('The protected header must have a "url".')
        if signed.header.url != url:
            raise Problem("unauthorized", f'The "url" of the protected header must be {url}.', 403)
        return signed, url

    def _open_nonce(self, signed: Jws) -> Nonce:
        text = signed.header.nonce or ""
        nonce = self._mint.open(text)
        if nonce is None:
            jws.decode_base64url(text, "The nonce")  # RFC 8555 §6.5.2: no base64url is malformed
            raise bad_nonce()
        if nonce in self._refused:
            raise bad_nonce()
        return nonce

    async def _verified_key(self, signed: Jws, account_id: str, server: Server) -> CachedKey:
        cached = await self._keys.get(account_id)
        if cached is None or cached.server_id != server.id:
            raise account_unknown()
        if _fits(signed, cached):
            return cached
        fresh = await self._keys.reload(account_id) or cached
        if fresh.version != cached.version and _fits(signed, fresh):  # just changed elsewhere
            return fresh
        if signed.header.alg not in fresh.key.algorithms:
            raise jws.bad_algorithm(signed.header.alg, fresh.key.algorithms)
        raise bad_signature()

    def _client(self, request: PlainRequest) -> Client:
        agent = request.headers.get("user-agent")
        if agent is not None:
            agent = agent if agent.isascii() else agent.encode(errors="replace").decode()
            agent = agent[:_USER_AGENT_LENGTH]
        forwarded_for = request.headers.get("x-forwarded-for")
        lines = [forwarded_for] if forwarded_for else []
        return Client(agent, client_address(request.peer, lines, self._settings))


def account_unknown() -> Problem:
    return Problem("accountDoesNotExist", "There is no such account on this server.")


def _verified_own_key(signed: Jws, *, certified: bool) -> AccountKey:
    """Checks a request signed by its own key; gives the key.

    `certified` = it may be the key of a certificate: the holder of a weak one may revoke it.
    """
    if signed.header.alg not in ALGORITHMS:
        raise jws.bad_algorithm(signed.header.alg, ALGORITHMS)
    key = read_jwk(signed.header.jwk or {})
    require_limits(key, CERTIFIED if certified else SIGNING_REQUESTS)
    if not jws.verify(signed, key):
        raise bad_signature()
    if not certified:
        require_strength(key)
    return key


def _fits(signed: Jws, cached: CachedKey) -> bool:
    return signed.header.alg in cached.key.algorithms and jws.verify(signed, cached.key)


def _is_jose(content_type: str) -> bool:
    """Is it application/jose+json? Parameters, which that type does not have, are ignored."""
    if content_type == CONTENT_TYPE:
        return True
    return media_type(content_type) == CONTENT_TYPE


def _query(request: PlainRequest) -> dict[str, str]:
    try:
        return dict(parse_fields(request.target.partition("?")[2].encode(errors="replace")))
    except TooManyFields:
        raise malformed("The URL has too many parameters.") from None
