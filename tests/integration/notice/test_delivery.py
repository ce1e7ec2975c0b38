"""Notices reach their receivers in order, once, signed; whatever happens on the way."""

import asyncio
from dataclasses import replace
from pathlib import Path

from gateway.db.pool import transaction
from gateway.ids import new_id
from gateway.rules.notice import notices
from gateway.store.notice import deliveries as notice_deliveries
from gateway.store.notice import notices as store
from gateway.store.notice.deliveries import Backoff, Lease
from gateway.usecases.notice import destinations as usecase
from gateway.usecases.notice.delivery import NoticeRunner
from gateway.usecases.notice.notices import make_notices
from gateway.usecases.work import Work
from tests.integration.notice.conftest import notice_gateway
from tests.support.gateway import RunningGateway, free_ports
from tests.support.notices import NoticeOperator
from tests.support.receivers import Mailbox, WebhookReceiver, hook
from tests.support.server_process import until
from tests.support.shop import Shop


async def test_a_webhook_is_signed_as_standard_webhooks_say(
    operator: NoticeOperator, receiver: WebhookReceiver, shop: Shop
) -> None:
    secret = await operator.webhook(receiver.url)
    await operator.threshold("9900.00")
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
    operator: NoticeOperator, receiver: WebhookReceiver
) -> None:
    first = await operator.webhook(receiver.url)
    second = await operator.webhook(f"{receiver.url}?second")
    assert first != second
    rows = await operator.pool.fetch("SELECT destination::text FROM notice.destination")
    events = await operator.pool.fetch("SELECT event::text FROM audit.event")
    for row in (*rows, *events):
        assert first.removeprefix("whsec_").encode().hex() not in row[0]
        assert "whsec_" not in row[0]


