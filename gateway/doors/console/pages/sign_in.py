"""Signing in and out, also in the middle of a form."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from gateway.doors.console import access
from gateway.doors.console.access import EVERYBODY, SETTING_UP
from gateway.doors.console.forms import BACK, may_be_kept
from gateway.doors.console.page import PageRequest, own_path
from gateway.doors.console.pages.second_step import SECOND_STEP
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.doors.console.sentences import text_of
from gateway.errors.request import LoginRefused, TooManyLogins
from gateway.usecases.operation import sessions
from gateway.usecases.operation.sign_in import SigningIn, begin_session, check_login
from gateway.usecases.reseller.logins import LoginAttempt
from gateway.web.forms import text

PATH = f"{BASE}/sign-in"
_LOGIN = text(64)
_LOGIN_PASSWORD = text(128)
_LONGEST_KEPT = 48 * 1024
_LONGEST_NEXT = 1000
_ENDED = "You are signed out. Sign in, and you find what you entered."
_STEP_ENDED = "That took too long. Sign in anew."


class KeptForm(msgspec.Struct, frozen=True):
    """A form that came without a session: where it was to go, its page, and its fields."""

    to: str
    back: str
    fields: list[tuple[str, str]]


def ask_to_sign_in(page: PageRequest, *, keep: bool = True) -> web.Response:
    """Answers somebody without a session: a form is kept, a page is shown after signing in.

    `keep` False = the form would be of no use later.
    """
    request = page.request
    if request.method == "POST" and not keep:
        return _show(page, 401, note=_STEP_ENDED)
    if request.method == "POST":
        return _show(page, 401, kept=_pack(page), note=_ENDED)
    wanted = str(request.rel_url)
    known = wanted != f"{BASE}/" and len(wanted) <= _LONGEST_NEXT
    to = f"{PATH}?{urlencode({'next': wanted})}" if known else PATH
    if "HX-Request" in request.headers:  # htmx would put the page into the other
        return web.Response(status=401, headers={"HX-Redirect": to})
    return page.see_other(to)


async def show(page: PageRequest) -> web.Response:
    """The form to sign in."""
    return _show(page, 200, next_page=page.query.first("next"))


async def sign_in(page: PageRequest) -> web.Response:
    """Checks login and password, and opens a session with a new token."""
    kept = _unpack(page.sent("kept"))
    login, password = page.sent("login"), page.sent("password")
    services, now = page.services, page.now
    attempt = LoginAttempt(login, password, page.browser.address)
    try:
        if not _usable(login, password):
            raise LoginRefused("There is no such login.")
        who = await check_login(
            services.pool, page.parts.checker, services.settings.logins, now, attempt
        )
    except (LoginRefused, TooManyLogins) as error:
        line = page.note_refusal(error)
        return _show(page, line.status, trouble=text_of(line, error), **_entered(page))
    document: dict[str, Any] | None = msgspec.to_builtins(kept) if kept else None
    signing_in = SigningIn(who, page.browser, access.token_in(page.request), document)
    begun = await begin_session(services, signing_in, now)
    wanted = own_path(kept.back if kept else page.sent("next"))
    response = page.see_other(
        f"{BASE}{SECOND_STEP}?{urlencode({'next': wanted})}" if begun.half_open else wanted
    )
    access.set_session(response, begun.token)
    return response


def show_again(page: PageRequest, status: int, trouble: str) -> web.Response:
    """The form to sign in with what was entered but the password."""
    return _show(page, status, trouble=trouble, **_entered(page))


async def sign_out(page: PageRequest) -> web.Response:
    """Ends this session."""
    async with page.exchange.open_work() as work:
        await sessions.end(work, page.session, page.session.id)
    response = page.see_other(PATH, "You are signed out.")
    access.drop_session(response)
    return response


def _show(page: PageRequest, status: int, **given: str) -> web.Response:
    usual = {"trouble": "", "note": "", "login": "", "next_page": "", "kept": ""}
    values = {**usual, **{name: _showable(value) for name, value in given.items()}}
    return page.render("sign_in.html", status=status, **values)


def _entered(page: PageRequest) -> dict[str, str]:
    kept = page.sent("kept")
    return {
        "login": page.sent("login"),
        "next_page": page.sent("next"),
        "kept": kept if _unpack(kept) else "",
    }


def _usable(login: str, password: str) -> bool:
    """Could there be such a login? What the database cannot hold is not asked for."""
    return all(
        0 < len(sent) <= kind.maximum_length and "\0" not in sent and sent == _showable(sent)
        for sent, kind in ((login, _LOGIN), (password, _LOGIN_PASSWORD))
    )


def _pack(page: PageRequest) -> str:
    fields = [(each.name, each.value) for each in page.fields if may_be_kept(each)]
    kept = KeptForm(page.request.path, own_path(page.sent(BACK)), _showable_fields(fields))
    packed = urlsafe_b64encode(msgspec.json.encode(kept)).decode()
    return packed if len(packed) <= _LONGEST_KEPT else ""


def _unpack(packed: str) -> KeptForm | None:
    try:
        return msgspec.json.decode(urlsafe_b64decode(packed), type=KeptForm) if packed else None
    except (ValueError, msgspec.MsgspecError):
        return None


def _showable_fields(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(_showable(name), _showable(value)) for name, value in fields]


def _showable(sent: str) -> str:
    return sent.encode(errors="replace").decode().replace("\0", "")


GROUP = PageGroup(
    (
        PageRoute("GET", "/sign-in", EVERYBODY, show),
        PageRoute("POST", "/sign-in", EVERYBODY, sign_in),
        PageRoute("POST", "/sign-out", SETTING_UP, sign_out),
    )
)
