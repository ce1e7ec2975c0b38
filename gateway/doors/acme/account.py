"""newAccount and account resources (RFC 8555 §7.3)."""

from typing import Any

import msgspec

from gateway.doors.acme import eab
from gateway.doors.acme.door import AcmeDoor
from gateway.doors.acme.payload import Payload
from gateway.doors.acme.problem import Problem, malformed
from gateway.doors.acme.reply import Reply
from gateway.doors.acme.signed_request import AcmeCall, account_unknown
from gateway.doors.acme.urls import Urls
from gateway.store.acme.accounts import Account
from gateway.usecases.acme import registration
from gateway.usecases.acme.registration import AccountUpdate, Registration


class NewAccount(Payload, rename="camel"):
    """The payload of newAccount (RFC 8555 §7.3)."""

    judged = frozenset({"contact"})

    contact: list[str] = msgspec.field(default_factory=list)
    terms_of_service_agreed: bool = False
    only_return_existing: bool = False
    external_account_binding: dict[str, Any] | None = None


class ChangedAccount(Payload, rename="camel"):
    """The payload of an update (RFC 8555 §7.3.2, §7.3.6); members it cannot change are ignored."""

    judged = frozenset({"contact"})

    contact: list[str] | None = None
    terms_of_service_agreed: bool | None = None
    status: str | None = None


async def new_account(door: AcmeDoor, call: AcmeCall) -> Reply:
    """Gives a known key its account; registers a new key with an external account binding."""
    wanted = call.read(NewAccount)
    now = await door.services.clock.now()
    known = await registration.find_account(
        door.services.pool, call.server.id, call.key.thumbprint, call.client, now
    )
    if known:
        return account_reply(call.urls, known)
    if wanted.only_return_existing:
        raise account_unknown()
    if wanted.external_account_binding is None:
        raise Problem(
            "externalAccountRequired",
            'The request must include a value for the "externalAccountBinding" field',
        )
    kid = await _bound_kid(door, call, wanted.external_account_binding)
    binding = {name: wanted.external_account_binding[name] for name in eab.MEMBERS}
    account, created = await registration.register(
        door.services,
        Registration(
            call.server.id,
            kid,
            call.key.jwk,
            call.key.thumbprint,
            wanted.contact,
            _agreed_terms(door, wanted.terms_of_service_agreed),
            call.client,
            binding,
        ),
        now,
    )
    return account_reply(call.urls, account, 201 if created else 200)


async def account(door: AcmeDoor, call: AcmeCall, account_id: str) -> Reply:
    """Reads, updates or deactivates the signer's own account."""
    if account_id != call.account_id:
        raise Problem("unauthorized", "An account can be used only with its own key.", 403)
    if call.is_read:
        shown = await registration.read_account(door.services.pool, call.take_ticket())
        return account_reply(call.urls, shown)
    wanted = call.read(ChangedAccount)
    if wanted.status not in (None, "valid", "deactivated"):
        raise malformed('The status of an account can only be set to "deactivated".')
    update = AccountUpdate(
        wanted.contact,
        _agreed_terms(door, wanted.terms_of_service_agreed),
        wanted.status == "deactivated",
    )
    changed = await registration.update_account(
        door.services, call.take_ticket(), update, call.client.address
    )
    return account_reply(call.urls, changed)


def _agreed_terms(door: AcmeDoor, agreed: bool | None) -> str | None:
    """The terms that the client agrees to, which are the current ones; None = it does not."""
    return (door.services.settings.directory.terms_of_service or "") if agreed else None


async def _bound_kid(door: AcmeDoor, call: AcmeCall, binding: dict[str, Any]) -> str:
    bound = eab.read_binding(binding, call.key, call.url)
    eab.check_mac(bound, await registration.mac_key(door.services, call.server.id, bound.kid))
    return bound.kid


def account_reply(urls: Urls, shown: Account, status: int = 200) -> Reply:
    """The account object (RFC 8555 §7.1.2)."""
    document: dict[str, Any] = {
        "status": shown.status,
        "contact": shown.contacts,
        "termsOfServiceAgreed": shown.agreed_terms is not None,
        "orders": urls.orders(shown.id),
    }
    if shown.external_account_binding is not None:  # RFC 8555 §7.3.4
        document["externalAccountBinding"] = shown.external_account_binding
    return Reply(document, status, location=urls.account(shown.id))
