"""Lowers a table's constraints to flat programs for the kernel (SPEC §4.5): the prover's reading of the AIR.

Expressions become instructions over virtual registers; a linear scan then packs them into as few registers as are
alive at once. Public scalars are bound here, so a program belongs to one statement, but the kernel to none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from zkpay.kernels import program as kernel
from zkpay.kernels.montgomery import to_montgomery
from zkpay.stark.air import Circuit, Interaction, Table, Where
from zkpay.stark.expression import Column, Constant, Expression, Phase, read
from zkpay.stark.field import (
    EXT_ONE,
    EXT_ZERO,
    EXTENSION_DEGREE,
    Extension,
    P,
    ext_add,
    ext_mul,
    ext_neg,
    ext_scale,
    inverse,
)
from zkpay.stark.protocol import BusChallenges

SELECTOR_ORDER = (Where.EVERY, Where.TRANSITION, Where.FIRST, Where.LAST)

_EXTENSION_RESULT = {
    kernel.LOAD_AUXILIARY,
    kernel.FINGERPRINT,
    kernel.EXTENSION_MULTIPLY,
    kernel.EXTENSION_SCALE,
    kernel.EXTENSION_ADD,
    kernel.EXTENSION_SUBTRACT,
}
# Operations whose a (and b) are registers.
_READS_A = {
    kernel.MULTIPLY,
    kernel.EXTENSION_MULTIPLY,
    kernel.EXTENSION_SCALE,
    kernel.EXTENSION_ADD,
    kernel.EXTENSION_SUBTRACT,
    kernel.CONSTRAIN,
    kernel.EXTENSION_CONSTRAIN,
    kernel.STORE,
}
_READS_B = {
    kernel.MULTIPLY,
    kernel.EXTENSION_MULTIPLY,
    kernel.EXTENSION_SCALE,
    kernel.EXTENSION_ADD,
    kernel.EXTENSION_SUBTRACT,
}
_NO_RESULT = {kernel.CONSTRAIN, kernel.EXTENSION_CONSTRAIN, kernel.STORE}
_SUMS = {kernel.LINEAR, kernel.FINGERPRINT}


@dataclass
class _Lowering:
    """Instructions over virtual registers; implements `expression.Reader` with register numbers as values."""

    publics: Mapping[str, int]
    instructions: list[tuple[int, int, int, int]] = field(default_factory=list)
    terms: list[tuple[int, int]] = field(default_factory=list)
    constants: dict[int, int] = field(default_factory=dict)
    extensions: dict[Extension, int] = field(default_factory=dict)
    registers: int = 0
    outputs: int = 0
    memory: dict[Expression, int] = field(default_factory=dict)

    def constant(self, value: int) -> int:
        return self._emit(kernel.SET, self._base(value))

    def public(self, name: str) -> int:
        return self._emit(kernel.SET, self._base(self.publics[name]))

    def column(self, column: Column) -> int:
        operation = kernel.LOAD_MAIN if column.phase is Phase.MAIN else kernel.LOAD_PREPROCESSED
        return self._emit(operation, column.index, column.rotation)

    def linear(self, terms: list[tuple[int | str, int]], constant: int) -> int:
        self.terms.append((0, self._base(constant)))
        first = len(self.terms)
        for coefficient, register in terms:
            factor = self.publics[coefficient] if isinstance(coefficient, str) else coefficient
            self.terms.append((register, self._base(factor)))
        return self._emit(kernel.LINEAR, first, len(terms))

    def product(self, left: int, right: int) -> int:
        return self._emit(kernel.MULTIPLY, left, right)

    def value(self, expression: Expression) -> int:
        """Register of an expression's value."""
        return read(expression, self, self.memory)

    def extension_sum(self, offset: Extension, terms: Sequence[tuple[int, Extension]]) -> int:
        """offset + sum of base register * extension constant."""
        self.terms.append((0, self._extension(offset)))
        first = len(self.terms)
        self.terms += [(register, self._extension(weight)) for register, weight in terms]
        return self._emit(kernel.FINGERPRINT, first, len(terms))

    def extension(self, operation: int, a: int, b: int) -> int:
        """An extension operation on two registers."""
        return self._emit(operation, a, b)

    def auxiliary(self, column: int) -> int:
        """The extension column whose first base column is `column`."""
        return self._emit(kernel.LOAD_AUXILIARY, column, 0)

    def constrain(self, where: Where, register: int, weight: Extension) -> None:
        """Add weight * base register to the sum under the selector."""
        selector = SELECTOR_ORDER.index(where)
        self.instructions.append((kernel.CONSTRAIN, selector, register, self._extension(weight)))

    def constrain_extension(self, register: int, weight: Extension) -> None:
        """Add weight * extension register to the sum for every row."""
        self.instructions.append((kernel.EXTENSION_CONSTRAIN, 0, register, self._extension(weight)))

    def store(self, register: int) -> None:
        """Output an extension register: five rows."""
        for k in range(EXTENSION_DEGREE):
            self.instructions.append((kernel.STORE, self.outputs, register, k))
            self.outputs += 1

    def _emit(self, operation: int, a: int = 0, b: int = 0) -> int:
        self.instructions.append((operation, self.registers, a, b))
        self.registers += 1
        return self.registers - 1

    def _base(self, value: int) -> int:
        return self.constants.setdefault(value % P, len(self.constants))

    def _extension(self, value: Extension) -> int:
        return self.extensions.setdefault(value, len(self.extensions))

    def assemble(self) -> kernel.Program:
        """Pack virtual registers into physical ones."""
        sizes = {
            out: operation in _EXTENSION_RESULT
            for operation, out, _, _ in self.instructions
            if operation not in _NO_RESULT
        }
        last_use: dict[int, int] = {}
        for position, instruction in enumerate(self.instructions):
            for register in self._reads(instruction):
                last_use[register] = position
        free: dict[bool, list[int]] = {False: [], True: []}
        used = {False: 0, True: 0}
        place: dict[int, int] = {}
        for position, instruction in enumerate(self.instructions):
            operation, out, _, _ = instruction
            if operation not in _NO_RESULT:
                wide = sizes[out]
                if free[wide]:
                    place[out] = free[wide].pop()
                else:
                    place[out] = used[wide]
                    used[wide] += 1
                if out not in last_use:
                    free[wide].append(place[out])
            # Inputs are freed after the result has its place, so a result never overlaps an input.
            for register in set(self._reads(instruction)):
                if last_use[register] == position:
                    free[sizes[register]].append(place[register])
        base_count = used[False]
        scratch = base_count + EXTENSION_DEGREE * used[True]

        def physical(register: int) -> int:
            return base_count + EXTENSION_DEGREE * place[register] if sizes[register] else place[register]

        lines = []
        terms = list(self.terms)
        for operation, out, a, b in self.instructions:
            if operation in _SUMS:
                for k in range(a, a + b):
                    terms[k] = (physical(self.terms[k][0]), self.terms[k][1])
                lines.append((operation, physical(out), a, b))
            elif operation == kernel.STORE:
                lines.append((operation, out, physical(a) + b, 0))
            elif operation == kernel.EXTENSION_CONSTRAIN:
                lines.append((operation, scratch, physical(a), b))
            elif operation == kernel.CONSTRAIN:
                lines.append((operation, out, physical(a), b))
            else:
                left = physical(a) if operation in _READS_A else a
                right = physical(b) if operation in _READS_B else b
                lines.append((operation, physical(out), left, right))
        return kernel.Program(
            instructions=np.array(lines, dtype=np.int32).reshape(-1, 4),
            terms=np.array(terms, dtype=np.int32).reshape(-1, 2),
            constants=to_montgomery(np.array([*self.constants, 0], dtype=np.uint64)),
            extension_constants=to_montgomery(np.array([*self.extensions, EXT_ZERO], dtype=np.uint64)),
            registers=scratch + 2 * EXTENSION_DEGREE,
            outputs=self.outputs,
        )

    def _reads(self, instruction: tuple[int, int, int, int]) -> list[int]:
        operation, _, a, b = instruction
        if operation in _SUMS:
            return [self.terms[k][0] for k in range(a, a + b)]
        found = [a] if operation in _READS_A else []
        return [*found, b] if operation in _READS_B else found


