"""Why was this name refused? The refusals of a reseller's clients, each with its cure."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from gateway.rules.acme.cures import Cure, cure_of
from gateway.rules.names import InvalidName, normalise
from gateway.store.operation import refused_names as store
from gateway.store.operation.refused_names import MOST_REFUSALS, RefusalSearch, RefusedName
from gateway.usecases.work import Work

__all__ = ["MOST_REFUSALS", "RefusedName"]

SHOWN_FOR = timedelta(days=30)
"""How far back it is looked."""


@dataclass(frozen=True, slots=True)
class CuredRefusal:
    """A refusal, and what to do about it."""

    refused: RefusedName
    cure: Cure


@dataclass(frozen=True, slots=True)
class RefusalsWanted:
    """A search; None = any name, any credential. `name` is a part of a name."""

    reseller_id: UUID
    name: str | None
    kid: str | None
    limit: int
    offset: int


async def search(work: Work, wanted: RefusalsWanted) -> tuple[int, list[CuredRefusal]]:
    """Gives how many refusals of the last 30 days are found, and the wanted ones of them."""
    search_for = RefusalSearch(
        wanted.reseller_id,
        work.now - SHOWN_FOR,
        wanted.name,
        wanted.kid,
        wanted.limit,
        wanted.offset,
    )
    if wanted.name is not None:
        try:
            search_for = replace(search_for, name=normalise(wanted.name))
        except InvalidName:
            search_for = replace(search_for, name=wanted.name.lower())
    found, refused = await store.search(work.connection, search_for)
    return found, [CuredRefusal(each, cure_of(each.reason)) for each in refused]
