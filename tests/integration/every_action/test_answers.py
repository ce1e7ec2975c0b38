"""Every member that any door answers is described, and every member described is answered."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from gateway.doors.reseller.openapi import describe
from gateway.doors.reseller.parameters import ACTIONS
from tests.support.certificate_shop import eventually
from tests.support.life import STATED, Life

DOCS = Path(__file__).parents[3] / "docs"


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, without room for members that are not described."""
    made = dict(schema)
    if "properties" in made:
        made["properties"] = {name: closed(each) for name, each in made["properties"].items()}
        made["additionalProperties"] = False
    if "items" in made:
        made["items"] = closed(made["items"])
    return made


def described(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """The paths of all members, like `Domains[].domainName`."""
    for name, each in schema.get("properties", {}).items():
        yield path + name
        yield from described(each.get("items", each), f"{path}{name}[].")


def answered(answer: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, value in answer.items():
        yield path + name
        for each in value if isinstance(value, list) else ():
            if isinstance(each, dict):
                yield from answered(each, f"{path}{name}[].")


@pytest.fixture
async def answers(life: Life) -> dict[str, list[Any]]:
    """What a life was answered, with a last look at everything that can be listed."""
    named = {"acmeAccountID": life.accounts["dv"], "domainName": "back.example.com"}
    for _ in range(2):
        await life.do("ADDDOMAIN", **named)
        await life.do("REMOVEDOMAIN", **named)
    for action in ("LISTSERVERS", "LISTBINDINGS", "LISTORGANIZATIONS", "LISTPREVALIDATIONS"):
        await life.do(action)
    await life.do("LISTACCOUNTS", includeContacts="Y")
    for account in life.accounts.values():
        await life.do("LISTDOMAINS", acmeAccountID=account)
        await life.do("GETLASTORDER", acmeAccountID=account)
        await life.do("LISTTRANSACTIONS", acmeAccountID=account, includeExpired="Y")
    await life.do("UPDATEORGANIZATION", organizationID=life.organization, **STATED)
    webhook, mail = life.destinations
    await life.do("TESTNOTICEDESTINATION", destinationID=webhook)

    async def failed() -> bool:
        listed = await life.do("LISTNOTICEDESTINATIONS")
        return all("lastError" in each for each in listed["Destinations"])

    await life.do("TESTNOTICEDESTINATION", destinationID=mail)
    await eventually(failed)
    await life.do("LISTNOTICES")
    await life.do("REPLAYNOTICES", destinationID=webhook)
    await life.do("SETNOTICEDESTINATION", destinationID=webhook, resume="Y")
    await life.do("ROTATENOTICESECRET", destinationID=webhook)
    await life.do("REMOVENOTICEDESTINATION", destinationID=webhook)
    assert life.token is not None
    path = f"/{life.certificates['late']}/revoke"
    await life.certificate("POST", path, what="revoke")
    await life.certificate("GET", "/scs0000000000000", what="refused")
    await life.product("AutoRefund", orderNumber="1", refundReasonCode="1")
    return life.records.answers


async def test_every_answer_is_as_described_and_every_member_described_is_answered(
    answers: dict[str, list[Any]], life: Life
) -> None:
    schemas = describe("https://gateway.test")["components"]["schemas"]
    unasked = set(ACTIONS) - set(answers)
    assert not unasked, f"the fixture `answers` does not do {unasked}"
    for action in ACTIONS:
        schema = schemas[f"{action}.answer"]
        validator = jsonschema_rs.validator_for(closed(schema))
        for answer in answers[action]:
            validator.validate(answer)
        seen = {path for answer in answers[action] for path in answered(answer)}
        assert seen == set(described(schema)), action
    errors = jsonschema_rs.validator_for(schemas["Error"])
    assert life.records.refusals
    for _, refusal in life.records.refusals:
        errors.validate(refusal)


async def test_the_documents_of_the_other_doors_name_every_member_and_no_other(
    answers: dict[str, list[Any]],
) -> None:
    listed = set(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", read("sitelock-api.md"), re.MULTILINE))
    products = ("AutoApplyOrder", "AutoRefund", "modifyThirdPartyDetails", "WebHostReport")
    assert listed == {
        (endpoint, re.sub(r"^\d+_", "N_", member))
        for endpoint in products
        for answer in answers[endpoint]
        for member in answer
    }
    shown = [json.loads(text.replace("…", "...")) for text in json_blocks("ssl-api.md")]
    for request in ("buy", "apply", "withdraw", "show", "list", "revoke", "unsubscribe"):
        for answer in answers[request]:
            members = set(answered(answer))
            assert any(set(answered(example)) == members for example in shown), request


def json_blocks(document: str) -> list[str]:
    return re.findall(r"```json\n(.*?)```", read(document), re.DOTALL)


def read(document: str) -> str:
    return (DOCS / document).read_text()
