"""A proof file taken apart into what can be changed and written again, well formed or not.

cbor2 reads it; it is written here, as cbor2 writes only what is well formed: an attacker's file may hold a key twice, a
number in a longer form or a string in pieces. A file that nothing was changed in is written byte for byte as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cbor2

UNSIGNED, NEGATIVE, BYTES, TEXT, LIST, MAP, TAG, SIMPLE = range(8)
"""CBOR's major types (RFC 8949, section 3.1)."""
SHORTEST = 0
INDEFINITE_END = b"\xff"

Value = Any
"""A Map, a list, bytes, a text, a number or Raw."""
Step = int | str
"""A key of a map or a place in a list."""


@dataclass
class Map:
    """A map as it stands in a file: entries [key, value] in their order, any key any number of times."""

    entries: list[list[Value]]

    def place_of(self, key: str) -> int:
        """Where the first entry of `key` stands."""
        return next(place for place, entry in enumerate(self.entries) if entry[0] == key)

    def get(self, key: str) -> Value:
        """The value of the first entry of `key`."""
        return self.entries[self.place_of(key)][1]

    def put(self, key: str, value: Value) -> None:
        """Change the value of `key`, or enter it where the canonical order has it."""
        if any(entry[0] == key for entry in self.entries):
            self.entries[self.place_of(key)][1] = value
        else:
            self.entries.append([key, value])
            self.entries.sort(key=lambda entry: (len(write(entry[0])), write(entry[0])))


@dataclass(frozen=True)
class Raw:
    """Bytes that stand in a file as they are."""

    data: bytes


File = list
"""What stands in a file, one behind the other; a proof is a file of one map."""


def read(data: bytes) -> File:
    """A canonical file in parts; nothing in it is shared with another reading but byte strings and numbers."""
    return [_taken_apart(cbor2.loads(data))]


def _taken_apart(value: Value) -> Value:
    if isinstance(value, dict):
        return Map([[key, _taken_apart(entry)] for key, entry in value.items()])
    if isinstance(value, list):
        return [_taken_apart(entry) for entry in value]
    return value


def write_file(file: File) -> bytes:
    """The bytes of a file."""
    return b"".join(write(value) for value in file)


def write(value: Value) -> bytes:
    """The bytes of a value, each head in its shortest form."""
    match value:
        case Raw():
            return value.data
        case Map():
            return head(MAP, len(value.entries)) + b"".join(write(part) for entry in value.entries for part in entry)
        case list():
            return head(LIST, len(value)) + b"".join(write(entry) for entry in value)
        case bytes():
            return head(BYTES, len(value)) + value
        case str():
            return head(TEXT, len(value.encode())) + value.encode()
        case bool() | None:
            return cbor2.dumps(value)
        case int() if 0 <= value < 1 << 64:
            return head(UNSIGNED, value)
        case _:
            return cbor2.dumps(value)


def head(major: int, number: int, width: int = SHORTEST) -> bytes:
    """A head with its argument in `width` bytes (1, 2, 4 or 8), or in the fewest."""
    if width == SHORTEST:
        if number < 24:
            return bytes([major << 5 | number])
        width = next(size for size in (1, 2, 4, 8) if number < 1 << 8 * size)
    return bytes([major << 5 | 23 + width.bit_length()]) + number.to_bytes(width, "big")


def in_pieces(value: Value) -> bytes:
    """A string, list or map of indefinite length."""
    match value:
        case Map():
            inside = b"".join(write(part) for entry in value.entries for part in entry)
            return bytes([MAP << 5 | 31]) + inside + INDEFINITE_END
        case list():
            return bytes([LIST << 5 | 31]) + b"".join(write(entry) for entry in value) + INDEFINITE_END
        case bytes() | str():
            half = len(value) // 2
            major = BYTES if isinstance(value, bytes) else TEXT
            return bytes([major << 5 | 31]) + write(value[:half]) + write(value[half:]) + INDEFINITE_END
        case _:
            raise TypeError(f"{type(value).__name__} has no indefinite length")


def widened(value: Value, width: int) -> bytes | None:
    """A value with its outermost head in `width` bytes; None where that is the shortest form or too short."""
    match value:
        case Map():
            major, number = MAP, len(value.entries)
        case list():
            major, number = LIST, len(value)
        case bytes():
            major, number = BYTES, len(value)
        case str():
            major, number = TEXT, len(value.encode())
        case _:
            major, number = UNSIGNED, value
    shortest = head(major, number)
    if number >= 1 << 8 * width or len(shortest) >= 1 + width:
        return None
    return head(major, number, width) + write(value)[len(shortest) :]


class Place:
    """A value in a file, by the steps from the file's one map; it can be changed where it stands."""

    def __init__(self, file: File, steps: tuple[Step, ...]) -> None:
        self.file = file
        self.steps = steps
        self.container: Map | list = file
        self.index = 0
        for step in steps:
            inner = self.value
            if isinstance(step, str):
                self.container, self.index = inner, inner.place_of(step)
            else:
                self.container, self.index = inner, step

    @property
    def entries(self) -> list:
        """The entries of the container that the value stands in: [key, value] pairs in a map."""
        return self.container.entries if isinstance(self.container, Map) else self.container

    @property
    def value(self) -> Value:
        entry = self.entries[self.index]
        return entry[1] if isinstance(self.container, Map) else entry

    @value.setter
    def value(self, value: Value) -> None:
        if isinstance(self.container, Map):
            self.container.entries[self.index][1] = value
        else:
            self.container[self.index] = value


def places(file: File) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Every value in a file: its path, as `trees[].rows[]`, and the steps to it. The path of the whole is empty."""
    yield from _below(file[0], "", ())


def _below(value: Value, path: str, steps: tuple[Step, ...]) -> Iterator[tuple[str, tuple[Step, ...]]]:
    yield path, steps
    if isinstance(value, Map):
        for key, entry in value.entries:
            yield from _below(entry, f"{path}.{key}" if path else key, (*steps, key))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _below(entry, f"{path}[]", (*steps, number))
