"""Background work, and destinations of notices that do not take them: what failed, and again."""

from aiohttp import web

from gateway.doors.console.access import allows, operators
from gateway.doors.console.forms import FilledForm, PageForm, Values
from gateway.doors.console.lists import Query, paging_of
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.errors import NotFound
from gateway.rules.operation.roles import Permission
from gateway.rules.organization.prevalidations import number_of
from gateway.usecases.notice import destinations
from gateway.usecases.operation import dead_letters
from gateway.usecases.work import Work

_JOBS = f"{BASE}/jobs"
_DESTINATIONS = f"{BASE}/destinations"
_LOOK = operators(Permission.LOOK)
_RETRY = operators(Permission.JOBS)
_MOST_DESTINATIONS = 200

RETRY = PageForm("retry")
RETRY_ALL = PageForm("retry-all")
RESUME = PageForm("resume")


async def show_jobs(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """Units of work in one state, what has failed for good first."""
    query = Query(_JOBS, page.query.fields)
    sent, paging = query.first("state"), paging_of(query)
    state = sent if sent in dead_letters.STATES else dead_letters.STATES[0]
    async with page.open_reading() as work:
        counts, found = await dead_letters.page_of_jobs(
            work, state, limit=paging.rows, offset=paging.offset
        )
    may_retry = state == "failed" and allows(page.session, Permission.JOBS)
    return page.render(
        "jobs.html",
        counts=counts,
        state=state,
        found=found,
        paging=paging.of(counts[state]),
        trouble="" if refused is None else refused.trouble,
        retry_all=page.form(RETRY_ALL, f"{_JOBS}/retry") if may_retry and found else None,
        retry={
            each.job_id: page.form(RETRY, f"{_JOBS}/{each.job_id}/retry", key=str(each.job_id))
            for each in found
            if may_retry and each.job_id is not None
        },
    )


async def retry(page: PageRequest) -> web.Response:
    """Takes a unit that has failed for good up again."""

    async def carry_out(work: Work, _: Values) -> Done:
        number = number_of(page.part("job"))
        if number is None:
            raise NotFound
        await dead_letters.retry(work, [number])
        return Done(_JOBS, f"Job {number} is taken up again.")

    return await page.submit(RETRY, carry_out, show_jobs)


async def retry_all(page: PageRequest) -> web.Response:
    """Takes all that has failed for good up again."""

    async def carry_out(work: Work, _: Values) -> Done:
        retried = await dead_letters.retry(work, None)
        return Done(_JOBS, f"Jobs that are taken up again: {len(retried)}.")

    return await page.submit(RETRY_ALL, carry_out, show_jobs)


async def show_destinations(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """Destinations that fail, those that have failed longest first."""
    async with page.open_reading() as work:
        failing = await destinations.list_failing(work)
    found = failing[:_MOST_DESTINATIONS]
    may_resume = allows(page.session, Permission.JOBS)
    return page.render(
        "destinations.html",
        found=found,
        total=len(failing),
        trouble="" if refused is None else refused.trouble,
        resume={
            each.destination_id: page.form(
                RESUME,
                f"{_DESTINATIONS}/{each.destination_id}/resume",
                key=each.destination_id.hex,
            )
            for each in found
            if may_resume
        },
    )


async def resume(page: PageRequest) -> web.Response:
    """Sends at once what waits for a destination."""

    async def carry_out(work: Work, _: Values) -> Done:
        wanted = page.id_in("failing_destination")
        for each in await destinations.list_failing(work):
            if each.destination_id == wanted:
                owner = await destinations.owner_by_login(work, each.login)
                await destinations.resume(work, owner, str(wanted))
                return Done(_DESTINATIONS, f"What waits for {each.address} is sent now.")
        raise NotFound

    return await page.submit(RESUME, carry_out, show_destinations)


GROUP = PageGroup(
    (
        PageRoute("GET", "/jobs", _LOOK, show_jobs),
        PageRoute("POST", "/jobs/retry", _RETRY, retry_all),
        PageRoute("POST", "/jobs/{job}/retry", _RETRY, retry),
        PageRoute("GET", "/destinations", _LOOK, show_destinations),
        PageRoute("POST", "/destinations/{failing_destination}/resume", _RETRY, resume),
    ),
    (
        NavigationEntry("Background work", "/jobs", _LOOK),
        NavigationEntry("Destinations", "/destinations", _LOOK),
    ),
)
