"""Resellers' own actions: stating organizations, ordering and listing pre-validations."""

from typing import Any

import pytest

from tests.support.organizations import add_organization, approve, reject
from tests.support.shop import Shop

ACME = {"organizationName": "Acme Hosting Ltd", "countryName": "GB", "localityName": "London"}
FULL = {
    **ACME,
    "stateOrProvinceName": "Greater London",
    "streetAddress": "1 High Street",
    "postalCode": "E1 6AN",
    "applicantName": "Ann Applicant",
    "applicantEmailAddress": "ann@example.org",
    "applicantPhone": "+44 20 7946 0000",
    "registrationNumber": "01234567",
    "vatNumber": "GB123456789",
    "lei": "5493001KJTIIGC8Y1R12",
    "duns": "150483782",
}


async def organizations(shop: Shop, **fields: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await shop.do("LISTORGANIZATIONS", **fields))["Organizations"]
    return listed


async def prevalidations(shop: Shop, **fields: str) -> list[dict[str, Any]]:
    answer = await shop.do("LISTPREVALIDATIONS", **fields)
    listed: list[dict[str, Any]] = answer["Prevalidations"]
    return listed


@pytest.fixture
async def other(shop: Shop) -> Shop:
    return await shop.second_reseller("other")


@pytest.fixture
async def organization(shop: Shop) -> str:
    made: str = (await shop.do("ADDORGANIZATION", **FULL))["organizationID"]
    return made


async def test_what_was_stated_is_listed_to_its_reseller_only(
    shop: Shop, other: Shop, organization: str
) -> None:
    stated = {"organizationID": organization, **FULL, "changedAt": "2025-01-10T15:30:00Z"}
    assert await organizations(shop) == [stated]
    assert await organizations(other) == []
    await add_organization(shop.gateway)
    second = (await organizations(shop, page="1", size="1"))[0]
    assert second["organizationName"] == "Acme Hosting Ltd"
    assert "vatNumber" not in second


async def test_an_update_states_all_anew(shop: Shop, organization: str) -> None:
    await shop.at("2025-02-01T00:00:00Z")
    answer = await shop.do("UPDATEORGANIZATION", organizationID=organization, **ACME)
    assert answer == {"success": True, "organizationID": organization}
    assert await organizations(shop) == [
        {"organizationID": organization, **ACME, "changedAt": "2025-02-01T00:00:00Z"}
    ]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("organizationName", " "),
        ("organizationName", "x" * 65),
        ("organizationName", "a\u202eb"),
        ("organizationName", "a\nb"),
        ("organizationName", "-"),
        ("countryName", "gb"),
        ("countryName", "XX"),
        ("countryName", "GBR"),
        ("localityName", "\x1b[31m"),
        ("stateOrProvinceName", "x" * 129),
        ("streetAddress", "."),
        ("postalCode", "x" * 41),
        ("applicantEmailAddress", "ann"),
        ("applicantPhone", "call me"),
        ("registrationNumber", "\u200b"),
        ("vatNumber", "123"),
        ("lei", "5493001KJTIIGC8Y1R13"),
        ("duns", "x"),
    ],
)
async def test_a_malformed_detail_is_the_e3_of_its_argument(
    shop: Shop, organization: str, argument: str, value: str
) -> None:
    before = await shop.state()
    fields = {**FULL, argument: value}
    for action, more in (
        ("ADDORGANIZATION", {}),
        ("UPDATEORGANIZATION", {"organizationID": organization}),
    ):
        refused = await shop.refused(action, **fields, **more)
        said = f"The value of the '{argument}' argument is invalid!"
        assert (refused.status, refused.kind, refused.detail) == (400, "malformed", said)
    assert await shop.state() == before


async def test_an_organization_without_a_place_misses_one(shop: Shop) -> None:
    named = {"organizationName": "Acme", "countryName": "GB"}
    refused = await shop.refused("ADDORGANIZATION", **named)
    assert refused.detail == "The 'localityName' argument is missing!"
    await shop.do("ADDORGANIZATION", **named, stateOrProvinceName="Kent")


