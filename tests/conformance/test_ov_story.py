"""Two years of an OV customer with certbot, with automatic renewal and without any renewal."""

from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.conformance.conftest import Site
from tests.conformance.test_certbot import certbot, http, live, registration
from tests.conformance.test_certbot_ov import NAME, certificate, on_ov
from tests.integration.acme.conftest import new_customer
from tests.support.acme_client import Eab
from tests.support.organizations import approve, ov_credential
from tests.support.shop import Shop

DV_NAME = "dv.example.com"
AGAIN = ("--force-renewal", "--no-random-sleep-on-renew")
BEGIN = "2025-01-10T15:30:00Z"
ACME = {"organizationName": "Acme Hosting Ltd", "countryName": "GB", "localityName": "London"}
MOVED = {"organizationName": "Acme Cloud GmbH", "countryName": "DE", "localityName": "Köln"}


async def test_two_years_of_automatic_renewal_and_then_new_details(site: Site) -> None:
    shop = site.customer.shop
    await shop.set_reseller(renewal_mode="auto")
    await shop.at(BEGIN)
    organization, first = await validated(shop, "EV", expires="2025-12-31T23:59:59Z")
    eab = await subscribed(site, first)
    assert subject_of(await issued(site, eab)) == ("GB", "London", "Acme Hosting Ltd")

    await shop.at("2025-12-05T12:00:00Z")
    await shop.extend(eab.kid)
    second = await anchor(shop, eab)
    assert (await shown(shop, first))["prevalidationState"] == "superseded"
    assert await shown(shop, second) == {
        **await shown(shop, first),
        "ovAnchorOrderNumber": second,
        "prevalidationType": "OV",
        "prevalidationState": "valid",
        "requestedAt": "2025-12-01T23:59:59Z",
        "validFrom": "2025-12-01T23:59:59Z",
        "expiresAt": "2026-12-31T23:59:59Z",
        "renewsAnchorOrderNumber": first,
    }
    assert subject_of(await renewed(site)) == ("GB", "London", "Acme Hosting Ltd")

    await shop.at("2026-12-05T12:00:00Z")
    await shop.extend(eab.kid)
    third = await anchor(shop, eab)
    again = await shown(shop, third)
    assert again["renewsAnchorOrderNumber"] == second
    assert (again["prevalidationType"], again["expiresAt"]) == ("OV", "2027-12-31T23:59:59Z")
    assert len({first, second, third}) == 3
    assert subject_of(await renewed(site)) == ("GB", "London", "Acme Hosting Ltd")

    await shop.do("UPDATEORGANIZATION", organizationID=organization, **MOVED)
    assert subject_of(await renewed(site)) == ("GB", "London", "Acme Hosting Ltd")
    fourth = await ordered(shop, organization, "OV")
    await approve(site.gateway, fourth)
    answer = await shop.do(
        "UPDATEDOMAINS",
        acmeAccountID=eab.kid,
        oldOVAnchorOrderNumber=str(third),
        ovAnchorOrderNumber=str(fourth),
    )
    assert answer == {"success": True, "nRecordsUpdated": 1}
    assert subject_of(await renewed(site)) == ("DE", "Köln", "Acme Cloud GmbH")
    assert await events(site, "prevalidation.expiring") == []


