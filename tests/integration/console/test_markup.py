"""Markup in every field that somebody can fill is shown as text, on every page, to everybody.

The forms are found on the pages and in their modules, so that later pages are covered too. Each is
sent with markup in all its fields, which shows what is refused; then so that it is carried out,
with markup in each field that takes it. At the end every page that can be reached is read.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from itertools import product
from urllib.parse import urlencode

import pytest
from aiohttp import FormData
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_csr

from gateway.doors.console.forms import FormField, PageForm
from gateway.doors.console.routes import PageRoute
from gateway.sandbox import demo_data
from tests.integration.console.objects import OBJECTS, path_of, routes
from tests.support.acme_client import AcmeClient, Eab, make_csr
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway
from tests.support.markup import SeenPage, SentForm, mark, markup, sendable
from tests.support.organizations import PDF
from tests.support.shop import Shop
from tests.support.waiting import ORGANIZATION, waiting_check

SAMPLES = {
    "address": ["https://hooks.example.net/{}", "{}@example.net"],
    "domainName": ["{}.example.com"],
    "domains": ["{}.example.com"],
    "country": ["DE"],
    "applicant_email": ["{}@example.net"],
    "applicant_phone": ["+49 30 123456"],
    "vatNumber": ["DE123456789"],
    "duns": ["123456789"],
    "email": ["{}@example.net"],
    "amount": ["1.00"],
    "currency": ["USD"],
    "login": ["{}"],
    "name": ["{}"],
    "kind": ["low-balance"],
    "expires": ["2027-01-01"],
}
"""For fields that take no markup: values that they take, with a mark where one has room."""

LOGINS = (
    (demo_data.LOGIN, demo_data.PASSWORD),
    (demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD),
)
"""Of a reseller and of an operator."""

_MOST_TRIES = 9
"""Of a form: a rule may say of one field at a time what is wrong."""

_QUERIES = ("page", "sort", "older", "next", "name", "q")
"""Fields of queries that no form has."""

SHOWN = {
    *("User-Agent of a client", "contact", "refused name", "answer to a notice"),
    *("User-Agent of a browser", "organization of an SSL order", "webhook address"),
    *("ask text", "send-document document", "order-prevalidation domains", "deposit note"),
    *("approve evidence", "reject evidence", "keep reason", "fail reason"),
    *("change-organization name", "change-organization street", "change-organization postal_code"),
    *("change-organization applicant_name", "change-organization applicant_email"),
    *("change-organization locality", "change-organization state_or_province"),
    *("change-organization registrationNumber", "add-organization name"),
}
"""Fields whose marks are on some page: what is typed there is stored and shown."""

_LEFT_ALONE = re.compile(r"/console/(sign-in|settings/password|resellers/[^/]+/suspend)")
"""Actions after which somebody is let in no more."""
_MOST_QUERIES = 3
"""With which one page is read: filters, sortings and pages of lists have no end."""


class Filling:
    """What was filled in: a number for each field, with where it was."""

    def __init__(self) -> None:
        self.where: dict[int, str] = {}

    def number(self, where: str) -> int:
        """A new number for a field."""
        self.where[len(self.where) + 1] = where
        return len(self.where)

    def markup(self, where: str) -> str:
        return markup(self.number(where))


class Reader:
    """Reads answers, and notes what is wrong with them and which marks were seen."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.marks: set[int] = set()

    def read(self, where: str, answer: PageAnswer) -> SeenPage:
        """Looks at an answer; gives the page, an empty one for a file."""
        for name, value in answer.headers.items():
            if "<zq" in value:
                self.complaints.append(f"{where}: {name}: {value}")
        kind = answer.headers.get("Content-Type", "")
        if kind.partition(";")[0] != "text/html":
            shown = answer.status == 200 and "attachment" not in answer.headers.get(
                "Content-Disposition", ""
            )
            if shown or answer.headers["X-Content-Type-Options"] != "nosniff":
                self.complaints.append(f"{where}: {kind} is shown by browsers")
            return SeenPage("")
        page = SeenPage(answer.text)
        self.marks |= page.marks
        self.complaints += [f"{where}: {each}" for each in page.complaints]
        if answer.status >= 500:
            self.complaints.append(f"{where}: {answer.status}")
        return page


def fields_of(route: PageRoute) -> list[FormField]:
    """The fields of all forms in the module of a route."""
    module = vars(sys.modules[route.handler.__module__])
    return [each for form in module.values() if isinstance(form, PageForm) for each in form.fields]


async def names_of_things(gateway: RunningGateway) -> dict[str, str]:
    """A thing of the demo reseller for each part of a path."""
    names = {}
    for name, make in OBJECTS.items():
        with_login = make.__code__.co_argcount > 1 and make.__defaults__ == ("other",)
        names[name] = await make(gateway, *([demo_data.LOGIN] if with_login else []))
    return names


async def customers_write(gateway: RunningGateway, filling: Filling) -> None:
    """What comes from clients of customers, and from elsewhere than the console."""
    made = (await Shop(gateway).do("PREREGISTER", serverUrl=gateway.directory_url))["Accounts"][0]
    eab = Eab(made["eabMACIDb64url"], made["eabMACKeyb64url"])
    client = AcmeClient(gateway.session, gateway.directory_url)
    agent = {"User-Agent": filling.markup("User-Agent of a client")}
    gateway.session.headers.update(agent)
    try:
        await client.register(eab, contact=[f"mailto:{mark(filling.number('contact'))}@a.example"])
        await client.new_order(f"{mark(filling.number('refused name'))}.example.org")
        await client.new_order(filling.markup("name that is none"))
    finally:
        gateway.session.headers.popall("User-Agent")
    organization = {"name": filling.markup("organization of an SSL order")}
    await waiting_check(gateway, {**ORGANIZATION, **organization})
    await gateway.pool.execute(
        "UPDATE notice.destination SET last_error = $1", filling.markup("answer to a notice")
    )


