"""Questions: templates with clean numbers, drawn by seed."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from autograd_lite.errors import DomainError, UnknownNameError
from autograd_lite.formulas import Expr
from autograd_lite.lessons.chain_rule import formulas_for
from autograd_lite.lessons.evaluation import Scope, free_names, mapped
from autograd_lite.lessons.notation import SLOPE, read
from autograd_lite.lessons.quiz.templates import LEVELS, TEMPLATES, TOPICS, Template
from autograd_lite.text import pretty_number

__all__ = ["Question", "questions"]

TRIALS = 400
DIGITS = 5  # decimals of a clean answer
LARGEST = 500.0
SIMPLE = (1.0, 2.0, 3.0, 4.0, 5.0, -1.0, -2.0, -3.0)
HALVES = (0.5, 1.5, 2.0, 3.0, -0.5, -2.0, 4.0)
RATES, TARGETS = (0.1, 0.5, 0.2), (0.0, 1.0)
OUTPUTS = {"sigmoid": (0.2, 0.4, 0.5, 0.6, 0.8), "tanh": (-0.5, 0.2, 0.5, 0.8)}
INVERSES = {"sigmoid": lambda a: math.log(a / (1.0 - a)), "tanh": math.atanh}


@dataclass(frozen=True)
class Question:
    """A graph with numbers, and what is asked.

    Attributes
    ----------
    template : Template
        Topic, level and formulas.
    scope : Scope
        The numbers and definitions.
    about : Expr
        What is asked.
    """

    template: Template
    scope: Scope
    about: Expr

    @property
    def answer(self) -> float:
        """The exact answer."""
        return self.scope.number(self.about)

    @property
    def asked(self) -> str:
        """What is asked, in a line."""
        return f"What is {self.about.pretty}?"

    @property
    def lines(self) -> list[str]:
        """The given numbers in a line, then the graph, one formula a line."""
        shown = [name for name in self.scope.numbers if name not in self.template.solved]
        given = ", ".join(f"{name} = {pretty_number(self.scope.numbers[name])}" for name in shown)
        known = set(self.template.solved.values())
        lines = [given] if given else []
        for name, formula in self.scope.definitions.items():
            number = f" = {pretty_number(self.scope.number(Expr(name)))}" if name in known else ""
            lines.append(f"{name} = {formula.pretty}{number}")
        return lines

    @property
    def formula(self) -> Expr:
        """The formula in names that leads to the answer."""
        return next(iter(formulas_for(self.about, self.scope.definitions)))

    @property
    def solution(self) -> str:
        """The formula in names, in numbers, and the answer."""
        formula = self.formula
        if formula.head == SLOPE:
            return f"{self.about.pretty} = {pretty_number(self.answer, 6)}"
        numbers = mapped_numbers(formula, self.scope)
        return f"{self.about.pretty} = {formula.pretty} = {numbers.pretty} = {pretty_number(self.answer, 6)}"


def mapped_numbers(tree: Expr, scope: Scope) -> Expr:
    """A formula with numbers for its names and derivatives."""
    if tree.head == SLOPE:
        return Expr(scope.number(tree))
    if tree.args:
        return Expr(tree.head, tuple(mapped_numbers(part, scope) for part in tree.args))
    return mapped(tree, {str(tree.head): Expr(scope.number(tree))}) if isinstance(tree.head, str) else tree


def questions(count: int, *, level: int = 0, topic: str = "", seed: int = 0) -> list[Question]:
    """Draw questions; the same seed gives the same ones.

    Parameters
    ----------
    count : int
        How many, 1 to 1000.
    level : int
        1, 2 or 3; 0 rises from 1 to 3.
    topic : str
        One of forward, local, gradients, deltas and updates; "" for all in turn.
    seed : int
        Of the numbers and of the order.

    Raises
    ------
    DomainError
        If there is no such level, or the count is out of range.
    UnknownNameError
        If there is no such topic.

    Examples
    --------
    >>> question = questions(1, level=2, topic="updates", seed=4)[0]
    >>> len(question.lines) > 1, question.asked.endswith("_new?")
    (True, True)
    """
    if level not in (0, *LEVELS):
        raise DomainError(f"There is no level {level}; levels are 1, 2 and 3.")
    if topic and topic not in TOPICS:
        raise UnknownNameError.among("topic", topic, TOPICS)
    if not 1 <= count <= 1000:
        raise DomainError(f"Got {count} questions; ask for 1 to 1000.")
    rng = random.Random(seed)  # noqa: S311 - of questions, not of secrets
    found: list[Question] = []
    for k in range(count):
        own = level or 1 + 3 * k // count
        about = topic or TOPICS[k % len(TOPICS)]
        choice = [t for t in TEMPLATES if t.topic == about and t.level == own]
        fresh = [t for t in choice if t not in [q.template for q in found[-len(TEMPLATES) :]]] or choice
        found.append(_filled(rng.choice(fresh), rng))
    return found


def _filled(template: Template, rng: random.Random) -> Question:
    """Give numbers to the names, until the answer is clean."""
    names = set(template.graph)
    definitions = {name: read(text, names) for name, text in template.graph.items()}
    about = read(template.ask, names)
    leaves = list(dict.fromkeys(n for tree in definitions.values() for n in free_names(tree, definitions, 1)))
    question = Question(template, Scope({}), about)
    for _ in range(TRIALS):
        numbers = _drawn([name for name in leaves if name not in template.solved], template, rng)
        numbers |= _solved(template, definitions, numbers, rng)
        ordered = {name: numbers[name] for name in leaves}
        question = Question(template, Scope(ordered, definitions), about)
        if _is_clean(question):
            break
    return question


def _drawn(names: list[str], template: Template, rng: random.Random) -> dict[str, float]:
    """Numbers for names, no two alike, so that a wrong operand shows."""
    pool = SIMPLE if template.level == 1 else HALVES
    numbers = dict(zip(names, rng.sample(pool, len(pool)), strict=False))
    numbers |= {name: rng.choice(RATES) for name in names if name in ("eta", "alpha")}
    return numbers | ({"t": rng.choice(TARGETS)} if "t" in names and template.solved else {})


def _solved(
    template: Template, definitions: dict[str, Expr], numbers: dict[str, float], rng: random.Random
) -> dict[str, float]:
    """Choose the names that are not shown so that their sigmoid or tanh gives a short number."""
    found: dict[str, float] = {}
    for name, node in template.solved.items():
        function = str(definitions[node].head)
        inner = definitions[node].args[0]
        scope = Scope({**numbers, **dict.fromkeys(template.solved, 0.0), **found}, definitions)
        found[name] = INVERSES[function](rng.choice(OUTPUTS[function])) - scope.number(inner)
    return found


def _is_clean(question: Question) -> bool:
    values = [question.scope.number(Expr(name)) for name in question.template.graph]
    answer = question.answer
    if not all(map(math.isfinite, [*values, answer])) or max(map(abs, [*values, answer])) > LARGEST:
        return False
    kinked = any(
        value == 0.0 and "relu" in text for value, text in zip(values, question.template.graph.values(), strict=True)
    )
    return abs(answer - round(answer, DIGITS)) < 1e-9 and answer != 0.0 and not kinked
