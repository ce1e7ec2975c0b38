"""Operators' view of an EAB credential, and its suspension by them."""

from dataclasses import dataclass

from gateway.errors import NotFound
from gateway.errors.request import ArgumentInvalid
from gateway.rules.subscription import terms
from gateway.store.acme import credential_overview
from gateway.store.acme.credential_overview import CredentialOverview, OverviewAccount, OverviewName
from gateway.usecases.acme import accounts
from gateway.usecases.acme.accounts import Scope
from gateway.usecases.work import Work

MOST_SHOWN = 200
"""Accounts and names of a credential that are shown."""


@dataclass(frozen=True, slots=True)
class CredentialPage:
    """A credential with its accounts, and the names of its subscription."""

    credential: CredentialOverview
    state: terms.State | None
    """The state of its subscription; None = there is none."""
    accounts: list[OverviewAccount]
    names: list[OverviewName]


async def show_credential(work: Work, kid: str) -> CredentialPage:
    """Gives a credential; raises NotFound."""
    found = await credential_overview.find(work.connection, kid)
    if found is None:
        raise NotFound
    names: list[OverviewName] = []
    state = None
    if found.subscription_id is not None and found.expires_at is not None:
        state = terms.state(found.expires_at, work.now)
        names = await credential_overview.names_of(
            work.connection, kid, found.subscription_id, MOST_SHOWN
        )
    listed = await credential_overview.accounts_of(work.connection, kid, MOST_SHOWN)
    return CredentialPage(found, state, listed, names)


async def set_suspended(
    work: Work, kid: str, account_id: str | None = None, *, suspended: bool
) -> int:
    """Suspends or reinstates a credential with all its accounts, or one account of it.

    Gives how many accounts changed. Raises NotFound.
    """
    found = await credential_overview.find(work.connection, kid)
    if found is None:
        raise NotFound
    scope = Scope.CREDENTIAL if account_id is None else Scope.ACCOUNT
    change = accounts.suspend if suspended else accounts.unsuspend
    try:  # the first account of a credential has its kid for an id
        return await change(work, found.reseller_id, account_id or kid, scope)
    except ArgumentInvalid:
        raise NotFound from None
