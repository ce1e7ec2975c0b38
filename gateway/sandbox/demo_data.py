"""The initial data of a sandbox: two servers, prices, a reseller with money, and an operator."""

from collections.abc import Iterable
from decimal import Decimal

from gateway.clock import Clock
from gateway.db.pool import Pool
from gateway.origin import Origin
from gateway.rules.money.prices import Article
from gateway.rules.operation.roles import Role
from gateway.rules.sitelock.licences import article_of
from gateway.usecases.money.prices import articles_of_server, set_price
from gateway.usecases.operation import operators
from gateway.usecases.reseller import resellers
from gateway.usecases.ssl.articles import articles_of
from gateway.usecases.work import Work, open_work

LOGIN = "demo"
PASSWORD = "demo-password"  # noqa: S105  known to everybody: a sandbox has nothing to protect
OPERATOR = "operator"
OPERATOR_PASSWORD = "operator-password"  # noqa: S105  the same
BRAND = "LOCAL"
"""Brand of the SSL certificates on offer."""

_DEPOSIT = Decimal("10000.00")
_OPERATOR = Origin("operator:sandbox")
_CERTIFICATES = (
    ("DV_SSL_CERT", Decimal("120.00"), Decimal("360.00")),
    ("OV_SSL_CERT", Decimal("240.00"), Decimal("720.00")),
)
_PRODUCTS = {
    1060: "149.00",
    1061: "249.00",
    1062: "499.00",
    1068: "20.00",
    1069: "35.00",
    1070: "75.00",
    1071: "120.00",
    1076: "100.00",
    1078: "60.00",
}
"""Price of a year; a month costs a tenth of it."""
_ONCE = {1082: "199.00"}
_SERVERS = (
    ("DV", 608, "CaaS DV TLS Certificate", Decimal("365.00"), Decimal("1095.00")),
    ("OV", 609, "CaaS OV TLS Certificate", Decimal("730.00"), Decimal("2190.00")),
)


async def add(pool: Pool, clock: Clock) -> None:
    """Adds all the data in one transaction, unless there are operators or resellers already."""
    now = await clock.now()
    async with open_work(pool, now, _OPERATOR) as work:
        if not await operators.list_operators(work):
            await operators.add_operator(
                work, name=OPERATOR, role=Role.ADMIN, password=OPERATOR_PASSWORD
            )
        if await resellers.list_resellers(work):
            return
        for name, product_id, description, fqdn, wildcard in _SERVERS:
            await resellers.add_server(
                work,
                resellers.WantedServer(
                    name=name,
                    path=f"/v2/{name}",
                    validation=name,
                    product_id=product_id,
                    description=description,
                    names="any",
                ),
            )
            names = await articles_of_server(work, name, ("fqdn", "wildcard"))
            await _set_prices(work, zip(names, (fqdn, wildcard), strict=True))
        await _set_certificate_prices(work)
        await _set_licence_prices(work)
        await resellers.add_reseller(work, login=LOGIN, password=PASSWORD)
        await resellers.deposit(work, LOGIN, _DEPOSIT)


async def _set_certificate_prices(work: Work) -> None:
    for kind, *yearly in _CERTIFICATES:
        names = await articles_of(work, BRAND, kind, ("fqdn", "wildcard"))
        await _set_prices(work, zip(names, yearly, strict=True))


async def _set_licence_prices(work: Work) -> None:
    annual = {(product, 365): Decimal(price) for product, price in _PRODUCTS.items()}
    monthly = {(product, 30): price / 10 for (product, _), price in annual.items()}
    once = {(product, 0): Decimal(price) for product, price in _ONCE.items()}
    listed = (annual | monthly | once).items()
    await _set_prices(work, [(article_of(*licence), price) for licence, price in listed])


async def _set_prices(work: Work, priced: Iterable[tuple[Article, Decimal]]) -> None:
    for article, amount in priced:
        await set_price(work, login=None, article=article, amount=amount, currency="USD")
