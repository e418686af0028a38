"""What a proof needs of memory, and how much of the extended trace it keeps there (SPEC §4.2).

The prover holds coefficients throughout. Values on the domain are `blowup` times as large: those of a coset that
doesn't fit are hashed, dropped, and computed again where constraints or openings read them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from zkpay.prover.groups import AT_ONCE
from zkpay.stark.air import Circuit
from zkpay.stark.field import EXTENSION_DEGREE
from zkpay.stark.layout import AUXILIARY_TREE, MAIN_TREE, QUOTIENT_TREE, layout_of
from zkpay.stark.parameters import Parameters

ELEMENT_BYTES: Final = 4
DIGEST_BYTES: Final = 32
SALT_BYTES: Final = 16
STATE_BYTES: Final = 200
DEEP_ARRAYS: Final = 3
"""Extension columns on the whole domain that the DEEP codeword takes, with sums, denominators and products of a coset,
and its first layers."""
KEPT_AT_MOST: Final = 4 * 10**9
"""Values are kept only where all fits this: to fill fresh memory takes as long as to compute what is kept there."""
SHARE: Final = 0.8
"""Of the memory that is free; the rest is for the caller, the interpreter and the system."""
_CGROUP_LIMITS: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_CGROUP_USES: Final = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")


def peak_bytes(circuit: Circuit, parameters: Parameters, keep: int) -> int:
    """Most bytes that the prover's arrays take at one time, the witness included, with `keep` cosets kept.

    A count of the large arrays at the moments that can be the highest: when the main columns are committed; with trace
    and helpers; in the quotient; with the DEEP codeword. Arrays of a few columns are an allowance of a tenth.
    """
    layout = layout_of(circuit)
    cells = {
        tree: sum(group.width * group.height for group in layout.groups(tree))
        for tree in (MAIN_TREE, AUXILIARY_TREE, QUOTIENT_TREE)
    }
    blowup, height = parameters.blowup, parameters.height
    trace = ELEMENT_BYTES * cells[MAIN_TREE]
    helpers = ELEMENT_BYTES * cells[AUXILIARY_TREE]
    widest = ELEMENT_BYTES * max(item.table.width * item.height for item in circuit.placed)
    # Digests at all levels are twice the leaves.
    tree_bytes = parameters.domain * (2 * DIGEST_BYTES + SALT_BYTES)

    def kept(tree: int) -> int:
        tallest, *others = (group.width * group.height for group in layout.groups(tree))
        return ELEMENT_BYTES * (min(keep, blowup) * tallest + blowup * sum(others))

    # One room for a batch of columns, or the columns of a table with its helpers; and states of rows half hashed.
    batch = ELEMENT_BYTES * max(min(group.width, AT_ONCE) * group.height for group in layout.main)
    pairs = ((item.table.width + EXTENSION_DEGREE * len(item.table.helpers)) * item.height for item in circuit.placed)
    room = max(ELEMENT_BYTES * max(pairs), batch if keep < blowup else 0)
    states = STATE_BYTES * height if keep < blowup else 0

    main = trace + kept(MAIN_TREE) + tree_bytes + room
    auxiliary = helpers + kept(AUXILIARY_TREE) + tree_bytes
    in_buses = main + helpers + auxiliary + states
    parts = 3 * ELEMENT_BYTES * EXTENSION_DEGREE * parameters.quotient_cosets * height
    ending = main + auxiliary + ELEMENT_BYTES * cells[QUOTIENT_TREE] + kept(QUOTIENT_TREE) + tree_bytes
    deep = DEEP_ARRAYS * EXTENSION_DEGREE * ELEMENT_BYTES * parameters.domain
    return max(trace + widest, main + states, in_buses, main + auxiliary + parts, ending + deep) * 11 // 10


def kept_cosets(circuit: Circuit, parameters: Parameters, available: int) -> int:
    """How many cosets of the main trace's values to keep within `available` bytes: as many as fit, or none."""
    budget = min(KEPT_AT_MOST, int(SHARE * available))
    for keep in range(parameters.blowup, 0, -1):
        if peak_bytes(circuit, parameters, keep) <= budget:
            return keep
    return 0


def available_memory() -> int:
    """Bytes that this process may still take: the least that system and control group tell."""
    found = []
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            found.append(1024 * int(line.split()[1]))
    if not found and physical_memory():
        found.append(physical_memory())
    for limit, use in zip(_CGROUP_LIMITS, _CGROUP_USES, strict=True):
        most, used = _number(limit), _number(use)
        if most is not None and used is not None:
            found.append(max(most - used, 0))
    return min(found, default=KEPT_AT_MOST)


def resident_memory() -> int:
    """Bytes of memory that this process holds now; 0 where the system doesn't tell."""
    fields = "".join(_lines("/proc/self/statm")).split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if len(fields) > 1 else 0


def physical_memory() -> int:
    """Bytes of memory that the machine has; 0 where the system doesn't tell."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _number(path: str) -> int | None:
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdecimal() else None
