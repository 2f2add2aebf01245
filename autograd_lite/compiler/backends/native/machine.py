"""The machine: what it can do, LLVM text made into a function, and the inner loops of NumPy's ufuncs.

Types: ``Any`` stands for llvmlite, which has no types, and for arrays of ctypes.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import importlib.util
import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler import disk
from autograd_lite.compiler.backends.native.sines import LIBRARY

__all__ = ["LEVEL", "SOON", "Code", "attributes", "compiled", "has_close_sines", "identity", "is_installed", "key_of"]
__all__ += ["loop_table", "missing", "registers"]

HEADER = 16  # bytes of a Python object before its own fields
DOUBLE = np.dtype(float).num
LEVEL, SOON = 1, 0  # how hard LLVM tries: for loops, and for straight lines, ten times sooner and as fast within 10 %


def is_installed() -> bool:
    """Whether llvmlite is here."""
    return importlib.util.find_spec("llvmlite") is not None


def missing() -> str:
    """Say what this machine lacks for native code; nothing if it lacks nothing."""
    if not is_installed():
        return "llvmlite is not installed"
    if "free-threading" in sys.version:
        return "the free-threaded Python has another layout of objects"
    if not _is_known(np.exp):
        return f"NumPy {np.__version__} has another layout of ufuncs"
    is_arm = _llvm().get_default_triple().startswith(("aarch64", "arm64"))
    if not is_arm and not processor()[1].get("fma"):
        return "this processor has no fused multiply-add"
    return ""


@functools.cache
def _llvm() -> Any:
    llvm = importlib.import_module("llvmlite.binding")  # late: it takes 30 ms
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


def processor() -> tuple[str, Mapping[str, bool]]:
    """LLVM's name of this processor, and what it can do."""
    return _processor(_llvm())


@functools.cache
def _processor(llvm: Any) -> tuple[str, Mapping[str, bool]]:
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features()  # .3 ms


def _features() -> str:
    return ",".join([f"{'+' if has else '-'}{name}" for name, has in sorted(processor()[1].items())])


def registers() -> int:
    """How many registers hold a vector of 8 doubles, or parts of one."""
    return 32 if processor()[1].get("avx512f") else 16


@functools.cache
def libm() -> str:
    """The C library and its version, where it says so: ``glibc 2.36``."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""


@functools.cache
def has_close_sines() -> bool:
    """Whether NumPy's sines and cosines are those of a C library that is never further than 0.55 ulp from the truth."""
    name, _, version = libm().partition(" ")
    try:
        is_known = name == "glibc" and tuple(map(int, version.split(".")[:2])) >= (2, 28)
    except ValueError:
        return False
    x = np.linspace(-9.0, 9.0, 1001) ** 3
    pairs = [(np.sin, math.sin), (np.cos, math.cos)]
    return is_known and all(ufunc(x).tolist() == [f(v) for v in x.tolist()] for ufunc, f in pairs)


def attributes() -> str:
    """What LLVM has to know of the machine's vectors, beside the processor, to write for it."""
    width = 512 if registers() == 32 else 256
    return f'nounwind "prefer-vector-width"="{width}" "min-legal-vector-width"="{width}"'


def identity() -> str:
    """What code for this machine depends on: the processor, and the C library."""
    return f"{processor()[0]} {_features()} {attributes()} {libm()}"


def compiled(source: str, level: int = LEVEL) -> bytes:
    """Compile LLVM text to object code."""
    return bytes(_target(level).emit_object(_llvm().parse_assembly(source)))


def _target(level: int = LEVEL) -> Any:
    target = _llvm().Target.from_default_triple()
    return target.create_target_machine(cpu=processor()[0], features=_features(), opt=level, jit=True)


def key_of(*parts: Any) -> str:
    """The key on disk of what depends on LLVM too."""
    return disk.key_of(_llvm().llvm_version_info, _llvm().get_process_triple(), *parts)


class Code:
    """Machine code, which lives as long as this object.

    Parameters
    ----------
    source : str, optional
        LLVM text; it is compiled, unless its object code is on disk.
    content : bytes, optional
        The object code itself.
    level : int, optional
        `LEVEL`, or `SOON`.

    Attributes
    ----------
    key : str
        The key of the object code of LLVM text on disk.
    """

    key = ""

    def __init__(self, source: str = "", content: bytes | None = None, *, level: int = LEVEL) -> None:
        llvm = _llvm()
        if content is None:
            self.key = key_of("object code", identity(), level, source)
            content = disk.load(self.key)
        if content is None:
            content = compiled(source, level)
            disk.save(self.key, content)
        empty = llvm.parse_assembly("")
        loads = llvm.Target.from_default_triple().create_target_machine(jit=True)  # without features, which take .3 ms
        self._engine = llvm.create_mcjit_compiler(empty, loads)
        self._engine.remove_module(empty)  # it would be compiled, which takes .7 ms
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(content))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function begins."""
        return int(self._engine.get_function_address(name))

    def table(self, name: str, size: int) -> Any:
        """A global table of addresses, to be filled."""
        return (ctypes.c_void_p * size).from_address(self._engine.get_global_value_address(name))


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


def _is_known(ufunc: np.ufunc) -> bool:
    """Whether the fields lie where they are looked for."""
    fields = _Ufunc.from_address(id(ufunc))
    return (fields.inputs, fields.outputs, fields.count) == (ufunc.nin, ufunc.nout, ufunc.ntypes)


def loop_table(names: Sequence[str]) -> Any:
    """The table from which native code takes the inner loops of ufuncs: for each a function, and what it is given.

    A name such as ``libm.sin`` stands for a function of the C library.
    """
    pairs: list[int] = []
    for name in names:
        pairs += _in_library(name.removeprefix(LIBRARY)) if name.startswith(LIBRARY) else _inner_loop(name)
    return (ctypes.c_void_p * max(len(pairs), 1))(*pairs)


def _in_library(name: str) -> tuple[int, int]:
    """The address of a function of the C library, where `has_close_sines`."""
    return ctypes.cast(getattr(ctypes.CDLL("libm.so.6"), name), ctypes.c_void_p).value or 0, 0


def _inner_loop(name: str) -> tuple[int, int]:
    """The addresses of a ufunc's loop over doubles, and of the data that it is given."""
    ufunc = getattr(np, name)
    fields = _Ufunc.from_address(id(ufunc))
    types = ctypes.string_at(fields.types, fields.count * ufunc.nargs)
    kinds = [types[at : at + ufunc.nargs] for at in range(0, len(types), ufunc.nargs)]
    k = kinds.index(bytes([DOUBLE] * ufunc.nargs))
    return fields.functions[k] or 0, fields.data[k] or 0 if fields.data else 0
