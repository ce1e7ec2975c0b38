"""Codes that people type as the second step of signing in: of an app, or for recovery."""

import re
from datetime import datetime
from hashlib import sha256

RECOVERY_CODES = 10
"""How many recovery codes somebody has."""

_WINDOW = 1
_APP_CODE = re.compile(r"[0-9]{6}")
_RECOVERY_CODE = re.compile(r"[a-z2-7]{16}")
_SPACES = re.compile(r"[ -]")
_GROUP = 4


def provisioning_uri(secret: str, name: str, issuer: str) -> str:
    """The otpauth URI that an app reads from a QR code."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def taken_step(secret: str, sent: str, real_now: datetime, last_step: int) -> int | None:
    """The time step of a code that is right and newer than `last_step`; None = it is not taken.

    A clock may be off by one step of 30 seconds. No code is taken twice (RFC 6238 §5.2).
    """
    code = _SPACES.sub("", sent)
    if not _APP_CODE.fullmatch(code):
        return None
    import pyotp
    from pyotp.exceptions import OTPVerificationError

    try:
        step = pyotp.TOTP(secret).verify_and_get_timecode(
            code, for_time=real_now, valid_window=_WINDOW
        )
    except OTPVerificationError:
        return None
    return step if step > last_step else None


def hash_of_recovery_code(sent: str) -> bytes | None:
    """What is stored of a recovery code, however it was spaced; None = it cannot be one.

    SHA-256 is enough for 80 random bits.
    """
    code = _SPACES.sub("", sent).lower()
    return sha256(code.encode()).digest() if _RECOVERY_CODE.fullmatch(code) else None


def in_groups(secret: str) -> str:
    """A secret as people read it, in groups of four."""
    return " ".join(secret[at : at + _GROUP] for at in range(0, len(secret), _GROUP))
