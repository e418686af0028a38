"""The names of a policy: which words are taken, and which name was probably meant (SPEC §8.1.1)."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from zkpay.policy.language.syntax_tokens import WORDS, quoted

FUNCTIONS: Final = {
    "min": "min(a, b)",
    "max": "max(a, b)",
    "clamp": "clamp(x, low, high)",
    "isqrt": "isqrt(x)",
    "round_div": "round_div(a, b)",
    "ceil_div": "ceil_div(a, b)",
    "tiers": "tiers(x, [(100, 3), (rest, 1)])",
    "sum": "sum(x)",
    "count": "count()",
    "total": "total(x)",
}
"""The functions of the language, and how each is written."""

REST_WORD: Final = "rest"
POOL: Final = "pool"
PAYOUT: Final = "payout"
RESERVED: Final = frozenset({*WORDS, *FUNCTIONS, REST_WORD, POOL})
"""Names that a policy can't give to anything of its own."""

MAX_NAME_CHARACTERS: Final = 64

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")

_OTHER_LANGUAGES: Final = {
    "sqrt": "isqrt(x), the root rounded down",
    "root": "isqrt(x), the root rounded down",
    "round": "round_div(a, b)",
    "ceil": "ceil_div(a, b)",
    "floor": "a // b, which rounds down",
    "div": "a // b",
    "mod": "a % b",
    "pow": "x * x",
    "avg": "sum(x) // count()",
    "mean": "sum(x) // count()",
    "average": "sum(x) // count()",
    "len": "count()",
    "abs": "a - b if a >= b else b - a",
    "int": "it without int(): all numbers are whole",
}
"""Functions that people know from elsewhere, and what to write here."""


def is_plain(name: str) -> bool:
    """Whether the name can stand in a formula without quotes."""
    return _NAME.fullmatch(name) is not None and name not in RESERVED


def name_fault(name: str) -> tuple[str, str] | None:
    """Why a policy can't give this name to a field, table, constant, amount, pool or line, and the remedy."""
    if name in RESERVED:
        return f"{quoted(name)} is a word of the formula language", "choose another name"
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME_CHARACTERS:
        return "not a name", f"use at most {MAX_NAME_CHARACTERS} lower-case letters, digits and `_`, no digit first"
    return None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one, if any does."""
    if len(name) > MAX_NAME_CHARACTERS:
        return None  # difflib takes quadratic time
    found = get_close_matches(name.lower(), sorted(known), n=1, cutoff=0.6)
    return found[0] if found else None


def function_remedy(name: str) -> str:
    """What to write for a function that the language doesn't have."""
    if name.lower() in _OTHER_LANGUAGES:
        return f"write {_OTHER_LANGUAGES[name.lower()]}"
    near = nearest(name, FUNCTIONS)
    return f"did you mean {FUNCTIONS[near]}?" if near else f"the functions are {', '.join(FUNCTIONS)}"
