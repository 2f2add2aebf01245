"""LLVM IR of the entry: what Python calls, and what reads arguments, calls a program and makes its result.

It is the same for all programs; what it has to know of one stands in the descriptor. It holds the interpreter's lock
throughout, so threads never meet in a workspace. It answers only calls that are like the last one: floats, lists and
tuples of floats, and C-contiguous float64 arrays of the shapes in the descriptor. Any other call goes to a Python
function, the *fallback*, with the arguments as they came. So does a result that is not finite, if the program is not
exact.

Where fields lie in Python's and NumPy's objects is found out by `autograd_lite.compiler.backends.native.entry`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from autograd_lite.compiler.backends.native.descriptor import ARGUMENT, FUNCTIONS, field, known
from autograd_lite.compiler.backends.native.entry_readers import readers
from autograd_lite.compiler.backends.native.finite_text import all_below
from autograd_lite.compiler.backends.native.text import hexadecimal

__all__ = ["entry_text"]


COPY = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"


def entry_text(offsets: Mapping[str, int], attributes: str) -> str:
    """Write the module.

    Parameters
    ----------
    offsets : mapping of str to int
        Where fields lie in objects, in bytes: ``number, tuple_items, list_items, size, value, data, axes, shape, dtype,
        flags``.
    attributes : str
        What LLVM has to know of the machine. It optimises the loops alone, which halves the time to load this.
    """
    parts = [f"@api = global [{len(FUNCTIONS)} x ptr] zeroinitializer", COPY, *readers(offsets), all_below()]
    parts += [_call(offsets)]
    loops, rest = f"attributes #0 = {{ {attributes} }}", f"attributes #1 = {{ {attributes} noinline optnone }}"
    return "\n".join([*parts, loops, rest, ""])


def _call(offsets: Mapping[str, int]) -> str:
    """The function that Python calls, phase by phase; what does not fit goes to the fallback."""
    data = offsets["data"]
    phases = [
        _find_descriptor(data),
        _read_arguments(),
        _compare_lengths(),
        _set_sizes(),
        _read_captured(),
        _make_result() + "\n" + _run_and_pack(data),
        _call_fallback(),
    ]
    return "\n\n".join(phases)


def _find_descriptor(data: int) -> str:
    """Find the descriptor, if there is one; so many arguments must be given."""
    return f"""define ptr @call(ptr %self, ptr %args, i64 %given) #1 {{
entry:
  %slot.at = getelementptr i8, ptr %self, i64 {data}
  %slot = load ptr, ptr %slot.at
  %d = load ptr, ptr %slot
  %unbound = icmp eq ptr %d, null
  br i1 %unbound, label %fallback, label %bound
bound:
{field("count")}
{field("arguments", "ptr")}
  %fits = icmp eq i64 %given, %count
  br i1 %fits, label %argument, label %fallback"""


def _read_arguments() -> str:
    """Read the arguments, one by one."""
    return f"""argument:
  %k = phi i64 [0, %bound], [%k.next, %read]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %read, label %lengths
read:
  %x.at = getelementptr ptr, ptr %args, i64 %k
  %x = load ptr, ptr %x.at
  %row.start = mul i64 %k, {len(ARGUMENT)}
  %row = getelementptr i64, ptr %arguments, i64 %row.start
  %is_good = call i1 @read_argument(ptr %x, ptr %row)
  %k.next = add i64 %k, 1
  br i1 %is_good, label %argument, label %fallback"""


def _compare_lengths() -> str:
    """Compare the numbers of samples that must be equal."""
    return f"""lengths:
{field("pair_count")}
{field("pairs", "ptr")}
  br label %pair
pair:
  %p = phi i64 [0, %lengths], [%p.next, %compare]
  %pairs.more = icmp slt i64 %p, %pair_count
  br i1 %pairs.more, label %compare, label %rows
compare:
  %p.first = mul i64 %p, 2
  %p.next = add i64 %p, 1
  %first.at.at = getelementptr ptr, ptr %pairs, i64 %p.first
  %second.at.at = getelementptr ptr, ptr %first.at.at, i64 1
  %first.at = load ptr, ptr %first.at.at
  %second.at = load ptr, ptr %second.at.at
  %first = load i64, ptr %first.at
  %second = load i64, ptr %second.at
  %alike = icmp eq i64 %first, %second
  br i1 %alike, label %pair, label %fallback"""


def _set_sizes() -> str:
    """Store the length of each batch axis; the workspace must have room for its rows."""
    return f"""rows:
{field("axis_count")}
{field("axes", "ptr")}
{field("sizes", "ptr")}
{field("doubles")}
{field("capacity")}
  br label %axis
