"""ACME accounts: registration under an EAB credential, and changes by their clients."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from gateway import ids
from gateway.db.pool import Connection, Pool, transaction
from gateway.errors.acme import AccountRefused, EabRefused, KeyChanged, KeyInUse
from gateway.origin import Origin
from gateway.rules.acme import contacts as contact_rules
from gateway.services import Services
from gateway.store.acme import accounts, activity, eab_credentials
from gateway.store.acme.accounts import Account, Client, Registered
from gateway.store.acme.admission import Ticket
from gateway.store.acme.eab_credentials import EabCredential
from gateway.store.operation import audit
from gateway.store.operation.audit import Change
from gateway.usecases.acme.admission import admit, require_terms


@dataclass(frozen=True, slots=True)
class Registration:
    """A verified newAccount request: the client has the private key, and the MAC key of `kid`."""

    server_id: UUID
    kid: str
    jwk: dict[str, Any]
    thumbprint: str
    contacts: list[str]
    agreed_terms: str | None
    client: Client
    external_account_binding: dict[str, str]


async def find_account(
    pool: Pool, server_id: UUID, thumbprint: str, client: Client, now: datetime
) -> Account | None:
    """Gives the account of a key that is already registered (RFC 8555 §7.3.1).

    Raises AccountRefused when that account was deactivated.
    """
    account = await accounts.find_by_thumbprint(pool, server_id, thumbprint)
    if account is None:
        return None
    if account.status != "valid":
        raise AccountRefused(f"The account of this key is {account.status}; use a new key.")
    await activity.note_account(pool, account.id, client, now)
    return account


async def mac_key(services: Services, server_id: UUID, kid: str) -> bytes:
    """Gives the MAC key of an EAB credential; raises EabRefused if the server has no such one."""
    encrypted = await eab_credentials.find_mac_key(services.pool, server_id, kid)
    if encrypted is None:
        raise EabRefused(
            f"The key identifier {kid[:64]!r} is unknown on this server; check the EAB key id "
            "and the directory URL your reseller gave you."
        )
    return services.vault.decrypt(encrypted)


async def register(
    services: Services, registration: Registration, now: datetime
) -> tuple[Account, bool]:
    """Registers a key; gives the account, and whether it is new.

    The first registration completes the pre-registered account, later ones add accounts. Raises
    EabRefused when the credential may not be used (any more), TermsNotAgreed, ContactInvalid and
    ContactUnsupported.
    """
    require_terms(services.settings, registration.agreed_terms)
    contacts = contact_rules.checked(registration.contacts)
    try:
        async with transaction(services.pool) as connection:
            account_id = await _bind(connection, registration, contacts, now)
    except asyncpg.UniqueViolationError:  # the same key was registered a moment ago
        account = await find_account(
            services.pool, registration.server_id, registration.thumbprint, registration.client, now
        )
        if account is None:
            raise
        return account, False
    made = Account(
        account_id,
        "valid",
        contacts,
        registration.agreed_terms,
        registration.external_account_binding,
    )
    return made, True


async def _bind(
    connection: Connection, registration: Registration, contacts: list[str], now: datetime
) -> str:
    credential = await eab_credentials.lock_for_change(connection, registration.kid)
    _require_usable(credential)
    account_id = await _account_to_complete(connection, credential)
    write = accounts.add if account_id is None else accounts.complete_pending
    account_id = account_id or ids.new_account_id()
    made = Registered(
        account_id,
        credential.kid,
        registration.server_id,
        registration.jwk,
        registration.thumbprint,
        contacts,
        registration.agreed_terms,
        registration.client,
        now,
        registration.external_account_binding,
    )
    await write(connection, made)
    await activity.note_credential(connection, credential.kid, now)
    origin = Origin(f"acme:{account_id}", registration.client.address)
    after = {"status": "valid", "kid": credential.kid, "thumbprint": registration.thumbprint}
    await audit.record(
        connection, now, origin, Change("account.registered", account_id, after=after)
    )
    return account_id


def _require_usable(credential: EabCredential) -> None:
    if credential.status == "deactivated":
        raise EabRefused(
            "The credential was deactivated; ask your reseller for a new one.", known=True
        )
    if credential.suspended:
        raise EabRefused(
            "The credential is suspended; ask your reseller to reinstate it.", known=True
        )


async def _account_to_complete(connection: Connection, credential: EabCredential) -> str | None:
    """The pre-registered account if it still waits for its client (its id is the kid)."""
    status, suspended = await accounts.standing_of(connection, credential.kid)
    if status == "pending":
        if suspended:
            raise EabRefused(
                "The pre-registered account is suspended; ask your reseller to reinstate it.",
                known=True,
            )
        return credential.kid
    if not credential.reusable:  # the wording of CaaS, which clients know
        raise EabRefused(
            "The account is not awaiting external account binding", malformed=True, known=True
        )
    return None


async def read_account(pool: Pool, ticket: Ticket) -> Account:
    """Gives the signer's own account."""
    admission, account = await accounts.read(pool, ticket)
    admit(ticket, admission)
    return account


