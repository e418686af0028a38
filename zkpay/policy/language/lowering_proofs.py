"""Proofs of `a <= b` and of bounds that follow from how values are made of one another (SPEC §8.1.4).

Two ways, both in exact rationals. A difference is written as a sum of nodes with coefficients, where equal nodes
cancel, facts are subtracted and a minimum stands for either argument. And `ratio(x, y)` finds a c with x <= c * y by
the forms of x and y: a share of a total is at most what is shared, a part of a sum at most the sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from zkpay.policy.language.lowering_facts import MAX_DEPTH, Context, Facts, Literal
from zkpay.policy.language.program import Node, Operation
from zkpay.policy.language.tree import Level

Rational = int | Fraction

_MAX_TERMS: Final = 24
_MAX_FACTS: Final = 8
_MAX_SPLITS: Final = 4
_MAX_STEPS: Final = 120
"""A proof that takes more is not found; the policy's author writes the guard instead."""


@dataclass(frozen=True)
class Linear:
    """The sum of coefficient * node, and a constant. Coefficients may be negative, none is 0."""

    terms: dict[Node, Rational]
    constant: Rational

    def plus(self, other: Linear, factor: Rational = 1) -> Linear:
        """self + factor * other."""
        terms = dict(self.terms)
        for node, coefficient in other.terms.items():
            terms[node] = terms.get(node, 0) + factor * coefficient
        left = {node: coefficient for node, coefficient in terms.items() if coefficient}
        return Linear(left, self.constant + factor * other.constant)

    def replaced(self, node: Node, by: Linear) -> Linear:
        """The same with something else for a node."""
        coefficient = self.terms[node]
        others = {other: times for other, times in self.terms.items() if other is not node}
        return Linear(others, self.constant).plus(by, coefficient)


