"""An ACME client that spends as little CPU as it can (RFC 8555)."""

import asyncio
import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from bench.connection import Answer, Connection

_FIRST_POLL_SECONDS = 0.05
"""Real clients wait a second or more; a validation under load takes about this long."""
_LONGEST_PAUSE_SECONDS = 10.0
_JOSE = "application/jose+json"
_SIZE = 32

Sign = Callable[[bytes], bytes]


class Refused(Exception):
    """The server did not do what was asked: request type, status and the answer's beginning."""


@dataclass(frozen=True)
class Eab:
    """What PREREGISTER gives; `mac_key` in base64url."""

    kid: str
    mac_key: str


class AccountKey:
    """A P-256 account key."""

    def __init__(self, pem: str) -> None:
        key = load_pem_private_key(pem.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        numbers = key.public_key().public_numbers()
        x, y = (_base64url(number.to_bytes(_SIZE)) for number in (numbers.x, numbers.y))
        self.jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}

    @property
    def thumbprint(self) -> str:
        """RFC 7638."""
        return _base64url(sha256(json.dumps(self.jwk, separators=(",", ":")).encode()).digest())

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(SHA256())))
        return r.to_bytes(_SIZE) + s.to_bytes(_SIZE)


def make_csr(name: str) -> str:
    """A request for `name` with a new P-256 key, base64url."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    csr = builder.add_extension(names, critical=False).sign(key, SHA256())
    return _base64url(csr.public_bytes(Encoding.DER))


class Client:
    """One account, one connection. `milliseconds` are by request type, of answered requests."""

    def __init__(self, directory: str, webroot: Path, key: AccountKey) -> None:
        self._directory_url = directory
        self._webroot = webroot
        self._key = key
        self._thumbprint = key.thumbprint
        self._nonce = ""
        self._kid = ""
        self.milliseconds: defaultdict[str, list[float]] = defaultdict(list)

    async def register(self, eab: Eab | None) -> None:
        self._connection = await Connection.open(self._directory_url)
        answer = await self._connection.send("GET", self._directory_url)
        self._directory = json.loads(answer.body)
        answer = await self._connection.send("HEAD", self._directory["newNonce"])
        self._nonce = answer.headers["replay-nonce"]
        url = self._directory["newAccount"]
        payload: dict[str, Any] = {"termsOfServiceAgreed": True}
        if eab is not None:
            payload["externalAccountBinding"] = _binding(eab, self._key.jwk, url)
        answer = await self._post("newAccount", url, payload, jwk=self._key.jwk)
        self._kid = answer.headers["location"]

    async def issue(self, name: str, csr: str) -> None:
        """Gets a certificate; raises Refused, or OSError when the server does not answer."""
        identifiers = [{"type": "dns", "value": name}]
        answer = await self._post(
            "newOrder", self._directory["newOrder"], {"identifiers": identifiers}
        )
        order_url, order = answer.headers["location"], json.loads(answer.body)
        await self._prove(order["authorizations"][0])
        answer = await self._post("finalize", order["finalize"], {"csr": csr})
        order = json.loads(answer.body)
        if order["status"] == "processing":
            order = await self._poll("order", order_url, "processing")
        answer = await self._post("certificate", order["certificate"], None)
        if not answer.body.startswith(b"-----BEGIN CERTIFICATE-----"):
            raise Refused(f"certificate: {answer.body[:60]!r}")

    async def _prove(self, url: str) -> None:
        authorization = json.loads((await self._post("authorization", url, None)).body)
        if authorization["status"] != "pending":
            raise Refused(f"authorization: {authorization['status']} before it was proven")
        challenge = next(item for item in authorization["challenges"] if item["type"] == "http-01")
        token = challenge["token"]
        (self._webroot / token).write_text(f"{token}.{self._thumbprint}")
        answered = json.loads((await self._post("challenge", challenge["url"], {})).body)
        if "error" in answered:
            raise Refused(f"challenge: {answered['error']}")
        await self._poll("poll", url, "pending")

    async def _poll(self, kind: str, url: str, meanwhile: str) -> dict[str, Any]:
        pause = _FIRST_POLL_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause *= 2
            shown: dict[str, Any] = json.loads((await self._post(kind, url, None)).body)
            if shown["status"] == "valid":
                return shown
            if shown["status"] != meanwhile or pause > _LONGEST_PAUSE_SECONDS:
                raise Refused(f"{kind}: {shown['status']} {json.dumps(shown)[:300]}")

    async def _post(
        self, kind: str, url: str, payload: Any, jwk: dict[str, str] | None = None
    ) -> Answer:
        header: dict[str, Any] = {"alg": "ES256", "nonce": self._nonce, "url": url}
        header |= {"kid": self._kid} if jwk is None else {"jwk": jwk}
        body = _jws(header, payload, self._key.sign)
        begun = time.perf_counter()
        answer = await self._connection.send("POST", url, body, _JOSE)
        self.milliseconds[kind].append(1000 * (time.perf_counter() - begun))
        self._nonce = answer.headers.get("replay-nonce", "")
        if answer.status >= 400:
            raise Refused(f"{kind}: {answer.status} {answer.body[:300].decode(errors='replace')}")
        return answer


def _binding(eab: Eab, jwk: dict[str, str], url: str) -> dict[str, str]:
    """RFC 8555 §7.3.4."""
    mac_key = urlsafe_b64decode(eab.mac_key + "==")
    header = {"alg": "HS256", "kid": eab.kid, "url": url}
    bound: dict[str, str] = json.loads(
        _jws(header, jwk, lambda data: hmac.digest(mac_key, data, "sha256"))
    )
    return bound


def _jws(header: dict[str, Any], payload: Any, sign: Sign) -> bytes:
    """Flattened; None = POST-as-GET."""
    protected = _base64url(json.dumps(header).encode())
    encoded = "" if payload is None else _base64url(json.dumps(payload).encode())
    signature = _base64url(sign(f"{protected}.{encoded}".encode()))
    return f'{{"protected":"{protected}","payload":"{encoded}","signature":"{signature}"}}'.encode()


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
