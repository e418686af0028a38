"""Every mistake that a formula's text can hold: what is underlined, and the whole message, word by word."""

import pytest

from zkpay.ledger.fields import Field, NumberField, SymbolField
from zkpay.policy.language.formula import parse_formula
from zkpay.policy.language.tree import FormulaFault, FormulaFaults, Table

FIELDS: tuple[Field, ...] = (
    SymbolField("kind", ("data", "compute", "model-v2", "price")),
    SymbolField("region", ("eu", "us")),
    SymbolField("colour", tuple(f"c{index}" for index in range(10))),
    NumberField("quantity", 10**9),
    NumberField("quality", 10**4),
)
TABLES = {
    "weight": Table("weight", "kind", (3, 5, 40, 1)),
    "share": Table("share", None, (3, 3, 2, 1)),
}
CONSTANTS = {"pool": 10**24, "cap": 2_000_000, "price": 5}
LINES = {
    "points": "weight[kind] * quantity",
    "good": "quality > 5000",
    "score": "sum(points)",
    "whole": "total(score)",
}
"""Lines above the faulty one."""
PAYOUT = {"payout": "sum(quantity)"}

LONG = "x" * 70


def faults_of(lines: dict[str, str]) -> tuple[FormulaFault, ...]:
    with pytest.raises(FormulaFaults) as caught:
        parse_formula(lines, FIELDS, TABLES, CONSTANTS)
    return caught.value.faults


def faults_in(text: str) -> list[tuple[str, str]]:
    """What is underlined, and the message, for each mistake in a line."""
    found = faults_of({**LINES, "line": text, **PAYOUT})
    assert {fault.line for fault in found} == {"line"}
    return [(text[fault.span.start : fault.span.stop], f"{fault.why}; {fault.remedy}") for fault in found]


TOKENS = [
    ("quantity ** 2", "**", "there are no powers; multiply: x * x"),
    ("quantity ^ 2", "^", "there are no powers; multiply: x * x"),
    ("good && good", "&&", "`&&` is not a sign of the language; write `and`"),
    ("good & good", "&", "`&` is not a sign of the language; write `and`"),
    ("good || good", "||", "`||` is not a sign of the language; write `or`"),
    ("good | good", "|", "`|` is not a sign of the language; write `or`"),
    ("quantity <> 2", "<>", "`<>` is not a sign of the language; write `!=`"),
    ("quantity => 2", "=>", "`=>` is not a sign of the language; write `>=`"),
    ("quantity =< 2", "=<", "`=<` is not a sign of the language; write `<=`"),
    ("quantity === 2", "===", "`===` is not a sign of the language; write `==`"),
    ("quantity !== 2", "!==", "`!==` is not a sign of the language; write `!=`"),
    ("quantity = 2", "=", "`=` is not a comparison; write `==`"),
    ("!good", "!", "`!` is not a sign of the language; write `not`"),
    (
        "quantity / 2",
        "/",
        "there are no fractions; use `//`, which rounds down, or round_div(a, b) or ceil_div(a, b)",
    ),
    ("good ? 1 : 0", "?", "`?` is not a sign of the language; write `a if c else b`"),
    ("quantity : 2", ":", "`:` is not a sign of the language; write `a if c else b`"),
    ("quantity # all of it", "#", "a comment can't stand inside a formula; put it behind the closing quote"),
    ("kind == 'data", "'", "this quote isn't closed; close it on the same line"),
    ('kind == "data', '"', "this quote isn't closed; close it on the same line"),
    ("kind == 'da\nta'", "'", "this quote isn't closed; close it on the same line"),
    ("{1: 2}", "{", "`{` is not a sign of the language; declare the numbers as a table under [tables]"),
    (
        "quantity; quality",
        ";",
        "`;` is not a sign of the language; write each value on a line of its own under [formula]",
    ),
    ("kind.data", ".", "`.` is not a sign of the language; use whole numbers and plain names"),
    (
        "quantity × 2",
        "×",
        "`×` is not a sign of the language; use letters, digits and + - * // % == != < <= > >= ( ) [ ] ,",
    ),
    (
        "quantity \x00 2",
        "\x00",
        "`\\x00` is not a sign of the language; use letters, digits and + - * // % == != < <= > >= ( ) [ ] ,",
    ),
    (
        "quantity * ٣",
        "٣",
        "`٣` is not a sign of the language; use letters, digits and + - * // % == != < <= > >= ( ) [ ] ,",
    ),
    (
        "quantity * 0.25",
        "0.25",
        "`0.25` is a float; for 0.25 of x write x * 25 // 100; amounts of tokens stand under [amounts]",
    ),
    (
        "quantity * .5",
        ".5",
        "`.5` is a float; for .5 of x write x * 5 // 10; amounts of tokens stand under [amounts]",
    ),
    ("quantity * 5.", "5.", "`5.` is a float; write whole numbers, and a fraction of x as x * 1 // 3"),
    ("quantity * 1e6", "1e6", "`1e6` is a float; write whole numbers, and a fraction of x as x * 1 // 3"),
    (
        "quantity * 0x10",
        "0x10",
        "`0x10` is neither a number nor a name; "
        "write digits only, with `_` between them if you like; a name starts with a letter",
    ),
    (
        "1__0",
        "1__0",
        "`1__0` is neither a number nor a name; "
        "write digits only, with `_` between them if you like; a name starts with a letter",
    ),
    (f"{2**128}", f"{2**128}", "a number of more than 128 bits; use smaller units"),
    ("9" * 5000, "9" * 5000, "a number of more than 128 bits; use smaller units"),
    ("1" + " " * 8192, "", "8,193 characters; a line has at most 8,192; break it into several"),
]

