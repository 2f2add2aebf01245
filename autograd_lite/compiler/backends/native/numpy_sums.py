"""LLVM IR of sums that have NumPy's bits: calls of the inner loops of `numpy.matmul` and of `numpy.add`.

A product of two vectors is what ``a @ b`` gives, a sum what ``a.sum()`` gives, which add in an order of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["LOOPS", "numpy_sums"]

LOOPS = ("matmul", "add")


def numpy_sums() -> str:
    """Write both functions; the last argument is the table of the two loops."""
    return f"declare double @llvm.sqrt.f64(double)\n\n{_product()}\n\n{_sum()}"


def _product() -> str:
    """One product of a row by a column, without further axes."""
    return f"""define internal double @numpy_product(ptr %a, ptr %b, i64 %n, ptr %sums) #0 {{
  %out = alloca double
{_table("pointers", "ptr", ["%a", "%b", "%out"])}
{_table("counts", "i64", [1, 1, "%n", 1])}
{_table("strides", "i64", [0, 0, 0, 0, 8, 8, 0, 0, 0])}
{_run(0)}
}}"""


def _sum() -> str:
    """A reduction: the result is the first operand too, and neither moves on."""
    return f"""define internal double @numpy_sum(ptr %a, i64 %n, ptr %sums) #0 {{
  %out = alloca double
  store double -0.0, ptr %out
{_table("pointers", "ptr", ["%out", "%a", "%out"])}
{_table("counts", "i64", ["%n"])}
{_table("strides", "i64", [0, 8, 0])}
{_run(1)}
}}"""


def _table(name: str, kind: str, members: Sequence[int | str]) -> str:
    lines = [f"  %{name} = alloca [{len(members)} x {kind}]"]
    for k, member in enumerate(members):
        lines.append(f"  %{name}.{k} = getelementptr {kind}, ptr %{name}, i64 {k}")
        lines.append(f"  store {kind} {member}, ptr %{name}.{k}")
    return "\n".join(lines)


def _run(k: int) -> str:
    return f"""  %loop.at = getelementptr ptr, ptr %sums, i64 {2 * k}
  %loop = load ptr, ptr %loop.at
  %data.at = getelementptr ptr, ptr %sums, i64 {2 * k + 1}
  %data = load ptr, ptr %data.at
  call void %loop(ptr %pointers, ptr %counts, ptr %strides, ptr %data)
  %result = load double, ptr %out
  ret double %result"""
