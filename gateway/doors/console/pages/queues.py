"""What waits for operators: pre-validations, unsubscriptions, organizations of SSL orders."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from gateway.doors.console.access import allows, operators
from gateway.doors.console.documents import ask_form
from gateway.doors.console.forms import FilledForm, PageForm, Values
from gateway.doors.console.kinds import day, last_second, reason
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.errors import NotFound, OperatorMistake
from gateway.rules.operation.roles import Permission
from gateway.rules.organization.prevalidations import number_of
from gateway.usecases.organization import documents, prevalidations
from gateway.usecases.ssl import reviews, unsubscription
from gateway.usecases.work import Work

_QUEUES = f"{BASE}/queues"
_MOST = 200
"""Rows of a queue that are shown: the oldest; those behind them move up."""

_LOOK = operators(Permission.LOOK)
_REVIEW = operators(Permission.REVIEW)

BEGIN = PageForm("begin")
APPROVE = PageForm(
    "approve",
    (
        day("expires", "Valid until", "The last day, UTC. Empty: for the usual time from today."),
        reason("evidence", "What was looked at", "A line for the notes.", required=False),
    ),
)
REJECT = PageForm("reject", (reason("evidence", "Why it is rejected"),))
PAY_BACK = PageForm("pay-back")
KEEP = PageForm("keep", (reason("reason", "Why it is rejected", "The customer reads it."),))
PASS = PageForm("pass")
FAIL = PageForm("fail", (reason("reason", "Why it is rejected", "The customer reads it."),))


async def show(page: PageRequest) -> web.Response:
    """All queues, what has waited longest first."""
    async with page.open_reading() as work:
        undecided = await prevalidations.list_undecided(work, _MOST)
        requests = await unsubscription.list_all(work, waiting_only=True)
        checks = await reviews.list_waiting(work, _MOST)
    return page.render(
        "queues.html",
        prevalidations=undecided,
        unsubscriptions=requests[:_MOST],
        checks=checks,
        waiting=len(undecided) + len(requests) + len(checks),
    )


async def show_prevalidation(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """A pre-validation: what the customer states, its domains and notes."""
    number = _number(page, "prevalidation")
    async with page.open_reading() as work:
        try:
            found = await prevalidations.show_prevalidation(work, number)
        except OperatorMistake:
            raise NotFound from None
        papers = await documents.list_documents(work, found.organization_id)
    where = f"{_QUEUES}/prevalidations/{number}"
    state = found.validity.state_at(page.now)
    forms = _no_forms("begin", "approve", "reject", "ask")
    if allows(page.session, Permission.REVIEW):
        forms["ask"] = ask_form(page, found.organization_id)
        if state == "requested":
            forms["begin"] = page.form(BEGIN, f"{where}/begin")
        if state in ("requested", "in_validation"):
            forms["approve"] = page.form(APPROVE, f"{where}/approve")
        if state in ("requested", "in_validation", "valid"):
            forms["reject"] = page.form(REJECT, f"{where}/reject")
    return _render(
        page,
        "undecided_prevalidation.html",
        forms,
        refused,
        found=found,
        state=state,
        papers=papers,
    )


async def begin(page: PageRequest) -> web.Response:
    """Lets the reseller see that somebody is at work on it."""

    async def carry_out(work: Work, _: Values) -> Done:
        number = _number(page, "prevalidation")
        await prevalidations.begin_validation(work, number)
        return Done(f"{_QUEUES}/prevalidations/{number}", "The reseller sees that it is examined.")

    return await page.submit(BEGIN, carry_out, show_prevalidation)


async def approve(page: PageRequest) -> web.Response:
    """Makes a pre-validation valid."""

    async def carry_out(work: Work, values: Values) -> Done:
        number, until = _number(page, "prevalidation"), values["expires"]
        await prevalidations.approve(
            work,
            number,
            expires_at=None if until is None else last_second(until),
            term=timedelta(days=page.services.settings.prevalidations.days),
            evidence=values["evidence"],
        )
        return Done(_QUEUES, f"Pre-validation {number} is valid now.")

    return await page.submit(APPROVE, carry_out, show_prevalidation)


async def reject(page: PageRequest) -> web.Response:
    """Rejects a pre-validation for good."""

    async def carry_out(work: Work, values: Values) -> Done:
        number = _number(page, "prevalidation")
        await prevalidations.reject(work, number, values["evidence"])
        return Done(_QUEUES, f"Pre-validation {number} is rejected.")

    return await page.submit(REJECT, carry_out, show_prevalidation)


async def show_unsubscription(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """A request to unsubscribe: the certificate, and what an approval pays back."""
    number = _number(page, "unsubscription")
    async with page.open_reading() as work:
        found = await unsubscription.show(work, number)
    where = f"{_QUEUES}/unsubscriptions/{number}"
    forms = _no_forms("pay_back", "keep")
    if found.status == "waiting" and allows(page.session, Permission.REVIEW):
        forms["pay_back"] = page.form(PAY_BACK, f"{where}/approve")
        forms["keep"] = page.form(KEEP, f"{where}/reject")
    return _render(page, "unsubscription.html", forms, refused, found=found)


async def approve_unsubscription(page: PageRequest) -> web.Response:
    """Pays the cash part back."""

    async def carry_out(work: Work, _: Values) -> Done:
        number = _number(page, "unsubscription")
        refunded = await unsubscription.approve(work, number)
        return Done(_QUEUES, f"Unsubscription {number} is approved; {refunded} was paid back.")

    return await page.submit(PAY_BACK, carry_out, show_unsubscription)


async def reject_unsubscription(page: PageRequest) -> web.Response:
    """Leaves the certificate with its owner."""

    async def carry_out(work: Work, values: Values) -> Done:
        number = _number(page, "unsubscription")
        await unsubscription.reject(work, number, values["reason"])
        return Done(_QUEUES, f"Unsubscription {number} is rejected.")

    return await page.submit(KEEP, carry_out, show_unsubscription)


async def show_check(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The organization of an order for an OV certificate."""
    cert_id = page.part("checked_order")
    async with page.open_reading() as work:
        found = await reviews.show_waiting(work, cert_id)
    where = f"{_QUEUES}/ssl/{cert_id}"
    forms = _no_forms("pass", "fail")
    if allows(page.session, Permission.REVIEW):
        forms["pass"] = page.form(PASS, f"{where}/approve")
        forms["fail"] = page.form(FAIL, f"{where}/reject")
    return _render(page, "ssl_check.html", forms, refused, found=found)