axis:
  %a = phi i64 [0, %rows], [%a.next, %grow]
  %used = phi i64 [%doubles, %rows], [%used.next, %grow]
  %axes.more = icmp slt i64 %a, %axis_count
  br i1 %axes.more, label %grow, label %room
grow:
  %a.first = mul i64 %a, 2
  %a.next = add i64 %a, 1
  %length.at.at = getelementptr ptr, ptr %axes, i64 %a.first
  %length.at = load ptr, ptr %length.at.at
  %length = load i64, ptr %length.at
  %size.at = getelementptr i64, ptr %sizes, i64 %a
  store i64 %length, ptr %size.at
  %batched.at = getelementptr i64, ptr %length.at.at, i64 1
  %batched = load i64, ptr %batched.at
  %length.up = add i64 %length, 7
  %row.length = and i64 %length.up, -8
  %axis.doubles = mul i64 %row.length, %batched
  %used.next = add i64 %used, %axis.doubles
  br label %axis
room:
  %enough = icmp sle i64 %used, %capacity
  br i1 %enough, label %captured, label %fallback"""


def _read_captured() -> str:
    """Read the numbers of captured leaves."""
    return f"""captured:
{field("leaf_count")}
{field("leaves", "ptr")}
{field("flat", "ptr")}
{field("numbers", "ptr")}
  %leaves.good = call i1 @read_leaves(ptr %leaves, i64 %leaf_count, ptr %flat, ptr %numbers)
  br i1 %leaves.good, label %allocate, label %fallback"""


def _make_result() -> str:
    """Make the array of the result."""
    return f"""allocate:
{field("result_axes")}
{field("result_shape", "ptr")}
{field("result_length", "ptr")}
{field("result_block", "ptr")}
{field("members")}
  %plain = icmp eq ptr %result_length, null
  br i1 %plain, label %make, label %long_result
long_result:
  %samples = load i64, ptr %result_length
  %samples.at = getelementptr i64, ptr %result_shape, i64 1
  store i64 %samples, ptr %samples.at
  %members.all = mul i64 %samples, %members
  br label %make
make:
  %total = phi i64 [%members, %allocate], [%members.all, %long_result]
  %ndarray = {known("ndarray")}
  %new_array = {known("new_array")}
  %axes.short = trunc i64 %result_axes to i32
  %result = call ptr %new_array(ptr %ndarray, i32 %axes.short, ptr %result_shape, i32 12,
    ptr null, ptr null, i32 0, i32 0, ptr null)
  %failed = icmp eq ptr %result, null
  br i1 %failed, label %failure, label %run"""


def _run_and_pack(data: int) -> str:
    """Run the program, see whether the result must be and is finite, and pack it."""
    return f"""run:
  %data.at = getelementptr i8, ptr %result, i64 {data}
  %own = load ptr, ptr %data.at
{field("scratch", "ptr")}
  %is_whole = icmp eq ptr %scratch, null
  %data = select i1 %is_whole, ptr %own, ptr %scratch
  store ptr %data, ptr %result_block
{field("kernel", "ptr")}
{field("work", "ptr")}
{field("loops", "ptr")}
{field("blocks", "ptr")}
  call void %kernel(ptr %work, ptr %sizes, ptr %loops, ptr %blocks)
{field("check")}
  %unchecked = icmp eq i64 %check, 0
  br i1 %unchecked, label %good, label %look
look:
  %is_finite = call i1 @all_below(ptr %data, i64 %total, double {hexadecimal(math.inf)})
  br i1 %is_finite, label %good, label %drop
drop:
  %drop.it = {known("release")}
  call void %drop.it(ptr %result)
  br label %fallback
good:
  br i1 %is_whole, label %whole, label %shorten
shorten:
  %kept = load i64, ptr %result_shape
  %kept.bytes = mul i64 %kept, 8
  call void @llvm.memcpy.p0.p0.i64(ptr %own, ptr %scratch, i64 %kept.bytes, i1 false)
  br label %whole
whole:
{field("pack", "ptr")}
  %flat_result = icmp eq ptr %pack, null
  br i1 %flat_result, label %finish, label %packed
finish:
  ret ptr %result
packed:
  %call.it = {known("call")}
  %answer = call ptr %call.it(ptr %pack, ptr %result)
  %release.it = {known("release")}
  call void %release.it(ptr %result)
  ret ptr %answer
failure:
  ret ptr null"""


def _call_fallback() -> str:
    """Call the function in Python with the arguments as they came."""
    return f"""fallback:
  %other.at = getelementptr ptr, ptr %slot, i64 1
  %other = load ptr, ptr %other.at
  %vectorcall = {known("vectorcall")}
  %otherwise = call ptr %vectorcall(ptr %other, ptr %args, i64 %given, ptr null)
  ret ptr %otherwise
}}"""
