"""LLVM IR of what reads arguments: numbers, lists and tuples of numbers, arrays, and captured leaves.

Each function answers whether an object is what the descriptor says, and puts its numbers, or the address of its data,
where the program looks for them. Where fields lie in objects is given as `offsets`, in bytes.
"""

from __future__ import annotations

from collections.abc import Mapping

from autograd_lite.compiler.backends.native.descriptor import ARGUMENT, field, known

__all__ = ["readers"]

Offsets = Mapping[str, int]


def readers(offsets: Offsets) -> list[str]:
    """Write the functions, in the order in which they call each other."""
    return [
        _read_number(offsets),
        _read_items(offsets),
        _read_array(offsets),
        _read_argument(offsets),
        _read_leaves(offsets),
    ]


def _read_number(offsets: Offsets) -> str:
    """A float, or a float64 of NumPy's, which is one."""
    return f"""define internal i1 @read_number(ptr %x, ptr %out) #1 {{
  %type.at = getelementptr i8, ptr %x, i64 8
  %type = load ptr, ptr %type.at
  %float = {known("float")}
  %is_float = icmp eq ptr %type, %float
  br i1 %is_float, label %good, label %other
other:
  %float64 = {known("float64")}
  %is_float64 = icmp eq ptr %type, %float64
  br i1 %is_float64, label %good, label %bad
good:
  %number.at = getelementptr i8, ptr %x, i64 {offsets["number"]}
  %number = load double, ptr %number.at
  store double %number, ptr %out
  ret i1 true
bad:
  ret i1 false
}}"""


def _read_items(offsets: Offsets) -> str:
    """Exactly `count` objects, each of them a float."""
    return f"""define internal i1 @read_items(ptr %items, i64 %count, ptr %out) #0 {{
entry:
  %float = {known("float")}
  br label %next
next:
  %k = phi i64 [0, %entry], [%k.next, %take]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %look, label %good
look:
  %x.at = getelementptr ptr, ptr %items, i64 %k
  %x = load ptr, ptr %x.at
  %type.at = getelementptr i8, ptr %x, i64 8
  %type = load ptr, ptr %type.at
  %is_float = icmp eq ptr %type, %float
  br i1 %is_float, label %take, label %bad
take:
  %number.at = getelementptr i8, ptr %x, i64 {offsets["number"]}
  %number = load double, ptr %number.at
  %place = getelementptr double, ptr %out, i64 %k
  store double %number, ptr %place
  %k.next = add i64 %k, 1
  br label %next
good:
  ret i1 true
bad:
  ret i1 false
}}"""


def _read_array(offsets: Offsets) -> str:
    """A C-contiguous float64 array; an axis of length -1 may have any length but 0, which is stored."""
    return f"""define internal i1 @read_array(ptr %x, i64 %count, ptr %shape, ptr %length, ptr %block) #1 {{
entry:
  %type.at = getelementptr i8, ptr %x, i64 8
  %type = load ptr, ptr %type.at
  %ndarray = {known("ndarray")}
  %is_array = icmp eq ptr %type, %ndarray
  br i1 %is_array, label %fields, label %bad
{_check_fields(offsets)}
{_check_shape(offsets)}
good:
  %data.at = getelementptr i8, ptr %x, i64 {offsets["data"]}
  %data = load ptr, ptr %data.at
  store ptr %data, ptr %block
  ret i1 true
bad:
  ret i1 false
}}"""


def _check_fields(offsets: Offsets) -> str:
    """The type of its elements, how many axes it has, and whether it is contiguous and aligned."""
    return f"""fields:
  %dtype.at = getelementptr i8, ptr %x, i64 {offsets["dtype"]}
  %dtype = load ptr, ptr %dtype.at
  %double = {known("double")}
  %is_double = icmp eq ptr %dtype, %double
  %axes.at = getelementptr i8, ptr %x, i64 {offsets["axes"]}
  %axes = load i32, ptr %axes.at
  %axes.long = zext i32 %axes to i64
  %has_axes = icmp eq i64 %axes.long, %count
  %flags.at = getelementptr i8, ptr %x, i64 {offsets["flags"]}
  %flags = load i32, ptr %flags.at
  %flags.both = and i32 %flags, 257
  %is_plain = icmp eq i32 %flags.both, 257
  %good.one = and i1 %is_double, %has_axes
  %good.two = and i1 %good.one, %is_plain
  br i1 %good.two, label %start, label %bad"""


