"""ACME libraries, old and strict ones: EAB, a second certificate, revocation.

Each is driven by a script of `clients/`, which writes `first.pem` and `second.pem` and revokes the
second. They find all challenge types on offer, and on the second order valid authorizations.
"""

import asyncio
from dataclasses import replace

import pytest

from tests.conformance.conftest import CLIENTS, Site, in_its_environment, program
from tests.conformance.document import variables
from tests.conformance.webroot import webroot
from tests.support.gateway import local_ca
from tests.support.slow_issuer import SlowIssuer

NAMES = ("www.example.com", "b.example.com")

LIBRARIES = {
    "acme 1.21.0": ("certbot-1.21", "acme_1_21.py"),
    "aioacme": ("aioacme", "aioacme_0_6.py"),
    "acmeow": ("acmeow", "acmeow_1_2.py"),
    "acme-client for Ruby": ("", "ruby_acme_client.rb"),
}
every_library = pytest.mark.parametrize("library", LIBRARIES)


def command(library: str) -> list[str]:
    environment, script = LIBRARIES[library]
    interpreter = in_its_environment(environment, "python") if environment else program("ruby")
    return [interpreter, str(CLIENTS / script)]


@every_library
async def test_a_library_registers_with_eab_gets_renews_and_revokes_a_certificate(
    site: Site, library: str
) -> None:
    await site.buy(*NAMES)
    async with webroot(site) as directory:
        await site.succeed(*command(library), *NAMES, **variables(site), WEBROOT=str(directory))
    first = site.check_certificate(site.directory / "first.pem", *NAMES)
    second = site.check_certificate(site.directory / "second.pem", *NAMES)
    assert first.serial_number != second.serial_number
    [revoked] = await site.gateway.pool.fetch("SELECT serial, reason FROM ca.revocation")
    assert (int(revoked["serial"], 16), revoked["reason"]) == (second.serial_number, 4)


@every_library
async def test_a_library_tells_its_user_why_it_was_refused(site: Site, library: str) -> None:
    await site.buy(NAMES[0])
    environment = {**variables(site), "WEBROOT": str(site.directory)}
    output = await site.fail(*command(library), *NAMES, **{**environment, "EAB_MAC_KEY": "A" * 43})
    assert "The MAC does not verify" in output
    output = await site.fail(*command(library), *NAMES, **environment)
    assert "b.example.com: not in the subscription; ask your reseller to add it." in output


@every_library
async def test_a_library_waits_for_an_issuer_that_takes_its_time(site: Site, library: str) -> None:
    """No order makes a second certificate while its client asks again and again."""
    await site.buy(*NAMES)
    services = site.gateway.services
    ca = await local_ca(services.settings)
    services.issuers.put_before(SlowIssuer(ca, site.directory / "upstream", seconds=3))
    async with webroot(site) as directory:
        await site.succeed(*command(library), *NAMES, **variables(site), WEBROOT=str(directory))
    first = site.check_certificate(site.directory / "first.pem", *NAMES)
    second = site.check_certificate(site.directory / "second.pem", *NAMES)
    issued = await site.gateway.pool.fetch("SELECT serial FROM ca.certificate WHERE NOT withheld")
    assert {int(row["serial"], 16) for row in issued} == {
        first.serial_number,
        second.serial_number,
    }


async def test_clients_on_many_machines_share_one_credential(site: Site) -> None:
    """Each makes an account of its own under it, at the same moment, for the same names."""
    await site.buy(*NAMES)

    async def on_a_machine(library: str, webroot: str) -> None:
        place = site.directory / library
        place.mkdir()
        there = replace(site, directory=place)
        await there.succeed(*command(library), *NAMES, **variables(site), WEBROOT=webroot)
        site.check_certificate(place / "first.pem", *NAMES)

    async with webroot(site) as directory:
        await asyncio.gather(*(on_a_machine(library, str(directory)) for library in LIBRARIES))
    accounts = "SELECT count(*) FROM acme.account WHERE kid = $1 AND status = 'valid'"
    assert await site.gateway.pool.fetchval(accounts, site.customer.eab.kid) == len(LIBRARIES)
