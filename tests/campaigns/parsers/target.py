"""A reader of files that an outsider can hand in: honest files to start from, and how to change them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.parsers.observe import Reader, require

Mutation = Callable[[random.Random, bytes], bytes]
EPOCH, RECEIPTS, TOY_PROOF = "epoch", "receipts", "toy.zkproof"
"""What seeds.py makes."""


@dataclass(frozen=True)
class Target:
    """kind: the files that it needs (seeds.py).

    seeds, open: honest inputs and the reader, from the folder of these. runs: executions in a unit, which takes some
    seconds; units: in a whole campaign. longest: bytes of an input. words: of its language.
    """

    name: str
    kind: str
    seeds: Callable[[Path], Sequence[bytes]]
    open: Callable[[Path], Reader]
    mutate: Mutation
    runs: int
    units: int
    longest: int = 1 << 14
    words: tuple[str, ...] = ()


def public_folder(folder: Path) -> Path:
    """The public folder of the honest epoch."""
    return folder / EPOCH / "public"


def seed_files(name: str, folder: Path) -> list[bytes]:
    """One file of that folder."""
    return [(public_folder(folder) / name).read_bytes()]


def receipts(folder: Path) -> list[bytes]:
    """All receipts of the honest epoch."""
    return [path.read_bytes() for path in sorted((folder / RECEIPTS).iterdir())]


def canonical_reader(decode: Callable[[bytes], bytes], _: Path) -> Reader:
    """decode: bytes read and encoded again."""

    def read(data: bytes) -> None:
        require(decode(data) == data, "accepted bytes that are not the one encoding of their content")

    return read


def json_keys(*names: str) -> tuple[str, ...]:
    """The keys as they stand in JSON."""
    return tuple(f'"{name}":' for name in names)


COMMON_KEYS = ("format", "origin", "epoch", "contribution_root", "policy_digest")
