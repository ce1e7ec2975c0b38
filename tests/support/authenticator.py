"""A passkey without a browser."""

import json
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from html import unescape
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.console import PageAnswer

_USER_PRESENT, _USER_VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """Makes one passkey, and answers challenges to it, as browsers send the answers."""

    origin: str
    count: int = 1
    credential_id: bytes = field(default_factory=lambda: token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, options: dict[str, Any], **client: str) -> str:
        """The answer of navigator.credentials.create; `client` replaces what the browser says."""
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        length = len(self.credential_id).to_bytes(2, "big")
        attested = bytes(16) + length + self.credential_id + public
        data = self._data(options["rp"]["id"], _ATTESTED) + attested
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._answer(
            self._client("webauthn.create", options, client),
            attestationObject=_encoded(cbor2.dumps(statement)),
        )

    def show(self, options: dict[str, Any], **client: str) -> str:
        """The answer of navigator.credentials.get; the authenticator counts it."""
        self.count += 1
        data = self._data(options["rpId"])
        said = self._client("webauthn.get", options, client)
        signed = self.key.sign(data + sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(said, authenticatorData=_encoded(data), signature=_encoded(signed))

    def _data(self, site: str, flags: int = 0) -> bytes:
        flag = (_USER_PRESENT | _USER_VERIFIED | flags).to_bytes(1, "big")
        return sha256(site.encode()).digest() + flag + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any], changed: dict[str, str]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, **changed}
        return json.dumps(said).encode()

    def _answer(self, said: bytes, **parts: str) -> str:
        own = _encoded(self.credential_id)
        response = {"clientDataJSON": _encoded(said), **parts}
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})


def asked_by(page: PageAnswer, form_id: str) -> dict[str, Any]:
    """What a form of a page asks passkeys for."""
    [options] = re.findall(rf'id="{form_id}"[^>]* data-options="([^"]*)"', page.text)
    found: dict[str, Any] = json.loads(unescape(options))
    return found


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
