"""Certificates point to one of several CRLs, each complete for those that point to it."""

import asyncio
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway.ca.issuer import Issued
from gateway.ca.local.issuer import LocalCa
from gateway.db.pool import Pool
from gateway.errors.ca import NoSuchCrl
from gateway.store.ca import issuers
from gateway.usecases.ca.crl import Partitions, current_crl, sign_due
from tests.support.csrs import NOW, certificate_request
from tests.support.lint import assert_crl_lints_clean

BASE_URL = "http://ca.example.net"


def ca_with(directory: Path, partitions: int) -> LocalCa:
    return LocalCa.create_or_load(
        directory / "ca", NOW, base_url=BASE_URL, crl_partitions=partitions
    )


@pytest.fixture
async def ca(pool: Pool, tmp_path: Path) -> LocalCa:
    """With four partitions."""
    made = ca_with(tmp_path, 4)
    await issuers.register(pool, made)
    return made


async def issue(pool: Pool, ca: LocalCa) -> Issued:
    """A stored certificate."""
    issued = ca.issue_now(certificate_request())
    await pool.execute(
        """
        INSERT INTO ca.certificate
               (serial, issuer_id, names, not_before, not_after, key_hash, der, issued_at)
        VALUES ($1, $2, '{example.com}', $3, $4, '', $5, $3)
        """,
        issued.serial,
        ca.id,
        issued.not_before,
        issued.not_after,
        issued.der,
    )
    return issued


async def revoke(pool: Pool, issued: Issued) -> None:
    await pool.execute(
        "INSERT INTO ca.revocation (serial, revoked_at, reason) VALUES ($1, $2, 1)",
        issued.serial,
        NOW,
    )


def url_of(issued: Issued) -> str:
    """Where the certificate says its CRL is."""
    extensions = x509.load_der_x509_certificate(issued.der).extensions
    (point,) = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    return str(point.full_name[0].value)


async def serials(pool: Pool, ca: LocalCa, partition: int) -> set[int]:
    crl = x509.load_der_x509_crl(await current_crl(pool, ca, NOW, partition))
    return {entry.serial_number for entry in crl}


async def test_certificates_are_spread_over_all_partitions(pool: Pool, ca: LocalCa) -> None:
    urls = {url_of(ca.issue_now(certificate_request())) for _ in range(100)}
    assert urls == {f"{BASE_URL}/crl/local-{number}.crl" for number in (1, 2, 3, 4)}


async def test_a_revocation_is_in_the_crl_its_certificate_points_to_and_in_the_complete_one(
    pool: Pool, ca: LocalCa
) -> None:
    revoked = [await issue(pool, ca) for _ in range(12)]
    for issued in revoked:
        await revoke(pool, issued)
    for partition in (1, 2, 3, 4):
        mine = {
            int(issued.serial, 16)
            for issued in revoked
            if url_of(issued).endswith(f"-{partition}.crl")
        }
        assert await serials(pool, ca, partition) == mine
    assert await serials(pool, ca, 0) == {int(issued.serial, 16) for issued in revoked}


async def test_a_partition_says_which_certificates_it_is_for_and_the_complete_one_does_not(
    pool: Pool, ca: LocalCa
) -> None:
    await revoke(pool, await issue(pool, ca))
    for partition in range(5):
        der = await current_crl(pool, ca, NOW, partition)
        assert_crl_lints_clean(der)
        found = [
            extension
            for extension in x509.load_der_x509_crl(der).extensions
            if isinstance(extension.value, x509.IssuingDistributionPoint)
        ]
        if partition == 0:
            assert found == []
            continue
        [extension] = found
        assert extension.critical
        assert extension.value.full_name is not None
        assert extension.value.full_name[0].value == f"{BASE_URL}/crl/local-{partition}.crl"


