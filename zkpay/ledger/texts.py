"""Many short texts in one piece: what a million ids and account names are kept as (SPEC §3.2).

A list of a million strings takes a second to make, and most commands never look at one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

_ASCII_END = 0x80
_CONTINUATION = 0x80
_CONTINUATION_MASK = 0xC0


class Texts(Sequence[str]):
    """`text`: all texts as one run of UTF-8, uint8[bytes]. `ends`: where each one ends, int64[N].

    ValueError if these aren't N texts in UTF-8.
    """

    def __init__(self, text: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> None:
        if text.dtype != np.uint8 or ends.dtype != np.int64 or text.ndim != 1 or ends.ndim != 1:
            raise ValueError("texts are bytes and the offsets of their ends")
        starts = np.concatenate([np.zeros(1, dtype=np.int64), ends])
        if starts[-1] != len(text) or (starts[1:] < starts[:-1]).any():
            raise ValueError("texts and their lengths differ")
        if len(text) and text.max() >= _ASCII_END:
            text.tobytes().decode("utf-8")
            heads = text[starts[starts < len(text)]]
            if ((heads & _CONTINUATION_MASK) == _CONTINUATION).any():
                raise ValueError("a text begins within a character")
        self.text = text
        self.ends = ends

    @classmethod
    def of(cls, texts: Sequence[str]) -> Texts:
        """These texts; UnicodeEncodeError (a ValueError) for one that has no UTF-8 form."""
        if isinstance(texts, Texts):
            return texts
        encoded = [text.encode("utf-8") for text in texts]
        ends = np.cumsum([len(part) for part in encoded], dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), ends)

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        start = int(self.ends[place - 1]) if place else 0
        return self.text[start : int(self.ends[place])].tobytes().decode("utf-8")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Texts):
            return np.array_equal(self.ends, other.ends) and np.array_equal(self.text, other.text)
        if isinstance(other, Iterable) and not isinstance(other, str):
            return list(self) == list(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as lists have none
