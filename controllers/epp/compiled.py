"""The same kernels, compiled by numba for float64: the sweep path. The only module here that imports numba.

A kernel that calls another is compiled by giving a copy of its code globals in which the other one is compiled
already; so the pure modules need no decorator and no numba. ``compile_kernels`` returns them by qualified name
("spread.skew").

Floats carry signals only. Prices, sizes and cash of a sweep are counts of ticks, lots and 1e-8 units: ``level_ticks``
and ``order_lots`` give whole numbers that equal the exact path's, which the differential test holds them to.
"""

import types
from collections.abc import Callable
from functools import cache
from typing import Any

import numba

from controllers.epp.kernel_list import KERNELS


def kernel_name(kernel: Callable[..., Any]) -> str:
    """Module and function: "edge.gate_step"."""
    return f"{kernel.__module__.rsplit('.', 1)[-1]}.{kernel.__name__}"


@cache
def compile_kernels() -> dict[str, Callable[..., Any]]:
    """Every kernel, compiled on its first call with a given set of types."""
    compiled: dict[Callable[..., Any], Callable[..., Any]] = {}
    for kernel in KERNELS:
        assert isinstance(kernel, types.FunctionType)
        # A global that is a kernel is replaced by its compiled twin; constants, NamedTuples and builtins stay.
        scope = {
            name: compiled.get(value, value) if isinstance(value, types.FunctionType) else value
            for name, value in kernel.__globals__.items()
        }
        twin = types.FunctionType(kernel.__code__, scope, kernel.__name__, kernel.__defaults__, kernel.__closure__)
        compiled[kernel] = numba.njit(twin)
    return {kernel_name(kernel): twin for kernel, twin in compiled.items()}
