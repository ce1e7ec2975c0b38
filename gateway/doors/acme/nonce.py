"""Replay nonces (RFC 8555 §6.5): made without the database, burnt in it.

A nonce is AES-GCM over the database's epoch. Its 12-byte initialization vector (4 bytes of real
time, 8 random ones) is what gets burnt: it is time-ordered, so that old ones are deleted by range.
"""

import secrets
import struct
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from gateway.doors.acme.jws import decode_base64url
from gateway.doors.acme.problem import Problem
from gateway.store.acme.nonces import LIFETIME_SECONDS

_LENGTH = 48  # characters: 12 bytes of vector, 8 of epoch, 16 of tag
_EPOCH = struct.Struct(">q")
_TIME = struct.Struct(">I")


class Nonce(Struct, frozen=True):
    """An authentic nonce of a request; whether it is burnt already is not known."""

    value: bytes
    epoch: int

    @property
    def too_old_after(self) -> int:
        """The last second of real time (since 1970) in which it may be used."""
        made: int = _TIME.unpack(self.value[:4])[0]
        return made + LIFETIME_SECONDS


class NonceMint:
    """Makes and opens nonces: the first key makes them, all keys open them."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = [AESGCM(key) for key in keys]

    def mint(self, epoch: int) -> str:
        vector = _TIME.pack(int(time.time())) + secrets.token_bytes(8)
        sealed = self._ciphers[0].encrypt(vector, _EPOCH.pack(epoch), None)
        return urlsafe_b64encode(vector + sealed).decode()

    def open(self, text: str) -> Nonce | None:
        """Opens a nonce; None = not made by us, damaged, or older than LIFETIME_SECONDS."""
        if len(text) != _LENGTH:
            return None
        try:
            token = decode_base64url(text, "The nonce")
        except Problem:
            return None
        vector, sealed = token[:12], token[12:]
        if not -60 <= time.time() - _TIME.unpack(vector[:4])[0] <= LIFETIME_SECONDS:
            return None
        for cipher in self._ciphers:
            try:
                return Nonce(vector, _EPOCH.unpack(cipher.decrypt(vector, sealed, None))[0])
            except InvalidTag:
                continue
        return None
