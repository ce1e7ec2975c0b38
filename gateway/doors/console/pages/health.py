"""How the gateway is, who signs certificates, and how fresh the CRLs are."""

from aiohttp import web

from gateway.doors.console.access import operators
from gateway.doors.console.page import PageRequest
from gateway.doors.console.routes import NavigationEntry, PageGroup, PageRoute
from gateway.rules.operation.roles import Permission
from gateway.usecases.ca.freshness import report_freshness
from gateway.usecases.ca.issuers import list_known
from gateway.usecases.operation.health import examine

_LOOK = operators(Permission.LOOK)


async def show_health(page: PageRequest) -> web.Response:
    """What works and what does not."""
    async with page.open_reading() as work:
        findings = await examine(work, page.services)
    return page.render("health.html", findings=findings)


async def show_issuers(page: PageRequest) -> web.Response:
    """Issuers with their capabilities and servers, and the CRLs."""
    async with page.open_reading() as work:
        known = await list_known(work, page.services.settings)
        freshness = await report_freshness(work)
    return page.render(
        "issuers.html",
        known=known,
        crls=list(zip(freshness.crls, freshness.verdicts, strict=True)),
        unlisted=freshness.unlisted,
    )


GROUP = PageGroup(
    (
        PageRoute("GET", "/issuers", _LOOK, show_issuers),
        PageRoute("GET", "/health", _LOOK, show_health),
    ),
    (
        NavigationEntry("Issuers", "/issuers", _LOOK),
        NavigationEntry("Health", "/health", _LOOK),
    ),
)