GRAMMAR = [
    ("", "", "the line is empty; write an expression between the quotes"),
    (" \n", "", "the line is empty; write an expression between the quotes"),
    ("quantity *", "*", "something is missing at the end; write a number, a name or an expression there"),
    ("min(quantity,)", ")", "something is missing before `)`; write a number, a name or an expression there"),
    ("* quantity", "*", "something is missing before `*`; write a number, a name or an expression there"),
    ("sum(5%)", "%", "`%` is the remainder of a division; for 5 per cent of x: x * 5 // 100"),
    ("-5", "-", "there are no negative numbers; write a - b, where b is at most a"),
    ("quantity * -1", "-", "there are no negative numbers; write a - b, where b is at most a"),
    ("+5", "+", "a number has no sign; leave the `+` out"),
    ("1 + not good", "not", "`not` can't stand here; put brackets around it: (not c)"),
    ("if good then 1 else 0", "if", "the value comes before `if`; write a if c else b"),
    ("[3, 2, 1]", "[", "a list can't stand here; declare it under [tables], and write name[n]"),
    ("(quantity", "(", "this `(` isn't closed; add `)`"),
    ("sum(quantity", "(", "this `(` isn't closed; add `)`"),
    ("weight[kind", "[", "this `[` isn't closed; add `]`"),
    ("tiers(quantity, [(5, 1)", "[", "this `[` isn't closed; add `]`"),
    ("quantity)", ")", "nothing that this `)` could close; remove it"),
    ("weight[kind)", ")", "nothing that this `)` could close; remove it"),
    ("(quantity]", "]", "nothing that this `]` could close; remove it"),
    ("quantity else 0", "else", "`else` without `if`; write a if c else b"),
    ("quantity, quality", ",", "a comma outside a call; remove it"),
    ("(quantity, quality)", ",", "a list of values is no number; name the function that takes them"),
    ("2 quantity", "quantity", "`quantity` can't follow directly; put a sign such as * or + or a comma between"),
    (
        "min(quantity quality)",
        "quality",
        "`quality` can't follow directly; put a sign such as * or + or a comma between",
    ),
    ("(quantity) (quality)", "(", "`(` can't follow directly; put a sign such as * or + or a comma between"),
    ("1 < quantity < 5", "<", "comparisons don't chain; write a < b and b < c"),
    ("quantity == quality == 5", "==", "comparisons don't chain; write a < b and b < c"),
    (
        "(" * 64 + "1" + ")" * 64,
        "1",
        "nested more than 64 deep; name a part of it on a line of its own, above this one",
    ),
    ("not " * 64 + "good", "not", "nested more than 64 deep; name a part of it on a line of its own, above this one"),
    (
        "1" + " + 1" * 64,
        "1" + " + 1" * 64,
        "nested more than 64 deep; name a part of it on a line of its own, above this one",
    ),
    ("min(" + "1," * 64 + "1)", "1", "more than 64 arguments; split the call"),
    ("tiers(1, [" + "(1, 1)," * 65 + "])", "(", "more than 64 slices; join some of them"),
    (
        "tiers(quantity)",
        "tiers",
        "the slices of `tiers` are missing; "
        "write tiers(x, [(100, 3), (rest, 1)]): (upto, rate) for each slice, the last one up to `rest`",
    ),
    (
        "tiers(quantity, 5)",
        "tiers",
        "the slices of `tiers` are missing; "
        "write tiers(x, [(100, 3), (rest, 1)]): (upto, rate) for each slice, the last one up to `rest`",
    ),
    (
        "tiers(quantity, [])",
        "tiers",
        "`tiers` has no slice; "
        "write tiers(x, [(100, 3), (rest, 1)]): (upto, rate) for each slice, the last one up to `rest`",
    ),
    (
        "tiers(quantity, [5, 3])",
        "5",
        "a slice of `tiers` is written in brackets; "
        "write tiers(x, [(100, 3), (rest, 1)]): (upto, rate) for each slice, the last one up to `rest`",
    ),
    (
        "tiers(quantity, [(5)])",
        "(",
        "a slice of `tiers` has a bound and a rate; "
        "write tiers(x, [(100, 3), (rest, 1)]): (upto, rate) for each slice, the last one up to `rest`",
    ),
]

