"""Nodes and facts by themselves, where no formula of the other tests leads: what they promise holds there, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.zkpay.policy.language.formulas import MANY, formula_of
from zkpay.ledger.fields import NumberField, SymbolField
from zkpay.policy.language import lowering_facts
from zkpay.policy.language.formula import parse_formula
from zkpay.policy.language.lowering import _Lowering, lower
from zkpay.policy.language.lowering_facts import Facts, Literal
from zkpay.policy.language.lowering_nodes import Nodes, Place
from zkpay.policy.language.program import Node, Operation
from zkpay.policy.language.tree import Formula, FormulaFault, Table

CHAIN = tuple(NumberField(f"f{k}", 3) for k in range(4))
FALLING = {"falling": Table("falling", None, (3, 3, 2, 1))}


def nodes_of(formula: Formula) -> Nodes:
    """Nodes as they are while a line is lowered."""
    line = formula.lines["payout"].expression
    return Nodes(formula, MANY, MANY, Place("text", "payout", line.span))


@pytest.fixture
def nodes() -> Nodes:
    return nodes_of(formula_of())


def test_a_symbol_is_no_number(nodes: Nodes) -> None:
    with pytest.raises(ValueError, match="kind is not a number field"):
        nodes.number_field("kind")


def test_a_form_that_needs_its_arguments_unread_is_not_lowered_from_them() -> None:
    formula = formula_of(x="1 if quantity > 3 else 0")
    with pytest.raises(ValueError, match="lowered elsewhere"):
        _Lowering(formula, MANY, MANY)._of_values(formula.lines["x"].expression, [])


def test_slices_that_do_not_rise_are_not_lowered() -> None:
    """Reading a formula refuses them before; differences of bounds that fall would be negative."""
    formula = formula_of(x="tiers(quantity, [(5, 1), (9, 2), (rest, 3)])")
    expression = formula.lines["x"].expression
    x, first, one, second, *others = expression.arguments
    assert _Lowering(formula, MANY, MANY)._tiers(expression).high == 5 + 8 + 991 * 3
    falling = replace(expression, arguments=(x, second, one, first, *others))
    with pytest.raises(FormulaFault, match="must rise"):
        _Lowering(formula, MANY, MANY)._tiers(falling)


def test_a_field_of_one_symbol_has_it() -> None:
    fields = (SymbolField("kind", ("only",)), NumberField("quantity", 10))
    formula = parse_formula({"x": "quantity if kind == only else 1", "payout": "1"}, fields, {}, {})
    assert lower(formula, MANY, MANY).lines["x"].operation is Operation.FIELD


def test_bounds_known_from_elsewhere_are_made_part_of_the_value(nodes: Nodes) -> None:
    """Where a proof knows better bounds than the node has, the circuit must not rest on the proof alone: a minimum or a
    maximum keeps the value within them."""
    quantity, last = nodes.number_field("quantity"), nodes.constant(3)
    capped = nodes.capped(quantity, last)
    assert (capped.operation, capped.arguments, capped.low, capped.high) == (Operation.MINIMUM, (quantity, last), 0, 3)
    assert nodes.capped(capped, last) is capped
    raised = nodes.raised(quantity)
    assert (raised.operation, set(raised.arguments)) == (Operation.MAXIMUM, {quantity, nodes.one})
    assert (raised.low, raised.high) == (1, 1000)
    assert nodes.raised(raised) is raised


@pytest.mark.parametrize("holds", [True, False])
def test_a_decided_selection_keeps_the_bounds_that_are_known(nodes: Nodes, holds: bool) -> None:
    quantity, other = nodes.number_field("quantity"), nodes.number_field("quality")
    a, b = (quantity, other) if holds else (other, quantity)
    condition = nodes.one if holds else nodes.zero
    assert nodes.select(condition, a, b) is quantity
    within = nodes.select(condition, a, b, within=(2, 9))
    assert (within.low, within.high) == (2, 9)
    assert within.operation is Operation.MINIMUM


@pytest.mark.parametrize(
    ("text", "bounds"),
    [("ceil_div(quantity, quality)", (0, 334)), ("round_div(quantity, quality)", (0, 333))],
)
def test_without_steps_left_quotients_have_the_bounds_of_their_parts(
    monkeypatch: pytest.MonkeyPatch, text: str, bounds: tuple[int, int]
) -> None:
    monkeypatch.setattr(lowering_facts, "MAX_STEPS", 0)
    node = lower(formula_of(x=text), MANY, MANY).lines["x"]
    assert (node.low, node.high) == bounds


def facts_of(nodes: Nodes, *literals: Literal) -> Facts:
    return Facts(nodes.context, literals)


def test_facts_that_contradict_one_another(nodes: Nodes) -> None:
    """A branch that can't be reached says so, and nothing else is concluded there."""
    quantity = nodes.number_field("quantity")
    small = nodes.at_most(quantity, nodes.constant(5))
    data, model = nodes.is_symbol("kind", 0), nodes.is_symbol("kind", 2)
    for literals in (
        ((small, True), (small, False)),
        ((nodes.negation(small), True), (small, True)),
        ((data, True), (model, True)),
        ((nodes.zero, True),),
        ((nodes.one, False),),
    ):
        facts = facts_of(nodes, *literals)
        assert facts.impossible
        assert facts.decided(small) is None
        assert facts.bounds(quantity) == (0, 1000)
    assert not facts_of(nodes, (nodes.one, True), (nodes.zero, False), (small, True)).impossible


def test_a_number_is_no_fact(nodes: Nodes) -> None:
    """Nothing follows from what is no condition, and nothing is said of it."""
    quantity = nodes.number_field("quantity")
    facts = facts_of(nodes, (quantity, True))
    assert not facts.impossible
    assert facts.bounds(quantity) == (0, 1000)
    assert facts_of(nodes).decided(quantity) is None


def slow_contradiction() -> tuple[Nodes, list[Literal], Node]:
    """Facts that contradict one another over a chain of comparisons that is followed one step a round, and the entry
    that they contradict: f3 <= f2 <= f1 <= f0 <= 1 makes falling[f3] 3, which was to be at most 2."""
    formula = parse_formula({"payout": "1"}, CHAIN, FALLING, {})
    nodes = nodes_of(formula)
    fields = [nodes.number_field(field.name) for field in CHAIN]
    entry = nodes.entry("falling", fields[3])
    literals: list[Literal] = [(nodes.at_most(entry, nodes.constant(2)), True)]
    literals += [(nodes.at_most(fields[k + 1], fields[k]), True) for k in (2, 1, 0)]
    literals.append((nodes.at_most(fields[0], nodes.one), True))
    return nodes, literals, entry


def test_a_contradiction_may_come_to_light_late() -> None:
    """Bounds that turn out to be empty when they are asked for are those that the node has anyway."""
    nodes, literals, entry = slow_contradiction()
    facts = facts_of(nodes, *literals)
    assert not facts.impossible
    assert facts.bounds(entry) == (entry.low, entry.high) == (1, 3)
    assert facts.impossible
    facts = facts_of(nodes, *literals)
    assert facts.decided(nodes.at_most(entry, nodes.one)) is None
    assert facts.impossible
