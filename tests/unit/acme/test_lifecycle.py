"""Objects that ran out are shown so although nothing was written (RFC 8555 §7.1.6)."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.rules.acme.lifecycle import authorization_status, order_status

END = datetime(2025, 6, 1, tzinfo=UTC)
LATER = END + timedelta(seconds=1)


@pytest.mark.parametrize("status", ["pending", "ready", "processing", "valid", "invalid"])
def test_an_order_keeps_its_status_until_it_runs_out(status: str) -> None:
    assert order_status(status, END, END) == status
    expected = "invalid" if status in ("pending", "ready") else status
    assert order_status(status, END, LATER) == expected


@pytest.mark.parametrize(
    ("status", "later"),
    [
        ("pending", "invalid"),
        ("valid", "expired"),
        ("invalid", "invalid"),
        ("deactivated", "deactivated"),
        ("revoked", "revoked"),
    ],
)
def test_an_authorization_runs_out(status: str, later: str) -> None:
    assert authorization_status(status, END, END) == status
    assert authorization_status(status, END, LATER) == later
