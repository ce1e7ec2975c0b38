"""A reseller sets up its own notices at the action endpoint."""

from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from tests.support.gateway import RunningGateway
from tests.support.notices import NoticeOperator
from tests.support.receivers import Mailbox, WebhookReceiver
from tests.support.server_process import until
from tests.support.shop import Refused, Shop

INVALID = "The value of the '{}' argument is invalid!"


async def destinations(shop: Shop) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await shop.do("LISTNOTICEDESTINATIONS"))["Destinations"]
    return listed


async def test_a_webhook_is_added_tested_changed_and_removed(
    shop: Shop, operator: NoticeOperator, receiver: WebhookReceiver
) -> None:
    assert await destinations(shop) == []
    added = await shop.do("ADDNOTICEDESTINATION", webhookUrl=receiver.url, kind="balance.low")
    destination = added["destinationID"]
    await shop.do("TESTNOTICEDESTINATION", destinationID=destination)
    await receiver.until(1)
    assert [notice["type"] for notice in receiver.verified(added["secret"])] == ["notice.test"]
    await until(lambda: operator.undelivered_are(0), "it is recorded")
    [listed] = await destinations(shop)
    assert listed == {
        "destinationID": destination,
        "webhookUrl": receiver.url,
        "status": "active",
        "kinds": ["balance.low"],
        "undelivered": 0,
    }
    await shop.do("SETNOTICEDESTINATION", destinationID=destination, kind="issuance.refused")
    assert (await destinations(shop))[0]["kinds"] == ["issuance.refused"]
    await shop.do("REMOVENOTICEDESTINATION", destinationID=destination)
    assert await destinations(shop) == []


async def test_a_low_balance_is_what_the_reseller_says_it_is(
    shop: Shop, operator: NoticeOperator, receiver: WebhookReceiver
) -> None:
    await shop.do("ADDNOTICEDESTINATION", webhookUrl=receiver.url)
    await shop.do("SETLOWBALANCE", lowBalance="9999.00")
    await shop.add(await shop.credential(), "a.example.com")
    await receiver.until(1)
    await until(lambda: operator.undelivered_are(0), "it is recorded")
    [listed] = (await shop.do("LISTNOTICES"))["Notices"]
    assert listed == {
        "type": "balance.low",
        "timestamp": "2025-01-10T15:30:00Z",
        "webhookId": receiver.posts[0].id,
        "data": receiver.posts[0].json["data"],
        "destinations": 1,
        "delivered": 1,
    }
    await shop.do("SETLOWBALANCE", lowBalance="")
    assert await operator.pool.fetchval("SELECT low_balance FROM notice.setting") is None


async def test_a_mail_address_gets_what_is_replayed(
    shop: Shop, operator: NoticeOperator, box: Mailbox, kid: str
) -> None:
    await operator.happen(kid, 30)
    await until(lambda: operator.made_are(1), "it is made")
    added = await shop.do("ADDNOTICEDESTINATION", emailAddress="it@reseller.test")
    assert "secret" not in added
    days = {"fromDate": "2025-01-10", "toDate": "2025-01-10"}
    replayed = await shop.do("REPLAYNOTICES", destinationID=added["destinationID"], **days)
    assert replayed == {"success": True, "nRecordsUpdated": 1}
    await box.until(1)
    before = {"toDate": "2025-01-09"}
    replayed = await shop.do("REPLAYNOTICES", destinationID=added["destinationID"], **before)
    assert replayed["nRecordsUpdated"] == 0


async def test_a_parked_webhook_is_resumed(
    shop: Shop, operator: NoticeOperator, receiver: WebhookReceiver
) -> None:
    receiver.answers = [410]
    added = await shop.do("ADDNOTICEDESTINATION", webhookUrl=receiver.url)
    which = {"destinationID": added["destinationID"]}
    await shop.do("TESTNOTICEDESTINATION", **which)
    await until(lambda: operator.has_status("parked"), "it is parked")
    [listed] = await destinations(shop)
    assert (listed["status"], listed["undelivered"]) == ("parked", 1)
    assert listed["lastError"] == "the receiver answered 410"
    await shop.do("SETNOTICEDESTINATION", **which, resume="Y")
    await receiver.until(1)


