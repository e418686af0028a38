"""Which range checks can be made by a tall table, and which can't."""

import pytest

from zkpay.circuits.buses import RANGE
from zkpay.circuits.gadgets.folded_look_ups import fold_look_ups
from zkpay.circuits.gadgets.range import range_check
from zkpay.stark.air import Table
from zkpay.stark.expression import constant


def test_tuples_hold_all_limbs_and_their_bits() -> None:
    table = Table("short")
    index, limbs = table.column("index"), table.column_group("value", 5)
    for limb, bits in zip(limbs, (14, 8, 1, 14, 3), strict=True):
        range_check(table, limb.name, limb, bits)
    folded, look_ups = fold_look_ups(table, index, most=8, beside=0)
    assert not [item for item in folded.interactions if item.bus == RANGE]
    found = [width for row in look_ups.widths for width in row]
    assert found[:5] == [14, 8, 1, 14, 3]
    assert not any(found[5:])


def test_refuses_a_check_that_is_not_made_on_every_row() -> None:
    table = Table("short")
    index, limb, flag = table.column_group("value", 3)
    table.send(RANGE, "limb has 14 bits", (constant(14), limb), flag)
    with pytest.raises(ValueError, match="not made once on every row"):
        fold_look_ups(table, index, most=8, beside=0)


def test_refuses_a_width_that_is_no_constant() -> None:
    table = Table("short")
    index, limb, width = table.column_group("value", 3)
    table.send(RANGE, "limb has its bits", (width, limb))
    with pytest.raises(ValueError, match="no constant"):
        fold_look_ups(table, index, most=8, beside=0)


def test_refuses_a_table_without_checks() -> None:
    table = Table("short")
    (index,) = table.column_group("value", 1)
    with pytest.raises(ValueError, match="looks no range up"):
        fold_look_ups(table, index, most=8, beside=0)
