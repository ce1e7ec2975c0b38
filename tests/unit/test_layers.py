"""The shape of the code: imports point down, rules are pure, SQL has one home, time one source."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "gateway"
FILES = sorted(PACKAGE.rglob("*.py"))

SUBJECTS = {
    "acme",
    "subscription",
    "organization",
    "money",
    "reseller",
    "ssl",
    "sitelock",
    "notice",
    "ca",
    "operation",
}
"""The folders inside each layer, which are the same in all."""

LAYERS = (
    # What every layer may use.
    {"errors", "ids", "origin"},
    {"clock", "config", "vault", "passwords", "metrics"},
    {"process.sockets", "process.descriptors", "process.place", "process.tls"},
    {"web.untrusted", "web.unserved", "web.rendering"},
    {"web.forms"},
    {"rules"},
    {"db"},
    {"store", "ca", "validation", "sandbox.postgres_binaries"},
    # Goes only to addresses that `validation` holds for public.
    {"notify", "sandbox.postgres", "sandbox.clock", "refusal_log"},
    {"services", "logging", "web.addresses", "web.body"},
    {"web.uploads"},
    {"web.front", "web.site", "process.background"},
    {"usecases"},
    {"web.door", "web.downloads", "web.health", "web.metrics"},
    {"web.login", "web.refused_forms", "web.serving"},
    # No folder knows another: what doors share is in `web`.
    {"doors"},
    {"sandbox.clock_door", "process.preparation"},
    # What puts the parts together and starts them.
    {"app", "sandbox.demo_data"},
    {"process.listeners"},
    {"process.worker"},
    {"process.supervisor"},
    {"sandbox", "commands"},
    {"cli"},
    {"__main__"},
)
LEVELS = {folder: level for level, folders in enumerate(LAYERS) for folder in folders}

MOST_LINES = 350
"""Of a file; a longer one has two things in it."""

MOST_PARAMETERS = 6
MOST_LONG_SIGNATURES = 2
"""How many functions may take more parameters than that; lower it with each that is mended."""

WITHOUT_WORK = {
    # Nobody is known yet when a token is looked at.
    "usecases.reseller.api_tokens.log_in",
    # Sessions and secrets go by real time, which is not that of a unit of work.
    "usecases.operation.sessions.list_own",
    "usecases.operation.stored_secrets.check",
}
"""The use cases that are handed a connection."""

SQL = re.compile(
    r"\bSELECT\s.+\bFROM\b|\bINSERT INTO\b|\bUPDATE\s+\S+\s.*\bSET\b|\bDELETE FROM\b"
    r"|\bCREATE (TABLE|SCHEMA|INDEX|DATABASE)\b",
    re.DOTALL,
)


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


@cache
def nodes(file: Path) -> Sequence[ast.AST]:
    """All nodes of a file: many tests look through them."""
    return list(ast.walk(parsed(file)))


def name_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def folder_of(module: str) -> str:
    """The folder, or the file, of a module given without the leading `gateway.`."""
    parts = module.split(".")
    part = ".".join(parts[:2])
    return part if part in LEVELS or parts[0] == "doors" else parts[0]


def level_of(folder: str) -> int | None:
    return LEVELS["doors"] if folder.startswith("doors.") else LEVELS.get(folder)


@cache
def imported(file: Path) -> Sequence[str]:
    """Names of gateway modules a file imports, without the leading `gateway.`."""
    return list(_imported(file))


def _imported(file: Path) -> Iterator[str]:
    for node in nodes(file):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("gateway."):
                yield name.removeprefix("gateway.")


def literals(file: Path) -> Iterator[ast.Constant]:
    """String literals that are no docstrings."""
    docstrings = {
        id(node.value)
        for node in nodes(file)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in nodes(file):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ):
            yield node


def parameters_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Names of all that a caller gives."""
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    rest = [each for each in (given.vararg, given.kwarg) if each is not None]
    return [each.arg for each in (*named, *rest) if each.arg not in ("self", "cls")]


def shown(file: Path) -> str:
    return str(file.relative_to(PACKAGE))


@pytest.mark.parametrize("file", FILES, ids=shown)
def test_imports_point_down_only(file: Path) -> None:
    own = folder_of(name_of(file))
    if own in ("", "doors", "process", "web"):  # a package that only holds folders
        return
    level = level_of(own)
    assert level is not None, f"{own} has no layer; give it one in LAYERS"
    for module in imported(file):
        other = folder_of(module)
        if other == own:
            continue
        lower = level_of(other)
        assert lower is not None, f"{other} has no layer; give it one in LAYERS"
        assert lower < level, f"{name_of(file)} must not import gateway.{module}"


@pytest.mark.parametrize(
    "file", [file for file in FILES if not name_of(file).startswith("ca.")], ids=shown
)
def test_kinds_of_issuers_are_known_in_ca_only(file: Path) -> None:
    """In the product: bench/ and tests/ put a CA of a known kind together themselves."""
    kinds = {f"ca.{each.parent.name}" for each in (PACKAGE / "ca").glob("*/kind.py")}
    assert kinds
    for module in imported(file):
        kind = ".".join(module.split(".")[:2])
        assert kind not in kinds, f"{name_of(file)} must know no kind of issuer, as {kind} is"
    assert "LocalCa" not in file.read_text(), f"{name_of(file)} must know no kind of issuer"


