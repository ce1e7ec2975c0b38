"""A reseller's subscriptions: the list of all, and one with its names, accounts and renewals."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from gateway.db.pool import Pool
from gateway.errors import NotFound
from gateway.rules.acme.renewal import suggested_window
from gateway.rules.names import InvalidName, normalise
from gateway.rules.organization.prevalidations import Validity
from gateway.rules.subscription import terms
from gateway.rules.subscription.terms import State
from gateway.store.subscription import by_expiry, names
from gateway.store.subscription import overview as store
from gateway.store.subscription.names import NameLine
from gateway.store.subscription.overview import (
    COLUMNS,
    CredentialDetails,
    Instants,
    SubscriptionLine,
    SubscriptionSearch,
)
from gateway.usecases.work import Work

__all__ = ["COLUMNS", "CredentialDetails", "SubscriptionLine", "SubscriptionSearch"]

STATES = ("active", "grace", "expired", "not started")
_ROWS_A_READING = 500
_MOST_SORTED = 2000
"""So many credentials are sorted faster than they are found by the ends of all resellers' ones."""


@dataclass(frozen=True, slots=True)
class SubscribedName:
    """A name of a subscription; `renewal_at` is when its client is expected to renew.

    None = it has no certificate, or cannot get another one.
    """

    line: NameLine
    anchor_state: str | None
    renewal_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """One subscription, or a credential that has none yet: then `state` is `not started`."""

    details: CredentialDetails
    state: State | Literal["not started"]
    extendable_from: datetime | None
    extendable_until: datetime | None

    @property
    def is_extendable(self) -> bool:
        """Whether it can be extended now; a deactivated credential's cannot."""
        return self.extendable_from is not None


async def search(work: Work, wanted: SubscriptionSearch) -> tuple[int, list[SubscriptionLine]]:
    """Gives how many of a reseller's credentials are found, and the wanted ones of them.

    They are counted up to COUNTED_TO.
    """
    instants = _instants(work.now)
    if wanted.is_of_all and wanted.column == "expires":
        found = await store.count(work.connection, wanted.reseller_id)
        if found > _MOST_SORTED:
            return found, await by_expiry.page(work.connection, wanted, instants)
    return await store.search(work.connection, _as_stored(wanted), instants)


async def each(
    pool: Pool, now: datetime, wanted: SubscriptionSearch
) -> AsyncIterator[SubscriptionLine]:
    """Gives all that is found, oldest first, without holding a connection meanwhile."""
    search_for = replace(_as_stored(wanted), limit=_ROWS_A_READING)
    last: tuple[datetime, str] | None = None
    while True:
        async with pool.acquire() as connection:
            lines = await store.after(connection, search_for, _instants(now), last)
        for line in lines:
            yield line
        if len(lines) < _ROWS_A_READING:
            return
        last = (lines[-1].created_at, lines[-1].kid)


async def find(work: Work, reseller_id: UUID, kid: str) -> SubscriptionPage:
    """Gives one of a reseller's subscriptions; raises NotFound for anybody else's."""
    details = await store.find(work.connection, reseller_id, kid)
    if details is None:
        raise NotFound
    if details.expires_at is None:
        return SubscriptionPage(details, "not started", None, None)
    opens, closes = terms.extension_window(details.expires_at)
    able = terms.is_extendable(details.expires_at, work.now) and details.status == "active"
    state = terms.state(details.expires_at, work.now)
    return SubscriptionPage(details, state, opens if able else None, closes if able else None)


async def names_of(
    work: Work, page: SubscriptionPage, *, limit: int, offset: int
) -> Sequence[SubscribedName]:
    """Gives names of a subscription that was found, in the order of adding."""
    details = page.details
    if details.subscription_id is None or page.state == "expired":
        return []
    lines = await names.names_of(
        work.connection, details.kid, details.subscription_id, limit=limit, offset=offset
    )
    return [_subscribed(line, details, work.now) for line in lines]


def _subscribed(line: NameLine, details: CredentialDetails, now: datetime) -> SubscribedName:
    state = None
    if line.anchor_state is not None:
        state = Validity(line.anchor_state, None, line.anchor_expires_at).state_at(now)
    return SubscribedName(line, state, _renewal_at(line, details, now))


def _renewal_at(line: NameLine, details: CredentialDetails, now: datetime) -> datetime | None:
    """The start of the window that clients are suggested (RFC 9773 §4.2)."""
    if line.not_before is None or line.not_after is None or line.revoked_at is not None:
        return None
    ends = [each for each in (details.expires_at, line.anchor_expires_at) if each is not None]
    gate_closes_at = min(ends, default=None)
    if gate_closes_at is not None and gate_closes_at < now:
        return None
    window = suggested_window(line.not_before, line.not_after, None, gate_closes_at)
    return window.start


def _instants(now: datetime) -> Instants:
    second = now.replace(microsecond=0)
    return Instants(second, second - terms.GRACE)


def _as_stored(wanted: SubscriptionSearch) -> SubscriptionSearch:
    """A whole name as it is stored, whatever its case or alphabet; a part in lower case."""
    if wanted.name is None:
        return wanted
    try:
        return replace(wanted, name=normalise(wanted.name))
    except InvalidName:
        return replace(wanted, name=wanted.name.lower())
