"""Every place in a proof, what stands there, and why a kind of change doesn't apply to it.

The places follow from the types of `Proof` and from a proof as written; a field that is new in either and isn't listed
here fails a test, and so does a kind of change that is neither made nor explained.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

from zkpay.stark.field import EXTENSION_DEGREE

ELEMENT, SALT, DIGEST = 4, 16, 32
KINDS = (
    "offset",
    "flip",
    "zero",
    "remove",
    "duplicate",
    "swap",
    "truncate",
    "extend",
    "replace",
    "permute",
    "encode",
)
"""offset: a number, element or digest a little off, or the same number modulo P. swap: with a neighbour. replace: by
what stands there in another valid proof. encode: the same as another type, or in another encoding."""


class Sort(Enum):
    """What stands in a place."""

    TEXT = "text"
    NUMBER = "number"
    STRING = "byte string"
    LIST = "list"
    MAP = "map"


@dataclass(frozen=True)
class Field:
    """unit: bytes of one part of a byte string. elements: whether its parts are made of field elements. without: kinds
    of change that don't apply, each with the reason."""

    sort: Sort
    unit: int = 1
    elements: bool = False
    without: dict[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of change that are made here."""
        return tuple(kind for kind in KINDS if kind not in self.without)


def _text() -> Field:
    return Field(Sort.TEXT, without={"offset": "a text is no number; other names stand under replace"})


def _list() -> Field:
    return Field(
        Sort.LIST,
        without={
            "offset": "a list is no number; its length changes under truncate, extend, remove and encode",
            "flip": "a list has no bits of its own but its head, which encode and the changes of every byte reach",
        },
    )


def _map(**more: str) -> Field:
    return Field(
        Sort.MAP,
        without={
            "offset": "a map is no number",
            "flip": "a map has no bits of its own but its head, which encode and the changes of every byte reach",
            **more,
        },
    )


def _string(unit: int, *, elements: bool = False) -> Field:
    return Field(Sort.STRING, unit, elements)


MANIFEST: dict[str, Field] = {
    "": _map(
        swap="the whole has no neighbour",
        replace="another proof of the same statement, whole, is an honest proof made with the witness; with the same"
        " witness there are as many as there are seeds",
    ),
    "format": _text(),
    "profile": _text(),
    "main_root": _string(DIGEST),
    "auxiliary_root": _string(DIGEST),
    "quotient_root": _string(DIGEST),
    "out_of_domain": _string(ELEMENT * EXTENSION_DEGREE, elements=True),
    "layer_roots": _list(),
    "layer_roots[]": _string(DIGEST),
    "final_polynomial": _string(ELEMENT * EXTENSION_DEGREE, elements=True),
    "nonce": Field(
        Sort.NUMBER,
        without={
            "truncate": "a number has no length of its own; shorter and longer forms stand under encode",
            "extend": "likewise; numbers of more than 64 bits stand under offset",
        },
    ),
    "trees": _list(),
    "trees[]": _map(),
    "trees[].rows": _list(),
    "trees[].rows[]": _string(ELEMENT, elements=True),
    "trees[].salts": _list(),
    "trees[].salts[]": _string(SALT),
    "trees[].siblings": _string(DIGEST),
    "layers": _list(),
    "layers[]": _map(),
    "layers[].fibres": _string(ELEMENT * EXTENSION_DEGREE, elements=True),
    "layers[].siblings": _string(DIGEST),
}

WRITTEN_ONLY = frozenset({"format"})
"""Places of the file that no field of `Proof` stands for."""


def schema_paths(kind: Any, path: str = "") -> Iterator[str]:
    """The places that a type has: those of a dataclass's fields and of a tuple's entries, however deep."""
    yield path
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        for entry in fields(kind):
            yield from schema_paths(hints[entry.name], f"{path}.{entry.name}" if path else entry.name)
    elif get_origin(kind) is tuple:
        inner, rest = get_args(kind)
        if rest is not Ellipsis:
            raise TypeError(f"{path}: a tuple of fixed length; tell the manifest what its entries are")
        yield from schema_paths(inner, f"{path}[]")