def _check_shape(offsets: Offsets) -> str:
    """The length of each axis."""
    return f"""start:
  %dims.at = getelementptr i8, ptr %x, i64 {offsets["shape"]}
  %dims = load ptr, ptr %dims.at
  br label %next
next:
  %k = phi i64 [0, %start], [%k.next, %fits]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %look, label %good
look:
  %dim.at = getelementptr i64, ptr %dims, i64 %k
  %dim = load i64, ptr %dim.at
  %wanted.at = getelementptr i64, ptr %shape, i64 %k
  %wanted = load i64, ptr %wanted.at
  %k.next = add i64 %k, 1
  %is_free = icmp slt i64 %wanted, 0
  br i1 %is_free, label %free, label %fixed
free:
  store i64 %dim, ptr %length
  %is_some = icmp sgt i64 %dim, 0
  br i1 %is_some, label %fits, label %bad
fixed:
  %is_equal = icmp eq i64 %dim, %wanted
  br i1 %is_equal, label %fits, label %bad
fits:
  br label %next"""


def _read_argument(offsets: Offsets) -> str:
    """One argument, by its row."""
    list_items = f"""  %list.at = getelementptr i8, ptr %x, i64 {offsets["list_items"]}
  %list.first = load ptr, ptr %list.at"""
    tuple_items = f"""  %tuple.first = getelementptr i8, ptr %x, i64 {offsets["tuple_items"]}"""
    return f"""define internal i1 @read_argument(ptr %x, ptr %row) #1 {{
{field("kind", base="%row", fields=ARGUMENT)}
{field("block", "ptr", "%row", ARGUMENT)}
{field("room", "ptr", "%row", ARGUMENT)}
{field("count", base="%row", fields=ARGUMENT)}
  %type.at = getelementptr i8, ptr %x, i64 8
  %type = load ptr, ptr %type.at
  switch i64 %kind, label %object [i64 0, label %number i64 1, label %list i64 2, label %tuple i64 3, label %array]
number:
  %number.good = call i1 @read_number(ptr %x, ptr %room)
  ret i1 %number.good
{_items_of("list", list_items, offsets)}
{_items_of("tuple", tuple_items, offsets)}
array:
{field("shape", "ptr", "%row", ARGUMENT)}
{field("length", "ptr", "%row", ARGUMENT)}
  %array.good = call i1 @read_array(ptr %x, i64 %count, ptr %shape, ptr %length, ptr %block)
  ret i1 %array.good
object:
{field("same", "ptr", "%row", ARGUMENT)}
  %is_same = icmp eq ptr %x, %same
  ret i1 %is_same
bad:
  ret i1 false
}}"""


def _items_of(kind: str, first: str, offsets: Offsets) -> str:
    """A list or tuple; `first` defines the address of its first item."""
    return f"""{kind}:
  %{kind}.type = {known(kind)}
  %is_{kind} = icmp eq ptr %type, %{kind}.type
  br i1 %is_{kind}, label %{kind}.size, label %bad
{kind}.size:
  %{kind}.count.at = getelementptr i8, ptr %x, i64 {offsets["size"]}
  %{kind}.count = load i64, ptr %{kind}.count.at
  %{kind}.fits = icmp eq i64 %{kind}.count, %count
  br i1 %{kind}.fits, label %{kind}.items, label %bad
{kind}.items:
{first}
  %{kind}.good = call i1 @read_items(ptr %{kind}.first, i64 %count, ptr %room)
  ret i1 %{kind}.good"""


def _read_leaves(offsets: Offsets) -> str:
    """The numbers of captured leaves: of Values, or members of an array."""
    return f"""define internal i1 @read_leaves(ptr %leaves, i64 %count, ptr %flat, ptr %out) #0 {{
entry:
  br label %next
next:
  %k = phi i64 [0, %entry], [%k.next, %member], [%k.next, %value]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %look, label %good
look:
  %leaf.at = getelementptr i64, ptr %leaves, i64 %k
  %leaf = load i64, ptr %leaf.at
  %place = getelementptr double, ptr %out, i64 %k
  %k.next = add i64 %k, 1
  %is_member = trunc i64 %leaf to i1
  br i1 %is_member, label %member, label %value
member:
  %index = lshr i64 %leaf, 1
  %member.at = getelementptr double, ptr %flat, i64 %index
  %number = load double, ptr %member.at
  store double %number, ptr %place
  br label %next
value:
  %object = inttoptr i64 %leaf to ptr
  %number.at = getelementptr i8, ptr %object, i64 {offsets["value"]}
  %x = load ptr, ptr %number.at
  %is_good = call i1 @read_number(ptr %x, ptr %place)
  br i1 %is_good, label %next, label %bad
good:
  ret i1 true
bad:
  ret i1 false
}}"""
