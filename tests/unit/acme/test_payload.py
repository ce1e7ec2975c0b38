"""One rule for the members of every payload and protected header (RFC 8555 §7, RFC 7515 §4)."""

import importlib
import json
import pkgutil
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gateway.doors.acme
from gateway.doors.acme.payload import Payload, read
from gateway.doors.acme.problem import Problem

for module in pkgutil.iter_modules(gateway.doors.acme.__path__, "gateway.doors.acme."):
    importlib.import_module(module.name)
FORMS: dict[str, type[Payload]] = {form.__name__: form for form in Payload.__subclasses__()}

NAME = {"type": "dns", "value": "www.example.com"}
EXAMPLES: dict[str, dict[str, Any]] = {
    "NewAccount": {
        "contact": ["mailto:a@example.com"],
        "termsOfServiceAgreed": True,
        "onlyReturnExisting": True,
        "externalAccountBinding": {"protected": "e30", "payload": "e30", "signature": "AA"},
    },
    "ChangedAccount": {
        "contact": ["mailto:a@example.com"],
        "termsOfServiceAgreed": True,
        "status": "deactivated",
    },
    "NewOrderPayload": {
        "identifiers": [NAME],
        "notBefore": "2025-01-10T15:30:00Z",
        "notAfter": "2025-01-11T15:30:00+01:00",
        "profile": "tlsserver",
        "replaces": "AQ.AQ",
    },
    "FinalizeForm": {"csr": "AA"},
    "NewAuthorizationPayload": {"identifier": NAME},
    "ChangedAuthorization": {"status": "deactivated"},
    "ChallengeResponse": {},
    "RevokeForm": {"certificate": "AA", "reason": 1},
    "KeyChange": {"account": "https://acme.example/account/a", "oldKey": {"kty": "EC"}},
    "ProtectedHeader": {
        "alg": "ES256",
        "nonce": "AA",
        "url": "https://acme.example/newOrder",
        "kid": "https://acme.example/account/a",
        "jwk": {"kty": "EC"},
        "crit": ["b64"],
    },
}
FIELDS = [
    (name, field.encode_name, field.required)
    for name, form in FORMS.items()
    for field in msgspec.structs.fields(form)
]
OPTIONAL = [(form, member) for form, member, required in FIELDS if not required]
REQUIRED = [(form, member) for form, member, required in FIELDS if required]
UNJUDGED = [(form, member) for form, member, _ in FIELDS if member not in FORMS[form].judged]


def take(form: str, members: dict[str, Any]) -> Any:
    return read(FORMS[form], json.dumps(members).encode(), "The payload")


def refusal(form: str, members: dict[str, Any]) -> str:
    with pytest.raises(Problem) as caught:
        take(form, members)
    assert (caught.value.kind, caught.value.status) == ("malformed", 400)
    return caught.value.detail


def test_every_form_has_an_example_with_every_member() -> None:
    assert set(EXAMPLES) == set(FORMS)
    for form, example in EXAMPLES.items():
        assert set(example) == {member for other, member, _ in FIELDS if other == form}
        take(form, example)


@pytest.mark.parametrize(("form", "member"), OPTIONAL)
def test_absent_null_and_empty_are_the_same_for_an_optional_member(form: str, member: str) -> None:
    absent = {name: value for name, value in EXAMPLES[form].items() if name != member}
    assert take(form, absent) != take(form, EXAMPLES[form])
    for nothing in (None, ""):
        assert take(form, {**absent, member: nothing}) == take(form, absent)


@pytest.mark.parametrize(("form", "member"), REQUIRED)
def test_absent_null_and_empty_name_a_required_member(form: str, member: str) -> None:
    absent = {name: value for name, value in EXAMPLES[form].items() if name != member}
    for members in (absent, {**absent, member: None}):
        assert f'"{member}"' in refusal(form, members)
    if member not in FORMS[form].judged:
        assert f'"{member}"' in refusal(form, {**absent, member: ""})


def with_nul(value: Any) -> Any:
    """The value, U+0000 added to each of its texts."""
    match value:
        case str():
            return value + "\0"
        case list():
            return [with_nul(item) for item in value]
        case dict():
            return {name: with_nul(item) for name, item in value.items()}
    return "\0"


@pytest.mark.parametrize(("form", "member"), UNJUDGED)
def test_no_member_holds_u_0000(form: str, member: str) -> None:
    example = EXAMPLES[form]
    assert "U+0000" in refusal(form, {**example, member: with_nul(example[member])})
    assert f'"{member}"' in refusal(form, {**example, member: with_nul(example[member])})


@pytest.mark.parametrize("form", FORMS)
def test_other_members_are_ignored_whatever_they_hold(form: str) -> None:
    example = EXAMPLES[form]
    assert take(form, {**example, "other": "\0", "one more": None}) == take(form, example)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "text", [b"", b"null", b'""', b"[]", b"1", b"{", b"\xff", b'{"\\ud800":1}']
)
def test_what_is_no_object_is_malformed(form: str, text: bytes) -> None:
    with pytest.raises(Problem) as caught:
        read(FORMS[form], text, "The payload")
    assert caught.value.kind == "malformed"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(st.sampled_from(FIELDS), json_values)
def test_no_value_of_a_member_breaks_the_reader(field: tuple[str, str, bool], value: Any) -> None:
    form, member, _ = field
    try:
        take(form, {**EXAMPLES[form], member: value})
    except Problem as problem:
        assert problem.kind == "malformed"
