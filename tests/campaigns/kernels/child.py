"""Runs kernel cases for whoever asks: a line "SEED SCALE NAME..." is answered by what differs.

The process's own environment says how kernels run: compiled, compiled with NUMBA_BOUNDSCHECK=1, or as plain Python with
NUMBA_DISABLE_JIT=1, where every word is checked as well.
"""

from __future__ import annotations

import json
import sys
import traceback
import zlib
from contextlib import nullcontext

import numpy as np

from tests.campaigns.kernels.cases import CASES
from tests.campaigns.kernels.plain import checked_words, is_plain


def run_cases(seed: str, scale: int, names: list[str]) -> list[list[str]]:
    """[case, what is wrong] for each of the named cases in which something is."""
    found = []
    with checked_words() if is_plain() else nullcontext():
        for name in names:
            try:
                CASES[name](np.random.default_rng(zlib.crc32(f"{seed} {name}".encode())), scale)
            except Exception:
                found.append([name, traceback.format_exc()])
    return found


def main() -> None:
    for line in sys.stdin:
        seed, scale, *names = line.rstrip("\n").split("\t")
        print(json.dumps({"found": run_cases(seed, int(scale), names)}), flush=True)


if __name__ == "__main__":
    main()
