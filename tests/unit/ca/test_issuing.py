"""What a certificate of the local CA looks like."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec.structs import replace
from pkilint.cabf.serverauth.serverauth_constants import CertificateType

from gateway.ca.issuer import Failed, Issued
from gateway.ca.local.issuer import LocalCa
from gateway.ca.profiles import PROFILES
from gateway.errors import ConfigurationError
from tests.support.csrs import NOW, certificate_request
from tests.support.lint import assert_lints_clean

KEYS = ["P-256", "P-384", "RSA-2048", "RSA-3072", "RSA-4096"]
NAMES = ["example.com", "www.example.com", "*.example.com", "xn--bcher-kva.com"]


def issue(ca: LocalCa, **options: object) -> x509.Certificate:
    issued = ca.issue_now(certificate_request(**options))  # type: ignore[arg-type]
    return x509.load_der_x509_certificate(issued.der)


def names_of(certificate: x509.Certificate) -> list[str]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_and_key_lints_clean(ca: LocalCa, profile: str, kind: str) -> None:
    certificate = issue(ca, names=NAMES, profile=profile, kind=kind)
    assert_lints_clean(certificate.public_bytes(Encoding.DER))
    assert_lints_clean(certificate.public_bytes(Encoding.PEM))


def test_the_lint_finds_what_is_wrong(ca: LocalCa) -> None:
    certificate = issue(ca)
    with pytest.raises(AssertionError, match="organization"):
        assert_lints_clean(
            certificate.public_bytes(Encoding.DER), CertificateType.OV_FINAL_CERTIFICATE
        )


@pytest.mark.parametrize("profile", PROFILES)
def test_openssl_strictly_verifies_the_chain(ca: LocalCa, tmp_path: Path, profile: str) -> None:
    leaf = issue(ca, names=NAMES, profile=profile)
    files = {
        "root.pem": ca.root_pem(),
        "chain.pem": ca.chain_pem(),
        "leaf.pem": leaf.public_bytes(Encoding.PEM),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    at = int((NOW + timedelta(days=1)).timestamp())
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver"]
    command += ["-verify_hostname", "www.example.com", "-attime", str(at)]
    command += ["-CAfile", "root.pem", "-untrusted", "chain.pem", "leaf.pem"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "leaf.pem: OK\n"), done.stderr


def test_names_are_those_of_the_request_in_its_order(ca: LocalCa) -> None:
    assert names_of(issue(ca, names=NAMES)) == NAMES


def test_classic_repeats_the_first_name_that_fits_as_common_name(ca: LocalCa) -> None:
    long_name = f"{'a' * 60}.{'b' * 60}.example.com"
    certificate = issue(ca, names=[long_name, "example.com"])
    assert certificate.subject.rfc4514_string() == "CN=example.com"
    alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert not alternative.critical


def test_without_a_common_name_the_alternative_names_are_critical(ca: LocalCa) -> None:
    """RFC 5280 §4.2.1.6."""
    long_name = f"{'a' * 60}.{'b' * 60}.example.com"
    certificates = [issue(ca, profile=name) for name in ("tlsserver", "shortlived")]
    for certificate in [*certificates, issue(ca, names=[long_name])]:
        assert not list(certificate.subject)
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert alternative.critical


def test_extensions_say_domain_validated_tls_server_and_nothing_else(ca: LocalCa) -> None:
    extensions = issue(ca).extensions
    policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [policy.policy_identifier.dotted_string for policy in policies] == ["2.23.140.1.2.1"]
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (True, False)
    assert {extension.oid._name for extension in extensions} == {
        "basicConstraints",
        "keyUsage",
        "extendedKeyUsage",
        "authorityKeyIdentifier",
        "authorityInfoAccess",
        "certificatePolicies",
        "cRLDistributionPoints",
        "subjectAltName",
    }


def test_it_says_where_the_issuer_and_the_crl_are(ca: LocalCa) -> None:
    extensions = issue(ca).extensions
    (access,) = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert access.access_location.value == "http://ca.example.net/ca/local.der"
    (point,) = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    assert point.full_name[0].value == "http://ca.example.net/crl/local-1.crl"


@pytest.mark.parametrize(
    ("profile", "kind", "encipherment"),
    [
        ("classic", "RSA-2048", True),
        ("classic", "P-256", False),
        ("tlsserver", "RSA-2048", False),
        ("shortlived", "P-384", False),
    ],
)
def test_only_classic_rsa_keys_may_encipher_keys(
    ca: LocalCa, profile: str, kind: str, encipherment: bool
) -> None:
    usage = issue(ca, profile=profile, kind=kind).extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.key_encipherment is encipherment
    assert not usage.value.key_agreement


def test_serial_and_dates_are_those_of_the_request_to_the_second(ca: LocalCa) -> None:
    request = certificate_request()
    issued = ca.issue_now(request)
    certificate = x509.load_der_x509_certificate(issued.der)
    assert certificate.serial_number == request.serial_number
    assert certificate.not_valid_before_utc == issued.not_before == request.not_before
    assert certificate.not_valid_after_utc == issued.not_after == request.not_after


@pytest.mark.parametrize(
    ("number", "text"),
    [(0x1, "01"), (0xABC, "0abc"), (0xABCD, "abcd"), (1 << 128, "01" + "0" * 32)],
)
def test_the_serial_is_shown_in_lower_case_hex_of_even_length(
    ca: LocalCa, number: int, text: str
) -> None:
    assert ca.issue_now(certificate_request(serial_number=number)).serial == text


async def test_the_same_request_gives_the_same_certificate(ca: LocalCa, tmp_path: Path) -> None:
    """A process killed after signing, before storing, leaves nothing that could differ."""
    request = certificate_request()
    first = ca.issue_now(request)
    other_process = LocalCa.create_or_load(tmp_path / "ca", NOW, base_url="http://ca.example.net")
    assert other_process.issue_now(request) == first
    assert await ca.issue(request, None) == first


def test_a_certificate_ends_with_its_issuer_at_the_latest(tmp_path: Path) -> None:
    end = NOW + timedelta(days=30)
    ca = LocalCa.create_or_load(tmp_path, NOW, base_url="http://x.example", valid=(NOW, end))
    issued = ca.issue_now(certificate_request())
    assert issued.not_after == end
    assert x509.load_der_x509_certificate(issued.der).not_valid_after_utc == end


def test_a_certificate_begins_with_its_issuer_at_the_earliest(tmp_path: Path) -> None:
    """A CA of today has certificates that lie back; one that is not valid yet has none."""
    end = NOW + timedelta(days=300)
    ca = LocalCa.create_or_load(tmp_path, NOW, base_url="http://x.example", valid=(NOW, end))
    for hours in (1, 48):
        request = certificate_request(now=NOW - timedelta(hours=hours))
        issued = ca.issue_now(request)
        assert issued.not_before == NOW
        assert x509.load_der_x509_certificate(issued.der).not_valid_before_utc == NOW
        assert issued.not_after == request.not_after
    with pytest.raises(ConfigurationError, match="valid from"):
        ca.issue_now(certificate_request(now=NOW - timedelta(hours=48, seconds=1)))


async def test_a_ca_that_has_ended_signs_nothing(tmp_path: Path) -> None:
    valid = (NOW - timedelta(days=30), NOW - timedelta(days=1))
    ca = LocalCa.create_or_load(tmp_path, NOW, base_url="http://x.example", valid=valid)
    with pytest.raises(ConfigurationError, match="valid from 2026-10-21 to 2026-11-19 only"):
        ca.issue_now(certificate_request())
    assert isinstance(await ca.issue(certificate_request(), None), Failed)


def test_more_than_200_days_are_never_signed(ca: LocalCa) -> None:
    request = certificate_request()
    allowed = replace(request, not_after=NOW + timedelta(days=200, seconds=-1))
    assert isinstance(ca.issue_now(allowed), Issued)
    with pytest.raises(ConfigurationError, match="200 days"):
        ca.issue_now(replace(request, not_after=NOW + timedelta(days=200)))


def test_the_sandbox_ca_spans_the_century(tmp_path: Path) -> None:
    valid = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC))
    ca = LocalCa.create_or_load(tmp_path, NOW, base_url="http://x.example", valid=valid)
    for pem in (ca.root_pem(), ca.issuing_pem()):
        certificate = x509.load_pem_x509_certificate(pem)
        assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == valid
    for year in (2001, 2049, 2050, 2098):
        now = datetime(year, 6, 1, tzinfo=UTC)
        issued = ca.issue_now(certificate_request(now=now))
        assert x509.load_der_x509_certificate(issued.der).not_valid_before_utc == now


def test_root_and_issuing_certificate_name_each_other(ca: LocalCa) -> None:
    root = x509.load_pem_x509_certificate(ca.root_pem())
    issuing = x509.load_der_x509_certificate(ca.issuing_der())
    root.verify_directly_issued_by(root)
    issuing.verify_directly_issued_by(root)
    assert ca.chain_pem() == ca.issuing_pem() == issuing.public_bytes(Encoding.PEM)
    (common_name,) = issuing.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert "Issuing" in str(common_name.value)
