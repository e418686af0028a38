"""The eleven kinds of change at one place of a proof (manifest.KINDS), each in several ways that chance picks from.

A change may happen to leave the file as it was, a swap of two equal parts say; whoever counts compares the bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import cbor2

from tests.campaigns.proofs.document import (
    BYTES,
    TAG,
    TEXT,
    File,
    Map,
    Place,
    Raw,
    head,
    in_pieces,
    places,
    widened,
    write,
    write_file,
)
from tests.campaigns.proofs.manifest import ELEMENT, MANIFEST, Field, Sort
from zkpay.stark.field import P
from zkpay.stark.parameters import PROFILES

FOREIGN_KEYS = (
    "queries", "grinding_bits", "blowup", "height", "heights", "degree_bits", "arities", "final_length", "circuit",
    "policy_digest", "statement", "publics", "sum", "salts", "version", "", "Nonce", "nonce ",
)  # fmt: skip
"""What other provers' files tell the verifier about parameters and shapes, and what looks like a key."""
OTHER_FORMATS = ("zkpay/statement/v1", "zkpay/commitment/v1", "zkpay/proof/v0", "zkpay/proof/v2", "zkpay/proof")
TAGS = (0, 1, 2, 3, 4, 5, 21, 22, 23, 24, 25, 28, 29, 30, 35, 37, 64, 100, 256, 258, 260, 1004, 43000, 55799, 2**32)

Dice = random.Random
Change = Callable[[Place, Field, Dice, Sequence[File]], None]


def _offset(place: Place, field: Field, dice: Dice, _: Sequence[File]) -> None:
    value = place.value
    if field.sort is Sort.NUMBER:
        place.value = dice.choice([value + 1, value - 1, value + P, value + 2**32, value + 2**64, -1 - value])
        return
    start, part = _part(value, ELEMENT if field.elements else field.unit, dice)
    if not part:
        return
    number = int.from_bytes(part, "little")
    if field.elements:
        # P more is the same element once more, and still fits four bytes.
        number = dice.choice([(number + 1) % P, (number - 1) % P, (P - number) % P, number + P])
    else:
        number = (number + dice.choice([1, -1])) % 256 ** len(part)
    place.value = value[:start] + number.to_bytes(len(part), "little") + value[start + len(part) :]


def _flip(place: Place, field: Field, dice: Dice, _: Sequence[File]) -> None:
    if field.sort is Sort.NUMBER:
        place.value ^= 1 << dice.randrange(64)
        return
    data = bytearray(place.value.encode() if field.sort is Sort.TEXT else place.value)
    if not data:
        return
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    place.value = bytes(data) if field.sort is Sort.STRING else Raw(head(TEXT, len(data)) + bytes(data))


def _zero(place: Place, field: Field, dice: Dice, _: Sequence[File]) -> None:
    value = place.value
    if field.sort is Sort.STRING and dice.random() < 0.5:
        start, part = _part(value, field.unit, dice)
        place.value = value[:start] + bytes(len(part)) + value[start + len(part) :]
    else:
        place.value = _zeroed(value)


def _zeroed(value: Any) -> Any:
    match value:
        case Map():
            return Map([[key, _zeroed(entry)] for key, entry in value.entries])
        case list():
            return [_zeroed(entry) for entry in value]
        case bytes():
            return bytes(len(value))
        case str():
            return "\0" * len(value)
        case _:
            return 0


def _remove(place: Place, field: Field, dice: Dice, _: Sequence[File]) -> None:
    if field.sort is Sort.STRING and dice.random() < 0.5:
        start, part = _part(place.value, field.unit, dice)
        place.value = place.value[:start] + place.value[start + len(part) :]
    else:
        del place.entries[place.index]


def _duplicate(place: Place, field: Field, dice: Dice, _: Sequence[File]) -> None:
    if field.sort is Sort.STRING and dice.random() < 0.5:
        start, part = _part(place.value, field.unit, dice)
        place.value = place.value[:start] + part + place.value[start:]
    else:
        entry = place.entries[place.index]
        place.entries.insert(dice.choice([place.index, len(place.entries)]), _copied(entry))


