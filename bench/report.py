"""What was measured, for people and for programs."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bench.measure import Measured, percentile

_ISSUANCE = ("newOrder", "authorization", "challenge", "poll", "finalize", "order", "certificate")
_ORDER = (*_ISSUANCE, "ADDDOMAIN", "LISTDOMAINS", "LISTTRANSACTIONS")
_SHOWN_ERRORS = 3


def print_measured(title: str, measured: Measured, unit: str = "issuance") -> None:
    """One measurement in full."""
    print(f"\n{title}")
    print(
        f"  {measured.issued} {unit}s, {measured.issuances_per_second:.0f}/s, "
        f"{measured.requests_per_issuance:.1f} requests each, {len(measured.errors)} errors"
    )
    print(
        f"  CPU {measured.cpu_ms:.2f} ms per {unit}, "
        f"of it the database {measured.cpu_ms_of_database:.2f}; "
        f"peak memory {measured.memory.largest:.0f} MB a process, "
        f"{measured.memory.total:.0f} MB together"
    )
    for kind in _ORDER:
        if taken := measured.milliseconds.get(kind):
            print(
                f"  {kind:<14} p50 {percentile(taken, 0.5):7.1f} ms"
                f"   p99 {percentile(taken, 0.99):7.1f} ms"
            )
    for error, times in Counter(measured.errors).most_common(_SHOWN_ERRORS):
        print(f"  {times} x {error}")


def print_comparison(
    gateway: Mapping[int, Mapping[int, Measured]], caddy: Mapping[int, Measured]
) -> None:
    """A line each, with the ratio to caddy: below 1 is better for CPU and p99, above 1 for /s."""
    print(f"\n{'':24}{'CPU ms':>10}{'/s':>8}{'p99 ms':>9}   CPU, /s and p99 : caddy's")
    for clients, measured in caddy.items():
        print(_line("caddy", clients, measured))
    for workers, by_clients in gateway.items():
        for clients, measured in by_clients.items():
            print(_line(f"gateway x {workers}", clients, measured, caddy.get(clients)))


def _line(name: str, clients: int, measured: Measured, peer: Measured | None = None) -> str:
    p99 = percentile(measured.all_milliseconds, 0.99)
    text = (
        f"{name:<14}{clients:>3} clients{measured.cpu_ms:>9.2f}"
        f"{measured.issuances_per_second:>8.0f}{p99:>9.1f}"
    )
    if peer is None:
        return text
    return (
        f"{text}   {measured.cpu_ms / peer.cpu_ms:.2f}"
        f" {measured.issuances_per_second / peer.issuances_per_second:.2f}"
        f" {p99 / percentile(peer.all_milliseconds, 0.99):.2f}"
    )


def print_growth(before: Mapping[str, Measured], after: Mapping[str, Measured]) -> None:
    """A line for each kind of work, with the ratio of its cost after to before."""
    print(f"\n{'CPU ms':24}{'empty':>10}{'filled':>10}{'ratio':>8}")
    for work, measured in before.items():
        filled = after[work].cpu_ms
        print(f"{work:<24}{measured.cpu_ms:>10.2f}{filled:>10.2f}{filled / measured.cpu_ms:>8.2f}")


def as_json(
    gateway: Mapping[int, Mapping[int, Measured]], caddy: Mapping[int, Measured]
) -> dict[str, Any]:
    """Gives the results as JSON: the gateway by workers and clients, caddy by clients."""
    return {
        "gateway": {
            str(workers): {str(clients): _figures(each) for clients, each in by_clients.items()}
            for workers, by_clients in gateway.items()
        },
        "caddy": {str(clients): _figures(each) for clients, each in caddy.items()},
    }


def actions_as_json(
    measured: Mapping[int, Mapping[int, Mapping[str, Measured]]],
) -> dict[str, Any]:
    """Gives the results of actions as JSON, by workers, clients and action."""
    return {
        "gateway": {
            str(workers): {
                str(clients): {action: _figures(each) for action, each in by_action.items()}
                for clients, by_action in by_clients.items()
            }
            for workers, by_clients in measured.items()
        }
    }


def _figures(measured: Measured) -> dict[str, Any]:
    return {
        "cpu_ms": round(measured.cpu_ms, 3),
        "issuances_per_s": round(measured.issuances_per_second, 1),
        "p99_ms": round(percentile(measured.all_milliseconds, 0.99), 1),
        "errors": len(measured.errors),
        "cpu_ms_of_database": round(measured.cpu_ms_of_database, 3),
        "requests_per_issuance": round(measured.requests_per_issuance, 2),
        "peak_memory_mb": round(measured.memory.largest),
        "requests": {
            kind: {
                "p50_ms": round(percentile(taken, 0.5), 1),
                "p99_ms": round(percentile(taken, 0.99), 1),
            }
            for kind, taken in measured.milliseconds.items()
        },
    }
