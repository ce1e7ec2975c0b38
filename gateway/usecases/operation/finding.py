"""Operators' search over everything, from one text."""

from uuid import UUID

from gateway.rules.operation import clues
from gateway.store.operation import finding
from gateway.store.operation.finding import MOST_OF_A_KIND, Clues, Hit
from gateway.usecases.work import Work

__all__ = ["MOST_OF_A_KIND", "Hit", "find_anything"]


async def find_anything(work: Work, text: str) -> list[Hit]:
    """Gives what fits a text: logins, kids, accounts, names, serials, and numbers of orders."""
    first, before = clues.beginning_of(text) or (None, None)
    return await finding.find(
        work.connection,
        Clues(
            text,
            clues.names_of(text),
            first,
            before,
            clues.serial_of(text),
            clues.number_of(text),
            _uuid_of(text),
        ),
    )


def _uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
