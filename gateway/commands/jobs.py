"""`gateway jobs …`"""

from __future__ import annotations

import json
import signal
from collections.abc import Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.commands.operation import Config, group, operate, settings_of

if TYPE_CHECKING:
    from gateway.usecases.work import Work

app = group(
    "Background work: what waits, runs or has failed.",
)


@app.command("list")
def list_(
    running: Annotated[bool, typer.Option("--running", help="What is being done.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="What has failed too often.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """What waits to be done, unless asked otherwise."""
    from gateway.usecases.operation import dead_letters

    if running and failed:
        raise typer.BadParameter("either --running or --failed")
    state = "failed" if failed else "running" if running else "waiting"

    async def carry_out(work: Work) -> list[dict[str, Any]]:
        return await dead_letters.list_jobs(work, state)

    found = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps(found, default=datetime.isoformat))
        return
    for job in found:
        typer.echo(_line(job))


def _line(job: dict[str, Any]) -> str:
    if job["job_id"] is None:
        return f"-  {job['kind']}  every so often"
    line = f"{job['job_id']}  {job['kind']}  {job['subject']}  due {job['due_at']}"
    return f"{line}  attempts {job['attempts']}  {job['problem'] or ''}".rstrip()


@app.command()
def retry(
    job_ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...")] = None,
    config: Config = None,
) -> None:
    """Takes work that has failed up again: all of it, or just these."""
    from gateway.usecases.operation import dead_letters

    async def carry_out(work: Work) -> list[int]:
        return await dead_letters.retry(work, job_ids or None)

    retried = operate(config, carry_out)
    typer.echo(f"{len(retried)} taken up again")


@app.command()
def run(config: Config = None) -> None:
    """Only does background work, until SIGTERM; `gateway serve` does it as well."""
    import asyncio

    import uvloop

    from gateway import logging
    from gateway.app import run_jobs  # as heavy as a server; the other commands are not
    from gateway.db.pool import database_mistakes
    from gateway.process.preparation import prepare

    settings = settings_of(config)
    logging.configure(settings.log_level)
    with database_mistakes():
        asyncio.run(prepare(settings))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_stopped(run_jobs(settings)))


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    import asyncio

    working = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    await asyncio.wait([working])
