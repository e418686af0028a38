"""Work of a proof, against counts by hand."""

from tests.reference.toy import toy
from zkpay.prover.prove import STAGES
from zkpay.prover.work import (
    Counts,
    butterflies,
    committing,
    constraint_operations,
    fraction_operations,
    row_permutations,
    stage_counts,
)
from zkpay.stark.air import Bus, Table
from zkpay.stark.layout import Group
from zkpay.stark.parameters import PROFILES, derive


def test_transforms_and_rows() -> None:
    assert butterflies(3, 8) == 3 * 4 * 3
    assert butterflies(3, 1) == 0
    # 8 bytes of prefix, 16 of salt, 4 an element; a block has 136 bytes, one at least for padding.
    assert [row_permutations(width) for width in (2, 27, 28, 61, 62, 299, 300)] == [1, 1, 2, 2, 3, 9, 10]
    assert [row_permutations(width, salted=False) for width in (2, 31, 32)] == [1, 1, 2]


def test_a_commitment() -> None:
    groups = (Group(8, ((0, 0, 28),)), Group(4, ((1, 0, 1),)))
    transforms = butterflies(28, 8) + butterflies(1, 4)
    permutations = 2 * 8 * (2 + 1) + 2 * 4 * (1 + 1)
    assert committing(groups, 2, interpolated=True) == Counts(3 * transforms, permutations)
    assert committing(groups, 2, interpolated=False) == Counts(2 * transforms, permutations)


def test_operations_on_a_row() -> None:
    table = Table("t")
    a, b = table.column("a"), table.column("b")
    table.every("sum", a + b + 1)  # a, b weighed
    table.every("product", a * b - a)  # a * b weighed and multiplied; a stands there already
    table.first("start", a)  # a weighed once more, under another selector
    assert constraint_operations(table) == 5 * 3 + 1 + 5
    assert fraction_operations(table) == 0
    sending = Table("sending")
    a, b = sending.column("a"), sending.column("b")
    sending.send(Bus("bus", 1, 2), "pair", (a, b * b), a)
    # Both entries weighed, b * b multiplied; in the constraint two extension products more.
    assert fraction_operations(sending) == 5 * 2 + 1
    assert constraint_operations(sending) == 5 * 2 + 1 + 2 * 25


def test_every_stage_has_work_and_what_is_not_kept_more() -> None:
    circuit = toy(1 << 15, 1 << 14, 1 << 14).circuit
    parameters = derive(PROFILES["default"], circuit)
    kept, nothing = (stage_counts(circuit, parameters, keep) for keep in (parameters.blowup, 0))
    assert tuple(kept) == STAGES
    assert all(any(vars(counts).values()) for counts in kept.values())
    more = {stage for stage in STAGES if nothing[stage].butterflies > kept[stage].butterflies}
    assert more == {"quotient", "queries"}
    assert kept["queries"].permutations == 1 << parameters.grinding_bits
