"""Whatever a stranger calls a name costs little: lengths and numbers come before all else.

Calls are counted, of Python and of C. They do not depend on how fast the machine is.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import idna
import pytest
from cryptography import x509

from gateway.ca.csr import check_csr
from gateway.doors.acme.identifiers import Identifier, sorted_out
from gateway.doors.acme.problem import Problem
from gateway.doors.sitelock import forms
from gateway.errors import GatewayError
from gateway.errors.organization import InvalidDetail
from gateway.rules.acme import contacts
from gateway.rules.names import InvalidName, normalise, registrable_domain, stored_form
from gateway.rules.notice import destinations as notice_destinations
from gateway.rules.organization import prevalidations
from gateway.rules.public_names import objection
from gateway.validation.target import plain
from gateway.web.forms import text
from tests.support.csrs import csr, key

REFUSALS = (InvalidName, Problem, GatewayError, InvalidDetail, ValueError)
CALLS = 300
"""The most calls of one look at one name, be it refused or not."""

LONG = {
    "A-labels": "xn--tda." * 3200 + "com",
    "other A-labels": "xn--4dbagabaeadjdcbcdmcj1btobbmccgevg." * 1700 + "com",
    "short labels": "a." * 30_000 + "com",
    "one label": "a" * 64_000,
    "A-label without end": "xn--" + "a" * 60_000 + ".com",
    "U-labels": "ü." * 20_000 + "com",
    "one U-label": "é" * 30_000 + ".com",
    "as long as a URL": ("é" * 50 + ".") * 20 + "com",
    "as long as a URL, A-labels": "xn--tda." * 200 + "com",
    "long when mapped": "\ufdfa" * 20_000,
    "dots": "." * 60_000,
    "full-width dots": "\uff0e" * 20_000,
    "wildcards": "*." * 30_000 + "com",
    "upper case": "A" * 60_000 + ".com",
}


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    calls = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield lambda: calls
    finally:
        sys.setprofile(before)


def calls_of(look: Callable[[], object]) -> int:
    with suppress(*REFUSALS):
        look()  # what is loaded at first use is no work of a request
    normalise.cache_clear()
    stored_form.cache_clear()
    with counted() as number, suppress(*REFUSALS):
        look()
    return number()


def of_email(sent: str) -> object:
    return next(each for each in forms.ORDER if each.name == "appRepEmailAddress").kind.parse(sent)


LOOKS: dict[str, Callable[[str], object]] = {
    "ADDDOMAIN": normalise,
    "newOrder and CSR": stored_form,
    "identifier": lambda sent: sorted_out([Identifier("dns", sent)]),
    "identifier of a strange type": lambda sent: sorted_out([Identifier(sent, "a")]),
    "contact": lambda sent: contacts.checked([f"mailto:a@{sent}"]),
    "domain of a pre-validation": lambda sent: list(prevalidations.checked_domains([sent])),
    "webhook": lambda sent: notice_destinations.check_url(f"https://{sent}/", sandbox=False),
    "redirect": lambda sent: plain("a.example", "/").redirected(f"http://{sent}/"),
}


@pytest.mark.parametrize("sent", LONG.values(), ids=LONG)
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_lengths_are_looked_at_before_anything_costly(
    look: Callable[[str], object], sent: str
) -> None:
    assert calls_of(lambda: look(sent)) <= CALLS


def test_the_count_finds_what_is_costly() -> None:
    sent = "xn--tda." * 30
    assert calls_of(lambda: [idna.ulabel(label) for label in sent.split(".") if label]) > CALLS


def test_form_fields_have_lengths_of_their_own() -> None:
    """Their kinds say so, and the form looks at that before it parses."""
    named = [each for each in forms.ORDER if each.name in ("domainName", "appRepEmailAddress")]
    assert [each.kind.maximum_length for each in named] == [255, 255]
    assert text(255).maximum_length == 255
    for sent in LONG.values():
        assert calls_of(lambda sent=sent: of_email(f"a@{sent}")) <= CALLS  # type: ignore[misc]


def longest(number: int) -> str:
    """A name of A-labels, as long as names are, that no other call has seen."""
    labels = [idna.alabel("א" * 40 + chr(0x5D0 + (number + at) % 26)).decode() for at in range(26)]
    name = ".".join(labels)[:240].rpartition(".")[0]
    return f"n{number}.{name}.com"


def test_a_name_of_a_protocol_is_compared_without_being_decoded() -> None:
    names = [longest(number) for number in range(100)]
    identifiers = [Identifier("dns", name) for name in names]
    assert calls_of(lambda: sorted_out(identifiers)) <= 100 * CALLS
    assert sorted_out(identifiers) == (names, [])
    for name in names[:3]:
        assert normalise(name) == name


def test_a_label_is_decoded_once() -> None:
    name = longest(0)
    once = calls_of(lambda: [idna.ulabel(label) for label in name.split(".")])
    assert calls_of(lambda: normalise(name)) <= once + CALLS


def test_numbers_are_looked_at_before_any_name_is() -> None:
    bad = ["ü" * 200] * 30_000
    identifiers = [Identifier("dns", name) for name in bad]
    assert calls_of(lambda: sorted_out(identifiers)) <= CALLS
    assert calls_of(lambda: list(prevalidations.checked_domains(bad))) <= CALLS
    assert calls_of(lambda: contacts.checked(bad)) <= CALLS


def test_a_csr_with_many_names_is_not_read_to_its_end() -> None:
    ordered = [f"{number}.example.com" for number in range(100)]
    for number in (201, 1500, 10_000):
        der = csr([f"n{each}.net" for each in range(number)], signer=key("P-384"))
        assert calls_of(lambda der=der: check_csr(der, ordered, None)) <= 10 * CALLS  # type: ignore[misc]
    der = csr([x509.DNSName(longest(number)) for number in range(100)], signer=key("P-384"))
    assert calls_of(lambda: check_csr(der, ordered, None)) <= 100 * CALLS


def test_a_look_at_the_public_suffix_list_depends_on_no_length() -> None:
    name = "a." * 125 + "com"
    assert calls_of(lambda: (registrable_domain(name), objection(name))) <= CALLS