def _denominator(lowering: _Lowering, interaction: Interaction, challenges: BusChallenges) -> int:
    offset = ext_add(challenges.gamma, ext_scale(challenges.beta_powers[-1], interaction.bus.identifier))
    terms = []
    for power, entry in zip(challenges.beta_powers, interaction.payload, strict=False):
        if isinstance(entry, Constant):
            offset = ext_add(offset, ext_scale(power, entry.value % P))
        else:
            terms.append((lowering.value(entry), power))
    return lowering.extension_sum(offset, terms)


def _fraction(lowering: _Lowering, group: Sequence[Interaction], challenges: BusChallenges) -> tuple[int, int]:
    """Registers (top, bottom) of the sum of the group's fractions."""
    top = bottom = -1
    for interaction in group:
        own = _denominator(lowering, interaction, challenges)
        multiplicity = lowering.linear([(interaction.sign, lowering.value(interaction.multiplicity))], 0)
        if bottom < 0:
            top, bottom = lowering.extension_sum(EXT_ZERO, [(multiplicity, EXT_ONE)]), own
            continue
        top = lowering.extension(
            kernel.EXTENSION_ADD,
            lowering.extension(kernel.EXTENSION_MULTIPLY, top, own),
            lowering.extension(kernel.EXTENSION_SCALE, bottom, multiplicity),
        )
        bottom = lowering.extension(kernel.EXTENSION_MULTIPLY, bottom, own)
    return top, bottom


