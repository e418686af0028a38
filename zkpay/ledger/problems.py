"""What is wrong with an input file, in a form that a person can act on (SPEC §9).

Every problem names the file, the line, the column or key, the value as written, why it is refused and what
to do. A reader collects problems and raises them together, so that one run shows what there is to mend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zkpay.errors import InputError

MAX_PROBLEMS: Final = 100
"""More than this many are counted, not listed."""

_SHOWN_CHARACTERS: Final = 80
_SHOWN_NAME: Final = 200
"""A key of a policy is a path of several names."""


class Bare(str):
    """A value that a file writes without quotes; messages show it so."""

    __slots__ = ()


@dataclass(frozen=True)
class Problem:
    """One finding. `line` counts from 1 (0: the whole file); `value` is as written, or None where there is
    none. `column` is a column's name or a key; `character` is the place in the line, from 1 (0: not known), and
    `excerpt` the text there, with a second line that underlines the place, or nothing.
    """

    source: str
    line: int
    column: str
    value: str | None
    why: str
    remedy: str
    line_word: str = "line"
    character: int = 0
    excerpt: str = ""

    def __str__(self) -> str:
        place = self.source if self.line == 0 else f"{self.source}, {self.line_word} {self.line}"
        if self.character:
            place += f", column {self.character}"
        subject = _cut(self.column, _SHOWN_NAME)
        if self.value is not None:
            subject = f"{subject} = {shown(self.value)}".lstrip(" =")
        said = printable(f"{place}: {subject + ': ' if subject else ''}{self.why}; {self.remedy}")
        return "\n    ".join([said, *self.excerpt.splitlines()])


def shown(value: str) -> str:
    """The value in quotes if the file has them, control characters escaped, cut to a length that fits a message."""
    escaped = printable(_cut(value, _SHOWN_CHARACTERS))
    return escaped if isinstance(value, Bare) else f'"{escaped}"'


def printable(text: str) -> str:
    """The text on one line, with all escaped that could do something to a terminal: a stranger may have written it."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "..."


class MalformedFile(InputError):  # noqa: N818 - the finding's own word
    """An input file with problems; nothing of it was used.  `problems` holds at most MAX_PROBLEMS of them."""

    def __init__(self, problems: Sequence[Problem], total: int | None = None) -> None:
        """`total`: how many there are, if more than are listed."""
        self.problems = tuple(problems[:MAX_PROBLEMS])
        self.total = len(problems) if total is None else total
        lines = [str(problem) for problem in self.problems]
        if self.total > 1:
            lines.insert(0, f"{self.problems[0].source}: {self.total:,} errors, nothing was read")
        if self.total > len(self.problems):
            lines.append(f"... and {self.total - len(self.problems):,} more")
        super().__init__("\n".join(lines))
