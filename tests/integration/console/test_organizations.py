"""Organizations' pages: stating one, its pre-validations, the names that lean on them."""

import re
from typing import Any

import pytest

from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.organizations import (
    OTHER,
    add_organization,
    add_ov_name,
    add_prevalidation,
    ov_credential,
    prevalidation,
    reject,
)
from tests.support.shop import Shop

ORGANIZATIONS = "/console/organizations"
STATED = {
    "name": "Acme Hosting Ltd",
    "country": "GB",
    "locality": "London",
    "state_or_province": "",
    "street": "1 High Street",
    "postal_code": "N1 1AA",
    "applicant_name": "Jo Doe",
    "applicant_email": "jo@acme.example",
    "applicant_phone": "+44 20 1234567",
    "registrationNumber": "01234567",
    "vatNumber": "GB123456789",
    "lei": "",
    "duns": "123456789",
}


async def stated(gateway: RunningGateway) -> list[dict[str, Any]]:
    rows = await gateway.pool.fetch("SELECT * FROM organization.organization")
    return [dict(row) for row in rows]


def number_in(path: str) -> int:
    return int(path.rpartition("/")[2])


@pytest.fixture
async def shop(gateway: RunningGateway) -> Shop:
    await gateway.at("2026-03-10T12:00:00Z")
    return Shop(gateway)


async def test_an_organization_is_stated_with_all_that_the_api_knows(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    assert "There is no organization yet." in (await reseller.get(ORGANIZATIONS)).text
    answer = await reseller.submit(f"{ORGANIZATIONS}/add", "add-organization", **STATED)
    assert answer.status == 303
    [row] = await stated(gateway)
    assert answer.to == f"{ORGANIZATIONS}/{row['id']}"
    assert {name: row[name] for name in STATED if name in row} == {
        name: value for name, value in STATED.items() if name in row
    }
    assert row["identifiers"] == {
        "duns": "123456789",
        "registrationNumber": "01234567",
        "vatNumber": "GB123456789",
    }
    page = (await reseller.get(answer.to)).text
    assert 'name="vatNumber" value="GB123456789"' in page
    assert 'name="lei" value=""' in page
    assert "Acme Hosting Ltd" in (await reseller.get(ORGANIZATIONS)).text
    actor = "SELECT actor FROM audit.event WHERE action = 'organization.added'"
    assert await gateway.pool.fetchval(actor) == "reseller:demo"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "--"}, "name"),
        ({"country": "XX"}, "country"),
        ({"country": "Germany"}, "country"),
        ({"locality": ""}, "locality"),
        ({"locality": "\u200b"}, "locality"),
        ({"street": "x" * 200}, "street"),
        ({"applicant_email": "nobody"}, "applicant_email"),
        ({"applicant_phone": "call me"}, "applicant_phone"),
        ({"vatNumber": "1"}, "vatNumber"),
        ({"lei": "1234"}, "lei"),
        ({"duns": "12"}, "duns"),
    ],
)
async def test_a_wrong_detail_is_shown_beside_its_field(
    gateway: RunningGateway, reseller: ConsolePerson, changed: dict[str, str], field: str
) -> None:
    answer = await reseller.submit(
        f"{ORGANIZATIONS}/add", "add-organization", **{**STATED, **changed}
    )
    assert answer.status == 422
    assert f'id="add-organization-{field}-error"' in answer.text
    assert 'value="1 High Street"' in answer.text or field == "street"
    assert await stated(gateway) == []


async def test_details_are_stated_anew_and_what_was_validated_stays(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    organization = await add_organization(gateway)
    number = await add_prevalidation(gateway, "acme.example", organization=organization)
    path = f"{ORGANIZATIONS}/{organization}"
    wrong = await reseller.submit(path, "change-organization", **{**STATED, "country": "XX"})
    assert wrong.status == 422
    assert 'id="change-organization-country-error"' in wrong.text
    answer = await reseller.submit(path, "change-organization", **{**STATED, "name": "Acme New"})
    assert (answer.status, answer.to) == (303, path)
    [row] = await stated(gateway)
    assert row["name"] == "Acme New"
    assert (await prevalidation(gateway, number)).details.name == "Acme Hosting Ltd"


async def test_a_pre_validation_is_ordered_and_its_state_shown(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    organization = await add_organization(gateway)
    path = f"{ORGANIZATIONS}/{organization}"
    assert "There is no pre-validation yet." in (await reseller.get(path)).text
    answer = await reseller.submit(
        path, "order-prevalidation", domains="acme.example,\nacme.test  b.example", type="OV"
    )
    assert answer.status == 303
    found = await prevalidation(gateway, number_in(answer.to))
    assert (found.state, found.type) == ("requested", "OV")
    assert found.domains == ["acme.example", "acme.test", "b.example"]
    page = (await reseller.get(answer.to)).text
    assert 'data-state="requested"' in page
    assert "No name depends on it." in page
    listed = (await reseller.get(path)).text
    assert f'data-prevalidation="{found.number}"' in listed
    assert "not yet valid" in listed


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"domains": ""}, "domains"),
        ({"domains": "*.acme.example"}, "domains"),
        ({"domains": "no_domain"}, "domains"),
        ({"domains": " ".join(f"n{each}.example" for each in range(1001))}, "domains"),
        ({"type": "XV"}, "type"),
        ({"type": ""}, "type"),
        ({"previous": "99999999"}, "previous"),
        ({"previous": "one"}, "previous"),
    ],
)
async def test_a_wrong_field_of_an_ordered_pre_validation_is_shown_beside_it(
    gateway: RunningGateway, reseller: ConsolePerson, changed: dict[str, str], field: str
) -> None:
    path = f"{ORGANIZATIONS}/{await add_organization(gateway)}"
    fields = {"domains": "acme.example", "type": "OV", **changed}
    answer = await reseller.submit(path, "order-prevalidation", **fields)
    assert answer.status == 422
    assert f'id="order-prevalidation-{field}-error"' in answer.text


