"""An ACME client for tests, which can send right and wrong requests."""

import asyncio
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Answer:
    """A response with its whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    links: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The last part of the problem type."""
        assert self.headers["Content-Type"] == "application/problem+json", self.body
        assert self.json["status"] == self.status
        kind: str = self.json["type"]
        return kind.removeprefix("urn:ietf:params:acme:error:")

    @property
    def detail(self) -> str:
        detail: str = self.json["detail"]
        return detail


_ECDSA: dict[int, tuple[str, Any]] = {
    256: ("ES256", SHA256()),
    384: ("ES384", SHA384()),
    521: ("ES512", SHA512()),
}


class Signer:
    """An account key with its JWK and its algorithm."""

    def __init__(self, key: Any = None) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        match self.key:
            case ec.EllipticCurvePrivateKey():
                size = (self.key.key_size + 7) // 8
                numbers = self.key.public_key().public_numbers()
                self.alg, self.digest = _ECDSA[self.key.key_size]
                self.jwk = {
                    "crv": f"P-{self.key.key_size}",
                    "kty": "EC",
                    "x": base64url(numbers.x.to_bytes(size, "big")),
                    "y": base64url(numbers.y.to_bytes(size, "big")),
                }
            case rsa.RSAPrivateKey():
                public = self.key.public_key().public_numbers()
                self.alg = "RS256"
                self.jwk = {
                    "e": base64url(public.e.to_bytes(3, "big")),
                    "kty": "RSA",
                    "n": base64url(public.n.to_bytes((public.n.bit_length() + 7) // 8, "big")),
                }
            case ed25519.Ed25519PrivateKey():
                raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
                self.alg = "EdDSA"
                self.jwk = {"crv": "Ed25519", "kty": "OKP", "x": base64url(raw)}

    @property
    def thumbprint(self) -> str:
        canonical = json.dumps(self.jwk, separators=(",", ":"), sort_keys=True)
        return base64url(sha256(canonical.encode()).digest())

    def sign(self, data: bytes) -> bytes:
        match self.key:
            case ec.EllipticCurvePrivateKey():
                size = (self.key.key_size + 7) // 8
                r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(self.digest)))
                return r.to_bytes(size, "big") + s.to_bytes(size, "big")
            case rsa.RSAPrivateKey():
                return self.key.sign(data, padding.PKCS1v15(), SHA256())
            case _:
                signature: bytes = self.key.sign(data)
                return signature


def jws(protected: Any, payload: Any, sign: Any) -> dict[str, Any]:
    """A flattened JWS; `payload` None = POST-as-GET, bytes as they are, else JSON."""
    header = base64url(json.dumps(protected).encode())
    if payload is None:
        encoded = ""
    else:
        encoded = base64url(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    signature = base64url(sign(f"{header}.{encoded}".encode()))
    return {"protected": header, "payload": encoded, "signature": signature}


@dataclass(frozen=True)
class Eab:
    """An EAB credential from PREREGISTER: key id and MAC key (base64url text)."""

    kid: str
    mac_key: str

    def bind(self, jwk: Any, url: str, alg: str = "HS256", /, **changes: Any) -> dict[str, Any]:
        """The externalAccountBinding; `changes` replace header members (None removes one)."""
        header = {"alg": alg, "kid": self.kid, "url": url, **changes}
        header = {name: value for name, value in header.items() if value is not None}
        digest = {"HS384": "sha384", "HS512": "sha512"}.get(alg, "sha256")
        key = unbase64url(self.mac_key)
        return jws(header, jwk, lambda data: hmac.digest(key, data, digest))


def make_csr(
    names: Sequence[str], key: Any = None, common_name: str | None = None, **changes: Any
) -> bytes:
    """DER of a CSR with these names."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = []
    if common_name is not None:
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        san = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(san, critical=False)
    return builder.sign(key, changes.get("digest", SHA256())).public_bytes(Encoding.DER)


class AcmeClient:
    """A client of one directory. After `register` it signs with its account's URL."""

    def __init__(
        self, session: aiohttp.ClientSession, directory_url: str, signer: Signer | None = None
    ) -> None:
        self.session = session
        self.directory_url = directory_url
        self.signer = signer or Signer()
        self.account_url: str | None = None
        self.directory: dict[str, Any] = {}

    async def request(self, method: str, url: str, **options: Any) -> Answer:
        async with self.session.request(method, url, **options) as response:
            links = {str(relation): str(link["url"]) for relation, link in response.links.items()}
            return Answer(response.status, response.headers.copy(), await response.read(), links)

    async def url(self, name: str) -> str:
        if not self.directory:
            self.directory = (await self.request("GET", self.directory_url)).json
        url: str = self.directory[name]
        return url

    async def nonce(self) -> str:
        answer = await self.request("HEAD", await self.url("newNonce"))
        return answer.headers["Replay-Nonce"]

    async def signed(
        self, url: str, payload: Any = None, /, *, use_jwk: bool = False, **changes: Any
    ) -> dict[str, Any]:
        """A JWS for `url`; `changes` replace members of the protected header (None removes)."""
        header: dict[str, Any] = {"alg": self.signer.alg, "url": url}
        if use_jwk or self.account_url is None:
            header["jwk"] = self.signer.jwk
        else:
            header["kid"] = self.account_url
        if "nonce" not in changes:
            header["nonce"] = await self.nonce()
        header.update(changes)
        header = {name: value for name, value in header.items() if value is not None}
        return jws(header, payload, self.signer.sign)

    async def send(
        self, url: str, body: Any, content_type: str = "application/jose+json"
    ) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.request("POST", url, data=data, headers={"Content-Type": content_type})

    async def post(self, url: str, payload: Any = None, /, **options: Any) -> Answer:
        """Signs and sends."""
        return await self.send(url, await self.signed(url, payload, **options))

    async def new_account(self, eab: Eab | None, **members: Any) -> Answer:
        url = await self.url("newAccount")
        if eab is not None:
            members.setdefault("externalAccountBinding", eab.bind(self.signer.jwk, url))
        return await self.post(url, members, use_jwk=True)

    async def register(self, eab: Eab, **members: Any) -> str:
        """Registers and gives the account's URL."""
        answer = await self.new_account(eab, termsOfServiceAgreed=True, **members)
        assert answer.status in (200, 201), answer.body
        self.account_url = answer.headers["Location"]
        return self.account_url

    async def new_order(self, *names: str, **members: Any) -> Answer:
        identifiers = [{"type": "dns", "value": name} for name in names]
        return await self.post(await self.url("newOrder"), {"identifiers": identifiers, **members})

    def key_authorization(self, token: str) -> str:
        return f"{token}.{self.signer.thumbprint}"

    async def challenge(self, authorization_url: str, kind: str) -> dict[str, Any]:
        authorization = (await self.post(authorization_url)).json
        found: dict[str, Any] = next(
            item for item in authorization["challenges"] if item["type"] == kind
        )
        return found

    async def finalize(self, order: Mapping[str, Any], csr: bytes) -> Answer:
        return await self.post(order["finalize"], {"csr": base64url(csr)})

    async def settled(self, url: str, *, pending: tuple[str, ...] = ("pending",)) -> dict[str, Any]:
        """Polls a resource with POST-as-GET until its status is none of `pending`."""
        async with asyncio.timeout(20):
            while True:
                answer = await self.post(url)
                assert answer.status == 200, answer.body
                if answer.json["status"] not in pending:
                    found: dict[str, Any] = answer.json
                    return found
                await asyncio.sleep(0.02)
