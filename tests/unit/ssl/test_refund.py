"""The decision table of docs/wire.md §8: status by date, the boundary to the instant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.ssl.orders import STATUSES
from gateway.rules.ssl.refund import CertificateFacts

PAID_AT = datetime(2025, 12, 1, 12, tzinfo=UTC)
DEADLINE = datetime(2025, 12, 8, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NEW = CertificateFacts(
    "PAID",
    bought_here=True,
    paid_at=PAID_AT,
    asked_at=PAID_AT + timedelta(days=3),
    revoked_at=None,
    under_review=False,
    refunded=False,
)
REVOKED = replace(NEW, status="REVOKED", revoked_at=PAID_AT + timedelta(days=2))


@pytest.mark.parametrize(
    ("status", "why_not"),
    [
        ("PAID", None),
        ("CHECKING", "withdraw it first"),
        ("CHECKING_ORG", "withdraw it first"),
        ("ISSUING", "withdraw it first"),
        ("CANCELCHECKING", "withdrawal"),
        ("UNPASSED", "rejected"),
        ("ISSUED", "revoke it first"),
        ("SUPPLEMENTCHECKING", "revoke it first"),
        ("REVOKING", "not complete"),
        ("REVOKED", None),
        ("EXPIRED", "expired"),
        ("UPLOAD", "not bought here"),
    ],
)
def test_every_status_within_the_period(status: str, why_not: str | None) -> None:
    revoked_at = REVOKED.revoked_at if status == "REVOKED" else None
    facts = replace(NEW, status=status, revoked_at=revoked_at, bought_here=status != "UPLOAD")
    found = facts.objection()
    if why_not is None:
        assert found is None
    else:
        assert found is not None and why_not in found


@pytest.mark.parametrize("facts", [NEW, REVOKED], ids=lambda facts: facts.status)
@pytest.mark.parametrize(
    ("requested_at", "in_time"),
    [
        (PAID_AT, True),
        (datetime(2025, 12, 8, 11, 58, 59, tzinfo=UTC), True),
        (datetime(2025, 12, 8, 11, 59, tzinfo=UTC), True),
        (datetime(2025, 12, 8, 11, 59, 59, tzinfo=UTC), True),
        (DEADLINE - timedelta(microseconds=1), True),
        (DEADLINE, False),
        (DEADLINE + SECOND, False),
        (PAID_AT + timedelta(days=365), False),
    ],
)
def test_b1_a_request_is_in_time_before_168_hours_have_passed(
    facts: CertificateFacts, requested_at: datetime, in_time: bool
) -> None:
    assert (replace(facts, asked_at=requested_at).objection() is None) is in_time


@pytest.mark.parametrize(
    ("revoked_at", "eligible"),
    [
        (PAID_AT, True),
        (DEADLINE - SECOND, True),
        (DEADLINE, False),
        (DEADLINE + SECOND, False),
        (None, False),
    ],
)
def test_a_revocation_counts_only_if_it_was_complete_before_the_deadline(
    revoked_at: datetime | None, eligible: bool
) -> None:
    # The request itself is in time, so that only the revocation decides.
    facts = replace(REVOKED, revoked_at=revoked_at, asked_at=DEADLINE - SECOND)
    assert (facts.objection() is None) is eligible


@pytest.mark.parametrize("facts", [NEW, REVOKED], ids=lambda facts: facts.status)
def test_g1_only_what_was_bought_here(facts: CertificateFacts) -> None:
    assert replace(facts, bought_here=False).objection()


@pytest.mark.parametrize("facts", [NEW, REVOKED], ids=lambda facts: facts.status)
def test_g3_nothing_while_it_is_under_review(facts: CertificateFacts) -> None:
    assert replace(facts, under_review=True).objection()


@pytest.mark.parametrize("facts", [NEW, REVOKED], ids=lambda facts: facts.status)
def test_nothing_is_paid_back_twice(facts: CertificateFacts) -> None:
    assert replace(facts, refunded=True).objection()


@given(
    st.sampled_from(STATUSES),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.timedeltas(timedelta(0), timedelta(days=30)),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=30)),
)
def test_eligible_is_never_more_than_the_two_rows_of_the_table(
    status: str,
    bought_here: bool,
    under_review: bool,
    refunded: bool,
    asked_after: timedelta,
    revoked_after: timedelta | None,
) -> None:
    facts = CertificateFacts(
        status,
        bought_here=bought_here,
        paid_at=PAID_AT,
        asked_at=PAID_AT + asked_after,
        revoked_at=None if revoked_after is None else PAID_AT + revoked_after,
        under_review=under_review,
        refunded=refunded,
    )
    week = timedelta(hours=168)
    revoked_in_time = revoked_after is not None and revoked_after < week
    eligible = (
        bought_here
        and not under_review
        and not refunded
        and asked_after < week
        and (status == "PAID" or (status == "REVOKED" and revoked_in_time))
    )
    assert (facts.objection() is None) is eligible
