"""The text of a policy: TOML without floats, within limits that keep a stranger's file harmless (SPEC §8.1.1)."""

import re
import tomllib
from typing import Any, Final

from zkpay.ledger.problems import Bare, MalformedFile, Problem
from zkpay.policy.places import KeyPath, Places, dotted

MAX_POLICY_BYTES: Final = 2**18
"""Room for a table of 4096 large entries."""
# A policy nests three deep and holds numbers of at most 128 bits. A stranger's file may try more, to make the reader
# slow or deep: it's refused before anything else looks at it.
MAX_DEPTH: Final = 8
# tomllib takes time quadratic in the parts of a dotted key, and so may any search in a long line.
MAX_LINE: Final = 2**13
MAX_DOTS: Final = 128
MAX_INTEGER_BITS: Final = 256
_CHARACTERS_A_DOT: Final = 6
"""A value such as "a.1" in a list has so many characters for one dot."""

_SYNTAX_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")


class FloatText(Bare):
    """A TOML float as written; a type of its own, so that the reader can name and refuse it."""

    __slots__ = ()


def parse_toml(text: bytes, source: str) -> tuple[dict[str, Any], Places]:
    """The document and the places of its keys; MalformedFile if it isn't TOML in UTF-8, or holds a float."""
    if len(text) > MAX_POLICY_BYTES:
        raise _malformed(source, 0, f"{len(text):,} bytes", f"a policy has at most {MAX_POLICY_BYTES:,}")
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise _malformed(source, line, "not UTF-8", "save the file as UTF-8") from error
    # Lines as tomllib sees them; splitlines() takes other characters for line ends as well.
    long = next((n for n, line in enumerate(decoded.split("\n"), start=1) if len(line) > MAX_LINE), None)
    if long is not None:
        raise _malformed(source, long, f"a line of over {MAX_LINE:,} characters", "break it")
    dotted_line = next((n for n, line in enumerate(decoded.split("\n"), start=1) if line.count(".") > MAX_DOTS), None)
    if dotted_line is not None:
        raise _malformed(source, dotted_line, f"more than {MAX_DOTS} dots in a line", "break it")
    dots = decoded.count(".")
    if dots > MAX_DOTS + len(decoded) // _CHARACTERS_A_DOT:
        # Each part of a dotted key becomes a table of its own.
        raise _malformed(source, 0, f"{dots:,} dots", "write tables instead of dotted keys")
    if not decoded.strip():
        raise _malformed(source, 0, "the file is empty", "write a policy into it")
    try:
        document = tomllib.loads(decoded, parse_float=FloatText)
    except (ValueError, RecursionError) as error:
        place = _SYNTAX_PLACE.search(str(error))
        line = 0 if place is None else int(place[1] or decoded.rstrip("\n").count("\n") + 1)
        column = 0 if place is None else int(place[2] or 0)
        why = f"not TOML: {_SYNTAX_PLACE.sub('', str(error))}"
        problem = Problem(source, line, "", None, why, "mend the syntax", character=column)
        raise MalformedFile([problem]) from error
    leaves = _leaves(document, source)
    places = Places(decoded)
    problems = [
        Problem(source, places.line_of(path), dotted(path), value, "a float", f'write it as a string: "{value}"')
        if isinstance(value, FloatText)
        else Problem(source, places.line_of(path), dotted(path), None, "a number too large", "no policy needs it")
        for path, value in leaves
        if isinstance(value, FloatText) or (isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS)
    ]
    if problems:
        raise MalformedFile(problems)
    return document, places


def _leaves(document: object, source: str) -> list[tuple[KeyPath, object]]:
    """All values but tables and arrays, in the order of the document; MalformedFile if one lies too deep."""
    found: list[tuple[KeyPath, object]] = []
    pending: list[tuple[KeyPath, object]] = [((), document)]
    while pending:
        path, value = pending.pop()
        if len(path) > MAX_DEPTH:
            raise _malformed(source, 0, f"nested more than {MAX_DEPTH} deep", "a policy nests three deep")
        if isinstance(value, dict):
            pending.extend(((*path, key), entry) for key, entry in reversed(value.items()))
        elif isinstance(value, list):
            pending.extend(((*path, index), value[index]) for index in reversed(range(len(value))))
        else:
            found.append((path, value))
    return found


def _malformed(source: str, line: int, why: str, remedy: str) -> MalformedFile:
    return MalformedFile([Problem(source, line, "", None, why, remedy)])
