"""pgqueuer with tables of our own names (sql/0008_jobs.sql)."""

import logging

import asyncpg
import msgspec
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings

from gateway.doors.jobs.work import Unit

CHANNEL = "gateway_jobs"

TABLES = DBSettings(
    db_schema="job",
    channel=CHANNEL,
    function="announce",
    trigger="announces",
    queue_table="queue",
    queue_table_log="log",
    queue_status_type="status",
    schedules_table="schedule",
    statistics_table="statistics",
)

# It would log what failed with its text and traceback; the runner tells it in our own way.
logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)


def queries_of(connection: "asyncpg.Connection[asyncpg.Record]") -> Queries:
    """`connection` is the queue's alone: it listens, and has no codecs of ours."""
    return Queries(
        AsyncpgDriver(connection),
        qbe=QueryBuilderEnvironment(TABLES),
        qbq=QueryQueueBuilder(TABLES),
        qbs=QuerySchedulerBuilder(TABLES),
    )


def key_of(kind: str, unit: Unit) -> str:
    """What a unit is: it is queued once."""
    return f"{kind}:{unit.subject}:{unit.due_at.isoformat()}"


def pack(unit: Unit) -> bytes:
    """The payload of a unit; ops.jobs reads it."""
    return msgspec.json.encode({"subject": unit.subject, "due_at": unit.due_at})


def unpack(payload: bytes | None) -> Unit:
    return msgspec.json.decode(payload or b"", type=Unit)
