"""Orders of SiteLock: first orders, renewals, upgrades and add-ons, each with its quote first.

The quote is asked for by a form that is sent as a query, and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.doors.console.sentences import SENTENCES
from gateway.errors import GatewayError
from gateway.rules.mail_addresses import is_mail_address
from gateway.rules.names import InvalidName, normalise
from gateway.rules.sitelock.licences import ANNUAL, MONTHLY, PRODUCTS
from gateway.usecases.sitelock import licences, shown
from gateway.usecases.sitelock.licences import LicenceOrder, Ordered
from gateway.usecases.work import Work
from gateway.web.forms import Form, ParameterKind, amount, choice, integer, text
from gateway.web.rendering import line_for
from gateway.web.untrusted import Field

_SITELOCK = f"{BASE}/sitelock"
_ORDER = f"{_SITELOCK}/order"
_ONLY_ADD_ONS = "0"
_MAINS = [each for each in PRODUCTS.values() if each.kind in ("plan", "once")]
_ADD_ONS = [each for each in PRODUCTS.values() if each.kind == "add_on"]


def _parse_domain(sent: str) -> str:
    try:
        name = normalise(sent)
    except InvalidName as error:
        raise ValueError(sent) from error
    if name.startswith("*."):
        raise ValueError(sent)
    return name


def _parse_email(sent: str) -> str:
    if not is_mail_address(sent):
        raise ValueError(sent)
    return sent


def _parse_products(sent: str) -> list[int]:
    products = [int(each) for each in sent.split(",")]
    if not set(products) <= set(PRODUCTS):
        raise ValueError(sent)
    return products


Prices = Mapping[int, Mapping[int, Decimal]]

_DOMAIN = ParameterKind(_parse_domain, {"type": "string"}, 255)
_EMAIL = ParameterKind(_parse_email, {"type": "string"}, 254)
_DAYS = choice(str(ANNUAL), str(MONTHLY))
_PREVIOUS = integer(1, 2**63 - 1)

QUOTE = PageForm(
    "sitelock-quote",
    (
        FormField(
            "product",
            "Product",
            choice(_ONLY_ADD_ONS, *(str(each.number) for each in _MAINS)),
            control="select",
            options=[
                *((str(each.number), each.name) for each in _MAINS),
                (_ONLY_ADD_ONS, "Only add-ons, to the licence of the domain"),
            ],
        ),
        FormField(
            "addOn",
            "Add-ons",
            choice(*(str(each.number) for each in _ADD_ONS)),
            control="checkboxes",
            required=False,
            options=[(str(each.number), each.name) for each in _ADD_ONS],
        ),
        FormField(
            "days",
            "Length",
            _DAYS,
            control="select",
            required=False,
            options=[(str(ANNUAL), "a year"), (str(MONTHLY), "a month")],
            hint="SiteLock 911 is bought once and has no length.",
            wrong="This product is not sold for this length.",
        ),
        FormField(
            "domainName",
            "Domain",
            _DOMAIN,
            hint="The site that is protected, like shop.example.",
            wrong="Enter a domain like shop.example.",
        ),
        FormField(
            "email",
            "E-mail address of the site's owner",
            _EMAIL,
            control="email",
            wrong="Enter an address like owner@shop.example.",
        ),
        FormField("previousOrderNumber", "Order before", _PREVIOUS, "hidden", required=False),
    ),
)
ORDER = PageForm(
    "sitelock-order",
    (
        FormField("products", "Products", ParameterKind(_parse_products, {}, 100), "hidden"),
        FormField("days", "Length", _DAYS, "hidden", required=False),
        FormField("domainName", "Domain", _DOMAIN, "hidden"),
        FormField("email", "E-mail address", text(254), "hidden"),
        FormField("previousOrderNumber", "Order before", _PREVIOUS, "hidden", required=False),
        FormField("quoted", "Cost", amount, "hidden"),
    ),
)


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The form of an order; once it is filled in, the quote and the button that buys."""
    filled = FilledForm(QUOTE, _ORDER, token="", back="")
    fields = list(page.query.fields) if refused is None else _as_asked(refused)
    values = filled.enter_fields(fields).check(Form(fields)) if fields else None
    quoted = None if values is None else await _quote(page, filled, values)
    order = None
    if values is not None and quoted is not None:
        order = page.form(ORDER, _ORDER, _to_order(values, quoted))
        if refused is not None:
            order.trouble = refused.trouble
    prices: Prices = {}
    if values is None:  # a quote says what its own products cost
        async with page.open_reading() as work:
            _, prices = await shown.list_prices(work, page.session.owner_id)
    status = 422 if fields and order is None else 200
    return page.render(
        "sitelock_order.html",
        status=status,
        filled=filled,
        order=order,
        quoted=quoted,
        products=PRODUCTS,
        prices=prices,
        once=0,
        month=MONTHLY,
        year=ANNUAL,
    )


async def order(page: PageRequest) -> web.Response:
    """Buys at the price that was shown, or asks again."""

    async def buy(work: Work, values: Values) -> Done:
        wanted = replace(
            _wanted(page, values["products"], values), test_only=False, quoted=values["quoted"]
        )
        ordered = await licences.order(work, wanted)
        cost = f"{ordered.cost} {ordered.currency}"
        return Done(
            f"{_SITELOCK}/{ordered.licence_number}",
            f"Order {ordered.order_number} is done; it cost {cost}.",
        )

    return await page.submit(ORDER, buy, show)


async def _quote(page: PageRequest, filled: FilledForm, values: Values) -> Ordered | None:
    """What an order would cost; None = it is refused, and the form says why."""
    try:
        async with page.exchange.open_work() as work:
            return await licences.order(work, _wanted(page, _products(values), values))
    except GatewayError as error:
        line = line_for(SENTENCES, error)
        if line is None:
            raise
        filled.refuse(line, error)
        return None


def _wanted(page: PageRequest, products: list[int], values: Mapping[str, Any]) -> LicenceOrder:
    return LicenceOrder(
        reseller_id=page.session.owner_id,
        products=products,
        days=None if values["days"] is None else int(values["days"]),
        domain_name=values["domainName"],
        email=values["email"],
        auto_renew=False,
        organization={},
        previous_order_number=values["previousOrderNumber"],
        test_only=True,
    )


def _products(values: Values) -> list[int]:
    main = [] if values["product"] == _ONLY_ADD_ONS else [values["product"]]
    return [int(each) for each in [*main, *(values["addOn"] or ())]]


def _to_order(values: Values, quoted: Ordered) -> dict[str, Any]:
    return {
        **{name: values[name] for name in ("days", "domainName", "email", "previousOrderNumber")},
        "products": ",".join(map(str, _products(values))),
        "quoted": f"{quoted.cost:.2f}",
    }


def _as_asked(refused: FilledForm) -> list[Field]:
    """The fields of the form that asked for the quote of an order that was refused."""
    sent = [each for each in refused.value("products").split(",") if each]
    mains = {str(each.number) for each in _MAINS}
    main = next((each for each in sent if each in mains), _ONLY_ADD_ONS)
    kept = ("days", "domainName", "email", "previousOrderNumber")
    return [
        Field("product", main),
        *(Field("addOn", each) for each in sent if each not in mains),
        *(Field(name, refused.value(name)) for name in kept),
    ]


GROUP = PageGroup(
    (
        PageRoute("GET", "/sitelock/order", RESELLER, show),
        PageRoute("POST", "/sitelock/order", RESELLER, order),
    )
)