async def test_with_manual_renewal_and_nothing_done_only_the_issuance_of_ov_ends_on_the_day(
    site: Site,
) -> None:
    shop = site.customer.shop
    await shop.at(BEGIN)
    dv = await new_customer(shop, DV_NAME)
    site.zone.point_here(DV_NAME)
    _, number = await validated(shop, "OV", expires="2025-12-31T23:59:59Z")
    eab = await subscribed(site, number)
    await issued(site, eab)
    await site.succeed(
        *certbot(site, "certonly", home="dv"), *registration(dv.eab), *http(site, DV_NAME)
    )

    await shop.at("2025-12-31T23:59:59Z")
    await renewed(site)
    await shop.at("2026-01-01T00:00:00Z")
    last = certificate(site).serial_number
    output = " ".join((await site.fail(*on_ov(site, "renew", *AGAIN))).split())
    assert f"pre-validation {number} expired on 2025-12-31" in output
    assert certificate(site).serial_number == last

    assert await events(site, "prevalidation.expiring") == [
        ("2025-12-02", str(number)),
        ("2025-12-18", str(number)),
        ("2025-12-25", str(number)),
        ("2025-12-31", str(number)),
    ]
    assert await events(site, "prevalidation.expired") == [("2026-01-01", str(number))]
    assert await events(site, "prevalidation.renewed") == []
    assert await shop.domains(eab.kid) == {NAME: "2026-01-10T23:59:59Z"}
    await shop.extend(eab.kid)
    assert await shop.domains(eab.kid) == {NAME: "2027-01-10T23:59:59Z"}
    await site.succeed(*certbot(site, "renew", *AGAIN, home="dv"))
    site.check_certificate(live(site, DV_NAME, "dv") / "fullchain.pem", DV_NAME)


async def validated(shop: Shop, kind: str, expires: str) -> tuple[str, int]:
    """An organization and its pre-validation for example.com, ordered and approved."""
    organization = (await shop.do("ADDORGANIZATION", **ACME))["organizationID"]
    number = await ordered(shop, organization, kind)
    await approve(shop.gateway, number, expires)
    return organization, number


async def ordered(shop: Shop, organization: str, kind: str) -> int:
    answer = await shop.do(
        "ORDERPREVALIDATION",
        organizationID=organization,
        domainNames="example.com",
        prevalidationType=kind,
    )
    return int(answer["ovAnchorOrderNumber"])


async def subscribed(site: Site, number: int) -> Eab:
    """A credential on the OV server whose subscription, of a year, has NAME."""
    site.zone.point_here(NAME)
    shop = site.customer.shop
    eab = await ov_credential(shop)
    await shop.add(eab.kid, NAME, ovAnchorOrderNumber=str(number))
    return eab


async def shown(shop: Shop, number: int) -> dict[str, Any]:
    """A pre-validation as its reseller sees it."""
    listed = (await shop.do("LISTPREVALIDATIONS"))["Prevalidations"]
    [found] = [each for each in listed if each["ovAnchorOrderNumber"] == number]
    return dict(found)


async def anchor(shop: Shop, eab: Eab) -> int:
    """The number of the pre-validation that NAME depends on."""
    [domain] = (await shop.do("LISTDOMAINS", acmeAccountID=eab.kid))["Domains"]
    return int(domain["ovAnchorOrderNumber"])


async def events(site: Site, action: str) -> list[tuple[str, str]]:
    """Days and subjects of events in the audit trail."""
    rows = await site.gateway.pool.fetch(
        """
        SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, subject
          FROM audit.event
         WHERE action = $1
         ORDER BY id
        """,
        action,
    )
    return [(row["day"], row["subject"]) for row in rows]


async def issued(site: Site, eab: Eab) -> x509.Certificate:
    await site.succeed(*on_ov(site, "certonly"), *registration(eab), *http(site, NAME))
    return certificate(site)


async def renewed(site: Site) -> x509.Certificate:
    """What a renewal by certbot got; another one than before."""
    before = certificate(site)
    await site.succeed(*on_ov(site, "renew", *AGAIN))
    after = certificate(site)
    assert after.serial_number != before.serial_number
    return after


def subject_of(leaf: x509.Certificate) -> tuple[str, ...]:
    """Country, locality and organization."""
    wanted = (NameOID.COUNTRY_NAME, NameOID.LOCALITY_NAME, NameOID.ORGANIZATION_NAME)
    return tuple(str(leaf.subject.get_attributes_for_oid(oid)[0].value) for oid in wanted)
