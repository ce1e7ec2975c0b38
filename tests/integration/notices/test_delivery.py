"""Notices reach their receivers in order, once, signed; whatever happens on the way."""

import asyncio
import time
from pathlib import Path

import pytest

from gateway.usecases import notice_destinations as usecase
from gateway.usecases.cleanup import clean_up
from gateway.usecases.notice_delivery import NoticeRunner
from gateway.usecases.notices import make_notices
from tests.integration.notices.conftest import notice_gateway
from tests.support.acme_client import AcmeClient
from tests.support.gateway import RunningGateway, free_ports
from tests.support.notices import Desk
from tests.support.receivers import Hook, Mailbox, hook
from tests.support.server_process import until
from tests.support.shop import Shop


def told(receiver: Hook) -> list[int]:
    """The numbers of `Desk.happen`, as they came."""
    return [post.json["data"]["daysLeft"] for post in receiver.posts]


async def test_a_webhook_is_signed_as_standard_webhooks_say(
    desk: Desk, receiver: Hook, shop: Shop
) -> None:
    secret = await desk.webhook(receiver.url)
    await desk.threshold("9900.00")
    await shop.add(await shop.credential(), "a.example.com")
    await receiver.until(1)
    [notice] = receiver.verified(secret)
    assert notice == {
        "type": "balance.low",
        "timestamp": "2025-01-10T15:30:00Z",
        "data": {
            "balance": "9635.00",
            "threshold": "9900.00",
            "currency": "USD",
            "orderNumber": 100000001,
        },
    }
    [post] = receiver.posts
    assert post.headers["content-type"] == "application/json"
    assert post.id.startswith("msg_")
    assert secret.startswith("whsec_")


async def test_each_webhook_has_a_secret_of_its_own_that_the_database_does_not_show(
    desk: Desk, receiver: Hook
) -> None:
    first = await desk.webhook(receiver.url)
    second = await desk.webhook(f"{receiver.url}?second")
    assert first != second
    rows = await desk.pool.fetch("SELECT destination::text FROM notice.destination")
    events = await desk.pool.fetch("SELECT event::text FROM audit.event")
    for row in (*rows, *events):
        assert first.removeprefix("whsec_").encode().hex() not in row[0]
        assert "whsec_" not in row[0]


async def test_a_notice_that_fails_blocks_the_later_ones_until_it_arrives(
    desk: Desk, receiver: Hook, kid: str
) -> None:
    receiver.answers = [500, 503, 404, 302]
    secret = await desk.webhook(receiver.url)
    await desk.happen(kid, 1, 2, 3)
    await receiver.until(3)
    assert told(receiver) == [1, 2, 3]
    # The same message each time, signed anew: the receiver can tell.
    assert {post.id for post in receiver.refused} == {receiver.posts[0].id}
    assert len({post.id for post in receiver.posts}) == 3
    assert len(receiver.refused) == 4
    receiver.verified(secret)


async def test_a_receiver_that_is_down_for_an_hour_gets_everything_in_order_afterwards(
    database: str, tmp_path: Path, box: Mailbox
) -> None:
    [port] = free_ports(1)
    delays = [600.0, 1800.0, 3600.0]
    async with notice_gateway(database, tmp_path, box, retry_delays_seconds=delays) as gateway:
        desk = Desk(gateway.services)
        await desk.webhook(f"http://127.0.0.1:{port}/notices")
        kid = await Shop(gateway).credential()
        await desk.happen(kid, 1, 2)
        await until(lambda: desk.failed_times(1), "the first attempt failed")
        assert "no connection" in str((await desk.destination()).last_error)
        await desk.pass_time("11 minutes")
        await until(lambda: desk.failed_times(2), "the second attempt failed")
        await desk.happen(kid, 3)
        await until(lambda: desk.undelivered_are(3), "three wait")
        async with hook(port) as receiver:
            await desk.pass_time("29 minutes")
            await make_notices(gateway.services)
            assert (await desk.destination()).undelivered == 3
            assert receiver.posts == []
            await desk.pass_time("20 minutes")
            await receiver.until(3)
            assert told(receiver) == [1, 2, 3]
            await until(lambda: desk.undelivered_are(0), "all are delivered")
        assert await desk.failed_times(0)


