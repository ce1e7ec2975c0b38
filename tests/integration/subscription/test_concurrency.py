"""Actions at the same moment: always as if one had come after the other, and never a deadlock."""

import asyncio
import random
from collections import Counter
from decimal import Decimal
from typing import Any

from tests.support.model import YEARLY_CENTS, Credential, Model, Refused, start
from tests.support.shop import Shop, money

FEE = Decimal("365.00")
NAMES = ["a.example", "www.a.example", "*.a.example", "b.example", "*.b.example", "c.example"]


async def test_r4_two_first_names_at_the_same_moment_start_one_subscription(shop: Shop) -> None:
    account = await shop.credential()
    before = await shop.balance()
    costs = await asyncio.gather(shop.add(account, "a.example"), shop.add(account, "b.example"))
    assert list(costs) == [FEE, FEE]
    assert await shop.balance() == before - 2 * FEE
    assert set(await shop.domains(account)) == {"a.example", "b.example"}
    async with shop.gateway.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM subscription.subscription") == 1
        assert await connection.fetchval("SELECT count(*) FROM ops.ledger_mismatch") == 0


async def test_e18a_of_the_same_name_at_the_same_moment_one_is_charged(shop: Shop) -> None:
    account = await shop.credential()
    before = await shop.balance()
    wanted = {"acmeAccountID": account, "domainName": "a.example"}
    answers = await asyncio.gather(*(shop.action("ADDDOMAIN", **wanted) for _ in range(8)))
    assert Counter(status for status, _ in answers) == {200: 1, 403: 7}
    assert await shop.balance() == before - FEE


async def test_e14_several_credentials_never_spend_more_than_there_is(shop: Shop) -> None:
    poor = await shop.second_reseller("poor", deposit="2000.00")
    accounts = [await poor.credential() for _ in range(12)]
    answers = await asyncio.gather(
        *(
            poor.action("ADDDOMAIN", acmeAccountID=account, domainName="a.example")
            for account in accounts
        )
    )
    assert Counter(status for status, _ in answers) == {200: 5, 403: 7}
    assert await poor.balance() == Decimal("175.00")


async def test_children_of_one_tier_1_parent_do_not_deadlock(shop: Shop) -> None:
    before = await shop.balance()
    children = []
    for number in range(4):
        child = await shop.second_reseller(f"child{number}")
        await shop.set_reseller(f"child{number}", tier1=shop.gateway.login)
        children.append((child, await child.credential()))
    own = await shop.credential()
    costs = await asyncio.gather(
        *(
            buyer.add(account, f"n{number}.example")
            for buyer, account in (*children, (shop, own))
            for number in range(3)
        )
    )
    assert costs == [FEE] * 15
    assert await shop.balance() == before - 15 * FEE


async def test_fifty_mixed_actions_equal_some_serial_order(shop: Shop) -> None:
    """The audit trail, written under the credential's lock, tells the order; the model repeats it.

    A refusal is right if the model refuses the same at some moment of that order.
    """
    await shop.set_price("99.99")
    await shop.set_price("299.50", "wildcard")
    assert YEARLY_CENTS == {"fqdn": 9999, "wildcard": 29950}
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2025-12-01T12:00:00Z")
    before = await _last_event(shop)
    model = await _model(shop, account)
    wanted = _mixed_actions(account)
    answers = await asyncio.gather(*(shop.action(name, **fields) for name, fields in wanted))
    assert {status for status, _ in answers} <= {200, 403}
    answer_by_order = {
        answer["orderNumber"]: (fields, answer)
        for (_, fields), (_, answer) in zip(wanted, answers, strict=True)
        if "orderNumber" in answer
    }
    possible = [_refusals(model, account)]
    removals = 0
    for action, subject in await _history(shop, before):
        if action == "domain.removed":
            model.remove(account, subject)
            removals += 1
        else:
            fields, answer = answer_by_order.pop(int(subject))
            assert int(money(answer["cost"]) * 100) == _repeat(model, account, fields)
        possible.append(_refusals(model, account))
    assert not answer_by_order
    assert removals == sum("Domains" in answer for _, answer in answers)
    for (name, fields), (status, _) in zip(wanted, answers, strict=True):
        if status == 403:
            key = (name, fields.get("domainName"))
            assert any(key in refusals for refusals in possible), key
    assert await shop.domains(account) == model.listed(account)
    assert await shop.balance() * 100 == model.balances["demo"]
    async with shop.gateway.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM ops.ledger_mismatch") == 0


def _mixed_actions(account: str) -> list[tuple[str, dict[str, str]]]:
    """The same fifty every time."""
    dice = random.Random(3)
    actions: list[tuple[str, dict[str, str]]] = []
    for _ in range(50):
        name = dice.choices(["ADDDOMAIN", "REMOVEDOMAIN", "EXTENDDOMAINS"], [28, 18, 4])[0]
        fields = {"acmeAccountID": account}
        if name != "EXTENDDOMAINS":
            fields["domainName"] = dice.choice(NAMES)
        if name == "ADDDOMAIN" and dice.random() < 0.3:
            fields["addAssociatedFQDN"] = "Y"
        actions.append((name, fields))
    return actions


async def _model(shop: Shop, account: str) -> Model:
    """The model in the state after the one name that was added at the start."""
    model = Model(start(), {"demo": int(await shop.balance() * 100) + 9999})
    model.credentials[account] = Credential("demo", 365)
    model.add(account, "a.example", associated=False, quote=False)
    model.now = await shop.gateway.services.clock.now()
    return model


async def _last_event(shop: Shop) -> int:
    async with shop.gateway.pool.acquire() as connection:
        return int(await connection.fetchval("SELECT max(id) FROM audit.event"))


async def _history(shop: Shop, since: int) -> list[tuple[str, str]]:
    """Purchases by order number, and removals by the name that was asked for, in their order."""
    async with shop.gateway.pool.acquire() as connection:
        rows = await connection.fetch(
            """
            SELECT action, subject
              FROM audit.event
             WHERE id > $1
               AND (action = 'purchase.charged'
                    OR action = 'domain.removed' AND after ->> 'removedWith' = subject)
             ORDER BY id
            """,
            since,
        )
    return [(row["action"], row["subject"]) for row in rows]


def _repeat(model: Model, account: str, fields: dict[str, str]) -> int:
    """Does in the model what the gateway did; gives the cost in cents."""
    if "domainName" not in fields:
        return model.extend(account, 365, quote=False)
    associated = "addAssociatedFQDN" in fields
    cost, _ = model.add(account, fields["domainName"], associated=associated, quote=False)
    return cost


def _refusals(model: Model, account: str) -> set[tuple[str, str | None]]:
    """What the model would refuse now."""
    attempts: list[tuple[tuple[str, str | None], Any]] = [
        (("EXTENDDOMAINS", None), lambda: model.extend(account, 365, quote=True))
    ]
    for name in NAMES:
        attempts.append(
            (
                ("ADDDOMAIN", name),
                lambda name=name: model.add(account, name, associated=False, quote=True),
            )
        )
    refused: set[tuple[str, str | None]] = set()
    for key, attempt in attempts:
        try:
            attempt()
        except Refused:
            refused.add(key)
    term = model.credentials[account].term
    assert term is not None
    return refused | {("REMOVEDOMAIN", name) for name in NAMES if name not in term.names}
