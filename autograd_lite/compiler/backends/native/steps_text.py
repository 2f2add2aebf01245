"""LLVM IR of training: steps of gradient descent, batch after batch, without Python between them.

A step gathers the samples of its batch, runs the program of the loss and its gradient, and the update of the weights;
between two steps the *state*, weights and what the optimizer remembers, goes from one of two buffers to the other. It
stops before a step in which a number is not finite, or so large that a sum of some might not be.
"""

from __future__ import annotations

from autograd_lite.compiler.backends.native.descriptor import field
from autograd_lite.compiler.backends.native.finite_text import all_below
from autograd_lite.compiler.backends.native.numpy_sums import numpy_sums
from autograd_lite.compiler.backends.native.text import hexadecimal

__all__ = ["FIELDS", "PART", "PRODUCT", "SUM", "steps_text"]

FIELDS = (
    "kernel",  # of the loss and its gradient, and what it is called with
    "work",
    "sizes",
    "loops",
    "blocks",
    "weights_block",  # where the address of the weights goes
    "results",
    "result_count",
    "update",  # the function that updates the state, likewise
    "update_work",
    "update_loops",
    "update_blocks",
    "state",  # two buffers, which change places, each of `arrays` arrays of `bytes`
    "other",
    "arrays",
    "bytes",
    "part_count",  # of a sample: inputs, targets, weights, masks
    "parts",
    "samples",
    "batch",
    "numbers",  # what the update needs in each step, and how much that is in bytes
    "number_bytes",
    "losses",  # the loss of the epoch, the mean over its samples, and that before the last step
    "adjust",  # the function that changes gradients, or 0, and what it is called with
    "adjust_work",
    "adjust_loops",
    "adjust_blocks",
    "adjusted",  # where the loss goes, then the gradient, the terms of the penalty, and the clipped gradient
    "sums",  # NumPy's inner loops of products and of sums
    "penalty",  # 0, or PRODUCT or SUM
    "strength",
    "clip",  # the largest length of the gradient, or a negative number
    "scale_at",  # which of the numbers of a step is the factor that shortens it
    "count.weights",
)
PART = ("data", "bytes", "room", "block", "order")  # the indices of samples, or 0
LARGE, TINY = 1e300, 1e-300
PRODUCT, SUM = 1, 2
INTEGERS = {"result_count", "arrays", "bytes", "part_count", "samples", "batch", "number_bytes"}
INTEGERS |= {"penalty", "scale_at", "count.weights"}
DOUBLES = {"strength", "clip"}


def steps_text(attributes: str) -> str:
    """Write the module."""
    copy = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"
    loss = f"{_next_step()}\n{_prepare_batch()}\n{_run_loss()}\n\n{_adjust()}"
    steps = f"{loss}\n\n{_place_memory()}\n{_shorten()}\n{_update()}"
    functions = f"{all_below()}\n{copy}\n\n{_gather()}\n\n{numpy_sums()}"
    return f"{functions}\n\n{steps}\nattributes #0 = {{ {attributes} }}\n"


def _gather() -> str:
    """Copy the samples with some indices, one after the other."""
    return """define internal void @gather(ptr %data, i64 %bytes, ptr %room, ptr %order, i64 %count) #0 {
entry:
  br label %next
next:
  %k = phi i64 [0, %entry], [%k.next, %copy]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %copy, label %end
copy:
  %index.at = getelementptr i64, ptr %order, i64 %k
  %index = load i64, ptr %index.at
  %offset = mul i64 %index, %bytes
  %from = getelementptr i8, ptr %data, i64 %offset
  %place = mul i64 %k, %bytes
  %to = getelementptr i8, ptr %room, i64 %place
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
  %k.next = add i64 %k, 1
  br label %next
end:
  ret void
}"""


