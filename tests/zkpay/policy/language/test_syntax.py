"""The parser under hostile text: it takes linear time, bounded depth, and ends in a message or a tree."""

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkpay.ledger.fields import NumberField, SymbolField
from zkpay.policy.language.formula import parse_formula
from zkpay.policy.language.syntax import MAX_DEPTH, parse
from zkpay.policy.language.syntax_nodes import Choice, Name, Number, Operation
from zkpay.policy.language.syntax_tokens import MAX_LINE_CHARACTERS, Kind, tokens
from zkpay.policy.language.tree import FormulaFault, FormulaFaults, Table

FIELDS = (SymbolField("kind", ("data", "compute")), NumberField("quantity", 10**9))
TABLES = {"weight": Table("weight", "kind", (3, 5))}

PIECES = st.sampled_from(
    "( ) [ ] , + - * // % / == != < <= > >= = ! and or not if else 0 1 23 1_000 1.5 quantity kind weight data 'data' "
    'points min( max( clamp( isqrt( round_div( ceil_div( tiers( sum( count( total( rest " . é'.split()
)


def test_tokens_and_their_places() -> None:
    found = tokens("a1 <= 1_000 and 'b c'", "line")
    assert [(token.kind, token.text, token.span.start, token.span.stop) for token in found] == [
        (Kind.NAME, "a1", 0, 2),
        (Kind.SIGN, "<=", 3, 5),
        (Kind.NUMBER, "1000", 6, 11),
        (Kind.SIGN, "and", 12, 15),
        (Kind.STRING, "b c", 16, 21),
        (Kind.END, "", 21, 21),
    ]


def test_spans_cover_brackets() -> None:
    tree = parse(" (a + 1) * b if c else 2", "line")
    assert isinstance(tree, Choice)
    assert (tree.span.start, tree.span.stop) == (1, 24)
    product = tree.value
    assert isinstance(product, Operation)
    assert (product.sign, product.span.start, product.span.stop) == ("*", 1, 12)
    added = product.operands[0]
    assert isinstance(added, Operation)
    assert (added.sign, added.span.start, added.span.stop) == ("+", 1, 8)
    assert isinstance(added.operands[0], Name)
    assert isinstance(added.operands[1], Number)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 63 + "1" + ")" * 63,
        "not " * 62 + "1 == 1",
        "isqrt(" * 63 + "1" + ")" * 63,
        "1" + "+1" * 63,
        "1 if 1 == 1 else " * 61 + "1",
        "weight[" * 62 + "1" + "]" * 62,
        "tiers(" * 63 + "1" + ", [(rest, 1)])" * 63,
    ],
)
def test_depth_up_to_the_limit(text: str) -> None:
    assert parse(text, "line").depth <= MAX_DEPTH


@pytest.mark.parametrize(
    "text",
    [
        "(" * 8000,
        "isqrt(" * 1300,
        "weight[" * 1100,
        "tiers(" * 1300,
        "tiers(1,[(" * 800,
        "not " * 2000,
        "1 if " * 1600,
        "1 if 1 else " * 600,
        "1" + "+1" * 4000,
        "1" + " or 1" * 1600,
        "min(" + "1," * 4000,
        "tiers(1,[" + "(1,1)," * 1300,
        "'" * 8192,
        "'" + "x" * 8000,
        "_" * 8192,
        "9" * 8192,
        "9_" * 4096,
        "." * 8192,
        "9." * 4096,
        " " * 8192,
        "=" * 8192,
        "kind==" * 1300,
        "-" * 8192,
        "é" * 8192,
        "(" * 8192 * 30,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_is_refused_at_once(text: str) -> None:
    start = time.process_time()
    with pytest.raises(FormulaFaults) as caught:
        parse_formula({"line": text, "payout": "1"}, FIELDS, TABLES, {})
    assert time.process_time() - start < 10  # a hang would take hours
    for fault in caught.value.faults:
        assert 0 <= fault.span.start <= fault.span.stop <= len(text)
        assert len(fault.why) + len(fault.remedy) < 500


def test_little_stack_is_needed() -> None:
    depth = len(_frames())
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 450)
    try:
        parse_formula({"line": "min(1, " * 63 + "1" + ")" * 63, "payout": "1"}, FIELDS, TABLES, {})
    finally:
        sys.setrecursionlimit(before)


def _frames() -> list[object]:
    frame, found = sys._getframe(), []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back  # type: ignore[assignment]
    return found


def test_many_mistakes_cost_little() -> None:
    wrong = " + ".join(f"{'quantitu' * 7}{index}" for index in range(130))
    assert len(wrong) < MAX_LINE_CHARACTERS
    constants = {f"{'quantity' * 7}{index}": index for index in range(256)}
    lines = {f"line_{index}": " + ".join(wrong.split(" + ")[:60]) for index in range(127)}
    start = time.process_time()
    with pytest.raises(FormulaFaults):
        parse_formula({**lines, "payout": "1"}, FIELDS, TABLES, constants)
    assert time.process_time() - start < 30


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    _read_or_refused(text)


@given(st.lists(PIECES, max_size=30))
def test_any_tokens_are_read_or_refused(pieces: list[str]) -> None:
    _read_or_refused(" ".join(pieces))


def _read_or_refused(text: str) -> None:
    try:
        parse_formula({"points": "quantity", "line": text, "payout": "1"}, FIELDS, TABLES, {"cap": 5})
        faults: tuple[FormulaFault, ...] = ()
    except FormulaFaults as found:
        faults = found.faults
        if not faults:
            raise
    for fault in faults:
        assert 0 <= fault.span.start <= fault.span.stop <= len(text)
