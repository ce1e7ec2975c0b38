"""The second factors of the person who is signed in: app, passkeys, recovery codes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from gateway.doors.console.access import SETTING_UP
from gateway.doors.console.forms import CODE, PASSKEY, FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.passkey_forms import (
    ANSWER,
    SHOW_CODE,
    SHOW_PASSKEY,
    options_to_make,
    options_to_show,
    shown_in,
    site_of,
)
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.rules.operation.one_time_codes import in_groups
from gateway.usecases.operation import second_factor
from gateway.usecases.operation.second_factor import OwnFactors, PasskeyAnswer
from gateway.usecases.operation.second_step import SecondStep, prove
from gateway.usecases.work import Work
from gateway.web.forms import text

if TYPE_CHECKING:
    from markupsafe import Markup

SECOND_FACTOR = "/settings/second-factor"
_HERE = f"{BASE}{SECOND_FACTOR}"

SET_UP = PageForm("set-up-app")
CONFIRM = PageForm(
    "confirm-app",
    (
        FormField(
            CODE,
            "Code that the app shows",
            text(64),
            hint="Six digits. The app counts from the first right code on.",
            wrong="This is not the code that the app shows now.",
            autocomplete="one-time-code",
        ),
    ),
)
REMOVE_APP = PageForm("remove-app")
RENEW_CODES = PageForm("renew-codes")
ADD_PASSKEY = PageForm(
    "add-passkey",
    (
        FormField("name", "Name of the passkey", text(64), hint="Such as the device it is on."),
        ANSWER,
    ),
)
REMOVE_PASSKEY = PageForm("remove-passkey")

_PATHS = (
    (SHOW_CODE, "show"),
    (SHOW_PASSKEY, "show-passkey"),
    (SET_UP, "app"),
    (CONFIRM, "app/confirm"),
    (REMOVE_APP, "app/remove"),
    (RENEW_CODES, "codes"),
    (ADD_PASSKEY, "passkeys"),
)


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """What the person has, and forms to change it once a factor was shown just now."""
    async with page.open_reading() as work:
        own = await second_factor.show_own(work, page.services, page.session)
    real_now = await page.services.real_clock.now()
    forms = {form.name: page.form(form, f"{_HERE}/{path}") for form, path in _PATHS}
    if refused is not None and refused.form.name in forms:
        forms[refused.form.name] = refused
    locked = page.session.has_factor and not second_factor.is_shown(page.session, real_now)
    known = list(own.passkeys)
    return page.render(
        "second_factor.html",
        own=own,
        forms=forms,
        locked=locked,
        trouble="" if refused is None or _has_place(page, refused, own, locked) else _told(refused),
        needed=page.parts.needs_factor(page.session),
        qr=None if own.pending is None or locked else _qr_code(own.pending.uri),
        secret="" if own.pending is None or locked else in_groups(own.pending.secret),
        passkeys_for=site_of(page),
        options_to_show=options_to_show(page, forms[SHOW_PASSKEY.name], known),
        options_to_make=options_to_make(page, forms[ADD_PASSKEY.name], known),
        removing=_removing(page, own),
    )


async def show_code(page: PageRequest) -> web.Response:
    """Takes a code, so that factors can be changed for some minutes."""
    return await _prove(page, SHOW_CODE)


async def show_passkey(page: PageRequest) -> web.Response:
    """Takes a passkey, so that factors can be changed for some minutes."""
    return await _prove(page, SHOW_PASSKEY)


async def set_up_app(page: PageRequest) -> web.Response:
    """Makes the secret of an app, which the page shows until its first code is right."""

    async def carry_out(work: Work, _: Values) -> Done:
        await second_factor.begin_app(work, page.services, page.session)
        return Done(_HERE)

    return await page.submit(SET_UP, carry_out, show)


async def confirm_app(page: PageRequest) -> web.Response:
    """Lets the app count, after its first code."""

    async def carry_out(work: Work, values: Values) -> Done:
        codes = await second_factor.confirm_app(work, page.services, page.session, values[CODE])
        return Done(_HERE, _with_codes("The app counts from now on.", codes))

    return await page.submit(CONFIRM, carry_out, show)


async def remove_app(page: PageRequest) -> web.Response:
    """Removes the app."""

    async def carry_out(work: Work, _: Values) -> Done:
        await second_factor.remove_app(work, page.services, page.session)
        return Done(_HERE, "The app is removed.")

    return await page.submit(REMOVE_APP, carry_out, show)


async def renew_codes(page: PageRequest) -> web.Response:
    """Makes new recovery codes in place of the old ones."""

    async def carry_out(work: Work, _: Values) -> Done:
        codes = await second_factor.renew_codes(work, page.services, page.session)
        return Done(_HERE, _with_codes("The old recovery codes count no more.", codes))

    return await page.submit(RENEW_CODES, carry_out, show)


async def add_passkey(page: PageRequest) -> web.Response:
    """Adds a passkey that the browser has made."""

    async def carry_out(work: Work, values: Values) -> Done:
        challenge = page.challenge(page.key_of_form())
        answer = PasskeyAnswer(values["name"], values[PASSKEY], site_of(page), challenge)
        codes = await second_factor.add_passkey(work, page.services, page.session, answer)
        return Done(_HERE, _with_codes(f"The passkey {answer.name} is added.", codes))

    return await page.submit(ADD_PASSKEY, carry_out, show)


async def remove_passkey(page: PageRequest) -> web.Response:
    """Removes a passkey of the person; anybody else's is not found."""

    async def carry_out(work: Work, _: Values) -> Done:
        passkey_id = page.id_in("passkey_id")
        name = await second_factor.remove_passkey(work, page.services, page.session, passkey_id)
        return Done(_HERE, f"The passkey {name} is removed.")

    return await page.submit(REMOVE_PASSKEY, carry_out, show)


