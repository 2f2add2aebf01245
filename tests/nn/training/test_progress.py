"""Progress that cannot be shown ends no training."""

from __future__ import annotations

import io
import sys

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
