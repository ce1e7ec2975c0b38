"""Texts that break out of a page where it does not escape them, and what finds that they did."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_MARK = re.compile(r"zq(\d+)z")
_EVALUATED = str(191 * 7)
_ADDRESSES = {"href", "src", "action", "formaction", "hx-get", "hx-post"}
_OWN_ADDRESS = re.compile(r"/console(/|\?|$)|#")
_TYPED = {"text", "search", "textarea", "email", "number", "date", "password", "file"}

LONGEST = 40
"""Characters of such a text, at most."""


def markup(number: int) -> str:
    """A text that ends attributes and begins an element, with a number to be known by."""
    return f"\"'><zq{number}z zq=1>{{{{191*7}}}}"


def mark(number: int) -> str:
    """A text with the same number where no markup is taken."""
    return f"zq{number}z"


@dataclass
class SentForm:
    """A form of a page, as a browser would send it."""

    id: str
    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    typed: dict[str, int] = field(default_factory=dict)
    """Fields that people type in, with the most characters."""
    chosen: dict[str, str] = field(default_factory=dict)
    """Fields to choose in, with an option that is not empty."""
    wrong: set[str] = field(default_factory=set)
    """Fields with an error beside them."""


class SeenPage(HTMLParser):
    """A page as a browser reads it: its forms and links, marks in it, and what is wrong."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.complaints: list[str] = []
        self.marks: set[int] = set()
        self.links: set[str] = set()
        self.forms: list[SentForm] = []
        self._element = ""
        self._select = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._element = tag
        attributes = {name: value or "" for name, value in attrs}
        if tag.startswith("zq") or any(name.startswith(("zq", "on")) for name in attributes):
            self.complaints.append(f"<{tag} {attributes}>")
        if tag in ("style", "iframe", "object", "base") or (tag == "script" and len(attrs) != 2):
            self.complaints.append(f"<{tag} {attributes}>")
        for name, value in attributes.items():
            self._note(value)
            if name in _ADDRESSES and not _OWN_ADDRESS.match(value):
                self.complaints.append(f"{name}={value}")
        if tag == "a":
            self.links.add(attributes["href"])
        self._note_form(tag, attributes)

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        self._note(data)
        if self._element in ("script", "style") and data.strip():
            self.complaints.append(f"<{self._element}>{data}")

    def handle_endtag(self, tag: str) -> None:
        self._element = ""

    def handle_comment(self, data: str) -> None:
        if _MARK.search(data):
            self.complaints.append(f"<!--{data}-->")

    def _note(self, text: str) -> None:
        self.marks |= {int(found) for found in _MARK.findall(text)}
        if _MARK.search(text) and _EVALUATED in text:
            self.complaints.append(f"a template is carried out: {text}")

    def _note_form(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "form":
            if attributes["method"] == "post":
                self.forms.append(SentForm(attributes.get("id", ""), attributes["action"]))
            else:
                self.forms.append(SentForm("", ""))
        name = attributes.get("name", "")
        if not self.forms or tag not in ("input", "textarea", "select", "option"):
            return
        form, kind = self.forms[-1], attributes.get("type", tag)
        if "aria-invalid" in attributes:
            form.wrong.add(name)
        if kind == "hidden":
            form.hidden[name] = attributes["value"]
        elif kind in _TYPED:
            form.typed[name] = int(attributes.get("maxlength", "0")) or LONGEST
        elif kind in ("checkbox", "radio"):
            form.chosen[name] = attributes["value"]
        elif kind == "select":
            self._select = name
        elif attributes.get("value"):
            form.chosen[self._select] = attributes["value"]


def sendable(page: SeenPage) -> Iterator[SentForm]:
    """The forms of a page that change something and have a field to type in."""
    yield from (each for each in page.forms if each.action and each.typed)
