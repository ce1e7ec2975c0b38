"""Requests are counted by the door that answers them."""

import pytest

from gateway.doors import DOORS
from gateway.metrics import door_of
from tests.unit.web.test_door_tables import opened


@pytest.mark.parametrize("name", DOORS)
def test_every_door_is_counted_by_its_own_name(name: str) -> None:
    door = opened()[name]
    documents = [each.path for each in door.documents if hasattr(each, "path")]
    for path in [*(route.path for route in door.routes), *documents]:
        asked = path.replace("{name:(?:!|%21)ACMEAdmin}", "!ACMEAdmin")
        assert door_of(asked) == name, path


def test_all_other_paths_are_of_acme_servers_or_of_no_door() -> None:
    for path, name in {
        "/v2/DV/newOrder": "acme",
        "/": "acme",
        "/health/live": "health",
        "/crl/local.crl": "ca",
        "/sandbox/clock": "sandbox",
    }.items():
        assert door_of(path) == name
