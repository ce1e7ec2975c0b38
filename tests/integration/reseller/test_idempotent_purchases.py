"""Idempotency-Key where it matters most: money is charged once, and concurrent buyers get along."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest


async def post(gateway: Any, key: str, action: str, **fields: str) -> tuple[int, dict[str, Any]]:
    form = {
        "loginName": gateway.login,
        "loginPassword": gateway.password,
        "action": action,
        **fields,
    }
    headers = {"Idempotency-Key": key}
    async with gateway.session.post(gateway.actions_url, data=form, headers=headers) as response:
        return response.status, await response.json()


async def balance(gateway: Any) -> Decimal:
    async with gateway.pool.acquire() as connection:
        return Decimal(
            await connection.fetchval(
                "SELECT balance FROM reseller.account WHERE login = $1", gateway.login
            )
        )


@pytest.fixture
async def kids(gateway: Any) -> list[str]:
    """Eight credentials of the demo reseller."""
    made = []
    for number in range(8):
        _, answer = await post(
            gateway,
            f"credential {number}",
            "PREREGISTER",
            serverUrl=gateway.directory_url,
        )
        made.append(answer["Accounts"][0]["acmeAccountID"])
    return made


async def test_a_repeated_purchase_is_charged_once(gateway: Any, kids: list[str]) -> None:
    before = await balance(gateway)
    wanted = {"acmeAccountID": kids[0], "domainName": "shop.example.com"}
    answers = await asyncio.gather(*(post(gateway, "k", "ADDDOMAIN", **wanted) for _ in range(6)))
    assert [status for status, _ in answers] == [200] * 6
    assert len({answer["orderNumber"] for _, answer in answers}) == 1
    assert before - await balance(gateway) == Decimal("365.00")


async def test_purchases_under_their_own_keys_do_not_deadlock(
    gateway: Any, kids: list[str]
) -> None:
    before = await balance(gateway)
    answers = await asyncio.gather(
        *(
            post(gateway, kid, "ADDDOMAIN", acmeAccountID=kid, domainName="shop.example.com")
            for kid in kids
        )
    )
    assert [status for status, _ in answers] == [200] * len(kids)
    assert before - await balance(gateway) == len(kids) * Decimal("365.00")


async def test_a_refused_purchase_leaves_its_key_free(gateway: Any, kids: list[str]) -> None:
    wanted = {"acmeAccountID": kids[0]}
    status, _ = await post(gateway, "k", "ADDDOMAIN", domainName="no domain", **wanted)
    assert status == 400
    status, _ = await post(gateway, "k", "ADDDOMAIN", domainName="shop.example.com", **wanted)
    assert status == 200