async def _prove(page: PageRequest, form: PageForm) -> web.Response:
    async def check(values: Values) -> None:
        step = SecondStep(page.session, page.exchange.origin, page.now)
        await prove(page.services, step, shown_in(page, values))

    async def carry_out(_: Work, __: Values) -> Done:
        return Done(_HERE)

    return await page.submit(form, carry_out, show, check)


def _has_place(page: PageRequest, refused: FilledForm, own: OwnFactors, locked: bool) -> bool:
    """Whether the page has the form that was refused, and room in it to say why."""
    if locked:
        return refused.form in (SHOW_CODE, SHOW_PASSKEY)
    if refused.form is ADD_PASSKEY:
        return site_of(page) is not None
    return refused.form is CONFIRM and own.pending is not None


def _told(refused: FilledForm) -> str:
    """All that is wrong with a form, where it has no place of its own."""
    return " ".join([refused.trouble, *refused.errors.values()])


def _removing(page: PageRequest, own: OwnFactors) -> dict[object, FilledForm]:
    """The button of each passkey."""
    where = f"{_HERE}/passkeys"
    return {
        each.id: page.form(REMOVE_PASSKEY, f"{where}/{each.id}/remove", key=each.id.hex)
        for each in own.passkeys
    }


def _with_codes(shown: str, codes: Sequence[str]) -> str:
    """A message with recovery codes, a line each, which are shown only in it."""
    if not codes:
        return shown
    keep = "Keep these recovery codes, which are shown only now. Each works once."
    return "\n".join([f"{shown} {keep}", *codes])


def _qr_code(uri: str) -> "Markup":
    """The QR code of an otpauth URI, as SVG without a style of its own."""
    import segno
    from markupsafe import Markup

    made = segno.make_qr(uri, error="m")
    return Markup(made.svg_inline(scale=5, border=4, light="#fff"))  # noqa: S704  segno's own


_ONE = f"{SECOND_FACTOR}/passkeys/{{passkey_id}}"

GROUP = PageGroup(
    (
        PageRoute("GET", SECOND_FACTOR, SETTING_UP, show),
        PageRoute("POST", f"{SECOND_FACTOR}/show", SETTING_UP, show_code),
        PageRoute("POST", f"{SECOND_FACTOR}/show-passkey", SETTING_UP, show_passkey),
        PageRoute("POST", f"{SECOND_FACTOR}/app", SETTING_UP, set_up_app),
        PageRoute("POST", f"{SECOND_FACTOR}/app/confirm", SETTING_UP, confirm_app),
        PageRoute("POST", f"{SECOND_FACTOR}/app/remove", SETTING_UP, remove_app),
        PageRoute("POST", f"{SECOND_FACTOR}/codes", SETTING_UP, renew_codes),
        PageRoute("POST", f"{SECOND_FACTOR}/passkeys", SETTING_UP, add_passkey),
        PageRoute("POST", f"{_ONE}/remove", SETTING_UP, remove_passkey),
    )
)
