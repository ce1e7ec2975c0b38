"""Encryption of secrets at rest, and the keys derived for nonces."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import ConfigurationError


class Vault:
    """Encrypts with the first key and decrypts with all of them, so that keys can be rotated."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise ConfigurationError(f"secrets.keys holds no valid Fernet key: {error}") from error
        self._keys = list(keys)

    def encrypt(self, secret: bytes) -> bytes:
        return self._fernet.encrypt(secret)

    def decrypt(self, token: bytes) -> bytes:
        """Decrypts a token; raises ConfigurationError when none of the configured keys made it."""
        try:
            return self._fernet.decrypt(token)
        except InvalidToken as error:
            raise ConfigurationError("no configured secrets.keys entry fits stored data") from error

    def opens(self, token: bytes) -> bool:
        """Whether one of the configured keys made `token`."""
        try:
            self._fernet.decrypt(token)
        except InvalidToken:
            return False
        return True

    def derive_keys(self, purpose: str) -> list[bytes]:
        """Derives a 256-bit key for `purpose` from each configured key, in their order."""
        return [
            HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(
                key.encode()
            )
            for key in self._keys
        ]
