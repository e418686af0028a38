"""Lowers a table's constraints to flat programs for the kernel (SPEC §4.5): the prover's reading of the AIR.

Everything linear is done here and not on rows. A constraint is expanded into a form (`forms`); the coefficients of an
atom in all constraints, times the constraints' weights, add up to one weight in the challenge field for each selector.
So a column costs one weighted term however many constraints it stands in, and the matrices of a hash's full rounds
cost nothing.

A group's fractions m / D are handled likewise: narrow ones (range checks) are added up symbolically, and only
products of wide denominators are taken in the challenge field, row by row. Public scalars are bound here: a program
belongs to one statement, the kernel to none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from zkpay.kernels import program as kernel
from zkpay.prover.assembly import Assembly, Place
from zkpay.prover.forms import ExtensionForm, Forms
from zkpay.stark.air import Circuit, Interaction, Table, Where
from zkpay.stark.expression import Expression
from zkpay.stark.field import (
    EXT_ONE,
    EXTENSION_DEGREE,
    Extension,
    P,
    ext,
    ext_add,
    ext_frobenius,
    ext_mul,
    ext_neg,
    ext_scale,
    inverse,
)
from zkpay.stark.protocol import BusChallenges

# Two denominators are multiplied out up to this many terms of five products each: a product in the field costs 25.
_MERGED_TERMS = 11
# Helpers that share an inversion, which costs about as much as ten products in the field; each holds two registers.
_INVERTED_AT_ONCE = 8
_BASIS: tuple[Extension, ...] = (
    (1, 0, 0, 0, 0),
    (0, 1, 0, 0, 0),
    (0, 0, 1, 0, 0),
    (0, 0, 0, 1, 0),
    (0, 0, 0, 0, 1),
)


@dataclass(frozen=True)
class _Fraction:
    """top / bottom."""

    top: ExtensionForm
    bottom: ExtensionForm


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
    forms = Forms(circuit.publics)
    folded: defaultdict[Where, ExtensionForm] = defaultdict(ExtensionForm)
    for constraint, weight in zip(table.constraints, weights, strict=False):
        folded[constraint.where].add(forms.form(constraint.expression), weight)
    share = ext_neg(ext_scale(accumulator_weight, inverse(ratio)))
    _add_sums(forms, folded[Where.EVERY], circuit, table, challenges, share)
    plans = []
    for group, weight in zip(table.helpers, weights[len(table.constraints) :], strict=False):
        first, *rest = _fractions(forms, group, challenges)
        # The first fraction takes the weight along, to the end.
        first = _Fraction(first.top.times(weight), first.bottom.times(weight))
        if not rest:
            # weight * (h D - m) + share * h = h (weight * D + share) - weight * m
            folded[Where.EVERY] = folded[Where.EVERY].plus(first.top.times(ext(P - 1)))
            first = _Fraction(ExtensionForm(), first.bottom.plus(ExtensionForm({}, share)))
        plans.append((first, rest))
    assembly = Assembly(forms, dict(folded))
    for number, (first, rest) in enumerate(plans):
        helper = assembly.auxiliary(EXTENSION_DEGREE * number)
        bottom = assembly.sum(first.bottom, 1)
        value = assembly.multiply(helper, bottom)
        if rest:
            value = assembly.subtract(value, assembly.sum(first.top, 0))
            for k, entry in enumerate(_BASIS):
                assembly.fold_base(Where.EVERY, (helper[0], k), ext_mul(share, entry), 0)
        # value = weight * (h prod D - sum of m times the other D) over the fractions so far; bottom = weight * prod D.
        for position, fraction in enumerate(rest):
            own = assembly.sum(fraction.bottom, 1)
            top = assembly.multiply(bottom, assembly.sum(fraction.top, 0))
            value = assembly.subtract(assembly.multiply(value, own), top)
            if position + 1 < len(rest):
                bottom = assembly.multiply(bottom, own)
        assembly.fold(value)
    return assembly.finish()


def bus_program(circuit: Circuit, table: Table, challenges: BusChallenges) -> kernel.Program:
    """Stores every helper and folds, for each row, the sum of helpers and weighted circuit-wide sums."""
    forms = Forms(circuit.publics)
    sums = ExtensionForm()
    _add_sums(forms, sums, circuit, table, challenges, EXT_ONE)
    groups = [_fractions(forms, group, challenges) for group in table.helpers]
    assembly = Assembly(forms, {Where.EVERY: sums})
    for begin in range(0, len(groups), _INVERTED_AT_ONCE):
        some = [_fraction_registers(assembly, group) for group in groups[begin : begin + _INVERTED_AT_ONCE]]
        products = [some[0][1]]
        for _, bottom in some[1:]:
            products.append(assembly.multiply(products[-1], bottom))
        running = _inverse(assembly, products[-1])
        helpers: list[Place] = []
        for position in range(len(some) - 1, -1, -1):
            top, bottom = some[position]
            own = assembly.multiply(running, products[position - 1]) if position else running
            helpers.append(assembly.multiply(top, own))
            if position:
                running = assembly.multiply(running, bottom)
        for helper in reversed(helpers):
            assembly.store(helper)
            assembly.fold(helper)
    return assembly.finish()


def _fractions(forms: Forms, group: Sequence[Interaction], challenges: BusChallenges) -> list[_Fraction]:
    """Fractions whose sum is that of the group; narrow ones are added up."""
    fractions = sorted(
        (_fraction(forms, interaction, challenges) for interaction in group), key=lambda each: len(each.bottom.terms)
    )
    found = [fractions[0]]
    for fraction in fractions[1:]:
        last = found[-1]
        if (len(last.bottom.terms) + 1) * (len(fraction.bottom.terms) + 1) - 1 > _MERGED_TERMS:
            found.append(fraction)
            continue
        crossed = forms.extension_product(last.top, fraction.bottom)
        found[-1] = _Fraction(
            crossed.plus(forms.extension_product(fraction.top, last.bottom)),
            forms.extension_product(last.bottom, fraction.bottom),
        )
    return found


def _fraction(forms: Forms, interaction: Interaction, challenges: BusChallenges) -> _Fraction:
    offset = ext_add(challenges.gamma, ext_scale(challenges.beta_powers[-1], interaction.bus.identifier))
    bottom = ExtensionForm({}, offset)
    for power, entry in zip(challenges.beta_powers, interaction.payload, strict=False):
        bottom = bottom.plus(_narrow(forms, entry).times(power))
    return _Fraction(_narrow(forms, interaction.multiplicity).times(ext(interaction.sign)), bottom)


def _narrow(forms: Forms, expression: Expression) -> ExtensionForm:
    """The expression as a form of at most one atom."""
    form = forms.form(expression)
    if not form.terms:
        return ExtensionForm({}, ext(form.offset))
    atom, factor, offset = forms.single(form)
    return ExtensionForm({atom: ext(factor)}, ext(offset))


def _fraction_registers(assembly: Assembly, fractions: Sequence[_Fraction]) -> tuple[Place, Place]:
    """Registers (top at scale 0, bottom at scale 1) of the sum of the fractions."""
    first, *rest = fractions
    top, bottom = assembly.sum(first.top, 0), assembly.sum(first.bottom, 1)
    for fraction in rest:
        own = assembly.sum(fraction.bottom, 1)
        crossed = assembly.multiply(bottom, assembly.sum(fraction.top, 0))
        top = assembly.add(assembly.multiply(top, own), crossed)
        bottom = assembly.multiply(bottom, own)
    return top, bottom


def _inverse(assembly: Assembly, register: Place) -> Place:
    """1 / register at scale 1, by the method of `zkpay.stark.field.ext_inverse`: the product of the four conjugates
    over the norm."""
    once, twice = (tuple(ext_frobenius(entry, power) for entry in _BASIS) for power in (1, 2))
    pair = assembly.multiply(assembly.frobenius(register, once), assembly.frobenius(register, twice))
    others = assembly.multiply(pair, assembly.frobenius(pair, twice))
    norm = assembly.multiply(register, others)
    return assembly.scale(others, assembly.invert(norm))


def _add_sums(
    forms: Forms,
    target: ExtensionForm,
    circuit: Circuit,
    table: Table,
    challenges: BusChallenges,
    weight: Extension,
) -> None:
    """Add weight * the table's weighted circuit-wide sums."""
    for term in table.sums:
        power = challenges.delta_powers[circuit.sum_names.index(term.target)]
        target.add(forms.form(term.expression), ext_mul(power, weight))
