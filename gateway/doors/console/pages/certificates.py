"""SSL certificates: the list, one of them, its unsubscription and its record (docs/wire.md §8)."""

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.errors import NotFound
from gateway.errors.ssl import NotAcknowledged
from gateway.rules.ssl import orders as rules
from gateway.rules.ssl.orders import CERT_ID, REVOCATION_REASONS, STATUSES
from gateway.rules.ssl.refund import UNDER_REVIEW
from gateway.store.ssl.orders import Page
from gateway.usecases.ssl import details as ssl_details
from gateway.usecases.ssl import orders as ssl_orders
from gateway.usecases.ssl import unsubscription
from gateway.usecases.ssl.details import CertificateDetails
from gateway.usecases.ssl.orders import RevokeOrder
from gateway.usecases.work import Work
from gateway.web.forms import choice, flag

LIST = f"{BASE}/certificates"
STATUS_WORDS = {
    "PAID": "Pending application",
    "CHECKING": "Pending domain check",
    "CHECKING_ORG": "Pending organization check",
    "ISSUING": "Pending issue",
    "ISSUED": "Issued",
    "SUPPLEMENTCHECKING": "Issued, re-issue pending",
    "REVOKING": "Revoking",
    "REVOKED": "Revoked",
    "CANCELCHECKING": "Withdrawal in review",
    "UNPASSED": "Rejected",
    "EXPIRED": "Expired",
    "UPLOAD": "Uploaded",
}
"""The console's words for the statuses of the API."""
_REASON_WORDS = {
    "unspecified": "No particular reason",
    "keyCompromise": "The private key may be known to others",
    "affiliationChanged": "The organization's name or details have changed",
    "superseded": "Another certificate replaces it",
    "cessationOfOperation": "The domain is not used any more",
}
_DECISIONS = {
    "waiting": "Under review",
    "approved": "Approved",
    "rejected": "Rejected",
    "failed": "Failed",
}
_SORTED_BY = {
    "status": "certStatus",
    "expires": "certExpiredTime",
    "updated": "certUpdateTime",
}

SEARCH = PageForm(
    "certificates",
    (
        FormField(
            "status",
            "Status",
            choice(*STATUSES),
            "select",
            required=False,
            options=list(STATUS_WORDS.items()),
        ),
    ),
)
UNSUBSCRIBE = PageForm(
    "unsubscribe",
    (
        FormField(
            "acknowledged",
            "I acknowledge that the certificate will be deleted and cannot be restored after the"
            " unsubscription.",
            flag,
            "checkbox",
            required=False,
            wrong="Tick the box: the certificate cannot be restored.",
        ),
    ),
)
WITHDRAW = PageForm("withdraw")
REVOKE = PageForm(
    "revoke",
    (
        FormField(
            "reason",
            "Reason",
            choice(*REVOCATION_REASONS),
            "select",
            options=list(_REASON_WORDS.items()),
            wrong="Choose a reason.",
        ),
    ),
)


async def show_list(page: PageRequest) -> web.Response:
    """The certificates of a reseller, the latest change first."""
    filled, values = page.search(SEARCH)
    sorting, paging = page.sorting(tuple(_SORTED_BY), "-updated"), page.paging()
    status = values["status"] if values else None
    wanted = Page(
        paging.rows, paging.offset, _SORTED_BY[sorting.column], sorting.descending, status
    )
    async with page.open_reading() as work:
        orders, total = await ssl_details.list_page(work, page.session.owner_id, wanted)
        objections = await unsubscription.objections(work, orders)
    return page.render(
        "certificates.html",
        status=422 if values is None else 200,
        search=filled,
        orders=orders,
        objections=objections,
        under_review=UNDER_REVIEW,
        words=STATUS_WORDS,
        sorting=sorting,
        paging=paging.of(total),
    )


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """One certificate: its state, its proofs, and what can be done with it."""
    async with page.open_reading() as work:
        details = await details_of(page, work)
        order = details.order
        objections = await unsubscription.objections(work, [order])
    path = f"{LIST}/{order.cert_id}"
    forms = {
        "withdraw": page.form(WITHDRAW, f"{path}/withdraw"),
        "revoke": page.form(REVOKE, f"{path}/revoke"),
    }
    if refused is not None:
        forms[refused.form.name] = refused
    can = {each for each in rules.AFTER if rules.next_status(each, order.status)}
    if rules.period_is_over(order.first_issued_at, order.months, page.now):
        can.discard("apply")
    return page.render(
        "certificate.html",
        details=details,
        order=order,
        words=STATUS_WORDS,
        can=can,
        objection=objections[order.cert_id],
        under_review=UNDER_REVIEW,
        forms=forms,
    )


