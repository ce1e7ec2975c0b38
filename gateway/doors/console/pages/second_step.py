"""The second step of signing in, for those who have a second factor."""

from urllib.parse import urlencode

from aiohttp import web

from gateway.doors.console import access
from gateway.doors.console.access import HALF_OPEN
from gateway.doors.console.forms import FilledForm, PageForm
from gateway.doors.console.page import WRONG_FIELDS, PageRequest, own_path
from gateway.doors.console.passkey_forms import (
    SHOW_CODE,
    SHOW_PASSKEY,
    options_to_show,
    shown_in,
)
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.errors.operation import FactorRefused
from gateway.usecases.operation.second_factor import list_passkeys
from gateway.usecases.operation.second_step import SecondStep, complete_sign_in

SECOND_STEP = "/second-step"
_NEXT = "next"


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The forms for a code and for a passkey."""
    async with page.open_reading() as work:
        known = await list_passkeys(work, page.session)
    wanted = own_path(page.sent(_NEXT) or _next_in_query(page))
    where = f"{BASE}{SECOND_STEP}"
    forms = {
        each.name: page.form(each, f"{where}{path}")
        for each, path in ((SHOW_CODE, ""), (SHOW_PASSKEY, "/passkey"))
    }
    if refused is not None:
        forms[refused.form.name] = refused
    return page.render(
        "second_step.html",
        code_form=forms[SHOW_CODE.name],
        passkey_form=forms[SHOW_PASSKEY.name],
        options=options_to_show(page, forms[SHOW_PASSKEY.name], known),
        next_page=wanted,
        anew=f"{BASE}/sign-in?{urlencode({_NEXT: wanted})}",
    )


async def take_code(page: PageRequest) -> web.Response:
    """Opens the session by a code."""
    return await _take(page, SHOW_CODE)


async def take_passkey(page: PageRequest) -> web.Response:
    """Opens the session by a passkey."""
    return await _take(page, SHOW_PASSKEY)


async def _take(page: PageRequest, form: PageForm) -> web.Response:
    page.key_of_form()
    filled, values = page.entered(form)
    if values is None:
        return await page.again(show, filled, WRONG_FIELDS)
    step = SecondStep(page.session, page.exchange.origin, page.now)
    try:
        token = await complete_sign_in(page.services, step, shown_in(page, values))
    except FactorRefused as error:
        return await page.again(show, filled, page.refuse(filled, error))
    response = page.see_other(own_path(page.sent(_NEXT)))
    access.set_session(response, token)
    return response


def _next_in_query(page: PageRequest) -> str:
    return page.query.first(_NEXT) if page.request.method != "POST" else ""


GROUP = PageGroup(
    (
        PageRoute("GET", SECOND_STEP, HALF_OPEN, show),
        PageRoute("POST", SECOND_STEP, HALF_OPEN, take_code),
        PageRoute("POST", f"{SECOND_STEP}/passkey", HALF_OPEN, take_passkey),
    )
)
