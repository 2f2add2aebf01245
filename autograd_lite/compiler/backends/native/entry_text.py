"""LLVM IR of the entry: what Python calls, and what reads arguments, calls a program and makes its result.

It is the same for all programs. What it needs to know of one stands in a *descriptor*, a table of 64-bit integers and
addresses; `FIELDS` names its places. It answers only calls that are like the last one: floats, lists and tuples of
floats, and C-contiguous float64 arrays of the shapes in the descriptor. Any other call goes to a Python function, the
*fallback*, with the arguments as they came. So does a result that is not finite, if the program is not exact.

Where fields lie in Python's and NumPy's objects is found out by `autograd_lite.compiler.backends.native.entry`.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ARGUMENT", "FIELDS", "FUNCTIONS", "KINDS", "entry_text"]

FIELDS = (
    "kernel",  # the program's function, and what it is called with
    "work",
    "sizes",
    "loops",
    "blocks",
    "result_block",  # where the address of the result goes
    "busy",  # 1 while a call runs that lets other threads run
    "count",  # of arguments, and their rows
    "arguments",
    "leaf_count",  # captured leaves: addresses of Values, or odd numbers 2 k + 1 for member k of `flat`
    "leaves",
    "flat",
    "numbers",  # where their numbers go
    "pair_count",  # pairs of addresses of lengths that must be equal
    "pairs",
    "axis_count",  # for each batch axis the address of its length, and how many rows of a workspace have it
    "axes",
    "doubles",  # of a workspace without a batch axis
    "capacity",  # of the workspace
    "long",  # so many doubles in use let other threads run
    "result_axes",
    "result_shape",
    "result_length",  # the address of the length of its batch axis, or 0
    "members",
    "check",  # whether the result must be finite
    "pack",  # what makes the function's result of the numbers, or 0
)
ARGUMENT = ("kind", "block", "room", "count", "shape", "length", "same", "unused")  # the row of an argument
KINDS = ("number", "list", "tuple", "array", "same")
FUNCTIONS = (
    "new_array",  # of NumPy's and Python's C interface; then objects
    "release",
    "retain",
    "vectorcall",
    "call",
    "save_thread",
    "restore_thread",
    "float",
    "float64",
    "list",
    "tuple",
    "ndarray",
    "double",
)


def entry_text(offsets: Mapping[str, int], attributes: str) -> str:
    """Write the module.

    Parameters
    ----------
    offsets : mapping of str to int
        Where fields lie in objects, in bytes: ``number, tuple_items, list_items, size, value, data, axes, shape, dtype,
        flags``.
    attributes : str
        What LLVM has to know of the machine.
    """
    parts = [f"@api = global [{len(FUNCTIONS)} x ptr] zeroinitializer", *_readers(offsets), _finite(), _call(offsets)]
    return "\n".join([*parts, f"attributes #0 = {{ {attributes} }}", ""])


def _known(name: str) -> str:
    """Load one of the functions and objects."""
    return f"load ptr, ptr getelementptr (ptr, ptr @api, i64 {FUNCTIONS.index(name)})"


def _field(name: str, kind: str = "i64", base: str = "%d", fields: tuple[str, ...] = FIELDS) -> str:
    """Define %name as a field of the descriptor, or of the row of an argument."""
    return f"""  %{name}.at = getelementptr i64, ptr {base}, i64 {fields.index(name)}
  %{name} = load {kind}, ptr %{name}.at"""


def _readers(offsets: Mapping[str, int]) -> list[str]:
    return [
        # a float, or a float64 of NumPy's, which is one
        f"""define internal i1 @read_number(ptr %x, ptr %out) #0 {{
  %type.at = getelementptr i8, ptr %x, i64 8
  %type = load ptr, ptr %type.at
  %float = {_known("float")}
  %is_float = icmp eq ptr %type, %float
  br i1 %is_float, label %good, label %other
other:
  %float64 = {_known("float64")}
  %is_float64 = icmp eq ptr %type, %float64
  br i1 %is_float64, label %good, label %bad
good:
  %number.at = getelementptr i8, ptr %x, i64 {offsets["number"]}
  %number = load double, ptr %number.at
  store double %number, ptr %out
  ret i1 true
bad:
  ret i1 false
}}""",
        # exactly `count` objects, each of them a float
        f"""define internal i1 @read_items(ptr %items, i64 %count, ptr %out) #0 {{
entry:
  %float = {_known("float")}
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
}}""",
        # a C-contiguous float64 array; an axis of length -1 may have any length but 0, which is stored
        f"""define internal i1 @read_array(ptr %x, i64 %count, ptr %shape, ptr %length, ptr %block) #0 {{
