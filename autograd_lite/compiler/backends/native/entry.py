"""The entry: a built-in function in machine code that stands between Python and native programs.

It looks at the objects themselves: their types and fields, and calls a program without a detour through Python. Where
these fields lie is found out once and tried; where they lie elsewhere, `available` says so, and calls take the longer
way (`autograd_lite.compiler.backends.native.calls`).

Types: ``Any`` stands for arguments of users' functions, arrays and tables of ctypes.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from itertools import count, pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler.backends.native import machine
from autograd_lite.compiler.backends.native.calls import NativeCall, work_array
from autograd_lite.compiler.backends.native.descriptor import ARGUMENT, FIELDS, FUNCTIONS, KINDS
from autograd_lite.compiler.backends.native.entry_text import entry_text
from autograd_lite.engine import Value

__all__ = ["Argument", "Descriptor", "Slot", "available"]

LONGEST = 2**18  # doubles in use: longer calls take some 0.1 ms, and let other threads run
NEW_ARRAY = 93  # PyArray_New in NumPy's table of functions
FASTCALL = 0x80
POINTER = ctypes.sizeof(ctypes.c_void_p)


class Argument(NamedTuple):
    """What an argument must be like: its kind, its shape (-1 is the batch axis), or the object that it must be."""

    kind: str
    shape: tuple[int, ...] = ()
    same: Any = None


class Descriptor:
    """What the entry has to know of a program, for calls with arguments of one kind.

    Parameters
    ----------
    call : NativeCall
        The program; its last input holds the captured leaves, unless it is an argument too.
    arguments : sequence of Argument
        What each argument of the function is like.
    leaves : sequence of Value or int
        Each captured leaf, or the member of `flat` that holds its number.
    alike : sequence of sequence of int
        Which arguments must have equally many samples.
    flat : int, optional
        How many numbers the array has that comes before the arguments; if None, there is no such array. Without
        `leaves` it is the last input itself.
    check : bool
        Whether the result must be finite.
    pack : callable, optional
        Makes of the flat result what the function returns.
    kept : int, optional
        How many numbers of a result without a batch axis are returned, if not all.
    """

    def __init__(
        self,
        call: NativeCall,
        arguments: Sequence[Argument],
        leaves: Sequence[Value | int],
        alike: Sequence[Sequence[int]],
        *,
        flat: int | None = None,
        check: bool = False,
        pack: Callable[[Any], Any] | None = None,
        kept: int | None = None,
    ) -> None:
        self._call = call
        self._keep: list[Any] = [call, arguments, leaves, pack]
        self._fields = np.zeros(len(FIELDS), dtype=np.int64)
        self._blocks = self._room(len(call.program.inputs) + 1)  # the addresses of the inputs, and of the result
        self._lengths = self._room(len(arguments) + 1)  # how many samples each argument has; `flat` comes last
        self._set_kernel()
        self._set_leaves(leaves)
        self._set_arguments(arguments, has_leaves=bool(leaves), flat=flat)
        self._set_axes(alike)
        self._set_result(check=check, pack=pack, kept=kept)
        self.enlarge([1] * len(call.dims))

    def _set_kernel(self) -> None:
        call = self._call
        self._set(
            kernel=call.address,
            sizes=self._room(len(call.dims)),
            loops=ctypes.addressof(call.loops),
            blocks=self._blocks,
            doubles=call.layout.flat,
        )

    def _set_leaves(self, leaves: Sequence[Value | int]) -> None:
        told = [2 * leaf + 1 if isinstance(leaf, int) else id(leaf) for leaf in leaves]
        self._set(leaf_count=len(leaves), leaves=self._table(told), numbers=self._room(len(leaves)))

    def _set_arguments(self, arguments: Sequence[Argument], *, has_leaves: bool, flat: int | None) -> None:
        last, rows = self._block(len(self._call.program.inputs) - 1), []
        if flat is not None:
            block = self._field("flat") if has_leaves else last
            rows += self._row(Argument("array", (flat,)), block, self._length(len(arguments)))
        if flat is None or has_leaves:
            _write(last, self._get("numbers"))
        inputs = count()
        for k, argument in enumerate(arguments):
            block = 0 if argument.kind == "same" else self._block(next(inputs))
            rows += self._row(argument, block, self._length(k))
        self._set(count=len(rows) // len(ARGUMENT), arguments=self._table(rows))

    def _set_axes(self, alike: Sequence[Sequence[int]]) -> None:
        dims, batched = self._call.dims, self._call.layout.batched
        pairs = [self._length(k) for group in alike for pair in pairwise(group) for k in pair]
        axes = [number for dim in dims for number in (self._length(dim.arguments[0]), batched[dim])]
        self._set(pair_count=len(pairs) // 2, pairs=self._table(pairs), axis_count=len(dims), axes=self._table(axes))

    def _set_result(self, *, check: bool, pack: Callable[[Any], Any] | None, kept: int | None) -> None:
        result = self._call.program.result
        shape = [kept or result.size] if result.dim is None else [result.size, 0]
        self._set(
            result_block=self._block(len(self._call.program.inputs)),
            result_axes=len(shape),
            result_shape=self._table(shape),
            result_length=0 if result.dim is None else self._length(result.dim.arguments[0]),
            members=result.size,
            scratch=self._room(result.size) if kept else 0,
            check=check,
            pack=0 if pack is None else id(pack),
        )

    def _block(self, k: int) -> int:
        """Where the address of an input goes, or behind them that of the result."""
        return self._blocks + POINTER * k

    def _length(self, argument: int) -> int:
        """Where the number of samples of an argument goes."""
        return self._lengths + POINTER * argument

    @property
    def address(self) -> int:
        """Where the table of fields begins."""
        return int(self._fields.ctypes.data)

    def enlarge(self, sizes: Sequence[int]) -> None:
        """Make the workspace large enough for some lengths of the batch axes, unless calls are long then."""
        doubles = max(self._call.doubles(sizes), 1)
        if self._get("capacity") < doubles <= LONGEST:
            work, first = work_array(doubles), FIELDS.index("work")
            self._fields[[first, FIELDS.index("capacity")]] = work.ctypes.data, doubles  # at once: threads may call
            self._work = work

    def _row(self, argument: Argument, block: int, length: int) -> list[int]:
        """The row of an argument; numbers that are not in an array are copied to a room of their own."""
        fields = dict.fromkeys(ARGUMENT, 0) | {"kind": KINDS.index(argument.kind), "block": block, "length": length}
        if argument.kind == "array":
            fields |= {"count": len(argument.shape), "shape": self._table(argument.shape)}
        elif argument.kind == "same":
            fields["same"] = id(argument.same)
        else:
            count = argument.shape[0] if argument.shape else 1
            fields |= {"count": count, "room": self._room(count)}
            _write(block, fields["room"])
        return list(fields.values())

    def _room(self, count: int) -> int:
        """The address of room for so many numbers, which are 0."""
        return self._table([0] * max(count, 1))

    def _table(self, numbers: Sequence[int]) -> int:
        """The address of a table of integers."""
        table = np.array(numbers, dtype=np.int64)
        self._keep.append(table)
        return int(table.ctypes.data)

    def _field(self, name: str) -> int:
        return self.address + POINTER * FIELDS.index(name)

    def _get(self, name: str) -> int:
        return int(self._fields[FIELDS.index(name)])

    def _set(self, **fields: int) -> None:
        for name, number in fields.items():
            self._fields[FIELDS.index(name)] = number


def _write(place: int, address: int) -> None:
    """Write an address into a table."""
    ctypes.c_int64.from_address(place).value = address


class Slot(np.ndarray[Any, np.dtype[np.int64]]):
    """Holds the address of the descriptor in force, and of the fallback; the entry is bound to it."""

    fallback: Callable[..., Any]
    descriptor: Descriptor | None
    entry: _Entry

    @classmethod
    def made(cls, fallback: Callable[..., Any]) -> Slot:
        """Make a slot without a descriptor: all calls go to the fallback."""
        slot = np.array([0, id(fallback)], dtype=np.int64).view(cls)
        slot.fallback, slot.descriptor = fallback, None
        return slot

    def bind(self, descriptor: Descriptor | None) -> None:
        """Put a descriptor in force, or none."""
        self[0] = 0 if descriptor is None else descriptor.address
        self.descriptor = descriptor

    def function(self) -> Callable[..., Any]:
        """The built-in function that looks here at each call."""
        self.entry = _entry()  # it holds the code; threads that come first may have loaded two of them
        made: Callable[..., Any] = _new_function(ctypes.addressof(self.entry.method), self, None)
        return made


class _Method(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_new_function = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.py_object)(
    ("PyCFunction_NewEx", ctypes.pythonapi)
)


class _Entry:
    """The module of `entry_text`, loaded."""

    def __init__(self) -> None:
        self.code = machine.Code(entry_text(_offsets(), machine.attributes()))
        table = self.code.table("api", len(FUNCTIONS))
        table[:] = [_api()[name] for name in FUNCTIONS]
        self.method = _Method(b"call", self.code.address("call"), FASTCALL, None)


@functools.cache
def _entry() -> _Entry:
    return _Entry()


def _api() -> dict[str, int]:
    """The addresses of functions of Python's and NumPy's C interface, and of objects."""
    names = {
        "release": "Py_DecRef",
        "retain": "Py_IncRef",
        "vectorcall": "PyObject_Vectorcall",
        "call": "PyObject_CallOneArg",
    }
    functions = {name: ctypes.cast(getattr(ctypes.pythonapi, c), ctypes.c_void_p).value for name, c in names.items()}
    objects = {"float": float, "float64": np.float64, "list": list, "tuple": tuple, "ndarray": np.ndarray}
    addresses = {name: id(thing) for name, thing in objects.items()} | {"double": id(np.dtype(float))}
    return addresses | {name: at or 0 for name, at in functions.items()} | {"new_array": _numpy_api()[NEW_ARRAY]}


def _numpy_api() -> Any:
    capsule = np._core._multiarray_umath._ARRAY_API  # type: ignore[attr-defined]
    pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    return ctypes.cast(pointer(capsule, None), ctypes.POINTER(ctypes.c_void_p))


@functools.cache
def available() -> bool:
    """Whether fields of objects lie where the entry looks for them, and it gives what Python gives."""
    try:
        return _lie_there(_offsets()) and _works()
    except (AttributeError, ValueError, OSError):  # a function or a field that is not there
        return False


def _lie_there(at: dict[str, int]) -> bool:
    """Whether the fields of some objects hold what they should; pointers are followed last."""
    x, y, array = 0.25, -3.5, np.zeros((3, 5))
    some, pair = [x, y], (x, y)

    def field(thing: Any, name: str, kind: Any = ctypes.c_void_p) -> Any:
        return kind.from_address(id(thing) + at[name])

    plain = {
        (field(x, "number", ctypes.c_double).value, x),
        (field(np.float64(y), "number", ctypes.c_double).value, y),
        (field(some, "size", ctypes.c_int64).value, 2),
        (field(pair, "size", ctypes.c_int64).value, 2),
        (tuple(field(pair, "tuple_items", ctypes.c_void_p * 2)), (id(x), id(y))),
        (field(array, "axes", ctypes.c_int).value, 2),
        (field(array, "data").value, array.ctypes.data),
        (field(array, "dtype").value, id(np.dtype(float))),
        (field(array, "flags", ctypes.c_int).value, array.flags.num),
    }
    if any(found != expected for found, expected in plain):
        return False
    items = tuple((ctypes.c_void_p * 2).from_address(field(some, "list_items").value))
    shape = tuple((ctypes.c_int64 * 2).from_address(field(array, "shape").value))
    return bool((items, shape) == ((id(x), id(y)), array.shape))


def _works() -> bool:
    """Whether a slot without a descriptor hands its arguments on."""
    return bool(Slot.made(lambda *given: given).function()(1.0, "a") == (1.0, "a"))


def _offsets() -> dict[str, int]:
    """Where the fields of objects lie, in bytes."""
    number = 0.1234567890123
    value = Value(number)
    fields = np.frombuffer(ctypes.string_at(id(value), Value.__basicsize__), dtype=np.uintp)
    return {
        "number": float.__basicsize__ - 8,
        "size": 16,
        "list_items": 24,
        "tuple_items": tuple.__basicsize__,
        "value": POINTER * fields.tolist().index(id(number)),
        "data": 16,
        "axes": 24,
        "shape": 32,
        "dtype": 56,
        "flags": 64,
    }
