"""The search for the smallest program that breaks a law. Hypothesis searches and shrinks; it is needed here alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from autograd_lite.errors import MissingDependencyError
from autograd_lite.lessons.grading.programs import OPERATIONS, Program, Step
from autograd_lite.text import install_command

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["LEAVES", "by_size", "programs", "require_hypothesis", "smallest"]

EXAMPLES = 200
STEPS = 3  # of programs that are tried one by one
LEAVES = (2.0, 3.0, -1.0, 0.5, -2.0, 1.5)


def require_hypothesis() -> object:
    """Import Hypothesis, or say how to get it."""
    try:
        import hypothesis  # noqa: PLC0415 - needed by the grader alone
    except ImportError as error:
        raise MissingDependencyError(
            f"The grader needs Hypothesis, which is not installed: pip install hypothesis, or {install_command('test')}"
        ) from error
    return hypothesis


def programs(operations: Sequence[str], leaves: int, steps: int) -> SearchStrategy[Program]:
    """Programs of these operations, the simplest first; every step of one reaches its root."""
    from hypothesis import strategies as st  # noqa: PLC0415 - as above

    def made(numbers: list[float], drawn: list[tuple[str, int, int]]) -> Program:
        done = []
        for k, (name, *operands) in enumerate(drawn):
            below = len(numbers) + k
            chosen = tuple(below - 1 - operand % below for operand in operands[: OPERATIONS[name].arity])
            done.append(Step(name, chosen))
        return _pruned(Program(tuple(numbers), tuple(done)))

    operand = st.integers(0, leaves + steps - 1)
    step = st.tuples(st.sampled_from(list(operations)), operand, operand)
    numbers = st.lists(st.sampled_from(LEAVES), min_size=1, max_size=leaves)
    return st.builds(made, numbers, st.lists(step, min_size=1, max_size=steps))


def by_size(operation: str) -> Iterator[Program]:
    """Programs of one operation of two operands, on one leaf and on two, the smallest first; each step uses the last.

    Examples
    --------
    >>> print(next(by_size("*")))
    a = Value(2.0)
    b = a * a
    b.backward()
    """
    for steps in range(1, STEPS + 1):
        for leaves in (1, 2):
            first = Step(operation, (0, leaves - 1))
            for others in itertools.product(*(range(leaves + k) for k in range(1, steps))):
                more = [Step(operation, (leaves + k, other)) for k, other in enumerate(others)]
                yield Program(LEAVES[:leaves], (first, *more))


def _pruned(program: Program) -> Program:
    """A program without what does not reach the root."""
    needed = {len(program) - 1}
    for k in range(len(program.steps) - 1, -1, -1):
        if k + len(program.leaves) in needed:
            needed |= set(program.steps[k].operands)
    place = {k: n for n, k in enumerate(sorted(needed))}
    leaves = [x for k, x in enumerate(program.leaves) if k in needed]
    steps = [step for k, step in enumerate(program.steps) if k + len(program.leaves) in needed]
    return Program(tuple(leaves), tuple(Step(step.operation, tuple(place[k] for k in step.operands)) for step in steps))


def smallest(strategy: SearchStrategy[Program], fails: Callable[[Program], bool]) -> Program | None:
    """The smallest program that fails, as far as Hypothesis shrinks it; None if none is found."""
    from hypothesis import HealthCheck, Phase, find, settings  # noqa: PLC0415 - as above
    from hypothesis.errors import NoSuchExample  # noqa: PLC0415 - as above

    quiet = settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
        phases=[Phase.generate, Phase.shrink],
    )
    try:
        return find(strategy, lambda program: program.is_tame() and fails(program), settings=quiet)
    except NoSuchExample:
        return None
