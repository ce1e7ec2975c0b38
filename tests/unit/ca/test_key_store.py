"""A CA is made once, whole, and its keys are for its owner only."""

import multiprocessing
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pkilint.cabf.serverauth.serverauth_constants import CertificateType

from gateway.ca.local.issuer import LocalCa
from gateway.errors import ConfigurationError
from tests.support.csrs import NOW
from tests.support.lint import assert_lints_clean

PROCESSES = 8


def load(directory: Path, passphrase: bytes | None = None, name: str = "local") -> LocalCa:
    return LocalCa.create_or_load(
        directory, NOW, passphrase=passphrase, base_url="http://ca.example.net", name=name
    )


def load_when_all_are_ready(directory: Path, barrier, answers) -> None:  # type: ignore[no-untyped-def]
    barrier.wait()
    ca = load(directory)
    answers.put((str(ca.id), ca.root_pem(), ca.issuing_pem()))


def test_several_processes_starting_at_once_make_one_ca(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(PROCESSES), context.Queue()
    processes = [
        context.Process(target=load_when_all_are_ready, args=(tmp_path, barrier, answers))
        for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    found = {answers.get(timeout=30) for _ in processes}
    for process in processes:
        process.join()
    assert len(found) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".local.lock", "local"]


def test_it_is_the_same_at_the_next_start(tmp_path: Path) -> None:
    first, again = load(tmp_path), load(tmp_path)
    assert (first.id, first.issuing_der()) == (again.id, again.issuing_der())


def test_each_name_is_a_ca_of_its_own(tmp_path: Path) -> None:
    one, other = load(tmp_path, name="one"), load(tmp_path, name="other")
    assert one.id != other.id
    assert one.root_pem() != other.root_pem()


def test_a_process_killed_while_making_it_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    unfinished = tmp_path / ".local.new"
    unfinished.mkdir()
    (unfinished / "root.key").write_text("half a key")
    load(tmp_path)
    assert not unfinished.exists()


def test_only_the_owner_can_read_the_keys(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        ca = load(tmp_path)
        ca.issue_server_certificate(tmp_path / "tls", ["localhost"])
    finally:
        os.umask(mask)
    keys = [*tmp_path.rglob("*.key")]
    assert sorted(file.name for file in keys) == ["issuing.key", "root.key", "server.key"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in keys} == {0o600}
    assert stat.S_IMODE((tmp_path / "local").stat().st_mode) == 0o700


def test_a_key_that_everybody_can_read_is_not_used(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "local" / "issuing.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load(tmp_path)


def test_the_root_key_can_be_kept_elsewhere(tmp_path: Path) -> None:
    first = load(tmp_path)
    (tmp_path / "local" / "root.key").unlink()
    assert load(tmp_path).id == first.id


def test_a_passphrase_encrypts_both_keys(tmp_path: Path) -> None:
    first = load(tmp_path, b"correct horse")
    for name in ("root.key", "issuing.key"):
        pem = (tmp_path / "local" / name).read_bytes()
        assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        assert isinstance(load_pem_private_key(pem, b"correct horse"), ec.EllipticCurvePrivateKey)
    assert load(tmp_path, b"correct horse").id == first.id


@pytest.mark.parametrize(
    ("made_with", "opened_with", "message"),
    [
        (b"correct horse", b"battery staple", "the passphrase does not open"),
        (b"correct horse", None, "is encrypted: set ca.passphrase_file"),
        (None, b"battery staple", "is not encrypted: encrypt it"),
        (None, b"", "passphrase is empty"),
    ],
)
def test_a_wrong_passphrase_is_reported_clearly(
    tmp_path: Path, made_with: bytes | None, opened_with: bytes | None, message: str
) -> None:
    load(tmp_path, made_with)
    with pytest.raises(ConfigurationError, match=message) as raised:
        load(tmp_path, opened_with)
    assert "staple" not in str(raised.value)


@pytest.mark.parametrize("name", ["id", "root.pem", "issuing.pem", "issuing.key"])
def test_damaged_files_are_reported(tmp_path: Path, name: str) -> None:
    load(tmp_path)
    file = tmp_path / "local" / name
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(ConfigurationError, match="restore"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["id", "root.pem", "issuing.pem", "issuing.key"])
def test_missing_files_are_reported_by_name(tmp_path: Path, name: str) -> None:
    load(tmp_path)
    (tmp_path / "local" / name).unlink()
    with pytest.raises(ConfigurationError, match=name.replace(".", r"\.")):
        load(tmp_path)


def test_a_key_of_another_ca_is_reported(tmp_path: Path) -> None:
    load(tmp_path, name="one")
    load(tmp_path, name="other")
    (tmp_path / "one" / "issuing.key").replace(tmp_path / "other" / "issuing.key")
    with pytest.raises(ConfigurationError, match=r"not the key of issuing\.pem"):
        load(tmp_path, name="other")


def test_a_directory_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        load(tmp_path / "file" / "ca")


def test_the_root_lasts_20_years_and_the_issuing_certificate_10(tmp_path: Path) -> None:
    ca = load(tmp_path)
    for pem, years in ((ca.root_pem(), 20), (ca.issuing_pem(), 10)):
        certificate = x509.load_pem_x509_certificate(pem)
        begin = NOW - timedelta(hours=1)  # for clocks that are late
        assert certificate.not_valid_before_utc == begin
        assert certificate.not_valid_after_utc == begin + timedelta(days=365 * years, seconds=-1)


COUNTRY = "country_attribute_absent"
CRL_POINT = "crl_distribution_points_extension_absent"


@pytest.mark.parametrize(
    ("file", "kind", "lacking"),
    [
        ("root.pem", CertificateType.ROOT_CA, [COUNTRY]),
        ("issuing.pem", CertificateType.INTERNAL_UNCONSTRAINED_TLS_CA, [COUNTRY, CRL_POINT]),
    ],
)
def test_ca_certificates_lack_only_what_a_private_ca_has_not(
    tmp_path: Path, file: str, kind: CertificateType, lacking: list[str]
) -> None:
    """No country of its own, and no CRL of the root."""
    load(tmp_path)
    with pytest.raises(AssertionError) as raised:
        assert_lints_clean((tmp_path / "local" / file).read_bytes(), kind)
    findings = str(raised.value).splitlines()
    assert len(findings) == len(lacking)
    assert all(word in finding for word, finding in zip(lacking, findings, strict=True))