NAMES = [
    ("pints * 2", "pints", "`pints` is not a name of this policy; did you mean `points`?"),
    (
        "account",
        "account",
        "`account` stands in every record, but not in formulas, which read fields; "
        "leave it out; rules.unique and rules.limit go by it",
    ),
    ("Quantity", "Quantity", "`Quantity` is not a name of this policy; did you mean `quantity`?"),
    (
        "zzz",
        "zzz",
        "`zzz` is not a name of this policy; declare it as a field, a constant, an amount or a line above",
    ),
    (
        LONG,
        LONG,
        f"`{'x' * 57}...` is not a name of this policy; declare it as a field, a constant, an amount or a line above",
    ),
    # Not `line`, which would read itself.
    ("lin", "lin", "`lin` is not a name of this policy; declare it as a field, a constant, an amount or a line above"),
    ("line + 1", "line", "`line` reads itself; read lines above it only"),
    ("payout + 1", "payout", "`payout` is defined further down; move its line up, above `line`"),
    ("weight * 2", "weight", "`weight` is a table; write weight[kind]"),
    ("share * 2", "share", "`share` is a table; write share[0]"),
    ("min * 2", "min", "`min` is a function; write min(a, b)"),
    ("tiers", "tiers", "`tiers` is a function; write tiers(x, [(100, 3), (rest, 1)])"),
    ("rest", "rest", "`rest` is the last bound of tiers only; write tiers(x, [(100, 3), (rest, 1)])"),
    ("data", "data", "`data` is a value of the field `kind`; compare them: kind == data"),
    (
        "'data'",
        "'data'",
        "`data` in quotes is a declared value, which stands beside its field only; "
        "compare it with a field, as kind == 'data'",
    ),
    ("wieght[kind]", "wieght", "`wieght` is not a table; did you mean `weight`?"),
    ("quality[kind]", "quality", "`quality` is not a table; declare it under [tables]"),
    ("sqrt(quantity)", "sqrt", "there is no function `sqrt`; write isqrt(x), the root rounded down"),
    ("avg(quantity)", "avg", "there is no function `avg`; write sum(x) // count()"),
    ("totl(score)", "totl", "there is no function `totl`; did you mean total(x)?"),
    (
        "print(score)",
        "print",
        "there is no function `print`; "
        "the functions are min, max, clamp, isqrt, round_div, ceil_div, tiers, sum, count, total",
    ),
    ("weight(kind)", "weight", "`weight` is a table, not a function; write weight[kind]"),
    ("quantity(quality)", "quantity", "`quantity` is not a function; to multiply write quantity * (...)"),
    ("clamp(1, 2)", "clamp(1, 2)", "`clamp` takes 3 arguments, not 2; write clamp(x, low, high)"),
    ("isqrt(1, 2)", "isqrt(1, 2)", "`isqrt` takes 1 argument, not 2; write isqrt(x)"),
    ("round_div(1)", "round_div(1)", "`round_div` takes 2 arguments, not 1; write round_div(a, b)"),
    ("ceil_div()", "ceil_div()", "`ceil_div` takes 2 arguments, not 0; write ceil_div(a, b)"),
    ("min()", "min()", "`min` takes 2 or more arguments, not 0; write min(a, b)"),
    ("sum()", "sum()", "`sum` takes 1 argument, not 0; write sum(x)"),
    ("count(good, good)", "count(good, good)", "`count` takes 1 argument, not 2; write count()"),
    ("total()", "total()", "`total` takes 1 argument, not 0; write total(x)"),
]

