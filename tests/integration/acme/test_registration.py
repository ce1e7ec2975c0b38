"""newAccount with external account binding (RFC 8555 §7.3, §7.3.4)."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.integration.acme.conftest import Customer, new_customer
from tests.support.acme_client import AcmeClient, Eab, Signer, base64url, jws, unbase64url
from tests.support.shop import Shop

NewClient = Callable[..., AcmeClient]


async def accounts_of(shop: Shop, kid: str) -> list[dict[str, Any]]:
    answer = await shop.do("LISTACCOUNTS", eabKeyID=kid, includeAdditionalAccounts="Y")
    listed: list[dict[str, Any]] = answer["Accounts"]
    return listed


async def test_the_first_registration_completes_the_pre_registered_account(
    customer: Customer, new_client: NewClient
) -> None:
    client = new_client()
    answer = await client.new_account(customer.eab, contact=["mailto:admin@example.com"])
    assert answer.status == 201
    assert answer.headers["Location"] == f"{client.directory_url}/account/{customer.eab.kid}"
    assert answer.json["status"] == "valid"
    assert answer.json["contact"] == ["mailto:admin@example.com"]
    assert answer.json["orders"] == f"{answer.headers['Location']}/orders"
    [account] = await accounts_of(customer.shop, customer.eab.kid)
    assert account["acmeAccountID"] == customer.eab.kid
    assert account["accountStatus"] == "valid"


async def test_a_second_key_makes_a_further_account_under_the_credential(
    customer: Customer, new_client: NewClient
) -> None:
    first, second = new_client(), new_client()
    assert await first.register(customer.eab) != await second.register(customer.eab)
    listed = await accounts_of(customer.shop, customer.eab.kid)
    assert {account["accountStatus"] for account in listed} == {"valid"}
    assert len(listed) == 2


async def test_a_known_key_gets_its_account_back_with_200_eab_or_not(
    customer: Customer, new_client: NewClient
) -> None:
    client = new_client()
    url = await client.register(customer.eab)
    for eab in (customer.eab, None):
        again = await client.new_account(eab)
        assert (again.status, again.headers["Location"]) == (200, url)
    existing = await client.new_account(None, onlyReturnExisting=True)
    assert (existing.status, existing.headers["Location"]) == (200, url)
    assert len(await accounts_of(customer.shop, customer.eab.kid)) == 1


async def test_only_return_existing_makes_no_account(
    customer: Customer, new_client: NewClient
) -> None:
    answer = await new_client().new_account(customer.eab, onlyReturnExisting=True)
    assert (answer.status, answer.problem) == (400, "accountDoesNotExist")
    [account] = await accounts_of(customer.shop, customer.eab.kid)
    assert account["accountStatus"] == "pending"


async def test_a_missing_eab_is_named(customer: Customer, new_client: NewClient) -> None:
    for members in ({}, {"externalAccountBinding": None}):
        answer = await new_client().new_account(None, **members)
        assert (answer.status, answer.problem) == (400, "externalAccountRequired")
        assert answer.detail == (
            'The request must include a value for the "externalAccountBinding" field'
        )


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
async def test_every_mac_algorithm_of_the_rfc_is_accepted(
    customer: Customer, new_client: NewClient, alg: str
) -> None:
    client = new_client()
    binding = customer.eab.bind(client.signer.jwk, await client.url("newAccount"), alg)
    answer = await client.new_account(None, externalAccountBinding=binding)
    assert answer.status == 201


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["ES256", "ES384", "ES512", "EdDSA", "RS256"],
)
async def test_every_account_key_type_can_register_and_sign(
    customer: Customer, new_client: NewClient, key: Any
) -> None:
    client = new_client(Signer(key))
    url = await client.register(customer.eab)
    assert (await client.post(url)).json["status"] == "valid"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (rsa.generate_private_key(65537, 1024), "2048"),
        (rsa.generate_private_key(3, 2048), "65537"),
    ],
    ids=["RSA 1024", "e = 3"],
)
async def test_a_key_that_cannot_be_an_account_key_is_a_bad_public_key(
    customer: Customer, new_client: NewClient, key: Any, said: str
) -> None:
    client = new_client(Signer(key))
    answer = await client.new_account(customer.eab)
    assert (answer.status, answer.problem) == (400, "badPublicKey")
    assert said in answer.detail


class TestEachMistakeInTheBindingHasItsOwnAnswer:
    async def refused(self, client: AcmeClient, binding: Any, status: int, problem: str) -> str:
        answer = await client.new_account(None, externalAccountBinding=binding)
        assert (answer.status, answer.problem) == (status, problem), answer.body
        assert answer.detail.startswith("[External Account Binding] ")
        return answer.detail

    async def test_wrong_mac(self, customer: Customer, new_client: NewClient) -> None:
        client = new_client()
        wrong = Eab(customer.eab.kid, base64url(b"another key of thirty-two bytes!"))
        binding = wrong.bind(client.signer.jwk, await client.url("newAccount"))
        detail = await self.refused(client, binding, 403, "unauthorized")
        assert "The MAC does not verify with the key of" in detail

    async def test_key_text_used_undecoded(self, customer: Customer, new_client: NewClient) -> None:
        client = new_client()
        undecoded = Eab(customer.eab.kid, base64url(customer.eab.mac_key.encode()))
        binding = undecoded.bind(client.signer.jwk, await client.url("newAccount"))
        detail = await self.refused(client, binding, 403, "unauthorized")
        assert "without decoding it" in detail

    async def test_key_text_decoded_as_base64(self, shop: Shop, new_client: NewClient) -> None:
        while True:  # a key whose text loses characters to a lenient decoder, and still decodes
            customer = await new_customer(shop)
            kept = sum(character not in "-_" for character in customer.eab.mac_key)
            if kept < len(customer.eab.mac_key) and kept % 4 != 1:
                break
        client = new_client()
        lenient = b64decode(customer.eab.mac_key + "==", validate=False)
        binding = Eab(customer.eab.kid, base64url(lenient)).bind(
            client.signer.jwk, await client.url("newAccount")
        )
        detail = await self.refused(client, binding, 403, "unauthorized")
        assert "base64url (with - and _)" in detail

    @pytest.mark.parametrize("kid", ["AAAAAAAAAAAAAAAAAAAAAA", "no such kid!", "x" * 100])
    async def test_unknown_kid(self, customer: Customer, new_client: NewClient, kid: str) -> None:
        client = new_client()
        binding = Eab(kid, customer.eab.mac_key).bind(
            client.signer.jwk, await client.url("newAccount")
        )
        assert "key identifier" in await self.refused(client, binding, 403, "unauthorized")

    async def test_credential_of_another_server(
        self, shop: Shop, gateway: Any, new_client: NewClient
    ) -> None:
        customer = await new_customer(shop)
        client = AcmeClient(gateway.session, gateway.ov_directory_url)
        binding = customer.eab.bind(client.signer.jwk, await client.url("newAccount"))
        detail = await self.refused(client, binding, 403, "unauthorized")
        assert "unknown on this server" in detail

    async def test_another_key_is_bound(self, customer: Customer, new_client: NewClient) -> None:
        client = new_client()
        binding = customer.eab.bind(Signer().jwk, await client.url("newAccount"))
        assert "another key" in await self.refused(client, binding, 400, "malformed")

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"url": "https://elsewhere.example/newAccount"}, '"url"'),
            ({"url": None}, '"url"'),
            ({"nonce": "x"}, '"nonce"'),
            ({"kid": None}, '"kid"'),
            ({"kid": ""}, '"kid"'),
            ({"jwk": {"kty": "oct"}}, '"jwk"'),
        ],
    )
    async def test_header(
        self, customer: Customer, new_client: NewClient, changes: Any, said: str
    ) -> None:
        client = new_client()
        binding = customer.eab.bind(client.signer.jwk, await client.url("newAccount"), **changes)
        assert said in await self.refused(client, binding, 400, "malformed")

    @pytest.mark.parametrize("alg", ["none", "ES256", "HS1"])
    async def test_algorithm(self, customer: Customer, new_client: NewClient, alg: str) -> None:
        client = new_client()
        binding = customer.eab.bind(client.signer.jwk, await client.url("newAccount"), alg)
        answer = await client.new_account(None, externalAccountBinding=binding)
        assert (answer.status, answer.problem) == (400, "badSignatureAlgorithm")
        assert answer.json["algorithms"] == ["HS256", "HS384", "HS512"]

    @pytest.mark.parametrize("binding", [{}, {"protected": "e30"}, {"protected": 1}])
    async def test_no_jws(self, customer: Customer, new_client: NewClient, binding: Any) -> None:
        await self.refused(new_client(), binding, 400, "malformed")

    async def test_payload_is_no_key(self, customer: Customer, new_client: NewClient) -> None:
        client = new_client()
        binding = customer.eab.bind(["not a key"], await client.url("newAccount"))
        assert "JWK" in await self.refused(client, binding, 400, "malformed")


@pytest.mark.parametrize(
    ("action", "said"), [("SUSPENDACCOUNT", "suspended"), ("DEACTIVATEACCOUNT", "deactivated")]
)
async def test_a_suspended_or_deactivated_credential_registers_nobody(
    customer: Customer, new_client: NewClient, action: str, said: str
) -> None:
    await customer.shop.do(action, acmeAccountID=customer.eab.kid)
    answer = await new_client().new_account(customer.eab)
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert said in answer.detail


async def test_a_credential_that_is_not_reusable_registers_once(
    customer: Customer, new_client: NewClient, gateway: Any
) -> None:
    await gateway.pool.execute(
        "UPDATE subscription.eab_credential SET reusable = false WHERE kid = $1", customer.eab.kid
    )
    assert (await new_client().new_account(customer.eab)).status == 201
    answer = await new_client().new_account(customer.eab)
    assert (answer.status, answer.problem) == (400, "malformed")
    assert answer.detail == (
        "[External Account Binding] The account is not awaiting external account binding"
    )


async def test_two_clients_at_once_complete_the_pending_account_only_once(
    customer: Customer, new_client: NewClient
) -> None:
    clients = [new_client() for _ in range(6)]
    answers = await asyncio.gather(*(client.new_account(customer.eab) for client in clients))
    assert {answer.status for answer in answers} == {201}
    locations = {answer.headers["Location"] for answer in answers}
    assert len(locations) == 6
    assert f"{clients[0].directory_url}/account/{customer.eab.kid}" in locations


async def test_the_same_key_registering_at_once_gets_one_account(
    customer: Customer, new_client: NewClient
) -> None:
    signer = Signer()
    answers = await asyncio.gather(
        *(new_client(signer).new_account(customer.eab) for _ in range(6))
    )
    assert sorted(answer.status for answer in answers) == [200] * 5 + [201]
    assert len({answer.headers["Location"] for answer in answers}) == 1


async def test_listaccounts_shows_who_registered_at_once(
    customer: Customer, new_client: NewClient
) -> None:
    client = new_client()
    url = await client.url("newAccount")
    binding = customer.eab.bind(client.signer.jwk, url)
    body = await client.signed(url, {"externalAccountBinding": binding})
    headers = {"Content-Type": "application/jose+json", "User-Agent": "certbot/5.8"}
    await client.request("POST", url, data=json.dumps(body).encode(), headers=headers)
    [account] = await accounts_of(customer.shop, customer.eab.kid)
    assert account["userAgent"] == "certbot/5.8"
    assert account["ipAddress"] == "127.0.0.1"
    assert account["lastActivity"] == "2025-01-10T15:30:00Z"


@pytest.mark.parametrize(
    ("contact", "problem"),
    [
        ("tel:+4412345", "unsupportedContact"),
        ("admin@example.com", "unsupportedContact"),
        ("mailto:", "invalidContact"),
        ("mailto:a@example.com?subject=x", "invalidContact"),
        ("mailto:a@example.com,b@example.com", "invalidContact"),
        ("mailto:a@localhost", "invalidContact"),
        ("mailto:\u0000@example.com", "invalidContact"),
    ],
)
async def test_contacts_are_checked(
    customer: Customer, new_client: NewClient, contact: str, problem: str
) -> None:
    answer = await new_client().new_account(customer.eab, contact=[contact])
    assert (answer.status, answer.problem) == (400, problem)


async def test_an_account_is_updated_and_deactivated_by_its_client(
    client: AcmeClient, customer: Customer
) -> None:
    assert client.account_url
    updated = await client.post(client.account_url, {"contact": ["mailto:b@example.com"]})
    assert (updated.status, updated.json["contact"]) == (200, ["mailto:b@example.com"])
    assert (await client.post(client.account_url)).json["contact"] == ["mailto:b@example.com"]
    gone = await client.post(client.account_url, {"status": "deactivated"})
    assert (gone.status, gone.json["status"]) == (200, "deactivated")
    after = await client.post(client.account_url)
    assert (after.status, after.problem) == (403, "unauthorized")
    again = await client.new_account(customer.eab)
    assert (again.status, again.problem) == (403, "unauthorized")


async def test_an_account_is_seen_with_its_own_key_only(
    client: AcmeClient, customer: Customer, new_client: NewClient
) -> None:
    other = new_client()
    await other.register(customer.eab)
    assert client.account_url
    answer = await other.post(client.account_url)
    assert (answer.status, answer.problem) == (403, "unauthorized")
    body = await other.signed(client.account_url, None, kid=client.account_url)
    assert (await other.send(client.account_url, body)).problem == "malformed"


def test_the_clients_jws_is_what_josepy_verifies() -> None:
    """The test's own client is held against an independent implementation."""
    from josepy.jwk import JWK
    from josepy.jws import JWS

    signer = Signer()
    made = jws({"alg": "ES256", "jwk": signer.jwk}, {"a": 1}, signer.sign)
    assert JWS.from_json(made).verify(JWK.from_json(signer.jwk))
    assert json.loads(unbase64url(made["payload"])) == {"a": 1}