async def approve_check(page: PageRequest) -> web.Response:
    """Lets the certificate be issued."""

    async def carry_out(work: Work, _: Values) -> Done:
        cert_id = page.part("checked_order")
        await reviews.approve(work, page.services.settings, cert_id)
        return Done(_QUEUES, f"The certificate of {cert_id} is being issued.")

    return await page.submit(PASS, carry_out, show_check)


async def reject_check(page: PageRequest) -> web.Response:
    """Ends the application; the customer may apply again."""

    async def carry_out(work: Work, values: Values) -> Done:
        cert_id = page.part("checked_order")
        await reviews.reject(work, cert_id, values["reason"])
        return Done(_QUEUES, f"The application of {cert_id} is rejected.")

    return await page.submit(FAIL, carry_out, show_check)


def _no_forms(*names: str) -> dict[str, FilledForm | None]:
    """The forms of a page for somebody who may only look."""
    return dict.fromkeys(names)


def _render(
    page: PageRequest,
    template: str,
    forms: dict[str, FilledForm | None],
    refused: FilledForm | None,
    **values: Any,
) -> web.Response:
    """A page with the forms that the person may use, one of them perhaps refused."""
    if refused is not None:
        name = refused.form.name.replace("-", "_")
        if forms[name] is not None:
            forms[name] = refused
        else:  # decided meanwhile: the page shows how, and why the form was refused
            values["trouble"] = refused.trouble
    return page.render(template, **{"trouble": "", "forms": forms, **values})


def _number(page: PageRequest, part: str) -> int:
    number = number_of(page.part(part))
    if number is None:
        raise NotFound
    return number


GROUP = PageGroup(
    (
        PageRoute("GET", "/queues", _LOOK, show),
        PageRoute("GET", "/queues/prevalidations/{prevalidation}", _LOOK, show_prevalidation),
        PageRoute("POST", "/queues/prevalidations/{prevalidation}/begin", _REVIEW, begin),
        PageRoute("POST", "/queues/prevalidations/{prevalidation}/approve", _REVIEW, approve),
        PageRoute("POST", "/queues/prevalidations/{prevalidation}/reject", _REVIEW, reject),
        PageRoute("GET", "/queues/unsubscriptions/{unsubscription}", _LOOK, show_unsubscription),
        PageRoute(
            "POST",
            "/queues/unsubscriptions/{unsubscription}/approve",
            _REVIEW,
            approve_unsubscription,
        ),
        PageRoute(
            "POST",
            "/queues/unsubscriptions/{unsubscription}/reject",
            _REVIEW,
            reject_unsubscription,
        ),
        PageRoute("GET", "/queues/ssl/{checked_order}", _LOOK, show_check),
        PageRoute("POST", "/queues/ssl/{checked_order}/approve", _REVIEW, approve_check),
        PageRoute("POST", "/queues/ssl/{checked_order}/reject", _REVIEW, reject_check),
    ),
    (NavigationEntry("Queues", "/queues", _LOOK),),
)
