"""The laws that an engine is graded by, and what is said of one that breaks them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from autograd_lite.lessons.grading.engine_under_test import EngineUnderTest, Outcome, chain, starting_gradient
from autograd_lite.lessons.grading.flaws import explained
from autograd_lite.lessons.grading.programs import OPERATIONS, Program, Step, same
from autograd_lite.lessons.grading.search import LEAVES, by_size, programs, require_hypothesis, smallest

__all__ = ["CORE", "LAWS", "TASKS", "Result", "graded"]

SAMPLES = 25  # programs on which a diagnosis must hold
DEPTH = 5_000
PAIRS = ((2.0, 3.0), (3.0, -2.0), (-1.5, 0.5), (0.5, -3.0))  # what a rule is tried on first
NUMBERS = (1.0, 0.0, *LEAVES)  # and then on all pairs of these
PASSED, FAILED, MISSING = "passed", "failed", "not there"

NOTHING = "no operation is right by itself, so that nothing larger can be tried"
FIRST_WRONG = "the first sweep is wrong already"
KEPT = "inner gradients kept"
KEPT_ADVICE = (
    "Nodes between still hold their gradients of the first sweep, and pass them on again. Set the gradients of all "
    "nodes with operands back to 0 when a sweep begins; only leaves add up."
)
OVERWRITTEN = "gradients overwritten"
OVERWRITTEN_ADVICE = (
    "Each sweep forgets what the leaves had, so that the gradients of two losses do not add up. Set back only the "
    "nodes that have operands."
)


@dataclass(frozen=True)
class Result:
    """The verdict on one law: passed, failed, or not there; for a failure the program, the numbers and the cause."""

    law: str
    status: str
    core: bool = True
    message: str = ""
    program: str = ""
    picture: str = ""
    misconception: str = ""
    advice: str = ""


@dataclass
class Grading:
    """State of one grading: the engine, and the operations whose own rules are right."""

    engine: EngineUnderTest
    sound: list[str] = field(default_factory=list)
    broken: dict[str, Outcome] = field(default_factory=dict)


def graded(engine: EngineUnderTest, task: str = "") -> Iterator[Result]:
    """Try the laws one by one.

    Parameters
    ----------
    engine : EngineUnderTest
        The engine.
    task : str
        A name of `TASKS`: its operations must be there, and only its laws are tried; all that is there by default.

    Yields
    ------
    Result
        A verdict for each law.

    Raises
    ------
    MissingDependencyError
        If Hypothesis is not installed.
    """
    require_hypothesis()
    wanted = TASKS[task] if task else Task("", (), tuple(LAWS))
    grading = Grading(engine)
    start, *others = LAWS
    if start in wanted.laws:
        yield replace(LAWS[start](grading), law=start)
    for name in OPERATIONS:
        if name in wanted.operations or not task:
            yield _rule(grading, name, required=name in (wanted.operations or ("+", "*")))
    for law in (law for law in others if law in wanted.laws):
        yield replace(LAWS[law](grading), law=law, core=law in CORE or bool(task))


def _wrong(engine: EngineUnderTest, program: Program) -> bool:
    outcome = engine.run(program)
    data, grads = program.expected()
    return bool(outcome.error) or not _agree(outcome.data, data) or not _agree(outcome.grads, grads)


def _agree(a: Sequence[float], b: Sequence[float]) -> bool:
    return len(a) == len(b) and all(map(same, a, b))


# --- What is said of a failure ---------------------------------------------------------------------------------------


def _failure(grading: Grading, program: Program, *, sweeps: int = 1) -> Result:
    outcome = grading.engine.run(program, sweeps=sweeps)
    data, grads = program.expected()
    right = [sweeps * x for x in grads]
    result = Result("", FAILED, program=str(program), picture=program.picture(outcome.grads, right))
    if outcome.error:
        return replace(result, message=outcome.error, picture=program.picture())
    if not _agree(outcome.data, data):
        k = next(k for k, (a, b) in enumerate(zip(outcome.data, data, strict=True)) if not same(a, b))
        said = f"{program.name(k)} = {program.written(k)} is {outcome.data[k]:.6g}, should be {data[k]:.6g}"
        return replace(result, message=said, misconception="wrong value", picture=program.picture())
    k = next(k for k, (a, b) in enumerate(zip(outcome.grads, right, strict=True)) if not same(a, b))
    name = program.name(k)
    return replace(result, message=f"{name}.grad is {outcome.grads[k]:.6g}, should be {right[k]:.6g}")


def _diagnosed(grading: Grading, program: Program) -> Result:
    """A failure with the flaw that explains it, and everything else that the engine computes."""
    result = _failure(grading, program)
    outcome = grading.engine.run(program)
    if outcome.error or result.misconception:
        return result
    seen = [(program, outcome.grads), *_sample(grading)]
    flaw = explained(seen) or explained(seen[:1])
    return replace(result, misconception=flaw.name, advice=flaw.advice) if flaw else result


def _sample(grading: Grading) -> list[tuple[Program, tuple[float, ...]]]:
    """Other programs, made of operations that are right by themselves, and what the engine gives for them."""
    found: list[tuple[Program, tuple[float, ...]]] = []
    two = [name for name in grading.sound if OPERATIONS[name].arity == 2] or ["+"]
    one = [name for name in grading.sound if OPERATIONS[name].arity == 1] or two
    for k in range(SAMPLES):
        steps = [Step(two[k % len(two)], (k % 2, (k // 2) % 2))]
        for j in range(1, 1 + k % 4):
            name = (one if (k + j) % 3 == 0 else two)[(k + j) % len(one if (k + j) % 3 == 0 else two)]
            steps.append(Step(name, (j + 1, (k * j) % (j + 2))[: OPERATIONS[name].arity]))
        program = Program((LEAVES[k % 5], LEAVES[(k + 1) % 5]), tuple(steps))
        outcome = grading.engine.run(program)
        if program.is_tame() and not outcome.error:
            found.append((program, outcome.grads))
    return found


# --- The laws --------------------------------------------------------------------------------------------------------


def _rule(grading: Grading, name: str, *, required: bool) -> Result:
    """One operation alone: its value, and its derivative by each operand."""
    engine, law = grading.engine, f"rule of {OPERATIONS[name].template.format(a='a', b='b')}"
    if name in engine.missing:
        why = engine.missing[name]
        return Result(law, FAILED if required else MISSING, core=required, message=why)
    operands = tuple(range(OPERATIONS[name].arity))
    numbers = dict.fromkeys(pair[: len(operands)] for pair in (*PAIRS, *itertools.product(NUMBERS, repeat=2)))
    programs_ = (Program(leaves, (Step(name, operands),)) for leaves in numbers)
    bad = [program for program in programs_ if program.is_tame() and _wrong(engine, program)]
    if not bad:
        grading.sound.append(name)
        return Result(law, PASSED)
    result = replace(_failure(grading, bad[0]), law=law)
    if result.misconception or engine.run(bad[0]).error:
        return result
    misconception, advice = _rule_flaw(engine, bad)
    if misconception in ("no seed", "no factor from above", "order not reversed"):
        grading.sound.append(name)
    return replace(result, misconception=misconception, advice=advice)


def _rule_flaw(engine: EngineUnderTest, bad: list[Program]) -> tuple[str, str]:
    """Wrong sign, or another wrong rule; or a flaw of every sweep."""
    outcomes = [(program, engine.run(program).grads) for program in bad]
    flaw = explained(outcomes)
    if flaw is not None:
        return flaw.name, flaw.advice
    pairs = [(a, b) for program, grads in outcomes for a, b in zip(grads, program.expected()[1], strict=True)]
    wrong = [(a, b) for a, b in pairs if not same(a, b)]
    if all(same(a, -b) for a, b in wrong):
        return "wrong sign", "The derivative of this operation has the wrong sign for one of its operands."
    ratios = {round(a / b, 9) for a, b in wrong if b}
    times = f" Here it is {next(iter(ratios)):g} times the right one." if len(ratios) == 1 else ""
    return "wrong rule", f"The derivative of this operation is wrong.{times} Derive it again for one operand at a time."


def _start(grading: Grading) -> Result:
    x = starting_gradient(grading.engine)
    if x == 0.0:
        return Result("", PASSED)
    grading.engine.zeroed_first = True  # so that the other laws are tried for themselves
    return Result(
        "",
        FAILED,
        message=f".grad of a new value is {'not a number' if x is None else f'{x:g}'}, should be 0.0",
        program="a = Value(2.0)\na.grad",
        misconception="not zeroed",
        advice="A sum begins at 0: set self.grad = 0.0 when a value is made.",
    )


def _chains(grading: Grading) -> Result:
    """Each operation with something above it, and below it."""
    outer = next((name for name in ("*", "-", "square", "tanh", *grading.sound) if name in grading.sound), None)
    if outer is None:
        return Result("", MISSING, message=NOTHING)
    for name in sorted(grading.sound, key=lambda name: OPERATIONS[name].arity):
        for program in _composed(outer, name), _composed(name, outer):
            if program.is_tame() and _wrong(grading.engine, program):
                return _diagnosed(grading, program)
    return Result("", PASSED)


def _composed(outer: str, inner: str) -> Program:
    """One operation on the result of another; everything is used once."""
    below, above = OPERATIONS[inner].arity, OPERATIONS[outer].arity
    leaves = (2.0, 3.0, 1.5)[: below + above - 1]
    first = Step(inner, tuple(range(below)))
    return Program(leaves, (first, Step(outer, (len(leaves), *range(below, len(leaves))))))


def _same_operand(grading: Grading) -> Result:
    """One node as both operands: x + x, x * x and their like."""
    two = [name for name in grading.sound if OPERATIONS[name].arity == 2]
    for name in two:
        for x in LEAVES:
            program = Program((x,), (Step(name, (0, 0)),))
            if program.is_tame() and _wrong(grading.engine, program):
                return _diagnosed(grading, program)
    return Result("", PASSED if two else MISSING)


def _sharing(grading: Grading) -> Result:
    """Any programs of a few operations."""
    two = [name for name in grading.sound if OPERATIONS[name].arity == 2][:2]
    one = [name for name in grading.sound if OPERATIONS[name].arity == 1][:1]
    if not two:
        return Result("", MISSING, message=NOTHING)
    program = smallest(programs([*one, *two], 2, 4), lambda program: _wrong(grading.engine, program))
    return Result("", PASSED) if program is None else _diagnosed(grading, program)


def _fresh_graphs(grading: Grading) -> Result:
    """A second graph on the same leaves, after their gradients were set back to 0."""
    engine = grading.engine
    name = next((n for n in ("*", "+") if n in grading.sound), None)
    if name is None:
        return Result("", MISSING)
    program = Program((2.0, 3.0), (Step(name, (0, 1)), Step(name, (2, 0))))
    outcome = _second_graph(engine, program)
    if not outcome.error and _agree(outcome.grads, program.expected()[1]):
        return Result("", PASSED)
    if _wrong(engine, program):
        return Result("", MISSING, message=FIRST_WRONG)
    program = _least(grading, name, program, lambda p: not _agree(_second_graph(engine, p).grads, p.expected()[1]))
    outcome, (_, right) = _second_graph(engine, program), program.expected()
    zeroed = " = ".join(f"{program.name(k)}.grad" for k in range(len(program.leaves)))
    again = str(program).split("\n")[len(program.leaves) :]
    text = "\n".join([str(program), f"{zeroed} = 0.0", *again])
    if outcome.error:
        return Result("", FAILED, message=outcome.error, program=text)
    k = next((k for k, (a, b) in enumerate(zip(outcome.grads, right, strict=True)) if not same(a, b)), 0)
    grads = outcome.grads
    return Result(
        "",
        FAILED,
        message=f"the second time {program.name(k)}.grad is {grads[k]:.6g}, should be {right[k]:.6g}",
        program=text,
        picture=program.picture(grads, right),
        misconception="not zeroed",
        advice="Something of the first graph is left, such as a list of nodes or gradients that all graphs share. "
        "Begin each sweep with the nodes below its own root only.",
    )


def _second_graph(engine: EngineUnderTest, program: Program) -> Outcome:
    """Run a program twice on the same leaves, whose gradients are set back to 0 before each."""
    try:
        leaves = [engine.make(x) for x in program.leaves]
        for _ in range(2):
            for leaf in leaves:
                leaf.grad = 0.0
            program.run(leaves, engine.operations)[-1].backward()
        return Outcome(grads=tuple(float(leaf.grad) for leaf in leaves))
    except Exception as error:  # noqa: BLE001 - of the user's code, anything
        return Outcome(error=f"{type(error).__name__}: {error}"[:200])


def _least(grading: Grading, name: str, known: Program, fails: Callable[[Program], bool]) -> Program:
    """The smallest program of one operation that fails although a single sweep is right; else one that is known to."""
    return next((p for p in by_size(name) if fails(p) and not _wrong(grading.engine, p)), known)


def _two_sweeps(grading: Grading) -> Result:
    """Calling backward twice adds the gradient twice."""
    made_of = next((n for n in ("*", "+") if n in grading.sound), None)
    if made_of is None:
        return Result("", MISSING)
    program = Program((2.0, 3.0), (Step(made_of, (0, 1)), Step(made_of, (2, 0)), Step(made_of, (3, 1))))
    outcome = grading.engine.run(program, sweeps=2)
    _, grads = program.expected()
    if _agree(outcome.grads, [2.0 * x for x in grads]):
        return Result("", PASSED)
    if _wrong(grading.engine, program):
        return Result("", MISSING, message=FIRST_WRONG)

    def fails(p: Program) -> bool:
        return not _agree(grading.engine.run(p, sweeps=2).grads, [2.0 * x for x in p.expected()[1]])

    once = _agree(outcome.grads, grads)
    program = _least(grading, made_of, program, fails)
    result = _failure(grading, program, sweeps=2)
    name, advice = (OVERWRITTEN, OVERWRITTEN_ADVICE) if once else (KEPT, KEPT_ADVICE)
    text = result.program + f"\n{program.name(len(program) - 1)}.backward()"
    return replace(result, program=text, misconception=name, advice=advice)


def _depth(grading: Grading) -> Result:
    """A long chain."""
    if "+" not in grading.sound:
        return Result("", MISSING)
    program = chain(DEPTH)
    outcome = grading.engine.run(program)
    if not outcome.error and _agree(outcome.grads, [DEPTH + 1.0]):
        return Result("", PASSED)
    recursion = "RecursionError" in outcome.error
    said = outcome.error or f"a.grad is {outcome.grads[0]:g}, should be {DEPTH + 1}"
    return Result(
        "",
        FAILED,
        message=said,
        program=f"a = s = Value(1.0)\nfor _ in range({DEPTH}):\n    s = s + a\ns.backward()",
        misconception="recursion limit" if recursion else "",
        advice="A function that calls itself for each operand goes at most 1000 deep in Python. Keep a list of what is "
        "still to do, or sort nodes by a number that each gets when it is made." * recursion,
    )


LAWS: dict[str, Callable[[Grading], Result]] = {
    "gradients begin at 0": _start,
    "the chain rule": _chains,
    "the same operand twice": _same_operand,
    "results that are used again": _sharing,
    "a second graph on the same leaves": _fresh_graphs,
    "two sweeps add up": _two_sweeps,
    "a chain of 5,000": _depth,
}
CORE = tuple(LAWS)[:5]  # the last two ask for more than micrograd does


@dataclass(frozen=True)
class Task:
    """An exercise: what it is, the operations that must be there, and its laws."""

    about: str
    operations: tuple[str, ...]
    laws: tuple[str, ...]


TASKS: dict[str, Task] = {
    "sum": Task("values with + and their gradients", ("+",), ("gradients begin at 0", "the same operand twice")),
    "product": Task("values with + and *", ("+", "*"), ("gradients begin at 0", "the chain rule")),
    "sharing": Task("values that are used more than once", ("+", "*"), (*CORE[:4],)),
    "engine": Task("the engine of sixty lines: + * tanh backward", ("+", "*", "tanh"), CORE),
    "operators": Task("all operators, with numbers too", tuple(OPERATIONS)[:15], CORE),
    "robust": Task("several sweeps, and deep graphs", ("+", "*"), tuple(LAWS)),
}