async def test_two_runners_send_each_notice_once_and_in_order(
    gateway: RunningGateway, desk: Desk, receiver: Hook, kid: str
) -> None:
    second = NoticeRunner(gateway.services)
    running = asyncio.create_task(second.run_forever())
    try:
        async with hook() as other:
            await desk.webhook(receiver.url)
            await desk.webhook(other.url)
            for number in range(1, 31):
                await desk.happen(kid, number)
                await asyncio.gather(*(make_notices(gateway.services) for _ in range(3)))
            await receiver.until(30)
            await other.until(30)
            await until(lambda: desk.undelivered_are(0), "all are recorded")
            assert told(receiver) == told(other) == list(range(1, 31))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await second.close()


async def test_a_destination_that_fails_does_not_hold_up_another(
    desk: Desk, receiver: Hook, kid: str
) -> None:
    async with hook() as broken:
        broken.answers = [500] * 1000
        await desk.webhook(broken.url)
        await desk.webhook(receiver.url)
        await desk.happen(kid, 1, 2, 3)
        await receiver.until(3)
        await broken.until_refused(2)
        assert broken.posts == []


async def test_after_the_horizon_a_destination_is_parked_until_it_is_resumed(
    gateway: RunningGateway, desk: Desk, receiver: Hook, kid: str
) -> None:
    receiver.answers = [500]
    await desk.webhook(receiver.url)
    await desk.happen(kid, 1)
    await receiver.until_refused(1)
    receiver.answers = [500] * 1000
    await desk.pool.execute(
        "UPDATE notice.destination SET failures = 1, failing_since = now() - interval '72 hours'"
    )
    await until(lambda: desk.has_status("parked"), "it is parked")
    attempts = len(receiver.refused)
    await desk.happen(kid, 2)
    await make_notices(gateway.services)
    [failing] = await desk.pool.fetch("SELECT * FROM ops.failing_destinations")
    assert (failing["status"], failing["undelivered"]) == ("parked", 2)
    assert failing["last_error"] == "the receiver answered 500"
    waiting = await desk.pool.fetch("SELECT next_attempt_at FROM ops.undelivered_notices")
    assert [row["next_attempt_at"] for row in waiting] == [None, None]
    assert len(receiver.refused) == attempts
    receiver.answers = []
    await desk.change(usecase.resume, receiver.url)
    await receiver.until(2)
    assert told(receiver) == [1, 2]
    await until(lambda: desk.undelivered_are(0), "all are recorded")
    assert await desk.pool.fetch("SELECT * FROM ops.failing_destinations") == []


async def test_a_webhook_that_is_gone_is_parked_at_once(
    desk: Desk, receiver: Hook, kid: str
) -> None:
    receiver.answers = [410]
    await desk.webhook(receiver.url)
    await desk.happen(kid, 1)
    await until(lambda: desk.has_status("parked"), "it is parked")
    assert len(receiver.refused) == 1


async def test_redirects_are_not_followed(desk: Desk, receiver: Hook, kid: str) -> None:
    async with hook() as redirecting:
        redirecting.answers = [307]
        redirecting.url, there = receiver.url, redirecting.url
        await desk.webhook(there)
        await desk.happen(kid, 1)
        await redirecting.until(1)
        assert len(redirecting.refused) == 1
        assert receiver.posts == receiver.refused == []


async def test_a_receiver_that_does_not_answer_is_given_up_in_time(
    database: str, tmp_path: Path, box: Mailbox, receiver: Hook
) -> None:
    receiver.hold = asyncio.Event()
    async with notice_gateway(database, tmp_path, box, timeout_seconds=0.2) as gateway:
        desk = Desk(gateway.services)
        await desk.webhook(receiver.url)
        await desk.happen(await Shop(gateway).credential(), 1)
        await until(lambda: desk.failed_times(1), "the attempt was given up")
        assert (await desk.destination()).last_error == "no answer within 0.2 seconds"
        receiver.hold.set()


