from __future__ import annotations

import io

import pytest

from autograd_lite.errors import DomainError
from autograd_lite.viz import steps
from autograd_lite.viz.writers.terminal import play


class Terminal(io.StringIO):
    def isatty(self):
        return True


def played(root, keys, **options):
    out = Terminal()
    play(steps(root), source=Terminal("\n".join(keys) + "\n"), out=out, **options)
    return out.getvalue()


def test_a_walk_goes_on_back_and_to_breakpoints(example):
    root, _ = example("squared")
    walk = steps(root).walk()
    assert walk.step is None
    assert walk.next().phase == "seed"
    assert walk.run(until="d").title == "L → d (use 2 of 2)"
    assert walk.back().title == "L → d (use 1 of 2)"
    assert walk.run(when=lambda step: step.total_after > 2).target == "y"
    assert walk.jump(1).phase == "seed"
    assert walk.run().number == 10
    with pytest.raises(DomainError, match="There is no step 11; the steps are numbered from 1 to 10"):
        walk.next()
    walk.jump(1)
    with pytest.raises(DomainError, match="no step 0"):
        walk.back()


def test_e_explains_through_named_nodes_and_ee_through_every_op(example):
    text = played(example("two_one_one")[0], ["6", "e", "ee", "q"])
    assert "  ∂E/∂y_out · ∂y_out/∂y_in · ∂y_in/∂v4" in text
    assert "  ∂E/∂v6 · ∂v6/∂v5 · ∂v5/∂y_out · ∂y_out/∂y_in · ∂y_in/∂v4" in text


def test_the_player_obeys_its_keys(example):
    root, _ = example("squared")
    text = played(root, ["", "n", "b", "7", "e", "99", "zzz", "?", "q"])
    assert "1. Seed" in text
    assert "2. backward: L → d (use 1 of 2)" in text
    assert "7. backward: s → p" in text
    assert "∂L/∂p: 2 paths" in text
    assert "There is no step 99" in text
    assert "'zzz' is not a command" in text


def test_the_player_takes_predictions(example):
    root, _ = example("squared")
    text = played(root, ["2", "p", "-1.197", "p", "2.395", "p", "-2.395"])
    assert "Overwrote instead of added" in text
    assert "The sign" in text or "Forgot" in text
    assert "d.grad = −1.1974 + (−1.1974) = −2.3948 ✓" in text


def test_before_the_first_step_there_is_nothing_to_go_back_to_or_to_explain(example):
    root, _ = example("squared")
    text = played(root, ["b", "e", "1", "b", "q"])
    assert text.count("Before the first step.") == 2
    assert "Before the first step there is nothing to explain." in text
    assert text.endswith("[0/10] ")


def test_what_has_no_gradient_to_guess_is_shown_at_once_and_explained_in_a_sentence(example):
    root, _ = example("squared")
    text = played(root, ["p", "e", "q"])
    assert "There is nothing to predict in this step.\n\n1. Seed: ∂L/∂L = 1" in text
    assert "The sweep starts at L: its derivative with respect to itself is 1." in text
    assert "paths" not in text


def test_the_end_of_the_input_in_the_middle_of_a_question_ends_the_player(example):
    root, _ = example("squared")
    assert played(root, ["1", "p"]).endswith("d.grad = −1.197\n[2/10] ")


def test_ctrl_c_ends_the_player(example):
    class Interrupted(Terminal):
        def readline(self, *_limit):
            raise KeyboardInterrupt

    root, _ = example("squared")
    out = Terminal()
    play(steps(root), source=Interrupted(), out=out)
    assert out.getvalue().endswith("[0/10] \n")


def test_the_end_of_the_input_ends_the_player(example):
    root, _ = example("squared")
    assert played(root, ["10", "", "p", "b"]).count("That was the last step") == 2


def test_a_breakpoint_starts_in_the_middle(example, capsys):
    root, _ = example("squared")
    assert "3. backward: L → d (use 2 of 2)" in played(root, ["q"], start=3)
    steps(root).play(until="d")
    assert capsys.readouterr().out == str(steps(root)), "without a terminal, the transcript"


def test_without_a_terminal_the_transcript_is_printed(example, capsys):
    root, _ = example("squared")
    steps(root).play()
    assert capsys.readouterr().out == str(steps(root))
    assert played(root, [], everything=True) == str(steps(root))
    text = io.StringIO()
    play(steps(root), source=Terminal("q\n"), out=text)
    assert text.getvalue() == str(steps(root)), "what goes into a file or a pipe is no conversation"
