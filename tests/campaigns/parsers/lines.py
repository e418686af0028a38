"""Changes to text files, by line, cell and word: policies in TOML, records in CSV and JSON lines, lists of payouts."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from tests.campaigns.parsers.trees import json_mutation

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|\S")
_NUMBERS = ("0", "1", "00", "-1", "9" * 18, "9" * 19, "9" * 64, "9" * 65, "1" + "0" * 38, "1_0", "0x1", "1.5")
_CELLS = (
    "", '"', '""', '"a\nb"', "\0", "\x1b[2J", "é" * 65, "a" * 129, "0x" + "00" * 20, "0x" + "zz" * 20, "ab" * 20,
    "accepted", "rejected", "duplicate", "superseded", "out_of_range", "undeclared", "r0", "r1", " r0", "\u202e",
    "\ufeff", "ff", "fff", "0xFF", "aa" * 70, "1e3", "nan", "\uff10", "|", "[", "(?", "\\", "%s", "{0}", "'", "=1+1",
)  # fmt: skip
_ENDS = ("\n", "\r\n", "\r", "\n\n", "\0", "\u2028")


def text_mutation(rng: random.Random, data: bytes, words: Sequence[str]) -> bytes:
    """Text with one to three changes of lines or words; `words` are put in as they are."""
    text = data.decode("utf-8", "replace")
    for _ in range(rng.choice((1, 1, 2, 3))):
        text = _line_change(rng, text) if rng.random() < 0.3 else _word_change(rng, text, words)
    return text.encode("utf-8", "surrogatepass")


def _line_change(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    place, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(6)
    if kind == 0:
        del lines[place]
    elif kind == 1:
        lines.insert(other, lines[place])
    elif kind == 2:
        lines[place], lines[other] = lines[other], lines[place]
    elif kind == 3:
        lines[place] += lines[other]
    elif kind == 4:
        lines[place : place + 1] = [lines[place]] * rng.choice((2, 20, 200))
    else:
        return text.replace("\n", rng.choice(_ENDS), rng.choice((1, -1)))
    return "\n".join(lines)


def _word_change(rng: random.Random, text: str, words: Sequence[str]) -> str:
    found = list(_WORD.finditer(text))
    if not found:
        return rng.choice(words)
    match, other = rng.choice(found), rng.choice(found)
    kind = rng.randrange(6)
    if kind == 0:
        new = ""
    elif kind == 1:
        new = other[0]
    elif kind == 2:
        new = rng.choice(_NUMBERS) if match[0].isdigit() else rng.choice(words)
    elif kind == 3:
        new = f"{match[0]} {rng.choice(words)} {other[0]}"
    elif kind == 4:
        start, stop = sorted((match.start(), other.end()))
        piece = text[start:stop][:400]
        return text[: match.start()] + piece + text[match.start() :]
    else:
        new = rng.choice(("(", "-", "not ", "[", '"')) * rng.choice((1, 2, 70)) + match[0]
    return text[: match.start()] + new + text[match.end() :]


def csv_mutation(rng: random.Random, data: bytes) -> bytes:
    """Rows of a CSV file with a cell, a column or a line changed."""
    if rng.random() < 0.2:
        return text_mutation(rng, data, _CELLS)
    rows = [line.split(",") for line in data.decode("utf-8", "replace").split("\n")]
    for _ in range(rng.choice((1, 1, 2, 3))):
        row = rng.choice(rows)
        place = rng.randrange(len(row))
        kind = rng.randrange(7)
        if kind == 0:
            row.insert(place, rng.choice(_CELLS))
        elif kind == 1 and len(row) > 1:
            del row[place]
        elif kind == 2:
            row[place] = rng.choice(_NUMBERS)
        elif kind == 3:
            row[place] = rng.choice(rng.choice(rows))
        elif kind == 4:
            row[place] = f'"{row[place]}' + rng.choice(('"', "", '""'))
        elif kind == 5:
            rows.append(list(row))
        else:
            row[place] = rng.choice(_CELLS)
    end = rng.choice(_ENDS) if rng.random() < 0.05 else "\n"
    return end.join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")


def jsonl_mutation(rng: random.Random, data: bytes) -> bytes:
    """JSON lines with one of them changed."""
    lines = data.split(b"\n")
    place = rng.randrange(len(lines))
    kind = rng.randrange(10)
    if kind == 0:
        lines[place] = lines[rng.randrange(len(lines))]
    elif kind == 1:
        lines.insert(place, rng.choice((b"", b"\r", b" ", b"\xff", b"[]", b"null", b"{}", b"\xef\xbb\xbf{}")))
    elif kind == 2:
        return text_mutation(rng, data, _CELLS)
    else:
        lines[place] = json_mutation(rng, lines[place])
    return b"\n".join(lines)
