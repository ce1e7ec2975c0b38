"""Bad signed requests: exact problem types, never a 500 (RFC 8555 §6.2-§6.5)."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.doors.acme import jws as gateway_jws
from tests.integration.acme.conftest import Customer
from tests.support.acme_client import AcmeClient, Signer, base64url, jws

NewClient = Callable[..., AcmeClient]


async def order_url(client: AcmeClient) -> str:
    return await client.url("newOrder")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"{}",
        b'{"protected":"","payload":"","signature":""}',
        b'{"protected":"e30","payload":""}',
        b'{"protected":"e30","payload":"","signature":1}',
        b'{"protected":"!!","payload":"","signature":""}',
        b'{"protected":"e30=","payload":"","signature":""}',
        b'{"protected":"bm90IGpzb24","payload":"","signature":""}',
        b'{"protected":"e30","payload":"","signature":""}',
        b'\xff\xfe{"protected"',
        b'{"payload":"","signatures":[{"protected":"e30","signature":""}]}',
        b"[" * 5000,
    ],
)
async def test_what_is_no_flattened_jws_is_malformed(client: AcmeClient, body: bytes) -> None:
    answer = await client.send(await order_url(client), body)
    assert (answer.status, answer.problem) == (400, "malformed")
    assert answer.headers["Replay-Nonce"]


async def test_a_post_without_jws_says_what_is_missing(client: AcmeClient) -> None:
    answer = await client.send(
        await order_url(client), {"protected": "", "payload": "", "signature": ""}
    )
    assert answer.detail == "The JWS Protected Header MUST be present."


async def test_extra_signatures_and_unprotected_headers_are_refused(client: AcmeClient) -> None:
    url = await order_url(client)
    body = await client.signed(url, {})
    extra: dict[str, Any]
    for extra in ({"signatures": []}, {"header": {}}, {"header": None}):
        answer = await client.send(url, {**body, **extra})
        assert (answer.status, answer.problem) == (400, "malformed")


@pytest.mark.parametrize("alg", ["none", "HS256", "ES384", "RS256", "PS256", "EdDSA", ""])
async def test_an_algorithm_that_does_not_fit_the_key_is_refused(
    client: AcmeClient, alg: str
) -> None:
    url = await order_url(client)
    answer = await client.send(url, await client.signed(url, {}, alg=alg))
    assert (answer.status, answer.problem) == (400, "badSignatureAlgorithm")
    assert answer.json["algorithms"] == ["ES256"]


async def test_an_unsupported_algorithm_on_a_new_key_lists_those_that_would_do(
    new_client: NewClient, customer: Customer
) -> None:
    client = new_client()
    url = await client.url("newAccount")
    for alg in ("none", "HS256"):
        body = await client.signed(url, {}, alg=alg)
        answer = await client.send(url, body)
        assert (answer.status, answer.problem) == (400, "badSignatureAlgorithm")
        assert "ES256" in answer.json["algorithms"]


@pytest.mark.parametrize(
    "changes",
    [
        {"jwk": Signer().jwk},
        {"kid": None},
        {"kid": None, "jwk": Signer().jwk},
        {"kid": "https://elsewhere.example/account/1"},
        {"kid": ""},
        {"url": None},
        {"crit": ["exp"], "exp": 1},
    ],
    ids=["both", "neither", "jwk instead", "foreign kid", "empty kid", "no url", "crit"],
)
async def test_a_wrong_protected_header_is_malformed(client: AcmeClient, changes: Any) -> None:
    url = await order_url(client)
    answer = await client.send(url, await client.signed(url, {}, **changes))
    assert (answer.status, answer.problem) == (400, "malformed")


async def test_a_url_that_is_not_the_requested_one_is_unauthorized(client: AcmeClient) -> None:
    url = await order_url(client)
    body = await client.signed(url + "?x=1", {})
    answer = await client.send(url, body)
    assert (answer.status, answer.problem) == (403, "unauthorized")


async def test_an_unknown_account_does_not_exist(client: AcmeClient) -> None:
    url = await order_url(client)
    for name in ("AAAAAAAAAAAAAAAAAAAAAA", "a/b", "%00", "x" * 1000):
        body = await client.signed(url, {}, kid=f"{client.directory_url}/account/{name}")
        answer = await client.send(url, body)
        assert (answer.status, answer.problem) == (400, "accountDoesNotExist")


async def test_a_pre_registered_account_cannot_sign_before_it_has_a_key(
    client: AcmeClient, customer: Customer, shop: Any
) -> None:
    kid = await shop.credential()
    url = await order_url(client)
    body = await client.signed(url, {}, kid=f"{client.directory_url}/account/{kid}")
    assert (await client.send(url, body)).problem == "accountDoesNotExist"


async def test_a_bad_signature_is_malformed(client: AcmeClient) -> None:
    url = await order_url(client)
    for signature in ("", "AAAA", base64url(b"\0" * 64), base64url(b"\xff" * 64)):
        body = await client.signed(url, {})
        answer = await client.send(url, {**body, "signature": signature})
        assert (answer.status, answer.problem) == (400, "malformed")


async def test_a_changed_payload_does_not_verify(client: AcmeClient) -> None:
    url = await order_url(client)
    body = await client.signed(url, {})
    answer = await client.send(url, {**body, "payload": base64url(b'{"a":1}')})
    assert (answer.status, answer.problem) == (400, "malformed")


@pytest.mark.parametrize("nonce", [None, "", "AAAA", "A" * 47, "A" * 48])
async def test_a_missing_or_foreign_nonce_is_a_bad_nonce_with_a_fresh_one(
    client: AcmeClient, nonce: str | None
) -> None:
    url = await order_url(client)
    answer = await client.send(url, await client.signed(url, {}, nonce=nonce))
    assert (answer.status, answer.problem) == (400, "badNonce")
    retried = await client.signed(url, {}, nonce=answer.headers["Replay-Nonce"])
    assert (await client.send(url, retried)).problem == "malformed"  # the payload, not the nonce


@pytest.mark.parametrize("nonce", ["x", "A" * 45, "A" * 46 + "==", "+" * 48, "ü" * 48, " "])
async def test_a_nonce_that_is_no_base64url_is_malformed(client: AcmeClient, nonce: str) -> None:
    url = await order_url(client)
    answer = await client.send(url, await client.signed(url, {}, nonce=nonce))
    assert (answer.status, answer.problem) == (400, "malformed")
    assert "nonce" in answer.detail
    assert answer.headers["Replay-Nonce"]


class Verifications:
    """How often signatures were looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._verify = gateway_jws.verify
        monkeypatch.setattr(gateway_jws, "verify", self._counted)

    def _counted(self, *arguments: Any) -> bool:
        self.count += 1
        return self._verify(*arguments)


