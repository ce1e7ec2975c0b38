"""Keys and signatures of requests for certificates (BR §6.1.1.3)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA224, SHA256, SHA384, SHA512

from gateway.ca.csr import check_csr
from tests.support.csrs import csr, key
from tests.unit.ca.test_csr import (
    ACCOUNT,
    OTHER,
    UNSIGNED,
    WRONG_HASH,
    WRONG_KEY,
    encoded,
    made,
    openssl,
    refusal,
    request_by_openssl,
)


@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA-2048", "RSA-3072", "RSA-4096"])
def test_the_key_to_certify_is_that_of_the_csr(kind: str) -> None:
    account = ed25519.Ed25519PrivateKey.generate().public_key()
    found = check_csr(csr(signer=key(kind)), ["example.com"], account)
    assert encoded(found) == encoded(key(kind).public_key())


def test_the_account_key_is_not_certified() -> None:
    """RFC 8555 §11.1."""
    der = csr(signer=key("P-256"))
    message = "The key of the CSR is the account key; make another key for certificates."
    assert refusal(der) == message
    check_csr(der, ["example.com"], OTHER.public_key())


@pytest.mark.parametrize(
    ("signer", "message"),
    [
        (lambda: key("P-224"), "The curve secp224r1 is not accepted; use P-256 or P-384."),
        (lambda: key("P-521"), "The curve secp521r1 is not accepted; use P-256 or P-384."),
        (lambda: key("RSA-1024"), "The RSA key has 1024 bits; use 2048, 3072 or 4096."),
        (
            lambda: rsa.generate_private_key(3, 2048),
            "The exponent of the RSA key is not accepted; use 65537.",
        ),
    ],
    ids=["P-224", "P-521", "RSA-1024", "exponent 3"],
)
def test_weak_keys_are_refused(signer: Callable[[], Any], message: str) -> None:
    assert refusal(made(signer=signer())) == message


def test_keys_of_other_kinds_are_refused() -> None:
    signer = ed25519.Ed25519PrivateKey.generate()
    assert refusal(made(signer=signer, hash_algorithm=None)) == WRONG_KEY


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"], "brainpoolP256r1"),
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "secp256k1"),
        (["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], "rsaEncryption"),
    ],
    ids=["brainpool", "secp256k1", "RSA-PSS key"],
)
def test_keys_of_openssl_that_are_refused(tmp_path: Path, options: list[str], message: str) -> None:
    openssl(tmp_path, "genpkey", *options, "-out", "key.pem")
    assert message in refusal(request_by_openssl(tmp_path))


@pytest.mark.parametrize("algorithm", [SHA256(), SHA384(), SHA512()], ids=lambda a: a.name)
@pytest.mark.parametrize("kind", ["P-384", "RSA-2048"])
def test_signatures_with_sha_2_are_accepted(kind: str, algorithm: Any) -> None:
    check_csr(made(signer=key(kind), hash_algorithm=algorithm), ["example.com"], ACCOUNT)


def test_pss_signatures_are_accepted() -> None:
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    check_csr(made(signer=key("RSA-2048"), rsa_padding=pss), ["example.com"], ACCOUNT)


def test_short_hashes_are_refused() -> None:
    assert refusal(made(hash_algorithm=SHA224())) == WRONG_HASH


@pytest.mark.parametrize("digest", ["-md5", "-sha1"])
def test_broken_hashes_are_refused(tmp_path: Path, digest: str) -> None:
    openssl(tmp_path, "genpkey", "-algorithm", "RSA", "-out", "key.pem")
    assert refusal(request_by_openssl(tmp_path, digest)) == WRONG_HASH


def test_a_signature_by_another_key_is_refused() -> None:
    """Who asks must hold the key: that is what the signature of a CSR is for."""
    der = made(signer=key("RSA-2048"))
    other = rsa.generate_private_key(65537, 2048).public_key()
    mine, theirs = encoded(key("RSA-2048").public_key()), encoded(other)
    assert der.count(mine) == 1
    assert refusal(der.replace(mine, theirs)) == UNSIGNED
