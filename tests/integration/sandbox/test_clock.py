"""The sandbox clock over HTTP: any instant, kept in the database, with clear errors."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from gateway.app import open_gateway
from gateway.sandbox.clock import SandboxClock


async def send(gateway: Any, body: Any, **options: Any) -> tuple[int, dict[str, Any]]:
    wanted = {"data": body} if isinstance(body, bytes) else {"json": body}
    url = f"{gateway.url}/sandbox/clock"
    async with gateway.session.post(url, **wanted, **options) as response:
        assert response.content_type == "application/json", await response.text()
        return response.status, await response.json()


async def shown(gateway: Any) -> str:
    async with gateway.session.get(f"{gateway.url}/sandbox/clock") as response:
        assert response.status == 200
        answer = await response.json()
    assert list(answer) == ["now"]
    return str(answer["now"])


async def test_it_follows_real_time_until_the_first_post(gateway: Any) -> None:
    now = datetime.fromisoformat(await shown(gateway))
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)
    assert now.microsecond == 0


async def test_it_stands_still_where_it_was_set(gateway: Any) -> None:
    answered = await send(gateway, {"now": "2025-01-10T15:30:00Z"})
    assert answered == (200, {"now": "2025-01-10T15:30:00Z"})
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        assert await shown(gateway) == "2025-01-10T15:30:00Z"
        assert await gateway.services.clock.now() == datetime(2025, 1, 10, 15, 30, tzinfo=UTC)


async def test_it_advances_from_where_it_stands_in_both_directions(gateway: Any) -> None:
    await gateway.at("2025-01-10T15:30:00Z")
    assert (await send(gateway, {"advance_seconds": 86400}))[1] == {"now": "2025-01-11T15:30:00Z"}
    assert (await send(gateway, {"advance_seconds": -60}))[1] == {"now": "2025-01-11T15:29:00Z"}
    assert (await send(gateway, {"advance_seconds": 0}))[1] == {"now": "2025-01-11T15:29:00Z"}


async def test_advancing_a_running_clock_stops_it_later(gateway: Any) -> None:
    _, answer = await send(gateway, {"advance_seconds": 3600})
    ahead = datetime.fromisoformat(answer["now"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < ahead <= timedelta(hours=1)
    assert await shown(gateway) == answer["now"]


@pytest.mark.parametrize(
    ("given_text", "meant"),
    [
        ("2020-02-29T00:00:00+02:00", "2020-02-28T22:00:00Z"),
        ("1999-12-31T23:59:59Z", "1999-12-31T23:59:59Z"),
        ("1000-01-01T00:00:00Z", "1000-01-01T00:00:00Z"),
        ("8999-12-31T23:59:59Z", "8999-12-31T23:59:59Z"),
        ("2025-01-10T15:30:00.250Z", "2025-01-10T15:30:00.250000Z"),
    ],
)
async def test_any_instant_can_be_set(gateway: Any, given_text: str, meant: str) -> None:
    assert await send(gateway, {"now": given_text}) == (200, {"now": meant})
    assert await shown(gateway) == meant


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"now": None},
        {"now": "2025-01-10T15:30:00Z", "advance_seconds": 1},
        {"now": "tomorrow"},
        {"now": ""},
        {"now": "2025-01-10T15:30:00"},
        {"now": "2025-02-30T00:00:00Z"},
        {"now": "0001-01-01T00:00:00Z"},
        {"now": "0001-01-01T00:00:00+10:00"},
        {"now": "9000-01-01T00:00:00Z"},
        {"now": "9999-12-31T23:59:59-10:00"},
        {"now": 1736523000},
        {"advance_seconds": "60"},
        {"advance_seconds": True},
        {"advance_seconds": 1e300},
        {"advance_seconds": -1e15},
        {"advance": 60},
        [],
        "now",
        None,
        b"",
        b"{",
        b"\xff\xfe",
        b'{"advance_seconds": NaN}',
        b'{"advance_seconds": 1e999}',
        b"now=2025-01-10T15:30:00Z",
    ],
    ids=repr,
)
async def test_bad_input_is_reported_and_changes_nothing(gateway: Any, body: Any) -> None:
    await gateway.at("2025-01-10T15:30:00Z")
    status, answer = await send(gateway, body)
    assert status == 400
    assert list(answer) == ["error"]
    assert len(answer["error"]) > 10
    assert await shown(gateway) == "2025-01-10T15:30:00Z"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=40) | st.text(max_size=30).map(lambda now: f'{{"now":"{now}"}}'))
async def test_no_input_is_an_internal_error(gateway: Any, body: Any) -> None:
    sent = body if isinstance(body, bytes) else body.encode(errors="replace")
    status, _ = await send(gateway, sent)
    assert status in (200, 400)


async def test_moves_at_once_add_up(gateway: Any) -> None:
    await gateway.at("2025-01-10T00:00:00Z")
    await asyncio.gather(*(gateway.advance(1) for _ in range(20)))
    assert await shown(gateway) == "2025-01-10T00:00:20Z"


async def test_all_processes_read_the_same_clock(gateway: Any) -> None:
    await gateway.at("2025-01-10T15:30:00Z")
    assert await SandboxClock(gateway.pool).now() == datetime(2025, 1, 10, 15, 30, tzinfo=UTC)


async def test_the_clock_does_not_exist_outside_the_sandbox(gateway: Any, tmp_path: Path) -> None:
    await gateway.at("2025-01-10T15:30:00Z")
    production = structs.replace(
        gateway.services.settings,
        sandbox=False,
        validation=structs.replace(
            gateway.services.settings.validation, resolve_to=None, allow_private_addresses=False
        ),
    )
    async with open_gateway(production) as real:
        routes = [str(resource.canonical) for resource in real.public.app.router.resources()]
        assert not [route for route in routes if "sandbox" in route]
        assert abs(datetime.now(UTC) - await real.services.clock.now()) < timedelta(seconds=5)
