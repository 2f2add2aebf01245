"""Backprop in the terminal, one step at a key."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

from autograd_lite.errors import DomainError

from ..explain.explanation import LISTED, Explanation
from ..explain.named import through_nodes
from ..explain.paths import Paths
from ..steps.predictions import hint, judge, question, questions
from ..steps.sequence import StepSequence
from ..steps.step import Step
from ..steps.texts import filled
from ..steps.transcript import transcript
from ..steps.walk import Walk

__all__ = ["play"]

HELP = "Enter or n: next   b: back   a number: go there   p: predict   pp: the slope too   e, ee: explain   q: quit"


def play(
    steps: StepSequence,
    *,
    start: int = 0,
    everything: bool = False,
    source: TextIO | None = None,
    out: TextIO | None = None,
) -> None:
    """Step through backprop in a terminal; where input or output is none, print the whole transcript."""
    keys, screen = source or sys.stdin, out or sys.stdout
    if everything or not (keys.isatty() and screen.isatty()):
        screen.write(transcript(steps))
        return
    _Player(steps, keys, screen).run(start)


class _Player:
    """The terminal's view of a walk: reads a line, moves, prints."""

    def __init__(self, steps: StepSequence, source: TextIO, out: TextIO) -> None:
        self.steps, self.source, self.out = steps, source, out
        self.walk = Walk(steps)
        self.asked = self.right = 0
        self.commands: dict[str, Callable[[], object]] = {
            "": self.next,
            "n": self.next,
            "b": self.back,
            "p": self.predict,
            "pp": lambda: self.predict(level=2),
            "e": self.explain,
            "ee": lambda: self.explain("all"),
            "?": lambda: self.say(HELP),
        }

    def run(self, start: int) -> None:
        self.say(f"{self.steps!r}\n{HELP}")
        if start:
            self.show(start)
        while True:
            line = self.ask(f"[{self.walk.position}/{len(self.steps)}] ")
            if line is None or line == "q":
                if self.asked:
                    self.say(self.score())
                return
            self.obey(line)

    def obey(self, line: str) -> None:
        if line in self.commands:
            self.commands[line]()
        elif line.isdecimal():
            self.show(int(line))
        else:
            self.say(f"{line!r} is not a command. {HELP}")

    def next(self) -> None:
        if self.walk.position == len(self.steps):
            self.say("That was the last step. b: back, q: quit")
        else:
            self.show(self.walk.position + 1)

    def back(self) -> None:
        if self.walk.position <= 1:
            self.walk.position = 0
            self.say("Before the first step.")
        else:
            self.show(self.walk.position - 1)

    def show(self, number: int) -> None:
        try:
            step = self.walk.jump(number)
        except DomainError as error:
            self.say(str(error))
        else:
            self.say(f"\n{step}")

    def predict(self, level: int = 1) -> None:
        """Ask before the next step, at the second level for the local derivative first."""
        if self.walk.position == len(self.steps):
            self.say("That was the last step.")
            return
        step = self.steps[self.walk.position]
        kinds = questions(step, level)
        if not kinds:
            self.say("There is nothing to predict in this step.")
        for kind in kinds:
            if not self.question(step, kind):
                break
        self.next()
        if self.asked and self.walk.position == len(self.steps):
            self.say(self.score())

    def question(self, step: Step, kind: str) -> bool:
        """Ask until the answer is right, with a hint after a wrong one; an empty line gives up, False at the end."""
        for attempt in range(sys.maxsize):
            asked = question(step, kind) if not attempt else "Again (Enter shows it):"
            typed = self.ask(f"{asked} ")
            if typed is None:
                return False
            self.asked += not attempt
            if not typed:
                return True
            answer = judge(step, typed, kind)
            self.say(answer.verdict)
            if answer.right:
                self.right += not attempt
                return True
            if not attempt:
                self.say(hint(step, kind))
        return True

    def score(self) -> str:
        """How many answers were right at once."""
        return filled("score", right=self.right, asked=self.asked)

    def explain(self, through: str | None = None) -> None:
        step = self.walk.step
        if step is None:
            self.say("Before the first step there is nothing to explain.")
            return
        self.say(step.sentence)
        if step.phase == "backward":
            graph = through_nodes(self.steps.graph, through, [step.target_index])
            target = graph.index[self.steps.graph.nodes[step.target_index]]
            self.say(f"\n{Explanation(Paths(graph, LISTED), target)}")

    def say(self, text: str) -> None:
        self.out.write(f"{text}\n")

    def ask(self, prompt: str) -> str | None:
        """Read a line; None at the end of the input or at Ctrl-C."""
        self.out.write(prompt)
        self.out.flush()
        try:
            line = self.source.readline()
        except KeyboardInterrupt:
            self.say("")
            return None
        return line.strip() if line else None
