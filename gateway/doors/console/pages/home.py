"""/console/: sends everybody to the first page of their navigation."""

from aiohttp import web

from gateway.doors.console.access import SIGNED_IN
from gateway.doors.console.page import PageRequest
from gateway.doors.console.routes import PageGroup, PageRoute


async def show(page: PageRequest) -> web.Response:
    """Goes to the first page of the person's navigation; what is shown there goes with them."""
    return page.see_other(page.parts.entries(page.session)[0].url)


GROUP = PageGroup((PageRoute("GET", "/", SIGNED_IN, show),))
