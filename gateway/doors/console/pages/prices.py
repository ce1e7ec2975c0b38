"""Prices of all families in one table, on the default list and on that of a reseller."""

from urllib.parse import urlencode

from aiohttp import web

from gateway.doors.console.access import allows, operators
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.errors import NotFound, OperatorMistake
from gateway.rules.operation.roles import Permission
from gateway.usecases.money.prices import PriceRow, price_rows, remove_prices, set_price
from gateway.usecases.operation.articles import article_called
from gateway.usecases.work import Work
from gateway.web.forms import amount, choice, flag, text

_PRICES = f"{BASE}/prices"
_LOOK = operators(Permission.LOOK)
_CHANGE = operators(Permission.PRICES)

_RESELLER = FormField(
    "reseller", "Reseller", text(64), required=False, hint="Its login. Empty: the default list."
)
_ARTICLE = (
    FormField(
        "family",
        "Family",
        choice("acme", "sitelock", "ssl"),
        control="select",
        options=(
            ("acme", "acme: names of subscriptions, for 365 days"),
            ("sitelock", "sitelock: licences"),
            ("ssl", "ssl: names of SSL certificates, for 12 months"),
        ),
    ),
    FormField(
        "item",
        "Item",
        text(100),
        hint="A server like DV, a product like 1060, or a brand and type like LOCAL/DV_SSL_CERT.",
    ),
    FormField("variant", "Variant", text(20), hint="fqdn or wildcard; for SiteLock the days."),
)

SEARCH = PageForm("price-list", (_RESELLER,))
SET = PageForm(
    "set-price",
    (
        _RESELLER,
        *_ARTICLE,
        FormField("amount", "Amount", amount, wrong="Enter an amount like 365.00."),
        FormField(
            "currency",
            "Currency",
            text(3),
            required=False,
            hint="Empty: the reseller's; USD on the default list.",
        ),
        FormField(
            "new_brand",
            "The brand is new",
            flag,
            control="checkbox",
            required=False,
            default=False,
        ),
    ),
)
REMOVE = PageForm(
    "remove-price",
    (
        FormField("reseller", "Reseller", text(64), control="hidden", required=False),
        *(FormField(each.name, each.label, each.kind, control="hidden") for each in _ARTICLE),
    ),
)


async def show(page: PageRequest) -> web.Response:
    """The table; with a reseller its own prices beside the default ones."""
    form, values = page.search(SEARCH)
    login = None if values is None else values["reseller"]
    rows: list[PriceRow] = []
    try:
        async with page.open_reading() as work:
            rows = await price_rows(work, login)
    except OperatorMistake as mistake:
        form.errors["reseller"] = str(mistake)
    return page.render(
        "prices.html",
        status=422 if form.errors else 200,
        form=form,
        login=login,
        rows=rows,
        may_change=allows(page.session, Permission.PRICES),
    )


async def show_set(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The form that sets a price, filled in for the article that the query names."""
    names = [each.name for each in (_RESELLER, *_ARTICLE)]
    form = refused or page.form(
        SET, f"{_PRICES}/set", {name: page.query.first(name) for name in names}
    )
    return page.render("set_price.html", form=form)


async def carry_out_set(page: PageRequest) -> web.Response:
    """Sets a price for the next purchase."""

    async def carry_out(work: Work, values: Values) -> Done:
        article = await article_called(
            work,
            values["family"],
            values["item"],
            values["variant"],
            new_brand=values["new_brand"],
        )
        await set_price(
            work,
            login=values["reseller"],
            article=article,
            amount=values["amount"],
            currency=values["currency"],
        )
        shown = f"The price of {article.item}, {article.variant} is {values['amount']} now."
        return Done(_list_of(values["reseller"]), shown)

    return await page.submit(SET, carry_out, show_set)


async def show_remove(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """Asks whether a price is to be removed, and says what follows."""
    names = [each.name for each in REMOVE.fields]
    wanted = {name: page.query.first(name) or page.sent(name) for name in names}
    try:
        async with page.open_reading() as work:
            rows = await price_rows(work, wanted["reseller"] or None)
    except OperatorMistake:
        raise NotFound from None
    article = (wanted["family"], wanted["item"], wanted["variant"])
    for row in rows:
        price = row.own_amount if wanted["reseller"] else row.default_amount
        if (row.family, row.item, row.variant) == article and price is not None:
            form = refused or page.form(REMOVE, f"{_PRICES}/remove", wanted)
            return page.render("remove_price.html", form=form, row=row, login=wanted["reseller"])
    if refused is not None:
        raise NotFound
    return page.see_other(_list_of(wanted["reseller"]), "There is no such price to be removed.")


async def carry_out_remove(page: PageRequest) -> web.Response:
    """Removes a price."""

    async def carry_out(work: Work, values: Values) -> Done:
        article = await article_called(
            work, values["family"], values["item"], values["variant"], new_brand=True
        )
        await remove_prices(work, login=values["reseller"], articles=[article])
        shown = f"The price of {article.item}, {article.variant} is removed."
        return Done(_list_of(values["reseller"]), shown)

    return await page.submit(REMOVE, carry_out, show_remove)


def _list_of(login: str | None) -> str:
    return f"{_PRICES}?{urlencode({'reseller': login})}" if login else _PRICES


GROUP = PageGroup(
    (
        PageRoute("GET", "/prices", _LOOK, show),
        PageRoute("GET", "/prices/set", _CHANGE, show_set),
        PageRoute("POST", "/prices/set", _CHANGE, carry_out_set),
        PageRoute("GET", "/prices/remove", _CHANGE, show_remove),
        PageRoute("POST", "/prices/remove", _CHANGE, carry_out_remove),
    ),
    (NavigationEntry("Prices", "/prices", _LOOK),),
)
