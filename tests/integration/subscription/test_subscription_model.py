"""Random histories of actions and clock jumps, against an independent model of the rules."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.support.model import Credential, Model, Refused, start
from tests.support.shop import Shop, money

BALANCE = 300_000
NAMES = [
    prefix + base
    for base in ("a.example", "b.a.example", "c.example")
    for prefix in ("", "www.", "*.", "www.www.")
]
ERRORS = {
    "A15": "Subscription has expired, renew the subscription before adding a domain!",
    "E8": "Domain could not be removed!",
    "E11": "Subscription has expired, is outside the extension window, or does not exist!",
    "E14": "Not enough credit!",
    "E18a": "The domain name is already present in the subscription.",
}
SCHEMA_INVARIANTS = """
    SELECT (SELECT count(*) FROM ops.ledger_mismatch) AS mismatches,
           (SELECT coalesce(max(number), 0)
              FROM (SELECT count(*) AS number
                      FROM subscription.subscription
                     WHERE superseded_at IS NULL
                     GROUP BY kid) AS current) AS most_current,
           (SELECT count(*) FROM reseller.purchase WHERE refunded > cost) AS over_refunded
"""


@dataclass
class GatewayUnderTest:
    """The gateway under test, reached from the thread in which hypothesis runs."""

    gateway: Any
    loop: asyncio.AbstractEventLoop
    runs: int = 0

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)


class Subscriptions(RuleBasedStateMachine):
    """Two resellers, any number of credentials."""

    world: GatewayUnderTest
    accounts = Bundle("accounts")

    @initialize()
    def open_shops(self) -> None:
        self.world.runs += 1
        self.model = Model(start(), {})
        self.shops: dict[str, Shop] = {}
        self._at()
        first = Shop(self.world.gateway)
        self._wait(first.set_price("99.99", login=None))
        self._wait(first.set_price("299.50", "wildcard", login=None))
        for letter in "ab":
            login = f"reseller-{letter}{self.world.runs}"
            deposit = str(Decimal(BALANCE) / 100)
            self.shops[login] = self._wait(first.second_reseller(login, deposit=deposit))
            self.model.balances[login] = BALANCE

    @rule(target=accounts, which=st.integers(0, 1), years=st.integers(1, 3))
    def preregister(self, which: int, years: int) -> str:
        login = sorted(self.shops)[which]
        account: str = self._wait(self.shops[login].credential(years))
        self.model.credentials[account] = Credential(login, years * 365)
        return account

    @rule(
        account=accounts, name=st.sampled_from(NAMES), associated=st.booleans(), quote=st.booleans()
    )
    def add(self, account: str, name: str, associated: bool, quote: bool) -> None:
        fields = {"domainName": name, "addAssociatedFQDN": "Y" if associated else "N"}
        expected = _outcome(self.model.add, account, name, associated=associated, quote=quote)
        for answer in self._act("ADDDOMAIN", account, quote, expected, **fields):
            names = [domain["domainName"] for domain in answer["domains"]]
            assert (_cents(answer["cost"]), names) == expected

    @rule(account=accounts, years=st.integers(1, 3), quote=st.booleans())
    def extend(self, account: str, years: int, quote: bool) -> None:
        expected = _outcome(self.model.extend, account, years * 365, quote=quote)
        for answer in self._act("EXTENDDOMAINS", account, quote, expected, years=str(years)):
            assert _cents(answer["cost"]) == expected

    @rule(account=accounts, data=st.data())
    def remove(self, account: str, data: st.DataObject) -> None:
        listed = sorted(self.model.credentials[account].report)
        name = data.draw(st.sampled_from(listed or NAMES) | st.sampled_from(NAMES))
        expected = _outcome(self.model.remove, account, name)
        for answer in self._act("REMOVEDOMAIN", account, False, expected, domainName=name):
            removed = [domain["domainName"] for domain in answer["Domains"]]
            assert removed[0] == expected[0]
            assert sorted(removed) == sorted(expected)

    @rule(
        passed=st.one_of(
            st.timedeltas(timedelta(0), timedelta(days=3)),
            st.timedeltas(timedelta(days=20), timedelta(days=40)),
            st.timedeltas(timedelta(days=200), timedelta(days=400)),
        )
    )
    def time_passes(self, passed: timedelta) -> None:
        self.model.now += timedelta(seconds=int(passed.total_seconds()))
        self._at()

    @rule(account=accounts, day=st.sampled_from([-101, -100, -1, 0, 1, 30, 31]))
    def time_passes_to_a_border(self, account: str, day: int) -> None:
        term = self.model.credentials[account].term
        if term is None or term.last_day + day <= self.model.now.toordinal():
            return
        days = term.last_day + day - self.model.now.toordinal()
        midnight = self.model.now.replace(hour=0, minute=0, second=0)
        self.model.now = midnight + timedelta(days=days)
        self._at()

    @invariant()
    def lists_agree(self) -> None:
        for account, credential in self.model.credentials.items():
            shop = self.shops[credential.owner]
            assert self._wait(shop.domains(account)) == self.model.listed(account)
            assert self._wait(self._free_names(account)) == self.model.free_names(account)

    @invariant()
    def money_agrees(self) -> None:
        for login, shop in getattr(self, "shops", {}).items():
            assert self._wait(shop.balance()) * 100 == self.model.balances[login]
            charged = self.model.charged.get(login, 0)
            refunded = self.model.refunded.get(login, 0)
            assert self.model.balances[login] == BALANCE - charged + refunded
            assert refunded <= charged
            assert self._wait(self._transactions(login)) == (charged, refunded)

    @invariant()
    def the_database_is_sound(self) -> None:
        row = self._wait(self._fetchrow(SCHEMA_INVARIANTS))
        assert row["mismatches"] == 0
        assert row["most_current"] <= 1
        assert row["over_refunded"] == 0

    def _act(
        self, action: str, account: str, quote: bool, expected: Any, **fields: str
    ) -> list[dict[str, Any]]:
        shop = self.shops[self.model.credentials[account].owner]
        fields["acmeAccountID"] = account
        if quote:
            fields["quoteOnly"] = "Y"
        if isinstance(expected, Refused):
            refused = self._wait(shop.refused(action, **fields))
            assert (refused.status, refused.detail) == (403, ERRORS[str(expected)])
            return []
        return [self._wait(shop.do(action, **fields))]

    async def _free_names(self, account: str) -> set[str]:
        async with self.world.gateway.pool.acquire() as connection:
            rows = await connection.fetch(
                """
                SELECT domain.name
                  FROM subscription.domain
                  JOIN subscription.subscription ON subscription.id = domain.subscription_id
                 WHERE subscription.kid = $1
                   AND subscription.superseded_at IS NULL
                   AND domain.removed_at IS NULL
                   AND domain.free_because IS NOT NULL
                """,
                account,
            )
        return {row["name"] for row in rows}

    async def _transactions(self, login: str) -> tuple[int, int]:
        """Cents charged and refunded, as LISTTRANSACTIONS tells it."""
        sums = {"addDomain": 0, "extendDomains": 0, "refundDomain": 0}
        for account, credential in self.model.credentials.items():
            if credential.owner != login:
                continue
            answer = await self.shops[login].do(
                "LISTTRANSACTIONS", acmeAccountID=account, includeExpired="Y"
            )
            for subscription in answer["subscriptions"]:
                for row in subscription["transactions"]:
                    sums[row["transactionType"]] += _cents(row["cost"])
        return sums["addDomain"] + sums["extendDomains"], sums["refundDomain"]

    async def _fetchrow(self, query: str) -> Any:
        async with self.world.gateway.pool.acquire() as connection:
            return await connection.fetchrow(query)

    def _at(self) -> None:
        self._wait(self.world.gateway.at(f"{self.model.now:%Y-%m-%dT%H:%M:%SZ}"))

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.world.wait(coroutine)


def _outcome(action: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What the model says: a value, or the refusal."""
    try:
        return action(*arguments, **options)
    except Refused as refused:
        return refused


def _cents(cost: float) -> int:
    return int(money(cost) * 100)


async def test_any_history_agrees_with_the_model(gateway: Any) -> None:
    world = GatewayUnderTest(gateway, asyncio.get_running_loop())
    machine = type("Histories", (Subscriptions,), {"world": world})
    await asyncio.to_thread(
        run_state_machine_as_test,
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
