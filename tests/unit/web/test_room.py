"""Which process takes a new connection, and which lets some go."""

import os

import pytest

from gateway.web.front.room import Room, Word, lets_connections_go, make_room, takes_connections

NOW = 100.0
IDLE, BUSY, FULL = Word(NOW, 0.1), Word(NOW, 0.8), Word(NOW, 0.95)
GONE = Word(NOW - 2, 0.1)
NEVER_THERE = Word(float("-inf"), 0.0)


@pytest.mark.parametrize(
    ("words", "taking"),
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
    words: list[Word], taking: list[int]
) -> None:
    there = [seat for seat, word in enumerate(words) if word.at == NOW]
    assert [seat for seat in there if takes_connections(words, seat, NOW)] == taking


@pytest.mark.parametrize(
    ("words", "lets_go"),
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
    words: list[Word], lets_go: bool
) -> None:
    assert lets_connections_go(words, 0, NOW) == lets_go


def test_what_one_process_tells_the_others_read() -> None:
    descriptor = make_room(2)
    try:
        one, other = Room(descriptor, 2), Room(descriptor, 2)
        assert other.words() == [NEVER_THERE, NEVER_THERE]
        one.tell(1, BUSY)
        assert other.words() == [NEVER_THERE, BUSY]
        one.leave(1)
        assert other.words() == [NEVER_THERE, NEVER_THERE]
    finally:
        os.close(descriptor)
