"""Issues the certificate of a proven application, at an issuer that may need minutes.

The intent is recorded first. An issuer that was asked once is asked until it has answered, even
when the customer has withdrawn meanwhile: a certificate that comes then is withheld and revoked.
"""

from datetime import datetime, timedelta

from gateway.ca.issuer import CertificateRequest, Failed, Issued, Issuer, Pending
from gateway.ca.pkcs10 import public_key_of
from gateway.db.pool import transaction
from gateway.errors import GatewayError
from gateway.errors.acme import AccountRefused, CaaUnchecked
from gateway.errors.ssl import StatusForbids
from gateway.refusal_log import Refused, reason_of
from gateway.rules.organization.organizations import Subject
from gateway.rules.public_names import objection_to_any
from gateway.rules.ssl import orders as rules
from gateway.services import Services
from gateway.store.acme.issuance import SignedCertificate
from gateway.store.ssl import applications as ssl_applications
from gateway.store.ssl import due as ssl_due
from gateway.store.ssl import issuance as ssl_issuance
from gateway.store.ssl import orders as ssl_orders
from gateway.store.ssl.applications import UnfinishedOrder
from gateway.usecases.ssl.checks import (
    GATEWAY,
    PAUSE_OF_OURS,
    look_at_caa_again,
    moved,
    settle_failed,
    unchanged,
)
from gateway.usecases.ssl.intents import PROFILE
from gateway.usecases.work import open_work

LEASE = timedelta(seconds=30)
"""How long a process may work on an order before another takes it over."""

_WANTED = ("ISSUING", "SUPPLEMENTCHECKING")
_AT_ONCE = timedelta(0)
_BEFORE_THERE_WERE_SEVERAL = "local"


async def ask_issuer(services: Services, item: UnfinishedOrder, now: datetime) -> bool:
    """Asks the issuer for the certificate; True = continue at once."""
    if item.issuer_state is None and (objection := await _objection(services, item, now)):
        await _pause(services, item, objection)
        return False
    issuer = await _issuer_of(services, item)
    # From here on a certificate may come to exist.
    if (
        item.issuer_state is None
        and services.issuers.immediate(issuer.name) is None
        and not await _note_asked(services, item, now)
    ):
        return True
    match await issuer.issue(_request_of(item), item.issuer_state or None):
        case Issued() as issued:
            await _keep(services, item, issuer, issued)
            return True
        case Pending(state, retry_after):
            await ssl_issuance.wait_for_issuer(
                services.pool,
                item.cert_id,
                item.application.id,
                state,
                timedelta(seconds=retry_after),
            )
            return False
        case Failed(detail):
            return await _settle_refused(services, item, detail, now)


async def _pause(services: Services, item: UnfinishedOrder, objection: GatewayError) -> None:
    problem, ours = str(objection), isinstance(objection, CaaUnchecked)
    if problem != item.problem and not ours:
        services.refusals.note(_refused(item, objection))
    pause = timedelta(seconds=rules.retry_seconds(item.attempts))
    await ssl_due.pause(
        services.pool, item.cert_id, PAUSE_OF_OURS if ours else pause, problem, counted=not ours
    )


async def _objection(
    services: Services, item: UnfinishedOrder, now: datetime
) -> GatewayError | None:
    if item.reseller_status != "active":
        return AccountRefused("The account is suspended.")
    if services.settings.ssl_public_only() and (why := objection_to_any(item.names)):
        return StatusForbids(f"The certificate can never be issued: {why}.")
    return await look_at_caa_again(services, item, now)


async def _issuer_of(services: Services, item: UnfinishedOrder) -> Issuer:
    """Gives the issuer that the intent names.

    If it names none, the first that the settings have is recorded there before it is asked. Raises
    IssuerMissing.
    """
    assert item.intent is not None
    name = item.intent.get("issuer")
    if name is None and item.issuer_state is not None:
        name = _BEFORE_THERE_WERE_SEVERAL
    elif name is None:
        first = services.issuers.of(services.settings.issuance.ssl_issuers)
        name = await ssl_issuance.record_issuer(services.pool, item.application.id, first.name)
    return services.issuers.named(name)


def _refused(item: UnfinishedOrder, objection: GatewayError) -> Refused:
    """The record of an objection for operators; the customer reads it at the order."""
    return Refused(
        "ssl",
        "issue",
        reason_of(objection),
        str(objection),
        login=item.login,
        subject=item.cert_id,
        proven=True,
        names=tuple(item.names),
    )


async def _note_asked(services: Services, item: UnfinishedOrder, now: datetime) -> bool:
    async with open_work(services.pool, now, GATEWAY) as work:
        if await unchanged(work, item) is None:
            return False
        await ssl_issuance.wait_for_issuer(
            work.connection, item.cert_id, item.application.id, {}, LEASE
        )
    return True


def _request_of(item: UnfinishedOrder) -> CertificateRequest:
    """The request to the issuer; the same each time it is sent."""
    assert item.intent is not None
    csr, organization = item.application.csr, item.application.organization
    return CertificateRequest(
        item.application.id,
        int(item.intent["serial"], 16),
        csr,
        public_key_of(csr),
        item.names,
        PROFILE,
        datetime.fromisoformat(item.intent["not_before"]),
        datetime.fromisoformat(item.intent["not_after"]),
        None if organization is None else Subject(**organization),
    )


async def _keep(services: Services, item: UnfinishedOrder, issuer: Issuer, issued: Issued) -> None:
    """Stores the signed certificate; it is given out only if the order still waits for it."""
    now = await services.clock.now()
    signed = SignedCertificate(
        issuer.id,
        issued.serial,
        issued.der,
        item.application.key_hash,
        item.names,
        issued.not_before,
        issued.not_after,
        now,
    )
    async with open_work(services.pool, now, GATEWAY) as work:
        fresh = await unchanged(work, item)
        if await ssl_issuance.is_stored(work.connection, item.application.id):
            await ssl_issuance.settle_issuer(work.connection, item.application.id)
            return  # another process was faster
        wanted = (
            fresh is not None
            and fresh.status in _WANTED
            and not await ssl_applications.key_is_compromised(work.connection, signed.key_hash)
        )
        await ssl_issuance.store_certificate(
            work.connection,
            cert_id=item.cert_id,
            application_id=item.application.id,
            signed=signed,
            withheld=not wanted,
        )
        await ssl_issuance.settle_issuer(work.connection, item.application.id)
        if fresh is None:
            return
        if wanted:
            await moved(work, item, "ISSUED")
        elif fresh.status in _WANTED:
            status = "ISSUED" if fresh.status == "SUPPLEMENTCHECKING" else "UNPASSED"
            await moved(work, item, status, problem="The key was compromised.")
        else:
            await ssl_due.make_due(work.connection, item.cert_id, _AT_ONCE)


async def _settle_refused(
    services: Services, item: UnfinishedOrder, detail: str, now: datetime
) -> bool:
    if item.status in _WANTED:
        problem = f"The certificate authority: {detail}"
        await settle_failed(services.pool, item, problem, now)
        return False
    async with transaction(services.pool) as connection:
        await ssl_orders.lock(connection, item.cert_id)
        await ssl_issuance.settle_issuer(connection, item.application.id)
    return True
