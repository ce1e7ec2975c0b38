"""Directory, newNonce, and what every answer carries (RFC 8555 §6.5, §7.1, §7.2)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.acme_client import AcmeClient

NewClient = Callable[..., AcmeClient]


async def test_the_directory_is_served_at_the_servers_own_path(
    gateway: Any, new_client: NewClient
) -> None:
    answer = await new_client().request("GET", gateway.directory_url)
    assert answer.status == 200
    assert answer.json["meta"]["externalAccountRequired"] is True
    for name in ("newNonce", "newAccount", "newOrder"):
        assert answer.json[name] == f"{gateway.directory_url}/{name}"


async def test_each_server_has_its_own_directory(gateway: Any, new_client: NewClient) -> None:
    answer = await new_client().request("GET", gateway.ov_directory_url)
    assert answer.json["newOrder"] == f"{gateway.ov_directory_url}/newOrder"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204)])
async def test_new_nonce_gives_a_nonce_that_is_not_cached(
    new_client: NewClient, method: str, status: int
) -> None:
    client = new_client()
    answer = await client.request(method, await client.url("newNonce"))
    assert answer.status == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Replay-Nonce"]
    assert answer.links["index"] == client.directory_url


async def test_all_nonces_differ(new_client: NewClient) -> None:
    client = new_client()
    assert len({await client.nonce() for _ in range(20)}) == 20


@pytest.mark.parametrize("rest", ["", "/renewalInfo/AAAA.AAAA", "/newOrder"])
async def test_only_new_nonce_gives_a_nonce_to_who_signs_nothing(
    client: AcmeClient, rest: str
) -> None:
    """A directory read without an account's key gives no nonces to keep (RFC 8555 §6.5)."""
    for method in ("GET", "HEAD"):
        answer = await client.request(method, client.directory_url + rest)
        assert "Replay-Nonce" not in answer.headers
    assert (await client.post(client.directory_url + rest)).headers["Replay-Nonce"]


async def test_directory_and_nonce_can_be_read_with_post_as_get(client: AcmeClient) -> None:
    directory = await client.post(client.directory_url)
    assert (directory.status, directory.json["newOrder"]) == (200, client.directory["newOrder"])
    assert (await client.post(client.directory["newNonce"])).status == 204


async def test_a_plain_get_on_a_resource_is_refused_with_405(client: AcmeClient) -> None:
    assert client.account_url
    answer = await client.request("GET", client.account_url)
    assert (answer.status, answer.problem) == (405, "malformed")
    assert answer.headers["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize(
    "rest", ["/nothing", "/order/", "/order/1/2/3", "/cert/not-a-uuid", "/x/y"]
)
async def test_what_does_not_exist_is_a_404_problem(client: AcmeClient, rest: str) -> None:
    answer = await client.post(client.directory_url + rest)
    assert (answer.status, answer.problem) == (404, "malformed")


async def test_a_path_of_no_server_is_a_404_problem(gateway: Any, new_client: NewClient) -> None:
    answer = await new_client().request("GET", f"{gateway.url}/v9/XX")
    assert (answer.status, answer.problem) == (404, "malformed")
