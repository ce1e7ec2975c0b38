"""Buying SSL certificates, and applying for them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from gateway.ca.csr import der_of
from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.pages.certificates import LIST, details_of
from gateway.doors.console.routes import PageGroup, PageRoute
from gateway.doors.console.sentences import SENTENCES, field_of, text_of
from gateway.errors import GatewayError
from gateway.errors.request import ArgumentInvalid, ArgumentMissing
from gateway.errors.ssl import BadMember
from gateway.rules.names import name_type
from gateway.rules.organization.organizations import OrganizationDetails, Subject, checked
from gateway.rules.ssl import orders as rules
from gateway.usecases.ssl import orders as ssl_orders
from gateway.usecases.ssl import purchases
from gateway.usecases.ssl.orders import Apply
from gateway.usecases.ssl.purchases import Purchase
from gateway.usecases.work import Work
from gateway.web.forms import Form, ParameterKind, amount, choice, text
from gateway.web.rendering import line_for
from gateway.web.untrusted import Field

_NEW = f"{LIST}/new"
_LONGEST_NAMES = 30_000
_PRODUCT = re.compile(r"[A-Z][A-Z0-9_]{0,31}/(DV|OV)_SSL_CERT")
_COUPON = re.compile(r"[A-Za-z0-9_-]{4,64}")
_KINDS = {"DV_SSL_CERT": "domain validated (DV)", "OV_SSL_CERT": "organization validated (OV)"}


def _parse_names(sent: str) -> list[str]:
    names = [each for each in re.split(r"[\s,;]+", sent) if each]
    if not 1 <= len(names) <= rules.MOST_NAMES:
        raise ValueError
    return names


def _matching(pattern: re.Pattern[str], longest: int) -> ParameterKind:
    def parse(sent: str) -> str:
        if not pattern.fullmatch(sent):
            raise ValueError(sent)
        return sent

    return ParameterKind(parse, {"type": "string"}, longest)


def _parse_label(sent: str) -> str:
    if not sent.isprintable():
        raise ValueError(sent)
    return sent


_FIELDS = (
    FormField(
        "domains",
        "Names",
        ParameterKind(_parse_names, {"type": "string"}, _LONGEST_NAMES),
        "textarea",
        hint="One on a line, the main one first. *.example.com is a wildcard.",
        wrong=f"Enter 1 to {rules.MOST_NAMES} names.",
    ),
    FormField(
        "product", "Certificate", _matching(_PRODUCT, 50), "select", wrong="Choose a certificate."
    ),
    FormField(
        "months",
        "Paid period",
        choice(*map(str, rules.VALIDITY_MONTHS)),
        "select",
        options=[(str(each), f"{each} months") for each in rules.VALIDITY_MONTHS],
        hint="Within it the certificate is issued again at no cost.",
        wrong="Choose a period.",
    ),
    FormField(
        "label",
        "Your own name for it",
        ParameterKind(_parse_label, {"type": "string"}, rules.LONGEST_NAME),
        required=False,
        wrong=f"Enter up to {rules.LONGEST_NAME} printable characters.",
    ),
    FormField(
        "coupon",
        "Coupon",
        _matching(_COUPON, 64),
        required=False,
        wrong="A coupon is 4 to 64 letters, digits, '-' and '_'.",
    ),
)
QUOTE = PageForm("quote", _FIELDS)
BUY = PageForm("buy", (*_FIELDS, FormField("quoted", "Price", amount, "hidden")))

_CSR = FormField(
    "csr",
    "Certificate signing request (CSR)",
    text(20_000),
    "textarea",
    hint="PEM, with the names of the certificate. The private key stays with you.",
)
_METHOD = FormField(
    "method",
    "How you show control of the names",
    choice("dns-01", "http-01"),
    "radio",
    options=[("dns-01", "A TXT record in DNS"), ("http-01", "A file on the web server")],
    hint="Names with a wildcard need a TXT record.",
    wrong="Choose one of the two.",
)
_ORGANIZATION = (
    FormField("name", "Organization", text(64)),
    FormField("country", "Country", text(2), hint="Two letters, like DE."),
    FormField("locality", "City", text(128), required=False),
    FormField("state_or_province", "State or province", text(128), required=False),
)
APPLY = PageForm(
    "apply", (_CSR, _METHOD, *(replace(each, required=False) for each in _ORGANIZATION))
)
"""The organization is for certificates that name one; `_organization_of` asks for it there."""


async def show_new(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """What to buy; and once that is entered, what it costs, and the button that buys it."""
    asked, values = _asked(page, refused)
    async with page.open_reading() as work:
        offered = await purchases.on_offer(work, page.session.owner_id)
        cost = await _cost(page, work, asked, values) if values is not None else None
    options = [(each, _product_words(each)) for each in offered]
    fields = [
        replace(each, options=options) if each.name == "product" else each for each in _FIELDS
    ]
    asked.form = PageForm(QUOTE.name, tuple(fields))
    buy = refused or page.form(BUY, _NEW)
    if refused is None and values is not None:
        buy.entered = asked.entered
    wrong = bool(asked.errors or asked.trouble)
    return page.render(
        "certificate_new.html",
        status=422 if wrong else 200,
        quote=asked,
        buy=buy,
        cost=cost,
        offered=offered,
        hidden=[each.name for each in _FIELDS],
    )


def _asked(page: PageRequest, refused: FilledForm | None) -> tuple[FilledForm, Values | None]:
    """The form of the quote, as it was sent by itself or with a purchase that was refused."""
    if refused is None and not page.query.fields:
        return page.search(PageForm(QUOTE.name))[0], None
    if refused is None:
        return page.search(QUOTE)
    asked = FilledForm(QUOTE, _NEW, token="", back="")
    asked.entered = refused.entered
    sent = [Field(name, value) for name, many in refused.entered.items() for value in many]
    values = asked.check(Form(sent))
    asked.errors |= refused.errors
    return asked, values


async def _cost(
    page: PageRequest, work: Work, asked: FilledForm, values: Values
) -> Mapping[str, Any] | None:
    """The quote; None = it cannot be bought, and the form says why."""
    wanted = _purchase(page, values)
    try:
        payment, currency = await purchases.quote(work, wanted)
    except GatewayError as error:
        shown = _beside_names(error)
        line = line_for(SENTENCES, shown)
        if line is None:
            raise
        field = QUOTE.field(field_of(line, shown))
        if field is None:
            asked.trouble = text_of(line, shown)
        else:
            asked.errors[field.name] = text_of(line, shown)
        return None
    return {"payment": payment, "currency": currency, "names": values["domains"]}


async def buy(page: PageRequest) -> web.Response:
    """Buys a certificate at the price that was shown."""

    async def carry_out(work: Work, values: Values) -> Done:
        try:
            bought = await purchases.purchase(
                work, replace(_purchase(page, values), quoted=values["quoted"])
            )
        except BadMember as error:
            raise _beside_names(error) from None
        return Done(f"{LIST}/{bought.cert_id}", f"Order {bought.order_number} is paid.")

    return await page.submit(BUY, carry_out, show_new)


def _purchase(page: PageRequest, values: Values) -> Purchase:
    brand, _, kind = values["product"].partition("/")
    return Purchase(
        page.session.owner_id,
        brand,
        kind,
        values["domains"],
        int(values["months"]),
        values["label"],
        values["coupon"],
        page.services.settings.ssl_public_only(),
    )


def _beside_names(error: GatewayError) -> GatewayError:
    """What is wrong with a member of a purchase is wrong with its names: all else was checked."""
    if not isinstance(error, BadMember):
        return error
    return ArgumentInvalid("domains", error.detail.removeprefix("domains: "))


async def show_apply(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The application: how to make a CSR, and where to send it."""
    async with page.open_reading() as work:
        order = (await details_of(page, work)).order
    form = refused or page.form(APPLY, f"{LIST}/{order.cert_id}/apply", {"method": "dns-01"})
    organization = _ORGANIZATION if rules.TYPES.get(order.type) else ()
    form.form = PageForm(APPLY.name, (_CSR, _METHOD, *organization))
    return page.render(
        "certificate_apply.html",
        order=order,
        can=rules.next_status("apply", order.status) is not None,
        form=form,
        wildcard=any(name_type(each) == "wildcard" for each in order.names),
    )


