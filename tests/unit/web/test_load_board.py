"""Which process takes a new connection, and which lets some go."""

import os

import pytest

from gateway.web.front.load_board import (
    Load,
    LoadBoard,
    lets_connections_go,
    make_load_board,
    takes_connections,
)

NOW = 100.0
IDLE, BUSY, FULL = Load(NOW, 0.1), Load(NOW, 0.8), Load(NOW, 0.95)
GONE = Load(NOW - 2, 0.1)
NEVER_THERE = Load(float("-inf"), 0.0)


@pytest.mark.parametrize(
    ("loads", "taking"),
    [
        ([IDLE, IDLE], [0]),
        ([BUSY, IDLE], [0]),
        ([FULL, IDLE], [1]),
        ([FULL, BUSY, IDLE], [1]),
        ([FULL, FULL], [0, 1]),
        ([GONE, IDLE], [1]),
        ([NEVER_THERE, FULL, IDLE], [2]),
    ],
)
def test_the_first_process_with_room_takes_connections_and_all_if_none_has(
    loads: list[Load], taking: list[int]
) -> None:
    there = [slot for slot, load in enumerate(loads) if load.at == NOW]
    assert [slot for slot in there if takes_connections(loads, slot, NOW)] == taking


@pytest.mark.parametrize(
    ("loads", "lets_go"),
    [
        ([FULL, IDLE], True),
        ([FULL, BUSY], False),
        ([FULL, FULL], False),
        ([BUSY, IDLE], False),
        ([FULL, GONE], False),
        ([FULL], False),
    ],
)
def test_a_full_process_lets_connections_go_when_another_has_plenty_of_room(
    loads: list[Load], lets_go: bool
) -> None:
    assert lets_connections_go(loads, 0, NOW) == lets_go


def test_what_one_process_tells_the_others_read() -> None:
    descriptor = make_load_board(2)
    try:
        one, other = LoadBoard(descriptor, 2), LoadBoard(descriptor, 2)
        assert other.loads() == [NEVER_THERE, NEVER_THERE]
        one.tell(1, BUSY)
        assert other.loads() == [NEVER_THERE, BUSY]
        one.leave(1)
        assert other.loads() == [NEVER_THERE, NEVER_THERE]
    finally:
        os.close(descriptor)