SYMBOLS = [
    (
        "kind * 2",
        "kind",
        "`kind` is a symbol, where a number is needed; "
        "look it up in a table, as weight[kind], or compare it, as kind == data",
    ),
    ("region + 1", "region", "`region` is a symbol, where a number is needed; compare it, as region == eu"),
    ("region", "region", "`region` is a symbol, where a number is needed; compare it, as region == eu"),
    ("1 if kind else 0", "kind", "`kind` is a symbol, where a condition is needed; compare it, as kind == data"),
    (
        "kind == region",
        "kind == region",
        "`kind` and `region` are two fields; compare a field with one of its values, as kind == data",
    ),
    (
        "kind == kind",
        "kind == kind",
        "`kind` and `kind` are two fields; compare a field with one of its values, as kind == data",
    ),
    ("kind < data", "kind < data", "`kind` is a symbol: it has no order; compare it by == or !=, as kind == data"),
    ("kind == dta", "dta", "`dta` is not a value of the field `kind`; did you mean `data`?"),
    ("region != asia", "asia", "`asia` is not a value of the field `region`; its values are eu, us"),
    (
        "colour == 'asia'",
        "'asia'",
        "`asia` is not a value of the field `colour`; its values are c0, c1, c2, c3, c4, c5, c6, c7, ...",
    ),
    ("kind == 3", "3", "only a value of the field `kind` can stand here; write kind == data"),
    ("kind == (1 + 2)", "(1 + 2)", "only a value of the field `kind` can stand here; write kind == data"),
    (
        "kind == price",
        "price",
        "`price` is another name of this policy as well as a value of `kind`; for the value write kind == 'price'",
    ),
    (
        "weight[price]",
        "price",
        "`price` is another name of this policy as well as a value of `kind`; for the value write weight['price']",
    ),
    ("knd == data", "knd", "`knd` is not a name of this policy; did you mean `kind`?"),
    ("weight[region]", "region", "`weight` is keyed by the field `kind`, not by `region`; write weight[kind]"),
    ("weight[3]", "3", "only a value of the field `kind` can stand here; write weight[data]"),
    ("weight[knd]", "knd", "`knd` is not a value of the field `kind`; did you mean `kind`?"),
    ("weight['knd']", "'knd'", "`knd` is not a value of the field `kind`; did you mean `kind`?"),
    (
        "share[kind]",
        "kind",
        "the entries of `share` are numbered, but `kind` is a symbol; "
        "give it an entry for each value: share = { data = 1, ... }",
    ),
    ("share[4]", "4", "`share` has entries 0 to 3, none of number 4; use at most 3, or lengthen the table"),
    ("share[cap]", "cap", "`share` has entries 0 to 3, none of number 2000000; use at most 3, or lengthen the table"),
]

