"""Alternate chains: from a certificate of ours to other roots that clients trust."""

from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import OperatorMistake
from gateway.store.ca import issuers
from gateway.store.ca.issuers import IssuerRow
from gateway.store.operation.audit import Change
from gateway.usecases.work import Work

_LONGEST = 10


async def add_chain(work: Work, name: str, pem: bytes) -> int:
    """Offers a chain to clients of the issuer `name`; gives its number, also if it was there.

    The first certificate must have the issuer's name and key, each further one certify the one
    before. Raises OperatorMistake.
    """
    try:
        chain = x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise OperatorMistake("the file holds no certificates in PEM") from None
    issuer = await issuers.lock(work.connection, name)
    if issuer is None:
        raise OperatorMistake(f"there is no issuer {name!r}")
    _check(issuer, chain)
    encoded = [certificate.public_bytes(Encoding.DER) for certificate in chain]
    if encoded in issuer.chains:
        return issuer.chains.index(encoded) + 1
    number = len(issuer.chains) + 1
    await issuers.add_chain(work.connection, issuer.id, number, encoded, work.now)
    after = {"number": number, "subjects": [each.subject.rfc4514_string() for each in chain]}
    await work.record(Change("chain.added", name, None, after))
    return number


async def has_chains(work: Work, name: str) -> bool:
    """Whether an issuer has any alternate chain. Nobody can add one until the transaction ends."""
    issuer = await issuers.lock(work.connection, name)
    return issuer is not None and bool(issuer.chains)


def _check(issuer: IssuerRow, chain: list[x509.Certificate]) -> None:
    own = x509.load_der_x509_certificate(issuer.certificate)
    if chain[0].subject != own.subject or chain[0].public_key() != own.public_key():
        raise OperatorMistake(
            f"the first certificate is not one of {issuer.name}: it must have the subject "
            f"{own.subject.rfc4514_string()} and the same key"
        )
    if chain[0] == own:
        raise OperatorMistake("the first certificate is the usual one; this is no other chain")
    if len(chain) > _LONGEST:
        raise OperatorMistake(f"a chain has at most {_LONGEST} certificates")
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature):
            raise OperatorMistake(
                f"{upper.subject.rfc4514_string()} has not issued the certificate before it"
            ) from None
