"""The proof file: deterministic CBOR of fixed-shape byte strings (SPEC §8.3).

`decode` checks the outer form only: size, types, canonical encoding. Lengths depend on the circuit; the verifier
checks every one of them before use. A proof carries no shape, height, parameter or verification key.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from typing import Any, NoReturn

import cbor2
import numpy as np
from numpy.typing import NDArray

from zkpay.errors import InputError, Rejected
from zkpay.stark.field import Extension, P

FORMAT = "zkpay/proof/v1"
# Twice the largest proof of any profile and size.
MAXIMUM_BYTES = 1 << 21
_MAXIMUM_ITEMS = 1 << 14
_STRINGS = (2, 3)
"""CBOR's major types of byte and text strings."""
_REMEDY = "give the payout.zkproof that `zkpay prove` wrote, or fetch it again"


@dataclass(frozen=True)
class TreeOpening:
    """Opened rows of one tree: rows and salts of each group (ascending positions), then sibling digests."""

    rows: tuple[bytes, ...]
    salts: tuple[bytes, ...]
    siblings: bytes


@dataclass(frozen=True)
class LayerOpening:
    """Opened fibres of one FRI layer (ascending), but for the entries that the verifier computes; sibling digests."""

    fibres: bytes
    siblings: bytes


@dataclass(frozen=True)
class Proof:
    """All that a prover sends. Field elements are 4 bytes little-endian, below P; digests are 32 bytes."""

    profile: str
    main_root: bytes
    auxiliary_root: bytes
    quotient_root: bytes
    out_of_domain: bytes
    layer_roots: tuple[bytes, ...]
    final_polynomial: bytes
    nonce: int
    trees: tuple[TreeOpening, ...]
    layers: tuple[LayerOpening, ...]

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        return cbor2.dumps({"format": FORMAT, **_plain(self)}, canonical=True)

    @staticmethod
    def from_bytes(data: bytes, source: str = "proof") -> Proof:
        """Read a proof; InputError naming `source` if it is none, Rejected if it is not in its one canonical form."""
        if len(data) > MAXIMUM_BYTES:
            raise InputError(f"{source}: {len(data)} bytes is over the limit of {MAXIMUM_BYTES} for a proof")
        _check_items(data, source)
        try:
            content = cbor2.CBORDecoder(
                io.BytesIO(data),
                max_depth=4,
                allow_indefinite=False,
                allow_duplicate_keys=False,
                strict_hashable_types=True,
                semantic_decoders=_NO_TAGS,
                tag_hook=_refuse_tag,
            ).decode()
        except Exception as error:
            # cbor2 raises a family of errors on hostile bytes; all of them mean the same here.
            raise InputError(f"{source}: not a proof, as it isn't CBOR ({type(error).__name__}); {_REMEDY}") from None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise InputError(f"{source}: not a proof, as it isn't a CBOR map with format {FORMAT!r}; {_REMEDY}")
        proof = Proof(
            profile=_typed(content, "profile", str),
            main_root=_typed(content, "main_root", bytes),
            auxiliary_root=_typed(content, "auxiliary_root", bytes),
            quotient_root=_typed(content, "quotient_root", bytes),
            out_of_domain=_typed(content, "out_of_domain", bytes),
            layer_roots=_byte_strings(_typed(content, "layer_roots", list), "layer_roots"),
            final_polynomial=_typed(content, "final_polynomial", bytes),
            nonce=_typed(content, "nonce", int),
            trees=tuple(
                TreeOpening(
                    _byte_strings(_typed(tree, "rows", list), "rows"),
                    _byte_strings(_typed(tree, "salts", list), "salts"),
                    _typed(tree, "siblings", bytes),
                )
                for tree in _maps(content, "trees")
            ),
            layers=tuple(
                LayerOpening(_typed(layer, "fibres", bytes), _typed(layer, "siblings", bytes))
                for layer in _maps(content, "layers")
            ),
        )
        if proof.to_bytes() != data:
            raise Rejected("proof-not-canonical", "the proof's bytes are not the one encoding of its content")
        return proof


def _check_items(data: bytes, source: str) -> None:
    """InputError for more CBOR items than a proof has: a decoder would make objects of sixty times their bytes."""
    place, items = 0, 0
    while place < len(data):
        kind, length = data[place] >> 5, data[place] & 31
        place += 1
        if length >= 24:
            width = 1 << (length - 24)
            length = int.from_bytes(data[place : place + width], "big")
            place += width
        place += length if kind in _STRINGS else 0
        items += 1
        if items > _MAXIMUM_ITEMS:
            raise InputError(f"{source}: not a proof, as it has more than {_MAXIMUM_ITEMS:,} items; {_REMEDY}")


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("a proof has no tags")


# cbor2 turns tags into big numbers, fractions, patterns and more, some in quadratic time. Every tag that it knows lies
# below 300 or is named here; the hook refuses the others.
_NO_TAGS = {tag: _refuse_tag for tag in (*range(300), 1004, 43000, 55799)}


def element_bytes(values: NDArray[np.uint32]) -> bytes:
    """Canonical field elements as little-endian words, in C order."""
    return np.ascontiguousarray(values, dtype="<u4").tobytes()


def parse_elements(data: bytes, count: int, what: str) -> NDArray[np.int64]:
    """`count` canonical field elements; Rejected on a wrong length or an element of P or more."""
    if len(data) != 4 * count:
        raise Rejected("wrong-length", f"{what}: {len(data)} bytes where {4 * count} belong")
    values = np.frombuffer(data, dtype="<u4").astype(np.int64)
    if bool((values >= P).any()):
        raise Rejected("non-canonical-element", f"{what}: a field element is not below the modulus")
    return values


def parse_extensions(data: bytes, count: int, what: str) -> list[Extension]:
    """`count` elements of the challenge field, five base elements each."""
    rows = parse_elements(data, 5 * count, what).reshape(count, 5).tolist()
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, (Proof, TreeOpening, LayerOpening)):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    return value


def _typed(content: Any, name: str, kind: type) -> Any:
    value = content.get(name) if isinstance(content, dict) else None
    if type(value) is not kind:
        raise InputError(f"proof: {name}: expected {kind.__name__}")
    return value


def _maps(content: dict[str, Any], name: str) -> list[Any]:
    entries: list[Any] = _typed(content, name, list)
    if len(entries) > 64:
        raise InputError(f"proof: {name}: too many entries")
    return entries


def _byte_strings(values: list[Any], name: str) -> tuple[bytes, ...]:
    if len(values) > 64 or any(type(value) is not bytes for value in values):
        raise InputError(f"proof: {name}: expected at most 64 byte strings")
    return tuple(values)
