"""What the first touch of memory costs on this machine: `python -m bench.fresh_memory`.

On a virtual machine whose host hands pages out one by one this is a large part of a proof (docs/performance.md).
"""

from __future__ import annotations

import mmap
import time
from typing import Final

import numpy as np

GIGABYTE: Final = 10**9
SIZE: Final = 6 * GIGABYTE
"""About what a proof of 2^20 contributions takes."""
PAGE: Final = 4096
ROUNDS: Final = 5
PAUSE_SECONDS: Final = 3.0
"""Long enough for the host to take freed memory back, as it has by the time of a next proof."""


def touch(size: int) -> tuple[float, float]:
    """Core-seconds (user and system) of the first and the second write to each page of `size` fresh bytes."""
    with mmap.mmap(-1, size) as pages:
        block = np.frombuffer(pages, dtype=np.uint8)
        seconds = []
        for value in (1, 2):
            began = time.process_time()
            block[::PAGE] = value
            seconds.append(time.process_time() - began)
        del block
    return seconds[0], seconds[1]


def main() -> None:
    """Print the median and the range over some rounds."""
    first, again = [], []
    for _ in range(ROUNDS):
        fresh, known = touch(SIZE)
        first.append(fresh * GIGABYTE / SIZE)
        again.append(known * GIGABYTE / SIZE)
        time.sleep(PAUSE_SECONDS)
    print(f"core-seconds a gigabyte, median of {ROUNDS} (smallest to largest)")
    for name, found in (("first touch", first), ("second touch", again)):
        print(f"  {name}: {np.median(found):.2f} ({min(found):.2f} to {max(found):.2f})")


if __name__ == "__main__":
    main()