@pytest.mark.parametrize(
    ("fields", "argument"),
    [
        ({"webhookUrl": "ftp://example.com/"}, "webhookUrl"),
        ({"webhookUrl": "https://a b/"}, "webhookUrl"),
        ({"webhookUrl": "https://u:p@example.com/"}, "webhookUrl"),
        ({"emailAddress": "nobody"}, "emailAddress"),
        ({"emailAddress": "a@b.de\nBcc: c@d.de"}, "emailAddress"),
        ({"webhookUrl": "https://a.example/", "emailAddress": "a@b.de"}, "emailAddress"),
        ({"webhookUrl": "https://a.example/", "kind": "notice.test"}, "kind"),
    ],
)
async def test_a_destination_that_cannot_be(
    shop: Shop, fields: dict[str, str], argument: str
) -> None:
    before = await shop.state()
    refused = await shop.refused("ADDNOTICEDESTINATION", **fields)
    assert refused == Refused(400, "malformed", INVALID.format(argument))
    assert await destinations(shop) == []
    assert await shop.state() == before


async def test_one_of_two_addresses_is_needed(shop: Shop) -> None:
    refused = await shop.refused("ADDNOTICEDESTINATION")
    assert refused.detail == "The 'webhookUrl' argument is missing!"


async def test_the_same_address_and_an_eleventh_are_refused(shop: Shop) -> None:
    for number in range(10):
        await shop.do("ADDNOTICEDESTINATION", webhookUrl=f"https://a.example/{number}")
    refused = await shop.refused("ADDNOTICEDESTINATION", webhookUrl="https://a.example/11")
    assert refused == Refused(403, "unauthorized", "Permission denied!")
    [first, *_] = await destinations(shop)
    await shop.do("REMOVENOTICEDESTINATION", destinationID=first["destinationID"])
    refused = await shop.refused("ADDNOTICEDESTINATION", webhookUrl="https://a.example/5")
    assert refused == Refused(400, "malformed", INVALID.format("webhookUrl"))


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("SETNOTICEDESTINATION", {"kind": "balance.low"}),
        ("SETNOTICEDESTINATION", {"resume": "Y"}),
        ("REMOVENOTICEDESTINATION", {}),
        ("ROTATENOTICESECRET", {}),
        ("TESTNOTICEDESTINATION", {}),
        ("REPLAYNOTICES", {}),
    ],
)
async def test_another_resellers_destination_is_as_unknown_as_none(
    shop: Shop,
    gateway: RunningGateway,
    receiver: WebhookReceiver,
    action: str,
    fields: dict[str, str],
) -> None:
    foreign = await shop.second_reseller("second")
    added = await foreign.do("ADDNOTICEDESTINATION", webhookUrl=receiver.url)
    for which in (added["destinationID"], receiver.url[:36], "nonsense"):
        refused = await shop.refused(action, destinationID=which, **fields)
        assert refused == Refused(400, "malformed", INVALID.format("destinationID"))
    assert await destinations(shop) == []
    assert len(await destinations(foreign)) == 1
    assert (await shop.do("LISTNOTICES"))["Notices"] == []


@pytest.mark.parametrize("amount", ["NaN", "1.001", "12345678901", "ten", "1e3000000"])
async def test_a_threshold_that_is_no_amount(shop: Shop, amount: str) -> None:
    refused = await shop.refused("SETLOWBALANCE", lowBalance=amount)
    assert refused == Refused(400, "malformed", INVALID.format("lowBalance"))


async def test_a_rotated_secret_signs_beside_the_last_one_until_that_is_dropped(
    shop: Shop, operator: NoticeOperator, receiver: WebhookReceiver, box: Mailbox
) -> None:
    added = await shop.do("ADDNOTICEDESTINATION", webhookUrl=receiver.url)
    which = {"destinationID": added["destinationID"]}
    rotated = await shop.do("ROTATENOTICESECRET", **which)
    await shop.do("TESTNOTICEDESTINATION", **which)
    await receiver.until(1)
    for secret in (added["secret"], rotated["secret"]):
        assert len(receiver.verified(secret)) == 1
    last = await shop.do("ROTATENOTICESECRET", **which, dropOld="Y")
    await shop.do("TESTNOTICEDESTINATION", **which)
    await receiver.until(2)
    await until(lambda: operator.undelivered_are(0), "both are recorded")
    receiver.posts.pop(0)
    assert len(receiver.verified(last["secret"])) == 1
    for secret in (added["secret"], rotated["secret"]):
        with pytest.raises(WebhookVerificationError):
            receiver.verified(secret)
    mail = await shop.do("ADDNOTICEDESTINATION", emailAddress="it@reseller.test")
    refused = await shop.refused("ROTATENOTICESECRET", destinationID=mail["destinationID"])
    assert refused == Refused(400, "malformed", INVALID.format("destinationID"))
