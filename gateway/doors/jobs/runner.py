"""Runs background work: one runner in each worker process, and in each `gateway jobs run`.

Every few seconds one of all runners looks for dated work that is due and queues it; any runner
takes it from the queue. A unit whose process ended before its commit is taken again. Periodic work
is done by the runner that comes first when its time has come.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.domain.models import Job, Schedule
from pgqueuer.domain.types import Channel

from gateway.doors.jobs.queue import CHANNEL, key_of, pack, queries_of, unpack
from gateway.doors.jobs.work import BackgroundWork, Dated, Periodic
from gateway.logging import log_fault
from gateway.services import Services
from gateway.store.operation import jobs as store

_LOOK = "* * * * * */5"
_LONGEST_WAIT = timedelta(minutes=10)
_IDLE = timedelta(seconds=30)
_AT_ONCE = 6
"""Units done at once in a process; each takes a connection of the pool that requests use too."""

_log = structlog.get_logger(__name__)


class JobRunner:
    """Queues and does background work; one per process, with a database connection of its own."""

    def __init__(self, services: Services, work: BackgroundWork) -> None:
        self._services = services
        self._work = work
        self._doing_now: set[asyncio.Task[object]] = set()

    async def run_forever(self) -> None:
        """Runs until it is cancelled; raises what the database raises when it goes away."""
        connection = await asyncpg.connect(self._services.settings.database)
        try:
            queries = queries_of(connection)
            manager = QueueManager(queries, channel=Channel(CHANNEL))
            scheduler = SchedulerManager(queries)
            self._register(manager, scheduler, queries)
            await self._run(manager, scheduler)
        finally:
            connection.terminate()

    async def _run(self, manager: QueueManager, scheduler: SchedulerManager) -> None:
        takeover = timedelta(seconds=self._services.settings.jobs.takeover_seconds)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._stop_work_at_the_end())
                tasks.create_task(scheduler.run())
                tasks.create_task(
                    manager.run(
                        dequeue_timeout=_IDLE,
                        batch_size=_AT_ONCE // 2,
                        max_concurrent_tasks=_AT_ONCE,
                        heartbeat_timeout=takeover,
                        log_aggregation_interval=timedelta(0),
                        shutdown_on_listener_failure=True,
                    )
                )
        except* Exception as failed:
            raise failed.exceptions[0] from None
        finally:
            manager.shutdown.set()
            scheduler.shutdown.set()

    def _register(
        self, manager: QueueManager, scheduler: SchedulerManager, queries: Queries
    ) -> None:
        for dated in self._work.dated:
            manager.entrypoint(dated.name, on_failure="hold", executor_factory=self._tried_again)(
                self._doing(dated)
            )
        for periodic in self._work.periodic:
            scheduler.schedule(periodic.name, periodic.cron)(self._doing_periodic(periodic))
        scheduler.schedule("look", _LOOK)(self._looking(queries))

    async def _stop_work_at_the_end(self) -> None:
        """Cancels running units at the end: pgqueuer would wait for them. They are done later."""
        try:
            await asyncio.Event().wait()
        finally:
            for task in self._doing_now:
                task.cancel()

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Notes the current task as one that may be cancelled at the end."""
        task = asyncio.current_task()
        assert task is not None
        self._doing_now.add(task)
        try:
            yield
        finally:
            self._doing_now.discard(task)

    def _tried_again(
        self, parameters: EntrypointExecutorParameters
    ) -> DatabaseRetryEntrypointExecutor:
        settings = self._services.settings.jobs
        return DatabaseRetryEntrypointExecutor(
            parameters,
            max_attempts=settings.attempts - 1,
            initial_delay=timedelta(seconds=settings.first_retry_seconds),
            max_delay=_LONGEST_WAIT,
        )

    def _doing(self, kind: Dated) -> Callable[[Job], Awaitable[None]]:
        async def do(job: Job) -> None:
            unit = unpack(job.payload)
            now = await self._services.clock.now()
            if unit.due_at > now:  # the sandbox clock was set back
                return
            try:
                with self._noted():
                    await kind.do(self._services, unit, now)
            except Exception as error:
                log_fault(
                    "job", error, kind=kind.name, subject=unit.subject, attempt=job.attempts + 1
                )
                raise

        return do

    def _doing_periodic(self, kind: Periodic) -> Callable[[Schedule], Awaitable[None]]:
        async def do(schedule: Schedule) -> None:
            try:
                with self._noted():
                    await kind.do(self._services, await self._services.clock.now())
            except Exception as error:
                log_fault("job", error, kind=kind.name)
                raise

        return do

    def _looking(self, queries: Queries) -> Callable[[Schedule], Awaitable[None]]:
        async def look(schedule: Schedule) -> None:
            try:
                for kind in self._work.dated:
                    await self._queue_due(queries, kind)
            except Exception as error:
                log_fault("job", error, kind="look")
                raise

        return look

    async def _queue_due(self, queries: Queries, kind: Dated) -> None:
        now = await self._services.clock.now()
        unit_by_key = {
            key_of(kind.name, unit): unit for unit in await kind.find(self._services, now, now)
        }
        if not unit_by_key:
            return
        dead = await store.dead(self._services.pool, list(unit_by_key))
        keys = [key for key in unit_by_key if key not in dead]
        if keys:
            await queries.enqueue(
                [kind.name] * len(keys),
                [pack(unit_by_key[key]) for key in keys],
                [0] * len(keys),
                dedupe_key=list(keys),
                on_conflict="skip",
            )
