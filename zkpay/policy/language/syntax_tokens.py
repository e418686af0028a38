"""The tokens of a formula's line: numbers, names, strings and signs, with their places (SPEC §8.1.3).

What is no token gets a message that says how the language writes what was probably meant.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from zkpay.ledger.fields import MAX_NUMBER_BITS
from zkpay.policy.language.tree import FormulaFault, Span

MAX_LINE_CHARACTERS: Final = 2**13

_SHOWN_CHARACTERS: Final = 60


class Kind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    NAME = "name"
    STRING = "string"
    SIGN = "sign"  # also the words `if else and or not`
    END = "end"


@dataclass(frozen=True)
class Token:
    """`text` as written, but a number's is its digits without `_`, a string's what stands between its quotes."""

    kind: Kind
    text: str
    span: Span


WORDS: Final = frozenset({"if", "else", "and", "or", "not"})
"""Names that are signs."""

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<number>(?:[0-9]|\.[0-9])[0-9A-Za-z_.]*)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<string>'[^'\n]*'|"[^"\n]*")
    |(?P<wrong>\*\*|&&|\|\||<>|=>|=<|=(?!=)|!(?!=)|===|!==|/(?!/))
    |(?P<sign>//|==|!=|<=|>=|[-+*%<>()\[\],])""",
    re.VERBOSE,
)
_DIGITS: Final = re.compile(r"[0-9](?:_?[0-9])*")
_DECIMAL: Final = re.compile(r"([0-9]{0,18})\.([0-9]{1,18})")
_FLOAT: Final = re.compile(r"[0-9_]*\.[0-9_]*(?:[eE][0-9]*)?|[0-9][0-9_]*[eE][0-9]*")

_MEANT: Final = {
    "**": ("there are no powers", "multiply: x * x"),
    "&&": ("`&&` is not a sign of the language", "write `and`"),
    "||": ("`||` is not a sign of the language", "write `or`"),
    "<>": ("`<>` is not a sign of the language", "write `!=`"),
    "=>": ("`=>` is not a sign of the language", "write `>=`"),
    "=<": ("`=<` is not a sign of the language", "write `<=`"),
    "===": ("`===` is not a sign of the language", "write `==`"),
    "!==": ("`!==` is not a sign of the language", "write `!=`"),
    "=": ("`=` is not a comparison", "write `==`"),
    "!": ("`!` is not a sign of the language", "write `not`"),
    "/": ("there are no fractions", "use `//`, which rounds down, or round_div(a, b) or ceil_div(a, b)"),
    "&": ("`&` is not a sign of the language", "write `and`"),
    "|": ("`|` is not a sign of the language", "write `or`"),
    "^": ("there are no powers", "multiply: x * x"),
    "?": ("`?` is not a sign of the language", "write `a if c else b`"),
    ":": ("`:` is not a sign of the language", "write `a if c else b`"),
    "#": ("a comment can't stand inside a formula", "put it behind the closing quote"),
    "'": ("this quote isn't closed", "close it on the same line"),
    '"': ("this quote isn't closed", "close it on the same line"),
    "{": ("`{` is not a sign of the language", "declare the numbers as a table under [tables]"),
    ";": ("`;` is not a sign of the language", "write each value on a line of its own under [formula]"),
    ".": ("`.` is not a sign of the language", "use whole numbers and plain names"),
}


def tokens(text: str, line: str) -> list[Token]:
    """The tokens of a line's text, the last one END; FormulaFault at the first place that is no token."""
    if len(text) > MAX_LINE_CHARACTERS:
        why = f"{len(text):,} characters"
        raise FormulaFault(line, Span(0, 0), why, f"a line has at most {MAX_LINE_CHARACTERS:,}; break it into several")
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup == "wrong":
            written = text[place] if match is None else match[0]
            raise FormulaFault(line, Span(place, place + len(written)), *_stranger(written))
        if match.lastgroup != "space":
            found.append(_token(match, line))
        place = match.end()
    found.append(Token(Kind.END, "", Span(len(text), len(text))))
    return found


def quoted(text: str) -> str:
    """Text of a formula as messages show it: between backquotes, cut to a length that fits."""
    cut = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."
    return f"`{cut}`"


def _token(match: re.Match[str], line: str) -> Token:
    span = Span(match.start(), match.end())
    written = match[0]
    if match.lastgroup == "number":
        return Token(Kind.NUMBER, _number(written, line, span), span)
    if match.lastgroup == "name":
        return Token(Kind.SIGN if written in WORDS else Kind.NAME, written, span)
    if match.lastgroup == "string":
        return Token(Kind.STRING, written[1:-1], span)
    return Token(Kind.SIGN, written, span)


def _number(written: str, line: str, span: Span) -> str:
    """The digits of a natural number below 2^128."""
    if _DIGITS.fullmatch(written):
        digits = written.replace("_", "").lstrip("0") or "0"
        # 40 digits are more than 128 bits; int() of a long text would take quadratic time.
        if len(digits) >= 40 or int(digits).bit_length() > MAX_NUMBER_BITS:
            raise FormulaFault(line, span, "a number of more than 128 bits", "use smaller units")
        return digits
    if _FLOAT.fullmatch(written):
        decimal = _DECIMAL.fullmatch(written)
        remedy = "write whole numbers, and a fraction of x as x * 1 // 3"
        if decimal is not None:
            fraction = f"{int(decimal[1] + decimal[2])} // {10 ** len(decimal[2])}"
            remedy = f"for {written} of x write x * {fraction}; amounts of tokens stand under [amounts]"
        raise FormulaFault(line, span, f"{quoted(written)} is a float", remedy)
    remedy = "write digits only, with `_` between them if you like; a name starts with a letter"
    raise FormulaFault(line, span, f"{quoted(written)} is neither a number nor a name", remedy)


def _stranger(written: str) -> tuple[str, str]:
    """Why this is no token, and what to write."""
    if written in _MEANT:
        return _MEANT[written]
    shown = written if written.isprintable() else ascii(written)[1:-1]
    return f"`{shown}` is not a sign of the language", "use letters, digits and + - * // % == != < <= > >= ( ) [ ] ,"