TYPES = [
    ("quantity + good", "good", "`good` is a condition, where a number is needed; write 1 if good else 0"),
    (
        "(quantity > 5) * 3",
        "(quantity > 5)",
        "`5 < quantity` is a condition, where a number is needed; write 1 if 5 < quantity else 0",
    ),
    ("good < 5", "good", "`good` is a condition, where a number is needed; write 1 if good else 0"),
    ("good == 5", "good", "`good` is a condition, where a number is needed; write 1 if good else 0"),
    ("good if good else 0", "good", "`good` is a condition, where a number is needed; write 1 if good else 0"),
    (
        "1 + (quantity > 1000000 and quality > 10_000_000)",
        "(quantity > 1000000 and quality > 10_000_000)",
        "`1000000 < quantity and 10000000 < quality` is a condition, where a number is needed; write 1 if ... else 0",
    ),
    (
        "quantity and good",
        "quantity",
        "`quantity` is a number, where a condition is needed; compare it, as quantity > 0",
    ),
    ("not quantity", "quantity", "`quantity` is a number, where a condition is needed; compare it, as quantity > 0"),
    (
        "1 if quantity else 0",
        "quantity",
        "`quantity` is a number, where a condition is needed; compare it, as quantity > 0",
    ),
    ("count(quantity)", "quantity", "`quantity` is a number, where a condition is needed; compare it, as quantity > 0"),
    ("sum(good)", "good", "`good` is a condition, where a number is needed; write 1 if good else 0"),
    (
        "quantity if good",
        "quantity if good",
        "`if` without `else`; write a if c else b; only sum(x if c), min(x if c) and max(x if c) go without",
    ),
    (
        "min(quantity if good, 3)",
        "quantity if good",
        "`if` without `else`; write a if c else b; only sum(x if c), min(x if c) and max(x if c) go without",
    ),
    (
        "total(score if score > 5)",
        "score if score > 5",
        "`if` without `else`; write a if c else b; only sum(x if c), min(x if c) and max(x if c) go without",
    ),
    (
        "tiers(quantity, [(quality, 3)])",
        "quality",
        "`quality` is not a bound that is known beforehand; "
        "write a number, or the name of one under [constants] or [amounts]",
    ),
    (
        "tiers(quantity, [(2 * cap, 3)])",
        "2 * cap",
        "`2 * cap` is not a bound that is known beforehand; "
        "write a number, or the name of one under [constants] or [amounts]",
    ),
    (
        "tiers(quantity, [(100, 3), (100, 2)])",
        "100",
        "the bound 100 does not exceed 100, where the slice begins; "
        "write the bounds in increasing order, the first at least 1",
    ),
    (
        "tiers(quantity, [(cap, 3), (price, 2)])",
        "price",
        "the bound 5 does not exceed 2000000, where the slice begins; "
        "write the bounds in increasing order, the first at least 1",
    ),
    (
        "tiers(quantity, [(0, 3)])",
        "0",
        "the bound 0 does not exceed 0, where the slice begins; "
        "write the bounds in increasing order, the first at least 1",
    ),
    (
        "tiers(quantity, [(rest, 3), (100, 2)])",
        "rest",
        "`rest` is not the last bound; remove what follows it, or move it",
    ),
]

