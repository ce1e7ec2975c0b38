"""The one place where identifiers, tokens and credentials are made."""

import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
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
    """The UUID that clients name in a URL; raises ValueError."""
    return pgproto.UUID(text)


def new_eab_kid() -> str:
    """EAB key identifier, and id of the credential's first ACME account (22 characters)."""
    return _text(16)


def new_account_id() -> str:
    """acmeAccountID of a further account under an EAB credential (22 characters)."""
    return _text(16)


def new_mac_key() -> bytes:
    """EAB MAC key: 256 bits, enough for HS256 and usable with HS384 and HS512."""
    return urlsafe_b64decode(_text(32) + "=")


def new_challenge_token() -> str:
    """Challenge token with 256 bits of entropy (RFC 8555 §8.3 asks for at least 128)."""
    return _text(32)


def new_cert_id() -> str:
    """Identifier of an SSL certificate order, as long as the vendor's: 16 characters."""
    return f"scs{secrets.randbelow(10**13):013d}"


def new_token_id() -> str:
    """The part of an API token that says which it is (16 characters)."""
    return _text(12)


def new_token_secret() -> str:
    """The secret part of an API token: 256 bits."""
    return _text(32)


def new_coupon_code() -> str:
    """Not to be guessed: 120 bits."""
    return _text(15)


def new_serial_number() -> int:
    """Certificate serial: positive, 128 random bits (Baseline Requirements §7.1: at least 64).

    The leading one bit keeps the length constant and the number positive and non-zero.
    """
    return (1 << 128) | secrets.randbits(128)


def _text(length: int) -> str:
    """So many random bytes in base64url that do not begin with "-": people give it to programs as
    an argument, and programs would take it for an option of theirs."""
    while True:
        text = urlsafe_b64encode(secrets.token_bytes(length)).rstrip(b"=").decode()
        if not text.startswith("-"):
            return text