entry:
  %type.at = getelementptr i8, ptr %x, i64 8
  %type = load ptr, ptr %type.at
  %ndarray = {_known("ndarray")}
  %is_array = icmp eq ptr %type, %ndarray
  br i1 %is_array, label %fields, label %bad
fields:
  %dtype.at = getelementptr i8, ptr %x, i64 {offsets["dtype"]}
  %dtype = load ptr, ptr %dtype.at
  %double = {_known("double")}
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
  br i1 %good.two, label %start, label %bad
start:
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
  br label %next
good:
  %data.at = getelementptr i8, ptr %x, i64 {offsets["data"]}
  %data = load ptr, ptr %data.at
  store ptr %data, ptr %block
  ret i1 true
bad:
  ret i1 false
}}""",
        # one argument, by its row
        f"""define internal i1 @read_argument(ptr %x, ptr %row) #0 {{
{_field("kind", base="%row", fields=ARGUMENT)}
{_field("block", "ptr", "%row", ARGUMENT)}
{_field("room", "ptr", "%row", ARGUMENT)}
{_field("count", base="%row", fields=ARGUMENT)}
  %type.at = getelementptr i8, ptr %x, i64 8
  %type = load ptr, ptr %type.at
  switch i64 %kind, label %object [i64 0, label %number i64 1, label %list i64 2, label %tuple i64 3, label %array]
number:
  %number.good = call i1 @read_number(ptr %x, ptr %room)
  ret i1 %number.good
list:
  %list.type = {_known("list")}
  %is_list = icmp eq ptr %type, %list.type
  br i1 %is_list, label %list.size, label %bad
list.size:
  %list.count.at = getelementptr i8, ptr %x, i64 {offsets["size"]}
  %list.count = load i64, ptr %list.count.at
  %list.fits = icmp eq i64 %list.count, %count
  br i1 %list.fits, label %list.items, label %bad
list.items:
  %list.at = getelementptr i8, ptr %x, i64 {offsets["list_items"]}
  %list.first = load ptr, ptr %list.at
  %list.good = call i1 @read_items(ptr %list.first, i64 %count, ptr %room)
  ret i1 %list.good
tuple:
  %tuple.type = {_known("tuple")}
  %is_tuple = icmp eq ptr %type, %tuple.type
  br i1 %is_tuple, label %tuple.size, label %bad
tuple.size:
  %tuple.count.at = getelementptr i8, ptr %x, i64 {offsets["size"]}
  %tuple.count = load i64, ptr %tuple.count.at
  %tuple.fits = icmp eq i64 %tuple.count, %count
  br i1 %tuple.fits, label %tuple.items, label %bad
tuple.items:
  %tuple.first = getelementptr i8, ptr %x, i64 {offsets["tuple_items"]}
  %tuple.good = call i1 @read_items(ptr %tuple.first, i64 %count, ptr %room)
  ret i1 %tuple.good
array:
{_field("shape", "ptr", "%row", ARGUMENT)}
{_field("length", "ptr", "%row", ARGUMENT)}
  %array.good = call i1 @read_array(ptr %x, i64 %count, ptr %shape, ptr %length, ptr %block)
  ret i1 %array.good
object:
{_field("same", "ptr", "%row", ARGUMENT)}
  %is_same = icmp eq ptr %x, %same
  ret i1 %is_same
bad:
  ret i1 false
}}""",
        # the numbers of captured leaves: of Values, or members of an array
        f"""define internal i1 @read_leaves(ptr %leaves, i64 %count, ptr %flat, ptr %out) #0 {{
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
}}""",
    ]


def _finite() -> str:
    """Whether all numbers are finite: 0 times each is 0, and not NaN."""
    return """define i1 @all_finite(ptr %x, i64 %count) #0 {
entry:
  %full = and i64 %count, -8
  br label %next
next:
  %k = phi i64 [0, %entry], [%k.next, %vector]
  %total = phi <8 x double> [zeroinitializer, %entry], [%total.next, %vector]
  %more = icmp slt i64 %k, %full
  br i1 %more, label %vector, label %rest
vector:
  %at = getelementptr double, ptr %x, i64 %k
  %numbers = load <8 x double>, ptr %at, align 8
  %zeros = fmul <8 x double> %numbers, zeroinitializer
  %total.next = fadd <8 x double> %total, %zeros
  %k.next = add i64 %k, 8
  br label %next
rest:
  %bad = fcmp uno <8 x double> %total, zeroinitializer
  %bits = bitcast <8 x i1> %bad to i8
  %none = icmp eq i8 %bits, 0
  br i1 %none, label %tail, label %end
