"""What a group of pages declares: its routes, and its entries in the navigation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aiohttp import web

from gateway.doors.console.access import Access
from gateway.web.body import MAXIMUM_BYTES

if TYPE_CHECKING:
    from gateway.doors.console.page import PageRequest

BASE = "/console"

PageHandler = Callable[["PageRequest"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class PageRoute:
    """A page, or what a form of it does; `path` is below /console, as aiohttp's router takes it.

    `takes_file`: the form has a file.
    """

    method: Literal["GET", "POST"]
    path: str
    who: Access
    handler: PageHandler
    most_bytes: int = MAXIMUM_BYTES
    takes_file: bool = False


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A link in the navigation of those who may follow it; `path` is below /console."""

    label: str
    path: str
    who: Access

    @property
    def url(self) -> str:
        """The page's path."""
        return f"{BASE}{self.path}"


@dataclass(frozen=True, slots=True)
class PageGroup:
    """Pages that belong together: a file in pages/."""

    routes: tuple[PageRoute, ...]
    entries: tuple[NavigationEntry, ...] = ()
