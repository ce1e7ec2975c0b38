"""A reseller's EAB credentials and ACME accounts: make, suspend, reinstate, deactivate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar
from uuid import UUID

from gateway import ids
from gateway.errors import NotFound
from gateway.errors.request import ArgumentInvalid
from gateway.errors.subscription import NotDeactivatable
from gateway.store.acme import accounts_admin as acme_accounts_admin
from gateway.store.acme import eab_credentials, servers
from gateway.store.acme.accounts_admin import AccountRow, AccountState, BindingRow, CredentialState
from gateway.store.acme.eab_credentials import EabCredential, NewEabCredential
from gateway.store.operation.audit import Change
from gateway.usecases.work import Work
from gateway.vault import Vault

_MOST_ACCOUNTS = 200
"""On the page of a credential; few have more than two."""


class Scope(Enum):
    """Which accounts an action changes: its parameter `includeAdditionalAccounts`."""

    ACCOUNT = "N"
    """Only the named account."""
    CREDENTIAL = "Y"
    """The EAB credential of the named account, and all accounts of that credential."""
    RESELLER = "*"
    """Every credential and account of the reseller."""


@dataclass(frozen=True, slots=True)
class AccountSearch:
    """Which accounts of a reseller are wanted; without a filter, all of them."""

    account_id: str | None = None
    """Takes precedence over `kid`."""
    with_siblings: bool = False
    """All accounts that share the EAB credential of `account_id`."""
    kid: str | None = None


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What PREREGISTER hands out; `mac_key` is raw."""

    kid: str
    mac_key: bytes


async def credential_of(work: Work, reseller_id: UUID, account_id: str) -> EabCredential:
    """Gives the EAB credential of an account, without a lock.

    Raises ArgumentInvalid (E3), the same for an account of another reseller and for one that does
    not exist.
    """
    credential = await eab_credentials.find_by_account(work.connection, account_id, reseller_id)
    if credential is None:
        raise ArgumentInvalid("acmeAccountID")
    return credential


async def preregister(
    work: Work,
    vault: Vault,
    *,
    reseller_id: UUID,
    server_path: str,
    term_days: int,
) -> NewCredential:
    """Makes an EAB credential with its first, pending account; no subscription, no cost (R2).

    Raises ArgumentInvalid (E3) when no server is at `server_path`.
    """
    on_offer = {server.path: server for server in await servers.list_all(work.connection)}
    server = on_offer.get(server_path)
    if server is None:
        raise ArgumentInvalid("serverUrl")
    made = NewCredential(ids.new_eab_kid(), ids.new_mac_key())
    credential = NewEabCredential(
        made.kid, reseller_id, server.id, vault.encrypt(made.mac_key), term_days
    )
    await eab_credentials.add(work.connection, credential, work.now)
    after = {"server": server.name, "termDays": term_days}
    await work.record(Change("credential.added", made.kid, None, after))
    return made


async def reveal_mac_key(work: Work, vault: Vault, *, reseller_id: UUID, kid: str) -> bytes:
    """Gives the MAC key of a credential to its reseller, once more; the audit trail says to whom.

    Raises NotFound for a credential of another reseller.
    """
    encrypted = await eab_credentials.find_own_mac_key(work.connection, reseller_id, kid)
    if encrypted is None:
        raise NotFound
    await work.record(Change("credential.secret_shown", kid))
    return vault.decrypt(encrypted)


async def list_accounts(
    work: Work,
    reseller_id: UUID,
    search: AccountSearch,
    *,
    limit: int | None,
    offset: int,
) -> list[AccountRow]:
    """Gives a reseller's accounts, oldest first. Raises ArgumentInvalid (E3) for foreign ids."""
    account_id, kid = search.account_id, search.kid
    if account_id is not None:
        credential = await credential_of(work, reseller_id, account_id)
        kid = credential.kid
    elif kid is not None and not await acme_accounts_admin.owns_credential(
        work.connection, reseller_id, kid
    ):
        raise ArgumentInvalid("eabKeyID")
    return await acme_accounts_admin.list_accounts(
        work.connection,
        reseller_id,
        account_id=None if search.with_siblings else account_id,
        kid=kid,
        limit=limit,
        offset=offset,
    )


