"""Adding and removing names of a subscription, and extending it: asked, quoted, confirmed."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.pages.subscriptions import LIST, YEARS
from gateway.doors.console.routes import PageGroup, PageRoute
from gateway.errors import GatewayError
from gateway.rules.subscription.decisions import Policy
from gateway.rules.subscription.terms import TERMS
from gateway.usecases.organization.anchors import EV_ARGUMENT, OV_ARGUMENT, SentAnchors
from gateway.usecases.subscription import overview
from gateway.usecases.subscription.add_domain import AddDomain, DomainAdded, add_domain
from gateway.usecases.subscription.extend import Extend, Extended, extend
from gateway.usecases.subscription.remove_domain import (
    DomainsRemoved,
    RemoveDomain,
    remove_domain,
)
from gateway.usecases.work import Work
from gateway.web.forms import Form, amount, flag, integer, text
from gateway.web.untrusted import Field

_QUOTED = FormField("quoted", "", amount, control="hidden", required=False)
_NAME = FormField(
    "domainName",
    "Name",
    text(255),
    hint="Like www.example.com, or *.example.com for all names right below it.",
    wrong="Enter a domain name, like www.example.com or *.example.com.",
)
_NUMBER_OF_ANCHOR = "The number of a valid pre-validation that covers the name."
_ASSOCIATED = FormField(
    "addAssociatedFQDN",
    "Also add the name that is free with it: www, or the one below the asterisk",
    flag,
    control="checkbox",
    required=False,
    default=False,
)
_NO_ANCHOR = "None of your valid pre-validations has this number and covers the name."
_OV = FormField(
    OV_ARGUMENT,
    "OV pre-validation",
    text(128),
    required=False,
    hint=_NUMBER_OF_ANCHOR,
    wrong=_NO_ANCHOR,
)
_EV = FormField(
    EV_ARGUMENT,
    "EV pre-validation",
    text(128),
    required=False,
    hint=_NUMBER_OF_ANCHOR,
    wrong=_NO_ANCHOR,
)
_TERM = FormField(
    "years",
    "Term",
    integer(1, len(TERMS)),
    control="select",
    options=YEARS,
    wrong="Choose one of the terms.",
)

ASK_TO_ADD = PageForm("ask", (_NAME, _ASSOCIATED, _OV, _EV))
ADD = PageForm("add", (*ASK_TO_ADD.fields, _QUOTED))
ASK_TO_EXTEND = PageForm("ask-term", (_TERM,))
EXTEND = PageForm("extend", (_TERM, _QUOTED))
ASK_TO_REMOVE = PageForm("ask-name", (_NAME,))
REMOVE = PageForm("remove", (_NAME, _QUOTED))

_Quote = Callable[[Work, Values], Awaitable[Any]]


async def show_add(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """Asks for a name, then shows what it costs."""

    async def quote(work: Work, values: Values) -> DomainAdded:
        return await add_domain(work, _add(page, values, quote_only=True))

    return await _show(page, (ASK_TO_ADD, ADD), quote, "subscription_add.html", refused)


async def add(page: PageRequest) -> web.Response:
    """Adds the name at the price that was shown."""

    async def carry_out(work: Work, values: Values) -> Done:
        added = await add_domain(work, _add(page, values))
        return Done(
            _own(page),
            f"{' and '.join(added.names)} added for {added.cost} {added.currency},"
            f" order {added.order_number}.",
        )

    return await page.submit(ADD, carry_out, show_add)


async def show_extend(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """Asks for how long, then shows what it costs."""

    async def quote(work: Work, values: Values) -> Extended:
        return await extend(work, _extend(page, values, quote_only=True))

    return await _show(page, (ASK_TO_EXTEND, EXTEND), quote, "subscription_extend.html", refused)


async def carry_out_extend(page: PageRequest) -> web.Response:
    """Extends the subscription at the price that was shown."""

    async def carry_out(work: Work, values: Values) -> Done:
        extended = await extend(work, _extend(page, values))
        return Done(
            _own(page),
            f"Extended until {extended.expires_at:%Y-%m-%d} for {extended.cost}"
            f" {extended.currency}, order {extended.order_number}.",
        )

    return await page.submit(EXTEND, carry_out, show_extend)


async def show_remove(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """Shows what goes with a name, and what is paid back."""

    async def quote(work: Work, values: Values) -> DomainsRemoved:
        return await remove_domain(work, _remove(page, values, quote_only=True))

    return await _show(page, (ASK_TO_REMOVE, REMOVE), quote, "subscription_remove.html", refused)


async def remove(page: PageRequest) -> web.Response:
    """Removes the name, with the refund that was shown."""

    async def carry_out(work: Work, values: Values) -> Done:
        removed = await remove_domain(work, _remove(page, values))
        back = f" {removed.refund} {page.session.currency} paid back." if removed.refund else ""
        return Done(_own(page), f"{' and '.join(removed.names)} removed.{back}")

    return await page.submit(REMOVE, carry_out, show_remove)


async def _show(
    page: PageRequest,
    forms: tuple[PageForm, PageForm],
    quote: _Quote,
    template: str,
    refused: FilledForm | None,
) -> web.Response:
    """The form that asks; below it, once that is answered, the quote with the form to confirm it.

    A form that was refused is quoted anew: the price or the refund may be another one now.
    """
    ask, confirm = forms
    asking, values = _asked(page, ask, refused)
    status, quoted = 200, None
    async with page.open_reading() as work:
        found = await overview.find(work, page.session.owner_id, page.part("kid"))
        if values is not None:
            try:
                quoted = await quote(work, values)
            except GatewayError as error:
                status = page.refuse(asking, error)
        elif asking.errors:
            status = 422
    return page.render(
        template,
        status=status,
        found=found,
        details=found.details,
        asking=asking,
        quoted=quoted,
        confirming=refused or page.form(confirm, page.request.path, values or {}),
        own=_own(page),
        list_path=LIST,
    )


def _asked(
    page: PageRequest, form: PageForm, refused: FilledForm | None
) -> tuple[FilledForm, Values | None]:
    """What is asked for: in the query, or in the form that was refused; None = nothing usable."""
    if refused is None and page.query.fields:
        return page.search(form)
    asking = FilledForm(form, page.request.path, token="", back="")
    if refused is None:
        return asking, None
    sent = [
        Field(each.name, value)
        for each in form.fields
        for value in refused.entered.get(each.name, ())
    ]
    asking.enter_fields(sent)
    return asking, asking.check(Form(sent))


def _add(page: PageRequest, values: Values, *, quote_only: bool = False) -> AddDomain:
    return AddDomain(
        reseller_id=page.session.owner_id,
        account_id=page.part("kid"),
        domain_name=values["domainName"],
        policy=_policy(page),
        quote_only=quote_only,
        with_associated=values["addAssociatedFQDN"],
        anchors=SentAnchors(values[OV_ARGUMENT], values[EV_ARGUMENT]),
        quoted=values.get("quoted"),
    )


def _extend(page: PageRequest, values: Values, *, quote_only: bool = False) -> Extend:
    return Extend(
        reseller_id=page.session.owner_id,
        account_id=page.part("kid"),
        days=TERMS[values["years"] - 1],
        policy=_policy(page),
        quote_only=quote_only,
        quoted=values.get("quoted"),
    )


def _remove(page: PageRequest, values: Values, *, quote_only: bool = False) -> RemoveDomain:
    refund = page.services.settings.refund
    return RemoveDomain(
        page.session.owner_id,
        page.part("kid"),
        values["domainName"],
        refund.revoke_certificates,
        refund.once_per_name_days,
        quote_only=quote_only,
        quoted=values.get("quoted"),
    )


def _policy(page: PageRequest) -> Policy:
    settings = page.services.settings.subscriptions
    return Policy(
        any_wildcard_ends_free_www=settings.www_free_unless_any_wildcard,
        maximum_days_after_extension=settings.maximum_total_days,
        minimum_days=settings.minimum_days,
    )


def _own(page: PageRequest) -> str:
    return f"{LIST}/{page.part('kid')}"


GROUP = PageGroup(
    (
        PageRoute("GET", "/subscriptions/{kid}/add", RESELLER, show_add),
        PageRoute("POST", "/subscriptions/{kid}/add", RESELLER, add),
        PageRoute("GET", "/subscriptions/{kid}/extend", RESELLER, show_extend),
        PageRoute("POST", "/subscriptions/{kid}/extend", RESELLER, carry_out_extend),
        PageRoute("GET", "/subscriptions/{kid}/remove", RESELLER, show_remove),
        PageRoute("POST", "/subscriptions/{kid}/remove", RESELLER, remove),
    ),
)
