"""Problem documents (RFC 7807, RFC 8555 §6.7): the one place where ACME errors are rendered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.errors import (
    AccountRefused,
    AlreadyReplaced,
    AlreadyRevoked,
    BadCsr,
    BadRevocationReason,
    BadValidity,
    CaaRefused,
    CertificateUnreadable,
    ContactInvalid,
    ContactUnsupported,
    EabRefused,
    GatewayError,
    IssuanceRefused,
    KeyChanged,
    NonceUsed,
    NotFound,
    NotReplaceable,
    OrderNotReady,
    RevocationRefused,
    TermsNotAgreed,
    UnknownProfile,
)

if TYPE_CHECKING:
    from gateway.acme.signed_request import Call

URN = "urn:ietf:params:acme:error:"


@dataclass
class Problem(Exception):
    """An error of the protocol itself. `kind` is the last part of the error URN."""

    kind: str
    detail: str
    status: int = 400
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    links: Sequence[tuple[str, str]] = ()
    call: "Call | None" = None
    """The verified request that was refused; None = nobody has proven to have signed it."""

    def document(self) -> dict[str, Any]:
        return {
            "type": URN + self.kind,
            "detail": self.detail,
            "status": self.status,
            **self.members,
        }


def malformed(detail: str, status: int = 400) -> Problem:
    return Problem("malformed", detail, status)


def not_found() -> Problem:
    """One answer for what does not exist and what belongs to somebody else."""
    return malformed("There is no such resource for this account.", 404)


def bad_nonce() -> Problem:
    """RFC 8555 §6.5: the response carries a fresh nonce to try again with."""
    return Problem("badNonce", "The nonce is stale, was used before, or was not made here.")


def bad_signature() -> Problem:
    return malformed("The JWS signature does not verify with the key it names.")


def unavailable() -> Problem:
    return Problem(
        "serverInternal",
        "The gateway cannot reach its database right now; please try again.",
        503,
        headers={"Retry-After": "5"},
    )


def from_domain_error(error: GatewayError) -> Problem:
    """The problem document of a refusal that a use case raised."""
    match error:
        case IssuanceRefused():
            return _issuance_refused(error)
        case CaaRefused():
            return _caa_refused(error)
        case EabRefused():
            return Problem(
                "malformed" if error.malformed else "unauthorized",
                f"[External Account Binding] {error.detail}",
                400 if error.malformed else 403,
            )
        case AccountRefused():
            return Problem("unauthorized", error.detail, 403)
        case NonceUsed():
            return bad_nonce()
        case KeyChanged():
            return bad_signature()
        case NotFound():
            return not_found()
        case TermsNotAgreed():
            return Problem(
                "userActionRequired",
                f"The account must agree to the terms of service at {error.url}: "
                'send "termsOfServiceAgreed": true.',
                403,
                members={"instance": error.url},
                links=[(error.url, "terms-of-service")],
            )
        case ContactInvalid():
            return Problem("invalidContact", error.detail)
        case ContactUnsupported():
            return Problem("unsupportedContact", error.detail)
        case RevocationRefused():
            return Problem("unauthorized", error.detail, 403)
        case NotReplaceable():
            return malformed(error.detail)
        case AlreadyReplaced():
            return Problem("alreadyReplaced", error.detail, 409)
        case AlreadyRevoked():
            return Problem("alreadyRevoked", error.detail)
        case BadRevocationReason():
            return Problem("badRevocationReason", error.detail)
        case CertificateUnreadable():
            return malformed(error.detail)
        case OrderNotReady():
            return Problem("orderNotReady", error.detail, 403)
        case BadCsr():
            return Problem("badCSR", error.detail)
        case UnknownProfile():
            return Problem("invalidProfile", error.detail)
        case BadValidity():
            return malformed(error.detail)
        case _:
            raise error


def _issuance_refused(error: IssuanceRefused) -> Problem:
    """Unlisted names: 400 with a subproblem each; no right to issue at all: 403."""
    refusals = error.refusals
    if any(not refusal.concerns_name_only for refusal in refusals):
        general = [refusal for refusal in refusals if not refusal.concerns_name_only]
        return Problem("unauthorized", " ".join(refusal.text for refusal in general), 403)
    names = ", ".join(refusal.names[0] for refusal in refusals)
    return Problem(
        "rejectedIdentifier",
        f"No certificate can be issued for {names}: "
        "not in the subscription; ask your reseller to add it.",
        members={"subproblems": subproblems("rejectedIdentifier", refusals_by_name(error))},
    )


def _caa_refused(error: CaaRefused) -> Problem:
    """RFC 8659; what could not be looked up is a matter of DNS (RFC 8555 §6.7)."""
    details = [
        {
            "type": URN + ("caa" if refusal.forbidden else "dns"),
            "detail": refusal.text,
            "identifier": {"type": "dns", "value": refusal.name},
        }
        for refusal in error.refusals
    ]
    kind, status = ("caa", 403) if error.forbidden else ("dns", 400)
    return Problem(kind, str(error), status, members={"subproblems": details})


def refusals_by_name(error: IssuanceRefused) -> list[tuple[str, str]]:
    return [(name, refusal.text) for refusal in error.refusals for name in refusal.names]


def subproblems(kind: str, name_and_detail: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """RFC 8555 §6.7.1."""
    return [
        {
            "type": URN + kind,
            "detail": detail,
            "identifier": {"type": "dns", "value": name},
        }
        for name, detail in name_and_detail
    ]
