"""What operators type for SiteLock products, against a running gateway."""

import json
from pathlib import Path

from tests.integration.sitelock.conftest import SiteLockClient
from tests.integration.ssl.test_commands import gateway_command


async def test_a_price_holds_for_the_next_order_and_is_listed(
    sitelock_client: SiteLockClient, tmp_path: Path
) -> None:
    settings = sitelock_client.gateway.services.settings

    async def command(*words: str) -> tuple[int, str]:
        return await gateway_command(settings, tmp_path, "sitelock", "price", *words)

    priced = ("--product", "1060", "--days", "365")
    done = await command("set", "demo", *priced, "139.00")
    assert done == (0, "price of 1060 for 365 days set for demo")
    assert (await sitelock_client.order("1060"))["totalCost"] == "139.00"
    _, listed = await command("list", "demo", "--json")
    by_length = {(each["product"], each["days"]): each for each in json.loads(listed)}
    assert (by_length[1060, 365]["amount"], by_length[1060, 365]["own"]) == ("139.00", True)
    assert (by_length[1061, 30]["amount"], by_length[1061, 30]["own"]) == ("24.90", False)
    assert "1060  365  149.00 USD" in (await command("list", "default"))[1]
    for mistake, why in (
        (("set", "nobody", *priced, "1.00"), "there is no reseller 'nobody'"),
        (("set", "demo", "--product", "1", "1.00"), "a product is one of"),
        (("set", "demo", "--product", "1059", "--days", "30", "1.00"), "is sold for 365 days"),
        (("set", "demo", *priced, "-1.00"), ""),
        (("list", "nobody"), "there is no reseller 'nobody'"),
    ):
        status, said = await command(*mistake)
        assert status != 0
        assert why in said


async def test_a_partner_that_is_not_activated_orders_nothing_and_keeps_what_it_has(
    sitelock_client: SiteLockClient, tmp_path: Path
) -> None:
    settings = sitelock_client.gateway.services.settings
    number = (await sitelock_client.order("1060"))["orderNumber"]
    before = await sitelock_client.balance()

    async def partner(*words: str) -> tuple[int, str]:
        return await gateway_command(settings, tmp_path, "sitelock", "partner", *words)

    assert await partner("demo", "--inactive") == (0, "demo may not order SiteLock products")
    assert (await sitelock_client.try_order("1060", domainName="b.example"))["errorCode"] == "-76"
    assert await sitelock_client.balance() == before
    assert (await sitelock_client.refund(number))["errorCode"] == "0"
    assert await partner("demo", "--active") == (0, "demo may order SiteLock products")
    assert (await sitelock_client.try_order("1060", domainName="b.example"))["errorCode"] == "0"
    recorded = await sitelock_client.gateway.pool.fetch(
        """
        SELECT before ->> 'active' AS before, after ->> 'active' AS after FROM audit.event
         WHERE action = 'sitelock_partner.set' AND subject = 'demo' ORDER BY id
        """
    )
    assert [tuple(event) for event in recorded] == [("true", "false"), ("false", "true")]
    status, said = await partner("nobody", "--active")
    assert (status != 0, "there is no reseller 'nobody'" in said) == (True, True)
