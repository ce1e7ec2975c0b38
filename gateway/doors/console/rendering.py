"""Renders pages: the templates, the filters for times and money, and the viewer's time zone."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from aiohttp import web

from gateway.doors.console import static_files

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
ZONE_COOKIE = "zone"
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")

COMMON_ZONES = (
    "UTC",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "America/Anchorage",
    "America/Bogota",
    "America/Caracas",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Phoenix",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Bangkok",
    "Asia/Dhaka",
    "Asia/Dubai",
    "Asia/Jerusalem",
    "Asia/Karachi",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Riyadh",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Brisbane",
    "Australia/Perth",
    "Australia/Sydney",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/Istanbul",
    "Europe/Kyiv",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Moscow",
    "Europe/Paris",
    "Pacific/Auckland",
    "Pacific/Honolulu",
)
"""Zones that a viewer can choose besides their browser's own: a list of all 600 helps nobody."""


def rendered(template: str, values: Mapping[str, Any], status: int = 200) -> web.Response:
    """A page; what is no Unicode in it is replaced."""
    text = _environment().get_template(template).render(values)
    return web.Response(
        body=text.encode(errors="replace"), status=status, content_type="text/html", charset="utf-8"
    )


@cache
def zones() -> frozenset[str]:
    """Names of all time zones that times can be shown in."""
    found = {each for each in available_timezones() if "/" in each and not each.startswith("Etc/")}
    return frozenset({"UTC", *found})


def zone_of(name: str | None) -> tzinfo:
    """The time zone of that name; UTC if there is none."""
    return ZoneInfo(name) if name is not None and name in _known_zones() else UTC


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["asset"] = static_files.address
    environment.filters["time"] = pass_context(_time)
    environment.filters["times"] = pass_context(_times)
    environment.filters["money"] = _money
    return environment


def _time(context: "Context", moment: datetime) -> "Markup":
    """A moment in the viewer's zone, with UTC as its title; needs `zone` in the context."""
    from markupsafe import Markup

    utc = moment.astimezone(UTC)
    shown = utc.astimezone(context["zone"])
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%d %H:%M:%S"),
        shown.strftime("%Y-%m-%d %H:%M"),
    )


def _times(context: "Context", text: str) -> "Markup":
    """A text whose instants, as rules write them, are shown as `time` shows them."""
    from markupsafe import Markup, escape

    parts = _INSTANT.split(text)
    return Markup("").join(
        _time(context, datetime.fromisoformat(each)) if number % 2 else escape(each)
        for number, each in enumerate(parts)
    )


def _money(amount: Decimal, currency: str) -> str:
    """An amount with its currency, which no line break parts."""
    return f"{amount:.2f}\N{NO-BREAK SPACE}{currency}"
