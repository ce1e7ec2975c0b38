"""Problem documents (RFC 7807, RFC 8555 §6.7): the one place where ACME errors are rendered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.errors import GatewayError, NotFound
from gateway.errors.acme import (
    AccountRefused,
    AlreadyReplaced,
    AlreadyRevoked,
    BadCsr,
    BadRevocationReason,
    BadValidity,
    CaaRefused,
    CaaUnchecked,
    CertificateUnreadable,
    ContactInvalid,
    ContactUnsupported,
    EabRefused,
    IssuanceRefused,
    KeyChanged,
    NonceUsed,
    NotReplaceable,
    OrderNotReady,
    Refusal,
    RevocationRefused,
    TermsNotAgreed,
    UnknownProfile,
)
from gateway.errors.ca import IssuerMissing
from gateway.web.rendering import line_for

if TYPE_CHECKING:
    from gateway.doors.acme.signed_request import AcmeCall

_LONGEST_NAME_SHOWN = 253  # characters; the subproblem has all of it
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
    call: "AcmeCall | None" = None
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
    """The problem badNonce; the response carries a fresh nonce to try again (RFC 8555 §6.5)."""
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
    """The problem document of a refusal that a use case raised; raises what has no line."""
    line = line_for(PROBLEMS, error)
    if line is None:
        raise error
    return line(error)


def _issuance_refused(error: IssuanceRefused) -> Problem:
    """No right to issue at all: 403; else 400 with a subproblem for each refused identifier."""
    refusals = error.refusals
    if any(not refusal.concerns_name_only for refusal in refusals):
        general = [refusal for refusal in refusals if not refusal.concerns_name_only]
        return Problem("unauthorized", " ".join(refusal.text for refusal in general), 403)
    kinds = {_kind_of(refusal) for refusal in refusals}
    return Problem(
        kinds.pop() if len(kinds) == 1 else "compound",
        _why_identifiers_are_refused(refusals),
        members={"subproblems": [_subproblem(refusal) for refusal in refusals]},
    )


def _why_identifiers_are_refused(refusals: Sequence[Refusal]) -> str:
    unlisted = [refusal.names[0] for refusal in refusals if refusal.reason == "not_listed"]
    texts = [
        refusal.text
        if refusal.names[0] in refusal.text
        else f"{refusal.names[0][:_LONGEST_NAME_SHOWN]}: {refusal.text}"
        for refusal in refusals
        if refusal.reason != "not_listed"
    ]
    if unlisted:
        texts.append(
            f"No certificate can be issued for {', '.join(unlisted)}: "
            "not in the subscription; ask your reseller to add it."
        )
    return " ".join(texts)


def _kind_of(refusal: Refusal) -> str:
    return "unsupportedIdentifier" if refusal.type != "dns" else "rejectedIdentifier"


def _subproblem(refusal: Refusal) -> dict[str, Any]:
    """The subproblem of a refusal (RFC 8555 §6.7.1)."""
    return {
        "type": URN + _kind_of(refusal),
        "detail": refusal.text,
        "identifier": {"type": refusal.type, "value": refusal.names[0]},
    }


def _issuer_missing(_: IssuerMissing) -> Problem:
    return Problem(
        "serverInternal",
        "The CA behind this directory is out of service; please finalize again later.",
        503,
        headers={"Retry-After": "60"},
    )


def _caa_refused(error: CaaRefused) -> Problem:
    """The problem of a CAA refusal (RFC 8659); a failed look-up is of type dns (RFC 8555 §6.7)."""
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


def _eab_refused(error: EabRefused) -> Problem:
    return Problem(
        "malformed" if error.malformed else "unauthorized",
        f"[External Account Binding] {error.detail}",
        400 if error.malformed else 403,
    )


def _terms_not_agreed(error: TermsNotAgreed) -> Problem:
    return Problem(
        "userActionRequired",
        f"The account must agree to the terms of service at {error.url}: "
        'send "termsOfServiceAgreed": true.',
        403,
        members={"instance": error.url},
        links=[(error.url, "terms-of-service")],
    )


def _caa_unchecked(error: CaaUnchecked) -> Problem:
    return Problem(
        "serverInternal",
        f"{error} The cause is on the side of this CA; please finalize again.",
        503,
        headers={"Retry-After": "5"},
    )


def _in_own_words(kind: str, status: int = 400) -> Callable[[Any], Problem]:
    return lambda error: Problem(kind, error.detail, status)


PROBLEMS: Mapping[type[Exception], Callable[[Any], Problem]] = {
    AccountRefused: _in_own_words("unauthorized", 403),
    AlreadyReplaced: _in_own_words("alreadyReplaced", 409),
    AlreadyRevoked: _in_own_words("alreadyRevoked"),
    BadCsr: _in_own_words("badCSR"),
    BadRevocationReason: _in_own_words("badRevocationReason"),
    BadValidity: _in_own_words("malformed"),
    CaaRefused: _caa_refused,
    CaaUnchecked: _caa_unchecked,
    CertificateUnreadable: _in_own_words("malformed"),
    ContactInvalid: _in_own_words("invalidContact"),
    ContactUnsupported: _in_own_words("unsupportedContact"),
    EabRefused: _eab_refused,
    IssuerMissing: _issuer_missing,
    IssuanceRefused: _issuance_refused,
    KeyChanged: lambda _: bad_signature(),
    NonceUsed: lambda _: bad_nonce(),
    NotFound: lambda _: not_found(),
    NotReplaceable: _in_own_words("malformed"),
    OrderNotReady: _in_own_words("orderNotReady", 403),
    RevocationRefused: _in_own_words("unauthorized", 403),
    TermsNotAgreed: _terms_not_agreed,
    UnknownProfile: _in_own_words("invalidProfile"),
}
"""The ACME door's table of errors: a new refusal is one line here."""
