"""OV at the gate: whether names have valid pre-validations of one organization (O1, O9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.errors.acme import Refusal
from gateway.rules.organization.organizations import Subject
from gateway.rules.organization.prevalidations import Validity, instant


@dataclass(frozen=True, slots=True)
class Anchor:
    """The pre-validation that a name is linked to; `subject` as it was validated."""

    number: int
    organization_id: UUID
    validity: Validity
    subject: Subject


@dataclass(frozen=True, slots=True)
class Link:
    """A name of an OV subscription; without a pre-validation it gets no certificate."""

    name: str
    anchor: Anchor | None


def link_refusals(links: Sequence[Link], now: datetime) -> list[Refusal]:
    """One refusal for each pre-validation that does not hold; else one if the names disagree."""
    names_by_anchor: dict[Anchor | None, list[str]] = {}
    for link in sorted(links, key=lambda link: link.name):
        names_by_anchor.setdefault(link.anchor, []).append(link.name)
    refused = [
        Refusal(reason, tuple(names), _sentence(names, text))
        for anchor, names in names_by_anchor.items()
        for reason, text in _objections(anchor, now)
    ]
    return refused or _disagreement(names_by_anchor)


def subject_of(links: Sequence[Link]) -> Subject | None:
    """The subject of the certificate, once nothing is refused."""
    return next((link.anchor.subject for link in links if link.anchor), None)


def subject_refusal(links: Sequence[Link], intended: Subject | None) -> list[Refusal]:
    """Refuses a certificate for another subject than the one that is validated now."""
    if intended == subject_of(links):
        return []
    names = sorted(link.name for link in links)
    text = "The validated details of the organization changed meanwhile; place a new order."
    return [Refusal("organization_changed", tuple(names), _sentence(names, text))]


def _objections(anchor: Anchor | None, now: datetime) -> list[tuple[str, str]]:
    if anchor is None:
        cure = "ask your reseller to remove the name and to add it again with a valid one."
        return [("prevalidation_missing", f"No organization pre-validation is behind it; {cure}")]
    validity = anchor.validity
    if validity.holds(now):
        return []
    state = validity.state_at(now)
    reason = "prevalidation_not_begun" if state == "valid" else f"prevalidation_{state}"
    which = f"The organization pre-validation {anchor.number}"
    renew = "ask your reseller to order a new one and to assign the names to it."
    return [(reason, f"{which} {_fate(validity, state)}; {renew}")]


def _fate(validity: Validity, state: str) -> str:
    if state == "expired" and validity.expires_at is not None:
        return f"expired on {instant(validity.expires_at)}"
    if state == "valid" and validity.valid_from is not None:
        return f"is valid only from {instant(validity.valid_from)} on"
    if state == "rejected":
        return "was rejected"
    if state == "superseded":
        return "was replaced by another one"
    return "is not validated yet"


def _disagreement(names_by_anchor: dict[Anchor | None, list[str]]) -> list[Refusal]:
    """Refuses names of several subjects: one certificate has one subject."""
    names_by_subject: dict[tuple[UUID, Subject], list[str]] = {}
    for anchor, names in names_by_anchor.items():
        if anchor is not None:
            key = (anchor.organization_id, anchor.subject)
            names_by_subject.setdefault(key, []).extend(names)
    if len(names_by_subject) < 2:
        return []
    listed = "; ".join(
        f"{', '.join(names)}: {subject.organization}, {_place(subject)}"
        for (_, subject), names in names_by_subject.items()
    )
    names = [name for group in names_by_subject.values() for name in group]
    text = (
        f"The names belong to different organizations, or to different details of one ({listed}); "
        "order a certificate for each, or ask your reseller to assign all names to one "
        "pre-validation."
    )
    return [Refusal("organizations_differ", tuple(names), _sentence(names, text))]


def _place(subject: Subject) -> str:
    parts = (subject.locality, subject.state_or_province, subject.country)
    return ", ".join(part for part in parts if part)


def _sentence(names: Sequence[str], text: str) -> str:
    return f"No certificate can be issued for {', '.join(names)}. {text}"
