"""The default issuer: a root and an issuing key in files, signing in this process."""

import ipaddress
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway import ids
from gateway.ca import key_store
from gateway.ca.crl import issuing_distribution_point, partition_in
from gateway.ca.extensions import ConstantExtensions, Extensions
from gateway.ca.issuer import CertificateRequest, Failed, Issued, Pending
from gateway.ca.profiles import LONGEST_BACKDATING, LONGEST_VALIDITY, PROFILES, Profile
from gateway.errors import ConfigurationError
from gateway.rules.organization.organizations import Subject

_LONGEST_COMMON_NAME = 64
_SECOND = timedelta(seconds=1)
_SERVER_VALIDITY = timedelta(days=90)
_CLOCK_SKEW = timedelta(hours=1)
_EMPTY = x509.Name([])
_SPECIMEN = Subject(
    country="GB", state_or_province="London", locality="London", organization="Example Ltd"
)


class LocalCa:
    """Issuer with keys of its own. The same request gives the same certificate, byte for byte."""

    immediate = True

    def __init__(
        self, name: str, stored: key_store.StoredCa, base_url: str, crl_partitions: int
    ) -> None:
        self.id: UUID = stored.id
        self.name = name
        self._root, self._issuing, self._key = stored.root, stored.issuing, stored.key
        self._issuer_name = stored.issuing.subject
        self._issuing_pem = stored.issuing.public_bytes(Encoding.PEM)
        self._valid = stored.issuing.not_valid_before_utc, stored.issuing.not_valid_after_utc
        self.crl_partitions = crl_partitions
        self.on_issued: Callable[[Issued], None] | None = None
        """Told of each certificate that `issue_now` has signed."""
        self._crl_url = f"{base_url}/crl/{name}"
        self._extensions = ConstantExtensions(
            stored.key.public_key(),
            f"{base_url}/ca/{name}.der",
            [self._partition_url(number) for number in range(1, crl_partitions + 1)],
        )

    @classmethod
    def create_or_load(
        cls,
        directory: Path,
        now: datetime,
        *,
        passphrase: bytes | None = None,
        base_url: str,
        name: str = "local",
        valid: tuple[datetime, datetime] | None = None,
        crl_partitions: int = 1,
    ) -> Self:
        """The CA `name` kept in `directory`, made on first use, however many processes start.

        `base_url` is plain HTTP, where /crl/<name>-<partition>.crl and /ca/<name>.der are served;
        new certificates are spread over so many partitions. `valid` is
        the first and last second of a new CA; otherwise its root lasts 20 years from `now`.
        Raises ConfigurationError: unreadable files, wrong passphrase.
        """
        stored = key_store.create_or_load(directory, name, now, passphrase, valid)
        return cls(name, stored, base_url, crl_partitions)

    def issue_now(self, request: CertificateRequest) -> Issued:
        """Signs. Raises ConfigurationError when the CA's own validity does not allow it."""
        issued = self._issue(request, self._key)
        if self.on_issued is not None:
            self.on_issued(issued)
        return issued

    def draft(self, request: CertificateRequest) -> Issued:
        """What would be signed, under the signature of a key that nobody keeps: to be linted.

        Raises ConfigurationError as `issue_now` does.
        """
        return self._issue(request, ec.generate_private_key(self._key.curve))

    def specimens(self) -> list[tuple[str, bytes]]:
        """Drafts of all profiles, policies and kinds of key: what it is, and DER."""
        keys: dict[str, CertificateIssuerPublicKeyTypes] = {
            "P-256": ec.generate_private_key(ec.SECP256R1()).public_key(),
            "P-384": ec.generate_private_key(ec.SECP384R1()).public_key(),
            "RSA-2048": rsa.generate_private_key(65537, 2048).public_key(),
        }
        return [
            (
                f"profile {profile.name} ({'OV' if organization else 'DV'}, {kind})",
                self.draft(self._specimen(profile, key, organization)).der,
            )
            for profile in PROFILES.values()
            for organization in (None, _SPECIMEN)
            for kind, key in keys.items()
        ]

    def _specimen(
        self,
        profile: Profile,
        key: CertificateIssuerPublicKeyTypes,
        organization: Subject | None,
    ) -> CertificateRequest:
        begins = self._valid[0]
        return CertificateRequest(
            ids.new_id(),
            ids.new_serial_number(),
            b"",
            key,
            ["www.example.com", "*.example.com"],
            profile.name,
            begins,
            begins + profile.longest - _SECOND,
            organization,
        )

    def _issue(self, request: CertificateRequest, key: ec.EllipticCurvePrivateKey) -> Issued:
        not_before, not_after = self._fit(request.not_before, request.not_after)
        profile = PROFILES[request.profile]
        der = self._sign(
            key,
            _subject(profile, request.names, request.organization),
            request.public_key,
            request.serial_number,
            (not_before, not_after),
            [x509.DNSName(name) for name in request.names],
            self._extensions.of(
                profile,
                request.public_key,
                request.serial_number,
                is_ov=request.organization is not None,
            ),
        )
        return Issued(_hexadecimal(request.serial_number), der, not_before, not_after)

    async def issue(
        self, request: CertificateRequest, state: dict[str, Any] | None
    ) -> Issued | Pending | Failed:
        """As `issue_now`; never Pending."""
        try:
            return self.issue_now(request)
        except ConfigurationError as error:
            return Failed(str(error))

    async def revoke(self, serial: str, reason: int, revoked_at: datetime) -> None:
        """Nothing to do: the next CRL is made from the revocations in the database."""

    def sign_crl(
        self,
        number: int,
        this_update: datetime,
        next_update: datetime,
        revoked: list[x509.RevokedCertificate],
        partition: int,
    ) -> bytes:
        """DER of a CRL (RFC 5280 §5), complete for its partition; partition 0 is for all.

        The entries go in at once: adding is quadratic.
        """
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateRevocationListBuilder(revoked_certificates=revoked)
            .issuer_name(self._issuer_name)
            .last_update(this_update)
            .next_update(next_update)
            .add_extension(authority, critical=False)
            .add_extension(x509.CRLNumber(number), critical=False)
        )
        if partition:
            point = issuing_distribution_point(self._partition_url(partition))
            builder = builder.add_extension(point, critical=True)
        return builder.sign(self._key, SHA256()).public_bytes(Encoding.DER)

    def partition_of(self, der: bytes) -> int:
        """The number in the CRL URL of a certificate; 0 = it has none, only the complete CRL."""
        return partition_in(der, self.name)

    def chain_pem(self) -> bytes:
        return self._issuing_pem

    def root_pem(self) -> bytes:
        return self._root.public_bytes(Encoding.PEM)

    def issuing_pem(self) -> bytes:
        return self._issuing_pem

    def issuing_der(self) -> bytes:
        return self._issuing.public_bytes(Encoding.DER)

    def issue_server_certificate(self, directory: Path, hostnames: list[str]) -> tuple[Path, Path]:
        """A certificate for the gateway's own HTTPS: files of its chain and its key.

        Names may be addresses. It is valid for 90 days of real time, whatever business time is,
        and kept until a third of that is left.
        """
        chain, key_file = directory / "server.pem", directory / "server.key"
        directory.mkdir(parents=True, exist_ok=True)
        with key_store.locked(directory / ".server.lock"):
            now = datetime.fromtimestamp(int(time.time()), UTC)
            if not self._still_good(chain, key_file, hostnames, now):
                key = ec.generate_private_key(ec.SECP256R1())
                der = self._sign_server_certificate(key.public_key(), hostnames, now)
                leaf = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
                chain.unlink(missing_ok=True)
                key_file.unlink(missing_ok=True)
                key_store.write_private(key_file, key_store.private_pem(key))
                key_store.write_private(chain, leaf + self._issuing_pem)
        return chain, key_file

    def _partition_url(self, partition: int) -> str:
        return f"{self._crl_url}-{partition}.crl"

    def _fit(self, not_before: datetime, not_after: datetime) -> tuple[datetime, datetime]:
        """The dates, begun and ended where the CA itself begins and ends."""
        first, last = self._valid
        if first - LONGEST_BACKDATING <= not_before < first:
            not_before = first  # the CA is younger than certificates are backdated
        if not first <= not_before < last:
            raise ConfigurationError(
                f"the issuing certificate is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d} only"
            )
        not_after = min(not_after, last)
        if not_after - not_before + _SECOND > LONGEST_VALIDITY:
            raise ConfigurationError(f"certificates may last {LONGEST_VALIDITY.days} days at most")
        return not_before, not_after

    def _sign_server_certificate(
        self, key: ec.EllipticCurvePublicKey, hostnames: list[str], now: datetime
    ) -> bytes:
        profile = PROFILES["classic"]
        return self._sign(
            self._key,
            _subject(profile, hostnames),
            key,
            ids.new_serial_number(),
            (now - _CLOCK_SKEW, now + _SERVER_VALIDITY),
            [_general_name(name) for name in hostnames],
            self._extensions.of(profile, key, 0),
        )

    def _still_good(self, chain: Path, key_file: Path, hostnames: list[str], now: datetime) -> bool:
        if not chain.exists() or not key_file.exists():
            return False
        try:
            leaf, *above = x509.load_pem_x509_certificates(chain.read_bytes())
            names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, x509.ExtensionNotFound):
            return False
        return (
            above == [self._issuing]
            and list(names) == [_general_name(name) for name in hostnames]
            and leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc - _SERVER_VALIDITY / 3
        )

    def _sign(
        self,
        key: ec.EllipticCurvePrivateKey,
        subject: x509.Name,
        public_key: CertificateIssuerPublicKeyTypes,
        serial_number: int,
        valid: tuple[datetime, datetime],
        names: Sequence[x509.GeneralName],
        extensions: Extensions,
    ) -> bytes:
        alternative = x509.SubjectAlternativeName(names)
        # RFC 5280 §4.2.1.6: critical exactly if the subject is empty.
        extension = x509.Extension(alternative.oid, subject == _EMPTY, alternative)
        # All at once: each method of the builder would copy it.
        return (
            x509.CertificateBuilder(
                issuer_name=self._issuer_name,
                subject_name=subject,
                public_key=public_key,
                serial_number=serial_number,
                extensions=[*extensions, extension],
            )
            .not_valid_before(valid[0])
            .not_valid_after(valid[1])
            .sign(key, SHA256(), ecdsa_deterministic=True)
            .public_bytes(Encoding.DER)
        )


def _subject(
    profile: Profile, names: Sequence[str], organization: Subject | None = None
) -> x509.Name:
    """The organization, and the first name that fits; or nobody."""
    attributes = [] if organization is None else _organization(organization)
    if profile.common_name:
        fitting = [name for name in names if len(name) <= _LONGEST_COMMON_NAME]
        attributes += [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in fitting[:1]]
    return x509.Name(attributes) if attributes else _EMPTY


def _organization(subject: Subject) -> list[x509.NameAttribute[str]]:
    """BR §7.1.2.7.4, in the order of §7.1.4.2."""
    said = (
        (NameOID.COUNTRY_NAME, subject.country),
        (NameOID.STATE_OR_PROVINCE_NAME, subject.state_or_province),
        (NameOID.LOCALITY_NAME, subject.locality),
        (NameOID.ORGANIZATION_NAME, subject.organization),
    )
    return [x509.NameAttribute(oid, text) for oid, text in said if text]


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _hexadecimal(serial_number: int) -> str:
    digits = f"{serial_number:x}"
    return digits if len(digits) % 2 == 0 else f"0{digits}"
