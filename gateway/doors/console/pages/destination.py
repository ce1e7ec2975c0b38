"""One webhook or mail address: its kinds, its deliveries, and what can be done with it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.kinds import day
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.pages.notices import WANTED_KINDS, owner, secret_shown
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.errors.request import ArgumentInvalid
from gateway.rules.notice.kinds import headline
from gateway.usecases.notice import destinations, shown
from gateway.usecases.notice.destinations import Recipient
from gateway.usecases.work import Work
from gateway.web.forms import flag

_NOTICES = f"{BASE}/notices"
_LAST_INSTANT = time(23, 59, 59, 999999, tzinfo=UTC)


CHANGE = PageForm("kinds", (WANTED_KINDS,))
TEST = PageForm("test")
SUSPEND = PageForm("suspend")
RESUME = PageForm("resume")
ROTATE = PageForm(
    "rotate",
    (
        FormField(
            "drop_old",
            "The last secret signs no more",
            flag,
            control="checkbox",
            required=False,
            default=False,
            hint="Without it both sign until the next time.",
        ),
    ),
)
REPLAY = PageForm(
    "replay",
    (
        day("from", "From"),
        day("to", "To"),
    ),
)
REMOVE = PageForm(
    "remove",
    (
        FormField(
            "acknowledged",
            "Nothing more is sent there, not even what waits.",
            flag,
            control="checkbox",
        ),
    ),
)
_FORMS = (CHANGE, TEST, SUSPEND, RESUME, ROTATE, REPLAY, REMOVE)

Change = Callable[[Work, Recipient, str], Awaitable[object]]


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The destination with its forms and deliveries."""
    paging = page.paging()
    async with page.open_reading() as work:
        found = await shown.show_destination(
            work, page.session.owner_id, page.id_in("destination_id")
        )
        number, deliveries = await shown.list_deliveries(
            work, found, limit=paging.rows, offset=paging.offset
        )
    path = f"{_NOTICES}/{found.id}"
    forms = {each.name: page.form(each, f"{path}/{each.name}") for each in _FORMS}
    forms[CHANGE.name] = page.form(CHANGE, f"{path}/kinds", {"kind": found.kinds})
    if refused is not None:
        forms[refused.form.name] = refused
    return page.render(
        "destination.html",
        destination=found,
        forms=forms,
        deliveries=deliveries,
        headline=headline,
        paging=paging.of(number),
    )


async def set_kinds(page: PageRequest) -> web.Response:
    """Sets what is sent there from now on."""

    async def change(work: Work, values: Values) -> Done:
        which = await _own(page, work)
        await destinations.set_kinds(work, owner(page), which, values["kind"])
        return Done(f"{_NOTICES}/{which}", "What is sent there from now on is set.")

    return await page.submit(CHANGE, change, show)


async def send_test(page: PageRequest) -> web.Response:
    """Sends a notice of kind notice.test, behind what waits."""
    return await _submit(
        page, TEST, destinations.send_test, "A test is on its way. See below what comes of it."
    )


async def suspend(page: PageRequest) -> web.Response:
    """Sends nothing there until it is resumed."""
    return await _submit(page, SUSPEND, destinations.suspend, "Nothing is sent there for now.")


async def resume(page: PageRequest) -> web.Response:
    """Sends at once what waits, in order."""
    return await _submit(page, RESUME, destinations.resume, "What waits is sent now, in order.")


async def rotate(page: PageRequest) -> web.Response:
    """Makes another secret for a webhook, and shows it once."""

    async def change(work: Work, values: Values) -> Done:
        which = await _own(page, work)
        secret = await destinations.rotate_secret(
            work,
            owner(page),
            which,
            vault=page.services.vault,
            drop_old=values["drop_old"],
        )
        return Done(f"{_NOTICES}/{which}", secret_shown(secret))

    return await page.submit(ROTATE, change, show)


async def replay(page: PageRequest) -> web.Response:
    """Sends notices of some days there again, under the ids they had."""

    async def again(work: Work, values: Values) -> Done:
        which = await _own(page, work)
        first, last = values["from"], values["to"]
        if first is not None and last is not None and last < first:
            raise ArgumentInvalid("to", "The last day is before the first.")
        queued = await destinations.replay(
            work,
            owner(page),
            which,
            None if first is None else datetime.combine(first, time(0, tzinfo=UTC)),
            None if last is None else datetime.combine(last, _LAST_INSTANT),
        )
        return Done(f"{_NOTICES}/{which}", f"Notices that are sent again: {queued}.")

    return await page.submit(REPLAY, again, show)


async def remove(page: PageRequest) -> web.Response:
    """Removes the destination."""

    async def change(work: Work, _: Values) -> Done:
        await destinations.remove(work, owner(page), await _own(page, work))
        return Done(_NOTICES, "The destination is removed.")

    return await page.submit(REMOVE, change, show)


async def _submit(page: PageRequest, form: PageForm, use: Change, text: str) -> web.Response:
    async def change(work: Work, _: Values) -> Done:
        which = await _own(page, work)
        await use(work, owner(page), which)
        return Done(f"{_NOTICES}/{which}", text)

    return await page.submit(form, change, show)


async def _own(page: PageRequest, work: Work) -> str:
    """The id in the path; raises NotFound for another reseller's destination."""
    found = await shown.show_destination(work, page.session.owner_id, page.id_in("destination_id"))
    return str(found.id)


GROUP = PageGroup(
    (
        PageRoute("GET", "/notices/{destination_id}", RESELLER, show),
        PageRoute("POST", "/notices/{destination_id}/kinds", RESELLER, set_kinds),
        PageRoute("POST", "/notices/{destination_id}/test", RESELLER, send_test),
        PageRoute("POST", "/notices/{destination_id}/suspend", RESELLER, suspend),
        PageRoute("POST", "/notices/{destination_id}/resume", RESELLER, resume),
        PageRoute("POST", "/notices/{destination_id}/rotate", RESELLER, rotate),
        PageRoute("POST", "/notices/{destination_id}/replay", RESELLER, replay),
        PageRoute("POST", "/notices/{destination_id}/remove", RESELLER, remove),
    )
)
