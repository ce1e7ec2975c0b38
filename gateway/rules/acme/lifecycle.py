"""Status of orders and authorizations as time passes (RFC 8555 §7.1.6).

Nothing is written when something expires: the status that clients see follows from business time.
"""

from datetime import datetime


def order_status(status: str, expires_at: datetime, now: datetime) -> str:
    """The status of an order; one that was not finalized in time is invalid."""
    return "invalid" if status in ("pending", "ready") and now > expires_at else status


def authorization_status(status: str, expires_at: datetime, now: datetime) -> str:
    """The status of an authorization: past its end invalid if pending, expired if valid."""
    if now <= expires_at:
        return status
    return {"pending": "invalid", "valid": "expired"}.get(status, status)


def shows_challenge(authorization_status: str, challenge_status: str) -> bool:
    """Whether a challenge is listed in its authorization (RFC 8555 §7.1.4).

    A finished authorization lists what was validated, or tried and failed.
    """
    return authorization_status == "pending" or challenge_status in ("valid", "invalid")
