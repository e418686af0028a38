"""The kernels as plain Python, with every bound that they state checked while they run.

Compiled arithmetic wraps in silence. Where numba's JIT is off, kernels are ordinary functions on numpy scalars, which
tell of each overflow. So in `checked_words`

- an overflow is an error but for the lines where a kernel wraps on purpose (`MEANT`), and there the result is checked
  instead: each sum, difference, product and reduction must be the exact one, of arguments within its stated bounds;
- the vector code, which is LLVM's and has no Python, is replaced by exact arithmetic that refuses offsets outside of
  the arrays and words outside of the field (the compiled one is compared with the same arithmetic elsewhere).

Numpy checks indices by itself.
"""

from __future__ import annotations

import importlib
import linecache
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from zkpay.stark.field import P

LANES = 16
RADIX = 1 << 32
BOUND = P << 32
MODULES = ("deep", "extension", "folding", "keccak", "montgomery", "ntt", "opening", "panels", "points", "poseidon")
MEANT = {
    ("montgomery", "add", "total - MODULUS"),
    ("montgomery", "subtract", "a - b"),
    ("montgomery", "subtract", "difference + MODULUS"),
    ("montgomery", "reduce_product", "np.uint32(t) * INVERSE"),
    ("montgomery", "reduce_product", "np.uint32(t >> SHIFT) - "),
    ("montgomery", "reduce_product", "difference + MODULUS"),
    ("extension", "_wrap", "total - _BOUND"),
    ("program", "_wrap", "total - _BOUND"),
    ("deep", "_accumulate", "min(t, t - _BOUND)"),
    ("poseidon", "_dot", "min(t, t - _BOUND)"),
    ("program", "_reduce_lazily", "t * _INVERSE"),
    ("program", "_cube", "min(shifted, shifted - _MODULUS)"),
}
"""Lines of kernels that wrap on purpose: module, function, a part of the line. None of them does anything else that
could overflow."""


class BrokenBoundError(AssertionError):
    """A kernel went beyond a bound that it states."""


