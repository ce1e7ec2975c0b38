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
from tests.support.reseller_history import STATED, ResellerHistory

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
async def answers(history: ResellerHistory) -> dict[str, list[Any]]:
    """What the history was answered, with a last look at everything that can be listed."""
    named = {"acmeAccountID": history.accounts["dv"], "domainName": "back.example.com"}
    for _ in range(2):
        await history.do("ADDDOMAIN", **named)
        await history.do("REMOVEDOMAIN", **named)
    for action in ("LISTSERVERS", "LISTBINDINGS", "LISTORGANIZATIONS", "LISTPREVALIDATIONS"):
        await history.do(action)
    await history.do("LISTACCOUNTS", includeContacts="Y")
    for account in history.accounts.values():
        await history.do("LISTDOMAINS", acmeAccountID=account)
        await history.do("GETLASTORDER", acmeAccountID=account)
        await history.do("LISTTRANSACTIONS", acmeAccountID=account, includeExpired="Y")
    await history.do("UPDATEORGANIZATION", organizationID=history.organization, **STATED)
    webhook, mail = history.destinations
    await history.do("TESTNOTICEDESTINATION", destinationID=webhook)

    async def failed() -> bool:
        listed = await history.do("LISTNOTICEDESTINATIONS")
        return all("lastError" in each for each in listed["Destinations"])

    await history.do("TESTNOTICEDESTINATION", destinationID=mail)
    await eventually(failed)
    await history.do("LISTNOTICES")
    await history.do("REPLAYNOTICES", destinationID=webhook)
    await history.do("SETNOTICEDESTINATION", destinationID=webhook, resume="Y")
    await history.do("ROTATENOTICESECRET", destinationID=webhook)
    await history.do("REMOVENOTICEDESTINATION", destinationID=webhook)
    assert history.token is not None
    path = f"/{history.certificates['late']}/revoke"
    await history.certificate("POST", path, what="revoke")
    await history.certificate("GET", "/scs0000000000000", what="refused")
    await history.product("AutoRefund", orderNumber="1", refundReasonCode="1")
    return history.records.answers


async def test_every_answer_is_as_described_and_every_member_described_is_answered(
    answers: dict[str, list[Any]], history: ResellerHistory
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
    assert history.records.refusals
    for _, refusal in history.records.refusals:
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
