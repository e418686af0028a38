"""The one way in which this project compiles a function (SPEC §2).

All kernels: no Python objects, no interpreter lock, no threads of their own, cached on disk where that works.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

from zkpay.kernels import CACHE_FOLDER

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile `function` on its first call, for the argument types that it then gets."""
    return cast(Function, njit(cache=CACHE_FOLDER is not None, nogil=True)(function))


def inlined(function: Function) -> Function:
    """Compile `function` into each kernel that calls it, at any length: a call would keep a loop from
    vectorising."""
    return cast(Function, njit(nogil=True, forceinline=True)(function))
