"""Malformed values in every parameter and member of resellers' doors: an error, and no change."""

import json
from urllib.parse import quote

import pytest

from tests.support.amount import spread
from tests.support.doors_of_forms import (
    FormKind,
    form_kinds,
    json_kinds,
    members_of_json_bodies,
    refused_how,
    some_values,
)
from tests.support.extreme_values import FRAGMENTS, TEXTS, places, with_fragment
from tests.support.raw_http import RawAnswer
from tests.support.watched_gateway import WatchedGateway

KINDS = form_kinds()
BYTES = (*(text.encode() for text in TEXTS), b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\x80")
_SHARES = 6


def _is_refused(
    watched: WatchedGateway, request: bytes, answer: RawAnswer, described: object
) -> bool:
    how = refused_how(answer)
    if how == "":
        watched.found(f"an error that says nothing: {described}", request, answer)
    return how is not None


async def _spoil(watched: WatchedGateway, kind: FormKind, values: dict[str, str]) -> None:
    before = await watched.state()
    names = [parameter.name for parameter in kind.parameters]
    if kind.fixed.get("action") == "LISTSERVERS":  # the login is checked in one place for all
        names += kind.fixed
    for name, sent in spread(BYTES, names):
        fields = [each for each in kind.fields(values, all_of_them=False) if each[0] != name]
        for value in sent:
            request = kind.request([*fields, (name, value)])
            described = f"{value[:60]!r} for {name} to {kind.path} {kind.fixed.get('action', '')}"
            answer = await watched.ask(request, described)
            if not _is_refused(watched, request, answer, described):
                before = await watched.state()
        assert await watched.state() == before, name


@pytest.mark.parametrize("share", range(_SHARES))
async def test_an_extreme_value_in_a_form_gets_an_error_and_changes_nothing(
    watched: WatchedGateway, share: int
) -> None:
    values = await some_values(watched)
    for name in sorted(KINDS)[share::_SHARES]:
        await _spoil(watched, KINDS[name], values)
    watched.assert_nothing_found()


@pytest.mark.parametrize("name", ["buy", "apply", "revoke", "unsubscribe"])
async def test_an_extreme_value_in_a_json_body_gets_an_error_and_changes_nothing(
    watched: WatchedGateway, name: str
) -> None:
    kind = (await json_kinds(watched))[name]
    before = await watched.state()
    for path, fragments in spread(FRAGMENTS, places(kind.document)):
        for fragment in fragments:
            text = with_fragment(kind.document, path, fragment)
            request = kind.request(text.encode("utf-8", "surrogatepass"))
            described = f"{fragment[:60]!r} at {path} of {kind.path}"
            answer = await watched.ask(request, described)
            if not _is_refused(watched, request, answer, described):
                before = await watched.state()
        assert await watched.state() == before, path
    watched.assert_nothing_found()


async def test_every_member_of_a_json_body_has_its_extreme_values(watched: WatchedGateway) -> None:
    kinds = await json_kinds(watched)
    sent = {
        part
        for kind in kinds.values()
        for path in places(kind.document)
        for part in path
        if isinstance(part, str)
    }
    assert members_of_json_bodies() - sent == set()


async def test_extreme_names_and_tokens_get_an_error_and_change_nothing(
    watched: WatchedGateway,
) -> None:
    kind = KINDS["LISTSERVERS"]
    buy = (await json_kinds(watched))["buy"]
    before = await watched.state()
    for value in BYTES:
        escaped = quote(value)
        for request in (
            kind.raw_request(escaped.encode()),
            kind.raw_request(f"{escaped}=1&action=LISTSERVERS".encode()),
            kind.raw_request(value),
            buy.request(json.dumps({value.decode("latin-1"): 1}).encode()),
        ):
            answer = await watched.ask(request, value[:60])
            assert _is_refused(watched, request, answer, value[:60])
    assert await watched.state() == before
    watched.assert_nothing_found()
