"""A skipped test is a failure, unless it says that it may be: `pytest.skip("allowed: why")`."""

from collections.abc import Generator
from typing import Any

import pytest

ALLOWED = "allowed: "


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns a skip without an allowed reason into a failure, in the process that ran it."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = _reason(report.longrepr)
        if not reason.removeprefix("Skipped: ").startswith(ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"skipped, which is not allowed here: {reason}"
    return report


def _reason(longrepr: Any) -> str:
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)
