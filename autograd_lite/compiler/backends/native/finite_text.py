"""LLVM IR of the check of results: whether the sizes of numbers lie below a limit."""

from __future__ import annotations

__all__ = ["all_below"]


def all_below() -> str:
    """A function that says whether the sizes of all numbers lie below a limit: NaN does not."""
    return """declare <8 x double> @llvm.fabs.v8f64(<8 x double>)
declare double @llvm.fabs.f64(double)

define internal i1 @all_below(ptr %x, i64 %count, double %limit) #0 {
entry:
  %full = and i64 %count, -8
  %limit.one = insertelement <8 x double> poison, double %limit, i64 0
  %limits = shufflevector <8 x double> %limit.one, <8 x double> poison, <8 x i32> zeroinitializer
  br label %next
next:
  %k = phi i64 [0, %entry], [%k.next, %vector]
  %bad = phi <8 x i1> [zeroinitializer, %entry], [%bad.next, %vector]
  %more = icmp slt i64 %k, %full
  br i1 %more, label %vector, label %rest
vector:
  %at = getelementptr double, ptr %x, i64 %k
  %numbers = load <8 x double>, ptr %at, align 8
  %magnitudes = call <8 x double> @llvm.fabs.v8f64(<8 x double> %numbers)
  %are_large = fcmp uge <8 x double> %magnitudes, %limits
  %bad.next = or <8 x i1> %bad, %are_large
  %k.next = add i64 %k, 8
  br label %next
rest:
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
  %magnitude = call double @llvm.fabs.f64(double %number)
  %is_small = fcmp olt double %magnitude, %limit
  %j.next = add i64 %j, 1
  br i1 %is_small, label %tail, label %end
end:
  %answer = phi i1 [false, %rest], [true, %tail], [false, %one]
  ret i1 %answer
}"""
