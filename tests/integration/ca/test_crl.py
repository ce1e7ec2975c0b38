"""One CRL for all processes, on a real database."""

import asyncio
import subprocess
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway import ids
from gateway.ca.local.issuer import LocalCa
from gateway.db.pool import Pool, open_pool, transaction
from gateway.errors import ConfigurationError
from gateway.store.ca import issuers
from gateway.usecases.ca.crl import RENEW_AFTER, current_crl
from tests.support.csrs import NOW, certificate_request
from tests.support.lint import assert_crl_lints_clean
from tests.support.server_process import until

DAY = timedelta(days=1)


@pytest.fixture
async def ca(pool: Pool, tmp_path: Path) -> LocalCa:
    """Registered at the database."""
    made = LocalCa.create_or_load(tmp_path / "ca", NOW, base_url="http://ca.example.net")
    await issuers.register(pool, made)
    return made


async def certificate(pool: Pool, ca: LocalCa, not_after: datetime = NOW + 90 * DAY) -> str:
    """Stores a certificate; gives its serial."""
    serial = f"{ids.new_serial_number():034x}"
    await pool.execute(
        """
        INSERT INTO ca.certificate
               (serial, issuer_id, names, not_before, not_after, key_hash, der, issued_at)
        VALUES ($1, $2, '{example.com}', $3, $4, '', '', $3)
        """,
        serial,
        ca.id,
        NOW - DAY,
        not_after,
    )
    return serial


async def revoke(pool: Pool, serials: Iterable[str], reason: int = 0) -> None:
    await pool.executemany(
        "INSERT INTO ca.revocation (serial, revoked_at, reason) VALUES ($1, $2, $3)",
        [(serial, NOW, reason) for serial in serials],
    )


async def read(pool: Pool, ca: LocalCa, now: datetime = NOW) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(await current_crl(pool, ca, now))


