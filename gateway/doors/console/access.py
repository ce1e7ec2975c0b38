"""Who is let in to a page, and the proofs that a request comes from a person's own browser.

The session's token is in a cookie of this host only; every form carries another value that only
pages of this session know; and browsers say from which site a request comes.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import urlsplit

from aiohttp import web

from gateway.config import Settings
from gateway.errors import NotFound
from gateway.errors.operation import FormForged, RoleForbids, SessionNeeded
from gateway.rules.operation.roles import Permission, Role, may
from gateway.usecases.operation.sessions import SessionState

COOKIE = "__Host-session"
_LONGEST_TOKEN = 100


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask for a page: everybody, or the kinds of people who are signed in."""

    everybody: bool = False
    half_open: bool = False
    """Somebody whose password was right and who still owes the second step."""
    resellers: bool = False
    suspended_too: bool = False
    """Resellers that are suspended are let in as well (E10 forbids them all else)."""
    any_operator: bool = False
    permission: Permission | None = None
    """Operators whose role has it."""
    without_factor: bool = False
    """Operators that the settings ask for a second factor, and who have none, are let in too."""

    def admits(self, session: SessionState) -> None:
        """Raises SessionNeeded, NotFound or RoleForbids for others."""
        if session.half_open != self.half_open:
            raise SessionNeeded
        if self.half_open:
            return
        if session.role is None:
            if not self.resellers:
                raise NotFound
        elif not self.any_operator:
            if self.permission is None:
                raise NotFound
            if not may(Role(session.role), self.permission):
                raise RoleForbids

    def shows(self, session: SessionState) -> bool:
        """Whether a person is let in: then the page stands in their navigation."""
        try:
            self.admits(session)
        except (SessionNeeded, NotFound, RoleForbids):
            return False
        return session.status == "active" or self.suspended_too


EVERYBODY = Access(everybody=True)
HALF_OPEN = Access(half_open=True)
SIGNED_IN = Access(resellers=True, suspended_too=True, any_operator=True)
SETTING_UP = replace(SIGNED_IN, without_factor=True)
RESELLER = Access(resellers=True)
ANY_OPERATOR = Access(any_operator=True)


def operators(permission: Permission) -> Access:
    """Operators whose role has the permission."""
    return Access(permission=permission)


def allows(session: SessionState, permission: Permission) -> bool:
    """Whether somebody is an operator whose role has the permission: pages show their forms."""
    return session.role is not None and may(Role(session.role), permission)


def token_in(request: web.Request) -> str | None:
    """The token in the session's cookie; None = there is none that could be one."""
    token = request.cookies.get(COOKIE)
    return token if token and len(token) <= _LONGEST_TOKEN and token.isascii() else None


def set_session(response: web.StreamResponse, token: str) -> None:
    """Gives the browser the session's token, until the browser is closed."""
    response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="Lax")


def drop_session(response: web.StreamResponse) -> None:
    """Makes the browser forget the session's token."""
    response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")


def form_token(token: str) -> str:
    """The value that every form of a session carries: it follows from the token, not back."""
    mark = hmac.digest(token.encode(errors="replace"), b"form of the console", sha256)
    return urlsafe_b64encode(mark).rstrip(b"=").decode()


def challenge(token: str, once: str) -> bytes:
    """The challenge to a passkey in a form of a session: another one for each key of a form."""
    return hmac.digest(token.encode(errors="replace"), b"passkey " + once.encode(), sha256)


def require_form_token(token: str, sent: str | None) -> None:
    """Raises FormForged unless a form carries the value of this session."""
    # As bytes: texts that are not ASCII are not compared.
    if not hmac.compare_digest(form_token(token).encode(), (sent or "").encode(errors="replace")):
        raise FormForged


def require_own_site(request: web.Request, settings: Settings) -> None:
    """Raises FormForged if the browser says that another site sends the request.

    Browsers send Origin with every POST, and Sec-Fetch-Site besides since 2023; what sends neither
    is no browser, and has no cookie that it could be made to misuse.
    """
    fetched = request.headers.getall("Sec-Fetch-Site", [])
    if any(each not in ("same-origin", "none") for each in fetched):
        raise FormForged
    own = {_origin(settings.public_url), f"https://{request.host.lower()}"}
    if any(each.lower() not in own for each in request.headers.getall("Origin", [])):
        raise FormForged


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
