"""Columns and constraints of a formula, made node by node (SPEC §5.13).

A node's value is kept as terms, which sums, differences, scalings and choices only rearrange: they cost no column.
It is materialised, as a natural of looked-up limbs, where something needs limbs: a product, a comparison, a
divisor, a reader outside. The terms of a product, of degree 2, go straight into the balance that needs them.

Soundness rests on two things. Every balance and comparison holds over the integers for all that look-ups let
through, on rows where `active` is 1; so by induction over the nodes each materialised value *is* the node's value
there. And the bounds of a node, which lowering vouches for, hold for its value. Other rows say nothing: they are
filled with zeros, and what leaves the table is forced to 0 there (`output`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

from zkpay.circuits.formula.conditions import Conditions
from zkpay.circuits.formula.division import divided, rooted
from zkpay.circuits.formula.names import Names
from zkpay.circuits.formula.planning import COPY_COST, NARROWEST, cheapest
from zkpay.circuits.formula.product import factors, product_node, smallest_pair
from zkpay.circuits.formula.source import Source
from zkpay.circuits.formula.terms import digits_of, element, fits_limbs, fixed, integer, is_canonical, scaled, where
from zkpay.circuits.gadgets.arithmetic import (
    define,
    degree,
    negated,
    plan_definition,
    shape,
)
from zkpay.circuits.gadgets.carry import PublicNumber, Term, plus, product
from zkpay.circuits.gadgets.choice import masked
from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS, Limb, Natural
from zkpay.policy.language.program import Node, Operation
from zkpay.policy.language.tree import Level
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression

LEAVES: Final = frozenset({Operation.FIELD, Operation.TABLE_OF_SYMBOL, Operation.SUM, Operation.LARGEST})
MAX_TERMS: Final = 200
"""A sum of more terms is materialised, so that shared sums of sums don't grow without end."""


