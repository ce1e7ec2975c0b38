"""newOrder, orders, the orders list and finalize (RFC 8555 §7.1.2.1, §7.4)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gateway.doors.acme.door import AcmeDoor
from gateway.doors.acme.identifiers import Identifier, sorted_out
from gateway.doors.acme.jws import decode_base64url
from gateway.doors.acme.payload import Payload
from gateway.doors.acme.problem import malformed, not_found
from gateway.doors.acme.renewal_info import read_certificate_id
from gateway.doors.acme.reply import Reply, rfc3339
from gateway.doors.acme.signed_request import AcmeCall
from gateway.doors.acme.urls import Urls
from gateway.errors.acme import IssuanceRefused
from gateway.store.acme.orders import Order
from gateway.usecases.acme import issuance, orders
from gateway.usecases.acme.issuance import Finalize
from gateway.usecases.acme.orders import PlaceOrder

_PAGE_SIZE = 100
_RETRY_SECONDS = 2


class NewOrderPayload(Payload, rename="camel"):
    """The payload of newOrder (RFC 8555 §7.4; draft-ietf-acme-profiles; RFC 9773 §5)."""

    judged = frozenset({"identifiers", "profile"})

    identifiers: list[Identifier]
    not_before: datetime | None = None
    not_after: datetime | None = None
    profile: str | None = None
    replaces: str | None = None


class FinalizeForm(Payload):
    """The payload of finalize (RFC 8555 §7.4). An empty CSR is refused as a bad one."""

    judged = frozenset({"csr"})

    csr: str


async def new_order(door: AcmeDoor, call: AcmeCall) -> Reply:
    """Places an order, if the gate lets every name pass."""
    form = call.read(NewOrderPayload)
    names, refused = sorted_out(form.identifiers)
    if not names:
        raise IssuanceRefused(refused)
    wanted = PlaceOrder(
        call.server.id,
        names,
        None if form.replaces is None else read_certificate_id(form.replaces),
        form.profile,
        _instant("notBefore", form.not_before),
        _instant("notAfter", form.not_after),
        call.client.address,
        refused,
    )
    order = await orders.place_order(door.services, call.take_ticket(), wanted)
    return _reply(call.urls, order, 201)


async def order(door: AcmeDoor, call: AcmeCall, order_id: UUID) -> Reply:
    """Answers with one of the signer's orders."""
    call.require_read()
    return _reply(call.urls, await orders.read_order(door.services, call.take_ticket(), order_id))


async def list_orders(door: AcmeDoor, call: AcmeCall, account_id: str) -> Reply:
    """Answers with a page of the signer's orders, newest first."""
    call.require_read()
    if account_id != call.account_id:
        raise not_found()
    before = _cursor(call.query.get("cursor"))
    page, following = await orders.list_orders(
        door.services.pool, call.take_ticket(), before, _PAGE_SIZE
    )
    links = []
    if following is not None:
        links.append((f"{call.urls.orders(account_id)}?cursor={following}", "next"))
    return Reply({"orders": [call.urls.order(order_id) for order_id in page]}, links=links)


async def finalize(door: AcmeDoor, call: AcmeCall, order_id: UUID) -> Reply:
    """Asks for the certificate of a ready order."""
    form = call.read(FinalizeForm)
    wanted = Finalize(
        order_id,
        decode_base64url(form.csr, "The CSR"),
        call.key.public_key,
        call.client.address,
    )
    finalized = await issuance.finalize(door.services, door.runner, call.take_ticket(), wanted)
    return _reply(call.urls, finalized)


def _instant(name: str, value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise malformed(f"{name} must be a date and time with a zone (RFC 3339).")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise malformed(f"{name} lies before the year 1 or after the year 9999.") from None


def _cursor(text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise malformed("The cursor is not one of this list.") from None


def _reply(urls: Urls, shown: Order, status: int = 200) -> Reply:
    document: dict[str, Any] = {
        "status": shown.status,
        "expires": rfc3339(shown.expires_at),
        "identifiers": [{"type": "dns", "value": name} for name in shown.names],
        "profile": shown.profile,
        "authorizations": [urls.authorization(held) for held in shown.authorization_ids],
        "finalize": urls.finalize(shown.id),
    }
    if shown.not_before:
        document["notBefore"] = rfc3339(shown.not_before)
    if shown.not_after:
        document["notAfter"] = rfc3339(shown.not_after)
    if shown.replaces:
        document["replaces"] = shown.replaces
    if shown.error:
        document["error"] = shown.error
    if shown.status == "valid":
        document["certificate"] = urls.certificate(shown.id)
    retry_after = _RETRY_SECONDS if shown.status == "processing" else None
    return Reply(document, status, location=urls.order(shown.id), retry_after=retry_after)
