"""What a sandbox has from the start: two servers, their prices, and a reseller with money."""

from decimal import Decimal

from gateway.clock import Clock
from gateway.db.pool import Pool
from gateway.origin import Origin
from gateway.usecases.reseller import resellers
from gateway.usecases.sitelock import prices as sitelock_prices
from gateway.usecases.ssl import prices as ssl_prices
from gateway.usecases.work import Work, open_work

LOGIN = "demo"
PASSWORD = "demo-password"  # noqa: S105  known to everybody: a sandbox has nothing to protect
BRAND = "LOCAL"
"""Of the SSL certificates on offer."""

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
"""A year; a month costs a tenth of it."""
_ONCE = {1082: "199.00"}
_SERVERS = (
    ("DV", 608, "CaaS DV TLS Certificate", Decimal("365.00"), Decimal("1095.00")),
    ("OV", 609, "CaaS OV TLS Certificate", Decimal("730.00"), Decimal("2190.00")),
)


async def add(pool: Pool, clock: Clock) -> None:
    """Adds it all in one transaction, unless it is there already."""
    now = await clock.now()
    async with open_work(pool, now, _OPERATOR) as work:
        if await resellers.list_resellers(work.connection):
            return
        for name, product_id, description, fqdn, wildcard in _SERVERS:
            await resellers.add_server(
                work,
                name=name,
                path=f"/v2/{name}",
                validation=name,
                product_id=product_id,
                description=description,
                names="any",
            )
            for name_type, yearly in (("fqdn", fqdn), ("wildcard", wildcard)):
                await resellers.set_price(
                    work,
                    login=None,
                    server=name,
                    name_type=name_type,
                    yearly=yearly,
                    currency="USD",
                )
        await _add_certificate_prices(work)
        await _add_product_prices(work)
        await resellers.add_reseller(work, login=LOGIN, password=PASSWORD)
        await resellers.deposit(work, LOGIN, _DEPOSIT)


async def _add_certificate_prices(work: Work) -> None:
    for kind, fqdn, wildcard in _CERTIFICATES:
        for name_type, yearly in (("fqdn", fqdn), ("wildcard", wildcard)):
            await ssl_prices.set_price(
                work,
                login=None,
                brand=BRAND,
                kind=kind,
                name_type=name_type,
                yearly=yearly,
                currency="USD",
            )


async def _add_product_prices(work: Work) -> None:
    annual = {(product, 365): Decimal(price) for product, price in _PRODUCTS.items()}
    monthly = {(product, 30): price / 10 for (product, _), price in annual.items()}
    once = {(product, 0): Decimal(price) for product, price in _ONCE.items()}
    for (product, days), amount in (annual | monthly | once).items():
        await sitelock_prices.set_price(
            work,
            login=None,
            product=product,
            days=days,
            amount=amount,
            currency="USD",
        )
