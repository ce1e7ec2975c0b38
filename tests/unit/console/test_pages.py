"""Lists, CSV cells, filters, macros, and the files that others wrote."""

import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest

from gateway.doors.console.csv_answer import cell
from gateway.doors.console.lists import Query, paging_of, sorting_of
from gateway.doors.console.rendering import TEMPLATES, _environment, zone_of
from gateway.doors.console.static_files import DIRECTORY
from gateway.web.untrusted import Field


def rendered(source: str, **values: object) -> str:
    imported = '{% import "macros.html" as ui with context %}'
    zone = {"zone": ZoneInfo("Asia/Kolkata")}
    return _environment().from_string(imported + source).render({**zone, **values})


def query(**fields: str) -> Query:
    return Query("/console/orders", [Field(*each) for each in fields.items()])


def test_vendored_files_are_those_that_are_named() -> None:
    named = tomllib.loads((DIRECTORY / "VENDORED.toml").read_text())
    for name, about in named.items():
        assert sha256((DIRECTORY / name).read_bytes()).hexdigest() == about["sha256"], name
        assert set(about) == {"package", "version", "path", "licence", "sha256"}
    ours = {"console.css", "console.js", "passkey.js", "icon.svg", "VENDORED.toml"}
    assert {each.name for each in DIRECTORY.iterdir()} == set(named) | ours


@pytest.mark.parametrize("template", sorted(each.name for each in TEMPLATES.iterdir()))
def test_templates_have_no_inline_script_style_or_handler_and_switch_no_escaping_off(
    template: str,
) -> None:
    text = (TEMPLATES / template).read_text().lower()
    for forbidden in ("<style", " style=", "|safe", "autoescape false", "javascript:", " on"):
        if forbidden == " on":
            assert " onclick=" not in text and " onload=" not in text and "hx-on" not in text
        else:
            assert forbidden not in text, forbidden
    assert text.count("<script") == text.count("<script src=")


def test_a_list_is_paged_and_keeps_the_rest_of_the_query() -> None:
    paging = paging_of(query(page="3", name="a b")).of(130)
    assert (paging.number, paging.offset, paging.pages) == (3, 100, 3)
    assert paging.url(2) == "/console/orders?name=a+b&page=2"
    assert paging.url(1) == "/console/orders?name=a+b"
    shown = rendered("{{ ui.pagination(paging) }}", paging=paging)
    assert "Page 3 of 3, 130 in all" in shown
    assert 'rel="prev"' in shown and 'rel="next"' not in shown


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e9", "99999999999", "²", ""])
def test_an_odd_page_is_the_first(page: str) -> None:
    assert paging_of(query(page=page)).number == 1


def test_a_column_turns_when_it_is_chosen_again() -> None:
    columns = ("date", "cost")
    sorting = sorting_of(query(sort="cost"), columns, "-date")
    assert (sorting.column, sorting.descending) == ("cost", False)
    assert sorting.url("cost") == "/console/orders?sort=-cost"
    assert sorting.url("date") == "/console/orders?sort=date"
    assert sorting_of(query(sort="1; DROP"), columns, "-date").descending
    head = rendered('{{ ui.sorted_head(sorting, "cost", "Cost") }}', sorting=sorting)
    assert 'aria-sort="ascending"' in head


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@a", "\tx", "\r=1"])
def test_a_spreadsheet_runs_no_cell(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_numbers_in_cells_stay_numbers() -> None:
    assert [cell(each) for each in (Decimal("-365.00"), 7, None, "a")] == ["-365.00", "7", "", "a"]


def test_times_are_in_the_viewers_zone_and_money_in_its_currency() -> None:
    moment = datetime(2026, 1, 1, 20, 0, 5, tzinfo=UTC)
    assert rendered("{{ moment|time }}", moment=moment) == (
        '<time datetime="2026-01-01T20:00:05Z" title="2026-01-01 20:00:05 UTC">'
        "2026-01-02 01:30</time>"
    )
    assert rendered("{{ amount|money('USD') }}", amount=Decimal("365")) == "365.00\u00a0USD"
    assert zone_of("Mars/Base") is UTC and zone_of(None) is UTC


def test_what_is_not_given_to_a_template_is_an_error() -> None:
    with pytest.raises(Exception, match="'nothing' is undefined"):
        rendered("{{ nothing }}")


def test_texts_are_escaped_in_macros() -> None:
    shown = rendered("{{ ui.empty(text) }}", text="<b>&\"'")
    assert "&lt;b&gt;&amp;&#34;&#39;" in shown


def test_a_quote_carries_its_amount_to_the_use_case() -> None:
    shown = rendered(
        "{{ ui.quote(amount, 'USD', balance) }}",
        amount=Decimal("365.00"),
        balance=Decimal("1000.00"),
    )
    assert '<input type="hidden" name="quoted" value="365.00">' in shown
    assert "635.00\u00a0USD after it" in shown
