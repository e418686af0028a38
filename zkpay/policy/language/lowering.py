"""From a formula's tree to its program: nodes that are right and within bounds for every input (SPEC §8.1.4).

Inside the branches of a condition the condition is a fact. A difference, quotient or index that is safe only under
facts is made safe everywhere by selecting a harmless operand where they don't hold; what it is there is not used.

What is safe for many records is safe for fewer, so every formula is lowered for the most that there can be, and its
nodes are narrowed to the numbers at hand: what passes once always passes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from zkpay.ledger.contributions import MAX_ACCOUNTS, MAX_CONTRIBUTIONS
from zkpay.policy.language.bounds import bounds_in_words
from zkpay.policy.language.definition import is_total
from zkpay.policy.language.lowering_facts import MAX_LITERALS, Literal
from zkpay.policy.language.lowering_narrowing import narrowed
from zkpay.policy.language.lowering_nodes import Nodes, shortened
from zkpay.policy.language.lowering_proofs import Proofs
from zkpay.policy.language.lowering_words import remedy
from zkpay.policy.language.program import Node, Operation, Program
from zkpay.policy.language.tree import REST, Expression, Form, Formula, FormulaFault, FormulaFaults, Level, Type


def lower(formula: Formula, records: int, accounts: int) -> Program:
    """The program for at most so many records and accounts (0 counts as 1).

    FormulaFaults with what could be negative, divide by zero, lie outside a table or be too wide with 2^21 records
    and 2^20 accounts (or more, if more are asked for); lines that read a faulty one are not looked at.
    """
    most = max(MAX_CONTRIBUTIONS, records), max(MAX_ACCOUNTS, accounts)
    program = _Lowering(formula, *most).program()
    few = max(records, 1), max(accounts, 1)
    return program if few == most else narrowed(program, formula, *few)


class _Unknown(Exception):  # noqa: N818 - not an error: a line that reads a faulty one
    pass


class _Lowering:
    def __init__(self, formula: Formula, records: int, accounts: int) -> None:
        self._formula = formula
        self._nodes = Nodes(formula, records, accounts, formula.payout.expression)
        self._literals: tuple[Literal, ...] = ()
        self._lines: dict[str, Node] = {}
        self._totals: dict[str, Node] = {}

    def program(self) -> Program:
        faults: list[FormulaFault] = []
        for name, line in self._formula.lines.items():
            try:
                self._lines[name] = self._lowered(line.expression)
            except FormulaFault as fault:
                faults.append(fault)
            except _Unknown:
                continue
        if faults:
            raise FormulaFaults(faults)
        for text, argument in self._formula.totals.items():
            # Totals in branches that are never taken are values of the statement all the same.
            try:
                self._made_total(text, argument)
            except FormulaFault as fault:
                raise FormulaFaults([fault]) from fault
        return self._nodes.program(self._lines, {text: self._totals[text] for text in self._formula.totals})

    @contextmanager
    def _facts(self, literals: tuple[Literal, ...]) -> Iterator[None]:
        """Lower under these literals instead of the present ones."""
        outside, self._literals = self._literals, literals
        try:
            yield
        finally:
            self._literals = outside

    def _under(self, expression: Expression, condition: Node, holds: bool) -> Node:
        """The expression, lowered where the condition holds or fails."""
        known = condition.operation is Operation.CONSTANT
        with self._facts(self._literals if known else _extended(self._literals, condition, holds)):
            return self._lowered(expression)

    def _decided(self, condition: Node) -> bool | None:
        return self._nodes.proofs(self._literals).facts.decided(condition)

    def _lowered(self, expression: Expression) -> Node:
        """The node of an expression that is a number or a condition."""
        if expression.form in _LAZY:
            return _LAZY[expression.form](self, expression)
        arguments = [self._lowered(argument) for argument in expression.arguments]
        self._nodes.place = expression
        return self._of_values(expression, arguments)

    def _of_values(self, expression: Expression, arguments: list[Node]) -> Node:
        """The node of an expression that needs all its arguments."""
        nodes, value = self._nodes, expression.value
        match expression.form:
            case Form.CONSTANT:
                return nodes.sized_constant(int(value or 0))
            case Form.FIELD:
                return nodes.number_field(str(value))
            case Form.LINE:
                if str(value) not in self._lines:
                    raise _Unknown
                return self._lines[str(value)]
            case Form.ADD:
                return nodes.arithmetic(Operation.ADD, *arguments)
            case Form.SUBTRACT:
                return self._difference(expression, *arguments)
            case Form.DIVIDE | Form.REMAINDER | Form.ROUND_DIVIDE | Form.CEIL_DIVIDE:
                return self._divided(expression, *arguments)
            case Form.MINIMUM | Form.MAXIMUM:
                return self._extreme(Operation[expression.form.name], arguments)
            case Form.CLAMP:
                raised = nodes.arithmetic(Operation.MAXIMUM, arguments[0], arguments[1])
                return nodes.arithmetic(Operation.MINIMUM, raised, arguments[2])
            case Form.ROOT:
                return nodes.arithmetic(Operation.ROOT, *arguments)
            case Form.EQUAL:
                return nodes.both(nodes.at_most(*arguments), nodes.at_most(*reversed(arguments)))
            case Form.LESS:
                return nodes.negation(nodes.at_most(arguments[1], arguments[0]))
            case Form.AT_MOST:
                return nodes.at_most(*arguments)
            case Form.NOT:
                return nodes.negation(*arguments)
        raise ValueError(f"{expression.form} is lowered elsewhere")

    def _extreme(self, operation: Operation, arguments: list[Node]) -> Node:
        """The least or greatest of all arguments, those that are constant taken together first."""
        constants = [argument for argument in arguments if argument.operation is Operation.CONSTANT]
        others = [argument for argument in arguments if argument.operation is not Operation.CONSTANT]
        return functools.reduce(functools.partial(self._nodes.arithmetic, operation), [*others, *constants])

    def _product(self, expression: Expression) -> Node:
        factors = [self._lowered(factor) for factor in _factors(expression)]
        self._nodes.place = expression
        return self._nodes.product(factors)

    def _table(self, expression: Expression) -> Node:
        nodes, name = self._nodes, str(expression.value)
        index, table = expression.arguments[0], self._formula.tables[name]
        if index.type is Type.SYMBOL:
            nodes.place = expression
            return nodes.table_of_symbol(name, str(index.value))
        number = self._lowered(index)
        nodes.place = expression
        last = nodes.constant(len(table.values) - 1)
        proofs = self._needed(lambda proofs: proofs.at_most(number, last))
        if proofs is None:
            raise nodes.fault(
                f"`{shortened(expression.text)}` can read past the end of the table, "
                f"which has the entries 0 to {last.low}{self._bounds_of((index, number))}",
                remedy(expression, f"{name}[min({{a}}, {last.low})]", f"{{left}} <= {last.low}"),
            )
        if proofs.facts.literals:
            guard = nodes.guard(proofs.facts.literals)
            number = nodes.select(guard, number, nodes.zero, within=(0, last.low))
        return nodes.entry(name, nodes.capped(number, last))

    def _is_symbol(self, expression: Expression) -> Node:
        self._nodes.place = expression
        return self._nodes.is_symbol(str(expression.arguments[0].value), int(expression.value or 0))

    # Differences and quotients

    def _needed(self, prove: Callable[[Proofs], bool]) -> Proofs | None:
        """Proofs under as few of the present facts as the proof needs; None if all of them don't suffice."""
        if prove(self._nodes.bare):
            return self._nodes.bare
        if not self._literals or not prove(self._nodes.proofs(self._literals)):
            return None
        kept = self._literals
        for literal in self._literals:
            fewer = tuple(other for other in kept if other is not literal)
            if fewer and prove(self._nodes.proofs(fewer)):
                kept = fewer
        return self._nodes.proofs(kept)

    def _difference(self, expression: Expression, a: Node, b: Node) -> Node:
        """a - b; where it needs facts, a - (b if they hold else a)."""
        nodes = self._nodes
        proofs = self._needed(lambda proofs: proofs.at_most(b, a))
        if proofs is None:
            left, right = expression.arguments
            raise nodes.fault(
                f"`{shortened(expression.text)}` can be negative{self._bounds_of((left, a), (right, b))}",
                remedy(expression, "{left} - min({a}, {b})", "{left} >= {right}"),
            )
        if not proofs.facts.literals:
            return nodes.arithmetic(Operation.SUBTRACT, a, b)
        guard = nodes.guard(proofs.facts.literals)
        lowered = nodes.select(guard, b, a)
        # Facts may hold wherever there is an account, so that no selection is left; an epoch without any has none.
        with nodes.at_least(guard.level):
            return nodes.arithmetic(Operation.SUBTRACT, a, lowered, within=(0, proofs.difference_bounds(a, b)[1]))

    def _divided(self, expression: Expression, a: Node, b: Node) -> Node:
        nodes = self._nodes
        proofs = self._needed(lambda proofs: proofs.at_least(b, 1))
        if is_total(expression.arguments[1], self._formula):
            if b is nodes.zero:
                return b
            present = nodes.at_most(nodes.one, b)
            # A total of 0 has addends of 0, or none: without accounts a public numerator may be anything.
            addend = b.arguments[0] if a.level > Level.TOTAL else None
            if not nodes.vanishes(a, present, False, zero=addend):
                a = nodes.select(present, a, nodes.zero)
            b = nodes.select(present, b, nodes.one)
        elif proofs is None:
            divisor = expression.arguments[1]
            if b.high == 0:
                # No guard ever lets it through.
                raise nodes.fault(f"`{shortened(expression.text)}` divides by zero", "divide by something else")
            raise nodes.fault(
                f"`{shortened(expression.text)}` can divide by zero{self._bounds_of((divisor, b))}",
                remedy(expression, "max({b}, 1)", "{right} > 0"),
            )
        elif proofs.facts.literals:
            low, high = proofs.facts.bounds(b)
            harmless = nodes.sized_constant(max(low, 1))
            b = nodes.select(nodes.guard(proofs.facts.literals), b, harmless, within=(harmless.low, max(high, 1)))
        return self._quotient(expression.form, a, nodes.raised(b))

    def _quotient(self, form: Form, a: Node, b: Node) -> Node:
        """a divided by b >= 1, rounded as the form says."""
        nodes = self._nodes
        ratio = nodes.bare.ratio(a, b)
        match form:
            case Form.DIVIDE:
                return nodes.arithmetic(Operation.DIVIDE, a, b)
            case Form.REMAINDER:
                return nodes.arithmetic(Operation.REMAINDER, a, b)
            case Form.CEIL_DIVIDE:
                numerator = nodes.arithmetic(Operation.ADD, a, nodes.arithmetic(Operation.SUBTRACT, b, nodes.one))
                low, high = (a.low + b.high - 1) // b.high, (a.high + b.low - 1) // b.low
                if ratio is not None:
                    high = min(high, -(-ratio.numerator // ratio.denominator))
                return nodes.arithmetic(Operation.DIVIDE, numerator, b, within=(low, high))
        numerator = nodes.arithmetic(Operation.ADD, nodes.product([a, nodes.constant(2)]), b)
        # a / b + 1/2 falls where b grows, though b stands on both sides.
        low, high = (2 * a.low + b.high) // (2 * b.high), (2 * a.high + b.low) // (2 * b.low)
        if ratio is not None:
            high = min(high, (2 * ratio.numerator + ratio.denominator) // (2 * ratio.denominator))
        divisor = nodes.product([b, nodes.constant(2)])
        return nodes.arithmetic(Operation.DIVIDE, numerator, divisor, within=(low, high))

    def _tiers(self, expression: Expression) -> Node:
        """Each slice of x at its rate: rate * (min(x, upto) - min(x, upto of the slice before))."""
        nodes = self._nodes
        x = self._lowered(expression.arguments[0])
        bounds_and_rates = [self._lowered_tier(argument) for argument in expression.arguments[1:]]
        earned, below = nodes.zero, nodes.zero
        before: Node | None = nodes.zero
        for upto, rate in zip(bounds_and_rates[::2], bounds_and_rates[1::2], strict=True):
            nodes.place = expression
            reached = x if upto is None else nodes.arithmetic(Operation.MINIMUM, x, upto)
            if before is None or rate is None or (upto is not None and not nodes.bare.at_most(before, upto)):
                raise nodes.fault("the bounds of `tiers` must rise", "sort them, and leave out those that repeat")
            within = (max(0, reached.low - before.high), max(0, reached.high - before.low))
            part = nodes.arithmetic(Operation.SUBTRACT, reached, below, within=within)
            earned = nodes.arithmetic(Operation.ADD, earned, nodes.product([part, rate]))
            below, before = reached, upto
        return earned

    def _lowered_tier(self, argument: Expression) -> Node | None:
        """A bound or rate of `tiers`; None for the bound `rest`."""
        if argument.form is Form.CONSTANT and argument.value == REST:
            return None
        return self._lowered(argument)

    # Conditions

    def _conditional(self, expression: Expression) -> Node:
        condition = self._lowered(expression.arguments[0])
        holds = self._decided(condition)
        if holds is not None:
            return self._lowered(expression.arguments[1 if holds else 2])
        a = self._under(expression.arguments[1], condition, True)
        b = self._under(expression.arguments[2], condition, False)
        self._nodes.place = expression
        return self._nodes.select(condition, a, b)

    def _connective(self, expression: Expression) -> Node:
        """`and`, `or`: each argument is lowered where those before it leave the answer open."""
        ends = expression.form is Form.OR
        result = self._nodes.constant(int(not ends))
        literals = self._literals
        for argument in expression.arguments:
            with self._facts(literals):
                node = self._lowered(argument)
                decided = self._decided(node)
            self._nodes.place = expression
            if decided is not None:
                node = self._nodes.constant(int(decided))
            result = self._nodes.either(result, node) if ends else self._nodes.both(result, node)
            if decided is ends:
                break
            if decided is None:
                literals = _extended(literals, node, not ends)
        return result

    # Aggregates

    def _aggregate(self, expression: Expression) -> Node:
        """Facts about this account say nothing of single contributions; facts about totals hold for them as well."""
        nodes = self._nodes
        public = tuple(literal for literal in self._literals if literal[0].level <= Level.TOTAL)
        condition = nodes.one
        with self._facts(public):
            if expression.form is Form.COUNT:
                if expression.arguments:
                    condition = self._lowered(expression.arguments[0])
                x = nodes.one
            elif len(expression.arguments) == 1:
                x = self._lowered(expression.arguments[0])
            else:
                condition = self._lowered(expression.arguments[1])
                holds = self._decided(condition)
                if holds is not None:
                    condition = nodes.constant(int(holds))
                x = self._under(expression.arguments[0], condition, True) if holds is not False else nodes.zero
        nodes.place = expression
        if expression.form is Form.SMALLEST:
            return self._smallest(x, condition)
        operation = Operation.LARGEST if expression.form is Form.LARGEST else Operation.SUM
        return nodes.aggregate(operation, nodes.select(condition, x, nodes.zero))

    def _smallest(self, x: Node, condition: Node) -> Node:
        """By the largest distance from the bound of x; one more where contributions may be left out, to tell none."""
        nodes = self._nodes
        always = condition is nodes.one
        top = nodes.sized_constant(x.high if always else x.high + 1)
        distance = nodes.arithmetic(Operation.SUBTRACT, top, x)
        largest = nodes.aggregate(Operation.LARGEST, nodes.select(condition, distance, nodes.zero))
        if always:
            return nodes.arithmetic(Operation.SUBTRACT, top, largest, within=(x.low, x.high))
        found = nodes.at_most(nodes.one, largest)
        least = nodes.arithmetic(Operation.SUBTRACT, top, largest)
        return nodes.select(found, least, nodes.zero, within=(0, x.high))

    def _total(self, expression: Expression) -> Node:
        text = str(expression.value)
        total = self._made_total(text, self._formula.totals[text])
        return total if total.high else self._nodes.zero

    def _made_total(self, text: str, argument: Expression) -> Node:
        """Totals are the same wherever they are read: no fact of this place holds for all accounts."""
        if text not in self._totals:
            with self._facts(()):
                number = self._lowered(argument)
            self._nodes.place = argument
            self._totals[text] = self._nodes.total(text, number)
        return self._totals[text]

    def _bounds_of(self, *operands: tuple[Expression, Node]) -> str:
        """What a message says of operands: their bounds under the present facts, written numbers left out."""
        facts = self._nodes.proofs(self._literals).facts
        told = dict.fromkeys(
            f"{shortened(expression.text)} is {bounds_in_words(facts.bounds(node))}"
            for expression, node in operands
            if not expression.text.isdigit()
        )
        return ": " + ", ".join(told) if told else ""


_LAZY: dict[Form, Callable[[_Lowering, Expression], Node]] = {
    Form.MULTIPLY: _Lowering._product,
    Form.TABLE: _Lowering._table,
    Form.IS_SYMBOL: _Lowering._is_symbol,
    Form.TIERS: _Lowering._tiers,
    Form.CONDITIONAL: _Lowering._conditional,
    Form.AND: _Lowering._connective,
    Form.OR: _Lowering._connective,
    Form.SUM: _Lowering._aggregate,
    Form.COUNT: _Lowering._aggregate,
    Form.SMALLEST: _Lowering._aggregate,
    Form.LARGEST: _Lowering._aggregate,
    Form.TOTAL: _Lowering._total,
}
"""Forms that don't simply take the nodes of their arguments."""


def _factors(expression: Expression) -> list[Expression]:
    """The factors of a product, as deep as it is one; lines keep their own product."""
    if expression.form is not Form.MULTIPLY:
        return [expression]
    return [factor for argument in expression.arguments for factor in _factors(argument)]


def _extended(literals: tuple[Literal, ...], condition: Node, holds: bool) -> tuple[Literal, ...]:
    """The literals and one more; too many, and the outermost is forgotten."""
    return (*literals, (condition, holds))[-MAX_LITERALS:]
