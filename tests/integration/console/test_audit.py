"""The audit log: filters, older pages, and all of it as CSV."""

import csv
import io
import re

import pytest

from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway

AUDIT = "/console/audit"


async def add_events(gateway: RunningGateway, number: int) -> None:
    await gateway.pool.execute(
        """
        INSERT INTO audit.event (at, actor, action, subject, after, source)
        SELECT timestamptz '2026-03-01 12:00:00Z' + interval '1 hour' * n,
               CASE n % 2 WHEN 0 THEN 'operator:even' ELSE 'gateway:odd' END,
               'thing.' || n % 3, 'thing-' || n % 5, jsonb_build_object('n', n), '192.0.2.7'
          FROM generate_series(1, $1) AS n
        """,
        number,
    )


def shown(text: str) -> list[int]:
    return [int(each) for each in re.findall(r"<td>{&#34;n&#34;: (\d+)}</td>", text)]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("subject=thing-0", [30, 25, 20, 15, 10, 5]),
        ("action=thing.1&actor=operator:even", [28, 22, 16, 10, 4]),
        ("subject=thing-1&action=thing.1", [16, 1]),
        ("actor=gateway:odd&since=2026-03-02&until=2026-03-02", list(range(35, 11, -2))),
        ("subject=thing-0&until=2026-03-01", [10, 5]),
    ],
)
async def test_filters_find_what_they_say_the_newest_first(
    gateway: RunningGateway, operator: ConsolePerson, query: str, numbers: list[int]
) -> None:
    await add_events(gateway, 30 if "since" not in query else 40)
    page = await operator.get(f"{AUDIT}?{query}")
    assert shown(page.text) == numbers
    assert "192.0.2.7" in page.text
    file = list(csv.DictReader(io.StringIO((await operator.get(f"{AUDIT}.csv?{query}")).text)))
    assert [row["after"] for row in file] == [f'{{"n": {each}}}' for each in numbers]


@pytest.mark.parametrize("query", ["actor=operator:even", "action=thing.1", "subject=thing-1"])
async def test_older_pages_follow_without_gaps_or_repetitions(
    gateway: RunningGateway, operator: ConsolePerson, query: str
) -> None:
    await add_events(gateway, 600)
    # Events of one instant, as one transaction makes them.
    await gateway.pool.execute(
        """
        INSERT INTO audit.event (at, actor, action, subject, after)
        SELECT '2026-03-01 12:00:00Z', 'operator:even', 'thing.1', 'thing-1',
               jsonb_build_object('n', n)
          FROM generate_series(1001, 1120) AS n
        """
    )
    seen: list[int] = []
    path = f"{AUDIT}?{query}"
    while path:
        page = await operator.get(path)
        seen += shown(page.text)
        following = re.findall(r'<a href="([^"]+)" rel="next">Older</a>', page.text)
        path = following[0].replace("&amp;", "&") if following else ""
    column, value = query.split("=")
    total = await gateway.pool.fetchval(
        f"SELECT count(*) FROM audit.event WHERE {column} = $1 AND after ? 'n'", value
    )
    assert len(seen) == len(set(seen)) == total > 100


async def test_a_file_longer_than_a_batch_is_whole(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await add_events(gateway, 2500)
    file = (await operator.get(f"{AUDIT}.csv?actor=gateway:odd")).text.splitlines()
    assert len(file) == 1251


@pytest.mark.parametrize("query", ["since=yesterday", "until=2026-02-30", "subject=" + "x" * 301])
async def test_a_filter_that_cannot_be_is_shown_beside_its_field(
    operator: ConsolePerson, query: str
) -> None:
    page = await operator.get(f"{AUDIT}?{query}")
    assert page.status == 422
    assert "Check the marked fields." in page.text
    file = await operator.get(f"{AUDIT}.csv?{query}")
    assert file.status == 303
    assert "Check the marked fields." in (await operator.get(file.to)).text


async def test_what_is_not_found_says_what_to_do(operator: ConsolePerson) -> None:
    assert "No event is found." in (await operator.get(f"{AUDIT}?subject=nothing")).text


async def test_a_subject_with_markup_is_shown_as_text(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await gateway.pool.execute(
        "INSERT INTO audit.event (at, actor, action, subject) "
        "VALUES (now(), 'gateway:x', 'a.b', '<script>alert(1)</script>')"
    )
    page = await operator.get(AUDIT)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
