"""The built-in issuer: a root and an issuing key in files, signing in this process."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import ids
from gateway.ca.crl import issuing_distribution_point, partition_in
from gateway.ca.issuer import (
    CertificateRequest,
    CrlSigner,
    Downloads,
    Failed,
    Immediate,
    Issued,
    Lintable,
    OwnRoot,
    Pending,
)
from gateway.ca.local import key_store, server_certificate
from gateway.ca.local.extensions import ConstantExtensions
from gateway.ca.local.leaf import Leaf, general_name, sign, subject_of
from gateway.ca.profiles import LONGEST_BACKDATING, LONGEST_VALIDITY, PROFILES, Profile
from gateway.errors import ConfigurationError
from gateway.rules.organization.organizations import Subject

_SECOND = timedelta(seconds=1)
_SPECIMEN = Subject(
    country="GB", state_or_province="London", locality="London", organization="Example Ltd"
)


class LocalCa(Immediate, CrlSigner, Downloads, Lintable, OwnRoot):
    """An issuer with keys of its own. The same request always gives the same certificate bytes."""

    def __init__(
        self, name: str, stored: key_store.StoredCa, base_url: str, crl_partitions: int
    ) -> None:
        self.id = stored.id
        self.name = name
        self._root, self._issuing, self._key = stored.root, stored.issuing, stored.key
        self._issuer_name = stored.issuing.subject
        self._issuing_pem = stored.issuing.public_bytes(Encoding.PEM)
        self._valid = stored.issuing.not_valid_before_utc, stored.issuing.not_valid_after_utc
        self.crl_partitions = crl_partitions
        self.on_issued = None
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
        """Loads the CA `name` from `directory`; made on first use, once for all processes.

        `base_url` is plain HTTP, where /crl/<name>-<partition>.crl and /ca/<name>.der are served;
        new certificates are spread over `crl_partitions`. `valid` is the first and last second of a
        new CA; without it the root lasts 20 years from `now`. Raises ConfigurationError for
        unreadable files and for a wrong passphrase.
        """
        stored = key_store.create_or_load(directory, name, now, passphrase, valid)
        return cls(name, stored, base_url, crl_partitions)

    def issue_now(self, request: CertificateRequest) -> Issued:
        """Signs a certificate; raises ConfigurationError if the CA's own validity forbids it."""
        issued = self._issue(request, self._key)
        if self.on_issued is not None:
            self.on_issued(issued)
        return issued

    def draft(self, request: CertificateRequest) -> Issued:
        """The certificate that would be signed, signed with a key that is thrown away, for linting.

        Raises ConfigurationError as `issue_now` does.
        """
        return self._issue(request, ec.generate_private_key(self._key.curve))

    def specimens(self) -> list[tuple[str, bytes]]:
        """Drafts of all profiles, policies and kinds of key: each a description and DER."""
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
        leaf = Leaf(
            subject_of(profile, request.names, request.organization),
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
        der = sign(leaf, self._issuer_name, key)
        return Issued(_hexadecimal(request.serial_number), der, not_before, not_after)

    async def issue(
        self, request: CertificateRequest, state: dict[str, Any] | None
    ) -> Issued | Pending | Failed:
        """Signs as `issue_now` does; never Pending."""
        try:
            return self.issue_now(request)
        except ConfigurationError as error:
            return Failed(str(error))

    def sign_crl(
        self,
        number: int,
        this_update: datetime,
        next_update: datetime,
        revoked: list[x509.RevokedCertificate],
        partition: int,
    ) -> bytes:
        """DER of a CRL (RFC 5280 §5), complete for its partition; partition 0 has all entries.

        All entries are passed in one call, because adding them one by one takes quadratic time.
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
        """The number in a certificate's CRL URL; 0 = none: only the complete CRL covers it."""
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
        return server_certificate.kept_in(
            directory, hostnames, self._issuing, self._sign_for_server
        )

    def _sign_for_server(
        self, key: ec.EllipticCurvePublicKey, names: list[str], valid: tuple[datetime, datetime]
    ) -> bytes:
        profile = PROFILES["classic"]
        leaf = Leaf(
            subject_of(profile, names),
            key,
            ids.new_serial_number(),
            valid,
            [general_name(name) for name in names],
            self._extensions.of(profile, key, 0),
        )
        return sign(leaf, self._issuer_name, self._key)

    def _partition_url(self, partition: int) -> str:
        return f"{self._crl_url}-{partition}.crl"

    def _fit(self, not_before: datetime, not_after: datetime) -> tuple[datetime, datetime]:
        """The dates, cut to the CA's own validity."""
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


def _hexadecimal(serial_number: int) -> str:
    digits = f"{serial_number:x}"
    return digits if len(digits) % 2 == 0 else f"0{digits}"
