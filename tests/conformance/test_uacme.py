"""uacme: http-01, dns-01, EAB, renewal, revocation, as docs/clients.md has it.

It trusts the system's CA store and has no option for another: a namespace of its own shows it the
sandbox's root there, and no other program.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conformance.conftest import Site, program
from tests.conformance.document import documented, here, hook, variables
from tests.conformance.webroot import DOCUMENTED, webroot

NAME, WILDCARD = "www.example.com", "*.example.com"

_STORE = "/etc/ssl/certs"
_NAMESPACE = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
_HOOK = """
[ "$2" = dns-01 ] || exit 1
case "$1" in
begin) exec {hook} present "_acme-challenge.$3" "$5" ;;
*) exec {hook} cleanup "_acme-challenge.$3" "$5" ;;
esac
"""


@pytest.fixture
def methods() -> list[str] | None:
    """The three usual ones: uacme fails at a challenge without a token, such as dns-persist-01."""
    return ["http-01", "dns-01", "tls-alpn-01"]


@pytest.fixture
def trusting(site: Site) -> Iterator[list[str]]:
    """The words before a command that let uacme trust the gateway's CA."""
    if subprocess.run([*_NAMESPACE, "true"], check=False).returncode == 0:
        store = site.directory / "store"
        store.mkdir()
        (store / "ca-certificates.crt").write_bytes(site.gateway.root_pem.read_bytes())
        yield [*_NAMESPACE, "sh", "-euc", f'mount --bind {store} {_STORE} && exec "$@"', "uacme"]
    elif os.getuid() != 0:
        pytest.skip("allowed: uacme trusts the system's CA store, which only root may change")
    else:
        with _in_the_system_store(site.gateway.root_pem):
            yield []


@contextmanager
def _in_the_system_store(root_pem: Path) -> Iterator[None]:
    """Adds the CA to the system's store, for machines where root may make no namespaces."""
    added = Path("/usr/local/share/ca-certificates", f"gateway-test-{uuid4()}.crt")
    update = ["flock", "/run/lock/gateway-test-ca", "update-ca-certificates"]
    added.write_bytes(root_pem.read_bytes())
    try:
        subprocess.run(update, check=True, capture_output=True)
        yield
    finally:
        added.unlink()
        subprocess.run([*update, "--fresh"], check=True, capture_output=True)


def chain(site: Site, name: str) -> Path:
    return site.directory / "uacme" / name / "cert.pem"


async def test_http_01_with_eab_gets_a_certificate_that_can_be_renewed_and_revoked(
    site: Site, trusting: list[str]
) -> None:
    await site.buy(NAME)
    again = [program("uacme"), "--confdir", "uacme", "--acme-url", site.gateway.directory_url]
    async with webroot(site) as directory:
        lines = here(documented("uacme"), **{DOCUMENTED: str(directory)})
        await site.succeed(*trusting, "sh", "-euc", lines, **variables(site))
        first = site.check_certificate(chain(site, NAME), NAME)
        await site.succeed(
            *(*trusting, *again, "--force", "--hook", "/usr/share/uacme/uacme.sh", "issue", NAME),
            UACME_CHALLENGE_PATH=str(directory),
        )
    second = site.check_certificate(chain(site, NAME), NAME)
    assert second.serial_number != first.serial_number
    await site.succeed(*trusting, *again, "revoke", str(chain(site, NAME)))
    revoked = await site.gateway.pool.fetchval("SELECT serial FROM ca.revocation")
    assert int(revoked, 16) == second.serial_number


async def test_dns_01_gets_a_wildcard(site: Site, trusting: list[str]) -> None:
    await site.buy(WILDCARD)
    hook(site, _HOOK)
    registration = documented("uacme").rpartition("uacme --confdir")[0]
    lines = registration + documented("uacme wildcard")
    await site.succeed(*trusting, "sh", "-euc", lines, **variables(site))
    site.check_certificate(chain(site, "example.com"), WILDCARD)


async def test_a_wrong_mac_key_is_explained(site: Site, trusting: list[str]) -> None:
    wrong = {**variables(site), "EAB_MAC_KEY": "A" * 43}
    output = await site.fail(*trusting, "sh", "-euc", documented("uacme"), **wrong)
    assert "The MAC does not verify" in output
