"""Actions of the reseller API and their parameters, declared once for parsing and OpenAPI.

    @action(
        "ADDDOMAIN",
        Parameter("acmeAccountID", account_id, required=True),
        answer=(SUCCESS,),
        writes=True,
    )
    async def add_domain(call: ActionCall) -> dict[str, Any]: ...

`door.py` parses requests with these declarations, `openapi.py` describes them.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.config import Settings
from gateway.doors.reseller.answers import Member
from gateway.errors.request import NotBase64url
from gateway.services import Services
from gateway.usecases.work import Work
from gateway.web.door import Caller
from gateway.web.forms import Parameter, ParameterKind, integer, text


@dataclass(frozen=True, slots=True)
class ActionCall:
    """A request for an action with its parsed arguments, ready to be carried out.

    `work` is the action's transaction if the action changes state; otherwise (also with
    quoteOnly=Y) it only reads, and must take no lock. `arguments` holds every declared
    parameter under its documented name: the parsed value, a list for repeatable ones, or the
    default.
    """

    work: Work
    reseller: Caller
    settings: Settings
    services: Services
    arguments: Mapping[str, Any]


Handler = Callable[[ActionCall], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Action:
    """One entry of the registry; the handler's docstring describes it to callers."""

    name: str
    parameters: tuple[Parameter, ...]
    handler: Handler
    answer: tuple[Member, ...]
    writes: bool

    def changes_state(self, arguments: Mapping[str, Any]) -> bool:
        """False for reading actions and for quotes."""
        return self.writes and arguments.get("quoteOnly") is not True


ACTION = Parameter("action", text(30), required=True, description="What to do.")

ACTIONS: dict[str, Action] = {}
"""Every action by name. A module of actions registers its own when it is imported."""


def action(
    name: str, *parameters: Parameter, answer: tuple[Member, ...], writes: bool = False
) -> Callable[[Handler], Handler]:
    """Registers the decorated coroutine function as action `name`, which gives `answer`.

    With `writes=True` it runs in one transaction and honours Idempotency-Key.
    """

    def register(handler: Handler) -> Handler:
        if name in ACTIONS:
            raise ValueError(f"two handlers for {name}")
        ACTIONS[name] = Action(name, parameters, handler, answer, writes)
        return handler

    return register


def _whole_number_of(*values: int) -> ParameterKind:
    """One of a few numbers."""
    accepted = {str(value): value for value in values}

    def parse(sent: str) -> int:
        if sent not in accepted:
            raise ValueError(sent)
        return accepted[sent]

    return ParameterKind(parse, {"type": "integer", "enum": list(values)}, max(map(len, accepted)))


def _parse_account_id(sent: str) -> str:
    if not re.fullmatch("[A-Za-z0-9_-]+", sent):
        raise NotBase64url
    return sent


def _parse_date(sent: str) -> date:
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", sent):
        raise ValueError(sent)
    return date.fromisoformat(sent)


account_id = ParameterKind(
    _parse_account_id,
    {"type": "string", "maxLength": 32, "pattern": "^[A-Za-z0-9_-]+$"},
    32,
)
"""acmeAccountID or EAB key id: base64url without padding."""

calendar_date = ParameterKind(_parse_date, {"type": "string", "format": "date"}, 10)
"""YYYY-MM-DD."""

PAGING = (
    Parameter("page", integer(0, 1_000_000), default=0, description="Page to show, from 0."),
    Parameter("size", integer(1, 10_000), description="Elements of a page; all without it."),
)
"""Paging of lists (docs/wire.md §1); `page_bounds` turns them into limit and offset."""

TERM = (
    Parameter("years", _whole_number_of(1, 2, 3), description="Term in years; default 1."),
    Parameter(
        "days",
        _whole_number_of(365, 730, 1095),
        description="Term in days; `years` wins when both are sent.",
    ),
)
"""Length of a subscription or an extension; `term_days` turns them into days."""


def page_bounds(arguments: Mapping[str, Any]) -> tuple[int | None, int]:
    """(limit, offset) in elements. Without `size` everything is on page 0."""
    size, page = arguments["size"], arguments["page"]
    if size is None:
        return (None, 0) if page == 0 else (0, 0)
    return size, page * size


def term_days(arguments: Mapping[str, Any]) -> int:
    """365, 730 or 1095 (R1)."""
    if arguments["years"] is not None:
        return int(arguments["years"]) * 365
    return int(arguments["days"] or 365)
