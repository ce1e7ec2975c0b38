"""certbot: http-01, dns-01, EAB, renewal, revocation, unregistering."""

from pathlib import Path

from tests.conformance.conftest import Site, program
from tests.conformance.fronts import every_front
from tests.support.acme_client import Eab

NAME, WILDCARD = "www.example.com", "*.example.net"


def certbot(site: Site, command: str, *options: str, home: str = "certbot") -> list[str]:
    directory = site.directory / home
    return [
        program("certbot"),
        command,
        "--non-interactive",
        f"--server={site.gateway.directory_url}",
        f"--config-dir={directory}/config",
        f"--work-dir={directory}/work",
        f"--logs-dir={directory}/logs",
        *options,
    ]


def registration(eab: Eab) -> list[str]:
    return [
        "--agree-tos",
        "--email=admin@example.com",
        f"--eab-kid={eab.kid}",
        f"--eab-hmac-key={eab.mac_key}",
    ]


def http(site: Site, *names: str) -> list[str]:
    domains = [part for name in names for part in ("-d", name)]
    return ["--standalone", f"--http-01-port={site.gateway.http_port}", *domains]


def dns(site: Site, *names: str) -> list[str]:
    domains = [part for name in names for part in ("-d", name)]
    return [
        "--manual",
        "--preferred-challenges=dns",
        f"--manual-auth-hook={site.zone.hook} present",
        f"--manual-cleanup-hook={site.zone.hook} cleanup",
        *domains,
    ]


def live(site: Site, name: str, home: str = "certbot") -> Path:
    return site.directory / home / "config" / "live" / name


@every_front
async def test_http_01_with_eab_gets_a_certificate(site: Site) -> None:
    await site.buy(NAME, "b.example.com")
    await site.succeed(
        *certbot(site, "certonly"),
        *registration(site.customer.eab),
        *http(site, NAME, "b.example.com"),
    )
    site.check_certificate(live(site, NAME) / "fullchain.pem", NAME, "b.example.com")


@every_front
async def test_dns_01_gets_a_wildcard_and_its_base(site: Site) -> None:
    await site.buy(WILDCARD, "example.net")
    await site.succeed(
        *certbot(site, "certonly"),
        *registration(site.customer.eab),
        *dns(site, WILDCARD, "example.net"),
    )
    site.check_certificate(live(site, "example.net") / "fullchain.pem", WILDCARD, "example.net")


async def test_a_name_outside_the_subscription_is_refused_in_words(site: Site) -> None:
    await site.buy(NAME)
    output = await site.fail(
        *certbot(site, "certonly"),
        *registration(site.customer.eab),
        *http(site, NAME, "other.example.com"),
    )
    assert "other.example.com" in output
    assert "not in the subscription" in output


async def test_a_wrong_mac_key_is_explained(site: Site) -> None:
    wrong = Eab(site.customer.eab.kid, "A" * 43)
    output = await site.fail(*certbot(site, "certonly"), *registration(wrong), *http(site, NAME))
    assert "The MAC does not verify" in output


async def test_without_eab_certbot_shows_what_is_missing(site: Site) -> None:
    output = await site.fail(
        *certbot(site, "certonly"),
        "--agree-tos",
        "--email=admin@example.com",
        *http(site, NAME),
    )
    assert "external account" in output.lower()


async def test_renewal_gets_a_new_certificate(site: Site) -> None:
    await site.buy(NAME)
    await site.succeed(
        *certbot(site, "certonly"), *registration(site.customer.eab), *http(site, NAME)
    )
    chain = live(site, NAME) / "fullchain.pem"
    first = site.check_certificate(chain, NAME)
    await site.succeed(*certbot(site, "renew", "--force-renewal", "--no-random-sleep-on-renew"))
    assert site.check_certificate(chain, NAME).serial_number != first.serial_number


@every_front
async def test_a_certificate_is_revoked_with_the_account_and_with_its_key(site: Site) -> None:
    for name, by_key in ((NAME, False), ("b.example.com", True)):
        await site.buy(name)
        await site.succeed(
            *certbot(site, "certonly"), *registration(site.customer.eab), *http(site, name)
        )
        key = [f"--key-path={live(site, name)}/privkey.pem"] if by_key else []
        await site.succeed(
            *certbot(site, "revoke", "--no-delete-after-revoke", "--reason=superseded"),
            f"--cert-path={live(site, name)}/cert.pem",
            *key,
        )
    assert await site.revocations() == [4, 4]


async def test_unregistering_deactivates_the_account(site: Site) -> None:
    await site.succeed(*certbot(site, "register"), *registration(site.customer.eab))
    await site.succeed(*certbot(site, "unregister"))
    status = await site.gateway.pool.fetchval("SELECT status FROM acme.account")
    assert status == "deactivated"


async def test_a_preferred_profile_is_used(site: Site) -> None:
    await site.buy(NAME)
    await site.succeed(
        *certbot(site, "certonly", "--preferred-profile=shortlived"),
        *registration(site.customer.eab),
        *http(site, NAME),
    )
    leaf = site.check_certificate(live(site, NAME) / "fullchain.pem", NAME)
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days < 7


async def test_renewal_information_makes_certbot_renew_early(site: Site) -> None:
    """A fresh certificate is left alone; one that was revoked elsewhere is replaced (RFC 9773)."""
    await site.buy(NAME)
    await site.succeed(
        *certbot(site, "certonly"), *registration(site.customer.eab), *http(site, NAME)
    )
    chain = live(site, NAME) / "fullchain.pem"
    first = site.check_certificate(chain, NAME)
    renew = certbot(site, "renew", "--no-random-sleep-on-renew")
    await site.succeed(*renew)
    assert site.check_certificate(chain, NAME).serial_number == first.serial_number
    await site.gateway.pool.execute(
        "INSERT INTO ca.revocation (serial, revoked_at) SELECT serial, now() FROM ca.certificate"
    )
    kept = site.directory / "certbot" / "config" / "renewal" / f"{NAME}.conf"
    lines = kept.read_text().splitlines()  # it asks again after Retry-After only; not so here
    kept.write_text("\n".join(line for line in lines if "ari_retry_after" not in line) + "\n")
    await site.succeed(*renew)
    assert site.check_certificate(chain, NAME).serial_number != first.serial_number