def bus_program(circuit: Circuit, table: Table, challenges: BusChallenges) -> kernel.Program:
    """Stores, for each row: top and bottom of every helper, then the weighted circuit-wide sums."""
    lowering = _Lowering(circuit.publics)
    for group in table.helpers:
        top, bottom = _fraction(lowering, group, challenges)
        lowering.store(top)
        lowering.store(bottom)
    lowering.store(lowering.extension_sum(EXT_ZERO, _sum_terms(lowering, circuit, table, challenges)))
    return lowering.assemble()


def constraint_program(
    circuit: Circuit,
    table: Table,
    ratio: int,
    challenges: BusChallenges,
    weights: Sequence[Extension],
    accumulator_weight: Extension,
) -> kernel.Program:
    """The folded constraints of one table, its share of the accumulator's constraint included.

    weights: powers of alpha for constraints, then helpers. ratio: tallest height over this table's.
    """
    lowering = _Lowering(circuit.publics)
    for constraint, weight in zip(table.constraints, weights, strict=False):
        lowering.constrain(constraint.where, lowering.value(constraint.expression), weight)
    share = ext_neg(ext_scale(accumulator_weight, inverse(ratio)))
    for number, group in enumerate(table.helpers):
        helper = lowering.auxiliary(EXTENSION_DEGREE * number)
        top, bottom = _fraction(lowering, group, challenges)
        product = lowering.extension(kernel.EXTENSION_MULTIPLY, helper, bottom)
        value = lowering.extension(kernel.EXTENSION_SUBTRACT, product, top)
        lowering.constrain_extension(value, weights[len(table.constraints) + number])
        lowering.constrain_extension(helper, share)
    for register, power in _sum_terms(lowering, circuit, table, challenges):
        lowering.constrain(Where.EVERY, register, ext_mul(power, share))
    return lowering.assemble()


def _sum_terms(
    lowering: _Lowering, circuit: Circuit, table: Table, challenges: BusChallenges
) -> list[tuple[int, Extension]]:
    return [
        (lowering.value(term.expression), challenges.delta_powers[circuit.sum_names.index(term.target)])
        for term in table.sums
    ]
