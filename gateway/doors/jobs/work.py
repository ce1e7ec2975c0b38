"""Kinds of work, and the units they consist of."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.services import Services


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """What is due at an instant of business time; `subject` says of which row it is."""

    due_at: datetime
    subject: str


@dataclass(frozen=True, slots=True)
class Dated:
    """Work that rows carry the instant of."""

    name: str
    find: Callable[[Services, datetime, datetime], Awaitable[Sequence[Unit]]]
    """Units due until the second instant, earliest first, and only some if there are many. What
    was due before the first counts as due then: the clock stood there."""
    do: Callable[[Services, Unit, datetime], Awaitable[None]]
    """Does a unit as of an instant, in one transaction; nothing if it is done already."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work that is to be done every so often, in real time."""

    name: str
    cron: str
    """With a sixth field: seconds."""
    do: Callable[[Services, datetime], Awaitable[None]]
    """May be done at any time by several processes at once."""


@dataclass(frozen=True, slots=True)
class BackgroundWork:
    """All kinds. At one instant, dated kinds are done in this order."""

    dated: Sequence[Dated]
    periodic: Sequence[Periodic]
