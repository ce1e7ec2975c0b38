"""Unsubscribing: who may, until when, the review, the money (docs/wire.md §8)."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from gateway.errors import OperatorMistake
from gateway.store.money.order_report import Search
from gateway.usecases.money import billing, order_report
from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_reading, open_work
from tests.support.certificate_shop import Answer, CertificateShop, application, purchase
from tests.support.shop import OPERATOR

FEE = Decimal("120.00")
IN_TIME = "2025-12-08T11:59:59Z"
TOO_LATE = "2025-12-08T12:00:00Z"


async def unsubscribe(shop: CertificateShop, cert_id: str, **options: Any) -> Answer:
    return await shop.send("DELETE", f"/{cert_id}/unsubscribe", **options)


async def listed(shop: CertificateShop) -> set[str]:
    answer = await shop.do("GET")
    return {row["id"] for row in answer["certificates"]}


async def test_an_approved_one_pays_the_cash_part_back_and_leaves_the_list(
    shop: CertificateShop,
) -> None:
    await shop.set_price("1000.00")
    coupon = await shop.coupon("200.00")
    start = await shop.balance()
    cert_id = await shop.buy(coupon=coupon)
    answer = await unsubscribe(shop, cert_id)
    assert answer.status == 200
    [(member, text)] = answer.json.items()
    assert member == "unsubscribe_results"
    assert len(text) <= 63
    assert await shop.balance() == start - 800  # nothing moves before the review
    assert await listed(shop) == {cert_id}
    assert await shop.approve(int(text.split()[1])) == 800
    assert await shop.balance() == start
    assert await listed(shop) == set()
    assert (await shop.send("GET", f"/{cert_id}")).status == 404
    # The coupon is gone, and the record stays.
    again = await shop.send("POST", json=purchase(coupon=coupon))
    assert again.code == "SCM.0028"
    record = await shop.gateway.pool.fetchrow(
        "SELECT refunded, unsubscribed_at FROM ops.ssl_orders WHERE cert_id = $1", cert_id
    )
    assert record["refunded"] == 800
    assert record["unsubscribed_at"] is not None
    assert await shop.mismatches() == 0


@pytest.mark.parametrize(
    ("asked_at", "eligible"),
    [
        ("2025-12-01T12:00:00Z", True),
        ("2025-12-08T11:59:00Z", True),
        (IN_TIME, True),
        (TOO_LATE, False),
        ("2025-12-09T00:00:00Z", False),
    ],
)
@pytest.mark.parametrize("kind", ["never applied for", "withdrawn", "revoked"])
async def test_b1_the_request_must_come_within_168_hours(
    shop: CertificateShop, kind: str, asked_at: str, eligible: bool
) -> None:
    cert_id = await shop.buy()
    if kind == "withdrawn":
        await shop.apply(cert_id)
        await shop.do("POST", f"/{cert_id}/cancel-apply")
        await shop.until(cert_id, "PAID")
    elif kind == "revoked":
        await shop.get_issued(cert_id)
        await shop.revoke(cert_id)
    await shop.gateway.at(asked_at)
    before = await shop.state()
    answer = await unsubscribe(shop, cert_id)
    if eligible:
        assert answer.status == 200
    else:
        assert (answer.status, answer.code) == (403, "SCM.0029")
        assert await shop.state() == before


async def test_what_is_applied_for_must_be_withdrawn_first(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    await shop.apply(cert_id)
    refused = await unsubscribe(shop, cert_id)
    assert (refused.status, refused.code) == (403, "SCM.0029")
    assert "withdraw it first" in refused.json["error_msg"]


async def test_what_is_issued_must_be_revoked_first(shop: CertificateShop) -> None:
    cert_id = await shop.issue()
    refused = await unsubscribe(shop, cert_id)
    assert (refused.status, refused.code) == (403, "SCM.0029")
    assert "revoke it first" in refused.json["error_msg"]


async def test_a_revocation_that_is_complete_only_after_the_deadline_is_too_late(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.issue()
    # Stored as complete while the clock stood behind the deadline.
    await shop.gateway.at(TOO_LATE)
    await shop.revoke(cert_id)
    await shop.gateway.at(IN_TIME)
    refused = await unsubscribe(shop, cert_id)
    assert (refused.status, refused.code) == (403, "SCM.0029")
    assert "complete only after" in refused.json["error_msg"]


async def test_g3_one_review_at_a_time(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    number = await shop.unsubscribe(cert_id)
    assert (await unsubscribe(shop, cert_id)).code == "SCM.0052"
    await shop.reject(number, "ask again")
    assert (await unsubscribe(shop, cert_id)).status == 200


async def test_any_operation_meanwhile_makes_the_approval_fail_and_keeps_the_certificate(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.buy()
    number = await shop.unsubscribe(cert_id)
    balance = await shop.balance()
    await shop.apply(cert_id)
    with pytest.raises(OperatorMistake, match="failed already: apply came in between"):
        await shop.approve(number)
    # Also when the certificate is where it was: the operation has happened.
    await shop.do("POST", f"/{cert_id}/cancel-apply")
    await shop.until(cert_id, "PAID")
    with pytest.raises(OperatorMistake):
        await shop.approve(number)
    assert await shop.balance() == balance
    assert await listed(shop) == {cert_id}
    assert await shop.events("unsubscription.failed") == 1


async def test_an_operation_that_is_refused_does_not_end_the_review(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.buy()
    number = await shop.unsubscribe(cert_id)
    assert (await shop.send("POST", f"/{cert_id}/revoke")).status == 409
    assert (await shop.send("POST", f"/{cert_id}/cancel-apply")).status == 409
    assert await shop.approve(number) == FEE


async def test_a_review_may_take_longer_than_the_refund_period(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    await shop.gateway.at(IN_TIME)
    number = await shop.unsubscribe(cert_id)
    await shop.gateway.at("2025-12-24T00:00:00Z")
    assert await shop.approve(number) == FEE


async def test_a_rejected_one_keeps_the_certificate_and_the_money(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    balance = await shop.balance()
    number = await shop.unsubscribe(cert_id)
    await shop.reject(number, "no")
    with pytest.raises(OperatorMistake, match="rejected already: no"):
        await shop.approve(number)
    assert await shop.balance() == balance
    assert await shop.status(cert_id) == "PAID"


async def test_approving_at_the_same_moment_pays_once(shop: CertificateShop) -> None:
    start = await shop.balance()
    cert_id = await shop.buy()
    number = await shop.unsubscribe(cert_id)
    results = await asyncio.gather(
        *(shop.approve(number) for _ in range(8)), return_exceptions=True
    )
    assert Counter(type(result) for result in results) == {Decimal: 1, OperatorMistake: 7}
    assert await shop.balance() == start
    refunds = await shop.gateway.pool.fetchval(
        "SELECT count(*) FROM reseller.ledger_entry WHERE kind = 'refund'"
    )
    assert refunds == 1


async def test_what_was_paid_back_another_way_is_not_paid_back_again(
    shop: CertificateShop,
) -> None:
    start = await shop.balance()
    cert_id = await shop.buy()
    number = await shop.unsubscribe(cert_id)
    order_number = (await shop.show(cert_id))["order_number"]
    now = await shop.gateway.services.clock.now()
    async with open_work(shop.gateway.pool, now, OPERATOR) as work:
        await billing.refund(work, order_number, FEE, "test")
    with pytest.raises(OperatorMistake, match="refunded before"):
        await shop.approve(number)
    assert await shop.balance() == start
    await shop.reject(number)
    assert (await unsubscribe(shop, cert_id)).code == "SCM.0029"


async def test_asking_at_the_same_moment_makes_one_request(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    answers = await asyncio.gather(*(unsubscribe(shop, cert_id) for _ in range(8)))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 7}


async def test_an_operation_and_the_approval_at_the_same_moment_come_one_after_the_other(
    shop: CertificateShop,
) -> None:
    for _ in range(5):
        cert_id = await shop.buy()
        balance = await shop.balance()
        number = await shop.unsubscribe(cert_id)
        approval, applied = await asyncio.gather(
            shop.approve(number),
            shop.send("POST", f"/{cert_id}/apply", json=application()),
            return_exceptions=True,
        )
        assert isinstance(applied, Answer)
        if isinstance(approval, OperatorMistake):
            assert applied.status == 200
            assert await shop.balance() == balance
        else:
            assert (approval, applied.status) == (FEE, 404)
            assert await shop.balance() == balance + FEE
    assert await shop.mismatches() == 0


async def test_the_tier_1_parent_gets_its_part_back_too(shop: CertificateShop) -> None:
    child = await shop.second("child")
    now = await shop.gateway.services.clock.now()
    async with open_work(shop.gateway.pool, now, OPERATOR) as work:
        await resellers.set_reseller(work, "child", resellers.ResellerChanges(tier1=shop.login))
    start = await shop.balance()
    cert_id = await child.buy()
    assert await shop.balance() == start - FEE
    assert await child.approve(await child.unsubscribe(cert_id)) == FEE
    assert await shop.balance() == start
    assert await child.balance() == Decimal("10000.00")


async def test_the_order_report_says_of_each_certificate_what_an_unsubscription_would(
    shop: CertificateShop,
) -> None:
    paid = await shop.buy("paid.example.com")
    applied = await shop.buy("applied.example.com")
    await shop.apply(applied, "applied.example.com")
    waiting = await shop.buy("waiting.example.com")
    await shop.unsubscribe(waiting)
    free = await shop.buy("free.example.com", coupon=await shop.coupon("500.00"))
    await shop.approve(await shop.unsubscribe(free))
    gone = await shop.buy("gone.example.com")
    await shop.approve(await shop.unsubscribe(gone))
    assert await reported(shop) == {
        "paid.example.com": ("eligible", ""),
        "applied.example.com": (
            "not eligible",
            "Its application is under way: withdraw it first.",
        ),
        "waiting.example.com": ("not eligible", "An unsubscription of it is under review."),
        "free.example.com": ("refunded", "0.00 USD paid back"),
        "gone.example.com": ("refunded", "120.00 USD paid back on 2025-12-01T12:00:00Z"),
    }
    await shop.gateway.at(TOO_LATE)
    eligibility, why = (await reported(shop))["paid.example.com"]
    assert (eligibility, why) == (
        "not eligible",
        "The refund period ended at 2025-12-08T12:00:00Z.",
    )
    assert (await unsubscribe(shop, paid)).json["error_msg"].endswith(why)


async def reported(shop: CertificateShop) -> dict[str, tuple[str, str]]:
    """The order report: by first name, eligibility and detail."""
    now = await shop.gateway.services.clock.now()
    async with open_reading(shop.gateway.pool, now, OPERATOR) as work:
        reseller = await work.connection.fetchval(
            "SELECT id FROM reseller.account WHERE login = $1", shop.login
        )
        report = await order_report.report(work, Search(reseller))
    return {line.order.names[0]: (line.eligibility, line.detail) for line in report.lines}


async def test_what_a_coupon_paid_in_full_is_unsubscribed_without_money(
    shop: CertificateShop,
) -> None:
    coupon = await shop.coupon("500.00")
    start = await shop.balance()
    cert_id = await shop.buy(coupon=coupon)
    assert await shop.balance() == start
    assert await shop.approve(await shop.unsubscribe(cert_id)) == 0
    assert await shop.balance() == start
    assert await listed(shop) == set()


@pytest.mark.parametrize(
    ("options", "status", "how"),
    [
        ({}, 200, "call"),
        ({"params": {"acknowledged": "true"}}, 200, "flag"),
        ({"json": {"acknowledged": True}}, 200, "flag"),
        ({"params": {"acknowledged": "false"}}, 403, None),
        ({"json": {"acknowledged": False}}, 403, None),
        ({"json": {"acknowledged": True}, "params": {"acknowledged": "false"}}, 403, None),
        ({"json": {}}, 400, None),
        ({"json": {"acknowledged": "true"}}, 400, None),
        ({"json": {"acknowledged": None}}, 400, None),
        ({"json": []}, 400, None),
        ({"params": {"acknowledged": "yes"}}, 400, None),
        ({"params": {"acknowledge": "true"}}, 400, None),
        ({"params": [("acknowledged", "true"), ("acknowledged", "true")]}, 400, None),
        ({"data": b"acknowledged=true"}, 415, None),
    ],
)
async def test_the_acknowledgement_is_the_flag_or_the_vendors_bare_call(
    shop: CertificateShop, options: dict[str, Any], status: int, how: str | None
) -> None:
    cert_id = await shop.buy()
    before = await shop.state()
    answer = await unsubscribe(shop, cert_id, **options)
    assert answer.status == status
    if how is None:
        assert await shop.state() == before
    else:
        kept = await shop.gateway.pool.fetchval("SELECT acknowledged FROM ssl.unsubscription")
        assert kept == how


async def test_after_an_approval_no_program_can_touch_the_record(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    await shop.approve(await shop.unsubscribe(cert_id))
    for path in ("apply", "cancel-apply", "revoke"):
        options = {"json": application()} if path == "apply" else {}
        assert (await shop.send("POST", f"/{cert_id}/{path}", **options)).status == 404
    with pytest.raises(Exception, match="was unsubscribed"):
        await shop.gateway.pool.execute(
            'UPDATE ssl."order" SET unsubscribed_at = NULL WHERE cert_id = $1', cert_id
        )