@dataclass(frozen=True, slots=True)
class AccountUpdate:
    """What a client wants changed; None leaves a field as it is."""

    contacts: list[str] | None = None
    agreed_terms: str | None = None
    deactivate: bool = False


async def update_account(
    services: Services, ticket: Ticket, update: AccountUpdate, source: str | None
) -> Account:
    """Updates an account (RFC 8555 §7.3.2, §7.3.6).

    A deactivated account stays deactivated; its EAB credential does not change. Raises
    ContactInvalid and ContactUnsupported.
    """
    contacts = None if update.contacts is None else contact_rules.checked(update.contacts)
    now = await services.clock.now()
    await read_account(services.pool, ticket)
    async with transaction(services.pool) as connection:
        kid, _ = await accounts.read_for_change(connection, ticket.account_id)
        await eab_credentials.lock_for_change(connection, kid)
        _, before = await accounts.read_for_change(connection, ticket.account_id)
        agreed = before.agreed_terms
        after = await accounts.update(
            connection,
            ticket.account_id,
            status="deactivated" if update.deactivate else before.status,
            contacts=before.contacts if contacts is None else contacts,
            agreed_terms=update.agreed_terms if update.agreed_terms is not None else agreed,
        )
        change = Change(
            "account.deactivated" if update.deactivate else "account.updated",
            ticket.account_id,
            before=_described(before),
            after=_described(after),
        )
        await audit.record(connection, now, Origin(f"acme:{ticket.account_id}", source), change)
    return after


async def change_key(
    services: Services, ticket: Ticket, jwk: dict[str, Any], thumbprint: str, source: str | None
) -> Account:
    """Replaces the account's key; from now on only the new one signs, in every process.

    RFC 8555 §7.3.5. Raises KeyInUse when an account of the same server has the key.
    """
    now = await services.clock.now()
    before = await read_account(services.pool, ticket)
    try:
        async with transaction(services.pool) as connection:
            kid, _ = await accounts.read_for_change(connection, ticket.account_id)
            await eab_credentials.lock_for_change(connection, kid)
            changed = await accounts.change_key(
                connection, ticket.account_id, ticket.key_version, jwk, thumbprint
            )
            if not changed:  # two key changes at once: the replaced key signed the second
                raise KeyChanged
            change = Change("account.key_changed", before.id, after={"thumbprint": thumbprint})
            await audit.record(connection, now, Origin(f"acme:{before.id}", source), change)
    except asyncpg.UniqueViolationError:
        owner = await accounts.find_owner(services.pool, ticket.account_id, thumbprint)
        raise KeyInUse(owner) from None
    return before


def _described(account: Account) -> dict[str, Any]:
    return {
        "status": account.status,
        "contacts": account.contacts,
        "agreedTerms": account.agreed_terms,
    }
