"""What is kept of refusals: no secrets, a bounded number, and over outages, stops and clean-up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from gateway.refusal_log import TOO_MANY, RefusalLog, Refused
from gateway.usecases.operation.cleanup import clean_up
from tests.integration.acme.conftest import new_customer
from tests.integration.operation.test_refusals import NAME, found
from tests.support.acme_client import AcmeClient
from tests.support.certificate_shop import shop_of
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop


@pytest.fixture
async def client(gateway: RunningGateway) -> AsyncIterator[AcmeClient]:
    """Registered, with a subscription for NAME."""
    customer = await new_customer(Shop(gateway), NAME)
    made = AcmeClient(gateway.session, gateway.directory_url)
    await made.register(customer.eab)
    yield made


async def test_no_secret_is_kept_with_a_refusal(gateway: RunningGateway) -> None:
    await gateway.action("LISTSERVERS", loginPassword="a-secret-password")
    await gateway.action("LISTSERVERS", nonsense="a-secret-value")
    shop = await shop_of(gateway, gateway.login)
    shop.token = f"{shop.token}-a-secret-end"
    await shop.send("GET")
    await gateway.services.refusals.flush()
    kept = await gateway.pool.fetch("SELECT refusal::text AS row FROM audit.refusal")
    assert len(kept) == 3
    assert not any("secret-" in row["row"] for row in kept)


async def test_strangers_cannot_fill_the_database(gateway: RunningGateway) -> None:
    log = gateway.services.refusals
    for number in range(5000):
        log.note(Refused("reseller", "x", "login_refused", "no", login=f"guess {number}"))
    await log.flush()
    for number in range(5000):
        log.note(Refused("reseller", "y", "login_refused", "no", login=f"further {number}"))
    rows = await found(gateway, "reason = 'login_refused'")
    assert len(rows) == 101
    [rest] = [row for row in rows if row["reseller"] is None]
    assert (rest["why"], rest["times"]) == (TOO_MANY, 9900)
    assert sum(row["times"] for row in rows) == 10_000


async def test_odd_requests_do_not_hide_failed_logins(gateway: RunningGateway) -> None:
    log = gateway.services.refusals
    for number in range(5000):
        log.note(Refused("acme", f"path {number}", "malformed", "no"))
        log.note(Refused("reseller", f"odd {number}", "argument_unrecognized", "no"))
    log.note(Refused("reseller", "x", "login_refused", "no", login="acme-hosting"))
    assert len(await found(gateway, "reason = 'login_refused' AND reseller = 'acme-hosting'")) == 1


async def test_strangers_do_not_take_the_room_of_those_who_are_known(
    gateway: RunningGateway, client: AcmeClient
) -> None:
    for number in range(5000):
        gateway.services.refusals.note(Refused("acme", f"path {number}", "malformed", "no"))
    assert (await client.new_order("unlisted.example.com")).status == 400
    assert len(await found(gateway, "name = 'unlisted.example.com'")) == 1


async def test_what_cannot_be_stored_is_kept_as_far_as_it_can(gateway: RunningGateway) -> None:
    odd = "\0\ud800\n" + "x" * 10_000
    gateway.services.refusals.note(
        Refused("reseller", odd, "odd", odd, odd, odd, odd, names=(odd,))
    )
    [row] = await found(gateway, "reason = 'odd'")
    for column in ("request", "answer", "why", "reseller", "subject", "name"):
        assert row[column].startswith("???xxx")
        assert len(row[column]) <= 500


async def test_refusals_outlive_an_outage_and_a_stop(gateway: RunningGateway) -> None:
    log = RefusalLog(gateway.pool, gateway.services.clock)
    log.note(Refused("reseller", "x", "first", "no"))
    await gateway.pool.execute("ALTER TABLE audit.refusal RENAME TO away")
    with pytest.raises(asyncpg.UndefinedTableError):
        await log.flush()
    await gateway.pool.execute("ALTER TABLE audit.away RENAME TO refusal")
    log.note(Refused("reseller", "x", "first", "no"))
    await log.flush()
    [row] = await found(gateway, "reason = 'first'")
    assert row["times"] == 2


async def test_processes_count_the_same_refusal_in_one_row(gateway: RunningGateway) -> None:
    logs = [RefusalLog(gateway.pool, gateway.services.clock) for _ in range(4)]
    for log in logs:
        for number in range(20):
            log.note(Refused("reseller", f"{number}", "same", "no"))
    await asyncio.gather(*(log.flush() for log in logs))
    rows = await found(gateway, "reason = 'same'")
    assert [row["times"] for row in rows] == [4] * 20


async def test_old_refusals_are_cleaned_up(gateway: RunningGateway) -> None:
    log = gateway.services.refusals
    await gateway.at("2025-01-10T00:00:00Z")
    log.note(Refused("reseller", "x", "old", "no"))
    await log.flush()
    now = await gateway.services.clock.now()
    await clean_up(gateway.services, now + timedelta(days=80))
    assert await found(gateway, "reason = 'old'")
    await clean_up(gateway.services, now + timedelta(days=91))
    assert await found(gateway, "reason = 'old'") == []


async def test_a_request_that_is_admitted_writes_no_refusal(
    gateway: RunningGateway, client: AcmeClient
) -> None:
    assert (await client.new_order(NAME)).status == 201
    assert await found(gateway, "true") == []
