"""Circuits: derived degrees and widths, refusals, and a digest that covers every part."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.reference.stark_prover import ACCUMULATOR, CHUNKS, next_columns, opening_order, tree_groups
from tests.reference.toy import toy
from zkpay.stark.air import MAX_DEGREE, Bus, Circuit, Interaction, PlacedTable, PublicTerm, Table
from zkpay.stark.expression import Column, Expression, Phase, Public, constant, linear, read, total
from zkpay.stark.layout import layout_of

BUS = Bus("bus", 1, 2)


def test_degrees_are_derived() -> None:
    x, y = Column(Phase.MAIN, 0, "x"), Column(Phase.MAIN, 1, "y")
    for expression, degree in (
        (constant(7), 0),
        (Public("p"), 0),
        (x, 1),
        (x.next, 1),
        (x + 3, 1),
        (3 - x, 1),
        (-x, 1),
        (2 * x - y, 1),
        (x * y, 2),
        (x * x.next * (y + 1), 3),
        (linear([(Public("p"), x * y), (4, x)], 1), 2),
        (total([x, x * y]), 2),
        (linear([], 5), 0),
        (x * 5 * constant(3), 1),
    ):
        assert expression.degree == degree
    with pytest.raises(ValueError, match="two rows"):
        _ = x.next.next


def test_constraints_beyond_the_degree_are_refused() -> None:
    """First- and last-row selectors count as one degree (design review, finding 6; SPEC §4.5)."""
    table = Table("t")
    x = table.column("x")
    cube = x * x * x
    table.every("four", cube * x)
    table.transition("four too", cube * x)
    for add in (table.first, table.last):
        with pytest.raises(ValueError, match=r"degree 4 \+ 1"):
            add("five", cube * x)
        add(f"{add.__name__} three", cube)
    for add in (table.every, table.transition):
        with pytest.raises(ValueError, match="degree 5"):
            add("five", cube * x * x)
    with pytest.raises(ValueError, match="degree 5"):
        table.sum("s", "five", cube * x * x)
    # h * D = m: the helper takes one degree, so D has three at most, and m four.
    table.send(BUS, "cubes", [cube, x], cube * x)
    with pytest.raises(ValueError, match="helper's degree"):
        table.send(BUS, "quartics", [cube * x, x])
    with pytest.raises(ValueError, match="helper's degree"):
        table.send(BUS, "quintic", [x, x], cube * x * x)


def helper_degree(group: tuple[Interaction, ...]) -> int:
    """Degree of h prod D_i - sum m_i prod_{j != i} D_j, term by term."""
    own = [max([0, *(entry.degree for entry in each.payload)]) for each in group]
    terms = [1 + sum(own)]
    for i, each in enumerate(group):
        terms.append(each.multiplicity.degree + sum(d for j, d in enumerate(own) if j != i))
    return max(terms)


def test_helpers_hold_all_interactions_within_the_degree() -> None:
    table = Table("t")
    x, y = table.column("x"), table.column("y")
    terms: list[tuple[list[Expression | int], Expression | int]] = [
        ([x, 1], 1),
        ([y, x], x),
        ([x * y, 2], x),
        ([x, y], x * y),
        ([1, 2], x),
        ([3, 4], 1),
        ([x, 5], y),
        ([y, 6], y),
    ]
    for number, (payload, multiplicity) in enumerate(terms):
        table.send(BUS, f"i{number}", payload, multiplicity)
    assert [each for group in table.helpers for each in group] == table.interactions
    assert all(helper_degree(group) <= MAX_DEGREE for group in table.helpers)
    assert len(table.helpers) < len(table.interactions)


def test_next_row_columns() -> None:
    for item in toy().circuit.placed:
        assert item.table.next_row_columns == next_columns(item)
    assert toy().circuit.placed[0].table.next_row_columns == [0, 1, 2, 5]
    table = Table("t")
    table.column("x")
    fixed = table.preprocessed_column("k", [1, 2])
    table.every("reads", fixed.next)
    with pytest.raises(ValueError, match="preprocessed column"):
        _ = table.next_row_columns


def test_builders_refuse_what_is_not_well_formed() -> None:
    table = Table("t")
    x = table.column("x")
    with pytest.raises(ValueError, match="exists already"):
        table.column("x")
    table.every("c", x)
    with pytest.raises(ValueError, match="t/c exists already"):
        table.first("c", x)
    with pytest.raises(ValueError, match="3 values on bus bus of width 2"):
        table.send(BUS, "wide", [x, x, x])


def one_table(height: int = 8) -> Table:
    table = Table("t")
    x = table.column("x")
    table.preprocessed_column("k", range(height))
    table.every("c", x)
    table.send(BUS, "i", [x, 1])
    table.sum("s", "x", x)
    return table


def test_circuits_that_are_not_well_formed() -> None:
    def circuit(*placed: PlacedTable, targets: dict[str, int] | None = None) -> Circuit:
        return Circuit(placed, {}, (), {"s": 0} if targets is None else targets)

    circuit(PlacedTable(one_table(), 8)).check()
    with pytest.raises(ValueError, match="unique"):
        circuit(PlacedTable(one_table(), 8), PlacedTable(one_table(), 8)).check()
    with pytest.raises(ValueError, match="not a power of two"):
        circuit(PlacedTable(one_table(12), 12)).check()
    for values, height in ((8, 4), (12, 16), (3, 8), (0, 8), (16, 8)):
        with pytest.raises(ValueError, match=f"neither {height} values nor"):
            circuit(PlacedTable(one_table(values), height)).check()
    for values, height in ((1, 1), (1, 8), (2, 8), (8, 16)):
        circuit(PlacedTable(one_table(values), height)).check()
    with pytest.raises(ValueError, match="without a target"):
        circuit(PlacedTable(one_table(), 8), targets={}).check()


def test_rows_of_periodic_columns() -> None:
    table = Table("t")
    table.column("x")
    for values in ([7], [1, 2], [1, 2, 3, 4], list(range(8))):
        table.preprocessed_column(f"k{len(values)}", values)
    rows = PlacedTable(table, 8).preprocessed_rows()
    assert rows.tolist() == [[7] * 8, [1, 2] * 4, [1, 2, 3, 4] * 2, list(range(8))]


def test_buses_that_could_be_confused() -> None:
    """Two buses of one identifier would be one bus (OpenVM Cantina 3.2.1; SP1 v4 audit, 7); a public payload of another
    width would meet the identifier's power of beta."""

    def circuit(other: Bus, *terms: PublicTerm) -> Circuit:
        table = one_table()
        table.send(other, "j", [table.columns[0]] * other.width)
        return Circuit((PlacedTable(table, 8),), {}, terms, {"s": 0})

    circuit(Bus("other", 2, 3)).check()
    circuit(BUS).check()
    for other in (Bus("other", 1, 2), Bus("bus", 1, 3), Bus("other", 0, 2), Bus("other", -1, 2)):
        with pytest.raises(ValueError, match="bus identifiers"):
            circuit(other).check()
    with pytest.raises(ValueError, match="bus identifiers"):
        circuit(BUS, PublicTerm(Bus("third", 1, 1), (5,), 1)).check()
    circuit(BUS, PublicTerm(BUS, (5, 6), 1)).check()
    for payload in ((), (5,), (5, 6, 7)):
        with pytest.raises(ValueError, match="not as wide"):
            circuit(BUS, PublicTerm(BUS, payload, 1)).check()


