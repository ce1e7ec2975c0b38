"""A load process: `python -m bench.load`, a job as JSON on stdin, results as JSON on stdout.

It registers its clients, warms everything up and prints "ready"; the line "go" begins what counts.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from bench.client import AccountKey, Client, Eab, Refused, make_csr


@dataclass(frozen=True)
class Customer:
    """An account to be, and a name for each issuance: first the warm-up's."""

    key: str
    eab: Eab | None
    names: list[str]


@dataclass(frozen=True)
class Job:
    """`warm_up` issuances of each customer are not counted."""

    directory: str
    webroot: str
    customers: list[Customer]
    warm_up: int

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def decode_job(line: bytes) -> Job:
    raw: dict[str, Any] = json.loads(line)
    customers = [
        Customer(each["key"], Eab(**each["eab"]) if each["eab"] else None, each["names"])
        for each in raw["customers"]
    ]
    return Job(raw["directory"], raw["webroot"], customers, raw["warm_up"])


@dataclass
class Runner:
    """One client at work."""

    client: Client
    eab: Eab | None
    work: list[tuple[str, str]]
    errors: list[str]
    issued: int = 0

    async def run(self, number: int) -> None:
        """Gets `number` certificates; notes what goes wrong and tries the next one."""
        for name, csr in self.work[:number]:
            try:
                await self.client.issue(name, csr)
                self.issued += 1
            except (Refused, OSError, asyncio.IncompleteReadError) as error:
                self.errors.append(f"{type(error).__name__}: {error}")
        del self.work[:number]

    def forget(self) -> None:
        self.issued = 0
        self.client.milliseconds.clear()


async def _run(job: Job) -> None:
    errors: list[str] = []
    runners = []
    for customer in job.customers:
        work = [(name, make_csr(name)) for name in customer.names]
        client = Client(job.directory, Path(job.webroot), AccountKey(customer.key))
        runners.append(Runner(client, customer.eab, work, errors))
    await asyncio.gather(*(runner.client.register(runner.eab) for runner in runners))
    await asyncio.gather(*(runner.run(job.warm_up) for runner in runners))
    for runner in runners:
        runner.forget()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    begun = time.perf_counter()
    await asyncio.gather(*(runner.run(len(runner.work)) for runner in runners))
    seconds = time.perf_counter() - begun
    print(json.dumps(_result(runners, errors, seconds)), flush=True)


def _result(runners: list[Runner], errors: list[str], seconds: float) -> dict[str, Any]:
    milliseconds: dict[str, list[float]] = {}
    for runner in runners:
        for kind, taken in runner.client.milliseconds.items():
            milliseconds.setdefault(kind, []).extend(taken)
    return {
        "seconds": seconds,
        "issued": sum(runner.issued for runner in runners),
        "errors": errors,
        "milliseconds": milliseconds,
    }


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as looped:
        looped.run(_run(decode_job(sys.stdin.buffer.readline())))
