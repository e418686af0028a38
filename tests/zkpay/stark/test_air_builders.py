"""What a table's builders make of what they are given: numbers of columns, groups of helpers, both sides of limits."""

import pytest

from zkpay.stark.air import MAX_DEGREE, Bus, Circuit, PlacedTable, PublicTerm, Table
from zkpay.stark.expression import Column, Expression
from zkpay.stark.field import P
from zkpay.stark.keccak import keccak256

PAIR = Bus("pair", 1, 2)
SIGNAL = Bus("signal", 2, 0)


def power(column: Column, exponent: int) -> Expression:
    product: Expression = column
    for _ in range(exponent - 1):
        product = product * column
    return product


def helpers_of(*interactions: tuple[int, int | None]) -> list[int]:
    """How many interactions share each helper column; one is given by the degrees of multiplicity and payload.

    A payload without a degree is empty: the denominator is the bus's own constant.
    """
    table = Table("t")
    x = table.column("x")
    for number, (multiplicity, payload) in enumerate(interactions):
        weight = power(x, multiplicity) if multiplicity else 1
        if payload is None:
            table.send(SIGNAL, f"i{number}", [], weight)
        else:
            table.send(PAIR, f"i{number}", [power(x, payload) if payload else 1, 1], weight)
    return [len(group) for group in table.helpers]


def test_columns_are_numbered_and_named_as_they_are_added() -> None:
    """By their numbers the prover's rows, the openings and the verifier's readings belong together."""
    table = Table("t")
    first = table.column("x")
    group = table.column_group("y", 3)
    fixed = [table.preprocessed_column(name, values) for name, values in (("k", [1, 2]), ("l", [3]))]
    assert [first, *group] == table.columns
    assert [(column.name, column.index) for column in table.columns] == [
        ("x", 0),
        ("y[0]", 1),
        ("y[1]", 2),
        ("y[2]", 3),
    ]
    assert table.width == 4
    assert table.preprocessed == fixed
    assert [(column.name, column.index) for column in fixed] == [("k", 0), ("l", 1)]
    assert [values.tolist() for values in table.preprocessed_values] == [[1, 2], [3]]


@pytest.mark.parametrize(
    ("interactions", "sizes"),
    [
        # h * D1 * D2 * D3 has degree 4.
        ([(0, 1)] * 7, [3, 3, 1]),
        ([(1, 1)] * 4, [3, 1]),
        # m1 * D2 * D3 has degree 4, m1 * D2 * D3 * D4 five.
        ([(2, 1), (0, 1), (0, 1)], [3]),
        ([(3, 1), (0, 1), (0, 1)], [2, 1]),
        ([(0, 3), (0, 1)], [1, 1]),
        ([(0, 2), (1, 1)], [2]),
        # Denominators without a column add nothing.
        ([(4, None), (4, None)], [2]),
        ([(2, None), (0, 3)], [1, 1]),
        ([(1, None), (0, 3)], [2]),
        ([(0, None), (0, 3), (0, 1)], [2, 1]),
        ([(0, 0)] * 9, [9]),
    ],
)
def test_helpers_take_as_many_interactions_as_the_degree_allows(
    interactions: list[tuple[int, int | None]], sizes: list[int]
) -> None:
    """One more would be beyond what the quotient holds; one fewer costs every proof columns."""
    assert MAX_DEGREE == 4
    assert helpers_of(*interactions) == sizes


def test_sums_of_the_largest_degree() -> None:
    table = Table("t")
    x = table.column("x")
    table.sum("s", "four", power(x, 4))
    assert [each.name for each in table.sums] == ["t/four"]
    with pytest.raises(ValueError, match="t/five: degree 5 is over 4"):
        table.sum("s", "five", power(x, 5))


@pytest.mark.parametrize("order", [[0, 8, 16, 33, 1], [16, 33, 8, 1, 0], [33, 16, 8, 1, 0], [1, 0, 33, 16, 8]])
def test_columns_of_the_next_row_ascend(order: list[int]) -> None:
    """In whatever order constraints read them: openings are listed in this one."""
    table = Table("t")
    columns = table.column_group("c", 40)
    for number in order:
        table.every(f"reads {number}", columns[number].next)
    assert table.next_row_columns == sorted(order)


def test_shared_nodes_are_searched_once() -> None:
    """A graph of 2^60 paths, as a formula with shared parts may be, must not keep a verifier busy for years."""
    table = Table("t")
    node: Expression = table.column("x")
    for _ in range(60):
        node = node + node
    table.every("c", node + table.column("y").next)
    assert table.next_row_columns == [1]


@pytest.mark.parametrize("identifier", [P, P + 1])
def test_identifiers_are_field_elements(identifier: int) -> None:
    """P would be 0 in a tuple, which pads the shorter ones, and P + 1 the bus of identifier 1."""
    for allowed in (1, P - 1):
        Circuit((), {}, (PublicTerm(Bus("b", allowed, 1), (5,), 1),), {}).check()
    with pytest.raises(ValueError, match="bus identifiers"):
        Circuit((), {}, (PublicTerm(Bus("b", identifier, 1), (5,), 1),), {}).check()


def test_the_digest_is_of_tables_one_after_the_other() -> None:
    """By hand: each with its length before it and nothing between, or one could be taken for two."""
    tables = [Table(name) for name in ("t", "table")]
    for table in tables:
        table.first("zero", table.column("x"))
    texts = [
        f"table '{name}' height 8 width 1\nfirst '{name}/zero' 0\ncolumn main 0 0".encode() for name in ("t", "table")
    ]
    told = b"zkpay/circuit/v1" + bytes(8) + b"".join(len(text).to_bytes(8, "little") + text for text in texts)
    circuit = Circuit(tuple(PlacedTable(table, 8) for table in tables), {}, (), {})
    assert circuit.digest == keccak256(told)
