"""The parts of the console that its pages are given."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from gateway.doors.console.routes import NavigationEntry, PageGroup
from gateway.passwords import PasswordChecker
from gateway.services import Services
from gateway.usecases.operation import second_factor
from gateway.usecases.operation.sessions import SessionState

SESSION = web.RequestKey("session", SessionState)
"""Where the session of a request is kept, once it was found."""


@dataclass(frozen=True, slots=True)
class ConsoleParts:
    """The console of one process."""

    services: Services
    groups: Sequence[PageGroup]
    checker: PasswordChecker

    def entries(self, session: SessionState | None) -> list[NavigationEntry]:
        """The navigation of a person, in the order of the groups."""
        if session is None or session.half_open or self.needs_factor(session):
            return []
        entries = (entry for group in self.groups for entry in group.entries)
        return [entry for entry in entries if entry.who.shows(session)]

    def needs_factor(self, session: SessionState) -> bool:
        """Must the person set up a second factor before anything else?"""
        return second_factor.is_missing(session, self.services.settings.console)
