"""The error table of docs/wire.md §3."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from gateway.doors.reseller import envelope
from gateway.doors.reseller.envelope import ActionEnvelope
from gateway.errors import GatewayError
from gateway.errors.money import (
    NotEnoughCredit,
    PricingBroken,
    PricingMissing,
    Tier1CreditLimitReached,
    Tier1DebitFailed,
)
from gateway.errors.organization import NotApplicableForDv
from gateway.errors.request import (
    ArgumentInvalid,
    ArgumentMissing,
    ArgumentUnrecognized,
    HttpsRequired,
    LoginRefused,
    NotBase64url,
    PermissionDenied,
    RequestRefusal,
)
from gateway.errors.subscription import (
    DomainAlreadyPresent,
    DomainNotRemovable,
    NotDeactivatable,
    NotExtendable,
)
from gateway.web.rendering import line_for

TABLE: list[tuple[str, GatewayError, int, str, str]] = [
    (
        "E1",
        ArgumentUnrecognized("foo"),
        400,
        "malformed",
        "'foo' is an unrecognized argument!",
    ),
    (
        "E2",
        ArgumentMissing("acmeAccountID"),
        400,
        "malformed",
        "The 'acmeAccountID' argument is missing!",
    ),
    (
        "E3",
        ArgumentInvalid("years"),
        400,
        "malformed",
        "The value of the 'years' argument is invalid!",
    ),
    ("E4", NotBase64url(), 400, "malformed", "Base64url-encoding failed!"),
    (
        "E5",
        LoginRefused(),
        401,
        "unauthorized",
        "Incorrect login details, account is locked, password has expired, "
        "or your source IP is blocked!",
    ),
    ("E6", HttpsRequired(), 403, "unauthorized", "Use of HTTPS is REQUIRED!"),
    ("E7", NotDeactivatable(), 403, "unauthorized", "Account could not be deactivated!"),
    ("E8", DomainNotRemovable(), 403, "unauthorized", "Domain could not be removed!"),
    ("E9", NotApplicableForDv(), 403, "unauthorized", "Not applicable for DV!"),
    ("E10", PermissionDenied(), 403, "unauthorized", "Permission denied!"),
    ("E11", NotExtendable(), 403, "unauthorized", "extension window"),
    ("E12", PricingMissing(), 403, "unauthorized", "Pricing is not configured!"),
    ("E13", PricingBroken(), 403, "unauthorized", "Invalid price configuration!"),
    ("E14", NotEnoughCredit(), 403, "unauthorized", "Not enough credit!"),
    ("E15", Tier1DebitFailed(), 403, "unauthorized", "Tier 1"),
    ("E16", Tier1CreditLimitReached(), 403, "unauthorized", "credit limit"),
    (
        "E18a",
        DomainAlreadyPresent(),
        403,
        "unauthorized",
        "The domain name is already present in the subscription.",
    ),
]


def rendered(error: GatewayError) -> web.Response:
    line = line_for(ActionEnvelope.table, error)
    assert line is not None
    return ActionEnvelope().refusal(line, error)


@pytest.mark.parametrize(("number", "error", "status", "kind", "detail"), TABLE)
def test_the_error_table(
    number: str, error: GatewayError, status: int, kind: str, detail: str
) -> None:
    response = rendered(error)
    assert response.status == status
    body: dict[str, Any] = json.loads(response.body)  # type: ignore[arg-type]
    assert list(body) == ["type", "detail", "errorMessage"]
    assert body["errorMessage"] == body["detail"]
    assert body["type"] == f"urn:sectigo:params:acme:error:{kind}"
    assert detail in body["detail"]
    assert response.content_type == "application/json"


def test_every_refusal_of_the_domain_is_rendered() -> None:
    def kinds(base: type[GatewayError]) -> set[type[GatewayError]]:
        return {base, *(kind for child in base.__subclasses__() for kind in kinds(child))}

    # A kind without a line of its own is rendered as the one it is a kind of.
    unrendered = {
        kind
        for kind in kinds(RequestRefusal) - {RequestRefusal}
        if not set(kind.__mro__) & set(envelope.RENDERINGS)
    }
    assert not unrendered


def test_every_rendered_status_is_described() -> None:
    statuses = {rendering.status for rendering in ActionEnvelope.table.values()}
    assert statuses <= set(envelope.ERROR_STATUSES)


def test_a_name_that_is_no_unicode_is_reported_without_failing() -> None:
    response = rendered(ArgumentUnrecognized("a\udc80"))
    assert json.loads(response.body)["detail"].startswith("'a?'")  # type: ignore[arg-type]


def test_money_is_a_number_with_its_cents() -> None:
    assert envelope.encode({"cost": Decimal("200.00")}) == b'{"cost":200.00}'


def test_timestamps_are_utc_in_whole_seconds() -> None:
    moment = datetime(2025, 9, 20, 23, 59, 59, 999_999, UTC)
    assert envelope.timestamp(moment) == "2025-09-20T23:59:59Z"
    there = moment.astimezone(timezone(timedelta(hours=5)))
    assert envelope.timestamp(there) == "2025-09-20T23:59:59Z"
