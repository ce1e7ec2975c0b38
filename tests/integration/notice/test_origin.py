"""Which events become notices, for whom, and that no notice is lost or doubled."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from cryptography import x509

from gateway.db.pool import transaction
from gateway.errors.notice import NoticeMistake
from gateway.origin import Origin
from gateway.store.operation import audit
from gateway.store.operation.audit import Change
from gateway.usecases.notice.notices import make_notices
from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.integration.acme.test_revocation import Issued
from tests.support.acme_client import AcmeClient, make_csr
from tests.support.gateway import RunningGateway
from tests.support.notices import NoticeOperator
from tests.support.receivers import WebhookReceiver, hook
from tests.support.server_process import until
from tests.support.shop import OPERATOR, Shop

ISSUED, REVOKED = "certificate.issued", "certificate.revoked"


@pytest.fixture
async def issued(client: AcmeClient, ready_order: ReadyOrder) -> Issued:
    finalized = (await client.finalize(await ready_order(), make_csr([NAME]))).json
    chain = (await client.post(finalized["certificate"])).body
    return Issued(client, x509.load_pem_x509_certificates(chain)[0], None)


async def all_read(operator: NoticeOperator) -> None:
    """Everything that happened so far has become what it becomes."""
    while await operator.unread():
        await make_notices(operator.services)
        await asyncio.sleep(0.01)


async def test_notices_of_certificates_go_where_they_are_wanted_of_revocations_everywhere(
    operator: NoticeOperator, receiver: WebhookReceiver, client: AcmeClient, ready_order: ReadyOrder
) -> None:
    async with hook() as other:
        await operator.webhook(receiver.url, ISSUED, REVOKED)
        await operator.webhook(other.url)
        finalized = (await client.finalize(await ready_order(), make_csr([NAME]))).json
        chain = (await client.post(finalized["certificate"])).body
        leaf = x509.load_pem_x509_certificates(chain)[0]
        await Issued(client, leaf, None).revoke(reason=4)
        await receiver.until(2)
        await other.until(1)
        await until(lambda: operator.undelivered_are(0), "all are recorded")
    assert receiver.kinds == [ISSUED, REVOKED]
    assert other.kinds == [REVOKED]
    first, second = (post.json["data"] for post in receiver.posts)
    assert first["domainNames"] == [NAME]
    assert int(first["serialNumber"], 16) == leaf.serial_number
    assert first["validNotBefore"] == "2025-01-10T14:30:00Z"
    assert second == {**first, "reason": "superseded"}


async def test_certificates_that_nobody_wants_to_hear_of_leave_no_row(
    operator: NoticeOperator, receiver: WebhookReceiver, issued: Issued
) -> None:
    await operator.webhook(receiver.url)
    await all_read(operator)
    assert await operator.notices() == []


async def test_a_refusal_that_the_reseller_can_cure_makes_one_notice_a_day_and_name(
    operator: NoticeOperator,
    receiver: WebhookReceiver,
    client: AcmeClient,
    customer: Customer,
    shop: Shop,
) -> None:
    await operator.webhook(receiver.url)
    for _ in range(3):
        assert (await client.new_order(NAME, "a.example.com")).problem == "rejectedIdentifier"
    assert (await client.new_order("a.example.com", "b.example.com")).status == 400
    await shop.at("2025-01-11T00:00:00Z")
    assert (await client.new_order("a.example.com")).status == 400
    await receiver.until(3)
    await all_read(operator)
    sent = [(post.json["timestamp"], post.json["data"]["domainNames"]) for post in receiver.posts]
    assert sent == [
        ("2025-01-10T15:30:00Z", ["a.example.com"]),
        ("2025-01-10T15:30:00Z", ["b.example.com"]),
        ("2025-01-11T00:00:00Z", ["a.example.com"]),
    ]
    data = receiver.posts[0].json["data"]
    assert (data["eabMACIDb64url"], data["reason"]) == (customer.eab.kid, "not_listed")
    assert "ask your reseller to add it" in data["detail"]


async def test_a_client_that_asks_for_ever_new_names_cannot_flood_its_reseller(
    operator: NoticeOperator, client: AcmeClient
) -> None:
    for number in range(25):
        await client.new_order(f"n{number}.example.com")
    await all_read(operator)
    assert len(await operator.notices()) == 20


async def test_a_refusal_that_only_the_zones_owner_can_cure_makes_no_notice(
    operator: NoticeOperator, client: AcmeClient, customer: Customer, gateway: RunningGateway
) -> None:
    account = await gateway.pool.fetchval("SELECT id FROM acme.account WHERE status = 'valid'")
    refusals = [{"name": NAME, "reason": "caa", "text": "CAA forbids it."}]
    async with transaction(gateway.pool) as connection:
        await connection.execute(
            """
            INSERT INTO audit.event (at, actor, action, subject, after)
            VALUES (now(), 'acme:' || $1::text, 'issuance.refused', 'order', $2)
            """,
            account,
            {"refusals": refusals},
        )
    await all_read(operator)
    assert await operator.notices() == []


async def test_only_the_purchase_that_crosses_the_threshold_makes_a_notice(
    operator: NoticeOperator, receiver: WebhookReceiver, shop: Shop
) -> None:
    await operator.webhook(receiver.url)
    await operator.threshold("9400.00")
    account = await shop.credential()
    for name in ("a", "b", "c"):  # 9635, 9270, 8905
        await shop.add(account, f"{name}.example.com")
    await all_read(operator)
    [notice] = await receiver.until(1)
    assert notice.json["data"]["balance"] == "9270.00"
    await shop.remove(account, "b.example.com")  # 9270
    await shop.remove(account, "c.example.com")  # 9635
    await shop.add(account, "d.example.com")  # below again
    await receiver.until(2)
    await all_read(operator)
    assert receiver.kinds == ["balance.low"] * 2


async def test_the_threshold_of_all_counts_where_a_reseller_has_none(
    gateway: RunningGateway, shop: Shop
) -> None:
    second = await shop.second_reseller("second", deposit="400.00")
    operator = NoticeOperator(gateway.services, "second")
    await second.add(await second.credential(), "a.example.com")  # 35.00 of 400.00
    await all_read(operator)
    assert await operator.notices() == [("balance.low", "second")]


async def test_a_tier_1_parent_gets_a_notice_of_its_own_balance(
    gateway: RunningGateway, shop: Shop
) -> None:
    child = await shop.second_reseller("child")
    await shop.second_reseller("parent", deposit="400.00")
    await shop.set_reseller("child", tier1="parent")
    await child.add(await child.credential(), "a.example.com")
    operator = NoticeOperator(gateway.services, "parent")
    await all_read(operator)
    assert await operator.notices() == [("balance.low", "parent")]
    assert await NoticeOperator(gateway.services, "child").notices() == []


async def test_nobody_hears_of_another_resellers_affairs(
    operator: NoticeOperator,
    gateway: RunningGateway,
    receiver: WebhookReceiver,
    shop: Shop,
    kid: str,
) -> None:
    await shop.second_reseller("second")
    second = NoticeOperator(gateway.services, "second")
    async with hook() as foreign:
        await second.webhook(foreign.url)
        await operator.webhook(receiver.url)
        await operator.happen(kid, 1)
        await receiver.until(1)
        await all_read(operator)
        await until(lambda: operator.undelivered_are(0), "all are recorded")
        assert foreign.posts == foreign.refused == []
    assert await second.notices() == []


async def test_an_event_that_commits_after_later_ones_is_not_passed_over(
    operator: NoticeOperator, gateway: RunningGateway, kid: str, pool: Any
) -> None:
    async with transaction(pool) as slow:
        now = await gateway.services.clock.now()
        after = {"expiresAt": "2026-01-10T23:59:59Z", "daysLeft": 7}
        await audit.record(slow, now, OPERATOR, Change("subscription.expiring", kid, None, after))
        await operator.happen(kid, 30)  # a later id, committed earlier
        assert not await make_notices(gateway.services)
        assert await operator.notices() == []
    await all_read(operator)
    rows = await operator.pool.fetch("SELECT data FROM ops.notices ORDER BY number")
    assert [row["data"]["daysLeft"] for row in rows] == [7, 30]


async def test_ids_that_were_rolled_back_hold_nobody_up(
    operator: NoticeOperator, gateway: RunningGateway, kid: str
) -> None:
    with pytest.raises(RuntimeError):
        async with transaction(gateway.pool) as connection:
            now = await gateway.services.clock.now()
            change = Change("subscription.expiring", kid, None, {"daysLeft": 1})
            await audit.record(connection, now, OPERATOR, change)
            raise RuntimeError
    await operator.happen(kid, 30)
    await all_read(operator)
    assert len(await operator.notices()) == 1


async def test_many_writers_and_many_readers_lose_and_double_nothing(
    operator: NoticeOperator, gateway: RunningGateway, kid: str
) -> None:
    async def write(first: int) -> None:
        for number in range(first, first + 25):
            await operator.happen(kid, number)

    async def read() -> None:
        for _ in range(40):
            await make_notices(gateway.services)

    await asyncio.gather(*(write(1000 * each) for each in range(4)), read(), read())
    await all_read(operator)
    rows = await operator.pool.fetch("SELECT data FROM ops.notices")
    found = sorted(row["data"]["daysLeft"] for row in rows)
    assert found == sorted(1000 * each + number for each in range(4) for number in range(25))


async def test_the_same_event_read_twice_is_one_notice(
    operator: NoticeOperator, gateway: RunningGateway, kid: str
) -> None:
    await operator.happen(kid, 30)
    await operator.happen(kid, 30)
    await all_read(operator)
    assert len(await operator.notices()) == 1


async def test_a_reader_that_dies_half_way_leaves_everything_to_the_next(
    operator: NoticeOperator, gateway: RunningGateway, kid: str, receiver: WebhookReceiver
) -> None:
    await operator.webhook(receiver.url)
    await gateway.pool.execute(
        """
        CREATE FUNCTION notice.die() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'killed'; END $$;
        CREATE TRIGGER dies BEFORE UPDATE ON notice.cursor EXECUTE FUNCTION notice.die();
        """
    )
    await operator.happen(kid, 1)
    with pytest.raises(Exception, match="killed"):
        while True:  # the gateway's own reader dies as well
            await make_notices(gateway.services)
    assert await operator.notices() == []
    await gateway.pool.execute("DROP TRIGGER dies ON notice.cursor")
    await receiver.until(1)
    assert len(await operator.notices()) == 1


@pytest.mark.parametrize(
    ("action", "subject", "after"),
    [
        ("subscription.expiring", "{kid}", {}),
        ("subscription.expiring", "{kid}", {"expiresAt": "soon"}),
        ("subscription.expiring", "{kid}", {"expiresAt": "2026-01-10T23:59:59Z"}),
        ("subscription.expired", "{kid}", {"expiresAt": 5}),
        ("purchase.charged", "no number", None),
        ("prevalidation.renewed", "", None),
        ("issuance.refused", "order", {"refusals": [{"other": 1}]}),
        ("issuance.refused", "order", {"refusals": 5}),
        ("certificate.revoked", "no serial", None),
    ],
)
async def test_an_event_that_does_not_say_what_it_should_holds_up_nothing(
    operator: NoticeOperator,
    gateway: RunningGateway,
    client: AcmeClient,
    kid: str,
    action: str,
    subject: str,
    after: Any,
) -> None:
    account = await gateway.pool.fetchval("SELECT id FROM acme.account WHERE status = 'valid'")
    now = await gateway.services.clock.now()
    async with transaction(gateway.pool) as connection:
        change = Change(action, subject.format(kid=kid), None, after)
        await audit.record(connection, now, Origin(f"acme:{account}"), change)
    await operator.happen(kid, 30)
    await all_read(operator)
    assert await operator.notices() == [("subscription.expiring", kid)]


async def test_thresholds_are_amounts(operator: NoticeOperator) -> None:
    await operator.threshold("10.5")
    assert await operator.pool.fetchval("SELECT low_balance FROM notice.setting") == Decimal(
        "10.50"
    )
    with pytest.raises(NoticeMistake, match="not negative"):
        await operator.threshold("-10.5")
    await operator.threshold(None)
    assert await operator.pool.fetchval("SELECT low_balance FROM notice.setting") is None