async def apply(page: PageRequest) -> web.Response:
    """Submits a CSR; the proofs to put in place are then on the certificate's page."""

    async def carry_out(work: Work, values: Values) -> Done:
        order = (await details_of(page, work)).order
        wanted = Apply(
            page.session.owner_id,
            order.cert_id,
            der_of(values["csr"]),
            values["method"],
            _organization_of(values) if rules.TYPES.get(order.type) else None,
        )
        await ssl_orders.apply(work, page.services.settings, wanted)
        shown = "The application is submitted. Put the proofs below in place."
        return Done(f"{LIST}/{order.cert_id}", shown)

    return await page.submit(APPLY, carry_out, show_apply)


def _organization_of(values: Values) -> Subject:
    """The organization as it was entered; raises ArgumentMissing and InvalidDetail."""
    for field in _ORGANIZATION:
        if field.required and not values[field.name]:
            raise ArgumentMissing(field.name)
    name, country, locality, state = (values[each.name] or "" for each in _ORGANIZATION)
    return checked(OrganizationDetails(name, country, locality, state)).subject


def _product_words(item: str) -> str:
    brand, _, kind = item.partition("/")
    return f"{brand}, {_KINDS.get(kind, kind)}"


GROUP = PageGroup(
    (
        PageRoute("GET", "/certificates/new", RESELLER, show_new),
        PageRoute("POST", "/certificates/new", RESELLER, buy),
        PageRoute("GET", "/certificates/{cert_id}/apply", RESELLER, show_apply),
        PageRoute("POST", "/certificates/{cert_id}/apply", RESELLER, apply),
    )
)
