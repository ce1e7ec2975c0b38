"""X-Auth-Token: whose it is, what is kept of it, and who is refused."""

import secrets
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from gateway.usecases.reseller import api_tokens, resellers
from gateway.usecases.work import open_work
from tests.support.certificate_shop import CertificateShop, shop_of
from tests.support.shop import OPERATOR


async def set_reseller(shop: CertificateShop, **wanted: Any) -> None:
    now = await shop.gateway.services.clock.now()
    async with open_work(shop.gateway.pool, now, OPERATOR) as work:
        await resellers.set_reseller(work, shop.login, **wanted)


async def test_only_a_hash_is_kept(shop: CertificateShop) -> None:
    token_id, _, secret = shop.token.partition(".")
    row = await shop.gateway.pool.fetchrow(
        "SELECT t::text AS everything, secret_hash FROM ssl.api_token t WHERE id = $1", token_id
    )
    assert row["secret_hash"] == sha256(secret.encode()).digest()
    trail = await shop.gateway.pool.fetchval("SELECT string_agg(e::text, '') FROM audit.event e")
    for text in (row["everything"], trail):
        assert secret not in text


@pytest.mark.parametrize(
    "wrong",
    [
        lambda token: "",
        lambda token: "x",
        lambda token: ".",
        lambda token: token.partition(".")[0],
        lambda token: f"{token.partition('.')[0]}.{secrets.token_urlsafe(32)}",
        lambda token: f"{secrets.token_urlsafe(12)}.{token.partition('.')[2]}",
        lambda token: token + "x",
        lambda token: token.swapcase(),
        lambda token: "é" * 20,
        lambda token: "a" * 4000,
    ],
)
async def test_any_other_token_is_401(shop: CertificateShop, wrong: Any) -> None:
    cert_id = await shop.buy()
    before = await shop.state()
    stranger = replace(shop, token=wrong(shop.token))
    for method, path in (
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{cert_id}"),
        ("POST", f"/{cert_id}/apply"),
        ("POST", f"/{cert_id}/cancel-apply"),
        ("POST", f"/{cert_id}/revoke"),
        ("DELETE", f"/{cert_id}/unsubscribe"),
    ):
        answer = await stranger.send(method, path)
        assert (answer.status, answer.code) == (401, "SCM.0011"), (method, path)
    assert await shop.state() == before


async def test_no_token_and_two_tokens_are_401(shop: CertificateShop) -> None:
    async with shop.gateway.session.get(shop.url) as response:
        assert response.status == 401
        assert (await response.json())["error_code"] == "SCM.0011"
    twice = [("X-Auth-Token", shop.token), ("X-Auth-Token", shop.token)]
    async with shop.gateway.session.get(shop.url, headers=twice) as response:
        assert response.status == 401


async def test_g1_what_belongs_to_somebody_else_does_not_exist(shop: CertificateShop) -> None:
    cert_id = await shop.buy()
    other = await shop.second("other")
    before = await shop.state()
    assert (await other.do("GET"))["total_count"] == 0
    for method, path in (
        ("GET", f"/{cert_id}"),
        ("POST", f"/{cert_id}/cancel-apply"),
        ("POST", f"/{cert_id}/revoke"),
        ("DELETE", f"/{cert_id}/unsubscribe"),
    ):
        theirs = await other.send(method, path)
        nobodys = await other.send(method, path.replace(cert_id, "scs0000000000000"))
        assert (theirs.status, theirs.code) == (404, "SCM.0041")
        assert theirs == nobodys
    assert await shop.state() == before


async def test_a_suspended_reseller_is_403_and_reinstated_at_once(shop: CertificateShop) -> None:
    await set_reseller(shop, status="suspended")
    refused = await shop.send("GET")
    assert (refused.status, refused.code) == (403, "SCM.0021")
    await set_reseller(shop, status="active")
    assert (await shop.send("GET")).status == 200


async def test_a_token_works_from_the_resellers_networks_only(shop: CertificateShop) -> None:
    await set_reseller(shop, allowed_networks=["192.0.2.0/24"])
    assert (await shop.send("GET")).status == 401
    await set_reseller(shop, allowed_networks=["127.0.0.0/8"])
    assert (await shop.send("GET")).status == 200


async def test_earlier_tokens_last_until_they_are_replaced(shop: CertificateShop) -> None:
    second = await shop_of(shop.gateway, shop.login)
    assert (await shop.send("GET")).status == 200
    now = await shop.gateway.services.clock.now()
    async with open_work(shop.gateway.pool, now, OPERATOR) as work:
        token = await api_tokens.new_token(work, shop.login, replace=True)
    assert (await shop.send("GET")).status == 401
    assert (await second.send("GET")).status == 401
    assert (await replace(shop, token=token).send("GET")).status == 200


async def test_plain_http_is_refused(shop: CertificateShop) -> None:
    url = f"{shop.gateway.plain_url}/v3/scm/certificates"
    async with shop.gateway.session.get(url, headers={"X-Auth-Token": shop.token}) as response:
        assert response.status == 403
        assert (await response.json())["error_code"] == "SCM.0022"
