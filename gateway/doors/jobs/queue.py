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

# It would log failures with text and traceback; the runner logs them in the gateway's own form.
logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)


def queries_of(connection: "asyncpg.Connection[asyncpg.Record]") -> Queries:
    """The queue's statements on `connection`, which listens and is used for nothing else."""
    return Queries(
        AsyncpgDriver(connection),
        qbe=QueryBuilderEnvironment(TABLES),
        qbq=QueryQueueBuilder(TABLES),
        qbs=QuerySchedulerBuilder(TABLES),
    )


def key_of(kind: str, unit: Unit) -> str:
    """The key of a unit, under which it is queued only once."""
    return f"{kind}:{unit.subject}:{unit.due_at.isoformat()}"


def pack(unit: Unit) -> bytes:
    """Encodes a unit as the payload of its job; the view ops.jobs reads it."""
    return msgspec.json.encode({"subject": unit.subject, "due_at": unit.due_at})


def unpack(payload: bytes | None) -> Unit:
    return msgspec.json.decode(payload or b"", type=Unit)
