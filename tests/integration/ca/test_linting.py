"""Certificates follow the Baseline Requirements; others are found by linting, or refused."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.ca.local.issuer import LocalCa
from gateway.clock import SystemClock
from gateway.config import Ca
from gateway.db.pool import Pool
from gateway.errors import ConfigurationError
from gateway.usecases.ca.linting import LintSampler, check_profiles
from tests.integration.acme.conftest import NAME, new_customer
from tests.integration.process.test_serve import configured, process
from tests.support.acme_client import AcmeClient
from tests.support.challenge_server import challenge_server
from tests.support.csrs import NOW, certificate_request, csr
from tests.support.gateway import running_gateway
from tests.support.server_process import until
from tests.support.shop import Shop

WRONG_URL = "https://ca.example.net"
"""BR §7.1.2.11.2: CRLs are fetched by plain HTTP."""


@pytest.fixture
def make_ca(tmp_path: Path) -> Callable[[str], LocalCa]:
    def make(base_url: str) -> LocalCa:
        return LocalCa.create_or_load(tmp_path / "ca", NOW, base_url=base_url)

    return make


async def test_all_profiles_are_linted_at_the_start(make_ca: Callable[[str], LocalCa]) -> None:
    ca = make_ca("http://ca.example.net")
    labels = [label for label, _ in ca.specimens()]
    assert len(labels) == 3 * 2 * 3
    await check_profiles(ca)


async def test_a_profile_with_errors_is_named(make_ca: Callable[[str], LocalCa]) -> None:
    with pytest.raises(ConfigurationError, match=r"profile classic \(DV, P-256\)"):
        await check_profiles(make_ca(WRONG_URL))


async def test_a_server_whose_certificates_would_not_be_in_order_does_not_start(
    database: str, tmp_path: Path
) -> None:
    wrong = Ca(directory=tmp_path / "ca", crl_url=WRONG_URL)
    server = process(await configured(database, tmp_path, ca=wrong), tmp_path)
    server.start()
    assert await server.ended() == 1
    assert "would not be in order" in server.log.read_text()


async def test_a_sample_is_linted_afterwards_and_what_is_found_is_kept(
    pool: Pool, make_ca: Callable[[str], LocalCa]
) -> None:
    services: Any = SimpleNamespace(pool=pool, clock=SystemClock())
    ca = make_ca(WRONG_URL)
    for share, expected in ((0.0, 0), (1.0, 3)):
        sampler = LintSampler(services, share, collecting_seconds=0)
        ca.on_issued = sampler.offer  # type: ignore[assignment]
        serials = [ca.issue_now(certificate_request()).serial for _ in range(3)]
        await drained(sampler, pool, expected)
    rows = await pool.fetch("SELECT serial, refused, findings FROM ops.lint_findings")
    assert {row["serial"] for row in rows} == set(serials)
    assert all(not row["refused"] and row["findings"] for row in rows)


async def drained(sampler: LintSampler, pool: Pool, expected: int) -> None:
    """Runs the sampler until so many findings are there."""
    running = asyncio.create_task(sampler.run_forever())
    try:
        await until(lambda: found(pool, expected), "the findings are there")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def found(pool: Pool, expected: int) -> bool:
    return bool(await pool.fetchval("SELECT count(*) = $1 FROM ca.lint_finding", expected))


@pytest.mark.parametrize(("crl_url", "status"), [(None, "valid"), (WRONG_URL, "invalid")])
async def test_with_the_setting_every_certificate_is_linted_before_it_is_signed(
    database: str, tmp_path: Path, crl_url: str | None, status: str
) -> None:
    url = crl_url or "http://pki.example.com"
    ca = Ca(directory=tmp_path / "ca", crl_url=url, lint_every_certificate=True)
    async with (
        running_gateway(database, tmp_path, ca=ca) as gateway,
        challenge_server(gateway.http_port) as web,
    ):
        customer = await new_customer(Shop(gateway), NAME)
        client = AcmeClient(gateway.session, gateway.directory_url)
        await client.register(customer.eab)
        placed = await client.new_order(NAME)
        await web.prove(client, placed.json["authorizations"][0])
        url = placed.headers["Location"]
        await client.finalize(await client.settled(url), csr([NAME]))
        settled = await client.settled(url, pending=("processing",))
        assert settled["status"] == status
        signed = await gateway.pool.fetchval("SELECT count(*) FROM ca.certificate")
        assert signed == (1 if status == "valid" else 0)
        if status == "invalid":
            assert "would not be in order" in settled["error"]["detail"]
            assert await gateway.pool.fetchval("SELECT refused FROM ops.lint_findings")
