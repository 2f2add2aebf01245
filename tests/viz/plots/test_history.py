from __future__ import annotations

import builtins
import math
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from autograd_lite.errors import MissingDependencyError, OperandError
from autograd_lite.viz import plot_history

matplotlib = pytest.importorskip("matplotlib")


@dataclass(slots=True)
class History:
    loss: list[float] = field(default_factory=lambda: [0.9, 0.4])
    accuracy: list[float] = field(default_factory=list)
    seconds: float = 1.5


@pytest.mark.parametrize("history", [{"loss": [0.9, 0.4], "note": "text"}, [0.9, 0.4], History()])
def test_plain_data_and_objects_give_the_same_curve(history):
    ax = plot_history(history)
    assert [(line.get_label(), list(line.get_ydata())) for line in ax.lines] == [("loss", [0.9, 0.4])]
    assert list(ax.lines[0].get_xdata()) == [1, 2]


def test_non_finite_losses_leave_a_gap():
    numbers = plot_history({"loss": [1.0, math.inf, 2.0]}).lines[0].get_ydata()
    assert math.isnan(numbers[1])


def test_it_draws_where_it_is_told():
    from matplotlib.figure import Figure  # noqa: PLC0415 - an optional package

    ax = Figure().add_subplot()
    assert plot_history([1.0], ax=ax) is ax


def test_a_picture_is_saved_without_touching_the_global_backend(tmp_path):
    file = tmp_path / "loss.png"
    program = (
        "import sys\nfrom autograd_lite import viz\n"
        f"viz.plot_history([3.0, 2.0, 1.0]).figure.savefig({str(file)!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - this Python, a fixed program
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("history", [{}, None, {"loss": []}, "text", 3.0])
def test_nothing_to_plot_is_an_error(history):
    with pytest.raises(OperandError, match="nothing to plot"):
        plot_history(history)


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingDependencyError, match=r'pip install -e "\.\[plot\]"'):
        plot_history([1.0])
