"""Makes all identifiers, tokens and credentials."""

import secrets
import time
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from asyncpg.pgproto import pgproto

_RANDOM_BITS = 74
_VARIANT = 0x8000_0000_0000_0000


def new_id() -> UUID:
    """A time-ordered UUID (version 7, RFC 9562 §5.7), so that index pages fill in order."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(_RANDOM_BITS)
    high = (milliseconds << 16) | 0x7000 | (random >> 62)
    number = (high << 64) | _VARIANT | (random & (2**62 - 1))
    return pgproto.UUID(number.to_bytes(16))


def read_id(text: str) -> UUID:
    """Reads the UUID in a client's URL; raises ValueError."""
    return pgproto.UUID(text)


def new_eab_kid() -> str:
    """A new EAB key identifier and id of the credential's first ACME account (22 characters)."""
    return _text(16)


def new_account_id() -> str:
    """A new acmeAccountID of a further account under an EAB credential (22 characters)."""
    return _text(16)


def new_mac_key() -> bytes:
    """A new EAB MAC key: 256 bits, enough for HS256 and usable with HS384 and HS512."""
    return urlsafe_b64decode(_text(32) + "=")


def new_challenge_token() -> str:
    """A new challenge token with 256 bits of entropy (RFC 8555 §8.3 asks for at least 128)."""
    return _text(32)


def new_cert_id() -> str:
    """A new identifier of an SSL certificate order, as long as the vendor's: 16 characters."""
    return f"scs{secrets.randbelow(10**13):013d}"


def new_token_id() -> str:
    """A new public part of an API token, by which it is found (16 characters)."""
    return _text(12)


def new_token_secret() -> str:
    """A new secret part of an API token: 256 bits."""
    return _text(32)


def new_session_token() -> str:
    """A new token of a session at the console: 256 bits."""
    return _text(32)


def new_totp_secret() -> str:
    """A new secret of an app that makes codes: 160 bits in base32 (RFC 4226 §4)."""
    return b32encode(secrets.token_bytes(20)).decode()


def new_recovery_code() -> str:
    """A new recovery code: 80 bits in base32, with dashes between groups of four."""
    text = b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def new_form_key() -> str:
    """A new key by which a form that is sent twice is carried out once (22 characters)."""
    return _text(16)


def new_coupon_code() -> str:
    """A new coupon code, which cannot be guessed: 120 bits."""
    return _text(15)


def new_serial_number() -> int:
    """A new certificate serial: positive, 128 random bits (BR §7.1: at least 64).

    The leading one bit keeps the length constant and the number positive and non-zero.
    """
    return (1 << 128) | secrets.randbits(128)


def _text(length: int) -> str:
    """Gives so many random bytes in base64url that do not begin with "-".

    People pass such texts to programs as arguments, and programs would take them for options.
    """
    while True:
        text = urlsafe_b64encode(secrets.token_bytes(length)).rstrip(b"=").decode()
        if not text.startswith("-"):
            return text
