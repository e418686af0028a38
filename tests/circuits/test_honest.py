"""Honest witnesses of many shapes satisfy every constraint, bus and sum, and hold the formula's exact values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.circuits.scenarios import (
    MIXED,
    POLICY,
    SPAM,
    WIDEST,
    Record,
    pro_rata,
    scenario,
    widest,
)
from zkpay.circuits.checker import violations
from zkpay.circuits.gadgets.limbs import to_integers
from zkpay.circuits.trace import columns
from zkpay.ledger.rules import DUPLICATE, OUT_OF_RANGE

MANY = [Record(account=(index * 7919) % 13, quantity=900 * index**2, kind=index % 4) for index in range(1025)]
SHAPES = {
    **{f"{count} records": (MANY[:count], POLICY) for count in (0, 1, 2, 3, 4, 5, 8, 9)},
    "mixed": (MIXED, POLICY),
    "table full": (MANY[:1024], POLICY),
    "table one over": (MANY, POLICY),
    "accounts fill the table": ([Record(account=index, quantity=index) for index in range(1024)], POLICY),
    "all rejected": ([Record(account=index % 3, reason=SPAM) for index in range(7)], POLICY),
    "one account": ([Record(account=5, quantity=index) for index in range(9)], POLICY),
    "zero total": ([Record(account=index, quality=0) for index in range(3)], POLICY),
    "zero pool": (MIXED, pro_rata(pool=0)),
    "zero weights": (MIXED, pro_rata(weights=(0, 0, 0, 0))),
    "zero bounds": (
        [Record(account=1, quantity=0, quality=0), Record(account=1, reason=OUT_OF_RANGE)],
        pro_rata(quantity_max=0, quality_max=0),
    ),
    "pool of one": (MIXED, pro_rata(pool=1)),
    "one kind": ([Record(account=1, quantity=5), Record(account=2, quantity=6)], pro_rata(
        kinds=("data",), weights=(1,)
    )),
    "all equal fingerprints": (
        [Record(account=1, fingerprint=4, reason=SPAM), Record(account=2, fingerprint=4)]
        + [Record(account=index, fingerprint=4, reason=DUPLICATE) for index in range(8)],
        POLICY,
    ),
    "no unique rule": (
        [Record(account=index % 2, quantity=index, fingerprint=0) for index in range(6)], pro_rata(unique=False)
    ),
    "widest": (
        [
            Record(account=2**160 - 1, quantity=2**96, quality=2**28 - 1, fingerprint=2**240 - 1),
            Record(account=2**160 - 1, quantity=2**96, quality=2**28 - 1, fingerprint=2**240 - 2),
            Record(account=0, quantity=2**96 - 1, quality=2**28 - 1, kind=1),
            Record(account=0, quantity=2**98 - 1, quality=2**28 - 1, reason=OUT_OF_RANGE),
            Record(account=1, quantity=2**96 - 1, quality=2**14 - 1, kind=2),
        ],
        WIDEST,
    ),
    "widest, all limbs full": (
        [Record(account=index % 5, quantity=2**96 - 1, quality=2**28 - 1) for index in range(1024)],
        widest(quantity_max=2**96 - 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_honest_witness_violates_nothing(shape: str) -> None:
    records, policy = SHAPES[shape]
    epoch = scenario(records, policy)
    witness = epoch.witness()
    assert violations(epoch.circuit, witness) == []

    payouts = columns(witness, epoch.circuit, "payouts")
    count = len(epoch.outcome.payouts)
    assert int(payouts["is_real"].sum()) == count
    for line in ("payout", "score"):
        limbs = [column[:count].astype(np.int64) for name, column in payouts.items() if name.startswith(f"{line}[")]
        # What can only be 0 has no columns.
        values = to_integers(np.stack(limbs), 10) if limbs else [0] * count
        assert values == epoch.outcome.lines[line]


@pytest.mark.parametrize("shape", ["mixed", "widest"])
def test_points_are_the_policys(shape: str) -> None:
    records, policy = SHAPES[shape]
    epoch = scenario(records, policy)
    table = columns(epoch.witness(), epoch.circuit, "contributions")
    limbs = np.stack([column for name, column in table.items() if name.startswith("points[")])
    accepted = [index for index, record in enumerate(records) if not record.reason]
    values = to_integers(limbs[:, : len(records)].astype(np.int64), 14)
    assert [values[index] for index in accepted] == epoch.outcome.lines["points"]
    assert not any(values[index] for index in range(len(records)) if index not in accepted)


def test_leaves_are_the_ledgers() -> None:
    # The roots in the statement come from the ledger's encoding; only the public terms bind the tables to
    # them.
    epoch = scenario(MIXED)
    changed = replace(epoch.statement, payout_root=(*epoch.statement.payout_root[:7], 1))
    circuit = replace(
        epoch.circuit,
        public_terms=tuple(
            replace(term, payload=(*term.payload[:2], *changed.payout_root)) if term.payload[:2] == (2, 1) else term
            for term in epoch.circuit.public_terms
        ),
    )
    assert {violation.name for violation in violations(circuit, epoch.witness())} == {"bus/tree"}
