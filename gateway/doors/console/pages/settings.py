"""Settings of the person who is signed in: time zone, sessions, and an operator's password."""

from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from gateway.doors.console import access
from gateway.doors.console.access import ANY_OPERATOR, SIGNED_IN
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.kinds import new_password
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.rendering import COMMON_ZONES, ZONE_COOKIE, zones
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.errors.request import ArgumentInvalid
from gateway.rules.operation.input import (
    MAXIMUM_PASSWORD,
)
from gateway.usecases.operation import sessions
from gateway.usecases.operation.sign_in import change_password, check_own_password
from gateway.usecases.reseller.logins import LoginAttempt
from gateway.usecases.work import Work
from gateway.web.forms import ParameterKind, text

_SETTINGS = f"{BASE}/settings"
_ZONE = f"{_SETTINGS}/zone"
_PASSWORD = f"{_SETTINGS}/password"
_SESSIONS = f"{_SETTINGS}/sessions"
_YEAR_SECONDS = 365 * 86400


def _parse_zone(sent: str) -> str:
    if sent not in zones():
        raise ValueError(sent)
    return sent


def _options(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(each, each.replace("_", " ")) for each in names]


ZONE = PageForm(
    "zone",
    (
        FormField(
            "zone",
            "Time zone",
            ParameterKind(_parse_zone, {"type": "string"}, 64),
            control="select",
            options=_options(COMMON_ZONES),
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
            text(MAXIMUM_PASSWORD),
            control="password",
            autocomplete="current-password",
        ),
        new_password("new_password", "New password"),
        FormField(
            "again_password",
            "New password again",
            text(MAXIMUM_PASSWORD),
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
    zone = chosen if chosen in zones() else "UTC"
    forms = {
        "zone": page.form(_zone_form(zone), _ZONE, {"zone": zone}),
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
        has_factor=page.session.has_factor,
        sessions=own,
        ending=ending,
        this_session=page.session.id,
        end_others=page.form(END_OTHERS, f"{_SESSIONS}/end-others"),
        end_all=page.form(END_ALL, f"{_SESSIONS}/end-all"),
    )


def _zone_form(chosen: str) -> PageForm:
    """The form with the common zones, and with the one that is chosen: a browser's may be any."""
    if chosen in COMMON_ZONES:
        return ZONE
    [field] = ZONE.fields
    return replace(ZONE, fields=(replace(field, options=_options((chosen, *COMMON_ZONES))),))


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
        await change_password(work, page.session, values["new_password"])
        return Done(_SETTINGS, "Password changed. All your other sessions have ended.")

    async def check(values: Values) -> None:
        if values["new_password"] != values["again_password"]:
            raise ArgumentInvalid("again_password", "The two are not the same.")
        services = page.services
        attempt = LoginAttempt(page.session.name, values["old_password"], page.browser.address)
        rules = services.settings.logins
        await check_own_password(services.pool, page.parts.checker, rules, page.now, attempt)

    return await page.submit(PASSWORD, change, show, check)


async def end_session(page: PageRequest) -> web.Response:
    """Ends one of the person's sessions; anybody else's is not found."""

    async def end(work: Work, _: Values) -> Done:
        await sessions.end(work, page.session, page.id_in("session_id"))
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
