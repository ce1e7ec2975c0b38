"""Forms of pages: checks, what is shown again, quotes."""

from decimal import Decimal

import pytest

from gateway.doors.console.forms import (
    FilledForm,
    FormField,
    PageForm,
    counted,
    may_be_kept,
    without_spaces,
)
from gateway.doors.console.sentences import SENTENCES, Sentence
from gateway.errors.money import NotEnoughCredit, QuoteChanged
from gateway.errors.request import ArgumentInvalid
from gateway.errors.subscription import DomainAlreadyPresent
from gateway.rules.money.quotes import require_quoted
from gateway.web.forms import Form, amount, choice, flag, integer, text
from gateway.web.rendering import line_for
from gateway.web.untrusted import Field

FORM = PageForm(
    "order",
    (
        FormField("domainName", "Domain name", text(10)),
        FormField("years", "Years", integer(1, 3), control="number"),
        FormField("kinds", "Kinds", choice("a", "b"), control="checkboxes", required=False),
        FormField("sure", "Sure", flag, control="checkbox", required=False, default=False),
        FormField("quoted", "", amount, control="hidden", required=False),
        FormField("own_password", "Password", text(99), control="password", required=False),
    ),
)


def filled(*fields: tuple[str, str]) -> tuple[FilledForm, dict[str, object] | None]:
    sent = without_spaces([Field(*each) for each in fields])
    form = FilledForm(FORM, "/console/order", token="t", back="").enter_fields(sent)
    return form, form.check(Form(sent))


def test_values_are_parsed_by_the_kinds_of_the_api() -> None:
    form, values = filled(
        ("domainName", " a.example "), ("years", "2"), ("kinds", "a"), ("kinds", "b"), ("sure", "Y")
    )
    assert form.errors == {}
    assert values == {
        "domainName": "a.example",
        "years": 2,
        "kinds": ["a", "b"],
        "sure": True,
        "quoted": None,
        "own_password": None,
    }


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ([], {"domainName": "Enter a value here.", "years": "Enter a value here."}),
        (
            [("domainName", "x" * 11), ("years", "4")],
            {
                "domainName": "This value cannot be used; it has at most 10 characters.",
                "years": "Enter a whole number from 1 to 3.",
            },
        ),
        (
            [("domainName", "a"), ("years", "1"), ("years", "1")],
            {"years": "Enter a whole number from 1 to 3."},
        ),
        (
            [("domainName", "a\0"), ("years", "1"), ("kinds", "c")],
            {
                "domainName": "This value cannot be used; it has at most 10 characters.",
                "kinds": "Choose one of the options.",
            },
        ),
    ],
)
def test_each_wrong_field_is_named_at_once(
    fields: list[tuple[str, str]], errors: dict[str, str]
) -> None:
    form, values = filled(*fields)
    assert values is None
    assert form.errors == errors
    assert form.trouble == "Check the marked fields."


def test_what_was_entered_is_shown_again_but_no_password() -> None:
    form, _ = filled(("domainName", "x\ud800" * 9), ("own_password", "secret"), ("kinds", "b"))
    assert form.value("domainName") == "x?" * 9
    assert form.value("own_password") == ""
    assert form.has("kinds", "b") and not form.has("kinds", "a")


def test_spaces_are_kept_in_passwords_only() -> None:
    sent = without_spaces([Field("own_password", " a "), Field("name", " a ")])
    assert [each.value for each in sent] == [" a ", "a"]


def test_a_refusal_stands_beside_its_field_or_above_the_form() -> None:
    for error, beside in (
        (ArgumentInvalid("DOMAINNAME"), True),
        (DomainAlreadyPresent(), True),
        (NotEnoughCredit(), False),
        (ArgumentInvalid("nowhere"), False),
    ):
        form, _ = filled(("domainName", "a"), ("years", "1"))
        line = line_for(SENTENCES, error)
        assert isinstance(line, Sentence)
        form.refuse(line, error)
        assert ("domainName" in form.errors) == beside, error
        assert form.trouble


def test_a_form_sent_twice_is_the_same_by_its_own_fields_without_passwords() -> None:
    own = [Field("b", "1"), Field("a", "2")]
    ours = [Field("csrf", "x"), Field("once", "x"), Field("back", "x"), Field("a_password", "x")]
    assert counted([*own, *ours]) == [("a", "2"), ("b", "1")]
    assert [each for each in [*own, *ours] if may_be_kept(each)] == own


def test_nothing_is_bought_at_another_price_than_was_quoted() -> None:
    require_quoted(None, Decimal("365.00"), "USD")
    require_quoted(Decimal("365"), Decimal("365.00"), "USD")
    with pytest.raises(QuoteChanged, match=r"The price is 400.00 USD now, not 365.00 USD"):
        require_quoted(Decimal("365.00"), Decimal("400.00"), "USD")