LEVELS = [
    (
        "points * score",
        "points",
        "`points` is a value of each contribution, `score` one of the account: they can't meet; "
        "aggregate the former, as sum(points); a contribution can't read its account",
    ),
    (
        "score if kind == data else 0",
        "kind == data",
        "`kind == data` is a value of each contribution, `score` one of the account: they can't meet; "
        "aggregate the former, as count(kind == data) > 0; a contribution can't read its account",
    ),
    (
        "sum(points * score)",
        "points",
        "`points` is a value of each contribution, `score` one of the account: they can't meet; "
        "aggregate the former, as sum(points); a contribution can't read its account",
    ),
    (
        "sum(score)",
        "score",
        "`sum` goes over contributions, but `score` is a value of the account; "
        "use it as it is, or total(...) for the sum over all accounts",
    ),
    (
        "max(sum(points))",
        "sum(points)",
        "`max` goes over contributions, but `sum(points)` is a value of the account; "
        "use it as it is, or total(...) for the sum over all accounts",
    ),
    (
        "count(score > 5)",
        "score > 5",
        "`count` goes over contributions, but `5 < score` is a value of the account; "
        "use it as it is, or total(...) for the sum over all accounts",
    ),
    (
        "sum(points if score > 5)",
        "score > 5",
        "`sum` goes over contributions, but `5 < score` is a value of the account; "
        "use it as it is, or total(...) for the sum over all accounts",
    ),
    ("sum(cap)", "cap", "`cap` is the same for every contribution; write count() * (cap)"),
    ("min(whole)", "whole", "`whole` is the same for every contribution; write whole itself"),
    (
        "count(whole > 5)",
        "whole > 5",
        "`5 < whole` is the same for every contribution; write count() if 5 < whole else 0",
    ),
    (
        "total(points)",
        "points",
        "`total` goes over accounts, but `points` is a value of each contribution; write total(sum(points))",
    ),
    (
        "total(1)",
        "1",
        "`1` is the same for every account; for the number of accounts write total(min(count(), 1))",
    ),
    (
        "total(whole)",
        "whole",
        "`whole` is the same for every account; for the number of accounts write total(min(count(), 1))",
    ),
    (
        "total(" + " + ".join(["score * 100000000000"] * 25) + ")",
        "total(" + " + ".join(["score * 100000000000"] * 25) + ")",
        "a total of 579 characters; a statement has room for 512; "
        "name its argument on a line of its own, above this one",
    ),
    (
        " + ".join(f"total(score + {index})" for index in range(16)),
        "total(score + 15)",
        "more than 16 totals; use fewer",
    ),
]


@pytest.mark.parametrize(
    ("text", "place", "message"), [*TOKENS, *GRAMMAR, *NAMES, *SYMBOLS, *TYPES, *LEVELS], ids=lambda value: value[:40]
)
def test_message(text: str, place: str, message: str) -> None:
    assert faults_in(text) == [(place, message)]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            "good",
            "good",
            "`good` is a condition, but a payout is a number; write 1 if good else 0, or amounts in their places",
        ),
        (
            "points",
            "points",
            "`points` is a value of each contribution, but a payout is an account's; write sum(points)",
        ),
    ],
)
def test_payout_is_a_number_of_an_account(text: str, place: str, message: str) -> None:
    (fault,) = faults_of({**LINES, "payout": text})
    assert (fault.line, text[fault.span.start : fault.span.stop]) == ("payout", place)
    assert f"{fault.why}; {fault.remedy}" == message


def test_payout_is_required() -> None:
    (fault,) = faults_of(LINES)
    assert fault.line == "payout"
    assert str(fault) == (
        "payout: there is no line `payout`, which says what an account is paid; "
        'add it, as payout = "pool * score // total(score)"'
    )


def test_too_many_lines() -> None:
    (fault,) = faults_of({**PAYOUT, **{f"line_{index}": "1" for index in range(128)}})
    assert str(fault) == "line_127: more than 128 lines; join some of them"
    parse_formula({**PAYOUT, **{f"line_{index}": "1" for index in range(127)}}, FIELDS, TABLES, CONSTANTS)


def test_all_mistakes_of_all_lines_at_once() -> None:
    found = faults_of({"a": "pints + qality * (kind + 1)", "b": "1 +", "c": "quantity", "payout": "weight"})
    assert [(fault.line, fault.span.start) for fault in found] == [
        ("a", 0),
        ("a", 8),
        ("a", 18),
        ("b", 2),
        ("payout", 0),
    ]


def test_lines_that_read_a_faulty_one_have_no_fault_from_that() -> None:
    found = faults_of({"a": "pints", "b": "a + 1", "c": "b * 2 + pints", "payout": "sum(c)"})
    assert [(fault.line, fault.span.start) for fault in found] == [("a", 0), ("c", 8)]


def test_not_all_of_a_flood_of_mistakes_are_looked_for() -> None:
    line = " + ".join(["pints"] * 60)
    found = faults_of({**{f"line_{index}": line for index in range(100)}, **PAYOUT})
    assert len(found) == 7 * 16
    assert [fault.remedy == "did you mean `points`?" for fault in found[:25]] == [False] * 25
    found = faults_of({**LINES, **{f"line_{index}": line for index in range(100)}, **PAYOUT})
    assert [fault.remedy == "did you mean `points`?" for fault in found[:25]] == [True] * 20 + [False] * 5
