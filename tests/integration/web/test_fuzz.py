"""Whatever is sent to either door: no 5xx, and no state changes."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest
import yarl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.acme.conftest import NAME, new_customer
from tests.support.acme_client import AcmeClient, base64url, jws
from tests.support.shop import Shop

TABLES = (
    "acme.account",
    'acme."order"',
    "acme.authorization",
    "acme.challenge",
    "ca.certificate",
    "reseller.account",
    "reseller.purchase",
    "reseller.ledger_entry",
    "subscription.eab_credential",
    "subscription.subscription",
    "subscription.domain",
)

text = st.text(max_size=30)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)

header_changes = st.dictionaries(
    st.sampled_from(["alg", "url", "kid", "jwk", "crit", "nonce"]), json_values, max_size=2
)
identifiers = st.fixed_dictionaries(
    {}, optional={"type": st.sampled_from(["dns", "ip"]) | json_values, "value": json_values}
)
payloads = (
    st.none()
    | st.binary(max_size=40)
    | json_values
    | st.fixed_dictionaries(
        {},
        optional={
            "identifiers": st.lists(identifiers, max_size=3) | json_values,
            "notBefore": json_values,
            "notAfter": json_values,
            "profile": json_values,
            "csr": st.binary(max_size=60).map(base64url) | json_values,
            "contact": json_values,
            "status": json_values,
            "externalAccountBinding": json_values,
            "onlyReturnExisting": st.just(True),
        },
    )
)
resources = st.sampled_from(
    ["newAccount", "newOrder", "orders", "order", "authz", "finalize", "cert", "nowhere"]
)
raw_paths = st.sampled_from(["", "/order/%00", "/chall/..%2f", "/account/%ff", "/newOrder?a=%zz"])


async def snapshot(gateway: Any) -> dict[str, Any]:
    """A digest of every table; activity stamps aside, which are no state."""
    digests = {}
    for table in TABLES:
        digests[table] = await gateway.pool.fetchval(
            f"""
            SELECT md5(coalesce(string_agg(
                       (to_jsonb(t) - 'last_activity' - 'user_agent' - 'ip_address')::text,
                       ',' ORDER BY t::text), ''))
              FROM {table} t
            """
        )
    return digests


class Target:
    """A registered client with a pending and a ready-to-be-abused order, in one event loop."""

    def __init__(self, gateway: Any, client: AcmeClient, urls: dict[str, str]) -> None:
        self.gateway = gateway
        self.client = client
        self.urls = urls
        self.loop = asyncio.get_running_loop()


@pytest.fixture
async def target(gateway: Any) -> Target:
    await gateway.at("2025-01-10T15:30:00Z")
    shop = Shop(gateway)
    customer = await new_customer(shop, NAME)
    client = AcmeClient(gateway.session, gateway.directory_url)
    await client.register(customer.eab)
    placed = await client.new_order(NAME)
    urls = {
        "newAccount": await client.url("newAccount"),
        "newOrder": await client.url("newOrder"),
        "orders": f"{client.account_url}/orders",
        "order": placed.headers["Location"],
        "authz": placed.json["authorizations"][0],
        "finalize": placed.json["finalize"],
        "cert": placed.headers["Location"].replace("/order/", "/cert/"),
        "nowhere": f"{client.directory_url}/nowhere",
    }
    return Target(gateway, client, urls)


def run_in(target: Target, work: Any) -> Any:
    """Hypothesis is synchronous; the gateway and its client live in the test's loop."""
    return asyncio.run_coroutine_threadsafe(work, target.loop).result(60)


ACME = settings(max_examples=150, suppress_health_check=list(HealthCheck))


async def test_acme_answers_any_signed_request_below_500_and_keeps_its_state(
    target: Target,
) -> None:
    client = target.client

    @ACME
    @given(resources, payloads, header_changes, st.booleans())
    def attack(resource: str, payload: Any, changes: dict[str, Any], use_jwk: bool) -> None:
        async def send() -> None:
            url = target.urls[resource]
            header: dict[str, Any] = {"alg": "ES256", "url": url, "nonce": await client.nonce()}
            header |= {"jwk": client.signer.jwk} if use_jwk else {"kid": client.account_url}
            header |= changes
            body = jws(header, payload, client.signer.sign)
            answer = await client.send(url, body)
            assert answer.status < 500, answer.body
            if answer.status >= 400:
                assert answer.problem

        run_in(target, send())

    before = await snapshot(target.gateway)
    await asyncio.to_thread(attack)
    assert await snapshot(target.gateway) == before


async def test_acme_answers_any_bytes_below_500_and_keeps_its_state(target: Target) -> None:
    client = target.client

    @ACME
    @given(
        resources | raw_paths,
        st.binary(max_size=100) | json_values.map(lambda value: json.dumps(value).encode()),
        st.sampled_from(["POST", "PUT", "GET", "DELETE", "PATCH", "OPTIONS"]),
        st.sampled_from(["application/jose+json", "application/json", "x"]),
    )
    def attack(resource: str, body: bytes, method: str, content_type: str) -> None:
        async def send() -> None:

            text = target.urls.get(resource, client.directory_url + resource)
            answer = await client.request(
                method,
                yarl.URL(text, encoded=True),  # type: ignore[arg-type]
                data=None if method == "GET" else body,
                headers={"Content-Type": content_type},
            )
            assert answer.status < 500, answer.body

        run_in(target, send())

    before = await snapshot(target.gateway)
    await asyncio.to_thread(attack)
    assert await snapshot(target.gateway) == before


forms = st.dictionaries(
    st.sampled_from(["action", "loginName", "loginPassword", "acmeAccountID", "domainName"])
    | st.sampled_from(["serverUrl", "years", "days", "quoteOnly", "page", "size", "eabKeyID"])
    | text,
    st.sampled_from(
        ["LISTSERVERS", "LISTDOMAINS", "GETLASTORDER", "LISTTRANSACTIONS", "LISTACCOUNTS", "Y", "1"]
    )
    | text,
    max_size=8,
)


async def test_the_action_api_answers_any_form_below_500_and_keeps_its_state(
    target: Target,
) -> None:
    gateway = target.gateway

    @ACME
    @given(forms, st.booleans())
    def attack(fields: dict[str, str], logged_in: bool) -> None:
        async def send() -> None:
            form = {**fields}
            if logged_in:
                form |= {"loginName": gateway.login, "loginPassword": gateway.password}
            body = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in form.items())
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            async with gateway.session.post(
                gateway.actions_url, data=body.encode(), headers=headers
            ) as response:
                assert response.status < 500, await response.text()

        run_in(target, send())

    before = await snapshot(gateway)
    await asyncio.to_thread(attack)
    assert await snapshot(gateway) == before


def _quoted(value: str) -> str:
    return quote(value.encode(errors="replace"))
