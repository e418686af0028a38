"""The checker names everything that is wrong, and only that."""

from dataclasses import replace

import numpy as np
import pytest

from tests.circuits.scenarios import MIXED, scenario
from zkpay.circuits.checker import violated_names, violations
from zkpay.circuits.trace import columns
from zkpay.stark.field import P


def test_each_changed_cell_of_a_small_table_is_noticed() -> None:
    # Rows in use of the tables that decide who gets what; padding beyond them may hold anything.
    epoch = scenario(MIXED)
    honest = epoch.witness()
    for table, rows in (("contributions", 12), ("uniqueness", 12), ("tally", 12), ("payouts", 4)):
        for name in columns(honest, epoch.circuit, table):
            if name.startswith("leaf ") or (name.endswith("]") and not name.endswith("[0]")):
                continue  # one column of a group stands for all
            witness = {key: values.copy() if key == table else values for key, values in honest.items()}
            column = columns(witness, epoch.circuit, table)[name]
            row = (len(name) * 5) % rows
            column[row] = (int(column[row]) + 1) % P
            assert violated_names(epoch.circuit, witness), (table, name, row)


def test_reports_rows_buses_and_sums() -> None:
    epoch = scenario(MIXED)
    witness = epoch.witness()
    table = columns(witness, epoch.circuit, "contributions")
    table["index"][:] += 1
    table["reason spam"][0] = 1
    found = violations(epoch.circuit, witness)
    names = {violation.name for violation in found}
    assert "contributions/index starts at 0" in names
    assert "contributions/index counts" not in names
    assert "contributions/at most one reason" in names
    assert "sum/count/spam" in names
    assert {"bus/tree", "bus/unique"} <= names
    one_reason = [violation for violation in found if violation.name == "contributions/at most one reason"]
    assert [(violation.table, violation.row) for violation in one_reason] == [("contributions", 0)]
    spam = next(violation for violation in found if violation.name == "sum/count/spam")
    assert spam.excess == 1


def test_bus_example_is_a_tuple_that_is_off() -> None:
    epoch = scenario(MIXED)
    witness = epoch.witness()
    columns(witness, epoch.circuit, "range")["multiplicity"][5] += 3
    (found,) = violations(epoch.circuit, witness)
    assert (found.name, found.example, found.excess) == ("bus/range", (2, 1), 3)


def test_constraints_hold_where_they_apply() -> None:
    epoch = scenario(MIXED)
    witness = epoch.witness()
    # The last row is no transition: an index that does not wrap is right.
    index = columns(witness, epoch.circuit, "contributions")["index"]
    assert index[-1] == len(index) - 1
    index[-1] = 0
    assert [(v.name, v.row) for v in violations(epoch.circuit, witness)] == [
        ("contributions/index counts", len(index) - 2)
    ]


def test_malformed_witness() -> None:
    epoch = scenario(MIXED)
    witness = epoch.witness()
    with pytest.raises(ValueError, match="totals"):
        violations(epoch.circuit, {name: values for name, values in witness.items() if name != "totals"})
    with pytest.raises(ValueError, match="totals"):
        violations(epoch.circuit, witness | {"totals": witness["totals"][:, :-1]})
    columns(witness, epoch.circuit, "totals")["total(score)_limb[0]"][0] = P
    with pytest.raises(ValueError, match="totals"):
        violations(epoch.circuit, witness)


def test_tall_tables_are_read_in_blocks() -> None:
    epoch = scenario(MIXED)
    witness = epoch.witness()
    multiplicity = columns(witness, epoch.circuit, "range")["multiplicity"]
    multiplicity[np.array([3, 70, 65_535])] += 1
    circuit = replace(epoch.circuit)
    assert violated_names(circuit, witness) == {"bus/range"}
