"""How the file descriptors of a process are divided."""

import resource
import sys

import pytest

from gateway.process.descriptors import divided


def limited_to(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))


@pytest.mark.parametrize("limit", [4, 40, 400, 640, 1024, 65536])
def test_connections_leave_half_or_320_descriptors_to_the_rest(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited_to(monkeypatch, limit)
    assert divided().connections == limit - min(limit // 2, 320)


@pytest.mark.parametrize("limit", [4, 40, 400, 640, 1024, 65536])
def test_validations_leave_a_third_of_what_is_kept_to_the_rest(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited_to(monkeypatch, limit)
    kept = limit - divided().connections
    assert 1 <= divided().validations <= kept * 2 / 3


@pytest.mark.parametrize(("limit", "validations"), [(1, 1), (400, 125), (640, 200), (65536, 200)])
def test_at_most_200_validations_run_at_once(
    limit: int, validations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited_to(monkeypatch, limit)
    assert divided().validations == validations
    assert divided().connections >= 1


def test_a_system_without_a_limit_divides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    limited_to(monkeypatch, resource.RLIM_INFINITY)
    assert divided().connections == sys.maxsize
    assert divided().validations == 200
