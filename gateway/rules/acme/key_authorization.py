"""Key authorizations in the form that challenges show them (RFC 8555 §8.1)."""

from base64 import urlsafe_b64encode
from hashlib import sha256


def txt_value(key_authorization: str) -> str:
    """Gives the TXT record of dns-01: base64url of the SHA-256 digest (RFC 8555 §8.4)."""
    return urlsafe_b64encode(sha256(key_authorization.encode()).digest()).rstrip(b"=").decode()