async def test_a_renewal_names_the_one_whose_place_it_takes(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    organization = await add_organization(gateway)
    old = await add_prevalidation(gateway, "acme.example", organization=organization)
    path = f"{ORGANIZATIONS}/{organization}"
    assert f'<option value="{old}">{old}, valid</option>' in (await reseller.get(path)).text
    fields = {"domains": "acme.example", "type": "OV", "previous": str(old)}
    answer = await reseller.submit(path, "order-prevalidation", **fields)
    assert (
        f'<a href="/console/prevalidations/{old}">{old}</a>' in (await reseller.get(answer.to)).text
    )
    twice = await reseller.submit(path, "order-prevalidation", **fields)
    assert twice.status == 422
    assert "is being renewed already" in twice.text


async def test_names_that_lean_on_a_pre_validation_are_shown_and_moved_to_another(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop
) -> None:
    organization = await add_organization(gateway)
    old = await add_prevalidation(gateway, "acme.example", organization=organization)
    path = f"/console/prevalidations/{old}"
    one, two = [await ov_credential(shop) for _ in range(2)]
    await add_ov_name(shop, one.kid, "a.acme.example", old)
    await add_ov_name(shop, two.kid, "b.acme.example", old)
    page = (await reseller.get(path)).text
    assert re.findall('data-name="([^"]+)"', page) == ["a.acme.example", "b.acme.example"]
    assert "order another pre-validation" in page
    new = await add_prevalidation(gateway, "acme.example", organization=organization, renews=old)
    unfit = await add_prevalidation(gateway, "other.example", organization=organization)
    for wrong in (str(unfit), "999999", str(2**63 - 1)):
        refused = await reseller.submit(path, "reassign", ovAnchorOrderNumber=wrong)
        assert refused.status == 422
        assert 'id="reassign-ovAnchorOrderNumber-error"' in refused.text
    foreign = await reseller.submit(
        path, "reassign", ovAnchorOrderNumber=str(new), acmeAccountID="nobody"
    )
    assert foreign.status == 422
    assert 'id="reassign-acmeAccountID-error"' in foreign.text
    moved = await reseller.submit(
        path, "reassign", ovAnchorOrderNumber=str(new), acmeAccountID=one.kid
    )
    assert (moved.status, moved.to) == (303, f"/console/prevalidations/{new}")
    assert "Names that were moved here: 1." in (await reseller.get(moved.to)).text
    rest = await reseller.submit(path, "reassign", ovAnchorOrderNumber=str(new))
    assert rest.status == 303
    assert 'data-state="superseded"' in (await reseller.get(path)).text
    names = re.findall('data-name="([^"]+)"', (await reseller.get(rest.to)).text)
    assert names == ["a.acme.example", "b.acme.example"]


async def test_states_are_those_of_now(gateway: RunningGateway, reseller: ConsolePerson) -> None:
    await gateway.at("2027-01-01T00:00:00Z")
    number = await add_prevalidation(gateway, "acme.example", expires="2027-01-10T23:59:59Z")
    path = f"/console/prevalidations/{number}"
    assert 'data-state="valid"' in (await reseller.get(path)).text
    await gateway.at("2027-01-11T00:00:00Z")
    assert 'data-state="expired"' in (await reseller.get(path)).text
    await reject(gateway, number)
    assert 'data-state="rejected"' in (await reseller.get(path)).text


async def test_the_list_is_sorted_and_says_until_when_an_organization_is_valid(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    await add_prevalidation(gateway, "acme.example", expires="2029-01-10T23:59:59Z")
    await add_prevalidation(gateway, "andere.example", details=OTHER, expires=None)

    async def names(sort: str) -> list[str]:
        text = (await reseller.get(f"{ORGANIZATIONS}?sort={sort}")).text
        return re.findall(r'<a href="/console/organizations/[0-9a-f-]{36}">(A\w+) ', text)

    assert await names("name") == ["Acme", "Andere"]
    assert await names("-name") == ["Andere", "Acme"]
    assert await names("created") == await names("expires") == ["Acme", "Andere"]
    assert await names("-created") == ["Andere", "Acme"]
    text = (await reseller.get(ORGANIZATIONS)).text
    assert 'datetime="2029-01-10T23:59:59Z"' in text
    assert "not valid" in text


async def test_the_page_says_who_renews_pre_validations(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    assert 'data-renewal="manual"' in (await reseller.get(ORGANIZATIONS)).text
    await gateway.pool.execute("UPDATE reseller.account SET renewal_mode = 'auto'")
    text = (await reseller.get(ORGANIZATIONS)).text
    assert 'data-renewal="auto"' in text
    assert "The gateway renews your pre-validations" in text


@pytest.mark.parametrize(
    "path",
    [
        "organizations/nonsense",
        "organizations/0195d0a0-0000-7000-8000-000000000000",
        "prevalidations/1",
        "prevalidations/nonsense",
        "prevalidations/99999999999999999999999",
        "prevalidations/%c2%b2",
    ],
)
async def test_what_is_not_there_is_not_found(reseller: ConsolePerson, path: str) -> None:
    assert (await reseller.get(f"/console/{path}")).status == 404