async def test_a_runner_that_stops_records_the_attempt_it_is_making(
    gateway: RunningGateway, desk: Desk, receiver: Hook, kid: str
) -> None:
    receiver.hold = asyncio.Event()
    runner = NoticeRunner(gateway.services)
    await desk.webhook(receiver.url)
    await desk.happen(kid, 1)
    await make_notices(gateway.services)
    running = asyncio.create_task(runner.run_forever())
    await until(lambda: desk.attempted(1), "the attempt is being made")
    running.cancel()
    closing = asyncio.create_task(runner.close())
    receiver.hold.set()
    await closing
    await until(lambda: desk.undelivered_are(0), "it is recorded")
    assert len(receiver.posts) == 1


async def test_replayed_notices_come_again_in_order_under_their_ids(
    desk: Desk, receiver: Hook, kid: str, shop: Shop
) -> None:
    await desk.webhook(receiver.url)
    await desk.happen(kid, 1, 2)
    await shop.at("2025-01-12T00:00:00Z")
    await desk.happen(kid, 3)
    await receiver.until(3)
    await until(lambda: desk.undelivered_are(0), "all are recorded")
    since = await shop.gateway.services.clock.now()
    assert await desk.change(usecase.replay, None, since, None) == 1
    await receiver.until(4)
    assert await desk.change(usecase.replay, receiver.url, None, None) == 3
    await receiver.until(7)
    assert told(receiver) == [1, 2, 3, 3, 1, 2, 3]
    assert len({post.id for post in receiver.posts}) == 3


async def test_a_new_webhook_can_have_what_was_told_before(
    desk: Desk, receiver: Hook, kid: str
) -> None:
    await desk.happen(kid, 1, 2)
    await until(lambda: desk.told_are(2), "both are made")
    await desk.webhook(receiver.url)
    assert await desk.change(usecase.replay, None, None, None) == 2
    await receiver.until(2)
    assert told(receiver) == [1, 2]


async def test_a_notice_that_blocks_can_be_skipped(desk: Desk, receiver: Hook, kid: str) -> None:
    receiver.answers = [410]
    await desk.webhook(receiver.url)
    await desk.happen(kid, 1, 2)
    await until(lambda: desk.has_status("parked"), "it is parked")
    await desk.change(usecase.skip_oldest, receiver.url)
    await desk.change(usecase.resume, receiver.url)
    await receiver.until(1)
    assert told(receiver) == [2]


async def test_a_removed_destination_gets_nothing_any_more(
    desk: Desk, receiver: Hook, kid: str
) -> None:
    receiver.answers = [500] * 1000
    await desk.webhook(receiver.url)
    await desk.happen(kid, 1)
    await receiver.until_refused(1)
    await desk.change(usecase.remove, receiver.url)
    assert await desk.destinations() == []
    assert await desk.pool.fetch("SELECT * FROM ops.undelivered_notices") == []
    assert await desk.pool.fetchval("SELECT count(attempt_at) FROM notice.destination") == 0
    await desk.webhook(receiver.url)  # may come back, and starts anew


async def test_a_test_notice_goes_to_one_destination_whatever_it_takes(
    desk: Desk, receiver: Hook
) -> None:
    async with hook() as other:
        secret = await desk.webhook(receiver.url, "certificate.issued")
        await desk.webhook(other.url)
        await desk.change(usecase.send_test, receiver.url)
        await receiver.until(1)
        [notice] = receiver.verified(secret)
        assert (notice["type"], notice["data"]) == ("notice.test", {"login": "demo"})
        await until(lambda: desk.undelivered_are(0), "it is recorded")
        assert other.posts == []