def _swap(place: Place, field: Field, dice: Dice, _: Sequence[File]) -> None:
    value, entries = place.value, place.entries
    if field.sort is Sort.STRING and len(value) >= 2 * field.unit and dice.random() < 0.5:
        start = field.unit * dice.randrange(len(value) // field.unit - 1)
        middle, stop = start + field.unit, start + 2 * field.unit
        place.value = value[:start] + value[middle:stop] + value[start:middle] + value[stop:]
        return
    other = (place.index + 1) % len(entries)
    if isinstance(place.container, Map):
        entries[place.index][1], entries[other][1] = entries[other][1], entries[place.index][1]
    else:
        entries[place.index], entries[other] = entries[other], entries[place.index]


def _truncate(place: Place, field: Field, dice: Dice, _: Sequence[File]) -> None:
    value = place.value
    if not place.steps:
        data = write_file(place.file)
        place.file[:] = [Raw(data[: dice.randrange(len(data))])]
    elif isinstance(value, Map):
        del value.entries[dice.choice([-1, 0])]
    elif len(value):
        length = dice.choice([1, min(field.unit, len(value)), (len(value) + 1) // 2, len(value)])
        place.value = dice.choice([value[length:], value[: len(value) - length]])


def _extend(place: Place, field: Field, dice: Dice, _: Sequence[File]) -> None:
    value = place.value
    if not place.steps and dice.random() < 0.5:
        data = write_file(place.file)
        place.file.append(Raw(dice.choice([b"\0", b"\xf6", b"\xff", bytes(32), data[:40], data])))
    elif isinstance(value, Map):
        value.put(dice.choice(FOREIGN_KEYS), dice.choice([0, 1, b"", bytes(32), [], "default", None]))
    elif isinstance(value, list):
        empty = Map([]) if value and isinstance(value[0], Map) else b""
        more = dice.choice([[empty], [_copied(dice.choice(value))] if value else [bytes(32)], _copied(value)])
        place.value = dice.choice([value + more, more + value])
    elif isinstance(value, str):
        place.value = dice.choice([value + "\0", value + " ", " " + value, value * 2])
    else:
        length = dice.choice([1, ELEMENT, field.unit, len(value)])
        more = dice.choice([bytes(length), value[:length], value[len(value) - length :]])
        place.value = dice.choice([value + more, more + value])


def _replace(place: Place, field: Field, dice: Dice, donors: Sequence[File]) -> None:
    path = path_of(place)
    if field.sort is Sort.TEXT:
        place.value = dice.choice(OTHER_FORMATS if path == "format" else sorted(set(PROFILES) - {place.value}))
        return
    donor = dice.choice(donors)
    same = [steps for other, steps in places(donor) if other == path]
    steps = place.steps if place.steps in same and dice.random() < 0.8 else dice.choice(same)
    place.value = _copied(Place(donor, steps).value)


def _permute(place: Place, field: Field, dice: Dice, _: Sequence[File]) -> None:
    value = place.value
    if field.sort is Sort.NUMBER:
        place.value = int.from_bytes((value % 2**64).to_bytes(8, "little"), "big")
    elif isinstance(value, Map):
        dice.shuffle(value.entries)
    elif isinstance(value, list):
        dice.shuffle(value)
    elif isinstance(value, str):
        place.value = "".join(dice.sample(value, len(value)))
    else:
        unit = dice.choice([1, ELEMENT, field.unit])
        parts = [value[start : start + unit] for start in range(0, len(value), unit)]
        place.value = dice.choice([b"".join(dice.sample(parts, len(parts))), b"".join(reversed(parts))])


def _encode(place: Place, field: Field, dice: Dice, _: Sequence[File]) -> None:
    value = place.value
    plain = write(value)
    options: list[bytes | None] = [widened(value, width) for width in (1, 2, 4, 8)]
    options += [head(TAG, tag) + plain for tag in dice.sample(TAGS, 4)]
    options += [head(BYTES, len(plain)) + plain, head(TAG, 24) + head(BYTES, len(plain)) + plain]
    options += [b"\x81" + plain, b"\xf6", b"\xf7", b"\xf4", b"\xf8\xff", b"\xfb\x7f\xf8" + bytes(6), b"\x60", b"\x80"]
    if field.sort is not Sort.NUMBER:
        options.append(in_pieces(value))
    match value:
        case Map():
            options.append(write([_copied(entry) for entry in value.entries]))
            options.append(write(Map([[key.encode(), entry] for key, entry in value.entries])))
            options.append(write(Map([[Raw(widened(key, 1) or write(key)), entry] for key, entry in value.entries])))
        case list():
            options.append(write(Map([[number, entry] for number, entry in enumerate(value)])))
        case bytes():
            options += [write(list(value)), head(TEXT, len(value)) + value, write(value.hex())]
        case str():
            options.append(write(value.encode()))
        case int():
            large = max(value.bit_length() + 7, 8) // 8
            options += [
                head(TAG, 2) + write(value.to_bytes(large, "big")),
                head(TAG, 2) + write(value.to_bytes(9, "big")),
            ]
            options += [cbor2.dumps(float(value)), write(str(value)), write(value.to_bytes(8, "little"))]
    place.value = Raw(dice.choice([option for option in options if option is not None]))


CHANGES: dict[str, Change] = {
    "offset": _offset,
    "flip": _flip,
    "zero": _zero,
    "remove": _remove,
    "duplicate": _duplicate,
    "swap": _swap,
    "truncate": _truncate,
    "extend": _extend,
    "replace": _replace,
    "permute": _permute,
    "encode": _encode,
}


def path_of(place: Place) -> str:
    """A place's path, as the manifest has it."""
    path = ""
    for step in place.steps:
        path += "[]" if isinstance(step, int) else f".{step}" if path else step
    return path


def change(place: Place, kind: str, dice: Dice, donors: Sequence[File]) -> None:
    """Change a place in one of the ways of a kind."""
    CHANGES[kind](place, MANIFEST[path_of(place)], dice, donors)


def _part(data: bytes, unit: int, dice: Dice) -> tuple[int, bytes]:
    """One part of a byte string and where it starts; the last may be shorter, an empty string has an empty one."""
    if not data:
        return 0, b""
    start = unit * dice.randrange(-(-len(data) // unit))
    return start, data[start : start + unit]


def _copied(value: Any) -> Any:
    if isinstance(value, Map):
        return Map([_copied(entry) for entry in value.entries])
    if isinstance(value, list):
        return [_copied(entry) for entry in value]
    return value