@pytest.mark.parametrize("layer", ["usecases", "rules", "store"])
def test_folders_of_a_layer_are_subjects_without_a_circle(layer: str) -> None:
    folders = {each.name for each in (PACKAGE / layer).iterdir() if (each / "__init__.py").exists()}
    unknown = folders - SUBJECTS
    assert not unknown, f"no subjects: {unknown}; name them in SUBJECTS and docs/architecture.md"
    uses: dict[str, set[str]] = {folder: set() for folder in folders}
    for folder in folders:
        for file in (PACKAGE / layer / folder).rglob("*.py"):
            parts = [module.split(".") for module in imported(file)]
            uses[folder] |= {part[1] for part in parts if part[0] == layer and part[1] in folders}
        uses[folder].discard(folder)
    while leaves := {folder for folder, others in uses.items() if not others}:
        uses = {folder: others - leaves for folder, others in uses.items() if folder not in leaves}
    assert not uses, f"these subjects of {layer} import each other in a circle: {uses}"


@pytest.mark.parametrize("file", sorted((PACKAGE / "rules").rglob("*.py")), ids=shown)
def test_rules_wait_for_nothing_and_read_no_clock(file: Path) -> None:
    text = file.read_text()
    for node in nodes(file):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await), file
    for forbidden in ("asyncio", "asyncpg", "aiohttp", "time", "random", "secrets", "os", "socket"):
        assert not re.search(rf"^(import|from) {forbidden}\b", text, re.MULTILINE), forbidden


@pytest.mark.parametrize(
    "file",
    [file for file in FILES if folder_of(name_of(file)) not in ("store", "db")],
    ids=shown,
)
def test_sql_is_in_store_and_db_only(file: Path) -> None:
    found = [node.lineno for node in literals(file) if SQL.search(str(node.value))]
    assert not found, f"SQL in {shown(file)}, lines {found}"


def test_no_file_is_long() -> None:
    lines = {shown(file): len(file.read_text().splitlines()) for file in FILES}
    long = {file: number for file, number in lines.items() if number > MOST_LINES}
    assert not long, f"split by meaning: {long}"


def test_few_functions_take_more_than_six_parameters() -> None:
    """The options of an operator's command are its parameters: commands do not count."""
    found = [
        f"{shown(file)}: {node.name}"
        for file in FILES
        if folder_of(name_of(file)) != "commands"
        for node in nodes(file)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and len(parameters_of(node)) > MOST_PARAMETERS
    ]
    assert len(found) <= MOST_LONG_SIGNATURES, "\n".join(found)


def test_parameters_of_every_kind_count_and_the_object_does_not() -> None:
    [method] = ast.parse("async def f(self, a, /, b, *more, c, **others): ...").body
    assert isinstance(method, ast.AsyncFunctionDef)
    assert parameters_of(method) == ["a", "b", "c", "more", "others"]


@pytest.mark.parametrize("file", FILES, ids=shown)
def test_business_time_comes_from_the_clock_only(file: Path) -> None:
    if shown(file) in ("clock.py", "sandbox/clock.py"):
        return
    text = file.read_text()
    assert not re.search(r"datetime\.(now|utcnow|today)\(|date\.today\(", text), shown(file)
    found = [
        node.lineno
        for node in literals(file)
        if re.search(r"\bnow\(\)|\bCURRENT_(TIMESTAMP|DATE)\b", str(node.value))
    ]
    assert not found, f"the database's time in {shown(file)}, lines {found}"


def test_a_class_name_says_whose_it_is() -> None:
    """Two public classes of one name could only be distinguished by their modules."""
    seen: dict[str, Path] = {}
    for file in FILES:
        for node in parsed(file).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                assert node.name not in seen, (node.name, shown(file), shown(seen[node.name]))
                seen[node.name] = file


def test_use_cases_are_handed_a_unit_of_work_and_no_connection() -> None:
    handed = {
        f"{name_of(file)}.{node.name}"
        for file in sorted((PACKAGE / "usecases").rglob("*.py"))
        for node in parsed(file).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and "connection" in parameters_of(node)
    }
    assert handed == WITHOUT_WORK


@pytest.mark.parametrize("file", FILES, ids=shown)
def test_domain_errors_are_defined_in_errors_by_subject(file: Path) -> None:
    if file.parent.name == "errors":
        return
    defined = [
        node.name
        for node in nodes(file)
        if isinstance(node, ast.ClassDef)
        and {base.id for base in node.bases if isinstance(base, ast.Name)} & domain_errors()
    ]
    assert not defined


@cache
def domain_errors() -> frozenset[str]:
    """The names of all classes in gateway/errors."""
    files = (PACKAGE / "errors").glob("*.py")
    return frozenset(
        node.name for file in files for node in parsed(file).body if isinstance(node, ast.ClassDef)
    )
