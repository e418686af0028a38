"""Instructions for the constraint kernel: atoms get registers, registers get places (SPEC §4.5).

Montgomery products divide by R = 2^32. Each base register is its atom's value times R^scale; the scale is known here,
and every weight is multiplied by the power of R that its sum wants. Extension registers have the scales that the
methods say: 1 for what multiplies, 0 for results.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from zkpay.kernels import program as kernel
from zkpay.prover.forms import ColumnAtom, CubeAtom, ExtensionForm, Forms, ProductAtom
from zkpay.stark.air import Where
from zkpay.stark.expression import Phase
from zkpay.stark.field import EXT_ZERO, EXTENSION_DEGREE, Extension, P

SELECTOR_ORDER = (Where.EVERY, Where.TRANSITION, Where.FIRST, Where.LAST)
_R = 1 << 32

# A virtual register and a row of it (0 for base registers).
Place = tuple[int, int]


@dataclass(frozen=True)
class _Instruction:
    """operation with its result (a virtual register, or a number where none is written) and literal operands;
    `reads` fill a and b, or are the terms of a sum with their weights and powers of R."""

    operation: int
    result: int
    reads: tuple[Place, ...] = ()
    a: int = 0
    b: int = 0
    c: int = 0
    weights: tuple[int, ...] | tuple[Extension, ...] = ()
    exponents: tuple[int, ...] = ()


_NO_RESULT = {kernel.FOLD, kernel.EXTENSION_FOLD, kernel.STORE}
_SUMS = {kernel.LINEAR, kernel.EXTENSION_LINEAR, kernel.FOLD}


@dataclass
class Assembly:
    """Instructions over virtual registers.

    folded: weights of atoms by selector, complete before the first instruction; an atom is added to the totals as soon
    as it has a value.
    """

    forms: Forms
    folded: dict[Where, ExtensionForm]
    outputs: int = 0
    _instructions: list[_Instruction] = field(default_factory=list)
    _wide: list[bool] = field(default_factory=list)
    _places: dict[int, tuple[Place, int]] = field(default_factory=dict)
    _waiting: defaultdict[Where, list[tuple[Place, Extension, int]]] = field(default_factory=lambda: defaultdict(list))
    _constants: dict[int, int] = field(default_factory=dict)
    _extension_constants: dict[Extension, int] = field(default_factory=dict)

    def value(self, atom: int) -> tuple[Place, int]:
        """(register, scale) of an atom's value."""
        known = self._places.get(atom)
        if known is not None:
            return known
        own = self.forms.atoms[atom]
        if isinstance(own, ColumnAtom):
            operation = kernel.LOAD_MAIN if own.phase is Phase.MAIN else kernel.LOAD_PREPROCESSED
            place, scale = self._emit(operation, a=own.index, b=own.rotation), 0
        elif isinstance(own, ProductAtom):
            (left, left_scale), (right, right_scale) = self.value(own.left), self.value(own.right)
            place, scale = self._emit(kernel.MULTIPLY, (left, right)), left_scale + right_scale - 1
        elif isinstance(own, CubeAtom):
            base, base_scale = self.value(own.base)
            constant = self._constant(own.constant, base_scale)
            place, scale = self._emit(kernel.CUBE, (base,), b=constant), 3 * base_scale - 2
        else:
            values = [self.value(term) for term, _ in own.terms]
            place = self._emit(
                kernel.LINEAR,
                tuple(source for source, _ in values),
                c=self._constant(own.offset, 1),
                weights=tuple(coefficient for _, coefficient in own.terms),
                exponents=tuple(1 - term_scale for _, term_scale in values),
            )
            scale = 0
        self._places[atom] = place, scale
        for where, form in self.folded.items():
            weight = form.terms.get(atom, EXT_ZERO)
            if weight != EXT_ZERO:
                self.fold_base(where, place, weight, scale)
        return place, scale

    def fold_base(self, where: Where, place: Place, weight: Extension, scale: int) -> None:
        """Add weight * a base register of this scale to the totals under a selector."""
        waiting = self._waiting[where]
        waiting.append((place, weight, scale))
        if len(waiting) == kernel.AT_ONCE:
            self._flush(where)

    def sum(self, form: ExtensionForm, scale: int) -> Place:
        """The extension register of a form, at this scale."""
        values = [self.value(atom) for atom in form.terms]
        return self._extension_sum([place for place, _ in values], form, [1 + scale - own for _, own in values], scale)

    def frobenius(self, register: Place, images: tuple[Extension, ...]) -> Place:
        """sum of images[k] * coordinate k, at the register's scale, for scale 1."""
        rows = [(register[0], k) for k in range(EXTENSION_DEGREE)]
        form = ExtensionForm(dict(enumerate(images)))
        return self._extension_sum(rows, form, [1] * EXTENSION_DEGREE, 1)

    def multiply(self, a: Place, b: Place) -> Place:
        """a * b / R for extension registers: the scale is the sum of both less one."""
        return self._emit_extension(kernel.EXTENSION_MULTIPLY, a, b)

    def scale(self, a: Place, factor: Place) -> Place:
        """a * factor / R for a base register."""
        return self._emit_extension(kernel.EXTENSION_SCALE, a, factor)

    def add(self, a: Place, b: Place) -> Place:
        """a + b for extension registers of one scale."""
        return self._emit_extension(kernel.EXTENSION_ADD, a, b)

    def subtract(self, a: Place, b: Place) -> Place:
        """a - b for extension registers of one scale."""
        return self._emit_extension(kernel.EXTENSION_SUBTRACT, a, b)

    def auxiliary(self, column: int) -> Place:
        """The extension column whose first base column is `column`; scale 0."""
        return self._emit(kernel.LOAD_AUXILIARY, a=column, wide=True)

    def invert(self, place: Place) -> Place:
        """R^2 / a base register: scale 1 gives scale 1."""
        return self._emit(kernel.INVERT, (place,))

    def fold(self, register: Place) -> None:
        """Add an extension register of scale 0 to the totals of every row."""
        self._instructions.append(_Instruction(kernel.EXTENSION_FOLD, 0, (register,)))

    def store(self, register: Place) -> None:
        """Output an extension register of scale 0: five rows."""
        self._instructions.append(_Instruction(kernel.STORE, self.outputs, (register,)))
        self.outputs += EXTENSION_DEGREE

    def finish(self) -> kernel.Program:
        """Fold what is left, and pack virtual registers into places."""
        for form in self.folded.values():
            for atom, weight in form.terms.items():
                if weight != EXT_ZERO:
                    self.value(atom)
        for where in SELECTOR_ORDER:
            self._flush(where)
        places, count = self._allocate()
        tables: dict[bool, tuple[list[int], list[int | Extension], list[int]]] = {
            False: ([], [], []),
            True: ([], [], []),
        }
        lines = []
        for line in self._instructions:
            reads = [places[register] + row * kernel.LANES for register, row in line.reads]
            result = line.result if line.operation in _NO_RESULT else places[line.result]
            if line.operation in _SUMS:
                sources, weights, exponents = tables[line.operation != kernel.LINEAR]
                first, padding = len(sources), -len(reads) % kernel.AT_ONCE
                sources += [*reads, *reads[:1] * padding]
                nothing: int | Extension = 0 if line.operation == kernel.LINEAR else EXT_ZERO
                weights += [*line.weights, *[nothing] * padding]
                exponents += [*line.exponents, *[0] * padding]
                lines.append((line.operation, result, first, (len(reads) + padding) // kernel.AT_ONCE, line.c))
            else:
                a = reads[0] if reads else line.a
                b = reads[1] if len(reads) > 1 else line.b
                lines.append((line.operation, result, a, b, line.c))
        # Totals under a selector are multiplied by it once more.
        initial = [
            [entry * _power(1 if where is Where.EVERY else 2) % P for entry in self.folded[where].offset]
            if where in self.folded
            else [0] * EXTENSION_DEGREE
            for where in SELECTOR_ORDER
        ]
        return kernel.Program(
            instructions=np.array(lines, dtype=np.int64).reshape(-1, 5),
            sources=np.array(tables[False][0], dtype=np.int64),
            weights=_weights(tables[False][1], tables[False][2], ()),
            extension_sources=np.array(tables[True][0], dtype=np.int64),
            extension_weights=_weights(tables[True][1], tables[True][2], (EXTENSION_DEGREE,)),
            constants=np.array([*self._constants, 0], dtype=np.uint64),
            extension_constants=np.array([*self._extension_constants, EXT_ZERO], dtype=np.uint64),
            initial=np.array(initial, dtype=np.uint64),
            registers=count,
            outputs=self.outputs,
        )

    def _extension_sum(self, sources: list[Place], form: ExtensionForm, exponents: list[int], scale: int) -> Place:
        a, b, c, d, e = (entry * _power(1 + scale) % P for entry in form.offset)
        begin = self._extension_constants.setdefault((a, b, c, d, e), len(self._extension_constants))
        return self._emit(
            kernel.EXTENSION_LINEAR,
            tuple(sources),
            c=begin,
            weights=tuple(form.terms.values()),
            exponents=tuple(exponents),
            wide=True,
        )

    def _emit_extension(self, operation: int, a: Place, b: Place) -> Place:
        return self._emit(operation, (a, b), wide=True)

    def _emit(
        self,
        operation: int,
        reads: tuple[Place, ...] = (),
        *,
        a: int = 0,
        b: int = 0,
        c: int = 0,
        weights: tuple[int, ...] | tuple[Extension, ...] = (),
        exponents: tuple[int, ...] = (),
        wide: bool = False,
    ) -> Place:
        result = len(self._wide)
        self._wide.append(wide)
        self._instructions.append(_Instruction(operation, result, reads, a, b, c, weights, exponents))
        return result, 0

    def _flush(self, where: Where) -> None:
        waiting = self._waiting.pop(where, [])
        if waiting:
            # A total under a selector is multiplied by it, which divides by R once more.
            extra = 1 if where is Where.EVERY else 2
            self._instructions.append(
                _Instruction(
                    kernel.FOLD,
                    SELECTOR_ORDER.index(where) * EXTENSION_DEGREE * kernel.LANES,
                    tuple(place for place, _, _ in waiting),
                    weights=tuple(weight for _, weight, _ in waiting),
                    exponents=tuple(extra - scale for _, _, scale in waiting),
                )
            )

    def _constant(self, value: int, exponent: int) -> int:
        return self._constants.setdefault(value * _power(exponent) % P, len(self._constants))

    def _allocate(self) -> tuple[dict[int, int], int]:
        """(first word of each virtual register, rows in all), by a linear scan."""
        last_use = {
            register: position for position, line in enumerate(self._instructions) for register, _ in line.reads
        }
        free: dict[bool, list[int]] = {False: [], True: []}
        places: dict[int, int] = {}
        count = 0
        for position, line in enumerate(self._instructions):
            if line.operation not in _NO_RESULT:
                wide = self._wide[line.result]
                if free[wide]:
                    places[line.result] = free[wide].pop()
                else:
                    places[line.result] = count * kernel.LANES
                    count += EXTENSION_DEGREE if wide else 1
                if line.result not in last_use:
                    free[wide].append(places[line.result])
            # Inputs are freed after the result has its place, so a result never overlaps an input.
            for register in {register for register, _ in line.reads}:
                if last_use[register] == position:
                    free[self._wide[register]].append(places[register])
        return places, count


def _power(exponent: int) -> int:
    """R^exponent mod P."""
    return pow(_R, exponent, P)


def _weights(values: list[int | Extension], exponents: list[int], shape: tuple[int, ...]) -> kernel.Words:
    """values * R^exponent mod P, elementwise: uint64[m, *shape]."""
    powers = {exponent: _power(exponent) for exponent in set(exponents)}
    factors = np.array([powers[exponent] for exponent in exponents], dtype=np.uint64).reshape(-1, *(1 for _ in shape))
    return np.array(values, dtype=np.uint64).reshape(-1, *shape) * factors % np.uint64(P)
