"""Progress that cannot be shown ends no training."""

from __future__ import annotations

import io
import sys
import types
from typing import ClassVar

import pytest

from autograd_lite import nn

DATA = {"X": [[0.0], [1.0]], "y": [1.0, 3.0], "loss": "mean_squared_error", "optimizer": nn.SGD(0.5), "epochs": 20}


class Full(io.StringIO):
    """A stream that takes nothing, a terminal if told so."""

    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal

    def write(self, _text):
        raise OSError(28, "No space left on device")

    def flush(self):
        raise OSError(28, "No space left on device")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


STREAMS = {"full": Full(False), "full terminal": Full(True), "closed": closed(), "none": None}


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_training_goes_on(stream, monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream)
    model, silent = nn.Neuron(1, "linear", seed=0), nn.Neuron(1, "linear", seed=0)
    history = nn.fit(model, **DATA, callbacks=[nn.Progress()])
    nn.fit(silent, **DATA)
    assert history.stopped == "all epochs"
    assert [p.data for p in model.parameters()] == [p.data for p in silent.parameters()]


class Bar:
    """A bar of tqdm that counts."""

    made: ClassVar[list[Bar]] = []

    def __init__(self, **settings):
        self.settings, self.done, self.closed = settings, 0, False
        self.made.append(self)

    def set_postfix_str(self, _text, refresh):
        assert not refresh

    def update(self, n):
        self.done += n

    def close(self):
        self.closed = True


@pytest.mark.parametrize("with_widgets", [True, False])
def test_a_notebook_gets_a_bar_of_widgets_or_lines_and_nothing_on_standard_error(with_widgets, monkeypatch):
    stream, kernel = io.StringIO(), type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", kernel)
    monkeypatch.setattr(Bar, "made", [])
    monkeypatch.setitem(sys.modules, "ipywidgets", types.ModuleType("ipywidgets") if with_widgets else None)
    monkeypatch.setitem(sys.modules, "tqdm.notebook", types.SimpleNamespace(tqdm=Bar))
    nn.fit(nn.Neuron(1, "linear", seed=0), **DATA, callbacks=[nn.Progress()])
    assert kernel.getvalue() == ""
    if with_widgets:
        (bar,) = Bar.made
        assert (bar.done, bar.closed, bar.settings["total"]) == (20, True, 20)
        assert stream.getvalue() == ""
    else:
        assert "epoch 20/20" in stream.getvalue()
