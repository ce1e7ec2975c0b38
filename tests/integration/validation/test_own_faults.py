"""A fault on our side fails no client's challenge: the validation is repeated later."""

import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from prometheus_client import REGISTRY

from gateway.rules.acme.key_authorization import txt_value
from gateway.services import Services
from gateway.store.acme import challenges
from gateway.store.operation import clock
from gateway.usecases.acme.validation import Validator
from gateway.validation.dns import DnsResolver
from tests.integration.validation.test_validator import (
    NAME,
    URN,
    eventually,
    sweeping,
)
from tests.support import web_server as pages
from tests.support.dns_server import DnsServer
from tests.support.waiting_orders import Proof, ValidationOrders, WaitingOrder
from tests.support.web_server import WebServer

RECORD = f"_acme-challenge.{NAME}"


def asking(waiting: ValidationOrders, zone: DnsServer, **validation: Any) -> Services:
    """The gateway's services with a resolver in place of the sandbox's fixed one."""
    resolver = DnsResolver([zone.address], timeout=0.3)
    return replace(waiting.with_settings(**validation), resolver=resolver)


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def put_off(waiting: ValidationOrders, order: WaitingOrder, proof: Proof) -> str:
    """The challenge waits, nothing is lost, and this is the detail that the client gets."""
    assert await waiting.statuses(order, proof) == ("processing", "pending", "pending")
    shown = await waiting.challenge(proof)
    assert (shown["put_off"], shown["faults"], shown["failures"]) == (True, 1, 0)
    assert (shown["error"]["type"], shown["error"]["status"]) == (URN + "serverInternal", 500)
    assert "on the side of this CA" in shown["error"]["detail"]
    assert await waiting.audited(proof.authorization_id) == []
    return str(shown["error"]["detail"])


async def becomes(waiting: ValidationOrders, order: WaitingOrder, status: str) -> None:
    async def is_so() -> bool:
        return bool((await waiting.order_row(order))["status"] == status)

    await eventually(is_so)


def counted(reason: str) -> float:
    found = REGISTRY.get_sample_value("gateway_validation_faults_total", {"reason": reason})
    return found or 0.0


@pytest.mark.parametrize("method", ["http-01", "tls-alpn-01", "dns-01", "dns-persist-01"])
async def test_without_descriptors_no_challenge_fails_and_it_is_made_again_when_there_are(
    waiting: ValidationOrders, zone: DnsServer, web: WebServer, no_time: None, method: str
) -> None:
    order = await waiting.order(NAME)
    proof = order.proofs[NAME, method]
    services = waiting.services if method == "tls-alpn-01" else asking(waiting, zone)
    before = counted("sockets")
    attempt = await waiting.answer(proof)
    validator = Validator(services)
    with no_descriptors_left():
        validator.start(attempt)
        await validator.close()
    await put_off(waiting, order, proof)
    assert counted("sockets") == before + 1
    if method == "tls-alpn-01":
        return
    web.pages[proof.path] = pages.body(proof.content)
    zone.txt(RECORD, txt_value(proof.content.decode()))
    zone.txt(f"_validation-persist.{NAME}", await persistent_record(waiting))
    async with sweeping(services):
        await becomes(waiting, order, "ready")
    assert await waiting.statuses(order, proof) == ("valid", "valid", "ready")


async def persistent_record(waiting: ValidationOrders) -> str:
    url = "https://gateway.example.com/waiting/account/waiting"
    return f"gateway.example.com; accounturi={url}"


async def test_faults_of_ours_count_as_no_attempts(
    waiting: ValidationOrders, zone: DnsServer, no_time: None
) -> None:
    """However many there are, what the client may do wrong stays as much as before."""
    order = await waiting.order(NAME)
    proof = order.dns(NAME)
    zone.silent |= {".", RECORD}
    services = asking(waiting, zone, retry_delays_seconds=[0.01])

    async def four_times() -> bool:
        return bool((await waiting.challenge(proof))["faults"] == 4)

    await waiting.answer(proof, lease_seconds=0)
    async with sweeping(services):
        await eventually(four_times)
        zone.silent.clear()
        zone.failing[RECORD] = "SERVFAIL"
        await becomes(waiting, order, "invalid")
    settled = await waiting.challenge(proof)
    assert settled["failures"] == 1
    assert "SERVFAIL" in settled["error"]["detail"]


@pytest.mark.parametrize(("faults", "pause"), [(0, 1), (1, 2), (5, 32), (6, 60), (1000, 60)])
async def test_the_pause_grows_with_each_fault_up_to_a_minute(
    waiting: ValidationOrders, faults: int, pause: int
) -> None:
    proof = (await waiting.order(NAME)).http(NAME)
    attempt = await unknown_method(waiting, proof)
    await waiting.pool.execute("UPDATE acme.challenge SET faults = $1", faults)
    validator = Validator(waiting.services)
    validator.start(structs.replace(attempt, faults=faults))
    await validator.close()
    left = await waiting.pool.fetchval(
        "SELECT extract(epoch FROM leased_until - clock_timestamp()) FROM acme.challenge"
        " WHERE id = $1",
        proof.challenge_id,
    )
    assert pause - 1 < left <= pause


async def unknown_method(waiting: ValidationOrders, proof: Proof) -> challenges.Attempt:
    """A fault of the program: a type that only a later release knows."""
    await waiting.pool.execute(
        "UPDATE acme.challenge SET type = 'later-01' WHERE id = $1", proof.challenge_id
    )
    return await waiting.answer(proof)


async def test_a_fault_of_the_program_is_not_the_client_s(waiting: ValidationOrders) -> None:
    order = await waiting.order(NAME)
    proof = order.http(NAME)
    validator = Validator(waiting.services)
    validator.start(await unknown_method(waiting, proof))
    await validator.close()
    assert "could not be carried out" in await put_off(waiting, order, proof)


async def test_it_is_made_again_until_the_authorization_ends(
    waiting: ValidationOrders, zone: DnsServer, no_time: None
) -> None:
    order = await waiting.order(NAME)
    proof = order.dns(NAME)
    zone.silent |= {".", RECORD}
    await waiting.answer(proof, lease_seconds=0)

    async def several() -> bool:
        return bool((await waiting.challenge(proof))["faults"] > 3)

    async with sweeping(asking(waiting, zone)):
        await eventually(several)
        async with waiting.pool.acquire() as connection:
            await clock.stand_at(connection, datetime.now(UTC) + timedelta(days=8))
        await becomes(waiting, order, "invalid")
    assert "expired on" in (await waiting.challenge(proof))["error"]["detail"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
