"""Whether the domain owner's CAA records let this CA issue (RFC 8659, RFC 8657).

The records are those of the Relevant RRset; the caller decides when there are none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

FRESH = timedelta(hours=8)
"""How long a check is valid (BR §3.2.2.8)."""

_CRITICAL = 0x80
_UNDERSTOOD = frozenset({"issue", "issuewild", "iodef", "issuemail"})
"""iodef asks for reports and issuemail is about S/MIME: neither restricts TLS certificates."""

# Possessive quantifiers (*+) never backtrack: thousands of spaces are read once, not n² times.
_LABEL = r"[A-Za-z0-9](?:-*+[A-Za-z0-9])*+"
_SPACE = r"[ \t]*+"
_ISSUE_VALUE = re.compile(
    rf"{_SPACE}(?P<issuer>{_LABEL}(?:\.{_LABEL})*+)?{_SPACE}(?:;{_SPACE}(?P<parameters>.*+))?",
    re.DOTALL,
)
_PARAMETER = re.compile(rf"{_SPACE}({_LABEL}){_SPACE}={_SPACE}([\x21-\x3a\x3c-\x7e]*+){_SPACE}")
_SHOWN = 64  # characters
_MOST_SHOWN = 4  # of the reasons


@dataclass(frozen=True, slots=True)
class Property:
    """A CAA record: flags (0–255), tag and value as they stand in DNS."""

    flags: int
    tag: str
    value: str


@dataclass(frozen=True, slots=True)
class WantedCertificate:
    """The certificate to issue: for a name or everything below it, proven by an ACME `method`."""

    identities: Sequence[str]
    """Issuer domain names of this CA."""
    wildcard: bool
    method: str
    account_url: str


@dataclass(frozen=True, slots=True)
class IssueValue:
    """The value of `issue` and `issuewild`. `issuer` is lower case; "" allows nobody."""

    issuer: str
    parameters: tuple[tuple[str, str], ...]
    """(lower-case tag, value) in the order given."""

    def of(self, tag: str) -> list[str]:
        return [value for name, value in self.parameters if name == tag]


def parse_issue_value(text: str) -> IssueValue | None:
    """Parses a value (RFC 8659 §4.2); None = malformed, which authorizes nobody."""
    found = _ISSUE_VALUE.fullmatch(text)
    if found is None:
        return None
    written = (found["parameters"] or "").strip(" \t")
    pairs = [_PARAMETER.fullmatch(each) for each in written.split(";")] if written else []
    if not all(pairs):
        return None
    parameters = tuple((pair[1].lower(), pair[2]) for pair in pairs if pair)
    return IssueValue((found["issuer"] or "").lower(), parameters)


def objection(records: Sequence[Property], wanted: WantedCertificate) -> str:
    """Why the records forbid it, to complete "the CAA records of …"; empty = they allow it."""
    for record in records:
        if record.flags & _CRITICAL and record.tag.lower() not in _UNDERSTOOD:
            return f"have the critical property {_shown(record.tag)}, which is not understood here"
    values = _restricting(records, wanted.wildcard)
    objections = [_value_objection(value, wanted) for value in values]
    return "" if "" in objections else "; they ".join([*dict.fromkeys(objections)][:_MOST_SHOWN])


def is_fresh(checked_at: datetime | None, now: datetime) -> bool:
    """Whether a check at that time is still valid."""
    return checked_at is not None and timedelta(0) <= now - checked_at <= FRESH


def _restricting(records: Sequence[Property], wildcard: bool) -> list[str]:
    """The values that apply: for wildcards `issuewild`, or else `issue` (RFC 8659 §4.3)."""
    by_tag: dict[str, list[str]] = {}
    for record in records:
        by_tag.setdefault(record.tag.lower(), []).append(record.value)
    ordinary = by_tag.get("issue", [])
    return by_tag.get("issuewild", ordinary) if wildcard else ordinary


def _value_objection(text: str, wanted: WantedCertificate) -> str:
    value = parse_issue_value(text)
    if value is None:
        return f"have the malformed value {_shown(text)}"
    if value.issuer == "":
        return "let nobody issue"
    if value.issuer not in {identity.lower() for identity in wanted.identities}:
        return f"let {_shown(value.issuer)} issue"
    return _account_objection(value, wanted) or _method_objection(value, wanted)


def _account_objection(value: IssueValue, wanted: WantedCertificate) -> str:
    """Objection by account URI (RFC 8657 §3); several URIs can never be satisfied."""
    allowed = value.of("accounturi")
    if not allowed or allowed == [wanted.account_url]:
        return ""
    return (
        f"let {_shown(value.issuer)} issue to the account {_shown(', '.join(allowed))} only, "
        f"and this is {wanted.account_url}"
    )


def _method_objection(value: IssueValue, wanted: WantedCertificate) -> str:
    """Objection by validation method (RFC 8657 §4)."""
    lists = value.of("validationmethods")
    if not lists or (len(lists) == 1 and wanted.method in lists[0].split(",")):
        return ""
    return (
        f"let {_shown(value.issuer)} issue after validation by {_shown(', '.join(lists))} only, "
        f"and this was {wanted.method}"
    )


def _shown(text: str) -> str:
    return ascii(text[:_SHOWN])
