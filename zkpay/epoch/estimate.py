"""What a proof will take, told before it begins: seconds by stage, memory, and whether there is enough (SPEC §8.5).

Work is counted (`zkpay.prover.work`) and multiplied by rates that were measured on one machine; two kernels are timed
for a moment to see how much faster or slower this one is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from zkpay.errors import Refused
from zkpay.kernels.keccak import leaf_digests
from zkpay.kernels.ntt import interpolate
from zkpay.prover.memory import available_memory, kept_cosets, peak_bytes, physical_memory, resident_memory
from zkpay.prover.stored import tree_shapes
from zkpay.prover.work import Counts, butterflies, row_permutations, stage_counts
from zkpay.stark.air import Circuit
from zkpay.stark.layout import AUXILIARY_TREE, MAIN_TREE, QUOTIENT_TREE, layout_of
from zkpay.stark.parameters import PROFILES, Parameters, Profile, derive

WORTH_SECONDS: Final = 5.0
"""From here on an estimate is told, or from `WORTH_BYTES` on."""
WORTH_BYTES: Final = 2 * 10**9
GIGABYTE: Final = 10**9
_TENTH: Final = GIGABYTE // 10

# Seconds for one of each of `Counts`, on two cores of an AMD Zen 5 with AVX-512, 2026-11-23, from the cores'
# seconds by stage of `zkpay prove` at 2^18 records. `python -m bench.estimates DIR` compares them with a run.
RATES: Final = {
    "butterflies": 1 / 6.8e9,
    "permutations": 1 / 19e6,
    "operations": 1 / 8.5e9,
    "inversions": 1 / 15e6,
    "products": 1 / 1.1e9,
    "points": 1 / 10e6,
}
WITNESS_CELL: Final = 10e-9
"""Seconds to fill one cell of a main column."""
STAGE_START: Final = 0.02
"""Seconds that a stage takes however little there is to do."""
VERIFY: Final = 0.2
WRITE: Final = 0.1
COMPILING: Final = {"witness": 2.0, "commit trace": 7.0, "buses": 8.0, "quotient": 1.0, "openings": 4.0, "folding": 3.0}
"""Seconds by stage that compiling kernels takes where none are kept yet, each when it is first used; roughly."""
_KECCAK_SCALED: Final = ("permutations",)

_CALIBRATED_FROM: Final = 3.0
_CALIBRATION_SECONDS: Final = 0.08
# What `_calibrate` times, done alone and in cache, runs far faster than whole stages do; on the machine of `RATES`:
_CALIBRATION_BUTTERFLY: Final = 1 / 10e9
_CALIBRATION_PERMUTATION: Final = 1 / 45e6
_CALIBRATION_COLUMNS: Final = 32
_CALIBRATION_ROWS: Final = 1 << 15


@dataclass(frozen=True)
class Estimate:
    """stages: seconds by stage of `zkpay.epoch.prove`, from the witness on. peak_bytes: the process at its largest, as
    far as can be told. free_bytes: what it has and what it can get. stored_bytes: what its stage files would take."""

    stages: Mapping[str, float]
    peak_bytes: int
    free_bytes: int
    stored_bytes: int

    @property
    def seconds(self) -> float:
        """Of all stages."""
        return sum(self.stages.values())

    def __str__(self) -> str:
        memory = f"{gigabytes(self.peak_bytes)} of memory ({gigabytes(self.free_bytes)} are free)"
        return f"about {duration(self.seconds)}, {memory}"


def estimate(circuit: Circuit, parameters: Parameters, memory: int | None = None, *, compiled: bool = True) -> Estimate:
    """What is to be expected of proving; Refused if memory won't do however little is kept.

    memory: bytes that the user says may be taken; by default what the system says is free. compiled: whether kernels
    were compiled before.
    """
    available = available_memory() if memory is None else memory
    check_memory(circuit, parameters, available, told=memory)
    keep = kept_cosets(circuit, parameters, available)
    counts = stage_counts(circuit, parameters, keep)
    stages = _stages(circuit, counts, 1.0, 1.0)
    if sum(stages.values()) >= _CALIBRATED_FROM:
        stages = _stages(circuit, counts, *_calibrate())
    if not compiled:
        stages = {name: seconds + COMPILING.get(name, 0.0) for name, seconds in stages.items()}
    held = resident_memory()
    return Estimate(
        stages, held + peak_bytes(circuit, parameters, keep), held + available, _stored_bytes(circuit, parameters)
    )


def check_memory(circuit: Circuit, parameters: Parameters, available: int, *, told: int | None = None) -> None:
    """Refused, with what would do, if a proof takes more than `available` bytes even where nothing is kept.

    told: what the user said may be taken.
    """
    needed = peak_bytes(circuit, parameters, 0)
    if needed <= available:
        return
    held = resident_memory()
    if told is not None:
        have, ways = f"--memory allows {told / GIGABYTE:.3g} GB", [f"--memory {-(-needed // _TENTH) / 10}"]
    else:
        have = f"{gigabytes(available + held)} are free"
        ways = [f"a machine with {-(-(needed + held) * 5 // 4 // GIGABYTE)} GB"]
        if needed + held < physical_memory():
            ways.append(f"closing other programs (this machine has {gigabytes(physical_memory())})")
    smaller = _smaller_profile(circuit, parameters.profile, needed)
    if smaller is not None:
        name, bytes_needed = smaller
        enough = "" if bytes_needed <= available else ", still too much here"
        ways.append(f"--profile {name} ({gigabytes(bytes_needed + held)}{enough})")
    more = "" if told is not None else "; --memory GB says that more may be taken"
    raise Refused(
        f"this proof takes {gigabytes(needed + held + _TENTH - 1)} of memory and {have};"
        f" what would do: {', or '.join(ways)}{more}"
    )


def duration(seconds: float) -> str:
    """Seconds in words, as exact as estimates are."""
    if seconds < 99.5:
        return f"{max(1, round(seconds))} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def gigabytes(count: int) -> str:
    """Bytes in words, as exact as estimates are, rounded down."""
    return f"{count // _TENTH / 10:.1f} GB"


def stage_seconds(counts: Counts, transform_factor: float, hash_factor: float) -> float:
    """Seconds for counted work, with factors to `RATES`: of Keccak, and of everything else."""
    seconds = STAGE_START
    for field in fields(Counts):
        factor = hash_factor if field.name in _KECCAK_SCALED else transform_factor
        seconds += RATES[field.name] * factor * int(getattr(counts, field.name))
    return seconds


def _stages(
    circuit: Circuit, counts: Mapping[str, Counts], transform_factor: float, hash_factor: float
) -> dict[str, float]:
    cells = sum(item.table.width * item.height for item in circuit.placed)
    proving = {name: stage_seconds(own, transform_factor, hash_factor) for name, own in counts.items()}
    witness = STAGE_START + cells * WITNESS_CELL * transform_factor
    return {"witness": witness, **proving, "verify": VERIFY * transform_factor, "write": WRITE}


def _smaller_profile(circuit: Circuit, profile: Profile, needed: int) -> tuple[str, int] | None:
    """Name and bytes of the other profile that takes least, if it takes less."""
    found = []
    for other in PROFILES.values():
        try:
            found.append((peak_bytes(circuit, derive(other, circuit), 0), other.name))
        except Refused:
            continue
    least, name = min(found, default=(needed, profile.name))
    return (name, least) if least < needed else None


def _stored_bytes(circuit: Circuit, parameters: Parameters) -> int:
    layout = layout_of(circuit)
    return sum(
        shape.byte_count
        for tree in (MAIN_TREE, AUXILIARY_TREE, QUOTIENT_TREE)
        for shape in tree_shapes(tree, layout.groups(tree), parameters)
    )


def _calibrate() -> tuple[float, float]:
    """How much slower than the reference this machine is at transforms and at hashing, in about 0.2 s."""
    columns = np.ones((_CALIBRATION_COLUMNS, _CALIBRATION_ROWS), dtype=np.uint32)
    transforms = _best_seconds(lambda: interpolate(columns))
    hashing = _best_seconds(lambda: leaf_digests(columns, 0))
    return (
        transforms / (butterflies(_CALIBRATION_COLUMNS, _CALIBRATION_ROWS) * _CALIBRATION_BUTTERFLY),
        hashing / (_CALIBRATION_ROWS * row_permutations(_CALIBRATION_COLUMNS, salted=False) * _CALIBRATION_PERMUTATION),
    )


def _best_seconds(run: Callable[[], object]) -> float:
    run()
    best, until = float("inf"), time.perf_counter() + _CALIBRATION_SECONDS
    while time.perf_counter() < until:
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return best
