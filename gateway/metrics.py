"""Prometheus metrics. PROMETHEUS_MULTIPROC_DIR adds up several worker processes."""

import os
from functools import cache

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

_REQUESTS = Counter("gateway_http_requests", "Requests answered.", ["door", "status"])
_SECONDS = Histogram(
    "gateway_http_request_seconds",
    "Time from the request to its answer.",
    ["door"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
_NOTICES = Counter(
    "gateway_notice_attempts",
    "Attempts to deliver a notice: delivered, failed, or parked = failed for good.",
    ["channel", "outcome"],
)
_LINT_FINDINGS = Counter(
    "gateway_lint_findings",
    "Certificates with errors by the Baseline Requirements; refused = yes: they were not signed.",
    ["refused"],
)
_UNCHECKED = Counter(
    "gateway_validation_faults",
    "Checks of names that could not be made for a reason on our side, and are made again: dnssec, "
    "internal, resolver or sockets; process = the process that made it ended.",
    ["reason"],
)
_DOORS = {
    "products": "sitelock",
    "openapi.json": "reseller",
    "v3": "ssl",
    "console": "console",
    "crl": "ca",
    "ca": "ca",
    "health": "health",
    "sandbox": "sandbox",
}


_RESELLER = frozenset({"!ACMEAdmin", "%21ACMEAdmin"})
"""What below /products is not of the SiteLock door."""


def observe_request(path: str, status: int, seconds: float) -> None:
    """Counts a request at its door."""
    door = door_of(path)
    _counter(door, status).inc()
    _histogram(door).observe(seconds)


def door_of(path: str) -> str:
    """The door that a path leads to; a path of no other door is one of an ACME server."""
    first, _, rest = path[1:].partition("/")
    return "reseller" if rest in _RESELLER else _DOORS.get(first, "acme")


def observe_notice(channel: str, outcome: str) -> None:
    """Counts an attempt at a notice: delivered, failed or parked."""
    _NOTICES.labels(channel, outcome).inc()


def observe_lint_finding(*, refused: bool) -> None:
    """Counts a certificate with errors."""
    _LINT_FINDINGS.labels("yes" if refused else "no").inc()


def observe_validation_fault(reason: str) -> None:
    """Counts a check that could not be made for a reason on our side."""
    _UNCHECKED.labels(reason).inc()


@cache
def _counter(door: str, status: int) -> Counter:
    return _REQUESTS.labels(door, str(status))


@cache
def _histogram(door: str) -> Histogram:
    return _SECONDS.labels(door)


def exposition() -> bytes:
    """Gives all metrics in text format 0.0.4, of all worker processes together."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
