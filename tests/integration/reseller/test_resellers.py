"""What operators do to resellers, prices and servers."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from gateway.db.pool import Connection, Pool, transaction
from gateway.errors import OperatorMistake
from gateway.usecases.reseller import resellers
from gateway.usecases.work import Work
from tests.support.action_door import OPERATOR, START
from tests.support.prices import set_name_price


@pytest.fixture
async def connection(pool: Pool) -> AsyncIterator[Connection]:
    async with transaction(pool) as opened:
        yield opened


async def add(connection: Connection, login: str = "r", **wanted: Any) -> None:
    wanted = {"password": "secret", **wanted}
    await resellers.add_reseller(Work(connection, START, OPERATOR), login=login, **wanted)


async def change(connection: Connection, login: str = "r", **wanted: Any) -> None:
    await resellers.set_reseller(
        Work(connection, START, OPERATOR), login, resellers.ResellerChanges(**wanted)
    )


async def deposit(connection: Connection, amount: str, login: str = "r") -> Decimal:
    return await resellers.deposit(
        Work(connection, START, OPERATOR), login, Decimal(amount), "note"
    )


async def offer(connection: Connection, name: str = "DV", **wanted: Any) -> None:
    server = {
        "path": f"/v2/{name}",
        "validation": "DV",
        "product_id": 608,
        "description": "CaaS DV TLS Certificate",
        "names": "any",
        **wanted,
    }
    await resellers.add_server(
        Work(connection, START, OPERATOR), resellers.WantedServer(name=name, **server)
    )


async def price(connection: Connection, yearly: str, **wanted: Any) -> None:
    await set_name_price(connection, START, yearly=yearly, **{"login": None, **wanted})


async def test_a_new_reseller_has_no_money_and_no_credit(connection: Connection) -> None:
    await add(connection, currency="EUR", renewal_mode="auto")
    (summary,) = await resellers.list_resellers(Work(connection, START, OPERATOR))
    assert summary == resellers.ResellerSummary("r", Decimal("0.00"), "EUR", "auto")
    assert await connection.fetchval("SELECT credit_limit FROM reseller.account") == 0


async def test_passwords_are_kept_as_argon2id_and_never_audited(connection: Connection) -> None:
    await add(connection, password="open sesame")
    await change(connection, password="other sesame")
    assert (await connection.fetchval("SELECT password_hash FROM reseller.account")).startswith(
        "$argon2id$"
    )
    events = await connection.fetch("SELECT event::text FROM audit.event")
    assert len(events) == 2
    assert not any("sesame" in event[0] or "argon2" in event[0] for event in events)


@pytest.mark.parametrize(
    "wanted",
    [
        {"login": ""},
        {"login": "x" * 65},
        {"login": "a\0b"},
        {"login": "a\nb"},
        {"login": " a"},
        {"login": "default"},
        {"password": ""},
        {"password": "x" * 129},
        {"password": "a\0"},
        {"password": "a\udcff"},
        {"currency": "usd"},
        {"currency": "USDX"},
        {"renewal_mode": "never"},
    ],
)
async def test_a_reseller_that_cannot_be(connection: Connection, wanted: dict[str, str]) -> None:
    with pytest.raises(OperatorMistake):
        await add(connection, **wanted)
    assert await resellers.list_resellers(Work(connection, START, OPERATOR)) == []


async def test_a_login_is_taken_once_and_the_transaction_goes_on(connection: Connection) -> None:
    await add(connection)
    with pytest.raises(OperatorMistake, match="taken"):
        await add(connection)
    await add(connection, "R")
    assert len(await resellers.list_resellers(Work(connection, START, OPERATOR))) == 2


async def test_a_deposit_moves_the_balance_through_the_ledger(connection: Connection) -> None:
    await add(connection)
    assert await deposit(connection, "100.5") == Decimal("100.50")
    assert await deposit(connection, "0.01") == Decimal("100.51")
    rows = await connection.fetch("SELECT amount, balance_after, kind FROM reseller.ledger_entry")
    assert [tuple(row) for row in rows] == [
        (Decimal("100.50"), Decimal("100.50"), "deposit"),
        (Decimal("0.01"), Decimal("100.51"), "deposit"),
    ]


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "1.001", "10000000000"])
async def test_an_amount_that_cannot_be_deposited(connection: Connection, amount: str) -> None:
    await add(connection)
    with pytest.raises(OperatorMistake):
        await deposit(connection, amount)


async def test_a_balance_too_large_to_store_is_refused(connection: Connection) -> None:
    await add(connection)
    await deposit(connection, "9999999999.99")
    with pytest.raises(OperatorMistake, match="too large"):
        await deposit(connection, "0.01")
    await add(connection, "other")  # the refusal has not broken the transaction
    assert await deposit(connection, "0.01", "other") == Decimal("0.01")


async def test_an_unknown_login_is_reported(connection: Connection) -> None:
    for attempt in (
        deposit(connection, "1", "nobody"),
        change(connection, "nobody", status="active"),
    ):
        with pytest.raises(OperatorMistake, match="nobody"):
            await attempt


async def test_only_what_is_given_changes(connection: Connection) -> None:
    await add(connection, "parent")
    await add(connection)
    await change(
        connection,
        credit_limit=Decimal("50"),
        tier1="parent",
        allowed_networks=["10.0.0.0/8", "2001:db8::/32"],
        renewal_mode="auto",
    )
    await change(connection, status="suspended")
    row = await connection.fetchrow("SELECT * FROM reseller.account WHERE login = 'r'")
    assert row is not None
    assert row["credit_limit"] == 50
    assert row["tier1_id"] is not None
    assert [str(network) for network in row["allowed_networks"]] == ["10.0.0.0/8", "2001:db8::/32"]
    assert (row["renewal_mode"], row["status"]) == ("auto", "suspended")
    await change(connection, tier1="", allowed_networks=[])
    row = await connection.fetchrow("SELECT * FROM reseller.account WHERE login = 'r'")
    assert row is not None
    assert (row["tier1_id"], row["allowed_networks"]) == (None, [])


@pytest.mark.parametrize(
    "wanted",
    [
        {"credit_limit": Decimal("-1")},
        {"credit_limit": Decimal("NaN")},
        {"tier1": "r"},
        {"tier1": "nobody"},
        {"allowed_networks": ["10.0.0.1/8"]},
        {"allowed_networks": ["everywhere"]},
        {"status": "gone"},
        {"renewal_mode": "never"},
        {"password": ""},
    ],
)
async def test_a_setting_that_cannot_be(connection: Connection, wanted: dict[str, Any]) -> None:
    await add(connection)
    with pytest.raises(OperatorMistake):
        await change(connection, **wanted)


async def test_a_credit_limit_below_the_debt_is_refused(connection: Connection) -> None:
    await add(connection)
    await change(connection, credit_limit=Decimal(10))
    await connection.execute(
        """
        WITH bought AS (
            INSERT INTO reseller.purchase (account_id, kind, cost, currency, days, purchased_at)
            SELECT id, 'add_domain', 5, 'USD', 1, $1 FROM reseller.account
            RETURNING account_id, order_number
        )
        INSERT INTO reseller.ledger_entry
               (account_id, amount, balance_after, kind, order_number, booked_at)
        SELECT account_id, -5, 0, 'charge', order_number, $1 FROM bought
        """,
        START,
    )
    with pytest.raises(OperatorMistake, match="owes"):
        await change(connection, credit_limit=Decimal("4.99"))
    await change(connection, credit_limit=Decimal(5))


async def test_tier_1_accounts_are_one_level_in_one_currency(connection: Connection) -> None:
    for login, currency in (("top", "USD"), ("middle", "USD"), ("low", "USD"), ("euro", "EUR")):
        await add(connection, login, currency=currency)
    await change(connection, "middle", tier1="top")
    with pytest.raises(OperatorMistake, match="itself"):
        await change(connection, "low", tier1="middle")
    with pytest.raises(OperatorMistake, match="of others"):
        await change(connection, "top", tier1="low")
    with pytest.raises(OperatorMistake, match="EUR"):
        await change(connection, "low", tier1="euro")


async def test_servers_are_listed_in_the_order_they_were_added(connection: Connection) -> None:
    await offer(connection, "DV")
    await offer(connection, "AA", validation="OV")
    assert [
        server.name for server in await resellers.list_servers(Work(connection, START, OPERATOR))
    ] == ["DV", "AA"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": ""},
        {"path": "v2/X"},
        {"path": "/v2/X/"},
        {"path": "/v2/X Y"},
        {"path": "/"},
        {"validation": "EV2"},
        {"product_id": 0},
        {"product_id": 2**31},
        {"name": "DV", "path": "/other"},
        {"name": "other", "path": "/v2/DV"},
    ],
)
async def test_a_server_that_cannot_be(connection: Connection, wanted: dict[str, Any]) -> None:
    await offer(connection)
    with pytest.raises(OperatorMistake):
        await offer(connection, **{"name": "X", **wanted})
    assert len(await resellers.list_servers(Work(connection, START, OPERATOR))) == 1


async def test_a_price_replaces_the_one_before(connection: Connection) -> None:
    await offer(connection)
    await add(connection, currency="EUR")
    await price(connection, "365")
    await price(connection, "400.50")
    await price(connection, "300", login="r")
    rows = await connection.fetch(
        "SELECT account_id IS NULL AS is_default, amount, currency"
        " FROM reseller.price ORDER BY is_default"
    )
    assert [tuple(row) for row in rows] == [
        (False, Decimal("300.00"), "EUR"),
        (True, Decimal("400.50"), "USD"),
    ]
    before = await connection.fetch(
        "SELECT before FROM audit.event WHERE action = 'price.set' ORDER BY id"
    )
    assert [row["before"] for row in before] == [None, {"amount": "365.00"}, None]


@pytest.mark.parametrize(
    "wanted",
    [
        {"yearly": "-1"},
        {"yearly": "NaN"},
        {"yearly": "1.005"},
        {"server": "XX"},
        {"login": "nobody"},
        {"name_type": "ip"},
        {"currency": "dollar"},
    ],
)
async def test_a_price_that_cannot_be(connection: Connection, wanted: dict[str, Any]) -> None:
    await offer(connection)
    with pytest.raises(OperatorMistake):
        await price(connection, **{"yearly": "1", **wanted})
