"""Each command: what it prints and writes, and what bad input gets: one message, an exit code, no half-written file."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from autograd_lite import __main__ as entry
from autograd_lite.cli import doctor, main
from autograd_lite.compiler.backends import native
from autograd_lite.viz.drawing import graphviz_engine

needs_graphviz = pytest.mark.skipif(graphviz_engine.engine_name() is None, reason="no Graphviz here")
needs_shell = pytest.mark.skipif(shutil.which("sh") is None, reason="no sh here")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def files() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def hide_packages(monkeypatch, *hidden):
    """Let the packages look as if they were not installed."""
    installed = metadata.version

    def version(package):
        if package in hidden:
            raise metadata.PackageNotFoundError(package)
        return installed(package)

    monkeypatch.setattr(doctor.metadata, "version", version)


def without_graphviz(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(graphviz_engine.importlib.util, "find_spec", lambda name: None)


# --- What they do ---------------------------------------------------------------------------------------------------


def test_step_prints_every_contribution(capsys):
    assert main(["step", "b = a + a; c = b + b", "a=3"]) == 0
    printed = capsys.readouterr().out
    assert "∂c/∂a = 4" in printed
    assert printed.count("a.grad +=") == 2


def test_step_begins_with_the_forward_pass_and_ends_with_the_update_if_asked(capsys):
    assert main(["step", "a * a", "a=3", "--forward", "--lr", "0.1"]) == 0
    printed = capsys.readouterr().out
    assert printed.index("forward") < printed.index("Seed") < printed.index("Update a")


def test_step_writes_a_transcript(capsys):
    assert main(["step", "a * a", "a=3", "-o", "steps.txt"]) == 0
    assert capsys.readouterr().out == "The steps are in steps.txt\n"
    assert main(["step", "a * a", "a=3", "--all"]) == 0
    assert capsys.readouterr().out.rstrip() == Path("steps.txt").read_text(encoding="utf-8").rstrip()


@needs_graphviz
def test_step_writes_a_page(capsys):
    assert main(["step", "a * a", "a=3", "--html", "steps.html"]) == 0
    page = Path("steps.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert files() == ["steps.html"]


def test_draw_writes_dot_text_without_graphviz(capsys, monkeypatch):
    without_graphviz(monkeypatch)
    assert main(["draw", "w * x", "w=2", "x=3", "-o", "g.dot"]) == 0
    assert capsys.readouterr().out == "The graph is in g.dot\n"
    assert Path("g.dot").read_text(encoding="utf-8").startswith("digraph")
    assert files() == ["g.dot"]


def test_draw_shows_gradients_unless_told_not_to():
    main(["draw", "w * x", "w=2", "x=3", "-o", "with.dot"])
    main(["draw", "w * x", "w=2", "x=3", "--no-gradients", "-o", "without.dot"])
    assert ">?<" not in Path("with.dot").read_text(encoding="utf-8")
    assert ">?<" in Path("without.dot").read_text(encoding="utf-8")


@needs_graphviz
@pytest.mark.parametrize(
    ("output", "magic"), [("g.svg", b"<?xml"), ("g.png", b"\x89PNG"), ("g.pdf", b"%PDF"), (None, b"<?xml")]
)
def test_draw_writes_pictures(output, magic):
    assert main(["draw", "tanh(w*x + b)", "w=-0.5", "x=2", "b=0.8", *(["-o", output] if output else [])]) == 0
    assert Path(output or "graph.svg").read_bytes().startswith(magic)


@pytest.mark.parametrize(
    "arguments",
    [
        ["w * x", "w=2", "x=3", "-o", "g.dot"],
        ["w * x", "-o", "g.dot", "w=2", "x=3"],
        ["-o", "g.dot", "w * x", "w=2", "x=3"],
        ["w * x", "w=2", "-o", "g.dot", "x=3"],
        ["-w * x", "w=2", "x=3", "-o", "g.dot"],
        ["-o", "g.dot", "--", "-w*x", "w=2", "x=3"],
    ],
)
def test_arguments_in_any_order(arguments):
    assert main(["draw", *arguments]) == 0
    assert files() == ["g.dot"]


def test_doctor_says_what_is_here(capsys):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for part in ("Python", "NumPy", "Graphviz", "pygraphviz", "matplotlib", "scikit-learn", "tqdm"):
        assert part in printed


def test_doctor_says_what_is_missing(capsys, monkeypatch):
    without_graphviz(monkeypatch)
    hide_packages(monkeypatch, "pygraphviz", "matplotlib", "scikit-learn", "tqdm", "llvmlite")
    monkeypatch.setattr(native.machine, "is_installed", lambda: False)
    native.missing.cache_clear()
    assert main(["doctor"]) == 0
    native.missing.cache_clear()
    printed = capsys.readouterr().out
    assert "matplotlib is missing" in printed
    assert 'pip install -e ".[dot,plot,sklearn,progress,native]"' in printed
    assert "not native: llvmlite is not installed" in printed
    assert "apt install graphviz" in printed


def test_doctor_names_what_draws_where_there_is_no_dot(capsys, monkeypatch):
    hide_packages(monkeypatch, "matplotlib")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(doctor, "_version", {"pygraphviz": "2.0"}.get)
    assert main(["doctor"]) == 0
    assert "no dot on the PATH; the extra dot (pygraphviz) draws the pictures" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX terminal")
def test_step_in_a_terminal_is_played_by_keys():
    leader, terminal = os.openpty()
    command = [sys.executable, "-m", "autograd_lite", "step", "a * a", "a=3"]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal) as process:  # noqa: S603 - ours
        os.close(terminal)
        os.write(leader, b"3\nq\n")
        printed = b""
        with contextlib.suppress(OSError), open(leader, "rb", buffering=0) as screen:  # noqa: PTH123 - a descriptor
            while part := screen.read(4096):  # Linux ends a closed terminal with an error
                printed += part
    assert process.returncode == 0
    assert "3. backward: v1 → a (use 2 of 2)" in printed.decode()
    assert "1. Seed" not in printed.decode()


def test_the_installed_command_is_the_same_as_the_module():
    assert entry.main is main


@pytest.mark.parametrize("command", ["demo", "draw", "step", "check", "train", "predict", "show", "doctor"])
def test_help_of_each_command(command, capsys):
    assert main([command, "--help"]) == 0
    printed = capsys.readouterr().out
    assert f"usage: autograd-lite {command}" in printed
    assert re.search(rf"\nexamples?:\n  autograd-lite {command}\b", printed)


def test_help_and_version(capsys):
    assert main(["--help"]) == 0
    assert main(["--version"]) == 0
    assert "autograd-lite 0." in capsys.readouterr().out


# --- What bad input gets --------------------------------------------------------------------------------------------

WRONG_INPUT = {
    "malformed": (["draw", "tanh(a +", "a=1"], "'(' was never closed"),
    "unknown op, with the nearest": (["step", "rleu(a)", "a=1"], "Did you mean 'relu'?"),
    "unknown name": (["step", "a * b", "a=1"], "There is no name 'b'"),
    "no numbers": (["step", "a * b"], "There is no name 'a'"),
    "text for a number": (["step", "a * a", "a=two"], "needs a finite number"),
    "NaN": (["step", "a * a", "a=nan"], "needs a finite number"),
    "complex": (["step", "a * a", "a=1j"], "needs a finite number"),
    "empty sequence": (["step", "mean([])", "a=1"], "of nothing"),
    "code": (["draw", "__import__('os').remove('x')", "a=1"], "Only numbers"),
    "empty": (["draw", ""], "empty"),
    "another kind of picture": (["draw", "a * a", "a=1", "-o", "g.gif"], ".png"),
    "no ending": (["draw", "a * a", "a=1", "-o", "g"], ".png"),
    "unknown option": (["draw", "a * a", "a=1", "--colour"], "--colour"),
    "a formula like an option": (["draw", "-a", "a=1"], "brackets"),
    "unknown command": (["drwa", "a * a", "a=1"], "drwa"),
    "a command with a slip": (["trian", "data.csv"], "There is no command 'trian'. Did you mean 'train'?"),
}
FAILURES = {
    "no such folder": (["draw", "a * a", "a=1", "-o", "missing/g.dot"], "Cannot write"),
    "a folder for a file": (["draw", "a * a", "a=1", "-o", "folder.dot"], "Cannot write"),
    "a file for a folder": (["demo", "--quick", "--out", "file"], "cannot be created"),
}


def test_the_bare_command_prints_its_help(capsys):
    assert main([]) == 0
    bare = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert bare == capsys.readouterr().out
    assert "draw" in bare


@pytest.mark.parametrize(("arguments", "says"), WRONG_INPUT.values(), ids=WRONG_INPUT)
def test_wrong_input_is_one_message_and_exit_code_2(arguments, says, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Traceback" not in err
    assert files() == []


@pytest.mark.parametrize(("arguments", "says"), FAILURES.values(), ids=FAILURES)
def test_failure_is_one_message_and_exit_code_1(arguments, says, capsys):
    Path("folder.dot").mkdir()
    Path("file").write_text("here first", encoding="utf-8")
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("autograd-lite: ")
    assert says in err
    assert files() == ["file", "folder.dot"]
    assert Path("file").read_text(encoding="utf-8") == "here first"


def test_missing_graphviz_names_both_ways_to_get_it(capsys, monkeypatch):
    without_graphviz(monkeypatch)
    assert main(["draw", "a * a", "a=1", "-o", "g.svg"]) == 1
    err = capsys.readouterr().err
    assert 'pip install -e ".[dot]"' in err
    assert "apt install graphviz" in err
    assert files() == []


def test_control_characters_do_not_reach_the_terminal(capsys):
    assert main(["step", "a * \x1b[31mred", "a=1"]) == 2
    assert main(["step", "a * a", "a\x1b[31m=1"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_ctrl_c_is_exit_code_130(capsys, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograd_lite.viz.steps", interrupted)
    assert main(["step", "a * a", "a=1"]) == 130
    assert capsys.readouterr().err == "autograd-lite: stopped.\n"


def test_ctrl_c_while_a_class_is_made_is_no_other(capsys, monkeypatch):
    """Python 3.11 turns it into a RuntimeError there, and packages that are imported late make many classes."""

    class Name:
        def __set_name__(self, owner, name):
            raise KeyboardInterrupt

    def importing(*args, **kwargs):
        type("Late", (), {"name": Name()})

    monkeypatch.setattr("autograd_lite.viz.steps", importing)
    assert main(["step", "a * a", "a=1"]) == 130
    assert capsys.readouterr().err == "autograd-lite: stopped.\n"


def test_letters_that_the_terminal_lacks_become_question_marks(monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    assert main(["step", "a * a", "a=1"]) == 0
    narrow.flush()
    assert b"?L/?a" not in narrow.buffer.getvalue()
    assert b"?" in narrow.buffer.getvalue()


def test_a_graph_that_nobody_could_read_is_refused(capsys):
    doubled = "; ".join(f"a{i + 1} = a{i} + a{i}" for i in range(505))
    assert main(["draw", doubled, "a0=1"]) == 2
    assert "506 nodes" in capsys.readouterr().err
    assert files() == []


def run_in_shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603, S607 - written here


@needs_shell
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_message():
    done = run_in_shell(f'"{sys.executable}" -m autograd_lite step "a*a" a=1 > /dev/full')
    assert done.returncode == 1
    assert done.stderr == "autograd-lite: No space left on device (where the output goes)\n"


@needs_shell
def test_a_reader_that_leaves_early_is_no_traceback():
    terms = " + ".join(["a*a"] * 50)
    done = run_in_shell(f'"{sys.executable}" -m autograd_lite step "{terms}" a=1 | head -n 1')
    assert "Backprop" in done.stdout
    assert done.stderr == ""
