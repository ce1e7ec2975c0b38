"""Every kind of signed ACME request, as a JSON document that a test can damage anywhere."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.acme_client import (
    AcmeClient,
    Answer,
    Eab,
    Signer,
    base64url,
    make_csr,
    unbase64url,
)
from tests.support.challenge_server import challenge_server
from tests.support.raw_http import RawAnswer, post
from tests.support.watched_gateway import WatchedGateway

NAMES = tuple(f"n{number}.example.com" for number in range(4))


@dataclass(frozen=True)
class Kind:
    """One kind of request: `document` is damaged by tests, `wrap` makes the payload of its text."""

    url: str
    document: Any
    wrap: Callable[[str], bytes]
    by_key: bool = False
    signer: Signer | None = None
    """The signer of the request; None = the account's."""


def _plain(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@dataclass
class SigningClient:
    """An account with an order in every state, and one of each kind of request."""

    watched: WatchedGateway
    client: AcmeClient
    kinds: dict[str, Kind]
    nonce: str

    def header(self, kind: Kind) -> dict[str, Any]:
        signer = kind.signer or self.client.signer
        header = {"alg": signer.alg, "nonce": self.nonce, "url": kind.url}
        if kind.by_key:
            return {**header, "jwk": signer.jwk}
        return {**header, "kid": self.client.account_url}

    def sealed(self, kind: Kind, payload: bytes, header: str | None = None) -> dict[str, str]:
        """The flattened JWS, with a correct signature."""
        text = json.dumps(self.header(kind)) if header is None else header
        protected, encoded = base64url(_plain(text)), base64url(payload)
        signer = kind.signer or self.client.signer
        signature = base64url(signer.sign(f"{protected}.{encoded}".encode()))
        return {"protected": protected, "payload": encoded, "signature": signature}

    async def send(self, kind: Kind, body: bytes, described: object) -> RawAnswer:
        path = kind.url.removeprefix(self.watched.gateway.url)
        answer = await self.watched.ask(post(path, "application/jose+json", body), described)
        self.nonce = answer.header("replay-nonce") or self.nonce
        return answer


async def signing_client(watched: WatchedGateway) -> SigningClient:
    """Buys names, registers, and brings an order into each state."""
    gateway = watched.gateway
    url = gateway.directory_url
    account = (await _action(watched, "PREREGISTER", serverUrl=url))["Accounts"][0]
    eab = Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"])
    for name in NAMES:
        await _action(watched, "ADDDOMAIN", acmeAccountID=eab.kid, domainName=name)
    client, other = AcmeClient(gateway.session, url), AcmeClient(gateway.session, url)
    await client.register(eab)
    await other.register(eab)
    pending, giving_up = [await client.new_order(name) for name in NAMES[:2]]
    async with challenge_server(gateway.http_port) as web:
        ready, valid = [await _ready(client, web, name) for name in NAMES[2:]]
        issued = await client.finalize(valid.json, make_csr([NAMES[3]]))
        assert issued.status == 200, issued.body
    kinds = await _kinds(client, other, eab, pending, giving_up, ready, issued)
    return SigningClient(watched, client, kinds, await client.nonce())


async def _action(watched: WatchedGateway, name: str, **fields: str) -> Any:
    status, answer = await watched.gateway.action(name, **fields)
    assert status == 200, answer
    return answer


async def _ready(client: AcmeClient, web: Any, name: str) -> Answer:
    placed = await client.new_order(name)
    await web.prove(client, placed.json["authorizations"][0])
    assert (await client.settled(placed.headers["Location"]))["status"] == "ready"
    return placed


async def _kinds(
    client: AcmeClient,
    other: AcmeClient,
    eab: Eab,
    pending: Answer,
    giving_up: Answer,
    ready: Answer,
    issued: Answer,
) -> dict[str, Kind]:
    """All kinds; their documents have all members of RFC 8555, RFC 9773 and the profiles draft."""
    new_account, new_order = await client.url("newAccount"), await client.url("newOrder")
    key_change, revoke = await client.url("keyChange"), await client.url("revokeCert")
    chain = await client.post(issued.json["certificate"])
    certificate = base64url(b"\x30\x03\x02\x01\x00")
    [authorization] = pending.json["authorizations"]
    challenge = await client.challenge(authorization, "http-01")
    assert chain.status == 200
    stranger = Signer()
    eab_header = {"alg": "HS256", "kid": eab.kid, "url": new_account}
    identifier = {"type": "dns", "value": NAMES[0]}

    def bound(header: str) -> bytes:
        binding = _mac(header, json.dumps(stranger.jwk), eab)
        return _plain(json.dumps({"termsOfServiceAgreed": True, "externalAccountBinding": binding}))

    def bound_key(key: str) -> bytes:
        binding = _mac(json.dumps(eab_header), key, eab)
        return _plain(json.dumps({"externalAccountBinding": binding}))

    def inner(header: str | None, claim: str | None) -> bytes:
        """The inner JWS of keyChange; its key is another account's, so the change is refused."""
        new = other.signer
        usual = {"alg": new.alg, "jwk": new.jwk, "url": key_change}
        right = {"account": client.account_url, "oldKey": client.signer.jwk}
        protected = base64url(_plain(header or json.dumps(usual)))
        payload = base64url(_plain(claim or json.dumps(right)))
        signature = base64url(new.sign(f"{protected}.{payload}".encode()))
        return _plain(
            json.dumps({"protected": protected, "payload": payload, "signature": signature})
        )

    key = other.signer.jwk
    return {
        "newAccount": Kind(
            new_account,
            {
                "contact": ["mailto:a@example.com"],
                "termsOfServiceAgreed": True,
                "onlyReturnExisting": False,
                "externalAccountBinding": _mac(json.dumps(eab_header), "{}", eab),
            },
            _plain,
            by_key=True,
            signer=stranger,
        ),
        "newAccount: header of the binding": Kind(
            new_account, {**eab_header, "alg": "HS999"}, bound, by_key=True, signer=stranger
        ),
        "newAccount: key of the binding": Kind(
            new_account, key, bound_key, by_key=True, signer=stranger
        ),
        "newOrder": Kind(
            new_order,
            {
                "identifiers": [identifier, {"type": "dns", "value": NAMES[1]}],
                "notBefore": "2025-01-11T00:00:00Z",
                "notAfter": "2025-02-11T00:00:00Z",
                "profile": "classic",
                "replaces": "AAAA.BBBB",
            },
            _plain,
        ),
        "newOrder of a name": Kind(new_order, {"identifiers": [identifier]}, _plain),
        "newAuthz": Kind(await client.url("newAuthz"), {"identifier": identifier}, _plain),
        "account": Kind(
            str(client.account_url),
            {"contact": ["mailto:a@example.com"], "termsOfServiceAgreed": True, "status": "valid"},
            _plain,
        ),
        "orders": Kind(f"{client.account_url}/orders", {}, _plain),
        "order": Kind(pending.headers["Location"], {}, _plain),
        "finalize": Kind(
            ready.json["finalize"],
            {"csr": base64url(make_csr(["other.example.com"]))},
            _plain,
        ),
        "finalize: bytes of the CSR": Kind(
            ready.json["finalize"], "x", lambda text: _plain(json.dumps({"csr": _coded(text)}))
        ),
        "authz": Kind(giving_up.json["authorizations"][0], {"status": "valid"}, _plain),
        "chall": Kind(challenge["url"], {}, _plain),
        "cert": Kind(issued.json["certificate"], {}, _plain),
        "revokeCert": Kind(revoke, {"certificate": certificate, "reason": 1}, _plain),
        "revokeCert by a key": Kind(
            revoke,
            {"certificate": certificate, "reason": 1},
            _plain,
            by_key=True,
            signer=stranger,
        ),
        "keyChange": Kind(key_change, json.loads(inner(None, None)), _plain),
        "keyChange: inner header": Kind(
            key_change,
            {"alg": other.signer.alg, "jwk": key, "url": key_change},
            lambda text: inner(text, None),
        ),
        "keyChange: inner payload": Kind(
            key_change,
            {"account": client.account_url, "oldKey": client.signer.jwk},
            lambda text: inner(None, text),
        ),
    }


def _coded(text: str) -> str:
    return base64url(_plain(text))


def _mac(header: str, payload: str, eab: Eab) -> dict[str, str]:
    """An external account binding with a correct MAC over any texts."""
    protected, encoded = base64url(_plain(header)), base64url(_plain(payload))
    mac = hmac.digest(unbase64url(eab.mac_key), f"{protected}.{encoded}".encode(), "sha256")
    return {"protected": protected, "payload": encoded, "signature": base64url(mac)}
