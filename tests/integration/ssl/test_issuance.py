"""Issuing: again within the paid period, by slow issuers, when withdrawn too late, never twice."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway.ca.issuer import Immediate
from gateway.db.pool import transaction
from gateway.store.ssl import due as ssl_due
from gateway.usecases.reseller import resellers
from gateway.usecases.ssl.runner import SslOrderRunner
from gateway.usecases.work import open_work
from tests.integration.acme.test_slow_issuer import opened
from tests.support.certificate_shop import (
    NAME,
    CertificateShop,
    application,
    eventually,
    pem,
    shop_of,
)
from tests.support.challenge_server import challenge_server
from tests.support.csrs import csr, key, of_version
from tests.support.shop import OPERATOR
from tests.support.slow_issuer import upstream_of

DAY = 86400


async def certificates(shop: CertificateShop) -> list[tuple[bool, int | None]]:
    """Whether each certificate was withheld, and the reason of its revocation."""
    rows = await shop.gateway.pool.fetch(
        """
        SELECT certificate.withheld, revocation.reason
          FROM ca.certificate
          LEFT JOIN ca.revocation ON revocation.serial = certificate.serial
         ORDER BY certificate.number
        """
    )
    return [tuple(row) for row in rows]


def leaf_of(shown: Any) -> x509.Certificate:
    return x509.load_pem_x509_certificate(shown["certificate"].encode())


async def test_a_certificate_is_issued_anew_within_the_paid_period_at_no_cost(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.issue()
    first = leaf_of(await shop.show(cert_id))
    balance = await shop.balance()
    await shop.gateway.advance(60 * DAY)
    again = {"csr": pem(kind="P-384"), "domain_method": "FILE"}
    applied = await shop.do("POST", f"/{cert_id}/apply", json=again)
    assert applied["status"] == "SUPPLEMENTCHECKING"
    assert applied["domain_validation"][0]["validated"] is False  # the old proof is 60 days old
    await shop.prove(cert_id, applied)
    second = leaf_of(await shop.until(cert_id, "ISSUED"))
    assert second.serial_number != first.serial_number
    assert second.not_valid_after_utc > first.not_valid_after_utc
    assert await shop.balance() == balance
    await shop.revoke(cert_id)
    assert [reason for _, reason in await certificates(shop)] == [0, 0]


async def test_it_begins_an_hour_early_and_is_no_longer_for_that(shop: CertificateShop) -> None:
    """And in the paid period, which begins when it was issued."""
    leaf = leaf_of(await shop.show(await shop.issue()))
    assert leaf.not_valid_before_utc == datetime(2025, 12, 1, 11, tzinfo=UTC)
    assert leaf.not_valid_after_utc == datetime(2026, 3, 1, 10, 59, 59, tzinfo=UTC)
    leaf = leaf_of(await shop.show(await shop.issue(validity_period=1)))
    assert leaf.not_valid_before_utc == datetime(2025, 12, 1, 11, tzinfo=UTC)
    assert leaf.not_valid_after_utc == datetime(2025, 12, 31, 11, 59, 59, tzinfo=UTC)


async def test_csrs_of_old_clients_are_certified_here_too(shop: CertificateShop) -> None:
    der = of_version(2, csr([f"{NAME}."], common_name=NAME))
    text = b64encode(der).decode()
    old = f"-----BEGIN CERTIFICATE REQUEST-----\n{text}\n-----END CERTIFICATE REQUEST-----\n"
    cert_id = await shop.buy()
    await shop.prove(cert_id, await shop.apply(cert_id, csr=old, domain_method="FILE"))
    leaf = leaf_of(await shop.until(cert_id, "ISSUED"))
    assert leaf.public_key() == key("P-256").public_key()


async def test_one_that_has_run_out_can_be_issued_anew_too(shop: CertificateShop) -> None:
    cert_id = await shop.issue()
    await shop.gateway.advance(100 * DAY)
    assert await shop.status(cert_id) == "EXPIRED"
    await shop.get_issued(cert_id)


async def test_a_proof_counts_for_further_orders_of_the_reseller_for_30_days(
    shop: CertificateShop,
) -> None:
    await shop.issue()
    second = await shop.buy()
    applied = await shop.apply(second)
    assert applied["domain_validation"][0]["validated"] is True
    await shop.until(second, "ISSUED")
    other = await shop.second("other")
    theirs = await other.apply(await other.buy())
    assert theirs["domain_validation"][0]["validated"] is False
    await shop.gateway.advance(31 * DAY)
    third = await shop.apply(await shop.buy())
    assert third["domain_validation"][0]["validated"] is False


async def test_no_certificate_reaches_beyond_the_paid_period(shop: CertificateShop) -> None:
    cert_id = await shop.issue(validity_period=1)
    shown = await shop.show(cert_id)
    issued_at = datetime.fromisoformat(f"{shown['first_issue_time']}+00:00")
    end = issued_at.replace(microsecond=0) + timedelta(days=30)
    assert leaf_of(shown).not_valid_after_utc == end - timedelta(seconds=1)
    await shop.gateway.advance(30 * DAY)
    refused = await shop.send("POST", f"/{cert_id}/apply", json=application())
    assert (refused.status, refused.code) == (409, "SCM.0051")
    assert "paid period is over" in refused.json["error_msg"]


async def test_a_proof_that_does_not_come_within_30_days_is_unpassed(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.buy()
    await shop.apply(cert_id, domain_method="FILE")
    await shop.gateway.advance(30 * DAY - 1)
    assert await shop.status(cert_id) == "CHECKING"
    await shop.gateway.advance(1)
    shown = await shop.show(cert_id)
    assert shown["status"] == "UNPASSED"
    assert "30 days" in shown["problem"]
    # In its own time, however far the clock has jumped.
    await shop.apply(cert_id, domain_method="FILE")
    await shop.gateway.advance(365 * DAY)
    assert (await shop.show(cert_id))["update_time"] == "2026-01-30 12:00:00.0"


async def test_another_application_must_wait_until_the_first_is_withdrawn(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.buy()
    await shop.apply(cert_id)
    other = {"csr": pem(kind="P-384")}
    refused = await shop.send("POST", f"/{cert_id}/apply", json=other)
    assert (refused.status, refused.code) == (409, "SCM.0051")


async def test_a_compromised_key_is_never_certified_again(shop: CertificateShop) -> None:
    cert_id = await shop.issue()
    await shop.do("POST", f"/{cert_id}/revoke", json={"reason": "keyCompromise"})
    await shop.until(cert_id, "REVOKED")
    second = await shop.buy()
    refused = await shop.send("POST", f"/{second}/apply", json=application())
    assert (refused.status, refused.code) == (400, "SCM.0002")
    assert "compromised" in refused.json["error_msg"]


async def test_nothing_is_issued_for_a_suspended_reseller(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    applied = await shop.apply(cert_id, domain_method="FILE")
    await set_status(shop, "suspended")
    await shop.prove(cert_id, applied)

    async def held_back() -> Any:
        query = "SELECT problem FROM ssl.\"order\" WHERE status = 'ISSUING'"
        return await shop.gateway.pool.fetchval(query)

    assert await eventually(held_back) == "The account is suspended."
    assert await certificates(shop) == []
    await shop.gateway.services.refusals.flush()
    [row] = await shop.gateway.pool.fetch("SELECT * FROM ops.refusals WHERE name = $1", NAME)
    assert (row["reason"], row["answer"]) == ("account_refused", "The account is suspended.")
    assert (row["door"], row["reseller"], row["subject"]) == ("ssl", shop.login, cert_id)
    await set_status(shop, "active")
    await shop.until(cert_id, "ISSUED")


async def set_status(shop: CertificateShop, status: str) -> None:
    now = await shop.gateway.services.clock.now()
    async with open_work(shop.gateway.pool, now, OPERATOR) as work:
        await resellers.set_reseller(work, shop.login, resellers.ResellerChanges(status=status))


async def test_many_processes_issue_one_certificate(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    applied = await shop.apply(cert_id, domain_method="FILE")
    await shop.prove(cert_id, applied)
    runners = [SslOrderRunner(shop.gateway.services) for _ in range(4)]
    tasks = [asyncio.create_task(runner.run_forever()) for runner in runners]
    try:
        await shop.until(cert_id, "ISSUED")
        # Without their leases too: all go on with it at the same moment.
        await asyncio.gather(*(runner.work_on(cert_id) for runner in runners))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await certificates(shop) == [(False, None)]


class IssuerThatDiesOnce(Immediate):
    """The local CA, in a process that dies once between signing and storing."""

    def __init__(self, ca: Any) -> None:
        self._ca = ca
        self.id, self.name = ca.id, ca.name
        self.signed: list[bytes] = []

    async def issue(self, request: Any, state: Any) -> Any:
        issued = self._ca.issue_now(request)
        self.signed.append(issued.der)
        if len(self.signed) == 1:
            raise ConnectionResetError
        return issued

    def issue_now(self, request: Any) -> Any:
        raise AssertionError("the background asks with issue")

    def chain_pem(self) -> bytes:
        raise AssertionError("nobody asks for its chain")


async def test_what_was_signed_before_a_crash_is_what_is_stored_after_it(
    shop: CertificateShop,
) -> None:
    services = shop.gateway.services
    issuer = IssuerThatDiesOnce(services.issuers.find("local"))
    services.issuers.put_before(issuer)
    cert_id = await shop.buy()
    await shop.prove(cert_id, await shop.apply(cert_id, domain_method="FILE"))

    async def died() -> bool:
        return bool(issuer.signed)

    await eventually(died)
    assert await certificates(shop) == []
    # Another process goes on, as when the lease of the first has ended.
    await SslOrderRunner(services).work_on(cert_id)
    assert await shop.status(cert_id) == "ISSUED"
    [stored] = await shop.gateway.pool.fetch("SELECT der FROM ca.certificate")
    assert {stored["der"]} == set(issuer.signed)


async def test_an_order_with_which_process_after_process_ends_is_taken_alone_and_after_pauses(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.buy()
    await shop.apply(cert_id, domain_method="FILE")
    at_once = timedelta(0)
    async with transaction(shop.gateway.pool) as connection:  # so that no other process has it
        await connection.execute('UPDATE ssl."order" SET claims = 0, due_at = clock_timestamp()')
        for _ in range(2):  # the first may have stood still
            assert await ssl_due.claim_due(connection, at_once, 9) == [cert_id]
        assert await ssl_due.claim_due(connection, at_once, 9) == []
        for claims in (2, 3, 4):
            pause = timedelta(seconds=15 * claims)
            for waited, given in ((pause - timedelta(seconds=2), []), (pause, [cert_id])):
                await connection.execute(
                    'UPDATE ssl."order" SET due_at = clock_timestamp() - $1::interval',
                    waited,
                )
                suspects = await ssl_due.claim_due(connection, at_once, 1, suspects=True)
                assert suspects == given


async def test_and_is_set_aside_with_a_problem_of_its_own(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    await shop.apply(cert_id, domain_method="FILE")
    await shop.gateway.pool.execute(
        "UPDATE ssl.\"order\" SET claims = 5, due_at = clock_timestamp() - interval '10 minutes'"
    )
    await shop.until(cert_id, "UNPASSED")
    row = await shop.gateway.pool.fetchrow('SELECT problem, due_at FROM ssl."order"')
    assert row is not None
    assert "begun 5 times, and each time the process that did it ended" in row["problem"]
    assert row["due_at"] is None
    # It may be applied for again, and then begins anew.
    await shop.get_issued(cert_id)

    async def concluded() -> bool:
        claims = await shop.gateway.pool.fetchval('SELECT claims FROM ssl."order"')
        return bool(claims == 0)

    await eventually(concluded)


@pytest.fixture
async def slow(database: str, tmp_path: Path) -> AsyncIterator[CertificateShop]:
    """A gateway whose issuer needs `pending_answers` looks, with a proven application."""
    async with (
        opened(database, tmp_path, pending_answers=3) as gateway,
        challenge_server(gateway.http_port) as web,
    ):
        yield await shop_of(gateway, gateway.login, web)


async def asked(shop: CertificateShop) -> Any:
    query = "SELECT id FROM ssl.application WHERE issuer_state IS NOT NULL"
    return await shop.gateway.pool.fetchval(query)


async def test_an_issuer_may_take_its_time(slow: CertificateShop) -> None:
    await slow.issue()
    assert await certificates(slow) == [(False, None)]


async def test_what_comes_after_a_withdrawal_is_withheld_and_revoked(
    slow: CertificateShop,
) -> None:
    issuer = upstream_of(slow.gateway)
    issuer.pending_answers, issuer.retry_after_seconds = 2, 1.0
    cert_id = await slow.buy()
    await slow.prove(cert_id, await slow.apply(cert_id, domain_method="FILE"))
    await eventually(lambda: asked(slow))
    assert await slow.status(cert_id) == "ISSUING"
    answer = await slow.do("POST", f"/{cert_id}/cancel-apply")
    assert answer["status"] == "CANCELCHECKING"
    shown = await slow.until(cert_id, "PAID")
    assert shown["certificate"] is None
    assert await certificates(slow) == [(True, 5)]


async def test_an_issuer_that_refuses_leaves_it_unpassed(slow: CertificateShop) -> None:
    upstream_of(slow.gateway).failure = "policy forbids it"
    cert_id = await slow.buy()
    await slow.prove(cert_id, await slow.apply(cert_id, domain_method="FILE"))
    shown = await slow.until(cert_id, "UNPASSED")
    assert "policy forbids it" in shown["problem"]
    assert await certificates(slow) == []
    upstream_of(slow.gateway).failure = None
    await slow.apply(cert_id, NAME)
    await slow.until(cert_id, "ISSUED")
