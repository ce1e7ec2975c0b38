"""Replaying, skipping and testing notices, and removing destinations."""

from gateway.usecases.notice import destinations as usecase
from gateway.usecases.operation.cleanup import clean_up
from tests.support.acme_client import AcmeClient
from tests.support.gateway import RunningGateway
from tests.support.notices import NoticeOperator
from tests.support.receivers import WebhookReceiver, hook
from tests.support.server_process import until
from tests.support.shop import Shop


async def test_replayed_notices_come_again_in_order_under_their_ids(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str, shop: Shop
) -> None:
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1, 2)
    await shop.at("2025-01-12T00:00:00Z")
    await operator.happen(kid, 3)
    await receiver.until(3)
    await until(lambda: operator.undelivered_are(0), "all are recorded")
    since = await shop.gateway.services.clock.now()
    assert await operator.change(usecase.replay, None, since, None) == 1
    await receiver.until(4)
    assert await operator.change(usecase.replay, receiver.url, None, None) == 3
    await receiver.until(7)
    assert receiver.days == [1, 2, 3, 3, 1, 2, 3]
    assert len({post.id for post in receiver.posts}) == 3


async def test_a_new_webhook_can_have_earlier_notices(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    await operator.happen(kid, 1, 2)
    await until(lambda: operator.made_are(2), "both are made")
    await operator.webhook(receiver.url)
    assert await operator.change(usecase.replay, None, None, None) == 2
    await receiver.until(2)
    assert receiver.days == [1, 2]


async def test_many_that_wait_come_in_turns_and_in_order(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    await operator.happen(kid, *range(1, 46))
    await until(lambda: operator.made_are(45), "all are made")
    await operator.webhook(receiver.url)
    assert await operator.change(usecase.replay, None, None, None) == 45
    await receiver.until(45)
    await until(lambda: operator.undelivered_are(0), "all are recorded")
    assert receiver.days == list(range(1, 46))


async def test_a_notice_that_blocks_can_be_skipped(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    receiver.answers = [410]
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1, 2)
    await until(lambda: operator.has_status("parked"), "it is parked")
    await operator.change(usecase.skip_oldest, receiver.url)
    await operator.change(usecase.resume, receiver.url)
    await receiver.until(1)
    assert receiver.days == [2]


async def test_a_removed_destination_gets_nothing_any_more(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    receiver.answers = [500] * 1000
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1)
    await receiver.until_refused(1)
    await operator.change(usecase.remove, receiver.url)
    assert await operator.destinations() == []
    assert await operator.pool.fetch("SELECT * FROM ops.undelivered_notices") == []
    assert await operator.pool.fetchval("SELECT count(attempt_at) FROM notice.destination") == 0
    await operator.webhook(receiver.url)  # may come back, and starts anew


async def test_a_test_notice_goes_to_one_destination_whatever_it_takes(
    operator: NoticeOperator, receiver: WebhookReceiver
) -> None:
    async with hook() as other:
        secret = await operator.webhook(receiver.url, "certificate.issued")
        await operator.webhook(other.url)
        await operator.change(usecase.send_test, receiver.url)
        await receiver.until(1)
        [notice] = receiver.verified(secret)
        assert (notice["type"], notice["data"]) == ("notice.test", {"login": "demo"})
        await until(lambda: operator.undelivered_are(0), "it is recorded")
        assert other.posts == []


async def test_old_notices_are_deleted_unless_somebody_waits_for_them(
    gateway: RunningGateway,
    operator: NoticeOperator,
    receiver: WebhookReceiver,
    kid: str,
    client: AcmeClient,
) -> None:
    async with hook() as gone:
        gone.answers = [410]
        await operator.webhook(gone.url, "subscription.expiring")
        await operator.webhook(receiver.url)
        await client.new_order("unlisted.example.com")
        await receiver.until(1)
        await operator.happen(kid, 30)
        await receiver.until(2)
        await until(lambda: operator.undelivered_are(1), "one waits for a parked destination")
    now = await gateway.services.clock.now()
    await clean_up(gateway.services, now)
    assert len(await operator.notices()) == 2
    await operator.pool.execute("UPDATE notice.notice SET made_at = made_at - interval '401 days'")
    await clean_up(gateway.services, now)
    assert await operator.notices() == [("subscription.expiring", kid)]
    assert await operator.pool.fetchval("SELECT count(*) FROM notice.notified_refusal") == 0


async def test_attempts_are_counted_by_channel_and_outcome(
    gateway: RunningGateway, operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    async def counted(outcome: str) -> float:
        async with gateway.session.get(gateway.metrics_url) as response:
            text = await response.text()
        name = f'gateway_notice_attempts_total{{channel="webhook",outcome="{outcome}"}} '
        lines = [line for line in text.splitlines() if line.startswith(name)]
        return float(lines[0].removeprefix(name)) if lines else 0.0

    before = await counted("delivered"), await counted("failed")
    receiver.answers = [500]
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1)
    await receiver.until(1)
    await until(lambda: operator.undelivered_are(0), "it is recorded")
    assert (await counted("delivered"), await counted("failed")) == (before[0] + 1, before[1] + 1)
