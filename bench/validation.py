"""CPU of a domain validation in the process that makes it: `python -m bench.validation`.

DNS and the customers' web server are a process of their own and not counted; no name is asked
about twice.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from subprocess import PIPE, Popen

import uvloop

from gateway.validation import caa
from gateway.validation.addresses import EVERYWHERE
from gateway.validation.challenge import METHODS
from gateway.validation.dns import DnsResolver, FixedResolver
from gateway.validation.method import Claim, Network

_ADDRESS = "127.0.0.1"
_AT_ONCE = 32
_ROUNDS, _EACH = 6, 1920
"""The cheapest round counts: others may use the machine too."""
_TOKEN, _THUMBPRINT = "t" * 43, "p" * 43

Part = Callable[[Claim], Awaitable[object]]


def _parts(http_port: int, dns_port: int) -> dict[str, Part]:
    resolver = DnsResolver([f"{_ADDRESS}:{dns_port}"], timeout=5)
    fixed = FixedResolver(_ADDRESS)
    network = Network(http_port=http_port, trusted=EVERYWHERE, timeout=10)
    http01 = METHODS["http-01"].check

    async def validation(claim: Claim) -> None:
        await http01(claim, resolver, network)
        await caa.check(claim, "http-01", resolver)

    return {
        "addresses": lambda claim: resolver.addresses(claim.name),
        "CAA": lambda claim: caa.check(claim, "http-01", resolver),
        "GET": lambda claim: http01(claim, fixed, network),
        "validation": validation,
    }


async def _microseconds(part: Part, names: "count[int]") -> float:
    """CPU of one, when some are always under way."""

    async def one_after_another() -> None:
        for _ in range(_EACH // _AT_ONCE):
            name = f"shop{next(names)}.customer.example"
            await part(Claim(name, _TOKEN, _THUMBPRINT))

    before = time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(one_after_another())
    return (time.process_time() - before) * 1e6 / _EACH


async def _measure(http_port: int, dns_port: int) -> None:
    names = count()
    for title, part in _parts(http_port, dns_port).items():
        rounds = [await _microseconds(part, names) for _ in range(_ROUNDS)]
        print(f"{title:<12}{min(rounds):>6.0f} µs", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as webroot:
        Path(webroot, _TOKEN).write_text(f"{_TOKEN}.{_THUMBPRINT}")
        command = [sys.executable, "-m", "bench.world", _ADDRESS, "0", webroot]
        with Popen(command, stdout=PIPE, text=True) as world:
            assert world.stdout is not None
            http_port, dns_port = map(int, world.stdout.readline().split())
            try:
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    runner.run(_measure(http_port, dns_port))
            finally:
                world.kill()


if __name__ == "__main__":
    main()
