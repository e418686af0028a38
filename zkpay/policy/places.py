"""Where the keys of a policy stand in its text, for messages (SPEC §9).

tomllib gives values without places, so a small index from key to line is made beside it. It needs to be
right for documents that tomllib accepts only, and serves messages only: nothing is decided by it.
"""

import re
from typing import Final, NamedTuple

from zkpay.policy.language.tree import Span

KeyPath = tuple[str | int, ...]

EXCERPT_CHARACTERS: Final = 100
"""Longer lines are cut around the place that is shown."""

_HEADER: Final = re.compile(r"\[\[?([^\]]+)\]")
_KEY: Final = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_ASSIGNMENT: Final = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")
_KEY_PART: Final = re.compile(_KEY)
_OPENING_QUOTE: Final = re.compile(r"""[ \t]*(?:\"{3}\n?|'{3}\n?|"|')""")


class Place(NamedTuple):
    """A place in a file: line and character from 1, the character 0 where it isn't known; text underlined."""

    line: int
    character: int
    excerpt: str


class Places:
    """The keys of a TOML text and their places."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._index = line_index(text)
        self._starts = [0]
        for line in text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def line_of(self, path: KeyPath) -> int:
        """The line of a key, or of the nearest table around it; 0 if there is none."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._index:
                return self._index[path[:length]]
        return 0

    def inside(self, path: KeyPath, value: str, span: Span) -> Place:
        """The place of some characters of the string that stands at a key.

        A string with escapes, or inside { }, gives the line of its key and no character.
        """
        start = self._value_start(path, value)
        if start is None:
            return Place(self.line_of(path), 0, underlined(value, span))
        span = Span(start + span.start, start + span.stop)
        line = self._text.count("\n", 0, span.start)
        return Place(line + 1, span.start - self._starts[line] + 1, underlined(self._text, span))

    def _value_start(self, path: KeyPath, value: str) -> int | None:
        """Where the first character of the string at this key stands in the text."""
        line = self.line_of(path)
        if line == 0:
            return None
        begin = self._starts[line - 1]
        assignment = _ASSIGNMENT.match(self._text, begin)
        if assignment is None or _parts(assignment[1])[-1:] != path[-1:]:
            return None
        quote = _OPENING_QUOTE.match(self._text, assignment.end())
        if quote is None or not self._text.startswith(value, quote.end()):
            return None
        return quote.end()


def underlined(text: str, span: Span) -> str:
    """The line of the text in which a span starts, and a second line with ^^^ below the span."""
    begin = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.start)
    end = len(text) if end == -1 else end
    start, stop = span.start - begin, max(min(span.stop, end), span.start + 1) - begin
    line = "".join(letter if letter.isprintable() else " " for letter in text[begin:end])
    if len(line) > EXCERPT_CHARACTERS:
        cut = max(0, min(start - EXCERPT_CHARACTERS // 3, len(line) - EXCERPT_CHARACTERS))
        shown = line[cut : cut + EXCERPT_CHARACTERS]
        before, after = "..." if cut else "", "..." if cut + len(shown) < len(line) else ""
        line = before + shown + after
        start, stop = start - cut + len(before), min(stop - cut, len(shown)) + len(before)
    return f"{line.rstrip()}\n{' ' * start}{'^' * (stop - start)}"


def dotted(path: KeyPath) -> str:
    """A key path as people write it: `fields.kind.values[2]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def line_index(text: str) -> dict[KeyPath, int]:
    """Key path -> line, for every table header and assignment outside multi-line strings."""
    lines: dict[KeyPath, int] = {}
    section: KeyPath = ()
    inside_string = False
    for number, line in enumerate(text.split("\n"), start=1):
        opened_inside = inside_string
        if (line.count('"""') + line.count("'''")) % 2:
            inside_string = not inside_string
        if opened_inside:
            continue
        assignment = _ASSIGNMENT.match(line)
        header = None if assignment else _HEADER.match(line.strip())
        if header:
            section = _parts(header[1])
            lines.setdefault(section, number)
        elif assignment:
            path = section + _parts(assignment[1])
            for length in range(len(section) + 1, len(path) + 1):
                lines.setdefault(path[:length], number)
    return lines


def _parts(key: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in _KEY_PART.findall(key))