class FormulaCompiler:
    """Compiles nodes into one table.

    active: 0 or 1 on every row, of degree at most 1; the rows on which values count. width: bits of a limb where
    nothing else asks for another. lines: the program's, for names. widths: of limbs that will be asked for, by node:
    so that the node is written in these from the start, whoever needs it first.
    """

    def __init__(
        self,
        table: Table,
        active: Expression,
        source: Source,
        width: int,
        lines: Mapping[str, Node] | None = None,
        widths: Mapping[Node, int] | None = None,
    ) -> None:
        self.table = table
        self.active = active
        self.source = source
        self.width = width
        self.public_numbers: dict[str, Node] = {}
        """The TOTAL-level node behind each public number, by the number's name."""
        self._usual_widths = dict(widths or {})
        self.names = Names(table, lines or {})
        self._publics: dict[Node, PublicNumber] = {}
        self._terms: dict[Node, list[Term]] = {}
        self._forms: dict[Node, list[Natural]] = {}
        self._conditions = Conditions(self, source)
        self._divisions: dict[tuple[Node, Node], tuple[Natural, Natural]] = {}
        self._products: dict[tuple[Node, Node], Node] = {}
        self._filled_with_zeros: set[Expression] = set()
        self._zero_where_idle: set[Expression] = set()

    def number(self, node: Node, *, width: int | None = None, maximum: int | None = None) -> Natural:
        """Columns that hold the value on active rows: canonical limbs of `width` bits, each known to be below 2^width.

        maximum: a bound of the value, if another than the node's; what has more bits has no witness. What other rows
        hold is not said.
        """
        width = self._usual(node) if width is None else width
        maximum = node.high if maximum is None else maximum
        self._prepare(node)
        self._build(node, width, maximum)
        for form in self._forms.get(node, []):
            columns = all(isinstance(limb.expression, Column) for limb in form)
            if form and columns and is_canonical(form, width) and _bits(form) <= maximum.bit_length():
                return form
        return self._materialise(node, width, maximum)

    def output(self, node: Node, *, width: int | None = None) -> Natural:
        """The value on active rows and 0 on all others: canonical limbs of `width` bits, of degree at most 1."""
        width = self._usual(node) if width is None else width
        self._prepare(node)
        if node.operation is Operation.CONSTANT:
            return tuple(
                Limb(self.active if digit == 1 else digit * self.active, width * k, digit)
                for k, digit in enumerate(digits_of(integer(node), width))
            )
        self._build(node, width, node.high)
        form = self.canonical(node, width) or self.number(node, width=width)
        return tuple(Limb(self._zero_if_idle(node, limb.expression), limb.position, limb.maximum) for limb in form)

    def condition(self, node: Node) -> Expression:
        """An expression of degree at most 1 that is 1 on active rows where the condition holds, 0 where it doesn't."""
        self._prepare(node)
        return self._conditions.holds(node)

    def _prepare(self, node: Node) -> None:
        """Build all that the node needs, depth first, without deep recursion."""
        pending = [(node, False)]
        while pending:
            current, children_done = pending.pop()
            known = current in self._terms or current in self._conditions
            if known or current.level <= Level.TOTAL or current.operation in LEAVES:
                continue
            if not children_done:
                children = current.arguments
                if current.operation is Operation.MULTIPLY:
                    children = tuple(factors(current, self._is_factor))
                pending.append((current, True))
                pending += [(child, False) for child in reversed(children)]
            elif current is not node:
                if current.is_condition:
                    self._conditions.holds(current)
                else:
                    self.value(current)

    # Values as terms.

    def value(self, node: Node) -> list[Term]:
        """Terms of degree at most 2 whose sum is the value on active rows."""
        known = self._terms.get(node)
        if known is None:
            self._build(node, self._usual(node), node.high)
            known = self._terms.get(node)
        if known is None:
            known = self._terms[node] = self._build_terms(node)
            if len(known) > MAX_TERMS and node.operation is not Operation.MULTIPLY:
                return plus(self.write_down(node))
        return known

    def _build_terms(self, node: Node) -> list[Term]:
        if node.operation is Operation.CONSTANT:
            return fixed(integer(node))
        if node.level is Level.TOTAL:
            return fixed(self.public(node))
        if node.is_condition:
            return [Term(self._conditions.holds(node), 0, 1)]
        if node.operation is Operation.ADD:
            return [term for argument in node.arguments for term in self.value(argument)]
        if node.operation is Operation.SUBTRACT:
            left, right = node.arguments
            return [*self.value(left), *negated(self.value(right))]
        if node.operation is Operation.MULTIPLY:
            return self._multiplied(node)
        if node.operation is Operation.SELECT:
            condition, left, right = node.arguments
            return self._either(self._conditions.holds(condition), left, right)
        if node.operation in (Operation.MINIMUM, Operation.MAXIMUM):
            left, right = node.arguments
            ordered = self._conditions.order(node, " order")
            smaller, larger = (left, right) if node.operation is Operation.MINIMUM else (right, left)
            return self._either(ordered, smaller, larger)
        raise TypeError(f"{node.operation} of {node.text} has no terms")

    def _either(self, condition: Expression, left: Node, right: Node) -> list[Term]:
        """`left` where the condition is 1, `right` where it is 0."""
        if condition.degree == 0:
            return [*where(condition, self.value(left)), *where(1 - condition, self.value(right))]
        return [*where(condition, self._linear(left)), *where(1 - condition, self._linear(right))]

    def _linear(self, node: Node) -> list[Term]:
        """Terms of degree at most 1."""
        terms = self.value(node)
        return terms if degree(terms) <= 1 else plus(self.write_down(node))

    def _multiplied(self, node: Node) -> list[Term]:
        parts = factors(node, self._is_factor)
        while len(parts) > 2:
            first, second = smallest_pair(parts)
            pair = (parts[first], parts[second])
            parts = [part for position, part in enumerate(parts) if position not in (first, second)]
            partial = self._products.setdefault(pair, product_node(*pair))
            self.value(partial)
            parts.append(partial)
        left, right = sorted(parts, key=lambda part: part.level <= Level.TOTAL)
        if right.operation is Operation.CONSTANT:
            return self._scaled(left, integer(right))
        if right.level is Level.TOTAL:
            return self._scaled(left, self.public(right))
        bits = cheapest(
            range(MAXIMUM_RANGE_BITS, NARROWEST - 1, -1),
            lambda bits: plan_definition(
                product(self._planned(left, bits), self._planned(right, bits)), node.high, self.width
            ),
            lambda bits: COPY_COST * (self._new_limbs(left, bits) + self._new_limbs(right, bits)),
        )
        if bits is None:
            raise ValueError(f"{self.table.name}/{node.text}: a product of up to {node.high.bit_length()} bits")
        return product(self._limbs(left, bits), self._limbs(right, bits))

    def _is_factor(self, node: Node) -> bool:
        """Whether an inner product stays whole: a line of the policy's, or one that has its limbs already."""
        return self.names.is_line(node) or node in self._forms

    def _scaled(self, node: Node, factor: int | PublicNumber) -> list[Term]:
        terms = scaled(self.value(node), factor)
        if terms is None:
            terms = scaled(plus(self._limbs(node, MAXIMUM_RANGE_BITS)), factor)
        if terms is None:
            raise ValueError(f"{self.table.name}/{node.text}: limbs too large to be multiplied")
        return terms

    # Values as limbs.

    def _build(self, node: Node, width: int, maximum: int) -> None:
        """Add what has limbs by nature: leaves, quotients and roots; the latter two in limbs of `width` bits."""
        if node in self._forms or node.level <= Level.TOTAL:
            return
        if node.operation in LEAVES:
            self._register(node, self.source.number(node))
        elif node.operation is Operation.TABLE:
            index = element(plus(self._limbs(node.arguments[0], MAXIMUM_RANGE_BITS)))
            if index is None:
                raise ValueError(f"{self.table.name}/{node.text}: the index is too large")
            self._register(node, self.source.look_up(node, index))
        elif node.operation in (Operation.DIVIDE, Operation.REMAINDER):
            self._divide(node, width, maximum)
        elif node.operation is Operation.ROOT:
            self._register(node, self._filled(rooted(self, node, width)))

    def _usual(self, node: Node) -> int:
        return self._usual_widths.get(node, self.width)

    def _register(self, node: Node, form: Natural) -> Natural:
        """Remember one more way to write the value; the latest is the one that sums use."""
        self._forms.setdefault(node, []).append(form)
        self._terms[node] = plus(form)
        return form

    def _materialise(self, node: Node, width: int, maximum: int) -> Natural:
        """New columns of limbs; parts are materialised too where all at once doesn't fit a balance."""
        terms = self.value(node)
        fits = cheapest([width], functools.partial(plan_definition, terms, maximum)) is not None
        if not fits and node not in self._forms:
            for argument in node.arguments:
                if argument.level > Level.TOTAL and not argument.is_condition:
                    self.number(argument)
            terms = self._build_terms(node)
        name = self.names.fresh(node)
        return self._register(node, self._filled(define(self.table, name, terms, maximum, width, self.active)))

    def write_down(self, node: Node) -> Natural:
        """New columns that hold the value, whatever there is already; from then on they are its terms."""
        return self._materialise(node, self._usual(node), node.high)

    def _filled(self, number: Natural) -> Natural:
        """Note that fillers write zeros into these limbs where not active."""
        self._filled_with_zeros.update(limb.expression for limb in number)
        return number

    def _forms_within(self, node: Node, bits: int) -> list[Natural]:
        """The ways to write the value in limbs below 2^bits that there are already, shortest first."""
        found = [form for form in self._forms.get(node, []) if fits_limbs(form, bits)]
        if node.high >> min(bits, MAXIMUM_RANGE_BITS) == 0:
            alone = element(self.value(node))
            if alone is not None:
                found.append((Limb(alone, 0, node.high),))
        return sorted(found, key=len)

    def _limbs(self, node: Node, bits: int) -> Natural:
        """The value in limbs of degree 1 below 2^bits, at any positions."""
        found = self._forms_within(node, bits)
        return found[0] if found else self.number(node, width=min(bits, self._usual(node)))

    def _new_limbs(self, node: Node, bits: int) -> int:
        """How many columns `_limbs` would add."""
        return 0 if self._forms_within(node, bits) else len(self._planned(node, bits))

    def _planned(self, node: Node, bits: int) -> Natural:
        """What `_limbs` would give, with no columns added."""
        found = self._forms_within(node, bits)
        return found[0] if found else shape(node.high, min(bits, self._usual(node)))

    def canonical(self, node: Node, width: int) -> Natural:
        """The value in limbs of `width` bits, of degree at most 1: new ones if there are none."""
        found = [form for form in self._forms_within(node, width) if _is_tight(form, node, width)]
        return found[0] if found else self.number(node, width=width)

    def has_canonical(self, node: Node, width: int) -> bool:
        """Whether there are such limbs already."""
        return any(_is_tight(form, node, width) for form in self._forms_within(node, width))

    def widths(self, *nodes: Node) -> list[int]:
        """Widths in which some of the nodes are written already, and the widest and the usual one."""
        found = {self.width: None, MAXIMUM_RANGE_BITS: None}
        for node in nodes:
            found[self._usual(node)] = None
            found |= {form[1].position: None for form in self._forms.get(node, []) if len(form) > 1}
        return [width for width in found if 1 <= width <= MAXIMUM_RANGE_BITS]

    def _zero_if_idle(self, node: Node, expression: Expression) -> Expression:
        """The expression made 0 where not active: by a constraint on columns of ours, else by a column of its own."""
        if expression in self._zero_where_idle or expression in self._conditions.columns:
            return expression
        if expression in self._filled_with_zeros and isinstance(expression, Column):
            self.table.every(f"{expression.name} is 0 where idle", (1 - self.active) * expression)
        else:
            expression = masked(self.table, self.names.fresh(node, " if active"), expression, self.active)
        self._zero_where_idle.add(expression)
        return expression

    def _divide(self, node: Node, width: int, maximum: int) -> None:
        """Quotient and remainder of one pair are made together, by whichever of the two is asked for first."""
        numerator, divisor = node.arguments
        found = self._divisions.get((numerator, divisor))
        if found is None:
            if node.operation is Operation.REMAINDER:
                found = divided(self, node, width, numerator.high // max(1, divisor.low), width)
            else:
                found = divided(self, node, width, maximum, MAXIMUM_RANGE_BITS)
            self._divisions[numerator, divisor] = found
            for part in found:
                self._filled(part)
        self._register(node, found[node.operation is Operation.REMAINDER])

    def public(self, node: Node) -> PublicNumber:
        """The public number of a TOTAL-level node."""
        known = self._publics.get(node)
        if known is None:
            known = PublicNumber(f"{self.table.name}/{self.names.fresh(node)}", node.high)
            self._publics[node] = known
            self.public_numbers[known.name] = node
        return known


def _is_tight(form: Natural, node: Node, width: int) -> bool:
    """Whether a form is canonical and has no limbs beyond the node's bound, as entries of a larger table have."""
    return is_canonical(form, width) and _bits(form) <= node.high.bit_length()


def _bits(number: Natural) -> int:
    return max((limb.maximum << limb.position for limb in number), default=0).bit_length()
