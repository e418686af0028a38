"""Formulas that are right: their normalised text, type, level and tree, and Python's reading of the same text."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkpay.ledger.fields import Field, NumberField, SymbolField
from zkpay.policy.language.definition import Record, evaluate
from zkpay.policy.language.formula import parse_formula
from zkpay.policy.language.tree import REST, Expression, Form, Formula, Level, Table, Type

FIELDS: tuple[Field, ...] = (
    SymbolField("kind", ("data", "compute", "model-v2", "price", "min", "7")),
    NumberField("quantity", 10**9),
    NumberField("quality", 10**4),
)
TABLES = {
    "weight": Table("weight", "kind", (3, 5, 40, 1, 2, 9)),
    "share": Table("share", None, (3, 3, 2, 1)),
}
CONSTANTS = {"pool": 10**24, "cap": 2_000_000, "price": 5}
LINES = {"points": "weight[kind] * quantity", "good": "quality > 5000", "score": "sum(points)", "whole": "total(score)"}


def formula_with(text: str) -> Formula:
    return parse_formula({**LINES, "line": text, "payout": "score"}, FIELDS, TABLES, CONSTANTS)


def line(text: str) -> Expression:
    return formula_with(text).lines["line"].expression


C, T, R, A = Level.CONSTANT, Level.TOTAL, Level.CONTRIBUTION, Level.ACCOUNT
N, Q = Type.NUMBER, Type.CONDITION

GOOD = [
    # Numbers and spaces.
    ("1_000", "1000", C, N),
    ("007", "7", C, N),
    ("0", "0", C, N),
    ("  quantity\n\t* 2\r\n", "quantity * 2", R, N),
    (f"{2**128 - 1}", f"{2**128 - 1}", C, N),
    ("cap+price", "cap + price", C, N),
    ("pool", "pool", C, N),
    # Brackets only where they count.
    ("((quantity))", "quantity", R, N),
    ("(quantity * 2) + (quality)", "quantity * 2 + quality", R, N),
    ("quantity * (2 + quality)", "quantity * (2 + quality)", R, N),
    ("(quantity + 1) + 2", "quantity + 1 + 2", R, N),
    ("quantity + (1 + 2)", "quantity + (1 + 2)", R, N),
    ("quantity - (1 - 2)", "quantity - (1 - 2)", R, N),
    ("(quantity - 1) - 2", "quantity - 1 - 2", R, N),
    ("(quantity * 3) // 4", "quantity * 3 // 4", R, N),
    ("quantity * (3 // 4)", "quantity * (3 // 4)", R, N),
    ("quantity // (3 * 4) % 5", "quantity // (3 * 4) % 5", R, N),
    ("quantity//3%4", "quantity // 3 % 4", R, N),
    # Comparisons: `>` is `<` the other way round, `not ==` is `!=`.
    ("quantity > 5", "5 < quantity", R, Q),
    ("quantity >= 5", "5 <= quantity", R, Q),
    ("quantity < 5", "quantity < 5", R, Q),
    ("quantity <= 5", "quantity <= 5", R, Q),
    ("quantity == 5", "quantity == 5", R, Q),
    ("quantity != 5", "quantity != 5", R, Q),
    ("not quantity == 5", "quantity != 5", R, Q),
    ("not (quantity == 5)", "quantity != 5", R, Q),
    ("not quantity != 5", "not quantity != 5", R, Q),
    ("not not good", "not not good", R, Q),
    ("not (good and good)", "not (good and good)", R, Q),
    ("not good and good", "not good and good", R, Q),
    ("(not good) and good", "not good and good", R, Q),
    ("quantity + 1 > quality * 2", "quality * 2 < quantity + 1", R, Q),
    ("max(1 if quantity == quality else 0, 2) != 3", "max(1 if quantity == quality else 0, 2) != 3", R, Q),
    # Symbols.
    ("kind == data", "kind == data", R, Q),
    ("data == kind", "kind == data", R, Q),
    ("kind == 'data'", "kind == data", R, Q),
    ('kind != "data"', "kind != data", R, Q),
    ("not kind == data", "kind != data", R, Q),
    ("kind == 'model-v2'", "kind == 'model-v2'", R, Q),
    ("kind == '7'", "kind == '7'", R, Q),
    ("kind == 'price'", "kind == 'price'", R, Q),
    ("kind == min", "kind == 'min'", R, Q),
    ("(kind) == (data)", "kind == data", R, Q),
    ("kind == data and not kind != data", "kind == data and not kind != data", R, Q),
    ("(quantity != 5) or (kind == data)", "quantity != 5 or kind == data", R, Q),
    # Connectives.
    ("good or good and good", "good or good and good", R, Q),
    ("(good or good) and good", "(good or good) and good", R, Q),
    ("good or (good and good)", "good or good and good", R, Q),
    ("good and (good and good)", "good and (good and good)", R, Q),
    # Choices.
    ("1 if good else 2 if quantity > 3 else 4", "1 if good else 2 if 3 < quantity else 4", R, N),
    ("1 if good else (2 if good else 4)", "1 if good else 2 if good else 4", R, N),
    ("(1 if good else 2) if good else 3", "(1 if good else 2) if good else 3", R, N),
    ("1 + (2 if good else 3)", "1 + (2 if good else 3)", R, N),
    ("1 + 2 if good else 3", "1 + 2 if good else 3", R, N),
    ("cap if price > 3 else pool", "cap if 3 < price else pool", C, N),
    # Tables.
    ("weight[kind]", "weight[kind]", R, N),
    ("weight[data]", "weight[data]", C, N),
    ("weight[min]", "weight['min']", C, N),
    ("weight['price']", "weight['price']", C, N),
    ("share[quantity % 4]", "share[quantity % 4]", R, N),
    ("share[min(count(), 3)]", "share[min(count(), 3)]", A, N),
    ("share[3]", "share[3]", C, N),
    # Functions.
    ("min(1, (2), quantity)", "min(1, 2, quantity)", R, N),
    ("clamp(quantity,1,cap)", "clamp(quantity, 1, cap)", R, N),
    ("isqrt((quantity))", "isqrt(quantity)", R, N),
    ("round_div(quantity, 3) + ceil_div(quality, 2 + 3)", "round_div(quantity, 3) + ceil_div(quality, 2 + 3)", R, N),
    (
        "tiers(quantity, [(100, 3), (cap, 1), (rest, price)])",
        "tiers(quantity, [(100, 3), (cap, 1), (rest, price)])",
        R,
        N,
    ),
    ("tiers(quantity, [(1_00, quality),])", "tiers(quantity, [(100, quality)])", R, N),
    ("tiers(score, [(rest, 1 if score > 3 else 2)])", "tiers(score, [(rest, 1 if 3 < score else 2)])", A, N),
    # Aggregates.
    ("sum(points)", "sum(points)", A, N),
    ("sum((points if good))", "sum(points if good)", A, N),
    ("sum(points if good else 3)", "sum(points if good else 3)", A, N),
    ("sum((1 if good else 2) if good)", "sum((1 if good else 2) if good)", A, N),
    ("sum(5 if good)", "sum(5 if good)", A, N),
    ("sum(points if whole > 3)", "sum(points if 3 < whole)", A, N),
    ("count()", "count()", A, N),
    ("count(kind == data)", "count(kind == data)", A, N),
    ("min(points) + max(points if good)", "min(points) + max(points if good)", A, N),
    ("min(score, 5)", "min(score, 5)", A, N),
    # Totals, which anything may read.
    ("total( score )", "total(score)", T, N),
    ("total(min(count(), 1))", "total(min(count(), 1))", T, N),
    ("whole * 2 > cap", "cap < whole * 2", T, Q),
    ("quantity * 5 // whole", "quantity * 5 // whole", R, N),
    ("sum(quantity * 5 // total(score + 1))", "sum(quantity * 5 // total(score + 1))", A, N),
    ("total(isqrt(score * pool // whole))", "total(isqrt(score * pool // whole))", T, N),
]


@pytest.mark.parametrize(("text", "normalised", "level", "kind"), GOOD, ids=[text[:40] for text, *_ in GOOD])
def test_good_line(text: str, normalised: str, level: Level, kind: Type) -> None:
    found = line(text)
    assert (found.text, found.level, found.type) == (normalised, level, kind)
    again = line(normalised)
    assert shape(again) == shape(found)


def shape(expression: Expression) -> Any:
    """All of a tree but its places."""
    arguments = tuple(shape(argument) for argument in expression.arguments)
    return expression.form, arguments, expression.value, expression.type, expression.level, expression.text


def test_different_trees_have_different_texts() -> None:
    shapes = {shape(line(text)) for text, *_ in GOOD}
    assert len(shapes) == len({found[-1] for found in shapes})


def test_trees_hold_what_the_walkers_need() -> None:
    equal = line("kind != compute").arguments[0]
    assert (equal.form, equal.value, equal.arguments[0].value) == (Form.IS_SYMBOL, 1, "kind")
    assert (line("weight['model-v2']").form, line("weight['model-v2']").value) == (Form.CONSTANT, 40)
    assert (line("share[2]").form, line("share[2]").value) == (Form.CONSTANT, 2)
    tiers = line("tiers(quantity, [(cap, 3), (rest, 1)])")
    assert [argument.value for argument in tiers.arguments[1:]] == [2_000_000, 3, REST, 1]
    choice = line("1 if good else 2")
    assert [argument.form for argument in choice.arguments] == [Form.LINE, Form.CONSTANT, Form.CONSTANT]
    assert line("points").value == "points"
    lines = {"two": "2", "again": "two", "bounded": "tiers(share[again], [(again, 3)])", "payout": "bounded"}
    bounded = parse_formula(lines, FIELDS, TABLES, CONSTANTS).lines["bounded"].expression
    assert [argument.value for argument in bounded.arguments] == [2, 2, 3]
    assert bounded.text == "tiers(share[again], [(again, 3)])"
    total = line("total(score)")
    assert (total.value, total.line, total.span.start, total.span.stop) == ("total(score)", "line", 0, 12)


def test_totals_in_order_each_once_inner_ones_first() -> None:
    formula = parse_formula(
        {
            "a": "sum(quantity)",
            "b": "total(a * 10 // total(a)) + total(count())",
            "payout": "pool * a // total(a) + total(count()) + total(isqrt(a))",
        },
        FIELDS,
        TABLES,
        CONSTANTS,
    )
    texts = ["total(a)", "total(a * 10 // total(a))", "total(count())", "total(isqrt(a))"]
    assert list(formula.totals) == texts
    assert [f"total({argument.text})" for argument in formula.totals.values()] == texts


@pytest.mark.parametrize("payout", ["5", "pool // total(min(count(), 1))", "sum(points)", "whole"])
def test_payouts_may_be_one_for_all(payout: str) -> None:
    formula = parse_formula({**LINES, "payout": payout}, FIELDS, TABLES, CONSTANTS)
    assert formula.payout.expression.text == payout


def test_lines_may_follow_the_payout() -> None:
    formula = parse_formula({**LINES, "payout": "score", "twice": "payout * 2"}, FIELDS, TABLES, CONSTANTS)
    assert formula.lines["twice"].expression.level is Level.ACCOUNT


ATOMS = ["quantity", "quality", "cap", "0", "1", "2", "3", "12", "1_000", "(quantity)", "min(quality, 7)"]


def number_text(source: Random, depth: int) -> str:
    """A random number expression, of signs that Python has too."""
    if depth == 0 or source.random() < 0.2:
        return source.choice(ATOMS)
    inner = [number_text(source, depth - 1) for _ in range(2)]
    shape_of = source.randrange(8)
    if shape_of < 4:
        return source.choice(["+", " + ", "*", " * ", "//", " % "]).join(inner)
    if shape_of == 4:
        return f"({inner[0]})"
    if shape_of == 5:
        return f"{source.choice(['min', 'max'])}({inner[0]} ,{inner[1]})"
    choice = f"{inner[0]} if {condition_text(source, depth - 1)} else {inner[1]}"
    return choice if shape_of == 6 else f"({choice})"


def condition_text(source: Random, depth: int) -> str:
    """A random condition; its comparisons are of bracketed numbers or atoms, as others could chain."""
    shape_of = source.randrange(6) if depth else 0
    if shape_of < 2:
        sides = [source.choice([source.choice(ATOMS), f"({number_text(source, depth)})"]) for _ in range(2)]
        return source.choice(["<", " <= ", " > ", ">=", "==", " != "]).join(sides)
    inner = [condition_text(source, depth - 1) for _ in range(2)]
    return [f"{inner[0]} and {inner[1]}", f"{inner[0]} or {inner[1]}", f"not {inner[0]}", f"({inner[0]})"][shape_of - 2]


@given(st.randoms(use_true_random=False), st.integers(0, 20), st.integers(0, 20))
def test_read_as_python_reads_it(source: Random, quantity: int, quality: int) -> None:
    """Precedence, grouping and laziness: Python's own evaluation of the text is the oracle."""
    text = number_text(source, 5)
    formula = formula_with(text)
    normalised = formula.lines["line"].expression.text
    again = formula_with(normalised)
    assert shape(again.lines["line"].expression) == shape(formula.lines["line"].expression)
    names = {"quantity": quantity, "quality": quality, "cap": CONSTANTS["cap"], "min": min, "max": max}
    record = Record(bytes(20), {"kind": 0, "quantity": quantity, "quality": quality})
    try:
        # The text is made of the names and signs above only.
        expected = eval(text, {"__builtins__": {}}, names)
    except ZeroDivisionError:
        with pytest.raises(ArithmeticError):
            evaluate(formula, [record])
        return
    found = evaluate(formula, [record]).lines["line"]
    assert (found if isinstance(found, int) else found[0]) == expected