@pytest.mark.parametrize("use_jwk", [False, True], ids=["by account", "by key"])
async def test_a_nonce_pays_for_one_verification(
    client: AcmeClient, monkeypatch: pytest.MonkeyPatch, use_jwk: bool
) -> None:
    url = await client.url("newAccount" if use_jwk else "newOrder")
    body = await client.signed(url, {}, use_jwk=use_jwk)
    wrong = {**body, "signature": base64url(b"\1" * 64)}
    verifications = Verifications(monkeypatch)
    assert (await client.send(url, wrong)).problem == "malformed"
    for again in (wrong, wrong, body):
        answer = await client.send(url, again)
        assert (answer.status, answer.problem) == (400, "badNonce")
        assert answer.headers["Replay-Nonce"]
    assert verifications.count == 1


async def test_a_nonce_pays_for_one_look_at_an_unknown_account_or_a_bad_key(
    client: AcmeClient,
) -> None:
    unknown = f"{client.directory_url}/account/AAAAAAAAAAAAAAAAAAAAAA"
    for name, changes, problem in (
        ("newOrder", {"kid": unknown}, "accountDoesNotExist"),
        ("newOrder", {"alg": "RS256"}, "badSignatureAlgorithm"),
        ("newAccount", {"kid": None, "jwk": {"kty": "EC"}}, "badPublicKey"),
        ("revokeCert", {"kid": None, "jwk": {"kty": "EC"}}, "badPublicKey"),
    ):
        url = await client.url(name)
        body = await client.signed(url, {}, **changes)
        assert (await client.send(url, body)).problem == problem
        assert (await client.send(url, body)).problem == "badNonce"


