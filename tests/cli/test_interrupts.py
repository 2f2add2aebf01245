"""Ctrl-C at any time is exit code 130 and one line: while packages are imported, in training, while saving."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autograd_lite import interrupts, nn
from autograd_lite.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
INTERRUPTS_WHEN_IMPORTED = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)\n"
STARTS = {
    "module": [sys.executable, "-m", "autograd_lite", "doctor"],
    "script": [sys.executable, "autograd-lite", "doctor"],
}


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("d.csv").write_text("x,y\n" + "".join(f"{i},{2 * i}\n" for i in range(40)), encoding="utf-8")
    Path("autograd-lite").write_text(
        "import sys\nfrom autograd_lite.__main__ import main\nsys.exit(main())\n", encoding="utf-8"
    )


@pytest.mark.parametrize("package", ["numpy", "argparse", "graphviz"])
@pytest.mark.parametrize("command", STARTS.values(), ids=STARTS)
def test_while_a_package_is_imported(command, package, tmp_path):
    if package == "graphviz":
        command = [*command[:-1], "draw", "a*a", "a=1", "-o", "g.dot"]
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / f"{package}.py").write_text(INTERRUPTS_WHEN_IMPORTED, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path / "first"), *sys.path[1:], os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 130
    assert done.stderr == "autograd-lite: stopped.\n"
    assert done.stdout == ""


def test_other_programs_keep_their_ctrl_c():
    code = "import autograd_lite, signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout == "True\n"


def test_training_that_is_stopped_saves_the_model_so_far_and_exits_with_130(tmp_path):
    command = ["-m", "autograd_lite", "train", "d.csv", "--target", "y", "--epochs", "20000", "--hidden", "2"]
    with subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while "epoch  2000" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "autograd-lite: stopped; the model so far is in model.npz"
    assert "The model is in model.npz" in out
    assert "interrupted" in nn.describe_model_file("model.npz")
    assert not list(Path().glob("*.tmp"))


class Interrupting(nn.Callback):
    """Presses Ctrl-C after an epoch."""

    def after_epoch(self, training):
        if training.epoch == 3:
            raise KeyboardInterrupt


def test_what_was_learned_before_ctrl_c_is_saved_first(monkeypatch, capsys):
    monkeypatch.setattr(nn, "Progress", Interrupting)
    assert main(["train", "d.csv", "--target", "y", "--hidden", "2"]) == 130
    said = capsys.readouterr()
    assert said.err == "autograd-lite: stopped; the model so far is in model.npz\n"
    assert "3 epochs" in nn.describe_model_file("model.npz")
    assert not Path("model.loss.png").exists()


def test_ctrl_c_while_the_linear_model_is_fitted_keeps_the_network(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograd_lite.nn.tabular.training._linear", interrupted)
    assert main(["train", "d.csv", "--target", "y", "--hidden", "2", "--epochs", "3"]) == 130
    assert "stopped; the model so far is in model.npz" in capsys.readouterr().err
    assert "3 epochs" in nn.describe_model_file("model.npz")


def test_saving_is_not_interrupted():
    with interrupts.ignored():
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
