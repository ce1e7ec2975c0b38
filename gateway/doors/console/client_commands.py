"""What to run or configure in each ACME client, with the values of one EAB credential.

The table is client_commands.md beside this file; docs/clients.md has the same with variables.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_suffix(".md")

_HEADING_OR_COMMAND = re.compile(
    r"^## (?P<title>[^\n]+)$|^<!-- (?P<key>[^\n]+?) -->\n```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_LABELS = {"wildcard": "A wildcard", "later": "Later"}
_FIRST = "A certificate"
_NAME, _WILDCARD, _ALIAS = "www.example.com", "*.example.com", "wildcard.example.com"


@dataclass(frozen=True, slots=True)
class CommandValues:
    """What stands in place of the variables; `mac_key` None = the variable stays.

    `names` are those of the subscription: the first name and the first wildcard are used.
    """

    directory: str
    kid: str
    mac_key: str | None = None
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ClientCommand:
    """A text to be copied; `key` marks it in docs/clients.md."""

    key: str
    text: str

    @property
    def label(self) -> str:
        """What it is for."""
        return _LABELS.get(self.key.rpartition(" ")[2], _FIRST)


@dataclass(frozen=True, slots=True)
class ClientCommands:
    """All texts of one client."""

    title: str
    commands: tuple[ClientCommand, ...]


@cache
def table() -> Sequence[ClientCommands]:
    """Every client with its texts as they are documented."""
    found: list[tuple[str, list[ClientCommand]]] = []
    for each in _HEADING_OR_COMMAND.finditer(TABLE.read_text()):
        if each["title"]:
            found.append((each["title"], []))
        else:
            found[-1][1].append(ClientCommand(each["key"], each["text"]))
    return [ClientCommands(title, tuple(commands)) for title, commands in found]


def commands_for(values: CommandValues) -> Sequence[ClientCommands]:
    """The same with the values; those for wildcards only where there is a wildcard."""
    has_wildcard = not values.names or any(each.startswith("*.") for each in values.names)
    return [
        ClientCommands(
            client.title,
            tuple(
                ClientCommand(each.key, _filled(each.text, values))
                for each in client.commands
                if has_wildcard or not each.key.endswith(" wildcard")
            ),
        )
        for client in table()
    ]


def _filled(text: str, values: CommandValues) -> str:
    variables = {
        "DIRECTORY": values.directory,
        "EAB_KID": values.kid,
        "EAB_MAC_KEY": values.mac_key,
    }
    for name, value in variables.items():
        if value is None:
            continue
        text = text.replace(f"process.env.{name}", f"'{value}'")
        for written in (f"${{{name}}}", f"{{${name}}}", f"${name}"):
            text = text.replace(written, value)
    fqdn = next((each for each in values.names if not each.startswith("*.")), _NAME)
    wildcard = next((each for each in values.names if each.startswith("*.")), _WILDCARD)
    replaced = {_WILDCARD: wildcard, _ALIAS: f"wildcard{wildcard[1:]}", _NAME: fqdn}
    pattern = "|".join(map(re.escape, replaced))
    return re.sub(rf"(?<![\w.-])(?:{pattern})", lambda found: replaced[found[0]], text)
