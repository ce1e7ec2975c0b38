"""Whether resolvers validate DNSSEC, and what follows when one does not."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.config import Ca, Secret, Secrets, Settings, Validation
from gateway.validation.dnssec import look_at
from tests.support.dns_server import DnsServer, dns_server
from tests.support.gateway import RunningGateway, free_ports, running_gateway

SIGNED, BOGUS = "signed.example.com", "bogus.example.com"
SOA = "ns.example.com. admin.example.com. 1 2 3 4 5"


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    """A resolver that validates."""
    async with dns_server() as server:
        validate(server)
        yield server


def validate(server: DnsServer) -> None:
    server.set(SIGNED, "SOA", SOA)
    server.authentic.add(SIGNED)
    server.failing[BOGUS] = "SERVFAIL"


async def complaint(*addresses: str, seconds: float = 1) -> str:
    nameservers = [(host, int(port)) for host, _, port in (a.partition(":") for a in addresses)]
    return (await look_at(nameservers, SIGNED, BOGUS, seconds)).complaint


async def test_a_validating_resolver_vouches_for_signed_records_and_keeps_bogus_ones(
    dns: DnsServer,
) -> None:
    assert await complaint(dns.address) == ""


async def test_a_resolver_that_vouches_for_nothing_is_objected_to(dns: DnsServer) -> None:
    dns.authentic.clear()
    assert await complaint(dns.address) == (
        f"The resolver {dns.address} does not validate DNSSEC: "
        f"it vouches for no records of {SIGNED}."
    )


async def test_a_resolver_that_gives_out_bogus_records_is_objected_to(dns: DnsServer) -> None:
    """One that passes on somebody else's word for the signed ones."""
    dns.failing.clear()
    dns.set(BOGUS, "A", "192.0.2.1")
    assert f"it gives out the bogus records of {BOGUS}" in await complaint(dns.address)


async def test_a_resolver_that_cannot_tell_is_objected_to(dns: DnsServer) -> None:
    dns.failing[SIGNED] = "SERVFAIL"
    assert "answers SERVFAIL when asked for the signed zone" in await complaint(dns.address)


async def test_a_bogus_name_may_take_longer_than_there_is_time(dns: DnsServer) -> None:
    dns.silent.add(BOGUS)
    assert await complaint(dns.address, seconds=0.3) == ""


async def test_a_large_answer_comes_by_tcp(dns: DnsServer) -> None:
    dns.truncated.add(SIGNED)
    assert await complaint(dns.address) == ""
    assert dns.asked(SIGNED, "SOA") == ["udp", "tcp"]


async def test_every_resolver_that_answers_must_validate(dns: DnsServer) -> None:
    async with dns_server() as other:
        said = await complaint(dns.address, other.address)
        assert other.address in said
        assert dns.address not in said
        other.silent |= {SIGNED, BOGUS}
        assert await complaint(dns.address, other.address, seconds=0.3) == ""


async def test_resolvers_that_do_not_answer_are_no_resolvers() -> None:
    [port] = free_ports(1)
    assert "No resolver answered" in await complaint(f"127.0.0.1:{port}", seconds=0.3)
    assert "No resolver answered" in await complaint(seconds=0.3)


@pytest.mark.parametrize(
    ("sandbox", "wanted", "required"),
    [
        (False, None, True),
        (True, None, False),
        (True, True, True),
        (False, False, False),
    ],
)
def test_production_requires_it_and_a_sandbox_waives_it(
    sandbox: bool, wanted: bool | None, required: bool
) -> None:
    settings = Settings(
        database="postgresql:///gateway",
        public_url="https://acme.example.com",
        sandbox=sandbox,
        secrets=Secrets(keys=[Secret("key")]),
        ca=Ca(directory=Path("ca")),
        validation=Validation(require_dnssec=wanted),
    )
    assert settings.dnssec_required() is required


async def readiness(gateway: RunningGateway) -> tuple[int, dict[str, str]]:
    async with gateway.session.get(f"{gateway.url}/health/ready") as response:
        return response.status, await response.json()


async def test_the_gateway_is_ready_when_its_resolvers_validate_and_says_why_when_not(
    database: str, tmp_path: Path, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.usecases.operation.dnssec_watch._PAUSE_WHILE_UNSURE_SECONDS", 0.05)
    dns.authentic.clear()
    validation = Validation(
        resolvers=[dns.address],
        require_dnssec=True,
        dnssec_signed=SIGNED,
        dnssec_bogus=BOGUS,
        allow_private_addresses=True,
    )
    async with running_gateway(database, tmp_path, validation=validation) as gateway:
        async with asyncio.timeout(10):
            while "vouches" not in (found := await readiness(gateway))[1].get("reason", ""):
                assert found[0] == 503
        assert found[1]["status"] == "DNSSEC not validated"
        assert dns.address in found[1]["reason"]
        validate(dns)
        async with asyncio.timeout(10):
            while (await readiness(gateway)) != (200, {"status": "ready"}):
                pass
