"""Whatever is sent: the documented error, below 500, and nothing has changed."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest
import yarl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.certificate_shop import (
    NAME,
    CertificateShop,
    application,
    pem,
    purchase,
)

NOTHING = "scs0000000000000"


@pytest.mark.parametrize(
    ("members", "status", "code"),
    [
        ({"domains": []}, 400, "SCM.0001"),
        ({"domains": ["localhost"]}, 400, "SCM.0001"),
        ({"domains": ["192.0.2.1"]}, 400, "SCM.0001"),
        ({"domains": ["co.uk"]}, 400, "SCM.0001"),
        ({"domains": ["a.*.example.com"]}, 400, "SCM.0001"),
        ({"domains": ["www.example.com\0"]}, 400, "SCM.0001"),
        ({"domains": ["www.example.com", "WWW.example.com."]}, 400, "SCM.0001"),
        ({"domains": [f"n{number}.example.com" for number in range(101)]}, 400, "SCM.0001"),
        ({"domains": "www.example.com"}, 400, "SCM.0001"),
        ({"domains": [None]}, 400, "SCM.0001"),
        ({"validity_period": 0}, 400, "SCM.0001"),
        ({"validity_period": 13}, 400, "SCM.0001"),
        ({"validity_period": -12}, 400, "SCM.0001"),
        ({"validity_period": 10**30}, 400, "SCM.0001"),
        ({"validity_period": "12"}, 400, "SCM.0001"),
        ({"validity_period": 12.5}, 400, "SCM.0001"),
        ({"brand": ""}, 400, "SCM.0001"),
        ({"brand": "local"}, 400, "SCM.0001"),
        ({"brand": "L" * 33}, 400, "SCM.0001"),
        ({"brand": "GEOTRUST"}, 403, "SCM.0023"),
        ({"type": "EV_SSL_CERT"}, 403, "SCM.0023"),
        ({"type": "\0"}, 403, "SCM.0023"),
        ({"name": ""}, 400, "SCM.0001"),
        ({"name": "a\0b"}, 400, "SCM.0001"),
        ({"name": "n" * 64}, 400, "SCM.0001"),
        ({"coupon": "no such coupon"}, 400, "SCM.0001"),
        ({"coupon": "no-such-coupon"}, 403, "SCM.0028"),
        ({"price": 1}, 400, "SCM.0001"),
    ],
)
async def test_purchases_that_cannot_be(
    shop: CertificateShop, members: dict[str, Any], status: int, code: str
) -> None:
    before = await shop.state()
    answer = await shop.send("POST", json={**purchase(), **members})
    assert (answer.status, answer.code) == (status, code), answer
    assert await shop.state() == before


async def test_money_that_is_not_there_is_not_spent(shop: CertificateShop) -> None:
    poor = await shop.second("poor", deposit="100.00")
    before = await poor.state()
    answer = await poor.send("POST", json=purchase())
    assert (answer.status, answer.code) == (403, "SCM.0025")
    assert await poor.state() == before


async def test_coupons_of_others_used_ones_and_late_ones_are_refused(
    shop: CertificateShop,
) -> None:
    now = await shop.gateway.services.clock.now()
    other = await shop.second("other")
    theirs = await other.coupon("10.00")
    used, late = await shop.coupon("10.00"), None
    await shop.buy(coupon=used)
    late = await shop.coupon("10.00", expires_at=now.replace(hour=13))
    await shop.gateway.at("2025-12-01T13:00:00Z")
    before = await shop.state()
    for coupon in (theirs, used, late):
        answer = await shop.send("POST", json=purchase(coupon=coupon))
        assert (answer.status, answer.code) == (403, "SCM.0028")
    assert await shop.state() == before


@pytest.mark.parametrize(
    ("members", "status", "code"),
    [
        ({"csr": ""}, 400, "SCM.0002"),
        ({"csr": "no PEM"}, 400, "SCM.0002"),
        ({"csr": pem("other.example.com")}, 400, "SCM.0002"),
        ({"csr": pem(NAME, "more.example.com")}, 400, "SCM.0002"),
        ({"csr": pem(kind="RSA-1024")}, 400, "SCM.0002"),
        ({"csr": pem(kind="P-521")}, 400, "SCM.0002"),
        ({"csr": pem().replace("M", "N", 1)}, 400, "SCM.0002"),
        ({"csr": pem() + pem()}, 400, "SCM.0002"),
        ({"csr": pem().replace("\nM", "\n=M", 1)}, 400, "SCM.0002"),
        ({"csr": None}, 400, "SCM.0001"),
        ({"domain_method": "EMAIL"}, 400, "SCM.0001"),
        ({"domain_method": ["DNS"]}, 400, "SCM.0001"),
        ({"organization": {"name": "X", "country": "DE", "locality": "Y"}}, 400, "SCM.0001"),
        ({"unknown": 1}, 400, "SCM.0001"),
    ],
)
async def test_applications_that_cannot_be(
    shop: CertificateShop, members: dict[str, Any], status: int, code: str
) -> None:
    cert_id = await shop.buy()
    before = await shop.state()
    answer = await shop.send("POST", f"/{cert_id}/apply", json={**application(), **members})
    assert (answer.status, answer.code) == (status, code), answer
    assert await shop.state() == before


@pytest.mark.parametrize(
    "organization",
    [
        None,
        {},
        {"name": "", "country": "DE", "locality": "Berlin"},
        {"name": "X", "country": "de", "locality": "Berlin"},
        {"name": "X", "country": "XX", "locality": "Berlin"},
        {"name": "X", "country": "DE"},
        {"name": "X\0", "country": "DE", "locality": "Berlin"},
        {"name": "X" * 65, "country": "DE", "locality": "Berlin"},
        {"name": "-", "country": "DE", "locality": "Berlin"},
        {"name": "X", "country": "DE", "locality": "Berlin", "street": "S"},
    ],
)
async def test_organizations_that_cannot_be(shop: CertificateShop, organization: Any) -> None:
    cert_id = await shop.buy(type="OV_SSL_CERT")
    before = await shop.state()
    asked = application(organization=organization)
    answer = await shop.send("POST", f"/{cert_id}/apply", json=asked)
    assert (answer.status, answer.code) == (400, "SCM.0001"), answer
    assert await shop.state() == before


async def test_wildcards_are_proven_by_dns_only(shop: CertificateShop) -> None:
    cert_id = await shop.buy("*.example.com")
    asked = application("*.example.com", domain_method="FILE")
    assert (await shop.send("POST", f"/{cert_id}/apply", json=asked)).code == "SCM.0001"


@pytest.mark.parametrize("reason", ["", "keycompromise", "caCompromise", 1, None, ["superseded"]])
async def test_reasons_that_subscribers_may_not_give(shop: CertificateShop, reason: Any) -> None:
    cert_id = await shop.issue()
    before = await shop.state()
    answer = await shop.send("POST", f"/{cert_id}/revoke", json={"reason": reason})
    assert (answer.status, answer.code) == (400, "SCM.0001")
    assert await shop.state() == before


@pytest.mark.parametrize(
    ("operation", "method", "status"),
    [
        ("cancel-apply", "POST", 409),
        ("revoke", "POST", 409),
        ("unsubscribe", "GET", 405),
        ("unsubscribe", "POST", 405),
        ("apply", "GET", 405),
        ("export", "POST", 404),
    ],
)
async def test_operations_that_do_not_fit(
    shop: CertificateShop, operation: str, method: str, status: int
) -> None:
    cert_id = await shop.buy()
    before = await shop.state()
    answer = await shop.send(method, f"/{cert_id}/{operation}")
    assert answer.status == status
    assert set(answer.json) == {"error_code", "error_msg"}
    assert await shop.state() == before


@pytest.mark.parametrize(
    "cert_id", ["scs", "scs000000000000", "scs00000000000000", "SCS0000000000000", "scs%00", "%ff"]
)
async def test_a_cert_id_has_exactly_16_characters(shop: CertificateShop, cert_id: str) -> None:
    url = yarl.URL(f"{shop.url}/{cert_id}/unsubscribe", encoded=True)
    headers = {"X-Auth-Token": shop.token}
    async with shop.gateway.session.delete(url, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["error_code"] == "SCM.0001"
    assert (await shop.send("DELETE", f"/{NOTHING}/unsubscribe")).status == 404


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'"\\ud800"', "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b'{"brand": "' + b"x" * 70_000 + b'"}', "application/json", 413),
        (b"brand=LOCAL", "application/x-www-form-urlencoded", 415),
        (json.dumps(purchase()).encode(), "text/plain", 415),
    ],
)
async def test_bodies_that_are_no_json(
    shop: CertificateShop, body: bytes, content_type: str, status: int
) -> None:
    before = await shop.state()
    answer = await shop.send("POST", data=body, headers={"Content-Type": content_type})
    assert answer.status == status
    assert await shop.state() == before


async def test_an_idempotency_key_buys_once(shop: CertificateShop) -> None:
    headers = {"Idempotency-Key": "order-4711"}
    start = await shop.balance()
    answers = await asyncio.gather(
        *(shop.send("POST", json=purchase(), headers=headers) for _ in range(4))
    )
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["cert_id"] for answer in answers}) == 1
    assert start - await shop.balance() == 120
    other = await shop.send("POST", json=purchase(validity_period=6), headers=headers)
    assert (other.status, other.code) == (409, "SCM.0053")
    bad = await shop.send("POST", json=purchase(), headers={"Idempotency-Key": "x" * 256})
    assert bad.status == 400


text = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
bodies = json_values | st.fixed_dictionaries(
    {},
    optional={
        "brand": text,
        "type": st.sampled_from(["DV_SSL_CERT", "OV_SSL_CERT"]) | text,
        # No name of it can be bought, so that nothing may change.
        "domains": st.lists(text.map(lambda label: f"{label}."), max_size=2) | json_values,
        "validity_period": st.integers() | json_values,
        "name": text,
        "coupon": text,
        "csr": text,
        "domain_method": text,
        "organization": json_values,
        "reason": text,
        "acknowledged": json_values.filter(lambda value: value is not True),
    },
)
paths = st.sampled_from(
    ["", "/{id}", "/{id}/x"]
    + [f"/{{id}}/{name}" for name in ("apply", "cancel-apply", "revoke", "unsubscribe")]
)


async def test_any_request_is_answered_below_500_in_the_envelope_and_changes_nothing(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.buy()
    loop = asyncio.get_running_loop()

    @settings(max_examples=200, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
        paths,
        text,
        bodies.map(json.dumps).map(str.encode) | st.binary(min_size=1, max_size=60),
        st.dictionaries(text, text, max_size=2),
        st.sampled_from(["application/json", "application/json; charset=utf-16", "x"]),
    )
    def attack(
        method: str, path: str, odd_id: str, body: bytes, query: dict[str, str], kind: str
    ) -> None:
        async def send() -> None:
            known = path.replace("{id}", cert_id)
            odd = path.replace("{id}", quote(odd_id.encode(errors="replace"), safe=""))
            for where in (known, odd):
                pairs = "&".join(f"{_quoted(name)}={_quoted(query[name])}" for name in query)
                url = yarl.URL(f"{shop.url}{where}?{pairs}", encoded=True)
                headers = {"X-Auth-Token": shop.token, "Content-Type": kind}
                async with shop.gateway.session.request(
                    method, url, data=body, headers=headers
                ) as response:
                    assert response.status < 500
                    document = await response.json(content_type=None)
                    if response.status != 200:
                        assert set(document) == {"error_code", "error_msg"}
                        assert 3 <= len(document["error_code"]) <= 36
                        assert len(document["error_msg"]) <= 1024

        asyncio.run_coroutine_threadsafe(send(), loop).result(60)

    before = await shop.state()
    await asyncio.to_thread(attack)
    assert await shop.state() == before


def _quoted(value: str) -> str:
    return quote(value.encode(errors="replace"))