def csr_with(common_name: str) -> str:
    der = make_csr(["other.example.com"], common_name=common_name)
    return load_der_x509_csr(der).public_bytes(Encoding.PEM).decode()


async def carry_out(
    person: ConsolePerson, form: SentForm, reader: Reader, filling: Filling
) -> None:
    """Sends a form with markup in each field; once more without it where it was refused."""
    wrong: dict[str, int] = {}
    for _ in range(_MOST_TRIES):
        answer = await person.post(form.action, filled(form, wrong, filling))
        page = reader.read(form.action, answer)
        again = next((each for each in page.forms if each.action == form.action), None)
        if answer.status == 303 or again is None or not again.wrong:
            return
        form.hidden = again.hidden
        for name in again.wrong:
            wrong[name] = wrong.get(name, -1) + 1


def filled(form: SentForm, wrong: Mapping[str, int], filling: Filling) -> FormData | dict[str, str]:
    values = {**form.hidden, **form.chosen}
    for name, most in form.typed.items():
        number = filling.number(f"{form.id} {name}")
        if name in wrong:
            samples = SAMPLES.get(name, [""])
            values[name] = samples[wrong[name] % len(samples)].format(mark(number))
            if name == "csr":
                values[name] = csr_with(markup(number))
        else:
            values[name] = markup(number)[:most]
    if "document" not in values:
        return values
    data = FormData(quote_fields=False)
    name = f"{values.pop('document')}.pdf"
    for each in values.items():
        data.add_field(*each)
    data.add_field("document", PDF, filename=name)
    return data


async def walk(person: ConsolePerson, paths: Iterator[str], reader: Reader) -> dict[str, SentForm]:
    """Reads pages and all that they lead to; gives the forms to fill in, by their actions."""
    waiting, seen, queries, forms = list(paths), set[str](), Counter[str](), {}
    while waiting:
        path = waiting.pop()
        page_itself = path.partition("?")[0]
        if path in seen or queries[page_itself] == _MOST_QUERIES:
            continue
        seen.add(path)
        queries[page_itself] += 1
        page = reader.read(path, await person.get(path))
        forms.update({each.action: each for each in sendable(page)})
        waiting += [link for link in page.links if link.startswith("/console/")]
    return forms


async def send_to_every_route(
    reseller: ConsolePerson, operator: ConsolePerson, names: Mapping[str, str], reader: Reader
) -> None:
    """Asks for each page, and sends each form, with the same markup in all fields there are.

    Routes without a session come last: after some of them nobody is signed in.
    """
    for route in sorted(routes(), key=lambda each: ("sign" in each.path, each.path)):
        person = reseller if route.who.resellers or route.who.everybody else operator
        fields = {each.name: markup(0) for each in fields_of(route)}
        path = path_of(route, **names)
        if route.method == "GET":
            query = urlencode({**fields, **dict.fromkeys(_QUERIES, markup(0))})
            reader.read(path, await person.get(f"{path}?{query}"))
            continue
        settings = await person.get("/console/settings")
        if settings.status != 200:
            await person.sign_in(*LOGINS[person is operator])
            settings = await person.get("/console/settings")
        ours = {**settings.hidden("zone"), "back": markup(0)}
        if not fields:  # a button: it has nothing but these
            ours["once"] = markup(0)
        reader.read(path, await person.post(path, {"kept": markup(0), **fields, **ours}))


async def test_markup_in_any_field_is_text_on_every_page(
    gateway: RunningGateway, reseller: ConsolePerson, operator: ConsolePerson
) -> None:
    await gateway.pool.execute("UPDATE reseller.account SET credit_limit = 100000")
    names, filling = await names_of_things(gateway), Filling()
    await customers_write(gateway, filling)
    for person in (reseller, operator):
        person.headers["User-Agent"] = filling.markup("User-Agent of a browser")
        await person.sign_in(*LOGINS[person is operator])
    pages, answers = Reader(), Reader()
    for is_last, person in product((False, True), (operator, reseller)):
        gets = [each for each in routes() if each.method == "GET"]
        own = [each for each in gets if each.who.resellers == (person is reseller)]
        forms = await walk(person, (path_of(each, **names) for each in own), pages)
        for action, form in forms.items():
            if not is_last and not _LEFT_ALONE.match(action):
                await carry_out(person, form, answers, filling)
    await send_to_every_route(reseller, operator, names, answers)
    assert pages.complaints + answers.complaints == []
    assert 0 in answers.marks, "what is refused is shown again"
    assert SHOWN - {filling.where.get(each) for each in pages.marks} == set()


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{markup(1)}</p>",
        f'<input value="{markup(1)}">',
        f"<title>{markup(1)}</title>",
        f"<p class={escape(markup(1))}>",
        f"<a href=x onclick={escape(markup(1))}>",
        f"<!-- {markup(1)} -->",
        f"<script>{markup(1)}</script>",
        '<a href="javascript:zq1z">',
        '<form method="post" action="https://zq1z.example/">',
        escape("\"'><zq1z zq=1>1337"),
    ],
)
def test_a_page_that_does_not_escape_a_text_is_found(page: str) -> None:
    assert SeenPage(page).complaints


def test_a_text_that_is_escaped_is_seen_and_nothing_is_wrong_with_it() -> None:
    page = SeenPage(f'<p title="{escape(markup(1))}">{escape(markup(2))}</p>')
    assert (page.complaints, page.marks) == ([], {1, 2})
