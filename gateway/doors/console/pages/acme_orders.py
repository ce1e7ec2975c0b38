"""ACME accounts with their orders, the events of one order, and why names were refused."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from aiohttp import web

from gateway.doors.console.access import RESELLER, operators
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.pages.subscriptions import LIST
from gateway.doors.console.routes import PageGroup, PageRoute
from gateway.rules.operation.roles import Permission
from gateway.usecases.acme import accounts, history, refused_names
from gateway.usecases.acme.accounts import Scope
from gateway.usecases.acme.refused_names import (
    MOST_REFUSALS,
    SHOWN_FOR,
    CuredRefusal,
    RefusalsWanted,
)
from gateway.usecases.work import Work
from gateway.web.forms import flag, text

_LOOK = operators(Permission.LOOK)

SUSPEND = PageForm("suspend")
REINSTATE = PageForm("reinstate")
DEACTIVATE = PageForm(
    "deactivate",
    (
        FormField(
            "acknowledged",
            "It cannot be undone.",
            flag,
            control="checkbox",
        ),
    ),
)
SEARCH = PageForm(
    "search",
    (
        FormField("name", "Name", text(255), required=False, hint="A part of it is enough."),
        FormField("kid", "EAB key id", text(32), required=False),
    ),
)

EVENT_WORDS: Mapping[str, str] = {
    "order.placed": "The client placed the order.",
    "authorization.validated": "Control of the name was proven.",
    "authorization.failed": "The proof of control of the name failed.",
    "authorization.deactivated": "The client gave the proof of the name up.",
    "order.ready": "All names were proven: the client can ask for the certificate.",
    "order.failed": "The order failed.",
    "order.expired": "The order was not finished in time.",
    "certificate.issued": "The certificate was issued.",
    "certificate.withheld": "The certificate came when it was not allowed any more: withheld.",
    "certificate.revoked": "The certificate was revoked.",
}
"""Events of an order in words."""

_REASONS: Mapping[str, str] = {
    "not_listed": "not in the subscription",
    "not_started": "no subscription yet",
    "grace": "subscription expired",
    "expired": "subscription over",
    "account": "account or credential suspended or deactivated",
    "account_refused": "account or credential suspended or deactivated",
    "eab_refused": "account could not be bound",
    "caa": "forbidden by CAA",
    "not_public": "no public name",
    "proof_failed": "control not proven",
}


async def show_account(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """An account with its orders, the newest first."""
    paging, account_id = page.paging(), page.part("account_id")
    async with page.open_reading() as work:
        account = await history.find_account(work, page.session.owner_id, account_id)
        found, orders = await history.orders_of(
            work, account, limit=paging.rows, offset=paging.offset
        )
    own = f"{LIST}/accounts/{account_id}"
    forms = {
        each.name: page.form(each, f"{own}/{each.name}")
        for each in (SUSPEND, REINSTATE, DEACTIVATE)
    }
    if refused is not None:
        forms[refused.form.name] = refused
    return page.render(
        "acme_account.html",
        account=account,
        orders=orders,
        paging=paging.of(found),
        forms=forms,
        list_path=LIST,
    )


async def show_order(page: PageRequest) -> web.Response:
    """One ACME order: what happened to it from newOrder to its certificate."""
    return await _show_order(page, page.id_in("acme_order_id"), page.session.owner_id)


async def show_any_order(page: PageRequest) -> web.Response:
    """The same of any reseller, for operators."""
    return await _show_order(page, page.id_in("found_acme_order"), None)


async def _show_order(page: PageRequest, order_id: UUID, reseller_id: UUID | None) -> web.Response:
    async with page.open_reading() as work:
        shown = await history.find_order(work, reseller_id, order_id)
    return page.render(
        "acme_order.html",
        shown=shown,
        order=shown.order,
        problem=history.problem_of(shown.order.error),
        problem_of=history.problem_of,
        words=EVENT_WORDS,
        list_path=LIST,
        for_operators=reseller_id is None,
    )


async def show_refusals(page: PageRequest) -> web.Response:
    """Why names were refused in the last 30 days, and what to do about it."""
    form, values = page.search(SEARCH)
    paging, found, lines = page.paging(), 0, list[CuredRefusal]()
    if values is not None:
        wanted = RefusalsWanted(
            page.session.owner_id, values["name"], values["kid"], paging.rows, paging.offset
        )
        async with page.open_reading() as work:
            found, lines = await refused_names.search(work, wanted)
    return page.render(
        "refusals.html",
        status=200 if values is not None else 422,
        form=form,
        lines=lines,
        paging=paging.of(found, MOST_REFUSALS),
        reasons=_REASONS,
        days=SHOWN_FOR.days,
        list_path=LIST,
    )


async def suspend(page: PageRequest) -> web.Response:
    """Suspends this account; others of its credential stay."""
    return await _change(page, SUSPEND, accounts.suspend, "The account is suspended.")


async def reinstate(page: PageRequest) -> web.Response:
    """Reinstates this account."""
    return await _change(page, REINSTATE, accounts.unsuspend, "The account is reinstated.")


async def deactivate(page: PageRequest) -> web.Response:
    """Ends this account for good."""
    shown = "The account is deactivated for good."
    return await _change(page, DEACTIVATE, accounts.deactivate, shown)


async def _change(
    page: PageRequest, form: PageForm, change: Callable[..., Awaitable[int]], shown: str
) -> web.Response:
    async def carry_out(work: Work, _: Values) -> Done:
        account_id, owner_id = page.part("account_id"), page.session.owner_id
        await history.find_account(work, owner_id, account_id)
        await change(work, owner_id, account_id, Scope.ACCOUNT)
        return Done(f"{LIST}/accounts/{account_id}", shown)

    return await page.submit(form, carry_out, show_account)


_ACCOUNT = "/subscriptions/accounts/{account_id}"

GROUP = PageGroup(
    (
        PageRoute("GET", "/subscriptions/refusals", RESELLER, show_refusals),
        PageRoute("GET", "/subscriptions/orders/{acme_order_id}", RESELLER, show_order),
        PageRoute("GET", "/acme-orders/{found_acme_order}", _LOOK, show_any_order),
        PageRoute("GET", _ACCOUNT, RESELLER, show_account),
        PageRoute("POST", f"{_ACCOUNT}/suspend", RESELLER, suspend),
        PageRoute("POST", f"{_ACCOUNT}/reinstate", RESELLER, reinstate),
        PageRoute("POST", f"{_ACCOUNT}/deactivate", RESELLER, deactivate),
    ),
)