def number_of(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def serials_of(crl: x509.CertificateRevocationList) -> set[str]:
    return {f"{entry.serial_number:034x}" for entry in crl}


async def test_the_first_crl_is_empty_signed_and_dated(pool: Pool, ca: LocalCa) -> None:
    crl = await read(pool, ca, NOW + timedelta(microseconds=7))
    issuing = x509.load_der_x509_certificate(ca.issuing_der())
    assert crl.is_signature_valid(issuing.public_key())  # type: ignore[arg-type]
    assert crl.issuer == issuing.subject
    assert (len(crl), number_of(crl)) == (0, 1)
    assert crl.last_update_utc == NOW
    assert crl.next_update_utc == NOW + 7 * DAY


async def test_it_lists_each_revocation_with_its_date_and_reason(pool: Pool, ca: LocalCa) -> None:
    reasons = {await certificate(pool, ca): reason for reason in (0, 1, 3, 4, 5, 9)}
    for serial, reason in reasons.items():
        await revoke(pool, [serial], reason)
    der = await current_crl(pool, ca, NOW)
    assert_crl_lints_clean(der)
    crl = x509.load_der_x509_crl(der)
    found = {}
    for entry in crl:
        assert entry.revocation_date_utc == NOW
        try:
            extension = entry.extensions.get_extension_for_class(x509.CRLReason)
            found[f"{entry.serial_number:034x}"] = extension.value.reason.value
        except x509.ExtensionNotFound:  # BR §7.2.2: unspecified is not said
            found[f"{entry.serial_number:034x}"] = ""
    names = {
        0: "",
        1: "keyCompromise",
        3: "affiliationChanged",
        4: "superseded",
        5: "cessationOfOperation",
        9: "privilegeWithdrawn",
    }
    assert found == {serial: names[reason] for serial, reason in reasons.items()}


async def test_it_stays_the_same_until_it_is_due(pool: Pool, ca: LocalCa) -> None:
    first = await current_crl(pool, ca, NOW)
    assert await current_crl(pool, ca, NOW + RENEW_AFTER - timedelta(seconds=1)) == first
    second = await read(pool, ca, NOW + RENEW_AFTER)
    assert number_of(second) == 2
    assert second.last_update_utc == NOW + RENEW_AFTER


async def test_a_revocation_is_in_the_next_answer(pool: Pool, ca: LocalCa) -> None:
    await current_crl(pool, ca, NOW)
    serial = await certificate(pool, ca)
    await revoke(pool, [serial], 4)
    crl = await read(pool, ca, NOW + timedelta(seconds=1))
    assert (number_of(crl), serials_of(crl)) == (2, {serial})
    assert number_of(await read(pool, ca, NOW + timedelta(seconds=2))) == 2


async def test_a_revocation_committed_while_a_crl_was_signed_is_not_lost(
    pool: Pool, ca: LocalCa
) -> None:
    early, late = await certificate(pool, ca), await certificate(pool, ca)
    async with transaction(pool) as connection:
        await connection.execute(
            "INSERT INTO ca.revocation (serial, revoked_at) VALUES ($1, $2)", late, NOW
        )
        await revoke(pool, [early])
        assert serials_of(await read(pool, ca)) == {early}
    assert serials_of(await read(pool, ca)) == {early, late}


async def test_an_expired_certificate_is_on_one_more_crl_and_then_gone(
    pool: Pool, ca: LocalCa
) -> None:
    """RFC 5280 §3.3."""
    ending, lasting = await certificate(pool, ca, NOW + DAY / 2), await certificate(pool, ca)
    await revoke(pool, [ending, lasting])
    assert serials_of(await read(pool, ca)) == {ending, lasting}
    assert serials_of(await read(pool, ca, NOW + DAY)) == {ending, lasting}
    assert serials_of(await read(pool, ca, NOW + 2 * DAY)) == {lasting}


async def test_a_certificate_revoked_after_its_end_is_listed_once(pool: Pool, ca: LocalCa) -> None:
    await current_crl(pool, ca, NOW)
    ended = await certificate(pool, ca, NOW - timedelta(hours=1))
    await revoke(pool, [ended])
    crl = await read(pool, ca)
    assert (number_of(crl), serials_of(crl)) == (2, {ended})
    assert number_of(await read(pool, ca)) == 2


async def test_numbers_rise_also_when_the_clock_is_set_back(pool: Pool, ca: LocalCa) -> None:
    assert number_of(await read(pool, ca)) == 1
    earlier = await read(pool, ca, NOW - 365 * DAY)
    assert number_of(earlier) == 2
    assert earlier.last_update_utc == NOW - 365 * DAY
    assert number_of(await read(pool, ca)) == 3


async def test_other_issuers_revocations_are_not_ours(
    pool: Pool, ca: LocalCa, tmp_path: Path
) -> None:
    other = LocalCa.create_or_load(tmp_path / "ca", NOW, base_url="http://x.example", name="other")
    await issuers.register(pool, other)
    await current_crl(pool, ca, NOW)
    theirs = await certificate(pool, other)
    await revoke(pool, [theirs])
    assert number_of(await read(pool, ca)) == 1
    assert serials_of(await read(pool, other)) == {theirs}


async def test_many_processes_asking_at_once_get_the_same(
    database: str, pool: Pool, ca: LocalCa
) -> None:
    await revoke(pool, [await certificate(pool, ca)])
    pools = [await open_pool(database, max_size=4) for _ in range(4)]
    try:
        answers = await asyncio.gather(
            *(current_crl(some, ca, NOW) for some in pools for _ in range(8))
        )
    finally:
        for some in pools:
            await some.close()
    assert len(set(answers)) == 1
    assert number_of(x509.load_der_x509_crl(answers[0])) == 1


async def test_only_the_last_twenty_are_kept(pool: Pool, ca: LocalCa) -> None:
    for day in range(23):
        await current_crl(pool, ca, NOW + day * DAY)
    kept = await pool.fetch("SELECT number FROM ca.crl ORDER BY number")
    assert [row["number"] for row in kept] == list(range(4, 24))


async def test_signing_leaves_an_audit_event(pool: Pool, ca: LocalCa) -> None:
    await revoke(pool, [await certificate(pool, ca)])
    await current_crl(pool, ca, NOW)
    events = await pool.fetch(
        "SELECT at, actor, action, subject, after FROM audit.event ORDER BY action"
    )
    assert [dict(event) for event in events] == [
        {
            "at": NOW,
            "actor": "gateway:crl",
            "action": "crl.signed",
            "subject": "local",
            "after": {"number": 1, "partition": 0, "entries": 1},
        },
        {
            "at": NOW - timedelta(hours=1),
            "actor": "gateway:ca",
            "action": "issuer.registered",
            "subject": "local",
            "after": None,
        },
    ]


async def test_openssl_refuses_a_revoked_certificate_and_takes_another(
    pool: Pool, ca: LocalCa, tmp_path: Path
) -> None:
    good, bad = (ca.issue_now(certificate_request()) for _ in range(2))
    await pool.execute(
        """
        INSERT INTO ca.certificate
               (serial, issuer_id, names, not_before, not_after, key_hash, der, issued_at)
        VALUES ($1, $2, '{example.com}', $3, $4, '', $5, $3)
        """,
        bad.serial,
        ca.id,
        bad.not_before,
        bad.not_after,
        bad.der,
    )
    await revoke(pool, [bad.serial], 1)
    (tmp_path / "list.crl").write_bytes(await current_crl(pool, ca, NOW))
    (tmp_path / "root.pem").write_bytes(ca.root_pem())
    (tmp_path / "chain.pem").write_bytes(ca.chain_pem())
    for name, issued in (("good", good), ("bad", bad)):
        (tmp_path / name).write_bytes(issued.der)

    def verify(name: str) -> str:
        command = ["openssl", "verify", "-crl_check", "-CRLfile", "list.crl", "-x509_strict"]
        command += ["-attime", str(int(NOW.timestamp()) + 60)]
        command += ["-CAfile", "root.pem", "-untrusted", "chain.pem", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    assert verify("good") == "good: OK\n"
    assert "certificate revoked" in verify("bad")


async def test_registering_again_changes_nothing(pool: Pool, ca: LocalCa) -> None:
    await issuers.register(pool, ca)
    (row,) = await pool.fetch("SELECT id, name, certificate, chain FROM ca.issuer")
    assert (row["id"], row["name"]) == (ca.id, "local")
    assert (row["certificate"], row["chain"]) == (ca.issuing_der(), [])


async def test_another_ca_of_the_same_name_is_refused(
    pool: Pool, ca: LocalCa, tmp_path: Path
) -> None:
    stranger = LocalCa.create_or_load(tmp_path / "new", NOW, base_url="http://ca.example.net")
    with pytest.raises(ConfigurationError, match="another CA named 'local'"):
        await issuers.register(pool, stranger)


async def test_a_running_gateway_signs_after_a_revocation_though_nobody_asks(gateway: Any) -> None:
    numbers = "SELECT coalesce(max(number), 0) FROM ca.crl"
    first = "SELECT EXISTS (SELECT FROM ca.crl)"
    await until(lambda: gateway.pool.fetchval(first), "no CRL was signed")
    before = await gateway.pool.fetchval(numbers)
    await gateway.pool.execute(
        """
        INSERT INTO ca.certificate (serial, issuer_id, names, not_before, not_after, key_hash,
                                    der, issued_at)
        SELECT '01ab', id, '{}', now(), now() + interval '90 days', '', '', now() FROM ca.issuer
        """
    )
    await gateway.pool.execute(
        "INSERT INTO ca.revocation (serial, revoked_at) VALUES ('01ab', now())"
    )

    async def signed() -> bool:
        return bool(await gateway.pool.fetchval(numbers) > before)

    await until(signed, "the revocation is in no CRL")


async def test_a_crl_that_is_known_is_not_sent_again(gateway: Any) -> None:
    url = f"{gateway.plain_url}/crl/local.crl"
    async with gateway.session.get(url) as response:
        assert response.headers["Cache-Control"] == "public, max-age=300"
        etag = response.headers["ETag"]
    async with gateway.session.get(url, headers={"If-None-Match": etag}) as response:
        assert response.status == 304
        assert response.headers["ETag"] == etag
    async with gateway.session.get(url, headers={"If-None-Match": '"other"'}) as response:
        assert response.status == 200