def is_plain() -> bool:
    """Whether kernels are plain functions in this process."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


@contextmanager
def checked_words() -> Iterator[None]:
    """Kernels called in this context, from this thread, are checked as above."""
    if not is_plain():
        raise RuntimeError("kernels are compiled here: set NUMBA_DISABLE_JIT=1 before numba is imported")
    modules = {name: importlib.import_module(f"zkpay.kernels.{name}") for name in (*MODULES, "program")}
    montgomery, panels = modules["montgomery"], modules["panels"]
    replacements: dict[int, Any] = {
        id(montgomery.add): _checked(montgomery.add, _canonical, lambda a, b: (a + b) % P),
        id(montgomery.subtract): _checked(montgomery.subtract, _canonical, lambda a, b: (a - b) % P),
        id(montgomery.multiply): _checked(montgomery.multiply, _product_fits, lambda a, b: _reduced(a * b)),
        id(montgomery.reduce_product): _checked(montgomery.reduce_product, lambda t: t < BOUND, _reduced),
        id(panels.butterflies): butterflies,
        id(panels.transpose_products): transpose_products,
        id(panels.prefetch): lambda array, at: None,
    }
    for name in ("extension", "program"):
        wrap = modules[name]._wrap
        replacements[id(wrap)] = _checked(wrap, lambda total: total < 2 * BOUND, lambda total: total % BOUND)
    lazily = modules["program"]._reduce_lazily
    replacements[id(lazily)] = _checked(lazily, lambda t: t < BOUND, _reduced, lambda t: 0 < t < 2 * P)
    with ExitStack() as stack:
        for module in modules.values():
            for name, value in list(vars(module).items()):
                if id(value) in replacements:
                    stack.enter_context(patch.object(module, name, replacements[id(value)]))
        # Numpy's handling of errors is a matter of each thread: all work is to be done in this one.
        parallel = importlib.import_module("zkpay.kernels.parallel")
        stack.enter_context(patch.object(parallel, "thread_count", lambda: 1))
        stack.enter_context(np.errstate(all="call", call=_on_overflow))
        yield


def _on_overflow(kind: str, _: int) -> None:
    frame = sys._getframe(1)
    path, line = frame.f_code.co_filename, linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    module, function = path.rpartition("/")[2].removesuffix(".py"), frame.f_code.co_name
    if kind != "overflow" or not any((module, function) == meant[:2] and meant[2] in line for meant in MEANT):
        raise BrokenBoundError(f"{kind} in {module}.{function}: {line.strip()}")


def _reduced(t: int) -> int:
    return t * pow(RADIX, -1, P) % P


def _canonical(a: int, b: int) -> bool:
    return a < P and b < P


def _product_fits(a: int, b: int) -> bool:
    return a * b < BOUND


def _checked(
    function: Callable[..., Any],
    allowed: Callable[..., bool],
    exact: Callable[..., int],
    is_lazy: Callable[[int], bool] | None = None,
) -> Callable[..., Any]:
    """`function`, whose arguments must be allowed and whose result exact, or congruent and as `is_lazy` says."""

    def run(*arguments: Any) -> Any:
        numbers = [int(argument) for argument in arguments]
        if min(numbers) < 0 or not allowed(*numbers):
            raise BrokenBoundError(f"{function.__name__}{tuple(numbers)}: arguments beyond its bounds")
        result = function(*arguments)
        found = int(result)
        wrong = found % P != exact(*numbers) or not is_lazy(found) if is_lazy else found != exact(*numbers)
        if wrong:
            raise BrokenBoundError(f"{function.__name__}{tuple(numbers)} is {found}")
        return result

    return run


def _row(array: np.ndarray, at: int, what: str) -> np.ndarray:
    """16 words of a flat array from `at` on."""
    if array.ndim != 1 or not 0 <= at <= len(array) - LANES:
        raise BrokenBoundError(f"{what}: 16 words at {at} of {array.shape}")
    return array[at : at + LANES]


def _elements(array: np.ndarray, at: int, what: str) -> np.ndarray:
    values = _row(array, at, what).astype(np.uint64)
    if (values >= P).any():
        raise BrokenBoundError(f"{what}: words of P or more")
    return values


def butterflies(
    radix: int,
    source: np.ndarray,
    source_at: int,
    source_step: int,
    target: np.ndarray,
    target_at: int,
    target_step: int,
    twiddles: np.ndarray,
    twiddles_at: int,
) -> None:
    """As `zkpay.kernels.vector.butterflies`, exactly."""
    rows = [_elements(source, source_at + k * source_step, "butterflies, source") for k in range(radix)]
    half, blocks = radix // 2, 1
    while half:
        for block in range(blocks):
            at = twiddles_at + 2 * (blocks - 1 + block)
            if not 0 <= at <= len(twiddles) - 2:
                raise BrokenBoundError(f"butterflies: twiddle at {at} of {len(twiddles)}")
            quotient, constant = int(twiddles[at]), int(twiddles[at + 1])
            if constant >= P or quotient != (constant << 32) // P:
                raise BrokenBoundError(f"butterflies: {quotient} is not the quotient of {constant}")
            for k in range(2 * half * block, 2 * half * block + half):
                a, b = rows[k], rows[k + half] * np.uint64(constant) % np.uint64(P)
                rows[k], rows[k + half] = (a + b) % np.uint64(P), (a + np.uint64(P) - b) % np.uint64(P)
        half, blocks = half // 2, 2 * blocks
    for k, row in enumerate(rows):
        place = int(f"{k:b}".zfill(radix.bit_length() - 1)[::-1], 2)
        _row(target, target_at + place * target_step, "butterflies, target")[:] = row.astype(np.uint32)


def transpose_products(
    source: np.ndarray,
    source_at: int,
    order: np.ndarray,
    order_at: int,
    factors: np.ndarray,
    factors_at: int,
    factors_step: int,
    target: np.ndarray,
    target_at: int,
    target_step: int,
) -> None:
    """As `zkpay.kernels.vector.transpose_products`, exactly."""
    offsets = _row(order, order_at, "transposition, order")
    block = np.empty((LANES, LANES), dtype=np.uint64)
    for k, offset in enumerate(offsets.tolist()):
        entries = _elements(source, source_at + offset, "transposition, source")
        products = entries * _elements(factors, factors_at + k * factors_step, "transposition, factors")
        block[k] = products % np.uint64(P) * np.uint64(pow(RADIX, -1, P)) % np.uint64(P)
    for k in range(LANES):
        _row(target, target_at + k * target_step, "transposition, target")[:] = block[:, k].astype(np.uint32)
