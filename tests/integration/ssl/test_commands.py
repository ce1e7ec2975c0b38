"""What operators type for SSL certificate orders and unsubscriptions, against a running gateway."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

from gateway.config import Settings
from tests.support.certificate_shop import CertificateShop, purchase
from tests.support.server_process import write_config


async def gateway_command(settings: Settings, directory: Path, *words: str) -> tuple[int, str]:
    """Exit status and what was said."""
    config = directory / "gateway.toml"
    write_config(settings, config)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *words, "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode().strip()


async def test_from_a_token_to_the_money_back(shop: CertificateShop, tmp_path: Path) -> None:
    settings = shop.gateway.services.settings

    async def command(*words: str) -> str:
        status, said = await gateway_command(settings, tmp_path, *words)
        assert status == 0, said
        return said

    token = await command("reseller", "token", "demo")
    customer = replace(shop, token=token)
    await command(
        *("ssl", "price", "set", "demo", "--brand", "LOCAL", "--type", "DV_SSL_CERT"),
        *("--fqdn", "1000.00"),
    )
    coupon = await command("ssl", "coupon", "demo", "200.00")
    cert_id = await customer.buy(coupon=coupon)
    [order] = json.loads(await command("ssl", "list", "--json"))
    assert (order["certId"], order["status"]) == (cert_id, "PAID")
    number = await customer.unsubscribe(cert_id)
    [waiting] = json.loads(await command("unsubscription", "list", "--waiting", "--json"))
    assert (waiting["id"], waiting["certId"], waiting["cash"]) == (number, cert_id, "800.00")
    said = await command("unsubscription", "approve", str(number))
    assert said == f"unsubscription {number} approved, 800.00 paid back"
    status, said = await gateway_command(settings, tmp_path, "unsubscription", "approve", "1")
    assert (status, said) == (1, "gateway: unsubscription 1 is approved already")
    assert json.loads(await command("unsubscription", "list", "--waiting", "--json")) == []
    cert_id = await customer.buy()
    await customer.unsubscribe(cert_id)
    said = await command("unsubscription", "reject", cert_id, "--reason", "no")
    assert said == f"unsubscription {cert_id} rejected"


async def test_organizations_are_approved_and_rejected(
    shop: CertificateShop, tmp_path: Path
) -> None:
    settings = shop.gateway.services.settings
    organization = {"name": "Example GmbH", "country": "DE", "state": "Berlin"}
    cert_id = await shop.buy(type="OV_SSL_CERT")
    applied = await shop.apply(cert_id, domain_method="FILE", organization=organization)
    await shop.prove(cert_id, applied)
    await shop.until(cert_id, "CHECKING_ORG")
    words = ("ssl", "list", "--waiting", "--json")
    _, listed = await gateway_command(settings, tmp_path, *words)
    assert json.loads(listed)[0]["organization"]["organization"] == "Example GmbH"
    status, said = await gateway_command(settings, tmp_path, "ssl", "approve", cert_id)
    assert (status, said) == (0, f"organization of {cert_id} approved")
    await shop.until(cert_id, "ISSUED")
    status, said = await gateway_command(settings, tmp_path, "ssl", "reject", cert_id)
    assert status == 1
    assert "its organization does not wait" in said


async def test_mistakes_are_reported_in_one_line(shop: CertificateShop, tmp_path: Path) -> None:
    settings = shop.gateway.services.settings
    assert (await shop.send("POST", json=purchase())).status == 200
    before = await shop.state()
    for words in (
        ("reseller", "token", "nobody"),
        ("unsubscription", "approve", "999"),
        ("unsubscription", "reject", "9" * 5000),
        ("unsubscription", "approve", "scs0000000000000"),
        ("unsubscription", "approve", "x"),
        ("ssl", "approve", "scs1"),
        ("ssl", "coupon", "demo", "0.00"),
        ("ssl", "coupon", "demo", "1.00", "--expires", "2020-01-01"),
        ("ssl", "price", "set", "demo", "--brand", "local", "--type", "DV_SSL_CERT"),
        (
            *("ssl", "price", "set", "demo", "--brand", "LOCAL"),
            *("--type", "EV_SSL_CERT", "--fqdn", "1.00"),
        ),
    ):
        status, said = await gateway_command(settings, tmp_path, *words)
        assert status == 1, words
        assert said.startswith("gateway: "), said
        assert "\n" not in said
    assert await shop.state() == before
