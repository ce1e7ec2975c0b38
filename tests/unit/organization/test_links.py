"""The gate's decision on OV names (O1, O9)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from gateway.rules.acme.issuance import (
    AccountStanding,
    GateFacts,
    SubscriptionFacts,
    late_refusals,
    refusals,
)
from gateway.rules.organization.links import Anchor, Link, subject_of
from gateway.rules.organization.organizations import Subject
from gateway.rules.organization.prevalidations import Validity

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ACME = Subject("Acme Ltd", "London", "", "GB")
OTHER = Subject("Andere AG", "Zürich", "", "CH")
FIRST, SECOND = UUID(int=1), UUID(int=2)
A, B = "a.example.com", "b.example.com"


def anchor(
    number: int = 7,
    organization: UUID = FIRST,
    state: str = "valid",
    valid_from: datetime | None = None,
    expires_at: datetime = NOW + DAY,
    subject: Subject = ACME,
) -> Anchor:
    return Anchor(number, organization, Validity(state, valid_from, expires_at), subject)


def facts(*links: Link, dv: bool = False) -> GateFacts:
    return GateFacts(
        AccountStanding("valid", False, "active", False),
        SubscriptionFacts(NOW - DAY, NOW + DAY),
        frozenset([A, B]),
        None if dv else links,
    )


def test_dv_asks_for_none() -> None:
    assert refusals(facts(dv=True), [A, B], NOW) == []
    assert facts(dv=True).subject is None
    assert late_refusals(facts(dv=True), [A, B], NOW, None) == []


def test_names_of_one_organization_are_fine_also_by_two_pre_validations() -> None:
    both = facts(Link(A, anchor()), Link(B, anchor(8)))
    assert refusals(both, [A, B], NOW) == []
    assert both.subject == ACME


def test_each_pre_validation_that_does_not_hold_is_reported_with_its_names() -> None:
    gone = anchor(8, state="rejected")
    refused = refusals(facts(Link(B, gone), Link("c", None), Link(A, gone)), [A, B], NOW)
    assert [(refusal.reason, refusal.names) for refusal in refused] == [
        ("prevalidation_rejected", (A, B)),
        ("prevalidation_missing", ("c",)),
    ]
    assert not any(refusal.concerns_name_only for refusal in refused)


@pytest.mark.parametrize(
    ("held", "reason", "said"),
    [
        (anchor(expires_at=NOW - DAY), "expired", "7 expired on 2025-05-31T12:00:00Z; ask"),
        (anchor(state="expired", expires_at=NOW - DAY), "expired", "7 expired on 2025-05-31T"),
        (anchor(valid_from=NOW + DAY), "not_begun", "is valid only from 2025-06-02T12:00:00Z on"),
        (anchor(state="superseded"), "superseded", "was replaced by another one"),
        (anchor(state="in_validation"), "in_validation", "is not validated yet"),
    ],
)
def test_reasons_and_cures(held: Anchor, reason: str, said: str) -> None:
    [refusal] = refusals(facts(Link(A, held)), [A], NOW)
    assert refusal.reason == f"prevalidation_{reason}"
    assert refusal.text.startswith(f"No certificate can be issued for {A}. The organization")
    assert said in refusal.text
    assert "ask your reseller to order a new one" in refusal.text


@pytest.mark.parametrize(
    "other",
    [
        anchor(8, SECOND, subject=OTHER),
        anchor(8, SECOND),  # the same words about another organization
        anchor(8, subject=OTHER),  # other words about the same organization
    ],
)
def test_names_that_do_not_agree_on_one_subject_are_refused(other: Anchor) -> None:
    [refusal] = refusals(facts(Link(A, anchor()), Link(B, other)), [A, B], NOW)
    assert (refusal.reason, refusal.names) == ("organizations_differ", (A, B))


def test_a_certificate_about_what_was_validated_before_is_not_given_out() -> None:
    now_other = facts(Link(A, anchor(8, subject=OTHER)))
    assert late_refusals(now_other, [A], NOW, OTHER) == []
    for intended in (ACME, None):
        [refusal] = late_refusals(now_other, [A], NOW, intended)
        assert refusal.reason == "organization_changed"
    [refusal] = late_refusals(facts(Link(A, anchor(state="rejected"))), [A], NOW, ACME)
    assert refusal.reason == "prevalidation_rejected"


def test_without_a_pre_validation_there_is_no_subject() -> None:
    assert subject_of([Link(A, None)]) is None
