"""Every HTTP door's table of errors, and how an error finds its line."""

import re
from pathlib import Path

import pytest

import gateway
from gateway.doors import DOORS, open_doors
from gateway.doors.acme.problem import PROBLEMS, from_domain_error
from gateway.errors import NotFound, OperatorMistake
from gateway.errors.acme import AccountRefused
from gateway.errors.request import (
    HttpsRequired,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    PermissionDenied,
)
from gateway.errors.subscription import NotExtendable, SubscriptionInGrace
from gateway.services import Services
from gateway.web.door import Door
from gateway.web.rendering import line_for
from gateway.web.unserved import NoSuchResource, Unserved
from tests.support.action_door import SetClock, settings

FOLDER = Path(gateway.__file__).parent / "doors"
OF_THE_FRAME = re.compile(
    r"came_by_https|address_of|read_body\(request|read_fields|media_type_of|first_in_query"
    r"|getall\(\"Idempotency-Key|request_hash|refusals\.note|refusal_log|is_outage|traceback"
    r"|\"Retry-After\"|no-store|Cache-Control|HttpsRequired\(|PermissionDenied\("
)
"""What gateway/web/serving.py does for every door."""


def opened() -> dict[str, Door]:
    # A door that is only looked at asks none of its services.
    return open_doors(Services(settings(), None, SetClock(), None, None, None))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", DOORS)
def test_every_route_has_a_line_for_whatever_cannot_be_served(name: str) -> None:
    for route in opened()[name].routes:
        wanted = set(Unserved.__subclasses__())
        if route.handlers:
            wanted.discard(NoSuchResource)
        assert wanted <= set(route.envelope.table), route.path


@pytest.mark.parametrize("name", DOORS)
def test_every_door_has_a_line_for_what_the_frame_itself_refuses(name: str) -> None:
    for route in opened()[name].routes:
        for error in (
            HttpsRequired(),
            PermissionDenied(),
            IdempotencyKeyInvalid(),
            IdempotencyKeyReused(),
        ):
            assert line_for(route.envelope.table, error) is not None, (route.path, error)


@pytest.mark.parametrize("name", DOORS)
def test_no_door_has_a_copy_of_the_frame(name: str) -> None:
    for file in (FOLDER / name).rglob("*.py"):
        assert OF_THE_FRAME.findall(file.read_text()) == [], file


@pytest.mark.parametrize("name", DOORS)
def test_an_error_without_a_line_of_its_own_is_rendered_as_the_one_that_it_is_a_kind_of(
    name: str,
) -> None:
    for route in opened()[name].routes:
        for kind, line in route.envelope.table.items():
            made = type("Made", (kind,), {"__init__": lambda self: None})()
            assert line_for(route.envelope.table, made) is line


def test_the_nearest_class_counts_and_what_is_no_kind_of_any_has_no_line() -> None:
    class NoTerm(SubscriptionInGrace):
        """A kind of a kind."""

    table: dict[type[Exception], str] = {NotExtendable: "far", SubscriptionInGrace: "near"}
    assert line_for(table, NoTerm()) == "near"
    assert line_for(table, NotExtendable()) == "far"
    assert line_for(table, NotFound()) is None


def test_the_acme_door_looks_its_problems_up_the_same_way() -> None:
    class Halted(AccountRefused):
        """A kind of refusal without a line of its own."""

    assert Halted not in PROBLEMS
    problem = from_domain_error(Halted("It is halted."))
    assert (problem.kind, problem.status, problem.detail) == ("unauthorized", 403, "It is halted.")
    with pytest.raises(OperatorMistake):
        from_domain_error(OperatorMistake("no refusal"))
