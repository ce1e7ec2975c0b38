"""Apache with mod_md: a web server that gets its own certificate, as docs/clients.md has it."""

import json
import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from tests.conformance.conftest import Site, program
from tests.conformance.daemon import daemon
from tests.conformance.document import documented, here, variables
from tests.conformance.served import served
from tests.support.server_process import until

NAME, WILDCARD = "www.example.com", "*.example.com"

_CONFIG = """
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule md_module /usr/lib/apache2/modules/mod_md.so
ServerRoot {directory}
ServerName localhost
DefaultRuntimeDir {directory}
PidFile {directory}/pid
ErrorLog {directory}/log
LogLevel warn
Listen 127.0.0.1:{http_port}
Listen 127.0.0.1:{tls_port}
MDStoreDir {directory}/md
MDCACertificateFile {directory}/root.pem
MDPortMap 80:{http_port} 443:{tls_port}
MDInitialDelay 0
MDRetryDelay 1s
{more}
{documented}
"""
_HOOK = """#!/bin/sh
case "$1" in
setup) exec curl -fsS -d "" "{url}/present?name=_acme-challenge.$2&value=$3" ;;
teardown) exec curl -fsS -d "" "{url}/cleanup?name=_acme-challenge.$2&value=$3" ;;
esac
"""
"""Without Python, which may be a user's own that Apache's may not run."""

_WAYS = {
    "http-01": "MDCAChallenges http-01",
    "tls-alpn-01": "Protocols http/1.1 acme-tls/1\nMDCAChallenges tls-alpn-01",
}


@dataclass(frozen=True)
class Apache:
    """A web server of our own, and its directory."""

    site: Site
    directory: Path
    name: str

    @property
    def log(self) -> Path:
        return self.directory / "log"

    @property
    def chain(self) -> Path:
        return self.directory / "md" / "domains" / self.name / "pubcert.pem"

    @asynccontextmanager
    async def running(self, *more: str) -> AsyncIterator[None]:
        """It restarts gracefully as soon as it has a new certificate, as operators let it."""
        port = self.site.gateway.tls_port
        text = here(documented("mod_md"), **{"*:443": f"127.0.0.1:{port}", NAME: self.name})
        (self.directory / "httpd.conf").write_text(
            _CONFIG.format(
                directory=self.directory,
                documented=text.replace("ServerName *", "ServerName www"),
                http_port=self.site.gateway.http_port,
                tls_port=port,
                more="\n".join(more),
            )
        )
        async with daemon(
            *(program("apache2"), "-D", "FOREGROUND", "-f", str(self.directory / "httpd.conf")),
            log=self.directory / "output",
            environment={**self.site.environment, **variables(self.site)},
            user=_user(),
        ) as apache:
            await until(self.is_renewed, self.log)
            apache.send(signal.SIGUSR1)
            yield

    def is_renewed(self) -> bool:
        """Is there a certificate that the next restart puts to use?"""
        job = self.directory / "md" / "staging" / self.name / "job.json"
        return job.exists() and bool(json.loads(job.read_text()).get("finished"))

    async def shown(self, name: str, besides: int = 0) -> x509.Certificate:
        """What visitors get, once it has another serial number than `besides`."""
        port, root = self.site.gateway.tls_port, self.site.gateway.root_pem

        async def is_there() -> bool:
            certificate = await served(port, name, root)
            return certificate is not None and certificate.serial_number != besides

        await until(is_there, self.log)
        certificate = await served(port, name, root)
        assert certificate is not None
        return certificate


def _user() -> str | None:
    """Apache will not serve as root, and must own its directory."""
    return "nobody" if os.getuid() == 0 else None


@pytest.fixture
def place(site: Site) -> Iterator[Path]:
    """A directory that Apache may use, with what it has to know of the site."""
    directory = Path(tempfile.mkdtemp(prefix="gateway-apache-"))
    shutil.copy(site.gateway.root_pem, directory / "root.pem")
    if user := _user():
        account = pwd.getpwnam(user)
        for file in (directory, directory / "root.pem"):
            os.chown(file, account.pw_uid, account.pw_gid)
    yield directory
    shutil.rmtree(directory)


@pytest.mark.parametrize("challenge", _WAYS)
async def test_a_certificate_is_got_with_eab_and_shown_to_visitors(
    site: Site, place: Path, challenge: str
) -> None:
    await site.buy(NAME)
    apache = Apache(site, place, NAME)
    async with apache.running(_WAYS[challenge]):
        shown = await apache.shown(NAME)
        assert site.check_certificate(apache.chain, NAME) == shown
    assert await site.proven_by() == [challenge]


async def test_dns_01_gets_a_wildcard(site: Site, place: Path) -> None:
    await site.buy(WILDCARD)
    script = place / "dns-hook"
    script.write_text(_HOOK.format(url=site.zone.url))
    script.chmod(0o755)
    apache = Apache(site, place, WILDCARD)
    async with apache.running(f"MDChallengeDns01 {script}"):
        await apache.shown(NAME)
        site.check_certificate(apache.chain, WILDCARD)


async def test_renewal_information_makes_it_renew_early(site: Site, place: Path) -> None:
    """It was revoked elsewhere, which mod_md learns when it asks again (RFC 9773)."""
    await site.buy(NAME)
    apache = Apache(site, place, NAME)
    async with apache.running():
        first = await apache.shown(NAME)
    await site.gateway.pool.execute(
        "INSERT INTO ca.revocation (serial, revoked_at) SELECT serial, now() FROM ca.certificate"
    )
    async with apache.running():
        await apache.shown(NAME, besides=first.serial_number)
    replacing = await site.gateway.pool.fetchval('SELECT count(replaces) FROM acme."order"')
    assert replacing == 1
