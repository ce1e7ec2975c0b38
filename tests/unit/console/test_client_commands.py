"""The commands that the console shows are those of docs/clients.md, with values in them."""

import re
from pathlib import Path

import pytest

from gateway.doors.console.client_commands import CommandValues, commands_for, table

DOCUMENT = (Path(__file__).parents[3] / "docs" / "clients.md").read_text()
DOCUMENTED = dict(re.findall(r"<!-- ([^\n]+?) -->\n```\w+\n(.*?)```", DOCUMENT, re.DOTALL))


def texts(values: CommandValues) -> dict[str, str]:
    return {each.key: each.text for client in commands_for(values) for each in client.commands}


def test_every_client_of_the_document_is_shown_with_the_same_commands() -> None:
    shown = {each.key: each.text for client in table() for each in client.commands}
    assert shown == DOCUMENTED
    assert [client.title for client in table()] == re.findall(r"(?m)^### (.+)$", DOCUMENT)


@pytest.mark.parametrize("key", DOCUMENTED)
def test_no_variable_is_left_where_its_value_is_known(key: str) -> None:
    values = CommandValues("https://gateway.example/v2/DV", "some-kid", "some_key")
    text = texts(values)[key]
    assert not re.search(r"DIRECTORY|EAB_KID(?!=)|\$.?EAB_|env\.EAB", text)
    documented = DOCUMENTED[key]
    for name, value in (
        ("DIRECTORY", values.directory),
        ("EAB_KID", values.kid),
        ("EAB_MAC_KEY", "some_key"),
    ):
        uses = re.findall(rf"\$\{{?{name}\b|env\.{name}\b", documented)
        assert text.count(value) == len(uses), name


def test_the_names_are_those_of_the_subscription() -> None:
    names = ["*.shop.example.net", "shop.example.net", "b.example.org"]
    shown = texts(CommandValues("https://gateway.example/v2/DV", "kid", names=names))
    assert "www.example.com" not in "".join(shown.values())
    assert "*.example.com" not in "".join(shown.values())
    assert "shop.example.net.key" in shown["acme-client"]
    assert "--alias wildcard.shop.example.net" in shown["dehydrated wildcard"]


def test_commands_for_wildcards_are_shown_where_there_is_one() -> None:
    without = texts(CommandValues("https://gateway.example/v2/DV", "kid", names=["a.example.net"]))
    assert set(DOCUMENTED) - set(without) == {
        key for key in DOCUMENTED if key.endswith(" wildcard")
    }
    assert set(texts(CommandValues("https://gateway.example/v2/DV", "kid"))) == set(DOCUMENTED)
