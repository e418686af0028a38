"""Constraints as linear forms over atoms: what the prover works out before it looks at any row (SPEC §4.5).

An atom is a column, a product of two atoms, the cube of an atom plus a constant, or a sum (a form that is multiplied
and so needs a register of its own). Atoms are numbered and met once, however often the circuit writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zkpay.stark.expression import Column, Expression, Phase, read
from zkpay.stark.field import EXT_ZERO, Extension, P, ext_add, ext_mul, ext_scale, inverse


@dataclass(frozen=True)
class ColumnAtom:
    """A column on this row or the next."""

    phase: Phase
    index: int
    rotation: int


@dataclass(frozen=True)
class ProductAtom:
    """left * right, by the numbers of the atoms."""

    left: int
    right: int


@dataclass(frozen=True)
class CubeAtom:
    """(base + constant)^3."""

    base: int
    constant: int


@dataclass(frozen=True)
class SumAtom:
    """offset + sum of coefficient * atom."""

    terms: tuple[tuple[int, int], ...]
    offset: int


Atom = ColumnAtom | ProductAtom | CubeAtom | SumAtom


@dataclass(eq=False)
class Form:
    """offset + sum of coefficient * atom, coefficients in [0, P) by atom number; square_of: the form squared, if it is
    known to be a square."""

    terms: dict[int, int]
    offset: int = 0
    square_of: Form | None = None


@dataclass
class ExtensionForm:
    """The same with coefficients in the challenge field."""

    terms: dict[int, Extension] = field(default_factory=dict)
    offset: Extension = EXT_ZERO

    def add(self, form: Form, weight: Extension) -> None:
        """Add weight * form."""
        for atom, coefficient in form.terms.items():
            own = ext_scale(weight, coefficient)
            known = self.terms.get(atom)
            self.terms[atom] = own if known is None else ext_add(known, own)
        self.offset = ext_add(self.offset, ext_scale(weight, form.offset))

    def plus(self, other: ExtensionForm) -> ExtensionForm:
        """The sum of both."""
        terms = dict(self.terms)
        for atom, coefficient in other.terms.items():
            terms[atom] = ext_add(terms.get(atom, EXT_ZERO), coefficient)
        return ExtensionForm(terms, ext_add(self.offset, other.offset))

    def times(self, weight: Extension) -> ExtensionForm:
        """weight * this."""
        terms = {atom: ext_mul(coefficient, weight) for atom, coefficient in self.terms.items()}
        return ExtensionForm(terms, ext_mul(self.offset, weight))


class Forms:
    """Reads expressions into forms; implements `expression.Reader`. `atoms` says what each number is."""

    def __init__(self, publics: Mapping[str, int]) -> None:
        self.publics = publics
        self.atoms: list[Atom] = []
        self._numbers: dict[Atom, int] = {}
        self._memory: dict[Expression, Form] = {}

    def form(self, expression: Expression) -> Form:
        """The form of an expression."""
        return read(expression, self, self._memory)

    def constant(self, value: int) -> Form:
        return Form({}, value % P)

    def public(self, name: str) -> Form:
        return Form({}, self.publics[name] % P)

    def column(self, column: Column) -> Form:
        return Form({self._number(ColumnAtom(column.phase, column.index, column.rotation)): 1})

    def linear(self, terms: list[tuple[int | str, Form]], constant: int) -> Form:
        total, offset = dict[int, int](), constant
        for coefficient, form in terms:
            factor = (self.publics[coefficient] if isinstance(coefficient, str) else coefficient) % P
            if not factor:
                continue
            offset += factor * form.offset
            for atom, own in form.terms.items():
                total[atom] = total.get(atom, 0) + factor * own
        return Form({atom: own % P for atom, own in total.items() if own % P}, offset % P)

    def product(self, left: Form, right: Form) -> Form:
        if not left.terms or not right.terms:
            factor, form = (left.offset, right) if not left.terms else (right.offset, left)
            return _scaled(form, factor)
        if left.square_of is right:
            return self._cube(right)
        if right.square_of is left:
            return self._cube(left)
        a, factor_a, offset_a = self.single(left)
        b, factor_b, offset_b = self.single(right)
        # (p a + s)(q b + t) = p q a b + t (p a) + s (q b) + s t: offsets cost no instruction on rows.
        terms = {self.product_atom(a, b): factor_a * factor_b % P}
        for factor, form in ((offset_b, left), (offset_a, right)):
            # A form of several atoms has its offset in its sum.
            for atom, own in form.terms.items() if factor else ():
                terms[atom] = (terms.get(atom, 0) + factor * own) % P
        offset = offset_b * left.offset + offset_a * right.offset - offset_a * offset_b
        return Form({atom: own for atom, own in terms.items() if own}, offset % P, left if left is right else None)

    def single(self, form: Form) -> tuple[int, int, int]:
        """(atom, factor, offset) with form = factor * atom + offset; form has at least one term."""
        if len(form.terms) == 1:
            atom, factor = next(iter(form.terms.items()))
            return atom, factor, form.offset
        # Multiples of one sum share its register.
        terms = sorted(form.terms.items())
        factor = terms[0][1]
        scale = inverse(factor)
        normal = tuple((atom, own * scale % P) for atom, own in terms)
        return self._number(SumAtom(normal, form.offset * scale % P)), factor, 0

    def product_atom(self, a: int, b: int) -> int:
        """The atom a * b."""
        return self._number(ProductAtom(min(a, b), max(a, b)))

    def extension_product(self, a: ExtensionForm, b: ExtensionForm) -> ExtensionForm:
        """a * b, multiplied out."""
        result = a.times(b.offset)
        for atom, coefficient in b.terms.items():
            terms = {self.product_atom(other, atom): ext_mul(own, coefficient) for other, own in a.terms.items()}
            result = result.plus(ExtensionForm(terms, EXT_ZERO))
            result = result.plus(ExtensionForm({atom: ext_mul(a.offset, coefficient)}, EXT_ZERO))
        return result

    def _cube(self, form: Form) -> Form:
        atom, factor, offset = self.single(form)
        cube = self._number(CubeAtom(atom, offset * inverse(factor) % P if offset else 0))
        return Form({cube: pow(factor, 3, P)})

    def _number(self, atom: Atom) -> int:
        number = self._numbers.get(atom)
        if number is None:
            number = self._numbers[atom] = len(self.atoms)
            self.atoms.append(atom)
        return number


def _scaled(form: Form, factor: int) -> Form:
    if not factor:
        return Form({})
    return Form({atom: own * factor % P for atom, own in form.terms.items()}, form.offset * factor % P)
