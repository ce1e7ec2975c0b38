"""The audit log: a search with filters, and all that it finds as a CSV file."""

import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from gateway.doors.console.access import operators
from gateway.doors.console.forms import FormField, PageForm, Values
from gateway.doors.console.kinds import day, first_second, last_second, older_than
from gateway.doors.console.lists import ROWS
from gateway.doors.console.page import PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.rules.operation.roles import Permission
from gateway.usecases.operation.audit_trail import AuditEvent, AuditSearch, find_events
from gateway.web.forms import text

_AUDIT = operators(Permission.AUDIT)
_ROWS_AT_ONCE = 1000

SEARCH = PageForm(
    "audit-search",
    (
        FormField(
            "subject",
            "Subject",
            text(300),
            required=False,
            hint="A name, login, serial, kid, order … exactly as it was recorded.",
        ),
        FormField("action", "Action", text(100), required=False, hint="Like domain.added."),
        FormField("actor", "Actor", text(200), required=False, hint="Like operator:NAME."),
        day("since", "From", "The first day, UTC."),
        day("until", "To", "The last day, UTC."),
    ),
)
_HEADER = ("id", "at", "actor", "source", "action", "subject", "before", "after")


async def show(page: PageRequest) -> web.Response:
    """The newest events that the search finds, and a link to older ones."""
    form, values = page.search(SEARCH)
    events: list[AuditEvent] = []
    if values is not None:
        before = older_than(page)
        async with page.open_reading() as work:
            events = await find_events(work, _search(values), older_than=before, limit=ROWS + 1)
    shown = events[:ROWS]
    return page.render(
        "audit.html",
        status=200 if values is not None else 422,
        form=form,
        events=[(each, _document(each.before), _document(each.after)) for each in shown],
        older=page.query.url(older=shown[-1].id) if len(events) > ROWS else "",
        first=page.query.url(older=None) if page.query.first("older") else "",
        export=page.query.url(older=None).replace(f"{BASE}/audit", f"{BASE}/audit.csv", 1),
    )


async def export(page: PageRequest) -> web.StreamResponse:
    """All events that the search finds, read and written piece by piece."""
    _, values = page.search(SEARCH)
    if values is None:
        return page.see_other(page.query.url().replace(".csv", "", 1))  # says what is wrong
    return await page.csv("audit.csv", _HEADER, _rows(page, _search(values)))


async def _rows(page: PageRequest, wanted: AuditSearch) -> AsyncIterator[list[object]]:
    """Rows of the file; no connection is held while the reader takes its time."""
    before = None
    while True:
        async with page.open_reading() as work:
            events = await find_events(work, wanted, older_than=before, limit=_ROWS_AT_ONCE)
        for each in events:
            yield [
                each.id,
                each.at.isoformat(),
                each.actor,
                each.source,
                each.action,
                each.subject,
                _document(each.before),
                _document(each.after),
            ]
        if len(events) < _ROWS_AT_ONCE:
            return
        before = events[-1].id


def _search(values: Values) -> AuditSearch:
    since, until = values["since"], values["until"]
    return AuditSearch(
        values["subject"],
        values["action"],
        values["actor"],
        None if since is None else first_second(since),
        None if until is None else last_second(until).replace(microsecond=999_999),
    )


def _document(members: dict[str, Any] | None) -> str:
    return "" if members is None else json.dumps(members, ensure_ascii=False)


GROUP = PageGroup(
    (
        PageRoute("GET", "/audit", _AUDIT, show),
        PageRoute("GET", "/audit.csv", _AUDIT, export),
    ),
    (NavigationEntry("Audit log", "/audit", _AUDIT),),
)