async def test_openssl_checks_a_certificate_against_the_crl_it_points_to_only(
    pool: Pool, ca: LocalCa, tmp_path: Path
) -> None:
    bad = await issue(pool, ca)
    await revoke(pool, bad)
    own = ca.partition_of(bad.der)
    other = own % 4 + 1
    (tmp_path / "bad").write_bytes(bad.der)
    (tmp_path / "root.pem").write_bytes(ca.root_pem())
    (tmp_path / "chain.pem").write_bytes(ca.chain_pem())

    async def verify(partition: int) -> str:
        (tmp_path / "list.crl").write_bytes(await current_crl(pool, ca, NOW, partition))
        command = ["openssl", "verify", "-crl_check", "-CRLfile", "list.crl", "-x509_strict"]
        command += ["-attime", str(int(NOW.timestamp()) + 60), "-extended_crl"]
        command += ["-CAfile", "root.pem", "-untrusted", "chain.pem", "bad"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: ASYNC221
        return done.stdout + done.stderr

    assert "certificate revoked" in await verify(own)
    assert "CRL scope" in await verify(other)


async def test_each_partition_counts_its_own_crls(pool: Pool, ca: LocalCa) -> None:
    for _ in range(3):
        await sign_due(pool, ca, NOW)
        await revoke(pool, await issue(pool, ca))
    await sign_due(pool, ca, NOW)
    rows = await pool.fetch("SELECT partition, max(number) AS number FROM ca.crl GROUP BY 1")
    number_by_partition = {row["partition"]: row["number"] for row in rows}
    assert number_by_partition.pop(0) == 4
    assert sorted(number_by_partition) == [1, 2, 3, 4]
    assert sum(number_by_partition.values()) == 4 + 3


async def test_with_fewer_partitions_no_revocation_of_an_earlier_one_is_lost(
    pool: Pool, ca: LocalCa, tmp_path: Path
) -> None:
    issued = await issue(pool, ca)
    while ca.partition_of(issued.der) != 4:
        issued = await issue(pool, ca)
    await sign_due(pool, ca, NOW)
    fewer = ca_with(tmp_path, 2)
    await revoke(pool, issued)
    await sign_due(pool, fewer, NOW)
    assert await serials(pool, fewer, 4) == {int(issued.serial, 16)}
    assert await serials(pool, fewer, 2) == set()


async def test_a_crl_that_no_certificate_points_to_is_not_made(pool: Pool, ca: LocalCa) -> None:
    with pytest.raises(NoSuchCrl):
        await current_crl(pool, ca, NOW, 5)


async def test_however_many_unknown_crls_are_asked_for_the_database_is_asked_once(
    pool: Pool, ca: LocalCa
) -> None:
    asked: list[str] = []
    async with AsyncExitStack() as stack:
        for _ in range(pool.get_max_size()):
            connection = await stack.enter_async_context(pool.acquire())
            connection.add_query_logger(lambda record: asked.append(record.query))
    partitions = Partitions(pool, ca)
    assert await asyncio.gather(*(partitions.has(number) for number in range(5))) == [True] * 5
    assert asked == []
    found = await asyncio.gather(*(partitions.has(number) for number in range(5, 1_000)))
    assert not any(found)
    assert len(asked) == 1


async def test_crls_of_a_larger_setting_are_still_known(
    pool: Pool, ca: LocalCa, tmp_path: Path
) -> None:
    await sign_due(pool, ca, NOW)
    fewer = Partitions(pool, ca_with(tmp_path, 2))
    found = [number for number in range(20) if await fewer.has(number)]
    assert found == [0, 1, 2, 3, 4]


async def test_they_are_served_where_the_certificates_say(gateway: Any) -> None:
    for path, status in (
        ("local.crl", 200),
        ("local-1.crl", 200),
        ("local-8.crl", 200),
        ("local-9.crl", 404),
        ("local-0.crl", 404),
        ("other-1.crl", 404),
    ):
        async with gateway.session.get(f"{gateway.plain_url}/crl/{path}") as response:
            assert response.status == status, path
            if status == 200:
                assert response.headers["Cache-Control"] == "public, max-age=300"
