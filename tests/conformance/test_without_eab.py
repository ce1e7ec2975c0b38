"""Clients that know no EAB use an account that another client bound, as docs/clients.md has it."""

from pathlib import Path

import pytest

from tests.conformance.conftest import CLIENTS, Site, in_its_environment
from tests.conformance.document import documented, here, variables
from tests.conformance.webroot import DOCUMENTED, webroot

NAME, OTHER = "www.example.com", "b.example.com"


@pytest.fixture
def terms() -> str | None:
    """As in production: sewer fails at a directory without terms of service."""
    return "https://www.example.com/terms-1.pdf"


async def bound_account(site: Site, webroot: Path) -> Path:
    """The key of an account that dehydrated registered by the documented lines."""
    lines = here(documented("dehydrated"), **{DOCUMENTED: str(webroot)})
    registration = lines.rpartition("dehydrated ")[0]
    await site.succeed("sh", "-euc", registration, **variables(site))
    [key] = site.directory.glob("accounts/*/account_key.pem")
    return key


async def test_acme_tiny_gets_and_renews_a_certificate(site: Site) -> None:
    await site.buy(NAME)
    environment = variables(site)
    acme_tiny = Path(in_its_environment("acme-tiny", "acme-tiny"))
    environment["PATH"] = f"{acme_tiny.parent}:{environment['PATH']}"
    async with webroot(site) as directory:
        await bound_account(site, directory)
        lines = here(
            documented("acme-tiny"),
            **{DOCUMENTED: str(directory), "acme-tiny --": "acme-tiny --disable-check --"},
        )
        serials = set()
        for _ in range(2):
            await site.succeed("sh", "-euc", lines, **environment)
            chain = site.directory / f"{NAME}.pem"
            serials.add(site.check_certificate(chain, NAME).serial_number)
    assert len(serials) == 2


async def test_sewer_gets_and_renews_a_certificate(site: Site) -> None:
    await site.buy(NAME, OTHER)
    async with webroot(site) as directory:
        await site.succeed(
            *(in_its_environment("sewer", "python"), str(CLIENTS / "sewer_0_8.py"), NAME, OTHER),
            **variables(site),
            WEBROOT=str(directory),
            ACCOUNT_KEY=str(await bound_account(site, directory)),
        )
    first = site.check_certificate(site.directory / "first.pem", NAME, OTHER)
    second = site.check_certificate(site.directory / "second.pem", NAME, OTHER)
    assert first.serial_number != second.serial_number


async def test_an_account_that_nobody_bound_is_refused_in_words(site: Site) -> None:
    await site.buy(NAME)
    await site.succeed("openssl", "genrsa", "-out", "new.pem", "2048")
    await site.succeed(
        *("openssl", "req", "-new", "-key", "new.pem", "-subj", f"/CN={NAME}", "-out", "new.csr")
    )
    acme_tiny = in_its_environment("acme-tiny", "acme-tiny")
    output = await site.fail(
        *(acme_tiny, "--directory-url", site.gateway.directory_url),
        *("--account-key", "new.pem", "--csr", "new.csr", "--acme-dir", str(site.directory)),
    )
    assert "externalAccountRequired" in output
