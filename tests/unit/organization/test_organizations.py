"""Which details of an organization are valid (BR §7.1.2.7.4, X.520 upper bounds, ISO 3166-1)."""

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso3166 import countries_by_alpha2

from gateway.errors.organization import InvalidDetail
from gateway.rules.organization.organizations import (
    COUNTRIES,
    OrganizationDetails,
    Subject,
    checked,
)

GOOD = OrganizationDetails("Acme Ltd", "GB", locality="London")


def wrong(**changes: Any) -> tuple[str, str]:
    """The detail that is refused, and why."""
    with pytest.raises(InvalidDetail) as refused:
        checked(replace(GOOD, **changes))
    return refused.value.field, str(refused.value)


def test_countries_are_those_of_iso_3166_1() -> None:
    assert frozenset(countries_by_alpha2) - {"XK"} == COUNTRIES  # XK is user-assigned


@pytest.mark.parametrize("country", ["", "gb", "GBR", "XX", "UK", "ZZ", "G", "É1", "EU", " DE"])
def test_other_countries_are_refused(country: str) -> None:
    field, said = wrong(country=country)
    assert field == "country"
    assert "ISO 3166-1" in said


@pytest.mark.parametrize("name", ["", " ", "   "])
def test_an_organization_has_a_name(name: str) -> None:
    assert wrong(name=name) == ("name", "the name of the organization is empty")


def test_an_organization_is_somewhere() -> None:
    assert wrong(locality="") == (
        "locality",
        "a locality, a state or province, or both must be given",
    )
    assert checked(replace(GOOD, locality="", state_or_province="Kent")).locality == ""


@pytest.mark.parametrize(
    ("field", "maximum"),
    [
        *(("name", 64), ("locality", 128), ("state_or_province", 128), ("street", 128)),
        *(("postal_code", 40), ("applicant_name", 128)),
    ],
)
def test_texts_are_as_long_as_certificates_can_hold(field: str, maximum: int) -> None:
    longest: Any = {field: "é" * maximum}
    assert getattr(checked(replace(GOOD, **longest)), field) == "é" * maximum
    objection = wrong(**{field: "é" * (maximum + 1)})
    assert objection == (field, f"the {field.replace('_', ' ')} has more than {maximum} characters")


@pytest.mark.parametrize("field", ["name", "locality", "street", "applicant_name", "postal_code"])
@pytest.mark.parametrize(
    "character",
    ["\0", "\n", "\t", "\x1b", "\x7f", "\u0085", "\u202e", "\u200b", "\u2028", "\ud800"],
)
def test_control_and_invisible_characters_are_refused(field: str, character: str) -> None:
    objection = wrong(**{field: f"a{character}b"})
    shown = field.replace("_", " ")
    assert objection == (field, f"the {shown} holds control or invisible characters")


@pytest.mark.parametrize("text", [".", "-", "- -", "n/a"[1:2], "…", "*"])
def test_metadata_that_says_absent_is_refused(text: str) -> None:
    assert wrong(name=text) == ("name", "the name holds no letter and no digit")


def test_texts_are_kept_composed_and_without_space_at_the_ends() -> None:
    decomposed = unicodedata.normalize("NFD", "Café Zürich")
    assert checked(replace(GOOD, name=f"  {decomposed} ")).name == "Café Zürich"


@pytest.mark.parametrize("mail", ["erika", "a b@example.com", "Erika <e@example.com>", "@x.de"])
def test_the_applicants_mail_address_is_one(mail: str) -> None:
    assert wrong(applicant_email=mail)[0] == "applicant_email"


@pytest.mark.parametrize("phone", ["x", "1", "+", "12-", "++491234", "1" * 33])
def test_the_applicants_phone_number_is_one(phone: str) -> None:
    assert wrong(applicant_phone=phone)[0] == "applicant_phone"
    assert checked(replace(GOOD, applicant_phone="+49 (30) 1234-567"))


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("registrationNumber", "HRB 123456", "x" * 65),
        ("vatNumber", "DE123456789", "123456789"),
        ("lei", "5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R13"),
        ("lei", "529900T8BM49AURSDO55", "529900T8BM49AURSDO5"),
        ("duns", "150483782", "15-048-3782"),
    ],
)
def test_identifiers_look_like_what_they_are(kind: str, good: str, bad: str) -> None:
    assert checked(replace(GOOD, identifiers={kind: f" {good} "})).identifiers == {kind: good}
    assert wrong(identifiers={kind: bad})[0] == kind
    assert wrong(identifiers={kind: "a\0"})[0] == kind


def test_an_unknown_kind_of_identifier_is_reported_with_those_there_are() -> None:
    field, said = wrong(identifiers={"passport": "x"})
    assert field == "identifiers"
    assert "registrationNumber, vatNumber, lei, duns" in said


def test_what_is_not_given_is_not_kept() -> None:
    assert checked(replace(GOOD, identifiers={"lei": ""})).identifiers == {}


def test_details_come_back_from_their_document() -> None:
    full = checked(replace(GOOD, street="1 High St", identifiers={"duns": "150483782"}))
    assert OrganizationDetails.from_document(full.document()) == full
    assert full.subject == Subject("Acme Ltd", "London", "", "GB")


_TEXTS = st.text(max_size=140)


@given(name=_TEXTS, locality=_TEXTS, country=st.sampled_from([*sorted(COUNTRIES), "XX"]) | _TEXTS)
def test_whatever_passes_once_passes_unchanged_again(
    name: str, locality: str, country: str
) -> None:
    try:
        stated = checked(OrganizationDetails(name, country, locality=locality))
    except InvalidDetail:
        return
    assert checked(stated) == stated
    assert 1 <= len(stated.name) <= 64
    assert stated.name.isprintable()
    assert stated.country in COUNTRIES