def _next_step() -> str:
    """Count the steps; the two buffers change places after each."""
    kinds = {name: "i64" if name in INTEGERS else "double" if name in DOUBLES else "ptr" for name in FIELDS}
    fields = "\n".join(field(name, kind, fields=FIELDS) for name, kind in kinds.items())
    return f"""define i64 @steps(ptr %d, i64 %first, i64 %stop) #0 {{
entry:
{fields}
  br label %step
step:
  %s = phi i64 [%first, %entry], [%s.next, %update.now]
  %now = phi ptr [%state, %entry], [%then, %update.now]
  %then = phi ptr [%other, %entry], [%now, %update.now]
  %more = icmp slt i64 %s, %stop
  br i1 %more, label %prepare, label %end"""


def _prepare_batch() -> str:
    """Find the samples of the batch, and gather them if they are in an order of their own."""
    return f"""prepare:
  %start = mul i64 %s, %batch
  %left = sub i64 %samples, %start
  %is_whole = icmp sge i64 %left, %batch
  %count = select i1 %is_whole, i64 %batch, i64 %left
  store i64 %count, ptr %sizes
  store ptr %now, ptr %weights_block
  br label %part
part:
  %p = phi i64 [0, %prepare], [%p.next, %part.end]
  %parts.more = icmp slt i64 %p, %part_count
  br i1 %parts.more, label %take, label %run
take:
  %p.start = mul i64 %p, {len(PART)}
  %row = getelementptr i64, ptr %parts, i64 %p.start
  %row.bytes = getelementptr i64, ptr %row, i64 1
  %row.room = getelementptr i64, ptr %row, i64 2
  %row.block = getelementptr i64, ptr %row, i64 3
  %row.order = getelementptr i64, ptr %row, i64 4
  %part.data = load ptr, ptr %row
  %part.bytes = load i64, ptr %row.bytes
  %part.room = load ptr, ptr %row.room
  %part.block = load ptr, ptr %row.block
  %part.order = load ptr, ptr %row.order
  %is_ordered = icmp ne ptr %part.order, null
  %p.next = add i64 %p, 1
  br i1 %is_ordered, label %scattered, label %even
scattered:
  %chosen = getelementptr i64, ptr %part.order, i64 %start
  call void @gather(ptr %part.data, i64 %part.bytes, ptr %part.room, ptr %chosen, i64 %count)
  br label %part.end
even:
  %even.offset = mul i64 %start, %part.bytes
  %even.data = getelementptr i8, ptr %part.data, i64 %even.offset
  br label %part.end
part.end:
  %here = phi ptr [%part.room, %scattered], [%even.data, %even]
  store ptr %here, ptr %part.block
  br label %part"""


def _run_loss() -> str:
    """Run the program of the loss and its gradient; stop before a step that is not finite."""
    return f"""run:
  call void %kernel(ptr %work, ptr %sizes, ptr %loops, ptr %blocks)
  %is_small = call i1 @all_below(ptr %results, i64 %result_count, double {hexadecimal(LARGE)})
  br i1 %is_small, label %ran, label %end"""


def _adjust() -> str:
    """Add the penalty to the loss and its gradient to that of the loss; likewise stop."""
    return f"""ran:
  %is_adjusted = icmp ne ptr %adjust, null
  br i1 %is_adjusted, label %adjusting, label %arrays.start
adjusting:
  store ptr %now, ptr %adjust_blocks
  call void %adjust(ptr %adjust_work, ptr null, ptr %adjust_loops, ptr %adjust_blocks)
  %plain.loss = load double, ptr %results
  %end_of_gradient = add i64 %count.weights, 1
  %terms = getelementptr double, ptr %adjusted, i64 %end_of_gradient
  switch i64 %penalty, label %sum.penalty [i64 0, label %no.penalty i64 {PRODUCT}, label %product.penalty]
product.penalty:
  %product = call double @numpy_product(ptr %now, ptr %terms, i64 %count.weights, ptr %sums)
  br label %some.penalty
sum.penalty:
  %sum = call double @numpy_sum(ptr %terms, i64 %count.weights, ptr %sums)
  br label %some.penalty
some.penalty:
  %size = phi double [%product, %product.penalty], [%sum, %sum.penalty]
  %share = fmul double %strength, %size
  %penalized = fadd double %plain.loss, %share
  br label %no.penalty
no.penalty:
  %whole.loss = phi double [%plain.loss, %adjusting], [%penalized, %some.penalty]
  store double %whole.loss, ptr %adjusted
  %adjusted.count = add i64 %count.weights, 1
  %stays_small = call i1 @all_below(ptr %adjusted, i64 %adjusted.count, double {hexadecimal(LARGE)})
  br i1 %stays_small, label %arrays.start, label %end"""


