"""Codes that people type: which are taken, and how they are read."""

from datetime import UTC, datetime

import pytest

from gateway import ids
from gateway.rules.operation.one_time_codes import (
    hash_of_recovery_code,
    in_groups,
    provisioning_uri,
    taken_step,
)

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The one of RFC 6238, Appendix B."""


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert taken_step(SECRET, code, moment, 0) == seconds // 30


def test_a_code_is_taken_one_step_early_or_late_and_no_more() -> None:
    moment = datetime.fromtimestamp(1234567890, UTC)
    step = 1234567890 // 30
    codes = {-2: "186057", -1: "980357", 0: "005924", 1: "590587", 2: "240500"}
    assert {steps: taken_step(SECRET, code, moment, 0) for steps, code in codes.items()} == {
        -2: None,
        -1: step - 1,
        0: step,
        1: step + 1,
        2: None,
    }


@pytest.mark.parametrize("last", [0, -1])
def test_a_code_is_taken_after_the_last_step_only(last: int) -> None:
    moment = datetime.fromtimestamp(1234567890, UTC)
    step = 1234567890 // 30
    found = taken_step(SECRET, "005924", moment, step + last)
    assert found == (step if last else None)


@pytest.mark.parametrize("sent", ["005 924", " 005924 ", "00-59-24"])
def test_spaces_in_a_code_do_not_count(sent: str) -> None:
    assert taken_step(SECRET, sent, datetime.fromtimestamp(1234567890, UTC), 0) is not None


@pytest.mark.parametrize("sent", ["", "5924", "0059241", "٠٠٥٩٢٤", "\N{FULLWIDTH DIGIT ZERO}05924"])
def test_what_is_no_code_is_not_taken(sent: str) -> None:
    assert taken_step(SECRET, sent, datetime.fromtimestamp(1234567890, UTC), 0) is None


def test_an_app_reads_name_issuer_and_secret_from_the_address() -> None:
    assert provisioning_uri(SECRET, "ann@hosting", "acme.example.com") == (
        f"otpauth://totp/acme.example.com:ann%40hosting?secret={SECRET}&issuer=acme.example.com"
    )


def test_a_recovery_code_is_known_however_it_is_spaced() -> None:
    code = ids.new_recovery_code()
    hashed = hash_of_recovery_code(code)
    assert hashed is not None and len(code) == 19
    for written in (code.upper(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert hash_of_recovery_code(written) == hashed
    for other in ("", code[:-1], f"{code}a", code[:-1] + "1", "005924"):
        assert hash_of_recovery_code(other) is None


def test_a_secret_is_read_in_groups_of_four() -> None:
    assert in_groups("ABCDEFGHIJ") == "ABCD EFGH IJ"
    assert len(ids.new_totp_secret()) == 32
