"""ACME Renewal Information and `replaces` (RFC 9773)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.integration.acme.conftest import NAME, Customer, ReadyOrder, new_customer
from tests.support.acme_client import AcmeClient, base64url, make_csr

NewClient = Callable[..., AcmeClient]


async def issue(client: AcmeClient, order: dict[str, Any]) -> x509.Certificate:
    finalized = (await client.finalize(order, make_csr([NAME]))).json
    chain = await client.post(finalized["certificate"])
    return x509.load_pem_x509_certificates(chain.body)[0]


def identifier(leaf: x509.Certificate) -> str:
    """RFC 9773 §4.1, made independently of the gateway."""
    authority = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    number = leaf.serial_number
    serial = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return f"{base64url(authority.key_identifier or b'')}.{base64url(serial)}"


async def window(client: AcmeClient, leaf: x509.Certificate) -> tuple[datetime, datetime]:
    url = f"{await client.url('renewalInfo')}/{identifier(leaf)}"
    answer = await client.request("GET", url)
    assert answer.status == 200, answer.body
    assert int(answer.headers["Retry-After"]) > 0
    suggested = answer.json["suggestedWindow"]
    return datetime.fromisoformat(suggested["start"]), datetime.fromisoformat(suggested["end"])


async def test_the_window_lies_in_the_last_third(
    client: AcmeClient, ready_order: ReadyOrder
) -> None:
    leaf = await issue(client, await ready_order())
    start, end = await window(client, leaf)
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert leaf.not_valid_before_utc + life * 0.6 < start < end < leaf.not_valid_after_utc


async def test_the_window_ends_inside_the_subscription_and_moves_with_an_extension(
    client: AcmeClient, ready_order: ReadyOrder, customer: Customer, gateway: Any
) -> None:
    await gateway.at("2025-12-20T00:00:00Z")
    leaf = await issue(client, await ready_order())
    _, end = await window(client, leaf)
    assert end == datetime.fromisoformat("2026-01-10T23:59:59Z")
    await customer.shop.extend(customer.eab.kid)
    start, _ = await window(client, leaf)
    assert start > datetime.fromisoformat("2026-02-01T00:00:00Z")


async def test_a_revoked_certificate_should_be_replaced_now(
    client: AcmeClient, ready_order: ReadyOrder, gateway: Any
) -> None:
    leaf = await issue(client, await ready_order())
    payload = {"certificate": base64url(leaf.public_bytes(Encoding.DER))}
    assert (await client.post(await client.url("revokeCert"), payload)).status == 200
    _, end = await window(client, leaf)
    assert end <= datetime.fromisoformat("2025-01-10T15:30:00Z")


NO_IDENTIFIERS = [
    "x",
    "AA.AA",
    "AAAA.AAAA",
    "!!.!!",
    "AQ.",
    ".AQ",
    "AQ.AQ.AQ",
    "AQ." + "A" * 100,
    "A" * 100 + ".AQ",
]
"""Serials that are not positive or not as DER writes them, and what is too long, included."""


@pytest.mark.parametrize("text", ["", *NO_IDENTIFIERS, "AQ.%00", "AQ.%ff", "AQ.AQ/x", "AQ.AQ"])
async def test_what_names_no_certificate_of_this_server_is_a_problem(
    client: AcmeClient, text: str
) -> None:
    answer = await client.request("GET", f"{await client.url('renewalInfo')}/{text}")
    assert answer.status == (404 if text in ("AQ.AQ", "AQ.AQ/x") else 400)
    assert answer.problem == "malformed"
    assert "account" not in answer.detail


@pytest.mark.parametrize("text", [*NO_IDENTIFIERS, "AQ.AQ\0", "\0", "\ud800"])
async def test_to_replace_what_is_no_certificate_identifier_is_malformed(
    client: AcmeClient, text: str
) -> None:
    answer = await client.new_order(NAME, replaces=text)
    assert (answer.status, answer.problem) == (400, "malformed")


async def test_an_order_says_what_it_replaces_and_only_one_can(
    client: AcmeClient, ready_order: ReadyOrder
) -> None:
    leaf = await issue(client, await ready_order())
    renewal = await client.new_order(NAME, replaces=identifier(leaf))
    assert (renewal.status, renewal.json["replaces"]) == (201, identifier(leaf))
    assert (await client.post(renewal.headers["Location"])).json["replaces"] == identifier(leaf)
    same = await client.new_order(NAME, replaces=identifier(leaf))
    assert same.headers["Location"] == renewal.headers["Location"]  # the open order, again
    await issue(client, {**renewal.json, "url": renewal.headers["Location"]})
    second = await client.new_order(NAME, replaces=identifier(leaf))
    assert (second.status, second.problem) == (409, "alreadyReplaced")


async def test_a_certificate_without_a_common_name_cannot_be_replaced(
    client: AcmeClient, ready_order: ReadyOrder, customer: Customer
) -> None:
    leaf = await issue(client, await ready_order())
    await customer.buy("b.example.net")
    answer = await client.new_order("b.example.net", replaces=identifier(leaf))
    assert (answer.status, answer.problem) == (400, "malformed")


async def test_a_new_account_of_the_credential_replaces_what_an_earlier_one_got(
    client: AcmeClient, ready_order: ReadyOrder, customer: Customer, new_client: NewClient
) -> None:
    leaf = await issue(client, await ready_order())
    other = new_client()
    await other.register(customer.eab)
    renewal = await other.new_order(NAME, replaces=identifier(leaf))
    assert (renewal.status, renewal.json["replaces"]) == (201, identifier(leaf))
    second = await client.new_order(NAME, replaces=identifier(leaf))
    assert (second.status, second.problem) == (409, "alreadyReplaced")


async def test_to_replace_a_certificate_that_is_not_ours_has_no_effect(
    client: AcmeClient, ready_order: ReadyOrder, customer: Customer, new_client: NewClient
) -> None:
    """Certificates of another authority, never issued, or a stranger's, which stays untouched."""
    leaf = await issue(client, await ready_order())
    stranger = new_client()
    await stranger.register((await new_customer(customer.shop, NAME)).eab)
    elsewhere = f"{base64url(b'k' * 20)}.{base64url(bytes([1, *range(15)]))}"
    sha512 = f"{base64url(b'k' * 64)}.{base64url(bytes([0, 255, *range(18)]))}"
    for named in (identifier(leaf), elsewhere, sha512, "AQ.AQ"):
        placed = await stranger.new_order(NAME, replaces=named)
        assert (placed.status, placed.json["replaces"]) == (201, named)
        again = await stranger.new_order(NAME, replaces=named, notAfter="2025-02-01T00:00:00Z")
        assert again.status == 201
    renewal = await client.new_order(NAME, replaces=identifier(leaf))
    assert (renewal.status, renewal.json["replaces"]) == (201, identifier(leaf))
