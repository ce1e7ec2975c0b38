"""Proofs that customers put in place to show control over the names of their orders."""

from base64 import urlsafe_b64encode
from datetime import timedelta

from gateway import ids
from gateway.config import Settings
from gateway.errors.ssl import BadMember
from gateway.rules.acme.key_authorization import txt_value
from gateway.rules.names import base_of, name_type
from gateway.store.ssl import applications as ssl_applications
from gateway.store.ssl.applications import NameProof
from gateway.store.ssl.orders import SslOrder
from gateway.usecases.work import Work


def key_authorization(token: str, key_hash: bytes) -> str:
    """The key authorization (RFC 8555 §8.1), with the CSR key's hash as the thumbprint."""
    return f"{token}.{urlsafe_b64encode(key_hash).rstrip(b'=').decode()}"


def location_and_value(proof: NameProof, key_hash: bytes) -> tuple[str, str]:
    """The location and value of a proof: a TXT record (dns-01) or the body of a page (http-01)."""
    base = base_of(proof.name)
    expected = key_authorization(proof.token, key_hash)
    if proof.method == "dns-01":
        return f"_acme-challenge.{base}", txt_value(expected)
    return f"http://{base}/.well-known/acme-challenge/{proof.token}", expected


async def new_proofs(
    work: Work,
    settings: Settings,
    order: SslOrder,
    method: str,
) -> list[NameProof]:
    """Makes new proofs; names whose control the reseller has proven lately keep that proof."""
    if method != "dns-01" and any(name_type(name) == "wildcard" for name in order.names):
        raise BadMember("domain_method must be DNS for wildcards (RFC 8555 §8.4).")
    since = work.now - timedelta(days=settings.issuance.authorization_days)
    earlier = await ssl_applications.earlier_proofs(
        work.connection, order.reseller_id, order.names, since
    )
    proofs = []
    for position, name in enumerate(order.names):
        known = earlier.get(name)
        if known is not None and known.proven_at is not None and known.proven_at <= work.now:
            proof = NameProof(
                position, name, known.method, known.token, known.proven_at, known.caa_checked_at
            )
        else:
            proof = NameProof(position, name, method, ids.new_challenge_token(), None, None)
        proofs.append(proof)
    return proofs
