"""Long lists: pages of them, their order, and links that keep the rest of the query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from gateway.db.counting import MOST_COUNTED
from gateway.web.untrusted import Field

ROWS = 50
"""Rows on a page."""
_MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class Query:
    """The path and query of a page, for links to itself with some fields changed."""

    path: str
    fields: Sequence[Field]

    def first(self, name: str) -> str:
        """The first value of a field; "" = there is none."""
        return next((each.value for each in self.fields if each.name == name), "")

    def url(self, **changed: object) -> str:
        """The page's address with these fields set; None leaves one out."""
        kept = [(each.name, each.value) for each in self.fields if each.name not in changed]
        new = [(name, str(value)) for name, value in changed.items() if value is not None]
        query = urlencode([*kept, *new], errors="replace")
        return f"{self.path}?{query}" if query else self.path


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list; `total` rows in all, or `more` than those."""

    query: Query
    number: int
    rows: int
    total: int = 0
    more: bool = False

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.rows

    @property
    def pages(self) -> int:
        """The number of the last page."""
        return max(-(-self.total // self.rows), 1)

    def of(self, found: int, most: int = MOST_COUNTED) -> "Paging":
        """The same page of a list with so many rows; beyond `most` they were not counted."""
        total = min(found, most)
        return Paging(self.query, self.number, self.rows, total, found > total)

    def url(self, number: int) -> str:
        """The address of another page of the list."""
        return self.query.url(page=None if number == 1 else number)


def paging_of(query: Query, rows: int = ROWS) -> Paging:
    """The page that a query asks for by `page`; anything odd is the first."""
    sent = query.first("page")
    number = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 7 else 1
    return Paging(query, min(max(number, 1), _MOST_PAGES), rows)


@dataclass(frozen=True, slots=True)
class Sorting:
    """The order of a list: by which column, and in which direction."""

    query: Query
    column: str
    descending: bool

    def url(self, column: str) -> str:
        """The list in the order of a column; of the same column in the other direction."""
        turned = column == self.column and not self.descending
        return self.query.url(sort=f"-{column}" if turned else column, page=None)

    def direction(self, column: str) -> str:
        """The value of aria-sort of a column."""
        if column != self.column:
            return "none"
        return "descending" if self.descending else "ascending"


def sorting_of(query: Query, columns: Mapping[str, str] | Sequence[str], usual: str) -> Sorting:
    """The order that a query asks for by `sort`, "-" before a column turns it; else the usual."""
    sent = query.first("sort")
    chosen = sent if sent.removeprefix("-") in columns else usual
    return Sorting(query, chosen.removeprefix("-"), chosen.startswith("-"))
