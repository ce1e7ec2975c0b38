"""Every curl example of docs/sitelock-api.md runs, and answers as the document shows."""

import asyncio
import os
import re
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[3] / "docs" / "sitelock-api.md"
EXAMPLE = re.compile(r"```sh\n(?P<command>.*?)```\n\n```text\n(?P<answer>.*?)```", re.DOTALL)


async def test_the_examples_do_what_the_document_shows(gateway: Any) -> None:
    await gateway.at("2025-01-10T12:00:00Z")
    text = DOCUMENT.read_text()
    examples = list(EXAMPLE.finditer(text))
    assert len(examples) == text.count("```sh\n") >= 5
    variables = {
        "PRODUCTS": f"{gateway.url}/products",
        "LOGIN": gateway.login,
        "PASSWORD": gateway.password,
        "CURL_CA_BUNDLE": str(gateway.root_pem),
        "ORDER": "100000001",
        "MONTHLY": "100000002",
    }
    for example in examples:
        got = await run(example["command"], variables)
        assert got.rstrip("\n") == example["answer"].rstrip("\n")


async def run(command: str, variables: dict[str, str]) -> str:
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
    return output.decode()
