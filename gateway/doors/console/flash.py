"""The message after a change, which the next page shows once: in a cookie, so that no row waits."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from aiohttp import web

_COOKIE = "__Host-flash"
_LONGEST = 1000
_SECONDS = 60


def set_flash(response: web.StreamResponse, text: str) -> None:
    """Leaves a message for the next page."""
    value = urlsafe_b64encode(text[:_LONGEST].encode(errors="replace")).rstrip(b"=").decode()
    response.set_cookie(
        _COOKIE, value, max_age=_SECONDS, path="/", secure=True, httponly=True, samesite="Lax"
    )


def flash_in(request: web.Request) -> str:
    """The message that waits; "" = none."""
    value = request.cookies.get(_COOKIE, "")
    try:
        return urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()[:_LONGEST]
    except ValueError:
        return ""


def drop_flash(response: web.StreamResponse) -> None:
    """Forgets the message, as it is shown now."""
    response.del_cookie(_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
