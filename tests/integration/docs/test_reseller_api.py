"""Every curl example of docs/reseller-api.md runs, and answers as the document shows."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

from tests.support.organizations import add_prevalidation, approve

DOCUMENT = Path(__file__).parents[3] / "docs" / "reseller-api.md"
EXAMPLE = re.compile(r"```sh\n(?P<command>.*?)```\n\n```json\n(?P<answer>.*?)```", re.DOTALL)


async def test_the_examples_do_what_the_document_shows(gateway: Any) -> None:
    examples = list(EXAMPLE.finditer(DOCUMENT.read_text()))
    assert len(examples) >= 10
    variables = {
        "ACTIONS": gateway.actions_url,
        "LOGIN": gateway.login,
        "PASSWORD": gateway.password,
        "CURL_CA_BUNDLE": str(gateway.root_pem),
    }
    for example in examples:
        answer = await run(example["command"], variables)
        assert_same_shape(json.loads(example["answer"]), answer, example["command"])
        # What the document tells its reader to keep.
        if "Servers" in answer:
            variables["SERVER"] = answer["Servers"][0]["serverUrl"]
            variables["OV_SERVER"] = answer["Servers"][1]["serverUrl"]
        if "destinationID" in answer:
            variables["DESTINATION"] = answer["destinationID"]
        if "action=PREREGISTER" in example["command"]:
            account = "OV_ACCOUNT" if "OV_SERVER" in example["command"] else "ACCOUNT"
            variables[account] = answer["Accounts"][0]["acmeAccountID"]
        if "organizationID" in answer:
            variables["ORGANIZATION"] = answer["organizationID"]
        if "ovAnchorOrderNumber" in answer:
            variables["ANCHOR"] = str(answer["ovAnchorOrderNumber"])
            await approve(gateway, answer["ovAnchorOrderNumber"])
            renewal = await add_prevalidation(gateway, "example.com")
            variables["NEW_ANCHOR"] = str(renewal)


def test_every_command_of_the_document_is_an_example_with_its_answer() -> None:
    text = DOCUMENT.read_text()
    assert text.count("```sh\n") == len(EXAMPLE.findall(text))


async def run(command: str, variables: dict[str, str]) -> Any:
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-euc",
        command,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


def assert_same_shape(shown: Any, got: Any, where: str) -> None:
    """The same members in the same order, the same kinds of values; texts of errors literally."""
    assert type(shown) is type(got), (where, shown, got)
    if isinstance(shown, dict):
        assert list(shown) == list(got), where
        for name, value in shown.items():
            assert_same_shape(value, got[name], where)
        if "detail" in shown:
            assert shown == got, where
    elif isinstance(shown, list):
        assert bool(shown) == bool(got), where
        for value in got:
            assert_same_shape(shown[0], value, where)
