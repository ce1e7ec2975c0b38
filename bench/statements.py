"""`python -m bench.statements`: what each statement of an issuance costs, PostgreSQL and asyncpg.

Sixteen at a time on a database as after some business, without HTTP, validation and signatures.
"""

import argparse
import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import uvloop

from bench.database import durable_database, furnish
from bench.fill import Amounts, fill
from bench.processes import cpu_seconds
from gateway import ids
from gateway.db.pool import Pool, open_pool
from gateway.sandbox import demo_data
from gateway.store.acme import authorizations, challenges, issuance, new_orders, nonces, orders
from gateway.store.acme.admission import Ticket
from gateway.store.acme.challenges import Attempt
from gateway.store.acme.issuance import Intent, Result, SignedCertificate
from gateway.store.acme.new_orders import OfferedAuthorization
from gateway.store.acme.orders import Order

_AT_ONCE = 16
_ACCOUNTS = 2000
_DAY = timedelta(days=1)


@dataclass
class Issuance:
    """What one issuance needs and makes on its way."""

    account_id: str
    kid: str
    eab_version: int
    name: str
    order_id: UUID = field(default_factory=ids.new_id)
    authorization_id: UUID = field(default_factory=ids.new_id)
    challenge_ids: list[UUID] = field(default_factory=lambda: [ids.new_id() for _ in range(3)])
    serial: str = field(default_factory=lambda: secrets.token_hex(16))
    key_hash: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    attempt: Attempt | None = None


class Steps:
    """The statements of an issuance, in their order."""

    def __init__(self, pool: Pool, epoch: int, issuer_id: UUID) -> None:
        self._pool, self._epoch, self._issuer_id = pool, epoch, issuer_id
        self._now = datetime.now(UTC)

    def all(self) -> Sequence[Callable[[Issuance], Awaitable[object]]]:
        return (
            *(self.read_gate, self.place, self.read_authorization, self.read_by_challenge),
            *(self.start_attempt, self.succeed, self.read_order, self.read_for_finalize),
            *(self.record_intent, self.store_certificate),
        )

    def _ticket(self, one: Issuance) -> Ticket:
        return Ticket(secrets.token_bytes(12), self._epoch, one.account_id, 1)

    async def read_gate(self, one: Issuance) -> None:
        await new_orders.read_gate(
            self._pool, self._ticket(one), [one.name], "classic", None, self._now
        )

    async def place(self, one: Issuance) -> None:
        kinds = ("http-01", "dns-01", "tls-alpn-01")
        offered = [
            (challenge_id, kind, secrets.token_urlsafe(32))
            for challenge_id, kind in zip(one.challenge_ids, kinds, strict=True)
        ]
        order = Order(
            one.order_id,
            one.account_id,
            "pending",
            "classic",
            None,
            None,
            self._now + 7 * _DAY,
            None,
            [one.name],
            [one.authorization_id],
        )
        authorization = OfferedAuthorization(one.authorization_id, one.name, False, offered)
        await new_orders.place(self._pool, order, [authorization], self._now, "127.0.0.1")

    async def read_authorization(self, one: Issuance) -> None:
        await authorizations.read(self._pool, self._ticket(one), one.authorization_id)

    async def read_by_challenge(self, one: Issuance) -> None:
        await authorizations.read_by_challenge(self._pool, self._ticket(one), one.challenge_ids[0])

    async def start_attempt(self, one: Issuance) -> None:
        one.attempt = await challenges.start_attempt(self._pool, one.challenge_ids[0], 30)

    async def succeed(self, one: Issuance) -> None:
        assert one.attempt is not None
        expires_at = self._now + 30 * _DAY
        evidence = {"address": "127.0.0.1"}
        await challenges.succeed(self._pool, one.attempt, self._now, expires_at, evidence)

    async def read_order(self, one: Issuance) -> None:
        await orders.read(self._pool, self._ticket(one), one.order_id)

    async def read_for_finalize(self, one: Issuance) -> None:
        await orders.read_for_finalize(self._pool, self._ticket(one), one.order_id)

    async def record_intent(self, one: Issuance) -> None:
        intent = Intent(
            one.kid,
            one.eab_version,
            one.order_id,
            bytes(400),
            one.key_hash,
            {"issuer": "bench", "serial": one.serial, "not_before": "", "not_after": ""},
            timedelta(seconds=30),
        )
        await issuance.record_intent(self._pool, intent)

    async def store_certificate(self, one: Issuance) -> None:
        signed = SignedCertificate(
            self._issuer_id,
            one.serial,
            secrets.token_bytes(900),
            one.key_hash,
            [one.name],
            self._now,
            self._now + 90 * _DAY,
            self._now,
        )
        result = Result(one.kid, one.eab_version, one.order_id, signed, "127.0.0.1")
        stored = await issuance.store_certificate(self._pool, result)
        assert stored.done


async def _customers(pool: Pool, number: int) -> list[Issuance]:
    rows = await pool.fetch(
        """
        SELECT signer.account_id, signer.kid, signer.eab_version, min(domain.name) AS name
          FROM acme.signer
          JOIN subscription.subscription ON subscription.kid = signer.kid
          JOIN subscription.domain ON domain.subscription_id = subscription.id
         GROUP BY signer.account_id, signer.kid, signer.eab_version
        """
    )
    return [Issuance(**rows[index % len(rows)]) for index in range(number)]


async def _measure(dsn: str, postmaster: int, number: int) -> None:
    await furnish(dsn)
    pool = await open_pool(dsn)
    async with pool.acquire() as connection:
        await fill(
            connection,
            demo_data.LOGIN,
            Amounts(_ACCOUNTS, 2 * _ACCOUNTS, 2 * _ACCOUNTS, _ACCOUNTS // 5),
        )
    issuer_id = ids.new_id()
    await pool.execute(
        "INSERT INTO ca.issuer (id, name, certificate, created_at) VALUES ($1, 'bench', '', now())",
        issuer_id,
    )
    steps = Steps(pool, await nonces.current_epoch(pool), issuer_id)
    work = await _customers(pool, number)
    print(f"{'statement':20} {'PostgreSQL':>10} {'asyncpg':>8}   ms CPU each")
    totals = [0.0, 0.0]
    for step in steps.all():
        costs = await _cost(step, work, postmaster)
        totals = [sum(pair) for pair in zip(totals, costs, strict=True)]
        print(f"{step.__name__:20} {costs[0]:10.3f} {costs[1]:8.3f}")
    print(f"{'together':20} {totals[0]:10.3f} {totals[1]:8.3f}")
    await pool.close()


async def _cost(
    step: Callable[[Issuance], Awaitable[object]], work: Sequence[Issuance], postmaster: int
) -> tuple[float, float]:
    """CPU milliseconds of the database and of this process for each."""
    waiting = iter(work)

    async def worker() -> None:
        for one in waiting:
            await step(one)

    before = cpu_seconds([postmaster]), time.process_time()
    await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
    after = cpu_seconds([postmaster]), time.process_time()
    return (
        (after[0] - before[0]) * 1000 / len(work),
        (after[1] - before[1]) * 1000 / len(work),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.statements", description=__doc__)
    parser.add_argument("--issuances", type=int, default=3000)
    given = parser.parse_args()
    with durable_database() as database:
        uvloop.run(_measure(database.dsn, database.postmaster, given.issuances))


if __name__ == "__main__":
    main()
