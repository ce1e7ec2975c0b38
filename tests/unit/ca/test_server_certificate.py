"""The gateway's own HTTPS certificate."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.ca.local.issuer import LocalCa

NAMES = ["localhost", "127.0.0.1", "::1"]


def leaf_of(chain: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(chain.read_bytes())


def test_it_is_for_these_names_and_addresses_in_real_time(ca: LocalCa, tmp_path: Path) -> None:
    chain, key_file = ca.issue_server_certificate(tmp_path / "tls", NAMES)
    leaf = leaf_of(chain)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == NAMES
    now = datetime.now(UTC)
    assert leaf.not_valid_before_utc < now < leaf.not_valid_after_utc
    key = load_pem_private_key(key_file.read_bytes(), None)
    assert key.public_key() == leaf.public_key()
    assert chain.read_bytes().endswith(ca.chain_pem())


def test_a_strict_client_that_trusts_the_root_accepts_it(ca: LocalCa, tmp_path: Path) -> None:
    chain, key_file = ca.issue_server_certificate(tmp_path / "tls", NAMES)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, key_file)
    client = ssl.create_default_context(cadata=ca.root_pem().decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in NAMES:
        shake_hands(client, server, name)


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """In memory; raises ssl.SSLError when the client does not accept the server."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                continue


def test_it_is_kept_over_restarts(ca: LocalCa, tmp_path: Path) -> None:
    first = [file.read_bytes() for file in ca.issue_server_certificate(tmp_path / "tls", NAMES)]
    again = [file.read_bytes() for file in ca.issue_server_certificate(tmp_path / "tls", NAMES)]
    assert again == first


def test_it_is_made_anew_for_other_names_another_ca_or_damaged_files(
    ca: LocalCa, tmp_path: Path
) -> None:
    directory, now = tmp_path / "tls", datetime.now(UTC)
    other = LocalCa.create_or_load(tmp_path / "other", now, base_url="http://x.example")
    seen = set()
    for issuer, names in ((ca, NAMES), (ca, ["localhost"]), (other, ["localhost"])):
        chain, key_file = issuer.issue_server_certificate(directory, names)
        seen.add(leaf_of(chain).serial_number)
    for file in (chain, key_file):
        file.unlink()
        seen.add(leaf_of(other.issue_server_certificate(directory, ["localhost"])[0]).serial_number)
    chain.write_text("half a certificate")
    seen.add(leaf_of(other.issue_server_certificate(directory, ["localhost"])[0]).serial_number)
    assert len(seen) == 6


def test_it_is_made_anew_when_a_third_of_its_life_is_left(ca: LocalCa, tmp_path: Path) -> None:
    first = leaf_of(ca.issue_server_certificate(tmp_path, NAMES)[0])
    with time_machine.travel(first.not_valid_after_utc - timedelta(days=31), tick=False):
        assert leaf_of(ca.issue_server_certificate(tmp_path, NAMES)[0]) == first
    with time_machine.travel(first.not_valid_after_utc - timedelta(days=30), tick=False):
        assert leaf_of(ca.issue_server_certificate(tmp_path, NAMES)[0]) != first