tail:
  %j = phi i64 [%full, %rest], [%j.next, %one]
  %left = icmp slt i64 %j, %count
  br i1 %left, label %one, label %end
one:
  %one.at = getelementptr double, ptr %x, i64 %j
  %number = load double, ptr %one.at
  %zero = fmul double %number, 0.0
  %fine = fcmp ord double %zero, 0.0
  %j.next = add i64 %j, 1
  br i1 %fine, label %tail, label %end
end:
  %answer = phi i1 [false, %rest], [true, %tail], [false, %one]
  ret i1 %answer
}"""


def _call(offsets: Mapping[str, int]) -> str:
    return f"""define ptr @call(ptr %self, ptr %args, i64 %given) #0 {{
entry:
  %slot.at = getelementptr i8, ptr %self, i64 {offsets["data"]}
  %slot = load ptr, ptr %slot.at
  %d = load ptr, ptr %slot
  %unbound = icmp eq ptr %d, null
  br i1 %unbound, label %fallback, label %bound
bound:
{_field("count")}
{_field("busy")}
{_field("arguments", "ptr")}
  %fits = icmp eq i64 %given, %count
  %free = icmp eq i64 %busy, 0
  %ready = and i1 %fits, %free
  br i1 %ready, label %argument, label %fallback

argument:
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
  br i1 %is_good, label %argument, label %fallback

lengths:
{_field("pair_count")}
{_field("pairs", "ptr")}
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
  br i1 %alike, label %pair, label %fallback

rows:
{_field("axis_count")}
{_field("axes", "ptr")}
{_field("sizes", "ptr")}
{_field("doubles")}
{_field("capacity")}
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
  br i1 %enough, label %captured, label %fallback

captured:
{_field("leaf_count")}
{_field("leaves", "ptr")}
{_field("flat", "ptr")}
{_field("numbers", "ptr")}
  %leaves.good = call i1 @read_leaves(ptr %leaves, i64 %leaf_count, ptr %flat, ptr %numbers)
  br i1 %leaves.good, label %allocate, label %fallback

allocate:
{_field("result_axes")}
{_field("result_shape", "ptr")}
{_field("result_length", "ptr")}
{_field("result_block", "ptr")}
{_field("members")}
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
  %ndarray = {_known("ndarray")}
  %new_array = {_known("new_array")}
  %axes.short = trunc i64 %result_axes to i32
  %result = call ptr %new_array(ptr %ndarray, i32 %axes.short, ptr %result_shape, i32 12,
    ptr null, ptr null, i32 0, i32 0, ptr null)
  %failed = icmp eq ptr %result, null
  br i1 %failed, label %failure, label %run
run:
  %data.at = getelementptr i8, ptr %result, i64 {offsets["data"]}
  %data = load ptr, ptr %data.at
  store ptr %data, ptr %result_block
{_field("kernel", "ptr")}
{_field("work", "ptr")}
{_field("loops", "ptr")}
{_field("blocks", "ptr")}
{_field("long")}
  %is_long = icmp sge i64 %used, %long
  br i1 %is_long, label %release, label %hold
hold:
  call void %kernel(ptr %work, ptr %sizes, ptr %loops, ptr %blocks)
  br label %done
release:
  store i64 1, ptr %busy.at
  %save = {_known("save_thread")}
  %state = call ptr %save()
  call void %kernel(ptr %work, ptr %sizes, ptr %loops, ptr %blocks)
  %restore = {_known("restore_thread")}
  call void %restore(ptr %state)
  store i64 0, ptr %busy.at
  br label %done

done:
{_field("check")}
  %unchecked = icmp eq i64 %check, 0
  br i1 %unchecked, label %good, label %look
look:
  %is_finite = call i1 @all_finite(ptr %data, i64 %total)
  br i1 %is_finite, label %good, label %drop
drop:
  %drop.it = {_known("release")}
  call void %drop.it(ptr %result)
  br label %fallback
good:
{_field("pack", "ptr")}
  %flat_result = icmp eq ptr %pack, null
  br i1 %flat_result, label %finish, label %packed
finish:
  ret ptr %result
packed:
  %call.it = {_known("call")}
  %answer = call ptr %call.it(ptr %pack, ptr %result)
  %release.it = {_known("release")}
  call void %release.it(ptr %result)
  ret ptr %answer
failure:
  ret ptr null

fallback:
  %other.at = getelementptr ptr, ptr %slot, i64 1
  %other = load ptr, ptr %other.at
  %vectorcall = {_known("vectorcall")}
  %otherwise = call ptr %vectorcall(ptr %other, ptr %args, i64 %given, ptr null)
  ret ptr %otherwise
}}"""
