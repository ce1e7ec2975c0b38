"""SSL certificate orders as JSON documents, with the vendor's member names."""

from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.rules.ssl import orders as rules
from gateway.store.ssl.orders import SslOrder
from gateway.usecases.ssl.details import CertificateDetails, ShownProof
from gateway.usecases.ssl.purchases import Purchased

_METHODS = {"dns-01": "DNS", "http-01": "FILE"}


def purchased(bought: Purchased) -> dict[str, Any]:
    return {
        "cert_id": bought.cert_id,
        "order_number": bought.order_number,
        "status": "PAID",
        "paid_amount": bought.payment.total,
        "coupon_amount": bought.payment.coupon,
        "cash_amount": bought.payment.cash,
        "currency": bought.currency,
    }


def moved(order: SslOrder) -> dict[str, Any]:
    """An order after an operation."""
    return {"cert_id": order.cert_id, "status": order.status}


def applied(details: CertificateDetails) -> dict[str, Any]:
    """The answer to an application: what the customer has to put in place."""
    return {**moved(details.order), "domain_validation": _proofs(details.proofs)}


def listed(order: SslOrder) -> dict[str, Any]:
    """A row of the list (ListCertificates)."""
    return {
        "id": order.cert_id,
        "name": order.name,
        "domain": order.names[0],
        "sans": ";".join(order.names[1:]),
        "type": order.type,
        "brand": order.brand,
        "expire_time": instant(order.not_after),
        "domain_type": rules.domain_type(order.names),
        "validity_period": order.months,
        "status": order.status,
        "domain_count": len(order.names),
        "wildcard_count": rules.wildcard_count(order.names),
    }


def shown(details: CertificateDetails) -> dict[str, Any]:
    """One certificate with all details."""
    order = details.order
    return {
        **listed(order),
        "order_number": order.order_number,
        "paid_amount": order.paid,
        "coupon_amount": order.coupon,
        "currency": order.currency,
        "purchase_time": instant(order.purchased_at),
        "first_issue_time": instant(order.first_issued_at),
        "revoke_time": instant(order.revoked_at),
        "update_time": instant(order.updated_at),
        "problem": order.problem,
        "domain_validation": _proofs(details.proofs),
        "certificate": None if details.leaf is None else _pem(details.leaf),
        "certificate_chain": "".join(_pem(der) for der in details.chain),
    }


def instant(moment: datetime | None) -> str | None:
    """An instant in UTC as the vendor writes it: `2021-05-27 16:46:25.0`."""
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}.0"


def _proofs(proofs: list[ShownProof]) -> list[dict[str, Any]]:
    return [
        {
            "domain": proof.name,
            "method": _METHODS[proof.method],
            "location": proof.location,
            "value": proof.value,
            "validated": proof.validated,
            "problem": proof.problem,
        }
        for proof in proofs
    ]


def _pem(der: bytes) -> str:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()