class Proofs:
    """Proofs under the facts of some literals; `root` has those without any, for other records and accounts."""

    def __init__(self, context: Context, literals: Sequence[Literal] = (), root: Proofs | None = None) -> None:
        self.facts = Facts(context, literals)
        self._context = context
        self._root = root or self
        self._ratios: dict[tuple[Node, Node], Fraction | None] = {}
        self._linear: dict[Node, Linear] = {}
        self._steps = 0

    def at_most(self, a: Node, b: Node, gap: int = 0) -> bool:
        """Whether a + gap <= b is certain."""
        return self.plainly_at_most(a, b, gap) or self._by_cases(self._difference(a, b, gap))

    def plainly_at_most(self, a: Node, b: Node, gap: int = 0) -> bool:
        """Likewise, without telling cases apart, which takes longer."""
        if self.facts.bounds(a)[1] + gap <= self.facts.bounds(b)[0] or self.facts.impossible:
            return True
        # What messages advise passes even where no steps are left.
        if any(low is a and high is b and gap <= known for low, high, known in self.facts.order):
            return True
        if not gap and a.operation is Operation.MINIMUM and b in a.arguments:
            return True
        ratio = self.ratio(a, b) if not gap else None
        return (ratio is not None and ratio <= 1) or self._plainly(self._difference(a, b, gap))

    def at_least(self, node: Node, number: int) -> bool:
        """Whether node >= number is certain."""
        return self.plainly_at_least(node, number) or self._by_cases(self.linear(node).plus(Linear({}, number), -1))

    def plainly_at_least(self, node: Node, number: int) -> bool:
        """Likewise, without telling cases apart."""
        if self.facts.bounds(node)[0] >= number or self.facts.impossible:
            return True
        return self._plainly(self.linear(node).plus(Linear({}, number), -1))

    def _difference(self, a: Node, b: Node, gap: int) -> Linear:
        """b - a - gap."""
        return self.linear(b).plus(self.linear(a), -1).plus(Linear({}, gap), -1)

    def bounds(self, node: Node) -> tuple[int, int]:
        """Bounds of a number; one that only a proof keeps from 0 may be a divisor."""
        low, high = self.facts.bounds(node)
        return max(low, 1) if high and self.plainly_at_least(node, 1) else low, high

    def difference_bounds(self, a: Node, b: Node) -> tuple[int, int]:
        """Bounds of a - b, at least 0."""
        form = self.linear(a).plus(self.linear(b), -1)
        return max(0, math.ceil(self._least(form))), max(0, math.floor(-self._least(Linear({}, 0).plus(form, -1))))

    def linear(self, node: Node, depth: int = 0) -> Linear:
        """The node as a sum of nodes that aren't sums."""
        node = self.facts.resolved(node)
        if node not in self._linear:
            may_look = depth < MAX_DEPTH and self._context.may_spend()
            found = self._as_sum(node, depth + 1) if may_look else None
            self._linear[node] = found if found and len(found.terms) <= _MAX_TERMS else Linear({node: 1}, 0)
        return self._linear[node]

    def _as_sum(self, node: Node, depth: int) -> Linear | None:
        match node.operation:
            case Operation.CONSTANT:
                return Linear({}, node.low)
            case Operation.ADD:
                return self.linear(node.arguments[0], depth).plus(self.linear(node.arguments[1], depth))
            case Operation.SUBTRACT:
                return self.linear(node.arguments[0], depth).plus(self.linear(node.arguments[1], depth), -1)
            case Operation.MULTIPLY if node.arguments[1].operation is Operation.CONSTANT:
                return Linear({}, 0).plus(self.linear(node.arguments[0], depth), node.arguments[1].low)
        return None

    def _plainly(self, form: Linear) -> bool:
        """Whether the sum is not negative by its bounds, or by those of what one or two facts leave of it."""
        if self._least(form) >= 0:
            return True
        candidates = self._without_facts(form)
        if any(self._least(candidate) >= 0 for candidate in candidates):
            return True
        further = (rest for candidate in candidates for rest in self._without_facts(candidate))
        return len(self.facts.order) > 1 and any(self._least(rest) >= 0 for rest in further)

    def _by_cases(self, form: Linear) -> bool:
        """Whether the sum is not negative in each case of the minima, maxima and selections in it."""
        self._steps = 0
        candidates = [form, *self._without_facts(form)]
        return any(self._proved_by_cases(candidate, _MAX_SPLITS) for candidate in candidates)

    def _without_facts(self, form: Linear) -> list[Linear]:
        if not self._context.may_spend(len(form.terms) * len(self._fact_forms)):
            return []
        return _less_facts(form, self._fact_forms)

    @cached_property
    def _fact_forms(self) -> list[Linear]:
        """Sums that the facts say are not negative."""
        return [self._difference(low, high, gap) for low, high, gap in self.facts.order[:_MAX_FACTS]]

    def _proved_by_cases(self, form: Linear, splits: int) -> bool:
        self._steps += 1
        if not self._context.may_spend():
            return False
        if self._least(form) >= 0:
            return True
        if not splits or self._steps > _MAX_STEPS:
            return False
        for node, coefficient in form.terms.items():
            if node.operation in (Operation.MINIMUM, Operation.MAXIMUM, Operation.SELECT):
                cases = [form.replaced(node, self.linear(branch)) for branch in node.arguments[-2:]]
                # A minimum that is subtracted may be taken for either argument: that only makes the sum smaller.
                either = node.operation is not Operation.SELECT
                either = either and (coefficient < 0) == (node.operation is Operation.MINIMUM)
                proofs = (self._proved_by_cases(case, splits - 1) for case in cases)
                if any(proofs) if either else all(proofs):
                    return True
        return False

    def _least(self, form: Linear) -> Rational:
        """A lower bound of the sum: from bounds alone, or with what is subtracted set against what is added."""
        bare = self._least_by_bounds(form.terms, form.constant)
        negative = [(node, -coefficient) for node, coefficient in form.terms.items() if coefficient < 0]
        positive = {node: coefficient for node, coefficient in form.terms.items() if coefficient > 0}
        if bare >= 0 or not negative or not positive or not self._context.may_spend(len(form.terms)):
            return bare
        left: dict[Node, Rational] = {}
        for node, amount in negative:
            for other in positive:
                ratio = self.ratio(node, other) if positive[other] else None
                if ratio is None:
                    continue
                matched = min(amount, Fraction(positive[other]) / ratio) if ratio else amount
                positive[other] -= matched * ratio
                amount -= matched
                if not amount:
                    break
            left[node] = -amount
        return max(bare, self._least_by_bounds({**positive, **left}, form.constant))

    def _least_by_bounds(self, terms: dict[Node, Rational], constant: Rational) -> Rational:
        least = constant
        for node, coefficient in terms.items():
            low, high = self.facts.bounds(node)
            least += coefficient * (low if coefficient > 0 else high)
        return least

    def ratio(self, x: Node, y: Node, depth: int = 0) -> Fraction | None:
        """A c with x <= c * y for certain, or None if none is found."""
        x, y = self.facts.resolved(x), self.facts.resolved(y)
        if x is y:
            return Fraction(1)
        key = (x, y)
        if key not in self._ratios:
            self._ratios[key] = None
            if depth < MAX_DEPTH and self._context.may_spend():
                self._ratios[key] = min(self._candidates(x, y, depth + 1), default=None)
        return self._ratios[key]

    def _candidates(self, x: Node, y: Node, depth: int) -> Iterator[Fraction]:
        high, low = self.facts.bounds(x)[1], self.facts.bounds(y)[0]
        if high == 0:
            yield Fraction(0)
            return
        if low > 0:
            yield Fraction(high, low)
        for found in (*self._by_whole(x, y, depth), *self._by_part(x, y, depth), self._by_factors(x, y, depth)):
            if found is not None:
                yield found

    def _by_whole(self, x: Node, y: Node, depth: int) -> Iterator[Fraction | None]:
        """By the form of y."""
        match y.operation:
            case Operation.ADD:
                ratios = [self.ratio(x, argument, depth) for argument in y.arguments]
                yield from ratios
                if ratios[0] and ratios[1]:
                    yield 1 / (1 / ratios[0] + 1 / ratios[1])
            case Operation.MAXIMUM:
                yield from (self.ratio(x, argument, depth) for argument in y.arguments)
            case Operation.MINIMUM:
                yield _largest([self.ratio(x, argument, depth) for argument in y.arguments])
            case Operation.SELECT:
                condition, a, b = y.arguments
                yield _largest([self.ratio(x, a, depth), self.ratio(x, b, depth)])
                if _is_one_where_zero(condition, a, b):
                    yield self.ratio(x, a, depth)
            case Operation.TOTAL:
                # The total of no account at all is 0, but then there is no x either.
                if x.level > Level.TOTAL:
                    yield self.ratio(x, y.arguments[0], depth)
                elif x.operation is Operation.TOTAL:
                    yield self._root.ratio(x.arguments[0], y.arguments[0], depth)
            case Operation.SUM | Operation.LARGEST:
                if x.level is Level.CONTRIBUTION:
                    yield self.ratio(x, y.arguments[0], depth)
                elif x.operation is y.operation or x.operation is Operation.LARGEST:
                    yield self._root.ratio(x.arguments[0], y.arguments[0], depth)

    def _by_part(self, x: Node, y: Node, depth: int) -> Iterator[Fraction | None]:
        """By the form of x."""
        match x.operation:
            case Operation.MINIMUM:
                yield from (self.ratio(argument, y, depth) for argument in x.arguments)
            case Operation.MAXIMUM:
                yield _largest([self.ratio(argument, y, depth) for argument in x.arguments])
            case Operation.SELECT:
                yield _largest([self.ratio(argument, y, depth) for argument in x.arguments[1:]])
            case Operation.ADD:
                a, b = (self.ratio(argument, y, depth) for argument in x.arguments)
                yield None if a is None or b is None else a + b
            case Operation.SUBTRACT:
                yield self.ratio(x.arguments[0], y, depth)
            case Operation.REMAINDER:
                yield from (self.ratio(argument, y, depth) for argument in x.arguments)
            case Operation.ROOT:
                yield self.ratio(x.arguments[0], y, depth)
                if y.operation is Operation.ROOT:
                    ratio = self.ratio(x.arguments[0], y.arguments[0], depth)
                    yield Fraction(1) if ratio is not None and ratio <= 1 else None
            case Operation.DIVIDE:
                numerator, divisor = x.arguments
                ratio = self.ratio(numerator, y, depth)
                yield None if ratio is None else ratio / self.facts.bounds(divisor)[0]
                yield from self._shares(numerator, divisor, y, depth)

    def _shares(self, numerator: Node, divisor: Node, y: Node, depth: int) -> Iterator[Fraction | None]:
        """numerator // divisor against y, one factor of the numerator being a part of the divisor."""
        factors = _factors(numerator)
        for index, factor in enumerate(factors):
            share = self.ratio(factor, divisor, depth)
            others = factors[:index] + factors[index + 1 :]
            if share is not None and others:
                ratio = self._product_ratio(others, [y], depth)
                yield None if ratio is None else ratio * share

    def _by_factors(self, x: Node, y: Node, depth: int) -> Fraction | None:
        of_x, of_y = _factors(x), _factors(y)
        return self._product_ratio(of_x, of_y, depth) if len(of_x) + len(of_y) > 2 else None

    def _product_ratio(self, of_x: list[Node], of_y: list[Node], depth: int) -> Fraction | None:
        """A c with product(of_x) <= c * product(of_y): each factor of y is set against one of x, or is at least 1."""
        found, left, against = Fraction(1), list(of_x), []
        for factor in of_y:
            if factor in left:
                left.remove(factor)
            else:
                against.append(factor)
        for factor in against:
            best: tuple[Fraction, Fraction, Node] | None = None
            for part in left:
                ratio = self.ratio(part, factor, depth)
                if ratio is not None:
                    gain = ratio / max(self.facts.bounds(part)[1], 1)
                    if best is None or gain < best[0]:
                        best = (gain, ratio, part)
            if best is not None:
                found *= best[1]
                left.remove(best[2])
            elif self.facts.bounds(factor)[0] > 0:
                found /= self.facts.bounds(factor)[0]
            else:
                return None
        return found * math.prod(self.facts.bounds(part)[1] for part in left)

    def sum_over_accounts(self, node: Node, records: int, accounts: int) -> int:
        """An upper bound of the node's sum over all accounts."""
        return self._sum_over_accounts(node, records, accounts, 0, {})

    def _sum_over_accounts(self, node: Node, records: int, accounts: int, depth: int, known: dict[Node, int]) -> int:
        """`known`: of nodes that were met already, as lines that read one line twice double the ways to it."""

        def of(position: int) -> int:
            argument = node.arguments[position]
            if argument not in known:
                known[argument] = self._sum_over_accounts(argument, records, accounts, depth + 1, known)
            return known[argument]

        least = node.high * accounts
        if depth >= MAX_DEPTH or node.level is not Level.ACCOUNT:
            return least
        match node.operation:
            case Operation.SUM:
                return min(least, node.arguments[0].high * records)
            case Operation.ADD | Operation.MAXIMUM:
                return min(least, of(0) + of(1))
            case Operation.SELECT:
                # Under a condition on totals all accounts take one branch, under others each takes its own.
                public = node.arguments[0].level <= Level.TOTAL
                return min(least, max(of(1), of(2)) if public else of(1) + of(2))
            case Operation.SUBTRACT | Operation.REMAINDER:
                return min(least, of(0))
            case Operation.MINIMUM:
                return min(least, of(0), of(1))
            case Operation.MULTIPLY:
                a, b = node.arguments
                return min(least, of(0) * b.high, of(1) * a.high)
            case Operation.ROOT:
                # The sum of A roots is at most the root of A times the sum.
                return min(least, math.isqrt(of(0) * accounts))
            case Operation.DIVIDE:
                return min(least, of(0) // node.arguments[1].low, *self._shared_out(*node.arguments))
        return least

    def _shared_out(self, numerator: Node, divisor: Node) -> Iterator[int]:
        """Shares of a total add up to no more than what is shared."""
        total = divisor.arguments[1] if divisor.operation is Operation.SELECT else divisor
        if total is not divisor and not _is_one_where_zero(*divisor.arguments):
            return
        if total.operation is Operation.TOTAL:
            ratio = self.ratio(numerator, total.arguments[0])
            if ratio is not None:
                yield math.floor(ratio)


def _is_one_where_zero(condition: Node, a: Node, b: Node) -> bool:
    """Whether a selection is `a if a >= 1 else b` with b >= 1, as divisors by totals are: then it is at least a."""
    return (
        condition.operation is Operation.AT_MOST
        and condition.arguments[0].operation is Operation.CONSTANT
        and condition.arguments[0].low == 1
        and condition.arguments[1] is a
        and b.low >= 1
    )


def _less_facts(form: Linear, facts: Sequence[Linear]) -> list[Linear]:
    """The sum without a multiple of a fact, chosen so that a node cancels: if that isn't negative, the sum isn't."""
    found: list[Linear] = []
    for fact in facts:
        scales: list[tuple[Rational, Rational]] = []
        for node in fact.terms:
            if node in form.terms:
                of_form, of_fact = fact.terms[node], form.terms[node]
                if (of_form > 0) == (of_fact > 0) and (of_form, of_fact) not in scales:
                    scales.append((of_form, of_fact))
        found += [Linear({}, 0).plus(form, _size(of_form)).plus(fact, -_size(of_fact)) for of_form, of_fact in scales]
    return found


def _size(number: Rational) -> Rational:
    return number if number > 0 else -number


def _largest(ratios: Sequence[Fraction | None]) -> Fraction | None:
    known = [ratio for ratio in ratios if ratio is not None]
    return max(known) if len(known) == len(ratios) else None


def _factors(node: Node) -> list[Node]:
    """The nodes whose product it is; the node itself if they are many."""
    found: list[Node] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if current.operation is Operation.MULTIPLY:
            pending += reversed(current.arguments)
        else:
            found.append(current)
        if len(found) + len(pending) > _MAX_TERMS:
            return [node]
    return found
