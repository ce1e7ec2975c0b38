"""A notice's content, its recipient, and the key under which it is made once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.notice import notices
from gateway.rules.notice.kinds import BY_DEFAULT, KINDS, mail, message_id, payload
from gateway.rules.notice.notices import (
    AccountOwner,
    AnchorFacts,
    Charge,
    Event,
    EventCertificate,
)

AT = datetime(2025, 1, 10, 15, 30, tzinfo=UTC)
EXPIRY = datetime(2026, 1, 10, 23, 59, 59, tzinfo=UTC)
RESELLER = UUID(int=1)
OWNER = AccountOwner("account", "kid", RESELLER)
CERTIFICATE = EventCertificate(
    "0a", ["a.example"], AT, AT + timedelta(days=90), "account", "kid", RESELLER
)
CHARGE = Charge(5, RESELLER, "login", "USD", Decimal("-10.00"), Decimal("95.00"), None)
ANCHOR = AnchorFacts(200000001, RESELLER, EXPIRY, "Example Ltd")


def event(action: str, **after: Any) -> Event:
    return Event(7, AT, "acme:account", action, "100000001", after)


def drafts() -> list[notices.Draft]:
    """One of every kind."""
    low = notices.low_balance(event("purchase.charged"), CHARGE, Decimal(100))
    refused = event(
        "issuance.refused", refusals=[{"name": "a.example", "reason": "grace", "text": "It is."}]
    )
    assert low
    return [
        notices.subscription(event("subscription.expiring", daysLeft=30), OWNER, EXPIRY),
        notices.subscription(event("subscription.grace_began"), OWNER, EXPIRY),
        notices.subscription(event("subscription.expired"), OWNER, EXPIRY),
        notices.prevalidation(event("prevalidation.expiring", daysLeft=14), ANCHOR),
        notices.prevalidation(event("prevalidation.renewed", previousNumber=200000000), ANCHOR),
        low,
        notices.refusal(refused, OWNER, notices.refusals_to_notify_of(refused)[0], ["a.example"]),
        notices.certificate(event("certificate.issued"), CERTIFICATE),
        notices.certificate(event("certificate.revoked", reason="superseded"), CERTIFICATE),
    ]


def test_there_is_a_draft_for_every_kind_and_its_mail_can_be_written() -> None:
    made = {draft.kind: draft for draft in drafts()}
    assert list(made) == list(KINDS), "drafts() has one of every kind, in the order of KINDS"
    for kind, draft in made.items():
        subject, text = mail(kind, draft.due_at, draft.data)
        assert "{" not in subject + text
        assert subject in text
        assert KINDS[kind].advice in text
        for name in draft.data:
            assert name in text
        assert payload(kind, draft.due_at, draft.data) == {
            "type": kind,
            "timestamp": "2025-01-10T15:30:00Z",
            "data": draft.data,
        }


def test_every_kind_but_issued_certificates_is_sent_unless_others_are_chosen() -> None:
    assert set(KINDS) - set(BY_DEFAULT) == {"certificate.issued"}


def test_no_two_kinds_share_the_key_by_which_a_notice_is_made_once() -> None:
    assert len({draft.once for draft in drafts()}) == len(KINDS)


def test_an_expiry_that_moved_makes_a_new_notice_and_the_same_one_none() -> None:
    expiring = event("subscription.expiring", daysLeft=30)
    first = notices.subscription(expiring, OWNER, EXPIRY)
    assert notices.subscription(replace(expiring, id=8), OWNER, EXPIRY).once == first.once
    assert notices.subscription(expiring, OWNER, EXPIRY + timedelta(days=365)).once != first.once
    sooner = event("subscription.expiring", daysLeft=7)
    assert notices.subscription(sooner, OWNER, EXPIRY).once != first.once


@given(
    before=st.decimals(-500, 500, places=2),
    cost=st.decimals(Decimal("0.01"), 500, places=2),
    threshold=st.decimals(-500, 500, places=2),
)
def test_a_low_balance_makes_a_notice_exactly_when_the_charge_crosses_the_threshold(
    before: Decimal, cost: Decimal, threshold: Decimal
) -> None:
    charge = replace(CHARGE, amount=-cost, balance_after=before - cost, threshold=threshold)
    draft = notices.low_balance(event("purchase.charged"), charge, Decimal(0))
    assert (draft is not None) == (before >= threshold > before - cost)


def test_notices_of_refusals_are_by_reason_and_leave_out_what_the_zone_owner_cures() -> None:
    found = notices.refusals_to_notify_of(
        event(
            "issuance.refused",
            refusals=[
                {"name": "a", "reason": "not_listed", "text": "a is not"},
                {"name": "b", "reason": "caa", "text": "CAA"},
                {"name": "c", "reason": "not_listed", "text": "c is not"},
                {"name": "d", "reason": "grace", "text": "grace"},
            ],
        )
    )
    assert [(refused.reason, list(refused.names)) for refused in found] == [
        ("not_listed", ["a", "c"]),
        ("grace", ["d"]),
    ]


def test_notices_are_in_the_order_of_their_business_time_then_of_their_events() -> None:
    late, early, second = (
        replace(drafts()[0], due_at=AT + timedelta(seconds=seconds), event_id=number)
        for seconds, number in ((5, 1), (0, 2), (0, 3))
    )
    assert notices.in_order([late, second, early]) == [early, second, late]


def test_the_message_id_is_made_of_the_notice_alone() -> None:
    assert message_id(UUID(int=255)) == "msg_000000000000000000000000000000ff"
