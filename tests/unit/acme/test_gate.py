"""The facts of the gate are read by one text, wherever they are read."""

from pathlib import Path

from gateway.store.acme import gate, issuance, new_orders, orders, processing_orders

STORE = Path(gate.__file__).parents[1]
READS = (
    (new_orders._READ_GATE, "asked.names"),
    (orders._READ_FOR_FINALIZE, "item.names"),
    (processing_orders._READ_UNFINISHED, "item.names"),
    (issuance._READ_GATE, "$2"),
)


def test_every_statement_that_reads_the_gate_has_the_one_text() -> None:
    assert all(text.count(gate.facts_for(names)) == 1 for text, names in READS)
    callers = [file for file in STORE.rglob("*.py") if "facts_of(row)" in file.read_text()]
    assert len(callers) == len(READS), "a further statement reads the gate: name it in READS"


def test_no_other_file_has_a_text_of_its_own() -> None:
    tells = ("AS public_only", "AS listed,", "AS links")
    files = {
        file for file in STORE.rglob("*.py") if any(tell in file.read_text() for tell in tells)
    }
    assert files == {Path(gate.__file__)}
