"""Terms of service (RFC 8555 §7.3, §7.3.3)."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Directory
from tests.integration.acme.conftest import NAME, Customer
from tests.support.acme_client import AcmeClient, Answer
from tests.support.gateway import RunningGateway, running_gateway

NewClient = Callable[..., AcmeClient]
TERMS, WEBSITE = "https://www.example.com/terms-1.pdf", "https://www.example.com"


@pytest.fixture
async def gateway(database: str, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    directory = Directory(terms_of_service=TERMS, website=WEBSITE)
    async with running_gateway(database, tmp_path, directory=directory) as running:
        yield running


def is_asked_to_agree(answer: Answer) -> bool:
    assert (answer.status, answer.problem) == (403, "userActionRequired")
    assert answer.json["instance"] == TERMS
    return answer.links["terms-of-service"] == TERMS


async def test_the_directory_names_terms_and_website(new_client: NewClient) -> None:
    client = new_client()
    meta = (await client.request("GET", client.directory_url)).json["meta"]
    assert (meta["termsOfService"], meta["website"]) == (TERMS, WEBSITE)


async def test_nobody_registers_without_agreeing(customer: Customer, new_client: NewClient) -> None:
    client = new_client()
    for members in ({}, {"termsOfServiceAgreed": False}):
        assert is_asked_to_agree(await client.new_account(customer.eab, **members))
    agreed = await client.new_account(customer.eab, termsOfServiceAgreed=True)
    assert (agreed.status, agreed.json["termsOfServiceAgreed"]) == (201, True)


async def test_new_terms_must_be_agreed_to_before_the_next_order(
    client: AcmeClient, gateway: Any
) -> None:
    assert client.account_url
    await gateway.pool.execute("UPDATE acme.account SET agreed_terms = 'https://old.example'")
    assert is_asked_to_agree(await client.new_order(NAME))
    assert (await client.post(client.account_url)).status == 200
    await client.post(client.account_url, {"termsOfServiceAgreed": True})
    assert (await client.new_order(NAME)).status == 201