def _place_memory() -> str:
    """Tell the update where the weights, the gradient and what the optimizer remembers lie."""
    return """arrays.start:
  %found = phi ptr [%results, %ran], [%adjusted, %no.penalty]
  %gradient = getelementptr double, ptr %found, i64 1
  store ptr %now, ptr %update_blocks
  %second = getelementptr ptr, ptr %update_blocks, i64 1
  store ptr %gradient, ptr %second
  br label %array
array:
  %a = phi i64 [1, %arrays.start], [%a.next, %remembered]
  %a.next = add i64 %a, 1
  %slot = getelementptr ptr, ptr %update_blocks, i64 %a.next
  %arrays.more = icmp slt i64 %a, %arrays
  br i1 %arrays.more, label %remembered, label %apply
remembered:
  %a.offset = mul i64 %a, %bytes
  %memory = getelementptr i8, ptr %now, i64 %a.offset
  store ptr %memory, ptr %slot
  br label %array"""


def _shorten() -> str:
    """Find the factor that shortens the gradient, if it is too long: what Python's optimizer would find."""
    return f"""apply:
  %taken = sub i64 %s, %first
  %numbers.offset = mul i64 %taken, %number_bytes
  %numbers.now = getelementptr i8, ptr %numbers, i64 %numbers.offset
  %is_clipped = fcmp oge double %clip, 0.0
  br i1 %is_clipped, label %shorten, label %update.now
shorten:
  %clipped.offset = shl i64 %count.weights, 1
  %clipped = getelementptr double, ptr %gradient, i64 %clipped.offset
  %square = call double @numpy_product(ptr %clipped, ptr %clipped, i64 %count.weights, ptr %sums)
  %length = call double @llvm.sqrt.f64(double %square)
  %is_tiny = fcmp ogt double {hexadecimal(TINY)}, %length
  %divisor = select i1 %is_tiny, double {hexadecimal(TINY)}, double %length
  %quotient = fdiv double %clip, %divisor
  %is_long = fcmp olt double %quotient, 1.0
  %scale = select i1 %is_long, double %quotient, double 1.0
  %scale.at = getelementptr double, ptr %numbers.now, i64 %scale_at
  store double %scale, ptr %scale.at
  br label %update.now"""


def _update() -> str:
    """Update the state, and add the loss to that of the epoch."""
    return """update.now:
  store ptr %numbers.now, ptr %slot
  %last = getelementptr ptr, ptr %slot, i64 1
  store ptr %then, ptr %last
  call void %update(ptr %update_work, ptr null, ptr %update_loops, ptr %update_blocks)
  %total = load double, ptr %losses
  %before.at = getelementptr double, ptr %losses, i64 1
  store double %total, ptr %before.at
  %loss = load double, ptr %found
  %samples.double = sitofp i64 %samples to double
  %count.double = sitofp i64 %count to double
  %loss.times = fmul double %loss, %count.double
  %loss.share = fdiv double %loss.times, %samples.double
  %total.next = fadd double %total, %loss.share
  store double %total.next, ptr %losses
  %s.next = add i64 %s, 1
  br label %step
end:
  ret i64 %s
}"""
