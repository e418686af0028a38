"""What a computation must do at least, and how long this machine would need for it at its peak rates.

Work is counted in a few kinds of operations whose peak rates are measured in the same run (`ceilings`). The kinds
are counted one after the other, memory beside them: a floor is the longer of computing and moving bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import reduce
from typing import Any


@dataclass(frozen=True)
class Ceilings:
    """Peak rates of the whole machine, all cores together.

    products: KoalaBear Montgomery products with their reduction, a second. additions: modular additions.
    accumulations: 32-bit by 32-bit products added to a 64-bit total, reduced later. word_operations: logical
    operations and rotations of 64-bit words, two to one as in Keccak. read_bytes, copy_bytes: bytes a second from
    arrays beyond the last cache; a copy counts what it reads and what it writes.
    """

    products: float
    additions: float
    accumulations: float
    word_operations: float
    read_bytes: float
    copy_bytes: float

    def as_json(self) -> dict[str, float]:
        """Operations and bytes a second by name."""
        return asdict(self)

    @staticmethod
    def from_json(content: dict[str, Any]) -> Ceilings:
        """The inverse of `as_json`."""
        return Ceilings(**{field.name: float(content[field.name]) for field in fields(Ceilings)})


@dataclass(frozen=True)
class Work:
    """Operations by kind, as in `Ceilings`, and the bytes that must be read and written at least once."""

    products: float = 0
    additions: float = 0
    accumulations: float = 0
    word_operations: float = 0
    bytes_read: float = 0
    bytes_written: float = 0

    def __add__(self, other: Work) -> Work:
        return Work(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Work)))

    def times(self, count: float) -> Work:
        """The same work `count` times."""
        return Work(*(getattr(self, field.name) * count for field in fields(Work)))

    def computing_seconds(self, ceilings: Ceilings) -> float:
        """Seconds for the operations alone. A ratio of two rates: no kind overlaps another."""
        return (
            self.products / ceilings.products
            + self.additions / ceilings.additions
            + self.accumulations / ceilings.accumulations
            + self.word_operations / ceilings.word_operations
        )

    def moving_seconds(self, ceilings: Ceilings) -> float:
        """Seconds for the bytes alone, at the rate of reading if nothing is written."""
        rate = ceilings.copy_bytes if self.bytes_written else ceilings.read_bytes
        return (self.bytes_read + self.bytes_written) / rate

    def seconds(self, ceilings: Ceilings) -> float:
        """The floor: whichever takes longer, with the other hidden behind it."""
        return max(self.computing_seconds(ceilings), self.moving_seconds(ceilings))

    def as_json(self) -> dict[str, int]:
        """Whole numbers by name, without zeros."""
        return {name: round(value) for name, value in asdict(self).items() if value}


NOTHING = Work()


def total(parts: Iterable[Work]) -> Work:
    """The sum of works."""
    return reduce(Work.__add__, parts, NOTHING)


EXTENSION_PRODUCT = Work(accumulations=25, products=9, additions=9)
"""One product in the quintic extension, schoolbook: 25 products into nine totals, each reduced once (counted as a
product, of which a reduction is most), and nine additions to fold X^5 = 1 - X^2."""


def butterflies(columns: int, size: int) -> Work:
    """Transforms of `columns` columns of `size` values: per radix-2 butterfly two additions and, by doing two stages
    at once, three quarters of a product. No bytes: see the caller."""
    count = columns * (size // 2) * max(size.bit_length() - 1, 0)
    return Work(products=0.75 * count, additions=2 * count)


KECCAK_WORD_OPERATIONS = 24 * (10 + 5 + 25 + 24 + 25 + 1)
"""64-bit operations of Keccak-f[1600] where a logical operation has three operands: parities of five (2 each), their
rotations, theta's change (25), rho (24), chi (25), iota, in 24 rounds."""


def keccak(permutations: float) -> Work:
    """Keccak-f permutations."""
    return Work(word_operations=permutations * KECCAK_WORD_OPERATIONS)


FULL_ROUNDS = 8


def poseidon(width: int, partial_rounds: int) -> Work:
    """One permutation: cubes (two products), dense matrices in full rounds and before the partial ones, sparse
    matrices in the partial rounds (SPEC §2.3)."""
    dense = Work(accumulations=width * width, products=width)
    full = (Work(products=2 * width, additions=width) + dense).times(FULL_ROUNDS)
    sparse = Work(products=2 + 1 + (width - 1), accumulations=width, additions=width)
    return full + dense + sparse.times(partial_rounds)
