"""The account object shows the binding that its client gave (RFC 8555 §7.1.2, §7.3.4)."""

from collections.abc import Callable

from tests.integration.acme.conftest import Customer
from tests.support.acme_client import AcmeClient, Answer, Signer, jws

NewClient = Callable[..., AcmeClient]


async def test_the_binding_is_shown_as_it_was_given_wherever_the_account_is(
    customer: Customer, new_client: NewClient
) -> None:
    for _ in range(2):  # the pre-registered account, and one more
        client = new_client()
        binding = customer.eab.bind(client.signer.jwk, await client.url("newAccount"), "HS384")
        made = await client.new_account(None, externalAccountBinding={**binding, "more": "x"})
        assert made.status == 201
        client.account_url = made.headers["Location"]
        contact = {"contact": ["mailto:a@example.com"]}
        for shown in (
            made,
            await client.new_account(customer.eab),  # its second binding is not looked at
            await client.new_account(None, onlyReturnExisting=True),
            await client.post(client.account_url),
            await client.post(client.account_url, contact),
            await change_key(client),
            await client.post(client.account_url),
            await client.post(client.account_url, {"status": "deactivated"}),
        ):
            assert shown.json["externalAccountBinding"] == binding


async def change_key(client: AcmeClient) -> Answer:
    new, url = Signer(), await client.url("keyChange")
    claim = {"account": client.account_url, "oldKey": client.signer.jwk}
    answer = await client.post(
        url, jws({"alg": new.alg, "jwk": new.jwk, "url": url}, claim, new.sign)
    )
    client.signer = new
    return answer


async def test_an_account_from_before_shows_none(client: AcmeClient, customer: Customer) -> None:
    await customer.shop.gateway.pool.execute(
        "UPDATE acme.account SET external_account_binding = NULL"
    )
    assert client.account_url
    assert "externalAccountBinding" not in (await client.post(client.account_url)).json
