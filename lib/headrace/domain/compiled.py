"""The law's loops as machine code. What a loop says is in the module that it belongs to.

A list is some two hundred steps over a few hundred numbers. As calls of numpy each is a program of its own, which has
left the processor's caches when the next request comes; a loop is one (docs/adr/0019).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., object])


def compiled(loop: Loop) -> Loop:
    """Compiled at its first call for the types that it is called with, and kept beside the source, or in the user's
    cache; where neither can be written, each process compiles anew.

    No fast math: sums add in the order written, so the same build and CPU class gives the same bits every time. Nobody
    looks whether an index is within its array: the caller has seen to it.
    """
    try:
        return cast(Loop, numba.njit(cache=True, error_model="numpy")(loop))
    except RuntimeError:  # numba's word for no place to keep it
        return cast(Loop, numba.njit(error_model="numpy")(loop))
