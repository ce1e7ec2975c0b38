"""Which keys may sign, as a stranger meets it (RFC 8555 §6.2, §7.3.5; BR §6.1.1.3)."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.doors.acme import jws as gateway_jws
from tests.integration.acme.conftest import NAME, Customer
from tests.support.acme_client import AcmeClient, Signer, base64url, jws
from tests.unit.ca.test_rsa_strength import next_prime, random_prime

NewClient = Callable[..., AcmeClient]

HUGE = {"kty": "RSA", "n": base64url(b"\xff" * 1024), "e": base64url(b"\xff" * 8)}
IDENTITY = {"kty": "OKP", "crv": "Ed25519", "x": base64url(b"\1" + bytes(31))}


@pytest.mark.parametrize(
    ("jwk", "alg"), [(HUGE, "RS256"), (IDENTITY, "EdDSA")], ids=["RSA 8192", "identity"]
)
async def test_a_key_that_costs_too_much_or_proves_nothing_is_not_verified_with(
    client: AcmeClient, jwk: Any, alg: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At newAccount, at revokeCert, and as the new key of keyChange."""
    bad = Signer()
    bad.jwk, bad.alg = jwk, alg
    url = await client.url("keyChange")
    claim = {"account": client.account_url, "oldKey": client.signer.jwk}
    inner = jws({"alg": alg, "jwk": jwk, "url": url}, claim, bad.sign)
    answers = [await client.post(url, inner)]
    monkeypatch.setattr(gateway_jws, "verify", None)
    stranger = AcmeClient(client.session, client.directory_url, bad)
    for name in ("newAccount", "revokeCert"):
        answers.append(await stranger.post(await client.url(name), {"certificate": "AA"}))
    for answer in answers:
        assert (answer.status, answer.problem) == (400, "badPublicKey")


async def test_a_weak_rsa_key_is_refused_as_in_a_csr(
    customer: Customer, new_client: NewClient
) -> None:
    first = random_prime(1024)
    while (first - 1) % 65537 == 0:
        first = random_prime(1024)
    second = next_prime(first)
    exponent = pow(65537, -1, (first - 1) * (second - 1))
    key = rsa.RSAPrivateNumbers(
        first,
        second,
        exponent,
        exponent % (first - 1),
        exponent % (second - 1),
        pow(second, -1, first),
        rsa.RSAPublicNumbers(65537, first * second),
    ).private_key()
    answer = await new_client(Signer(key)).new_account(customer.eab)
    assert (answer.status, answer.problem) == (400, "badPublicKey")
    assert "close together" in answer.detail


async def test_an_account_moves_to_a_p_521_key_and_back(client: AcmeClient) -> None:
    for new in (Signer(ec.generate_private_key(ec.SECP521R1())), Signer()):
        url = await client.url("keyChange")
        claim = {"account": client.account_url, "oldKey": client.signer.jwk}
        inner = jws({"alg": new.alg, "jwk": new.jwk, "url": url}, claim, new.sign)
        answer = await client.post(url, inner)
        assert (answer.status, answer.json["status"]) == (200, "valid")
        client.signer = new
        assert (await client.new_order(NAME)).status == 201


async def test_keys_that_were_registered_before_the_rule_go_on(
    client: AcmeClient, gateway: Any
) -> None:
    """A rule for new keys locks nobody out, and the account can change its key."""
    old = Signer(rsa.generate_private_key(3, 2048))
    old.jwk["e"] = "Aw"
    assert client.account_url
    await gateway.pool.execute(
        "UPDATE acme.account SET jwk = $2, thumbprint = $3, key_version = key_version + 1"
        " WHERE id = $1",
        client.account_url.rpartition("/")[2],
        old.jwk,
        old.thumbprint,
    )
    client.signer = old
    assert (await client.post(client.account_url)).status == 200
