"""The machine: what it can do, LLVM text made into a function, and the inner loops of NumPy's ufuncs."""

from __future__ import annotations

import ctypes
import functools
import sysconfig
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

try:
    import llvmlite.binding as llvm
except ImportError:  # the extra is not installed
    llvm = None

__all__ = ["attributes", "compiled", "inner_loop", "missing", "registers"]

HEADER = 16  # bytes before the first field of a Python object
DOUBLE = np.dtype(float).num


@functools.cache
def missing() -> str:
    """Say what this machine lacks for native code; nothing if it lacks nothing."""
    if llvm is None:
        return "llvmlite is not installed"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "Python without its global lock lays out ufuncs in another way"
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple = llvm.get_default_triple()
    if not triple.startswith(("aarch64", "arm64")) and not llvm.get_host_cpu_features().get("fma"):
        return "this processor has no fused multiply-add"
    return ""


def registers() -> int:
    """How many vector registers there are, counted in full vectors of AVX-512 or as half as many."""
    return 32 if llvm.get_host_cpu_features().get("avx512f") else 16


def attributes() -> str:
    """What LLVM has to know to write for this processor."""
    width = 512 if registers() == 32 else 256
    features = llvm.get_host_cpu_features().flatten()
    known = {"target-cpu": llvm.get_host_cpu_name(), "target-features": features, "prefer-vector-width": width}
    return " ".join(["nounwind", *[f'"{key}"="{value}"' for key, value in known.items()], f'"min-legal-vector-width"="{width}"'])


def compiled(source: str, name: str) -> Callable[..., None]:
    """Make a function of LLVM text; it takes three pointers, and lets other threads run."""
    target = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=1, jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(source), machine)
    engine.finalize_object()
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(engine.get_function_address(name))
    function.engine = engine  # which holds the code  # type: ignore[attr-defined]
    return function


class _Ufunc(ctypes.Structure):
    """The fields of a ufunc that are part of NumPy's binary interface."""

    _fields_ = (
        ("header", ctypes.c_char * HEADER),
        ("inputs", ctypes.c_int),
        ("outputs", ctypes.c_int),
        ("operands", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("count", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("types", ctypes.POINTER(ctypes.c_char)),
    )


def inner_loop(name: str) -> tuple[int, int]:
    """The address of a ufunc's loop over doubles, and of the data that it is given."""
    ufunc: Any = getattr(np, name)
    fields = _Ufunc.from_address(id(ufunc))
    if (fields.inputs, fields.outputs, fields.count) != (ufunc.nin, ufunc.nout, ufunc.ntypes):
        raise ImportError(f"NumPy {np.__version__} lays out ufuncs in another way.")
    wanted = bytes([DOUBLE] * ufunc.nargs)
    types = ctypes.string_at(fields.types, fields.count * ufunc.nargs)
    k = [types[at : at + ufunc.nargs] for at in range(0, len(types), ufunc.nargs)].index(wanted)
    return fields.functions[k] or 0, fields.data[k] or 0 if fields.data else 0


def loop_table(names: Sequence[str]) -> Any:
    """The table that native code takes its inner loops from."""
    pairs = [address for name in names for address in inner_loop(name)]
    return (ctypes.c_void_p * max(len(pairs), 1))(*pairs)
