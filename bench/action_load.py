"""A load process for the action API: `python -m bench.action_load`, otherwise as bench.load."""

import asyncio
import json
import sys
import time
from typing import Any
from urllib.parse import urlencode

import uvloop

from bench.connection import Connection

_FORM = "application/x-www-form-urlencoded"


class Automation:
    """A reseller's program that works through its actions, one after the other."""

    def __init__(self, connection: Connection, url: str) -> None:
        self._connection, self._url = connection, url
        self.milliseconds: list[float] = []
        self.errors: list[str] = []

    async def run(self, actions: list[dict[str, str]]) -> None:
        for fields in actions:
            begun = time.perf_counter()
            body = urlencode(fields).encode()
            answer = await self._connection.send("POST", self._url, body, _FORM)
            if answer.status == 200:
                self.milliseconds.append(1000 * (time.perf_counter() - begun))
            else:
                self.errors.append(f"{answer.status} {answer.body[:300].decode()}")


async def _run(job: dict[str, Any]) -> None:
    """The first action of each program is the warm-up."""
    programs = [
        (Automation(await Connection.open(job["url"]), job["url"]), actions)
        for actions in job["programs"]
    ]
    await asyncio.gather(*(program.run(actions[:1]) for program, actions in programs))
    for program, _ in programs:
        program.milliseconds.clear()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    begun = time.perf_counter()
    await asyncio.gather(*(program.run(actions[1:]) for program, actions in programs))
    taken = [each for program, _ in programs for each in program.milliseconds]
    result = {
        "seconds": time.perf_counter() - begun,
        "issued": len(taken),
        "errors": [error for program, _ in programs for error in program.errors],
        "milliseconds": {job["action"]: taken},
    }
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(json.loads(sys.stdin.buffer.readline())))