async def test_a_replay_is_verified_at_most_once_more(
    client: AcmeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.account_url
    body = await client.signed(client.account_url)
    verifications = Verifications(monkeypatch)
    assert (await client.send(client.account_url, body)).status == 200
    for _ in range(5):
        assert (await client.send(client.account_url, body)).problem == "badNonce"
    assert verifications.count == 2


async def test_a_replayed_nonce_is_refused_after_success_and_after_failure(
    client: AcmeClient,
) -> None:
    assert client.account_url
    for url, payload in ((client.account_url, None), (await order_url(client), {"nonsense": 1})):
        body = await client.signed(url, payload)
        assert (await client.send(url, body)).status in (200, 400)
        again = await client.send(url, body)
        assert (again.status, again.problem) == (400, "badNonce")


async def test_one_of_many_simultaneous_requests_gets_the_nonce(client: AcmeClient) -> None:
    assert client.account_url
    body = await client.signed(client.account_url)
    answers = await asyncio.gather(*(client.send(client.account_url, body) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 9


async def test_a_nonce_of_a_lost_epoch_is_refused_and_the_next_one_works(
    client: AcmeClient, gateway: Any
) -> None:
    """A crash of the database empties the unlogged tables: no older nonce may be taken again."""
    assert client.account_url
    body = await client.signed(client.account_url)
    await gateway.pool.execute("TRUNCATE acme.nonce, acme.nonce_epoch")
    refused = await client.send(client.account_url, body)
    assert refused.problem == "badNonce"
    retried = await client.signed(client.account_url, nonce=refused.headers["Replay-Nonce"])
    assert (await client.send(client.account_url, retried)).status == 200


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/jose", ""])
async def test_another_content_type_is_415(client: AcmeClient, content_type: str) -> None:
    url = await order_url(client)
    answer = await client.send(url, await client.signed(url, {}), content_type)
    assert (answer.status, answer.problem) == (415, "malformed")


async def test_a_body_over_64_kib_is_413(client: AcmeClient) -> None:
    url = await order_url(client)
    body = json.dumps(await client.signed(url, {"x": "y" * 65536})).encode()

    async def chunks() -> Any:
        yield body

    for data in (body, chunks()):
        headers = {"Content-Type": "application/jose+json"}
        answer = await client.request("POST", url, data=data, headers=headers)
        assert (answer.status, answer.problem) == (413, "malformed")


async def test_a_private_key_in_a_jwk_is_refused(new_client: NewClient) -> None:
    client = new_client()
    url = await client.url("newAccount")
    header = {
        "alg": "ES256",
        "url": url,
        "nonce": await client.nonce(),
        "jwk": {**client.signer.jwk, "d": "AAAA"},
    }
    answer = await client.send(url, jws(header, {}, client.signer.sign))
    assert answer.problem == "badPublicKey"


@pytest.mark.parametrize("depth", [900, 1_200, 5_000])
@pytest.mark.parametrize("resource", ["newOrder", "newAuthz", "keyChange", "revokeCert", "account"])
async def test_deep_json_inside_a_signed_request_is_malformed(
    client: AcmeClient, resource: str, depth: int
) -> None:
    """Signed by an account, so that the payload is really read."""
    nested = b"[" * depth + b"]" * depth
    url = client.account_url if resource == "account" else await client.url(resource)
    assert url is not None
    for payload in (nested, b'{"identifiers": ' + nested + b', "contact": ' + nested + b"}"):
        answer = await client.send(url, await client.signed(url, payload))
        assert (answer.status, answer.problem) == (400, "malformed")


@pytest.mark.parametrize("depth", [900, 1_200, 5_000])
async def test_deep_json_in_a_binding_or_an_inner_jws_is_refused_below_500(
    client: AcmeClient, new_client: NewClient, depth: int
) -> None:
    nested = b"[" * depth + b"]" * depth
    inner = jws({"alg": "ES256", "jwk": client.signer.jwk}, nested, client.signer.sign)
    bound = b'{"externalAccountBinding": {"protected": ' + nested + b"}}"
    binding = {"externalAccountBinding": {**inner, "protected": base64url(nested)}}
    newcomer = new_client()
    url = await newcomer.url("newAccount")
    for payload in (bound, binding, {"externalAccountBinding": inner}):
        sent = await newcomer.signed(url, payload)
        assert (await newcomer.send(url, sent)).status in (400, 403)
    url = await client.url("keyChange")
    for payload in (inner, {**inner, "protected": base64url(nested)}):
        assert (await client.send(url, await client.signed(url, payload))).status == 400
