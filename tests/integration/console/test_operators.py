"""Operators manage operators: add, change roles, suspend; never themselves."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.sandbox import demo_data
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.looked_up import other_operator

OPERATORS = "/console/operators"
NEW = {"name": "helen", "role": "support", "password": "a long password"}


async def operators(gateway: RunningGateway) -> list[tuple[Any, ...]]:
    rows = await gateway.pool.fetch(
        "SELECT name, role, status FROM operation.operator ORDER BY name"
    )
    return [tuple(row) for row in rows]


async def test_an_operator_is_added_and_can_sign_in(
    gateway: RunningGateway, operator: ConsolePerson, person: ConsolePerson
) -> None:
    answer = await operator.submit(OPERATORS, "add-operator", **NEW)
    assert (answer.status, answer.to) == (303, OPERATORS)
    assert 'data-operator="helen"' in (await operator.get(OPERATORS)).text
    assert (await person.sign_in("helen", NEW["password"])).status == 303
    assert (await person.get(OPERATORS)).status == 403


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("name", "", "Enter a value here."),
        ("name", "a b", "no space"),
        ("name", "x" * 65, "at most 64 characters"),
        ("name", "demo", "is a reseller&#39;s login"),
        ("name", demo_data.OPERATOR, "is taken"),
        ("role", "root", "Choose one of the options."),
        ("password", "short", "12 to 128 characters"),
    ],
)
async def test_what_is_wrong_with_a_new_operator_is_shown_and_nobody_added(
    gateway: RunningGateway, operator: ConsolePerson, field: str, value: str, shown: str
) -> None:
    before = await operators(gateway)
    answer = await operator.submit(OPERATORS, "add-operator", **{**NEW, field: value})
    assert answer.status == 422
    assert shown in answer.text
    assert await operators(gateway) == before


async def test_a_role_is_changed_and_counts_from_the_next_page_on(
    gateway: RunningGateway, operator: ConsolePerson, people: Callable[[], ConsolePerson]
) -> None:
    key = (await other_operator(gateway)).replace("-", "")
    helen = people()
    await helen.sign_in("helen", "helen-password")
    assert (await helen.get("/console/audit")).status == 403
    answer = await operator.submit(OPERATORS, f"set-role-{key}", role="auditor")
    assert answer.status == 303
    assert (await helen.get("/console/audit")).status == 200


async def test_a_suspended_operator_is_signed_out_until_reinstated(
    gateway: RunningGateway, operator: ConsolePerson, people: Callable[[], ConsolePerson]
) -> None:
    key = (await other_operator(gateway)).replace("-", "")
    helen = people()
    await helen.sign_in("helen", "helen-password")
    await operator.submit(OPERATORS, f"suspend-operator-{key}")
    assert (await helen.get("/console/settings")).status == 303
    assert (await helen.sign_in("helen", "helen-password")).status == 403
    await operator.submit(OPERATORS, f"reinstate-operator-{key}")
    assert (await helen.sign_in("helen", "helen-password")).status == 303
    query = "SELECT count(*) FROM audit.event WHERE action = 'operator.changed' AND actor = $1"
    assert await gateway.pool.fetchval(query, f"operator:{demo_data.OPERATOR}") == 2


@pytest.mark.parametrize("what", ["role", "suspend", "reinstate"])
async def test_nobody_changes_themselves_or_somebody_who_is_not_there(
    gateway: RunningGateway, operator: ConsolePerson, what: str
) -> None:
    before = await operators(gateway)
    own = await gateway.pool.fetchval("SELECT id::text FROM operation.operator")
    for key, status in ((own, 422), ("nonsense", 404), ("%00", 404)):
        fields = (await operator.get(OPERATORS)).hidden("add-operator")
        path = f"{OPERATORS}/{key}/{what}"
        answer = await operator.post(path, {**fields, "role": "support"})
        assert answer.status == status
    assert await operators(gateway) == before


async def test_ones_own_line_has_no_buttons(operator: ConsolePerson) -> None:
    page = await operator.get(OPERATORS)
    assert "this is you" in page.text
    assert "suspend-operator" not in page.text