async def test_a_mail_says_what_happened_and_what_to_do(
    desk: Desk, box: Mailbox, kid: str, shop: Shop
) -> None:
    await desk.mail("it@reseller.test")
    await desk.happen(kid, 30)
    [mail] = await box.until(1)
    assert box.recipients == ["it@reseller.test"]
    assert mail["Subject"] == f"Subscription {kid} expires in 30 days"
    assert mail["From"] == "notices@gateway.test"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "expiresAt: 2026-01-10T23:59:59Z" in text
    assert "EXTENDDOMAINS" in text
    assert abs(mail["Date"].datetime.timestamp() - time.time()) < 120


async def test_a_mail_that_is_tried_again_keeps_its_message_id(
    desk: Desk, box: Mailbox, kid: str
) -> None:
    box.answers = ["451 try later", "450 greylisted"]
    await desk.mail("it@reseller.test")
    await desk.happen(kid, 1, 2)
    first, second = await box.until(2)
    notices = await desk.pool.fetch("SELECT notice_id FROM ops.notices ORDER BY number")
    assert [mail["Message-ID"] for mail in (first, second)] == [
        f"<{row['notice_id'].hex}@127.0.0.1>" for row in notices
    ]


async def test_an_address_that_the_mail_server_refuses_for_good_is_parked(
    desk: Desk, box: Mailbox, kid: str
) -> None:
    box.answers = ["550 no such user"]
    await desk.mail("nobody@reseller.test")
    await desk.happen(kid, 1)
    await until(lambda: desk.has_status("parked"), "it is parked")
    assert (await desk.destination()).last_error == "the mail server refused the address (550)"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_mail_is_not_handed_to_a_server_without_the_tls_that_is_wanted(
    database: str, tmp_path: Path, box: Mailbox, tls: str
) -> None:
    async with notice_gateway(database, tmp_path, box, smtp_tls=tls) as gateway:
        desk = Desk(gateway.services)
        await desk.mail("it@reseller.test")
        await desk.happen(await Shop(gateway).credential(), 1)
        await until(lambda: desk.failed_times(1), "it was not sent")
        assert box.mails == []


async def test_old_notices_are_deleted_unless_somebody_waits_for_them(
    gateway: RunningGateway, desk: Desk, receiver: Hook, kid: str, client: AcmeClient
) -> None:
    async with hook() as gone:
        gone.answers = [410]
        await desk.webhook(gone.url, "subscription.expiring")
        await desk.webhook(receiver.url)
        await client.new_order("unlisted.example.com")
        await receiver.until(1)
        await desk.happen(kid, 30)
        await receiver.until(2)
        await until(lambda: desk.undelivered_are(1), "one waits for a parked destination")
    now = await gateway.services.clock.now()
    await clean_up(gateway.services, now)
    assert len(await desk.notices()) == 2
    await desk.pool.execute("UPDATE notice.notice SET made_at = made_at - interval '401 days'")
    await clean_up(gateway.services, now)
    assert await desk.notices() == [("subscription.expiring", kid)]
    assert await desk.pool.fetchval("SELECT count(*) FROM notice.refusal_told") == 0


async def test_attempts_are_counted_by_channel_and_outcome(
    gateway: RunningGateway, desk: Desk, receiver: Hook, kid: str
) -> None:
    async def counted(outcome: str) -> float:
        async with gateway.session.get(gateway.metrics_url) as response:
            text = await response.text()
        name = f'gateway_notice_attempts_total{{channel="webhook",outcome="{outcome}"}} '
        lines = [line for line in text.splitlines() if line.startswith(name)]
        return float(lines[0].removeprefix(name)) if lines else 0.0

    before = await counted("delivered"), await counted("failed")
    receiver.answers = [500]
    await desk.webhook(receiver.url)
    await desk.happen(kid, 1)
    await receiver.until(1)
    await until(lambda: desk.undelivered_are(0), "it is recorded")
    assert (await counted("delivered"), await counted("failed")) == (before[0] + 1, before[1] + 1)
