"""Kinds of background work, and the units they consist of."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.services import Services


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """A piece of work that is due at an instant of business time; `subject` names its row."""

    due_at: datetime
    subject: str


@dataclass(frozen=True, slots=True)
class Dated:
    """A kind of work whose units are due at instants of business time that rows store."""

    name: str
    find: Callable[[Services, datetime, datetime], Awaitable[Sequence[Unit]]]
    """Finds units due until the second instant, earliest first, and only some if there are many.
    What was due before the first instant, where the clock stood, counts as due then."""
    do: Callable[[Services, Unit, datetime], Awaitable[None]]
    """Does a unit as of an instant, in one transaction, or what is left of a long one in several;
    nothing if it is done already."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """A kind of work that is done at regular intervals of real time."""

    name: str
    cron: str
    """A cron expression; a sixth field, if there is one, counts seconds."""
    do: Callable[[Services, datetime], Awaitable[None]]
    """Does the work; several processes may do it at once, at any time."""


@dataclass(frozen=True, slots=True)
class BackgroundWork:
    """All kinds of work. Dated kinds that are due at the same instant are done in this order."""

    dated: Sequence[Dated]
    periodic: Sequence[Periodic]
