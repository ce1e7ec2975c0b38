"""Malformed values in every member of every signed request: a clear problem, and no change."""

import json
from typing import Any

import msgspec
import pytest

import gateway.doors.acme.routes  # noqa: F401  all forms are defined once it is imported
from tests.support.amount import spread
from tests.support.extreme_values import FRAGMENTS, places, with_fragment
from tests.support.raw_http import RawAnswer
from tests.support.signed_kinds import Kind, SigningClient

KINDS = (
    "newAccount",
    "newAccount: header of the binding",
    "newAccount: key of the binding",
    "newOrder",
    "newOrder of a name",
    "newAuthz",
    "account",
    "orders",
    "order",
    "finalize",
    "finalize: bytes of the CSR",
    "authz",
    "chall",
    "cert",
    "revokeCert",
    "revokeCert by a key",
    "keyChange",
    "keyChange: inner header",
    "keyChange: inner payload",
)
_WITH_HEADER = ("newOrder", "newAccount", "revokeCert by a key", "chall")
_URN = "urn:ietf:params:acme:error:"


def _wrong_with(answer: RawAnswer) -> str:
    """What a refusal lacks; empty if it is a whole problem document."""
    if answer.header("content-type") != "application/problem+json":
        return "no problem document"
    problem = json.loads(answer.body)
    if not problem["type"].startswith(_URN) or not problem["detail"].strip():
        return "a problem that says nothing"
    if problem["status"] != answer.status:
        return "a problem with another status"
    if answer.status != 413 and not answer.header("replay-nonce"):  # 413: the body was not read
        return "no fresh nonce"
    return ""


async def _is_refused(sender: SigningClient, kind: Kind, body: bytes, described: str) -> bool:
    answer = await sender.send(kind, body, described)
    if answer.status < 400:
        return False
    if wrong := _wrong_with(answer):
        sender.watched.found(f"{wrong}: {described}", body, answer)
    return True


async def _spoil(sender: SigningClient, kind: Kind, document: Any, *, in_header: bool) -> None:
    """Every fragment in every place of the payload's document, or of the protected header."""
    before = await sender.watched.settled_state()
    for path, fragments in spread(FRAGMENTS, places(document)):
        for fragment in fragments:
            if in_header:
                text = with_fragment(sender.header(kind), path, fragment)
                body = sender.sealed(kind, kind.wrap(json.dumps(kind.document)), text)
            else:
                body = sender.sealed(kind, kind.wrap(with_fragment(document, path, fragment)))
            described = f"{fragment[:60]!r} at {path}"
            if not await _is_refused(sender, kind, json.dumps(body).encode(), described):
                before = await sender.watched.settled_state()
        assert await sender.watched.settled_state() == before, path
    sender.watched.assert_nothing_found()


@pytest.mark.parametrize("name", KINDS)
async def test_an_extreme_value_in_a_payload_gets_a_problem_and_changes_nothing(
    sender: SigningClient, name: str
) -> None:
    kind = sender.kinds[name]
    await _spoil(sender, kind, kind.document, in_header=False)


@pytest.mark.parametrize("name", _WITH_HEADER)
async def test_an_extreme_value_in_a_protected_header_gets_a_problem_and_changes_nothing(
    sender: SigningClient, name: str
) -> None:
    kind = sender.kinds[name]
    await _spoil(sender, kind, sender.header(kind), in_header=True)


@pytest.mark.parametrize("member", ["protected", "payload", "signature"])
async def test_an_extreme_value_in_a_jws_gets_a_problem_and_changes_nothing(
    sender: SigningClient, member: str
) -> None:
    kind = sender.kinds["newOrder"]
    before = await sender.watched.settled_state()
    for fragment in FRAGMENTS:
        whole = sender.sealed(kind, kind.wrap(json.dumps(kind.document)))
        text = with_fragment(whole, (member,), fragment)
        body = text.encode("utf-8", "surrogatepass")
        assert await _is_refused(sender, kind, body, fragment[:60]), fragment[:60]
    sender.watched.assert_nothing_found()
    assert await sender.watched.settled_state() == before


async def test_every_resource_of_the_directory_has_its_extreme_values(
    sender: SigningClient,
) -> None:
    assert set(KINDS) == set(sender.kinds)
    urls = {kind.url for kind in sender.kinds.values()}
    await sender.client.url("newNonce")
    offered = {
        name: url
        for name, url in sender.client.directory.items()
        if name not in ("meta", "newNonce", "renewalInfo")
    }
    assert {name for name, url in offered.items() if url not in urls} == set()


async def test_every_member_that_the_gateway_reads_has_its_extreme_values(
    sender: SigningClient,
) -> None:
    sent = {"crit", "header", "signatures"}  # refused whatever they hold
    for kind in sender.kinds.values():
        for document in (kind.document, sender.header(kind), {"protected": 1, "payload": 1}):
            sent |= {part for path in places(document) for part in path if isinstance(part, str)}
    sent.add("signature")
    read = {
        field.encode_name
        for form in _forms(msgspec.Struct)
        if form.__module__.startswith("gateway.doors.acme.")
        for field in msgspec.structs.fields(form)
    }
    assert len(read) > 15
    assert read - sent == set()


def _forms(base: type) -> list[type[msgspec.Struct]]:
    """What requests are read into: a Struct that is frozen is one of the gateway's own making."""
    found: list[type[msgspec.Struct]] = []
    form: Any
    for form in base.__subclasses__():
        found += _forms(form)
        if not form.__struct_config__.frozen:
            found.append(form)
    return found