async def test_an_order_is_requested_and_listed_with_its_fate(
    shop: Shop, other: Shop, organization: str
) -> None:
    balance = await shop.balance()
    fields = {"organizationID": organization, "domainNames": "example.org, www.Example.NET"}
    ordered = await shop.do("ORDERPREVALIDATION", **fields)
    number = ordered["ovAnchorOrderNumber"]
    assert ordered == {
        "success": True,
        "ovAnchorOrderNumber": number,
        "prevalidationState": "requested",
    }
    assert await shop.balance() == balance
    line = {
        "ovAnchorOrderNumber": number,
        "organizationID": organization,
        "organizationName": "Acme Hosting Ltd",
        "prevalidationType": "OV",
        "prevalidationState": "requested",
        "domains": [{"domainName": "example.org"}, {"domainName": "www.example.net"}],
        "requestedAt": "2025-01-10T15:30:00Z",
    }
    assert await prevalidations(shop) == [line]
    assert await prevalidations(other) == []
    await approve(shop.gateway, number, "2025-06-30T23:59:59Z")
    line |= {
        "prevalidationState": "valid",
        "validFrom": "2025-01-10T15:30:00Z",
        "expiresAt": "2025-06-30T23:59:59Z",
    }
    assert await prevalidations(shop, organizationID=organization) == [line]
    await shop.at("2025-07-01T00:00:00Z")
    assert (await prevalidations(shop))[0]["prevalidationState"] == "expired"
    renewal = {**fields, "prevalidationType": "OV+SMIME", "renewsAnchorOrderNumber": str(number)}
    await shop.do("ORDERPREVALIDATION", **renewal)
    newest = (await prevalidations(shop, page="1", size="1"))[0]
    assert newest["renewsAnchorOrderNumber"] == number
    assert newest["prevalidationType"] == "OV+SMIME"
    await reject(shop.gateway, newest["ovAnchorOrderNumber"])
    assert (await prevalidations(shop))[1]["prevalidationState"] == "rejected"


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("organizationID", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("organizationID", "x"),
        ("domainNames", "localhost"),
        ("domainNames", "example.org,"),
        ("domainNames", "example.org,,example.net"),
        ("domainNames", "*.example.org"),
        ("domainNames", "co.uk"),
        ("domainNames", "example.org;example.net"),
        ("prevalidationType", "DV"),
        ("prevalidationType", "OV SMIME"),
        ("renewsAnchorOrderNumber", "1"),
        ("renewsAnchorOrderNumber", "x"),
    ],
)
async def test_a_malformed_order_is_the_e3_of_its_argument(
    shop: Shop, organization: str, argument: str, value: str
) -> None:
    before = await shop.state()
    fields = {"organizationID": organization, "domainNames": "example.org", argument: value}
    refused = await shop.refused("ORDERPREVALIDATION", **fields)
    said = f"The value of the '{argument}' argument is invalid!"
    assert (refused.status, refused.kind, refused.detail) == (400, "malformed", said)
    assert await shop.state() == before


async def test_what_belongs_to_others_does_not_exist(
    shop: Shop, other: Shop, organization: str
) -> None:
    number = (
        await shop.do("ORDERPREVALIDATION", organizationID=organization, domainNames="example.org")
    )["ovAnchorOrderNumber"]
    said = "The value of the 'organizationID' argument is invalid!"
    wanted = {"organizationID": organization, "domainNames": "example.org"}
    assert (await other.refused("ORDERPREVALIDATION", **wanted)).detail == said
    changed = {"organizationID": organization, **ACME}
    assert (await other.refused("UPDATEORGANIZATION", **changed)).detail == said
    assert await prevalidations(other, organizationID=organization) == []
    own = (await other.do("ADDORGANIZATION", **ACME))["organizationID"]
    refused = await other.refused(
        "ORDERPREVALIDATION",
        organizationID=own,
        domainNames="example.org",
        renewsAnchorOrderNumber=str(number),
    )
    assert refused.detail == "The value of the 'renewsAnchorOrderNumber' argument is invalid!"


async def test_a_repeated_order_under_one_idempotency_key_is_one(
    shop: Shop, organization: str
) -> None:
    form = {
        "action": "ORDERPREVALIDATION",
        "loginName": shop.gateway.login,
        "loginPassword": shop.gateway.password,
        "organizationID": organization,
        "domainNames": "example.org",
    }
    answers = []
    for _ in range(2):
        async with shop.gateway.session.post(
            shop.gateway.actions_url, data=form, headers={"Idempotency-Key": "once"}
        ) as response:
            answers.append(await response.json())
    assert answers[0] == answers[1]
    assert len(await prevalidations(shop)) == 1