async def withdraw(page: PageRequest) -> web.Response:
    """Withdraws the application for a certificate."""

    async def carry_out(work: Work, _: Values) -> Done:
        cert_id = cert_id_in(page)
        await ssl_orders.withdraw(work, page.session.owner_id, cert_id)
        return Done(f"{LIST}/{cert_id}", "The application is withdrawn.")

    return await page.submit(WITHDRAW, carry_out, show)


async def revoke(page: PageRequest) -> web.Response:
    """Revokes all certificates of an order."""

    async def carry_out(work: Work, values: Values) -> Done:
        cert_id = cert_id_in(page)
        reason = values["reason"]
        wanted = RevokeOrder(page.session.owner_id, cert_id, REVOCATION_REASONS[reason], reason)
        await ssl_orders.revoke(work, wanted)
        return Done(f"{LIST}/{cert_id}", "The certificate is being revoked.")

    return await page.submit(REVOKE, carry_out, show)


async def show_unsubscribe(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """Confirm Unsubscription: the certificate, what is lost and paid back, and the tick."""
    async with page.open_reading() as work:
        details = await details_of(page, work)
        order = details.order
        objections = await unsubscription.objections(work, [order])
    path = f"{LIST}/{order.cert_id}/unsubscribe"
    return page.render(
        "unsubscribe.html",
        order=order,
        words=STATUS_WORDS,
        objection=objections[order.cert_id],
        form=refused or page.form(UNSUBSCRIBE, path),
    )


async def unsubscribe(page: PageRequest) -> web.Response:
    """Puts a certificate's unsubscription under review."""

    async def carry_out(work: Work, values: Values) -> Done:
        cert_id = cert_id_in(page)
        if not values["acknowledged"]:
            raise NotAcknowledged
        await unsubscription.request(work, page.session.owner_id, cert_id, acknowledged="flag")
        return Done(LIST, "Certificate unsubscribed.")

    return await page.submit(UNSUBSCRIBE, carry_out, show_unsubscribe)


async def show_records(page: PageRequest) -> web.Response:
    """My Orders: the unsubscriptions, with decision and reason."""
    paging = page.paging()
    async with page.open_reading() as work:
        records, total = await unsubscription.list_own(
            work, page.session.owner_id, paging.rows, paging.offset
        )
    return page.render(
        "unsubscriptions.html", records=records, decisions=_DECISIONS, paging=paging.of(total)
    )


async def download(page: PageRequest) -> web.Response:
    """A certificate, its chain, or both, as a PEM file."""
    async with page.open_reading() as work:
        details = await details_of(page, work)
    if details.leaf is None:
        raise NotFound
    kind = page.request.path.rpartition("/")[2]
    parts: dict[str, list[bytes]] = {
        "certificate.pem": [details.leaf],
        "chain.pem": details.chain,
        "fullchain.pem": [details.leaf, *details.chain],
    }
    text = "".join(_pem(each) for each in parts[kind])
    name = f"{details.order.cert_id}-{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=text, content_type="application/x-pem-file", headers=headers)


async def details_of(page: PageRequest, work: Work) -> CertificateDetails:
    """The certificate that the path names; raises NotFound."""
    owner_id = page.session.owner_id
    return await ssl_details.details(work, owner_id, cert_id_in(page))


def cert_id_in(page: PageRequest) -> str:
    """The certificate's id in the path; raises NotFound for what can be none."""
    cert_id = page.part("cert_id")
    if not CERT_ID.fullmatch(cert_id):
        raise NotFound
    return cert_id


def _pem(der: bytes) -> str:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()


_ONE = "/certificates/{cert_id}"
GROUP = PageGroup(
    (
        PageRoute("GET", "/certificates", RESELLER, show_list),
        PageRoute("GET", "/certificates/my-orders", RESELLER, show_records),
        PageRoute("GET", _ONE, RESELLER, show),
        PageRoute("POST", f"{_ONE}/withdraw", RESELLER, withdraw),
        PageRoute("POST", f"{_ONE}/revoke", RESELLER, revoke),
        PageRoute("GET", f"{_ONE}/unsubscribe", RESELLER, show_unsubscribe),
        PageRoute("POST", f"{_ONE}/unsubscribe", RESELLER, unsubscribe),
        PageRoute("GET", f"{_ONE}/certificate.pem", RESELLER, download),
        PageRoute("GET", f"{_ONE}/chain.pem", RESELLER, download),
        PageRoute("GET", f"{_ONE}/fullchain.pem", RESELLER, download),
    ),
    (NavigationEntry("SSL certificates", "/certificates", RESELLER),),
)
