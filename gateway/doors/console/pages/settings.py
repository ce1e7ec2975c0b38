"""Settings of the person who is signed in: time zone, sessions, and an operator's password."""

from aiohttp import web

from gateway import ids
from gateway.doors.console import access
from gateway.doors.console.access import ANY_OPERATOR, SIGNED_IN
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.rendering import ZONE_COOKIE, zones
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.errors import NotFound
from gateway.errors.reseller import ArgumentInvalid, LoginRefused
from gateway.usecases.operation import sessions
from gateway.usecases.operation.sign_in import OPERATORS, change_password
from gateway.usecases.reseller.logins import LoginAttempt, log_in_by
from gateway.usecases.work import Work
from gateway.web.forms import ParameterKind, text

_SETTINGS = f"{BASE}/settings"
_ZONE = f"{_SETTINGS}/zone"
_PASSWORD = f"{_SETTINGS}/password"
_SESSIONS = f"{_SETTINGS}/sessions"
_YEAR_SECONDS = 365 * 86400
_SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD = 128


def _parse_zone(sent: str) -> str:
    if sent not in zones():
        raise ValueError(sent)
    return sent


def _parse_new_password(sent: str) -> str:
    if len(sent) < _SHORTEST_PASSWORD:
        raise ValueError
    return sent


ZONE = PageForm(
    "zone",
    (
        FormField(
            "zone",
            "Time zone",
            ParameterKind(_parse_zone, {"type": "string"}, 64),
            control="select",
            options=[(each, each.replace("_", " ")) for each in zones()],
            hint="Times are shown in it; UTC stands in their titles.",
            wrong="Choose one of the time zones.",
        ),
    ),
)
PASSWORD = PageForm(
    "password",
    (
        FormField(
            "old_password",
            "Password now",
            text(_LONGEST_PASSWORD),
            control="password",
            autocomplete="current-password",
        ),
        FormField(
            "new_password",
            "New password",
            ParameterKind(_parse_new_password, {"type": "string"}, _LONGEST_PASSWORD),
            control="password",
            hint=f"{_SHORTEST_PASSWORD} characters or more.",
            wrong=f"A password has {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters.",
            autocomplete="new-password",
        ),
        FormField(
            "again_password",
            "New password again",
            text(_LONGEST_PASSWORD),
            control="password",
            autocomplete="new-password",
        ),
    ),
)
END = PageForm("end-session")
END_OTHERS = PageForm("end-others")
END_ALL = PageForm("end-all")


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The page, with the form that was refused in place of its empty one."""
    console = page.services.settings.console
    real_now = await page.services.real_clock.now()
    async with page.open_reading() as work:
        own = await sessions.list_own(work.connection, page.session, real_now, console)
    chosen = page.request.cookies.get(ZONE_COOKIE)
    forms = {
        "zone": page.form(ZONE, _ZONE, {"zone": chosen if chosen in zones() else "UTC"}),
        "password": page.form(PASSWORD, _PASSWORD),
    }
    if refused is not None:
        forms[refused.form.name] = refused
    ending = {
        each.id: page.form(END, f"{_SESSIONS}/{each.id}/end", key=each.id.hex) for each in own
    }
    return page.render(
        "settings.html",
        zone_form=forms["zone"],
        password_form=None if page.session.role is None else forms["password"],
        sessions=own,
        ending=ending,
        this_session=page.session.id,
        end_others=page.form(END_OTHERS, f"{_SESSIONS}/end-others"),
        end_all=page.form(END_ALL, f"{_SESSIONS}/end-all"),
    )


async def set_zone(page: PageRequest) -> web.Response:
    """Keeps the time zone in a cookie of this browser; nothing else knows it."""

    async def nothing(_: Work, values: Values) -> Done:
        return Done(_SETTINGS, f"Times are shown in {values['zone'].replace('_', ' ')}.")

    response = await page.submit(ZONE, nothing, show)
    if response.status == 303:
        zone = page.sent("zone").strip()
        response.set_cookie(
            ZONE_COOKIE, zone, max_age=_YEAR_SECONDS, path=BASE, secure=True, samesite="Lax"
        )
    return response


async def set_password(page: PageRequest) -> web.Response:
    """Changes an operator's own password, and ends their other sessions."""

    async def change(work: Work, values: Values) -> Done:
        if values["new_password"] != values["again_password"]:
            raise ArgumentInvalid("again_password", "The two are not the same.")
        await _require_password(page, values["old_password"])
        await change_password(work, page.session, values["new_password"])
        return Done(_SETTINGS, "Password changed. All your other sessions have ended.")

    return await page.submit(PASSWORD, change, show)


async def end_session(page: PageRequest) -> web.Response:
    """Ends one of the person's sessions; anybody else's is not found."""

    async def end(work: Work, _: Values) -> Done:
        try:
            session_id = ids.read_id(page.part("session_id"))
        except ValueError:
            raise NotFound from None
        await sessions.end(work, page.session, session_id)
        return Done(_SETTINGS, "The session has ended.")

    return await page.submit(END, end, show)


async def end_others(page: PageRequest) -> web.Response:
    """Ends all sessions of the person but this one."""

    async def end(work: Work, _: Values) -> Done:
        ended = await sessions.end_others(work, page.session)
        return Done(_SETTINGS, f"Sessions that have ended: {ended}.")

    return await page.submit(END_OTHERS, end, show)


async def end_all(page: PageRequest) -> web.Response:
    """Signs the person out everywhere, here too."""

    async def end(work: Work, _: Values) -> Done:
        await sessions.end_everywhere(work, page.session)
        return Done(f"{BASE}/sign-in", "You are signed out everywhere.")

    response = await page.submit(END_ALL, end, show)
    if response.status == 303:
        access.drop_session(response)
    return response


async def _require_password(page: PageRequest, password: str) -> None:
    """Raises ArgumentInvalid unless it is the operator's password; failures count as at sign-in."""
    services = page.services
    attempt = LoginAttempt(page.session.name, password, page.browser.address)
    rules = services.settings.logins
    try:
        await log_in_by(OPERATORS, services.pool, page.parts.checker, rules, page.now, attempt)
    except LoginRefused:
        raise ArgumentInvalid("old_password", "It is not your password.") from None


GROUP = PageGroup(
    (
        PageRoute("GET", "/settings", SIGNED_IN, show),
        PageRoute("POST", "/settings/zone", SIGNED_IN, set_zone),
        PageRoute("POST", "/settings/password", ANY_OPERATOR, set_password),
        PageRoute("POST", "/settings/sessions/end-others", SIGNED_IN, end_others),
        PageRoute("POST", "/settings/sessions/end-all", SIGNED_IN, end_all),
        PageRoute("POST", "/settings/sessions/{session_id}/end", SIGNED_IN, end_session),
    ),
    (NavigationEntry("Settings", "/settings", SIGNED_IN),),
)
