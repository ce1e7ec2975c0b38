"""dns-persist-01: a lasting TXT record that lets an account of this CA have certificates.

draft-sheurich-acme-dns-persist; the record is written like the value of a CAA record (RFC 8659
§4.2): "ca.example.net; accounturi=https://…; policy=wildcard; persistUntil=1767225600".
"""

import re
from datetime import UTC, datetime

from gateway.rules.acme.caa import IssueValue, parse_issue_value
from gateway.validation.dns import LookupFailed, Resolver
from gateway.validation.method import (
    Claim,
    Evidence,
    FailureKind,
    Network,
    ValidationFailed,
    unknown,
)

_SECONDS = re.compile(r"-?[0-9]{1,11}")
_SHOWN = 64  # characters
_MOST_SHOWN = 4  # of the objections


async def check(claim: Claim, resolver: Resolver, network: Network) -> Evidence:
    """Checks that a TXT record of _validation-persist.<name> names this account and is valid.

    Records for other CAs are ignored. Raises ValidationFailed.
    """
    owner = f"_validation-persist.{claim.name}"
    try:
        records = await resolver.txt(owner)
    except LookupFailed as error:
        raise unknown(error) from error
    objections = [_objection(record, claim) for record in records if _is_ours(record, claim)]
    if None in objections:
        return {"record": owner}
    if not objections:
        wanted = f"{' or '.join(claim.identities)}; accounturi={claim.account_url}"
        raise ValidationFailed(
            "unauthorized", f"{owner} has no TXT record for this CA; expected {wanted!a}."
        )
    found = [objection for objection in objections if objection is not None]
    kind: FailureKind = (
        "malformed" if any(kind == "malformed" for kind, _ in found) else "unauthorized"
    )
    raise ValidationFailed(kind, f"{owner}: {'; '.join(text for _, text in found[:_MOST_SHOWN])}.")


def _is_ours(record: str, claim: Claim) -> bool:
    """Does the first part name this CA, whether or not the rest can be understood?"""
    issuer = record.partition(";")[0].strip(" \t").lower()
    return issuer in {identity.lower() for identity in claim.identities}


def _objection(record: str, claim: Claim) -> tuple[FailureKind, str] | None:
    """Why the record does not prove the claim; None = it does."""
    value = parse_issue_value(record)
    if value is None or len({tag for tag, _ in value.parameters}) < len(value.parameters):
        return "malformed", f"{record[:_SHOWN]!a} is malformed or names a parameter twice"
    account_url = _parameter(value, "accounturi")
    if not account_url:
        return "malformed", f"{record[:_SHOWN]!a} lacks accounturi"
    if account_url != claim.account_url:
        return (
            "unauthorized",
            f"the record is for the account {account_url[:256]!a}, not {claim.account_url}",
        )
    if claim.wildcard and _parameter(value, "policy").lower() != "wildcard":
        return "unauthorized", "the record does not say policy=wildcard"
    return _time_objection(value, claim)


def _time_objection(value: IssueValue, claim: Claim) -> tuple[FailureKind, str] | None:
    if not value.of("persistuntil"):
        return None
    text = _parameter(value, "persistuntil")
    if not _SECONDS.fullmatch(text):
        return "malformed", f"persistUntil={text[:_SHOWN]} is no number of seconds since 1970"
    try:
        until = datetime.fromtimestamp(int(text), UTC)
    except (OverflowError, ValueError, OSError):
        return "malformed", f"persistUntil={text} lies outside the calendar"
    if claim.at > until:
        return "unauthorized", f"the record counted until {until:%Y-%m-%dT%H:%M:%SZ}"
    return None


def _parameter(value: IssueValue, tag: str) -> str:
    return next(iter(value.of(tag)), "")
