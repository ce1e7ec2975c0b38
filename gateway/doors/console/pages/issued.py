"""A certificate: details, chain, owner, and its revocation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from gateway.doors.console.access import allows, operators
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.rules.operation.revocation_reasons import REASONS
from gateway.rules.operation.roles import Permission
from gateway.usecases.operation import certificates
from gateway.usecases.work import Work
from gateway.web.forms import choice, flag

_LOOK = operators(Permission.LOOK)
_REVOKE = operators(Permission.REVOKE)
REASON_WORDS: Mapping[int, str] = {
    0: "unspecified",
    1: "key compromise: all certificates of the key",
    3: "affiliation changed",
    4: "superseded",
    5: "cessation of operation",
    9: "privilege withdrawn",
}
"""Reasons as people read them."""

REASON = FormField(
    "reason",
    "Reason",
    choice(*map(str, REASONS)),
    control="select",
    options=[(str(code), f"{code}, {REASON_WORDS[code]}") for code in REASONS],
    wrong="Choose one of the reasons.",
)
"""The reason of a revocation, to be chosen."""

REVOKE = PageForm(
    "revoke",
    (
        REASON,
        FormField(
            "sure",
            "I know that a revocation cannot be undone.",
            flag,
            control="checkbox",
            wrong="Tick the box.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """What is read from a certificate itself."""

    subject: str
    issuer: str
    key: str
    signature: str
    fingerprint: str
    not_before: datetime
    not_after: datetime


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The page of a certificate."""
    async with page.open_reading() as work:
        found = await certificates.show_certificate(work, page.part("serial"))
    form = None
    if found.revoked_at is None and allows(page.session, Permission.REVOKE):
        form = refused or page.form(REVOKE, f"{BASE}/issued/{found.serial}/revoke")
    return page.render(
        "issued.html",
        found=found,
        own=_read(found.der),
        chain=[_read(der) for der in found.chain],
        reason=None
        if found.revocation_reason is None
        else REASONS.get(found.revocation_reason, str(found.revocation_reason)),
        state=_state(found, page.now),
        form=form,
        trouble=refused.trouble if refused is not None and form is None else "",
    )


async def download(page: PageRequest) -> web.Response:
    """The certificate and its chain as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    async with page.open_reading() as work:
        found = await certificates.show_certificate(work, page.part("serial"))
    pem = b"".join(
        x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
        for der in (found.der, *found.chain)
    )
    name = f'attachment; filename="{found.serial}.pem"'
    return web.Response(
        body=pem,
        content_type="application/pem-certificate-chain",
        headers={"Content-Disposition": name},
    )


async def revoke(page: PageRequest) -> web.Response:
    """Revokes it, for key compromise all certificates of its key."""

    async def carry_out(work: Work, values: Values) -> Done:
        revoked = await certificates.revoke(work, page.part("serial"), int(values["reason"]))
        return Done(
            f"{BASE}/issued/{page.part('serial')}",
            f"Certificates that were revoked: {len(revoked)}. The next CRL lists them.",
        )

    return await page.submit(REVOKE, carry_out, show)


def _state(found: certificates.IssuedRow, now: datetime) -> str:
    if found.revoked_at is not None:
        return "revoked"
    if found.withheld:
        return "withheld"
    return "expired" if now > found.not_after else "valid"


def _read(der: bytes) -> ShownCertificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    certificate = x509.load_der_x509_certificate(der)
    public = certificate.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        key = f"ECDSA {public.curve.name}"
    elif isinstance(public, rsa.RSAPublicKey):
        key = f"RSA {public.key_size}"
    else:
        key = type(public).__name__
    digest = certificate.signature_hash_algorithm
    return ShownCertificate(
        certificate.subject.rfc4514_string(),
        certificate.issuer.rfc4514_string(),
        key,
        "without a hash" if digest is None else digest.name,
        certificate.fingerprint(hashes.SHA256()).hex(),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )


GROUP = PageGroup(
    (
        PageRoute("GET", "/issued/{serial}", _LOOK, show),
        PageRoute("GET", "/issued/{serial}/chain.pem", _LOOK, download),
        PageRoute("POST", "/issued/{serial}/revoke", _REVOKE, revoke),
    )
)
