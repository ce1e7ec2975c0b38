"""How much is sent where chance decides what: a tenth by `make test`, all of it by `make fuzz`."""

import os

IN_FULL = os.environ.get("TESTS_FUZZ") == "full"


def share_of(number: int) -> int:
    """So many of `number` in this run."""
    return number if IN_FULL else number // 10
