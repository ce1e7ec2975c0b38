"""docs/reseller-api.md lists every member of every answer, as the schema has them."""

import re
from pathlib import Path
from typing import Any

import gateway.doors.reseller.door  # noqa: F401  registers the actions
from gateway.doors.reseller.answers import described
from gateway.doors.reseller.parameters import ACTIONS

DOCUMENT = Path(__file__).parents[3] / "docs" / "reseller-api.md"


def rows(action: str, schema: dict[str, Any], path: str = "") -> list[str]:
    """The lines of the table; what may be absent has its name in parentheses."""
    made = []
    for name, each in schema.get("properties", {}).items():
        shown = f"`{path}{name}`" if name in schema["required"] else f"(`{path}{name}`)"
        made.append(f"| {action} | {shown} | {each.get('description', '')} |")
        made += rows(action, each.get("items", each), f"{path}{name}[].")
    return made


def test_the_document_lists_every_member_of_every_answer_and_no_other() -> None:
    wanted = [row for each in ACTIONS.values() for row in rows(each.name, described(each.answer))]
    listed = re.findall(r"^\| [A-Z]{6,} \| .*$", DOCUMENT.read_text(), re.MULTILINE)
    assert listed == wanted


def test_every_member_has_a_description() -> None:
    listed = [row for each in ACTIONS.values() for row in rows(each.name, described(each.answer))]
    assert not [row for row in listed if row.endswith("|  |")]
