"""Prices of all families: one table, set and removed by confirmation."""

import re

import pytest

from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway

PRICES = "/console/prices"
DV = {"reseller": "", "family": "acme", "item": "DV", "variant": "fqdn", "amount": "400.00"}


async def price(gateway: RunningGateway, item: str, variant: str, login: str | None) -> str | None:
    found = await gateway.pool.fetchval(
        """
        SELECT amount || ' ' || currency
          FROM reseller.price
         WHERE item = $1 AND variant = $2
           AND account_id IS NOT DISTINCT FROM (SELECT id FROM reseller.account WHERE login = $3)
        """,
        item,
        variant,
        login,
    )
    return None if found is None else str(found)


async def test_all_families_stand_in_one_table(operator: ConsolePerson) -> None:
    page = await operator.get(PRICES)
    families = set(re.findall(r'data-price="(\w+)/', page.text))
    assert families == {"acme", "sitelock", "ssl"}
    own = await operator.get(f"{PRICES}?reseller=demo")
    assert "Price of demo" in own.text
    assert "as default" in own.text


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({}, "400.00 USD"),
        ({"reseller": "demo"}, "400.00 USD"),
        ({"family": "sitelock", "item": "1060", "variant": "30"}, "400.00 USD"),
        ({"family": "ssl", "item": "LOCAL/DV_SSL_CERT", "variant": "wildcard"}, "400.00 USD"),
        ({"family": "ssl", "item": "NEW/OV_SSL_CERT", "new_brand": "Y"}, "400.00 USD"),
        ({"currency": "EUR"}, "400.00 EUR"),
    ],
)
async def test_a_price_of_each_family_is_set_for_all_or_for_one(
    gateway: RunningGateway, operator: ConsolePerson, fields: dict[str, str], stored: str
) -> None:
    sent = {**DV, **fields}
    answer = await operator.submit(f"{PRICES}/set", "set-price", **sent)
    assert answer.status == 303, answer.text
    assert "400.00" in (await operator.get(answer.to)).text
    login = sent["reseller"] or None
    assert await price(gateway, sent["item"], sent["variant"], login) == stored


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"amount": "-1"}, "a price is not negative"),
        ({"amount": "x"}, "Enter an amount like 365.00."),
        ({"item": "XV"}, "there is no server"),
        ({"variant": "san"}, "a name type is fqdn or wildcard"),
        ({"family": "cars"}, "Choose one of the options."),
        ({"family": "sitelock", "item": "1", "variant": "30"}, "a product is one of"),
        ({"family": "sitelock", "item": "x", "variant": "30"}, "is no product"),
        ({"family": "sitelock", "item": "1060", "variant": "7"}, "is sold for"),
        ({"family": "ssl", "item": "TYPO/DV_SSL_CERT"}, "there is no brand TYPO"),
        ({"family": "ssl", "item": "LOCAL"}, "a type is one of"),
        ({"reseller": "nobody"}, "there is no reseller"),
        ({"reseller": "demo", "currency": "EUR"}, "the reseller pays in USD"),
        ({"currency": "E"}, "ISO 4217"),
    ],
)
async def test_a_price_that_cannot_be_is_shown_and_nothing_changes(
    gateway: RunningGateway, operator: ConsolePerson, fields: dict[str, str], shown: str
) -> None:
    before = await gateway.pool.fetch("SELECT * FROM reseller.price ORDER BY id")
    answer = await operator.submit(f"{PRICES}/set", "set-price", **{**DV, **fields})
    assert answer.status == 422
    assert shown in answer.text
    assert await gateway.pool.fetch("SELECT * FROM reseller.price ORDER BY id") == before


async def test_a_price_is_removed_after_a_page_that_says_what_follows(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await operator.submit(f"{PRICES}/set", "set-price", **{**DV, "reseller": "demo"})
    query = "reseller=demo&family=acme&item=DV&variant=fqdn"
    asked = await operator.get(f"{PRICES}/remove?{query}")
    assert "demo then pays the default price, 365.00\xa0USD." in asked.text
    answer = await operator.submit(f"{PRICES}/remove?{query}", "remove-price")
    assert (answer.status, answer.to) == (303, f"{PRICES}?reseller=demo")
    assert await price(gateway, "DV", "fqdn", "demo") is None
    assert await price(gateway, "DV", "fqdn", None) == "365.00 USD"
    gone = await operator.get(f"{PRICES}/remove?{query}")
    assert gone.status == 303
    again = await operator.post(
        f"{PRICES}/remove",
        {**asked.hidden("remove-price"), "once": "another-key-of-24-letters"},
    )
    assert again.status == 404


async def test_a_list_of_nobody_says_so(operator: ConsolePerson) -> None:
    answer = await operator.get(f"{PRICES}?reseller=nobody")
    assert answer.status == 422
    assert "there is no reseller" in answer.text
    assert "nothing can be bought" not in answer.text


async def test_who_may_not_set_prices_sees_no_links(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await gateway.pool.execute("UPDATE operation.operator SET role = 'auditor'")
    assert "/console/prices/set" not in (await operator.get(PRICES)).text
