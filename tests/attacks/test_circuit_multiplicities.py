"""No tuple can be taken p times and so for nothing (SPEC §4.3).

Multiplicities are field elements: what is taken p times is not taken at all. So whoever takes, and whoever sends where
nobody is free to say how often, must do it at most once or so on each row, and on fewer than p rows. The fixed tables
alone say freely how often an entry was asked for, and can say so of their own entries only.

Sources: Plonky3 #1748 and #1912; OpenVM Cantina 3.1.1; stark-backend's linear constraints on multiplicities.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from tests.attacks.registry import POLICIES, example, folded_example
from tests.circuits.folding import folding, in_line
from tests.circuits.scenarios import POLICY, policy_of, scenario
from tests.reference.toy import STATEMENT, Toy, use_light_parameters, verdict
from zkpay.circuits.heights import heights
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.errors import Refused
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Bus, Circuit, Interaction, PlacedTable, Table, Where
from zkpay.stark.expression import Column, Linear, Phase, Product, read
from zkpay.stark.field import P
from zkpay.stark.parameters import PROFILES
from zkpay.stark.statement import MAXIMUM_ACCOUNTS, MAXIMUM_COUNT

FREE = {("range", "range"), ("tables", "tables")}
"""(bus, table) of those who say freely how often an entry was asked for."""

# The account's end is is_real - same, of two bits of which the second implies the first; `seen` starts as a bit, and is
# the accepted bit or itself again (SPEC §5.6). The cheats on these constraints show that each of them is needed.
DERIVED = {"tally": {"ends", "seen"}}

Interval = tuple[int, int]
ANYTHING = (0, P - 1)


class Ranges:
    """Reads an expression as the integers that it may be: bits are 0 or 1, fixed columns are known, others anything."""

    def __init__(self, table: Table) -> None:
        self.bits = {column.index for each in table.constraints if (column := bit_of(each.expression, each.where))}
        self.bits |= {column.index for column in table.columns if column.name in DERIVED.get(table.name, ())}
        self.fixed = [(int(values.min()), int(values.max())) for values in table.preprocessed_values]

    def constant(self, value: int) -> Interval:
        return (value, value)

    def public(self, name: str) -> Interval:
        return ANYTHING

    def column(self, column: Column) -> Interval:
        if column.phase is Phase.PREPROCESSED:
            return self.fixed[column.index]
        return (0, 1) if column.index in self.bits else ANYTHING

    def linear(self, terms: list[tuple[int | str, Interval]], constant: int) -> Interval:
        low = high = constant
        for coefficient, value in terms:
            ends = [P * end if isinstance(coefficient, str) else coefficient * end for end in value]
            low, high = low + min(ends), high + max(ends)
        return (low, high)

    def product(self, left: Interval, right: Interval) -> Interval:
        ends = [one * other for one in left for other in right]
        return (min(ends), max(ends))


def bit_of(expression: object, where: Where) -> Column | None:
    """The column that a constraint x (x - 1) makes a bit."""
    if where is Where.EVERY and isinstance(expression, Product) and isinstance(expression.left, Column):
        other = expression.right
        if isinstance(other, Linear) and other.constant == -1 and other.terms == ((1, expression.left),):
            return expression.left
    return None


def bound_sides(items: Iterable[tuple[Table, int]]) -> dict[str, Interval]:
    """The least and the most that is taken of a tuple all told, or sent where it is not said freely, by bus."""
    found: dict[str, Interval] = {}
    for table, height in items:
        ranges = Ranges(table)
        for each in table.interactions:
            if (each.bus.name, table.name) not in FREE:
                low, high = read(each.multiplicity, ranges, {})
                least, most = found.get(side(each), (0, 0))
                found[side(each)] = (least + min(0, low) * height, most + high * height)
    return found


def side(each: Interaction) -> str:
    """A bus has two sides, which are held apart."""
    return f"{each.bus.name} {'sent' if each.sign > 0 else 'taken'}"


@pytest.mark.parametrize("name", [*POLICIES, "folded"])
def test_no_side_of_a_bus_comes_to_p(name: str) -> None:
    """In the largest epoch that there can be."""
    policy = POLICIES.get(name, POLICY)
    with folding() if name == "folded" else in_line():
        sizes = heights(policy, MAXIMUM_COUNT, MAXIMUM_ACCOUNTS)
    circuit = folded_example() if name == "folded" else example(policy)
    sides = bound_sides([(item.table, sizes[item.table.name]) for item in circuit.placed])
    assert {side for side, (least, most) in sides.items() if least < 0 or most >= P} == set()
    # Both sides of each bus are there, but for those that say freely how often they were asked.
    buses = {each.bus.name for item in circuit.placed for each in item.table.interactions}
    free = {f"{bus} sent" for bus, _ in FREE}
    assert set(sides) == {f"{bus} {word}" for bus in buses for word in ("sent", "taken")} - free


SHOWN = Bus("shown", 1, 1)


def show(times: int | None, height: int = 1024) -> Toy:
    """A row takes the tuple (7), which nobody sends, so many times; None is for a column that is free."""
    table, other = Table("takes"), Table("other")
    column = table.column("times")
    table.receive(SHOWN, "taken", [7], column if times is None else times)
    other.send(SHOWN, "sent", [8], other.column("sent"))
    circuit = Circuit((PlacedTable(table, height), PlacedTable(other, height)), {}, (), {})
    return Toy(circuit, {name: np.zeros((1, height), dtype=np.uint32) for name in ("takes", "other")})


@pytest.mark.parametrize(("times", "result"), [(1, "constraints-unsatisfied"), (P, "accepted"), (1 << 31, None)])
def test_what_is_taken_p_times_is_not_taken(times: int, result: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attack: a look-up of anything whatever. Where the circuits did it, the test above would say so."""
    use_light_parameters(monkeypatch, queries=6)
    case = show(times)
    proof = prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"], check=False)
    if result:
        assert verdict(case.circuit, proof) == result
    found = bound_sides([(item.table, item.height) for item in case.circuit.placed])
    assert found["shown taken"] == (0, times * 1024)
    assert (found["shown taken"][1] >= P) == (times > 1)
    # Free columns could come to p at once.
    free = bound_sides([(item.table, item.height) for item in show(None).circuit.placed])
    assert free["shown taken"][1] >= P


@pytest.mark.parametrize(("records", "is_refused"), [(MAXIMUM_COUNT // 4, False), (MAXIMUM_COUNT, True)])
def test_too_many_look_ups_are_refused(records: int, is_refused: bool) -> None:
    """A formula may be long, and an epoch large, but not both at once."""
    lines = {f"l{line}": " + ".join(f"isqrt({part} * quantity + {line})" for part in range(1, 61)) for line in range(7)}
    policy = policy_of({**lines, "payout": " + ".join(f"sum({line})" for line in lines)}, pool=10**30)
    statement = replace(
        scenario([], POLICY).statement,
        policy_digest=policy.digest,
        contribution_count=records,
        account_count=1,
        counts=tuple((name, 0 if code else records) for code, name in policy.rules.usable_reasons.items()),
        pool=policy.pool,
        dust=policy.pool,
        totals=(),
    )
    with pytest.raises(Refused, match="not below P") if is_refused else nullcontext():
        build_circuit(policy, statement)
