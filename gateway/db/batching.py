"""One statement for what several requests ask at the same moment.

Most of what a short statement costs, in PostgreSQL as in this process, does not depend on how many
rows it is about. So the statements of the signed-POST path are written for many callers: what is
asked while the loop is busy, or while the last statement of the kind is under way, goes in one.
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
"""Gives answers by the position of the item, from 1 on (WITH ORDINALITY)."""

_MOST_ITEMS = 64
_MOST_AT_ONCE = 4
_PATIENCE_SECONDS = 0.05
"""A statement that takes longer waits for somebody's lock; the next one does not wait for it."""


class Batched(Generic[*Item, T]):
    """Decorates a statement for many, which is then called for one.

    The statement is a transaction of its own: when it fails nothing is done for anybody, and each
    item is tried by itself. An item without an answer raises LookupError. With a connection in
    place of the pool the statement is part of the caller's transaction, and for this item alone.
    """

    def __init__(self, statement: Statement[*Item, T]) -> None:
        update_wrapper(self, statement)
        self._statement = statement
        self._queues: dict[Pool, _Queue[*Item, T]] = {}

    async def __call__(self, where: Pool | Connection, *item: *Item) -> T:
        if not isinstance(where, asyncpg.Pool):
            return _answer_in(await self._statement(where, [item]), 1)
        queue = self._queues.get(where)
        if queue is None:
            queue = self._queues[where] = _Queue(self._statement, where)
        try:
            return await queue.ask(item)
        finally:
            if queue.is_idle:
                self._queues.pop(where, None)


class _Queue(Generic[*Item, T]):
    """What waits for the next statement of one kind to one pool."""

    def __init__(self, statement: Statement[*Item, T], pool: Pool) -> None:
        self._statement = statement
        self._pool = pool
        self._waiting: list[tuple[tuple[*Item], asyncio.Future[T]]] = []
        self._running: set[asyncio.Task[None]] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._is_due = False

    @property
    def is_idle(self) -> bool:
        return not self._waiting and not self._running

    def ask(self, item: tuple[*Item]) -> "asyncio.Future[T]":
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        self._call_for_sending()
        return answer

    def _call_for_sending(self) -> None:
        """At the end of this round of the loop, when all that was ready has asked."""
        held_up = len(self._running) > len(self._late) or len(self._late) >= _MOST_AT_ONCE
        if self._waiting and not self._is_due and not held_up:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self._is_due = False
        batch, self._waiting = self._waiting[:_MOST_ITEMS], self._waiting[_MOST_ITEMS:]
        task = asyncio.create_task(self._run(batch))
        self._running.add(task)
        patience = asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, self._is_late, task)
        task.add_done_callback(lambda _: self._ended(task, patience))

    def _is_late(self, task: "asyncio.Task[None]") -> None:
        self._late.add(task)
        self._call_for_sending()

    def _ended(self, task: "asyncio.Task[None]", patience: asyncio.TimerHandle) -> None:
        patience.cancel()
        self._running.discard(task)
        self._late.discard(task)
        self._call_for_sending()

    async def _run(self, batch: Sequence[tuple[tuple[*Item], "asyncio.Future[T]"]]) -> None:
        try:
            answers = await self._statement(self._pool, [item for item, _ in batch])
            for position, (_, answer) in zip(positions(batch), batch, strict=True):
                if not answer.done():
                    _settle(answer, answers, position)
        except Exception as error:
            if len(batch) > 1 and not is_outage(error):
                for each in batch:
                    await self._run([each])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)


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
    """So many arguments for unnest(), also of no rows."""
    return list(zip(*rows, strict=True)) if rows else [()] * number


def positions(items: Sequence[Any]) -> range:
    """Those of WITH ORDINALITY."""
    return range(1, len(items) + 1)