def variants() -> dict[str, Callable[[], Circuit]]:
    """Circuits that differ from `base` in one thing each."""

    def build(
        *,
        name: str = "t",
        height: int = 8,
        where: str = "transition",
        constraint: Callable[[Column, Column], Expression] = lambda x, y: x.next - y * Public("p"),
        fixed: int = 1,
        period: int = 4,
        bus: Bus = BUS,
        payload: Callable[[Column, Column], list[Expression]] = lambda x, y: [x, y],
        multiplicity: int = 1,
        sends: bool = True,
        target: str = "s",
        summed: Callable[[Column, Column], Expression] = lambda x, y: x,
        extra_column: bool = False,
        constraint_name: str = "c",
        drop: str = "",
    ) -> Circuit:
        table = Table(name)
        x, y = table.column("x"), table.column("y")
        if extra_column:
            table.column("z")
        table.preprocessed_column("k", np.arange(period) // 2 * fixed)
        if drop != "constraint":
            getattr(table, where)(constraint_name, constraint(x, y))
        table.every("other", x * y)
        if drop != "interaction":
            (table.send if sends else table.receive)(bus, "i", payload(x, y), multiplicity)
        table.receive(BUS, "back", [x, y])
        if drop != "sum":
            table.sum(target, "x", summed(x, y))
        return Circuit((PlacedTable(table, height),), {"p": 3, "q": 3}, (), {"s": 0, "u": 0})

    return {
        "base": build,
        "name": lambda: build(name="u"),
        "height": lambda: build(height=16),
        "where": lambda: build(where="every"),
        "another column": lambda: build(constraint=lambda x, y: y.next - y * Public("p")),
        "this row": lambda: build(constraint=lambda x, y: x - y * Public("p")),
        "another public": lambda: build(constraint=lambda x, y: x.next - y * Public("q")),
        "constant for a public": lambda: build(constraint=lambda x, y: x.next - y * 3),
        "coefficient": lambda: build(constraint=lambda x, y: x.next - 2 * (y * Public("p"))),
        "sign": lambda: build(constraint=lambda x, y: x.next + y * Public("p")),
        "offset": lambda: build(constraint=lambda x, y: x.next - y * Public("p") + 1),
        "constraint's name": lambda: build(constraint_name="d"),
        "preprocessed values": lambda: build(fixed=2),
        "period": lambda: build(period=2),
        "period with the same rows": lambda: build(period=1, fixed=0),
        "rows with the same period": lambda: build(period=8, fixed=0),
        "bus identifier": lambda: build(bus=Bus("bus", 2, 2)),
        "bus name": lambda: build(bus=Bus("sub", 1, 2)),
        "payload order": lambda: build(payload=lambda x, y: [y, x]),
        "payload": lambda: build(payload=lambda x, y: [x, y + 1]),
        "multiplicity": lambda: build(multiplicity=2),
        "direction": lambda: build(sends=False),
        "sum target": lambda: build(target="u"),
        "sum": lambda: build(summed=lambda x, y: x + y),
        "width": lambda: build(extra_column=True),
        "no constraint": lambda: build(drop="constraint"),
        "no interaction": lambda: build(drop="interaction"),
        "no sum": lambda: build(drop="sum"),
    }


def test_digest_covers_every_part() -> None:
    """Constraints, buses, multiplicities, sums, heights, fixed columns: each alone changes the digest (Zellic on SP1
    Hypercube, 3.1 and 3.2; OpenVM Cantina 3.2.4)."""
    digests = {name: build().digest for name, build in variants().items()}
    assert len(set(digests.values())) == len(digests)
    assert variants()["base"]().digest == digests["base"]


def test_digest_covers_the_order_of_tables() -> None:
    circuit = toy().circuit
    swapped = replace(circuit, placed=(circuit.placed[1], circuit.placed[0], circuit.placed[2]))
    fewer = replace(circuit, placed=circuit.placed[:2])
    assert len({circuit.digest, swapped.digest, fewer.digest}) == 3


def test_layout_equals_the_literal_order() -> None:
    for heights in ((4096, 2048, 1024), (1024, 1024, 1024), (1024, 4096, 1024), (2048, 1024, 4096)):
        circuit = toy(*heights).circuit
        layout = layout_of(circuit)
        for tree in range(3):
            expected = tree_groups(circuit, tree)
            groups = layout.groups(tree)
            assert [group.height for group in groups] == [height for height, _ in expected]
            for group, (_, keys) in zip(groups, expected, strict=True):
                own = [
                    (tree, position, column)
                    for position, first, width in group.members
                    for column in range(width)
                    if first + column < group.width
                ]
                assert own == keys
                assert group.width == len(keys)
        order = opening_order(circuit)
        assert layout.opening_count == len(order)
        for position, places in enumerate(layout.openings):
            assert [order[k][0][:2] for k in places.main] == [(0, position)] * len(places.main)
            assert [order[k][0][:2] for k in places.auxiliary] == [(1, position)] * len(places.auxiliary)
            columns = circuit.placed[position].table.next_row_columns
            assert [order[k] for k in places.main_next] == [((0, position, column), 1) for column in columns]
        assert [order[k] for k in layout.accumulator] == [((1, ACCUMULATOR, k), 0) for k in range(5)]
        assert [order[k] for k in layout.accumulator_next] == [((1, ACCUMULATOR, k), 1) for k in range(5)]
        assert [order[k] for k in layout.quotient_openings] == [((2, ACCUMULATOR, k), 0) for k in range(5 * CHUNKS)]


def test_buses_pad_to_one_width() -> None:
    circuit = toy().circuit
    assert circuit.bus_width == 2
    assert circuit.sum_names == ["amounts", "mixed", "paces"]


def test_reading_shares_common_nodes() -> None:
    """A graph of 2^60 paths is read once a node."""
    node: Expression = Column(Phase.MAIN, 0, "x")
    for _ in range(60):
        node = node + node
    counted: list[int] = []

    class Counter:
        def constant(self, value: int) -> int: ...  # type: ignore[empty-body]
        def public(self, name: str) -> int: ...  # type: ignore[empty-body]
        def product(self, left: int, right: int) -> int: ...  # type: ignore[empty-body]

        def column(self, column: Column) -> int:
            return 1

        def linear(self, terms: list[tuple[int | str, int]], constant: int) -> int:
            counted.append(1)
            return sum(value for _, value in terms)

    assert read(node, Counter(), {}) == 2**60
    assert len(counted) == 60


def test_a_table_has_columns_of_its_own() -> None:
    """A table of fixed columns alone would have nothing in the main tree to be opened."""
    table = Table("fixed")
    table.preprocessed_column("k", [1])
    with pytest.raises(ValueError, match="fixed has no main columns"):
        Circuit((PlacedTable(one_table(), 8), PlacedTable(table, 8)), {}, (), {"s": 0}).check()


@pytest.mark.parametrize("place", ["payload", "multiplicity", "sum"])
def test_interactions_and_sums_read_their_own_row(place: str) -> None:
    """What stands on the next row is opened for constraints only: helpers and row sums are of one row."""
    table = one_table()
    following: Expression = table.columns[0].next
    if place == "payload":
        table.send(BUS, "j", [following * 2 + 1, 1])
    elif place == "multiplicity":
        table.receive(BUS, "j", [1, 1], following)
    else:
        table.sum("s", "following", following * table.columns[0])
    with pytest.raises(ValueError, match="reads the next row"):
        Circuit((PlacedTable(table, 8),), {}, (), {"s": 0}).check()


def test_members_of_a_group_stand_one_after_the_other() -> None:
    """Also the accumulator and the quotient, which are no tables."""
    layout = layout_of(toy(1024, 4096, 1024).circuit)
    for group in (*layout.main, *layout.auxiliary, *layout.quotient):
        first = 0
        for _, own_first, width in group.members:
            assert own_first == first
            first += width
        assert first == group.width


def test_a_bit_is_zero_or_one() -> None:
    table = Table("t")
    table.boolean("bit", table.column("x"))
    (constraint,) = table.constraints

    class Numbers:
        def __init__(self, value: int) -> None:
            self.value = value

        def constant(self, value: int) -> int:
            return value

        def public(self, name: str) -> int:
            raise AssertionError(name)

        def column(self, column: Column) -> int:
            return self.value

        def linear(self, terms: list[tuple[int | str, int]], constant: int) -> int:
            return constant + sum(int(coefficient) * value for coefficient, value in terms)

        def product(self, left: int, right: int) -> int:
            return left * right

    found = {value: read(constraint.expression, Numbers(value), {}) for value in (-1, 0, 1, 2, 3)}
    assert [value for value, result in found.items() if result == 0] == [0, 1]


def test_offers_go_out_and_in_once() -> None:
    table = Table("t")
    x = table.column("x")
    table.send(BUS, "out", [x, 1])
    table.receive(BUS, "in", [x, 1])
    assert [each.sign for each in table.interactions] == [1, -1]
    assert [getattr(each.multiplicity, "value", None) for each in table.interactions] == [1, 1]


def test_names_of_interactions_and_heights_are_looked_at() -> None:
    """Two interactions of one name could not be told apart by what they are called after."""
    table = one_table()
    table.send(BUS, "i", [table.columns[0], 2])
    with pytest.raises(ValueError, match="unique"):
        Circuit((PlacedTable(table, 8),), {}, (), {"s": 0}).check()
    with pytest.raises(ValueError, match="not a power of two"):
        Circuit((PlacedTable(one_table(1), 0),), {}, (), {"s": 0}).check()


def test_one_fault_among_many_is_enough() -> None:
    """A second column that is no period, a second sum without a target."""
    table = one_table()
    table.preprocessed_column("odd", range(3))
    with pytest.raises(ValueError, match="neither 8 values"):
        Circuit((PlacedTable(table, 8),), {}, (), {"s": 0}).check()
    table = one_table()
    table.sum("other", "x again", table.columns[0])
    with pytest.raises(ValueError, match="without a target"):
        Circuit((PlacedTable(table, 8),), {}, (), {"s": 0}).check()


def test_sums_are_numbered_by_name() -> None:
    circuit = replace(toy().circuit, sum_targets={"paces": 1, "amounts": 2, "mixed": 3})
    assert circuit.sum_names == ["amounts", "mixed", "paces"]


def test_the_digest_of_a_circuit_is_fixed() -> None:
    """Of these very bytes: with another separator or length, proofs of today would no longer verify."""
    table = Table("t")
    x = table.column("x")
    table.every("square", x * x - x)
    table.send(BUS, "i", [x, 1])
    table.sum("s", "x", x)
    circuit = Circuit((PlacedTable(table, 8),), {}, (), {"s": 0}, label="hash")
    assert circuit.digest.hex() == "5ad840eb55aeb9676ea4f6e6d253882cbacd36d9f974c89ffd7ff9fd5c7b62fe"
