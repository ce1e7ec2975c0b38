"""What code, tests and documents cite is there: rules, sections, files, tests and links."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULEBOOK = ROOT / "docs" / "rules.md"

CITED = re.compile(r"(?<![\w.§/-])[RAEOXGBL]\d{1,2}[ab]?(?![\w.-])")
ROW = re.compile(r"\| ([A-Z]\d{1,2}[ab]?) \|")
NEVER_ANSWERED = {"E17"}
CITED_PATH = re.compile(r"`([\w<>./-]+/[\w<>./-]*)(?:: (\w+))?`")
"""A path in a document, and what is said to be in that file: `gateway/x/y.py: function`."""
FOLDERS = {
    each.name for folder in (ROOT, ROOT / "gateway") for each in folder.iterdir() if each.is_dir()
}
CODE = ("gateway", "tests", "bench")
SUFFIXES = (".py", ".sql", ".md", ".toml")
MADE_BY_COMMANDS = {"bench/latest.json", "bench/latest-actions.json"}
CITED_DOCUMENT = re.compile(r"(docs/[\w/-]+\.md)(?: (§\d[\d.]*\d|§\d))?")
SECTION = r"§[\w.]*\w"
SOURCED = re.compile(
    r"(RFC \d+|BR|Baseline Requirements|X\.690|draft-[\w-]+|[\w/-]+\.md`?\)?),? "
    rf"{SECTION}(?:(?:,| and|,? or| to|[-\u2013]| \([\w-]+\) or) ?{SECTION})*"
)
"""One section or several, after the document that has them."""
LINE_END = re.compile(r"\s*\n\s*(?:#:?|--)?\s*")
OF_ONE_DOCUMENT = {"docs/wire.md", "docs/rfc8555.md"}
"""Documents whose sections are their own, or those of the RFC in their title."""
EXEMPT = {"tests/unit/test_rulebook.py"}
"""Its own examples."""


def rows() -> dict[str, str]:
    lines = RULEBOOK.read_text().splitlines()
    return {match[1]: line for line in lines if (match := ROW.match(line))}


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def sources() -> list[Path]:
    """Everything that is written by hand and may cite something."""
    code = [file for name in CODE for file in (ROOT / name).rglob("*.py")]
    return [*code, *(ROOT / "sql").glob("*.sql"), *documents()]


def prose(file: Path) -> Iterator[str]:
    """Comments and docstrings: where rules are cited, and where no key id or number stands."""
    for line in file.read_text().splitlines():
        if '"""' in line or "#" in line or "--" in line or not re.search(r"[=(\[{]", line):
            yield line


def test_every_cited_rule_stands_in_the_rulebook() -> None:
    cited = {
        (rule, str(file.relative_to(ROOT)))
        for file in sources()
        for line in (file.read_text().splitlines() if file.suffix == ".md" else prose(file))
        for rule in CITED.findall(line)
    }
    assert len(cited) > 300
    assert {"L1", "L4"} <= {rule for rule, _ in cited}
    known = rows()
    assert not {(rule, file) for rule, file in cited if rule not in known}


def test_every_rule_is_shown_by_a_test_that_exists() -> None:
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)", tests))
    for rule, row in rows().items():
        named = set(re.findall(r"`(test_\w+)`", row))
        assert named or rule in NEVER_ANSWERED, row
        assert named <= there, (rule, named - there)


def test_every_rule_names_the_file_that_decides_it() -> None:
    for rule, row in rows().items():
        files = re.findall(r"`((?:gateway|sql|docs)/[\w/.-]+)`", row)
        assert files or rule.startswith("X") or rule in NEVER_ANSWERED, row
        assert all((ROOT / file).exists() for file in files), row


def test_links_of_documents_lead_somewhere() -> None:
    """A file that is there, and in it the heading or anchor of the link."""
    checked = 0
    for document in documents():
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", document.read_text()):
            file = document.parent / target if target else document
            assert file.exists(), (document.name, target)
            if anchor:
                assert anchor in anchors(file), (document.name, target, anchor)
                checked += 1
    assert checked > 10


def anchors(file: Path) -> set[str]:
    """The anchors of a document: its headings in the form that GitHub gives them."""
    text = re.sub(r"^```.*?^```", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    return made | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def without_sources(text: str) -> list[str]:
    """The sections that a text cites without saying of which document."""
    return re.findall(rf".{{0,30}}{SECTION}", SOURCED.sub("", LINE_END.sub(" ", text)))


def test_every_cited_section_stands_behind_its_document() -> None:
    assert without_sources("# the status (BR §7.1, §7.2),\n# see RFC\n# 8555 §7.3.4 or §8") == []
    assert without_sources("Moves it (§8 G1).") == ["Moves it (§8"]
    unclear = {
        (name, cited)
        for file in sources()
        if (name := str(file.relative_to(ROOT))) not in OF_ONE_DOCUMENT | EXEMPT
        for cited in without_sources(file.read_text())
    }
    assert not unclear


def files_of(path: str) -> list[Path]:
    """What a document means, from the root or from gateway/: `<subject>` and NNNN_… are any."""
    pattern = re.sub(r"NNNN_\w+", "*", re.sub(r"<\w+>", "*", path)).rstrip("/")
    return [*ROOT.glob(pattern), *(ROOT / "gateway").glob(pattern)]


def test_paths_that_documents_name_are_there() -> None:
    named = {
        (str(document.relative_to(ROOT)), path, inside)
        for document in documents()
        for path, inside in CITED_PATH.findall(document.read_text())
        if path.split("/")[0] in FOLDERS or path.endswith(SUFFIXES)
    }
    assert len(named) > 100
    stale = []
    for document, path, inside in sorted(named):
        found = files_of(path)
        if not found and path not in MADE_BY_COMMANDS:
            stale.append(f"{document} names {path}, which is not there")
        defined = re.compile(rf"^\s*(async )?(def|class) {inside}\b", re.MULTILINE)
        if inside and not any(defined.search(file.read_text()) for file in found):
            stale.append(f"{document} says that {path} defines {inside}")
    assert not stale, "\n".join(stale)


def test_documents_that_code_cites_are_here_and_have_the_section() -> None:
    cited = {
        (document, section, str(file.relative_to(ROOT)))
        for file in sources()
        for document, section in CITED_DOCUMENT.findall(file.read_text())
    }
    assert len(cited) > 20
    for document, section, file in cited:
        assert (ROOT / document).exists(), (document, file)
        if section:
            headings = re.findall(r"^#+ (§[\d.]+)", (ROOT / document).read_text(), re.MULTILINE)
            assert section in headings, (document, section, file)