async def test_a_notice_that_fails_blocks_the_later_ones_until_it_arrives(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    receiver.answers = [500, 503, 404, 302]
    secret = await operator.webhook(receiver.url)
    await operator.happen(kid, 1, 2, 3)
    await receiver.until(3)
    assert receiver.days == [1, 2, 3]
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
        operator = NoticeOperator(gateway.services)
        await operator.webhook(f"http://127.0.0.1:{port}/notices")
        kid = await Shop(gateway).credential()
        await operator.happen(kid, 1, 2)
        await until(lambda: operator.failed_times(1), "the first attempt failed")
        assert "No connection" in str((await operator.destination()).last_error)
        await operator.pass_time("11 minutes")
        await until(lambda: operator.failed_times(2), "the second attempt failed")
        await operator.happen(kid, 3)
        await until(lambda: operator.undelivered_are(3), "three wait")
        async with hook(port) as receiver:
            await operator.pass_time("29 minutes")
            await make_notices(gateway.services)
            assert (await operator.destination()).undelivered == 3
            assert receiver.posts == []
            await operator.pass_time("20 minutes")
            await receiver.until(3)
            assert receiver.days == [1, 2, 3]
            await until(lambda: operator.undelivered_are(0), "all are delivered")
        assert await operator.failed_times(0)


async def test_two_runners_send_each_notice_once_and_in_order(
    gateway: RunningGateway, operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    second = NoticeRunner(gateway.services)
    running = asyncio.create_task(second.run_forever())
    try:
        async with hook() as other:
            await operator.webhook(receiver.url)
            await operator.webhook(other.url)
            for number in range(1, 31):
                await operator.happen(kid, number)
                await asyncio.gather(*(make_notices(gateway.services) for _ in range(3)))
            await receiver.until(30)
            await other.until(30)
            await until(lambda: operator.undelivered_are(0), "all are recorded")
            assert receiver.days == other.days == list(range(1, 31))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await second.close()


async def test_a_notice_that_is_queued_while_a_runner_goes_to_rest_is_not_left_lying(
    gateway: RunningGateway, operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    await operator.webhook(receiver.url)
    row = await operator.pool.fetchrow(
        """
        UPDATE notice.destination
           SET attempt_at = clock_timestamp() + interval '1 hour', leased = true
        RETURNING id AS destination_id, attempt_at AS until
        """
    )
    assert row is not None
    runner = NoticeRunner(gateway.services)
    reseller = await operator.do(_owner)
    now = await gateway.services.clock.now()
    async with transaction(operator.pool) as queueing:
        draft = notices.test(reseller.id, reseller.login, now, new_id())
        numbers = await store.add(queueing, [replace(draft, kind="balance.low")])
        await store.queue(queueing, numbers)
        resting = asyncio.create_task(runner._work(Lease(**row)))
        await until(lambda: operator.somebody_waits_for_a_lock(), "the runner meets the queueing")
    await resting
    await runner.close()
    assert len(receiver.posts) == 1
    assert await operator.undelivered_are(0)


async def _owner(_: Work, owner: usecase.Recipient) -> usecase.Recipient:
    return owner


async def test_a_destination_that_fails_does_not_hold_up_another(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    async with hook() as broken:
        broken.answers = [500] * 1000
        await operator.webhook(broken.url)
        await operator.webhook(receiver.url)
        await operator.happen(kid, 1, 2, 3)
        await receiver.until(3)
        await broken.until_refused(2)
        assert broken.posts == []


async def test_after_the_horizon_a_destination_is_parked_until_it_is_resumed(
    gateway: RunningGateway, operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    receiver.answers = [500]
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1)
    await receiver.until_refused(1)
    receiver.answers = [500] * 1000
    await operator.pool.execute(
        "UPDATE notice.destination SET failures = 1, failing_since = now() - interval '72 hours'"
    )
    await until(lambda: operator.has_status("parked"), "it is parked")
    attempts = len(receiver.refused)
    await operator.happen(kid, 2)
    await make_notices(gateway.services)
    # Not at once: transactions in other databases of the server hold notices up, too.
    await until(lambda: operator.undelivered_are(2), "both wait")
    [failing] = await operator.pool.fetch("SELECT * FROM ops.failing_destinations")
    assert (failing["status"], failing["undelivered"]) == ("parked", 2)
    assert failing["last_error"] == "the receiver answered 500"
    waiting = await operator.pool.fetch("SELECT next_attempt_at FROM ops.undelivered_notices")
    assert [row["next_attempt_at"] for row in waiting] == [None, None]
    assert len(receiver.refused) == attempts
    receiver.answers = []
    await operator.change(usecase.resume, receiver.url)
    await receiver.until(2)
    assert receiver.days == [1, 2]
    await until(lambda: operator.undelivered_are(0), "all are recorded")
    assert await operator.pool.fetch("SELECT * FROM ops.failing_destinations") == []


async def test_what_fails_on_our_side_parks_no_destination(
    operator: NoticeOperator, receiver: WebhookReceiver
) -> None:
    await operator.webhook(receiver.url)

    async def failed(*, counted: bool) -> bool:
        row = await operator.pool.fetchrow(
            """
            UPDATE notice.destination
               SET attempt_at = clock_timestamp() + interval '1 hour', leased = true,
                   failures = 3, failing_since = clock_timestamp() - interval '73 hours'
            RETURNING id AS destination_id, attempt_at AS until
            """
        )
        assert row is not None
        return await notice_deliveries.fail(
            operator.pool,
            Lease(**row),
            "no resolver",
            backoff=Backoff([3600], 72 * 3600),
            final=False,
            counted=counted,
        )

    assert not await failed(counted=False)
    assert await operator.failed_times(3)
    assert await failed(counted=True)


async def test_a_webhook_that_is_gone_is_parked_at_once(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    receiver.answers = [410]
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1)
    await until(lambda: operator.has_status("parked"), "it is parked")
    assert len(receiver.refused) == 1


async def test_redirects_are_not_followed(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    async with hook() as redirecting:
        redirecting.answers = [307]
        redirecting.url, there = receiver.url, redirecting.url
        await operator.webhook(there)
        await operator.happen(kid, 1)
        await redirecting.until(1)
        assert len(redirecting.refused) == 1
        assert receiver.posts == receiver.refused == []


async def test_a_receiver_that_does_not_answer_is_given_up_in_time(
    database: str, tmp_path: Path, box: Mailbox, receiver: WebhookReceiver
) -> None:
    receiver.hold = asyncio.Event()
    async with notice_gateway(database, tmp_path, box, timeout_seconds=0.2) as gateway:
        operator = NoticeOperator(gateway.services)
        await operator.webhook(receiver.url)
        await operator.happen(await Shop(gateway).credential(), 1)
        await until(lambda: operator.failed_times(1), "the attempt was given up")
        last_error = str((await operator.destination()).last_error)
        assert last_error.startswith("Waiting for the answer of 127.0.0.1 at 127.0.0.1:")
        assert last_error.endswith(": not done within 0.2 seconds")
        receiver.hold.set()


async def test_a_runner_that_stops_records_the_attempt_it_is_making(
    gateway: RunningGateway, operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    receiver.hold = asyncio.Event()
    runner = NoticeRunner(gateway.services)
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1)
    await make_notices(gateway.services)
    running = asyncio.create_task(runner.run_forever())
    await until(lambda: operator.attempted(1), "the attempt is being made")
    running.cancel()
    closing = asyncio.create_task(runner.close())
    receiver.hold.set()
    await closing
    await until(lambda: operator.undelivered_are(0), "it is recorded")
    assert len(receiver.posts) == 1
