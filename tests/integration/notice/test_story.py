"""Notices by webhook and mail over a subscription's last year, while the clock jumps."""

from tests.support.gateway import RunningGateway
from tests.support.notices import NoticeOperator
from tests.support.organizations import add_ov_name, add_prevalidation, ov_credential
from tests.support.receivers import Mailbox, WebhookReceiver
from tests.support.server_process import until
from tests.support.shop import Shop

NOTICES = [
    ("subscription.expiring", "2025-11-11T23:59:59Z", 60),
    ("subscription.expiring", "2025-12-11T23:59:59Z", 30),
    ("subscription.expiring", "2026-01-03T23:59:59Z", 7),
    ("subscription.grace_began", "2026-01-11T00:00:00Z", None),
    ("subscription.expired", "2026-02-10T00:00:00Z", None),
]


def sent_notices(receiver: WebhookReceiver) -> list[tuple[str, str, int | None]]:
    return [
        (notice["type"], notice["timestamp"], notice["data"].get("daysLeft"))
        for notice in (post.json for post in receiver.posts)
    ]


async def test_a_year_that_passes_at_once_makes_notices_in_order_as_of_when_they_were_due(
    operator: NoticeOperator, receiver: WebhookReceiver, box: Mailbox, shop: Shop
) -> None:
    secret = await operator.webhook(receiver.url)
    await operator.mail("it@reseller.test")
    kid = await shop.credential()
    await shop.add(kid, "a.example.com")
    await shop.at("2027-01-01T00:00:00Z")
    assert len(await operator.notices()) == len(NOTICES)  # made when the call returns
    await receiver.until(len(NOTICES))
    mails = await box.until(len(NOTICES))
    await until(lambda: operator.undelivered_are(0), "all are recorded")
    assert sent_notices(receiver) == NOTICES
    assert {notice["data"]["acmeAccountID"] for notice in receiver.verified(secret)} == {kid}
    assert [str(mail["Subject"]).split()[-3:] for mail in mails[:3]] == [
        ["in", str(days), "days"] for days in (60, 30, 7)
    ]


async def test_an_extension_gets_warnings_of_its_own_end_and_none_comes_again(
    operator: NoticeOperator, receiver: WebhookReceiver, shop: Shop
) -> None:
    await operator.webhook(receiver.url)
    kid = await shop.credential()
    await shop.add(kid, "a.example.com")
    await shop.at("2025-12-20T00:00:00Z")
    await shop.extend(kid)
    await shop.at("2026-12-20T00:00:00Z")
    await shop.at("2025-12-20T00:00:00Z")  # backwards undoes nothing
    await shop.at("2026-12-20T00:00:00Z")
    await receiver.until(4)
    await until(lambda: operator.undelivered_are(0), "all are recorded")
    assert sent_notices(receiver) == [
        *NOTICES[:2],
        ("subscription.expiring", "2026-11-11T23:59:59Z", 60),
        ("subscription.expiring", "2026-12-11T23:59:59Z", 30),
    ]


async def test_notices_of_two_subscriptions_are_in_the_order_of_business_time(
    operator: NoticeOperator, receiver: WebhookReceiver, shop: Shop
) -> None:
    await operator.webhook(receiver.url)
    for day in ("2025-01-10", "2025-01-15", "2025-01-20"):
        await shop.at(f"{day}T12:00:00Z")
        await shop.add(await shop.credential(), "a.example.com")
    await shop.at("2027-01-01T00:00:00Z")
    await receiver.until(15)
    instants = [post.json["timestamp"] for post in receiver.posts]
    assert instants == sorted(instants)


async def test_with_manual_renewal_four_warnings_precede_the_end_of_a_pre_validation(
    operator: NoticeOperator, gateway: RunningGateway, receiver: WebhookReceiver, shop: Shop
) -> None:
    await operator.webhook(receiver.url)
    anchor = await add_prevalidation(gateway, "shop.example", expires="2025-06-30T23:59:59Z")
    await add_ov_name(shop, (await ov_credential(shop, years=2)).kid, "shop.example", anchor)
    await shop.at("2025-08-01T00:00:00Z")
    await receiver.until(4)
    await until(lambda: operator.undelivered_are(0), "all are recorded")
    assert sent_notices(receiver) == [
        ("prevalidation.expiring", "2025-06-01T00:00:00Z", 29),
        ("prevalidation.expiring", "2025-06-17T00:00:00Z", 13),
        ("prevalidation.expiring", "2025-06-24T00:00:00Z", 6),
        ("prevalidation.expiring", "2025-06-30T00:00:00Z", 0),
    ]
    assert receiver.posts[0].json["data"] == {
        "ovAnchorOrderNumber": anchor,
        "organization": "Acme Hosting Ltd",
        "expiresAt": "2025-06-30T23:59:59Z",
        "daysLeft": 29,
    }


async def test_the_notice_of_an_automatic_renewal_says_what_it_made_of_what(
    operator: NoticeOperator, gateway: RunningGateway, receiver: WebhookReceiver, shop: Shop
) -> None:
    await operator.webhook(receiver.url)
    await shop.set_reseller(renewal_mode="auto")
    ends = "2025-06-30T23:59:59Z"
    old = await add_prevalidation(gateway, "shop.example", kind="EV", expires=ends)
    await add_ov_name(shop, (await ov_credential(shop)).kid, "shop.example", old)
    await shop.at("2025-06-01T00:00:00Z")
    [post] = await receiver.until(1)
    new = post.json["data"]["ovAnchorOrderNumber"]
    assert new > old
    assert post.json["type"] == "prevalidation.renewed"
    [notice] = await operator.pool.fetch("SELECT subject, data FROM ops.notices")
    assert notice["subject"] == str(new)
    assert notice["data"] == {
        "ovAnchorOrderNumber": new,
        "organization": "Acme Hosting Ltd",
        "expiresAt": "2026-06-30T23:59:59Z",
        "previousNumber": old,
        "type": "OV",
        "previousType": "EV",
    }
