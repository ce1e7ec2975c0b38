"""Batches what several requests ask at the same moment into one statement.

Most of the cost of a short statement, in PostgreSQL as in this process, does not depend on the
number of its rows. So the statements of the signed-POST path are written for many callers, and a
process runs one of them at a time: what is asked meanwhile is collected, and all items of one kind
go in one statement. The busier the process, the larger the batches.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import update_wrapper
from typing import Any, Generic, TypeVar, TypeVarTuple

import asyncpg

from gateway.db.pool import Connection, Pool, is_outage

Item = TypeVarTuple("Item")
T = TypeVar("T")

Statement = Callable[[Pool | Connection, Sequence[tuple[*Item]]], Awaitable[Mapping[int, T]]]
"""Gives answers by the item's position, counted from 1 (WITH ORDINALITY)."""

_MOST_ITEMS = 64
_PATIENCE_SECONDS = 0.02
"""A statement that takes longer waits for a lock or a slow disk; others do not wait for it."""
_MOST_HELD_UP = 4

AnyStatement = Statement[*tuple[Any, ...], Any]
Asked = tuple[tuple[Any, ...], "asyncio.Future[Any]"]
"""An item, and the future of its answer."""


class Batched(Generic[*Item, T]):
    """Decorates a statement for many items, which is then called with one.

    Called with a pool, the statement is a transaction of its own: when it fails, nothing is done
    for any item, and each item is tried by itself. An item without an answer raises LookupError.
    Called with a connection, it is part of the caller's transaction, and for this item alone.
    """

    def __init__(self, statement: Statement[*Item, T]) -> None:
        update_wrapper(self, statement)
        self._statement = statement

    async def __call__(self, where: Pool | Connection, *item: *Item) -> T:
        if not isinstance(where, asyncpg.Pool):
            return _answer_in(await self._statement(where, [item]), 1)
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        _traffic_to(where).add(self._statement, (item, answer))
        return await answer


class _Traffic:
    """The statements that wait for one pool, and the one that is running."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        # The statement that has waited longest is the first.
        self._waiting: dict[AnyStatement, list[Asked]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._held_up: set[asyncio.Task[None]] = set()
        self._is_due = False

    def add(self, statement: AnyStatement, asked: Asked) -> None:
        self._waiting.setdefault(statement, []).append(asked)
        self._go_on()

    def _go_on(self) -> None:
        """Sends at the end of this round of the event loop, when all ready tasks have asked."""
        held_up = len(self._held_up)
        is_free = len(self._running) == held_up < _MOST_HELD_UP
        if self._waiting and is_free and not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self._is_due = False
        statement = next(iter(self._waiting))
        asked = self._waiting.pop(statement)
        if rest := asked[_MOST_ITEMS:]:
            self._waiting[statement] = rest
        task = asyncio.create_task(self._run(statement, asked[:_MOST_ITEMS]))
        self._running.add(task)
        patience = asyncio.get_running_loop().call_later(
            _PATIENCE_SECONDS, self._does_not_move, task
        )
        task.add_done_callback(lambda _: self._ended(task, patience))

    def _does_not_move(self, task: "asyncio.Task[None]") -> None:
        self._held_up.add(task)
        self._go_on()

    def _ended(self, task: "asyncio.Task[None]", patience: asyncio.TimerHandle) -> None:
        patience.cancel()
        self._running.discard(task)
        self._held_up.discard(task)
        self._go_on()
        if not self._running and not self._waiting:
            _traffic.pop(self._pool, None)

    async def _run(self, statement: AnyStatement, batch: Sequence[Asked]) -> None:
        try:
            answers = await statement(self._pool, [item for item, _ in batch])
            for position, (_, answer) in zip(positions(batch), batch, strict=True):
                if not answer.done():
                    _settle(answer, answers, position)
        except Exception as error:
            if len(batch) > 1 and not is_outage(error):
                for each in batch:
                    await self._run(statement, [each])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)


_traffic: dict[Pool, _Traffic] = {}
"""The batches of this process; a pool without traffic is not among them."""


def _traffic_to(pool: Pool) -> _Traffic:
    found = _traffic.get(pool)
    if found is None:
        found = _traffic[pool] = _Traffic(pool)
    return found


def _settle(answer: "asyncio.Future[T]", answers: Mapping[int, T], position: int) -> None:
    try:
        answer.set_result(_answer_in(answers, position))
    except LookupError as error:
        answer.set_exception(error)


def _answer_in(answers: Mapping[int, T], position: int) -> T:
    if position not in answers:
        raise LookupError("the statement gave no answer")
    return answers[position]


def columns(rows: Sequence[tuple[Any, ...]], number: int) -> list[Sequence[Any]]:
    """Turns rows into `number` columns, the arguments of unnest(), also for no rows."""
    return list(zip(*rows, strict=True)) if rows else [()] * number


def positions(items: Sequence[Any]) -> range:
    """The positions of items as WITH ORDINALITY counts them."""
    return range(1, len(items) + 1)
