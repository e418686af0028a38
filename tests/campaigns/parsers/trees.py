"""Changes to decoded content, JSON's or CBOR's: a field lost, doubled, of another type, too large, one bit off.

Bytes alone seldom get past a decoder; content that is decoded, changed and encoded again nearly always does, and tries
what stands behind it.
"""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import cbor2

from zkpay.stark.field import P

Path = tuple[Any, ...]

_TEXTS = ("", "0", "00", "-1", "1e9", "9" * 81, "9" * 5000, "\x00", "\ud800", "é", "\u202e", "a" * 300, "0x", "ff" * 32)
_NUMBERS = (0, 1, -1, P - 1, P, P + 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**63, 2**64 - 1, 2**64, 10**40)


def places(content: Any, path: Path = ()) -> list[Path]:
    """The path to every value, containers too."""
    found = [path]
    if isinstance(content, dict):
        for key, entry in content.items():
            found += places(entry, (*path, key))
    elif isinstance(content, list):
        for index, entry in enumerate(content):
            found += places(entry, (*path, index))
    return found


def changed(rng: random.Random, content: Any) -> Any:
    """A copy of the content with one to three changes."""
    content = copy.deepcopy(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        path = rng.choice(places(content))
        if not path:
            continue
        holder = content
        for key in path[:-1]:
            holder = holder[key]
        _change(rng, holder, path[-1], content)
    return content


def _change(rng: random.Random, holder: Any, key: Any, whole: Any) -> None:
    kind = rng.randrange(8)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, list):
        holder.insert(rng.randrange(len(holder) + 1), copy.deepcopy(holder[key]))
    elif kind == 1:
        holder[rng.choice(("", "x", "format", str(key) + "x", "é", "\ue000", "\U0001f600"))] = holder[key]
    elif kind == 2 and isinstance(holder, list) and len(holder) > 1:
        other = rng.randrange(len(holder))
        holder[key], holder[other] = holder[other], holder[key]
    elif kind == 3:
        holder[key] = any_value(rng)
    elif kind == 4:
        path = rng.choice(places(whole))
        value = whole
        for step in path:
            value = value[step]
        holder[key] = copy.deepcopy(value)
    else:
        holder[key] = _nearby(rng, holder[key])


def any_value(rng: random.Random) -> Any:
    """A value of any type, mostly near an edge."""
    kinds: tuple[Any, ...] = (None, True, False, [], {}, rng.choice(_TEXTS), rng.choice(_NUMBERS), 0.5, [[]], {"": 0})
    return rng.choice(kinds)


def _nearby(rng: random.Random, value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice((value + 1, value - 1, value ^ 1 << rng.randrange(64), value + P, rng.choice(_NUMBERS)))
    if isinstance(value, bytes):
        return _nearby_bytes(rng, value)
    if isinstance(value, str):
        if value.isdigit() and rng.random() < 0.7:
            return rng.choice((str(int(value[:4000]) + rng.choice((1, -1))), "0" + value, value + "0", value[1:]))
        place = rng.randrange(len(value) + 1)
        edited = value[:place] + rng.choice("0f9A \n\0é") + value[place + 1 :]
        return rng.choice((edited, rng.choice(_TEXTS), value[:-1]))
    if isinstance(value, list):
        return value[: rng.randrange(len(value) + 1)] or value * rng.choice((0, 2, 70))
    if isinstance(value, dict):
        return dict(list(value.items())[: rng.randrange(len(value) + 1)])
    return any_value(rng)


def _nearby_bytes(rng: random.Random, value: bytes) -> bytes:
    if not value:
        return rng.randbytes(rng.choice((1, 4, 32)))
    place = rng.randrange(len(value))
    word = place // 4 * 4
    return rng.choice(
        (
            value[:place] + bytes([value[place] ^ 1 << rng.randrange(8)]) + value[place + 1 :],
            # An element that is not below the modulus.
            value[:word] + P.to_bytes(4, "little") + value[word + 4 :],
            value[: -rng.choice((1, 4, 32))],
            value + rng.randbytes(rng.choice((1, 4, 32))),
            bytes(len(value)),
            b"",
        )
    )


def json_mutation(rng: random.Random, data: bytes) -> bytes:
    """JSON text of changed content, in its canonical form or almost; data that is no JSON is cut."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return data[: rng.randrange(len(data) + 1)]
    return json_text(rng, changed(rng, content))


def json_text(rng: random.Random, content: Any) -> bytes:
    """Sorted keys and no spaces mostly, and sometimes not."""
    form = rng.randrange(10)
    text = json.dumps(
        content,
        ensure_ascii=form == 0,
        sort_keys=form != 1 and not (isinstance(content, dict) and not all(isinstance(key, str) for key in content)),
        separators=(", ", ": ") if form == 2 else (",", ":"),
    )
    if form == 3 and text.startswith("{") and len(text) > 2:
        text = text[:-1] + "," + text[1:]  # every key twice
    return text.encode("utf-8", "surrogatepass")


def cbor_mutation(rng: random.Random, data: bytes) -> bytes:
    """CBOR of changed content, canonical or almost; data that is no CBOR is cut."""
    try:
        encoded = cbor2.dumps(changed(rng, cbor2.loads(data)), canonical=rng.random() < 0.9)
    except Exception:
        # Tags, halves of surrogate pairs and more that only decodes, only encodes, or can't be copied.
        return data[: rng.randrange(len(data) + 1)]
    return encoded if rng.random() < 0.95 else encoded + rng.randbytes(1)
