"""/console/: find out who asks, check where a form comes from, call the page's handler.

Order of checks: HTTPS, page and method, size and form, own site, session, form's token, who may.
"""

import re
from collections.abc import Sequence
from importlib import import_module

from aiohttp import web

from gateway.db.pool import answers, soon
from gateway.doors.console import access, away, static_files
from gateway.doors.console.envelope import ConsoleEnvelope
from gateway.doors.console.forms import CSRF
from gateway.doors.console.page import PageRequest
from gateway.doors.console.pages import PAGES, sign_in
from gateway.doors.console.pages.second_factor import SECOND_FACTOR
from gateway.doors.console.parts import SESSION, ConsoleParts
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.errors.operation import FactorNeeded, SessionNeeded
from gateway.passwords import PasswordChecker
from gateway.rules.operation.roles import Role
from gateway.services import Services
from gateway.usecases.operation import sessions
from gateway.web.door import About, Caller, Door, Exchange, Handler, OperatorCaller, Route
from gateway.web.forms import MEDIA_TYPE, Form
from gateway.web.unserved import DatabaseAway

_ANYTHING = f"{BASE}/{{anything:(?s:.*)}}"
_SAFE_SUBJECT = re.compile(r"[A-Za-z0-9._*-]{1,64}")
_IN_BRACES = re.compile(r"\{(\w+)[^}]*\}")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # With no-referrer browsers would send `Origin: null`, and our own forms looked like others'.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""In every answer. `data:` is for the arrows and ticks that the style sheet draws."""


def open_door(services: Services) -> Door:
    """The console."""
    parts = ConsoleParts(services, page_groups(), PasswordChecker())
    envelope = ConsoleEnvelope(
        lambda exchange, status, title, text: _error_page(
            PageRequest(parts, exchange), status, title, text
        )
    )
    routes = [
        *_routes(parts, envelope),
        Route(static_files.PATH, _with_head(static_files.serve), envelope, MEDIA_TYPE),
        Route(BASE, _with_head(_to_first_page), envelope, MEDIA_TYPE),
        Route(_ANYTHING, {}, envelope, MEDIA_TYPE),
    ]
    return Door("console", routes, _by_session, _about, headers=HEADERS)


def page_groups() -> list[PageGroup]:
    """The groups of pages, in the order of the navigation."""
    return [import_module(f"gateway.doors.console.pages.{name}").GROUP for name in PAGES]


def _error_page(page: PageRequest, status: int, title: str, text: str) -> web.Response:
    """`page` has no fields yet: what it was made for has failed."""
    form = page.exchange.form
    page.fields = form.fields if form is not None else ()
    if status != 503:
        return page.render("error.html", status=status, title=title, text=text)
    if form is not None and page.request.path == sign_in.PATH:
        return sign_in.show_again(page, status, f"{text} Try again in some seconds.")
    return away.show(page, title, text)


def _routes(parts: ConsoleParts, envelope: ConsoleEnvelope) -> Sequence[Route]:
    by_path: dict[str, list[PageRoute]] = {}
    for group in parts.groups:
        for route in group.routes:
            by_path.setdefault(f"{BASE}{route.path}", []).append(route)
    found = []
    for path, pages in by_path.items():
        handlers: dict[str, Handler] = {}
        for page in pages:
            serve = _serving(parts, page)
            handlers |= _with_head(serve) if page.method == "GET" else {page.method: serve}
        most_bytes = max(page.most_bytes for page in pages)
        takes_file = any(page.takes_file for page in pages)
        found.append(Route(path, handlers, envelope, MEDIA_TYPE, most_bytes, takes_file))
    return found


def _with_head(handler: Handler) -> dict[str, Handler]:
    return {"GET": handler, "HEAD": handler}


async def _to_first_page(_: Exchange) -> web.Response:
    return web.Response(status=303, headers={"Location": f"{BASE}/"})


def _serving(parts: ConsoleParts, route: PageRoute) -> Handler:
    async def serve(exchange: Exchange) -> web.StreamResponse:
        page = PageRequest(parts, exchange)
        if route.method == "POST":
            page.fields = (await exchange.read_form()).fields
            access.require_own_site(exchange.request, parts.services.settings)
        if route.who.everybody:
            if route.method == "POST" and not await answers(parts.services.pool):
                raise DatabaseAway
            await soon(exchange.take_time())
            return await route.handler(page)
        try:
            await exchange.authenticate()
            session = exchange.request[SESSION]
            if session.half_open and not route.who.half_open:
                raise SessionNeeded
        except SessionNeeded:
            return sign_in.ask_to_sign_in(page, keep=not route.who.half_open)
        if route.method == "POST":
            access.require_form_token(access.token_in(exchange.request) or "", page.sent(CSRF))
        if route.who.half_open and not session.half_open:  # the second step was done before
            return page.see_other(f"{BASE}/")
        route.who.admits(session)
        if parts.needs_factor(session) and not route.who.without_factor:
            if route.method == "POST":
                raise FactorNeeded
            return page.see_other(f"{BASE}{SECOND_FACTOR}")
        if session.role is None and not route.who.suspended_too:
            exchange.require_permission()
        return await route.handler(page)

    return serve


async def _by_session(exchange: Exchange) -> Caller | OperatorCaller:
    """Finds the session of the cookie; raises SessionNeeded."""
    token, services = access.token_in(exchange.request), exchange.services
    if token is None:
        raise SessionNeeded
    real_now = await services.real_clock.now()
    console = services.settings.console
    finding = sessions.find(services.pool, token, real_now, console, exchange.address)
    found = await soon(finding)
    if found is None:
        raise SessionNeeded
    exchange.request[SESSION] = found
    if found.role is None:
        return Caller(found.owner_id, found.name, found.status)
    return OperatorCaller(found.owner_id, found.name, Role(found.role))


def _about(exchange: Exchange) -> About:
    """What a request was about: its method and page, and the thing that the path names."""
    request, form = exchange.request, exchange.form
    path = _IN_BRACES.sub("…", exchange.route.path)
    named = (value for value in request.match_info.values() if _SAFE_SUBJECT.fullmatch(value))
    method = request.method if request.method in exchange.route.handlers else "…"
    subject = next(named, None) if exchange.route.handlers else None
    return About(f"{method} {path}", login=_login(form), subject=subject)


def _login(form: Form | None) -> str | None:
    sent = form.sent("login") if form is not None else []
    return sent[0] if sent and re.fullmatch(r"[\w.@-]{1,64}", sent[0]) else None