async def accounts_of(work: Work, reseller_id: UUID, kid: str) -> list[AccountRow]:
    """Gives the accounts of a reseller's credential, oldest first; none of anybody else's."""
    return await acme_accounts_admin.list_accounts(
        work.connection, reseller_id, account_id=None, kid=kid, limit=_MOST_ACCOUNTS, offset=0
    )


async def list_bindings(work: Work, reseller_id: UUID) -> list[BindingRow]:
    """Gives a reseller's EAB credentials, oldest first."""
    return await acme_accounts_admin.list_bindings(work.connection, reseller_id)


async def suspend(work: Work, reseller_id: UUID, account_id: str | None, scope: Scope) -> int:
    """Suspends accounts, and their credentials if these are in scope, until they are reinstated.

    A suspended account gets no certificates, a suspended credential registers no accounts. Gives
    the number of accounts that changed; suspended and deactivated ones do not.
    """
    return await _change(
        work,
        "suspended",
        await _lock(work, reseller_id, account_id, scope),
        lambda state: state.status != "deactivated" and not state.suspended,
        suspended=True,
    )


async def unsuspend(work: Work, reseller_id: UUID, account_id: str | None, scope: Scope) -> int:
    """Restores the state from before the suspension; gives the number of accounts that changed."""
    return await _change(
        work,
        "reinstated",
        await _lock(work, reseller_id, account_id, scope),
        lambda state: state.suspended,
        suspended=False,
    )


async def deactivate(work: Work, reseller_id: UUID, account_id: str | None, scope: Scope) -> int:
    """Deactivates accounts for good; gives the number of accounts that changed.

    Raises NotDeactivatable (E7) when a named account, with its credential if that is in scope, was
    deactivated before. Subscription, names and money stay as they are.
    """
    targets = await _lock(work, reseller_id, account_id, scope)
    states: list[AccountState | CredentialState] = [*targets.credentials, *targets.accounts]
    if scope is not Scope.RESELLER and all(state.status == "deactivated" for state in states):
        raise NotDeactivatable
    return await _change(
        work,
        "deactivated",
        targets,
        lambda state: state.status != "deactivated",
        status="deactivated",
    )


_State = TypeVar("_State", AccountState, CredentialState)


@dataclass(frozen=True, slots=True)
class _Targets:
    credentials: Sequence[CredentialState]
    accounts: Sequence[AccountState]


async def _lock(work: Work, reseller_id: UUID, account_id: str | None, scope: Scope) -> _Targets:
    """Gives what a scope covers, its credentials locked in kid order."""
    if scope is Scope.RESELLER:
        kids = await acme_accounts_admin.lock_all_for_change(work.connection, reseller_id)
        return _Targets(*await acme_accounts_admin.states_of(work.connection, kids))
    assert account_id is not None, "only the scope of a whole reseller names no account"
    credential = await credential_of(work, reseller_id, account_id)
    await eab_credentials.lock_for_change(work.connection, credential.kid)
    credentials, accounts = await acme_accounts_admin.states_of(work.connection, [credential.kid])
    if scope is Scope.ACCOUNT:
        return _Targets([], [account for account in accounts if account.id == account_id])
    return _Targets(credentials, accounts)


async def _change(
    work: Work,
    verb: str,
    targets: _Targets,
    concerns: Callable[[AccountState | CredentialState], bool],
    *,
    suspended: bool | None = None,
    status: str | None = None,
) -> int:
    """Gives the targets that `concerns` picks the new flag or status, and audits each change."""

    def changed(state: _State) -> _State:
        return replace(
            state,
            suspended=state.suspended if suspended is None else suspended,
            status=status or state.status,
        )

    credentials = [state for state in targets.credentials if concerns(state)]
    accounts = [state for state in targets.accounts if concerns(state)]
    await acme_accounts_admin.set_states(
        work.connection,
        [changed(state) for state in credentials],
        [changed(state) for state in accounts],
    )
    changes = [
        _change_of(f"credential.{verb}", state.kid, state, changed(state)) for state in credentials
    ]
    changes += [
        _change_of(f"account.{verb}", state.id, state, changed(state)) for state in accounts
    ]
    await work.record(*changes)
    return len(accounts)


def _change_of(
    action: str,
    subject: str,
    before: AccountState | CredentialState,
    after: AccountState | CredentialState,
) -> Change:
    return Change(
        action,
        subject,
        {"status": before.status, "suspended": before.suspended},
        {"status": after.status, "suspended": after.suspended},
    )
