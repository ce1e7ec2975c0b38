"""lego: http-01, dns-01, EAB, renewal, revocation."""

from pathlib import Path

from tests.conformance.conftest import HOOK, Site, program
from tests.conformance.fronts import every_front

NAME, WILDCARD = "www.example.com", "*.example.net"


def lego(site: Site, *options: str, names: tuple[str, ...] = (NAME,)) -> list[str]:
    eab = site.customer.eab
    domains = [part for name in names for part in ("-d", name)]
    return [
        program("lego"),
        f"--server={site.gateway.directory_url}",
        f"--path={site.directory}/lego",
        "--accept-tos",
        "--email=admin@example.com",
        "--eab",
        f"--kid={eab.kid}",
        f"--hmac={eab.mac_key}",
        *domains,
        *options,
    ]


def http(site: Site) -> list[str]:
    return ["--http", f"--http.port=127.0.0.1:{site.gateway.http_port}"]


def hook(site: Site) -> dict[str, str]:
    """lego's `exec` provider runs one program; give it ours with its interpreter."""
    script = site.directory / "hook"
    script.write_text(f'#!/bin/sh\nexec {site.zone.hook} "$@"\n')
    script.chmod(0o755)
    assert HOOK.exists()
    return {"EXEC_PATH": str(script)}


def certificate(site: Site, name: str) -> Path:
    return site.directory / "lego" / "certificates" / f"{name.replace('*', '_')}.crt"


@every_front
async def test_http_01_with_eab_gets_a_certificate(site: Site) -> None:
    await site.buy(NAME, "b.example.com")
    names = (NAME, "b.example.com")
    await site.succeed(*lego(site, *http(site), names=names), "run")
    site.check_certificate(certificate(site, NAME), *names)


@every_front
async def test_tls_alpn_01_gets_a_certificate(site: Site) -> None:
    await site.buy(NAME)
    tls = ["--tls", f"--tls.port=127.0.0.1:{site.gateway.tls_port}"]
    await site.succeed(*lego(site, *tls), "run")
    site.check_certificate(certificate(site, NAME), NAME)


@every_front
async def test_dns_01_gets_a_wildcard(site: Site) -> None:
    await site.buy(WILDCARD)
    await site.succeed(
        *lego(site, "--dns=exec", "--dns.disable-cp", names=(WILDCARD,)),
        f"--dns.resolvers={site.zone.server.address}",
        "run",
        **hook(site),
    )
    site.check_certificate(certificate(site, WILDCARD), WILDCARD)


async def test_a_name_outside_the_subscription_is_refused_in_words(site: Site) -> None:
    await site.buy(NAME)
    output = await site.fail(*lego(site, *http(site), names=("other.example.com",)), "run")
    assert "not in the subscription" in output


async def test_renewal_gets_a_new_certificate(site: Site) -> None:
    await site.buy(NAME)
    await site.succeed(*lego(site, *http(site)), "run")
    first = site.check_certificate(certificate(site, NAME), NAME)
    await site.succeed(*lego(site, *http(site)), "renew", "--days=90", "--no-random-sleep")
    assert site.check_certificate(certificate(site, NAME), NAME).serial_number != (
        first.serial_number
    )


async def test_a_certificate_is_revoked(site: Site) -> None:
    await site.buy(NAME)
    await site.succeed(*lego(site, *http(site)), "run")
    await site.succeed(*lego(site), "revoke", "--reason=4")
    assert await site.gateway.pool.fetchval("SELECT count(*) FROM ca.revocation") == 1


async def test_an_rsa_key_is_certified_too(site: Site) -> None:
    await site.buy(NAME)
    await site.succeed(*lego(site, *http(site), "--key-type=rsa2048"), "run")
    site.check_certificate(certificate(site, NAME), NAME)
