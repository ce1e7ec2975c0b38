"""docs/wire.md §2.10: status codes of certificates."""

from typing import Any

import pytest

from gateway.rules.subscription.certificate_status import certificate_status


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"order_status": "valid", "issued": True}, 6),
        ({"order_status": "valid", "issued": True, "revoked": True}, 8),
        ({"order_status": "invalid", "issued": True, "withheld": True}, 5),
        ({"order_status": "invalid", "issued": True, "withheld": True, "revoked": True}, 8),
        ({"order_status": "invalid", "has_csr": True}, 3),
        ({"order_status": "invalid"}, 7),
        ({"order_status": "pending"}, None),
        ({"order_status": "ready"}, None),
        ({"order_status": "processing", "has_csr": True}, None),
    ],
)
def test_codes(facts: dict[str, Any], code: int | None) -> None:
    nothing = {"has_csr": False, "issued": False, "withheld": False, "revoked": False}
    status = certificate_status(**{**nothing, **facts})
    assert (status.code if status else None) == code
