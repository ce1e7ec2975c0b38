"""docs/ssl-api.md: every example runs, every error is there and no other."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

from gateway.doors.ssl.envelope import SslEnvelope
from gateway.errors.request import IdempotencyKeyInvalid
from gateway.rules.ssl.orders import STATUSES
from tests.support.certificate_shop import CertificateShop

DOCUMENT = Path(__file__).parents[3] / "docs" / "ssl-api.md"
EXAMPLE = re.compile(
    r"(?:<!-- prepare -->\n```sh\n(?P<preparation>.*?)```\n\n)?"
    r"```sh\n(?P<command>.*?)```\n\n```json\n(?P<answer>.*?)```",
    re.DOTALL,
)

SHARED = {IdempotencyKeyInvalid}
"""Answered with the code of another error: a member, a parameter or a header is of no use."""


async def test_the_examples_do_what_the_document_shows(
    shop: CertificateShop, tmp_path: Path
) -> None:
    text = DOCUMENT.read_text()
    examples = {_title(text, found): found for found in EXAMPLE.finditer(text)}
    assert len(examples) == 8
    variables = {
        "CERTIFICATES": shop.url,
        "TOKEN": shop.token,
        "CURL_CA_BUNDLE": str(shop.gateway.root_pem),
    }

    async def show(title: str) -> Any:
        example = examples[title]
        script = (example["preparation"] or "") + example["command"]
        answer = await run(script, variables, tmp_path)
        shown = json.loads(example["answer"].replace("…", "..."))
        assert_same_shape(shown, answer, title)
        return answer

    variables["CERT"] = cert_id = (await show("Buy"))["cert_id"]
    await show("Apply")
    await show("Withdraw")
    await shop.until(cert_id, "PAID")
    await shop.prove(cert_id, await show("Apply"))
    # The customer's own key: applying again would be another application.
    await shop.until(cert_id, "ISSUED")
    await show("Look at one")
    await show("List")
    await show("Revoke")
    await shop.until(cert_id, "REVOKED")
    await show("Unsubscribe")
    await show("Errors")


def test_every_command_of_the_document_is_an_example_with_its_answer() -> None:
    text = DOCUMENT.read_text()
    prepared = text.count("<!-- prepare -->")
    assert text.count("```sh\n") == len(EXAMPLE.findall(text)) + prepared


def test_the_errors_are_the_documented_ones() -> None:
    documented = set(re.findall(r"\| (\d{3}) \| `(SCM\.\d{4})` \|", DOCUMENT.read_text()))
    table = SslEnvelope.table
    assert documented == {(str(each.status), each.code) for each in table.values()}
    of_their_own = {kind: each.code for kind, each in table.items() if kind not in SHARED}
    assert len(set(of_their_own.values())) == len(of_their_own)


def test_every_status_is_explained() -> None:
    section = DOCUMENT.read_text().split("\n## Look at one\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE)) == set(STATUSES)


def _title(text: str, found: re.Match[str]) -> str:
    return text[: found.start()].rpartition("\n## ")[2].partition("\n")[0]


async def run(script: str, variables: dict[str, str], directory: Path) -> Any:
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euc", script),
        cwd=directory,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


def assert_same_shape(shown: Any, got: Any, where: str) -> None:
    """The same members in the same order and kinds of values; statuses and errors literally."""
    assert type(shown) is type(got), (where, shown, got)
    if isinstance(shown, dict):
        assert list(shown) == list(got), where
        for name, value in shown.items():
            assert_same_shape(value, got[name], where)
            if name in ("status", "validated", "error_code", "error_msg", "paid_amount"):
                assert value == got[name], where
    elif isinstance(shown, list):
        assert bool(shown) == bool(got), where
        for value in got:
            assert_same_shape(shown[0], value, where)
