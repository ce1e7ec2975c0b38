"""The program of the release before, from its wheel, and today's with chosen migrations."""

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).parents[2]
RELEASES = ROOT / "tests/releases"
_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s")


class ProcessOptions(TypedDict, total=False):
    """How a process finds the package of a release and not the editable source tree."""

    cwd: Path
    env: dict[str, str]


@dataclass(frozen=True)
class Program:
    """A release: `directory` holds its package `gateway`."""

    directory: Path
    sql: Path

    @property
    def options(self) -> ProcessOptions:
        return {
            "cwd": self.directory,
            "env": {**os.environ, "PYTHONPATH": str(self.directory)},
        }

    def run(self, *command: str) -> str:
        """Runs a command of it that must succeed; gives what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "gateway", *command],
            capture_output=True,
            text=True,
            **self.options,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def statements(self) -> Iterator[str]:
        """The SQL in its code, except what is put together at run time."""
        for file in sorted((self.directory / "gateway").rglob("*.py")):
            tree = ast.parse(file.read_text())
            formatted = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
            parts = {id(part) for node in formatted for part in node.values}
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and id(node) not in parts:
                    value = node.value
                    if isinstance(value, str) and _STATEMENT.match(value):
                        yield value


def release_before(directory: Path) -> Program:
    """Unpacks the only wheel of tests/releases."""
    [wheel] = RELEASES.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(directory)
    return Program(directory, directory / "gateway/sql")


def todays(directory: Path, more: Iterable[tuple[str, str]] = ()) -> Program:
    """This source tree, with `more` migrations: names of files, and what is in them."""
    directory.mkdir()
    (directory / "gateway").symlink_to(ROOT / "gateway")
    sql = Path(shutil.copytree(ROOT / "sql", directory / "sql"))
    for name, text in more:
        (sql / name).write_text(text)
    return Program(directory, sql)
