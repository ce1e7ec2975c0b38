"""One question for all families, and never more money back than was paid."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules import refund_policy
from gateway.rules.money.prices import Family
from gateway.rules.sitelock.refund import LicenceFacts
from gateway.rules.ssl.refund import CertificateFacts
from gateway.rules.subscription.refund import DomainFacts

T0 = datetime(2025, 12, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def licence(
    asked: datetime,
    *,
    days: int = 365,
    status: str = "active",
    renewed: datetime | None = None,
    of_first: bool = False,
    add_ons: bool = False,
) -> LicenceFacts:
    began = renewed or T0
    return LicenceFacts(days, T0 if of_first else began, began, asked, status, add_ons)


@pytest.mark.parametrize(
    ("facts", "eligible"),
    [
        (licence(T0), True),
        (licence(T0 + timedelta(days=14) - SECOND), True),
        (licence(T0 + timedelta(days=14)), False),
        (licence(T0, days=30), False),
        (licence(T0, days=0), False),
        (licence(T0, status="refunded"), False),
        (licence(T0, status="cancelled"), False),
        (licence(T0, add_ons=True), False),
        (licence(T0 + timedelta(days=350), renewed=T0 + timedelta(days=340)), True),
        (licence(T0 + timedelta(days=350), renewed=T0 + timedelta(days=340), of_first=True), False),
        (licence(T0 + timedelta(days=354), renewed=T0 + timedelta(days=340)), False),
    ],
)
def test_a_licence_is_refundable_for_fourteen_days_if_annual(
    facts: LicenceFacts, eligible: bool
) -> None:
    assert (facts.objection() is None) is eligible


def test_every_family_answers_the_same_question() -> None:
    assert set(refund_policy.POLICIES) == set(get_args(Family))
    certificate = CertificateFacts("PAID", True, T0, T0, None, False, False)
    domain = DomainFacts(Decimal(365), T0, T0)
    for facts in (domain, licence(T0), certificate):
        assert facts.objection() is None


@given(
    days=st.sampled_from([0, 30, 365]),
    status=st.sampled_from(["active", "expired", "cancelled", "refunded"]),
    renewed=st.none() | st.integers(0, 400),
    asked=st.integers(0, 60 * 24 * 800),
    add_ons=st.booleans(),
)
def test_nothing_is_refunded_that_has_ended_or_is_older_than_its_period(
    days: int, status: str, renewed: int | None, asked: int, add_ons: bool
) -> None:
    began = None if renewed is None else T0 + timedelta(days=renewed)
    at = T0 + timedelta(minutes=asked)
    facts = licence(at, days=days, status=status, renewed=began, add_ons=add_ons)
    if facts.objection() is None:
        assert days == 365
        assert status not in ("cancelled", "refunded")
        assert not add_ons
        assert at - (began or T0) < timedelta(days=14)
