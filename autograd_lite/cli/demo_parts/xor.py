"""A network of scalars learns XOR, which no single neuron can."""

from __future__ import annotations

from autograd_lite import nn, viz
from autograd_lite.engine import Value

from .files import Files
from .training import train

__all__ = ["TITLE", "show"]

TITLE = "XOR with a network of two hidden neurons, trained from scalars"
X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
Y = [0.0, 1.0, 1.0, 0.0]
SEED = 3  # two neurons are just enough: 140 of the seeds 0 to 199 solve it, the others end where two outputs stay wrong


def show(files: Files, *, quick: bool) -> None:
    """Train, print the four outputs, and draw the graph of one sample's loss with its gradients."""
    model = nn.MLP(2, [2, 1], activation="sigmoid", output_activation="sigmoid", seed=SEED)
    print(model)
    train(model, X, Y, loss="binary_cross_entropy", optimizer=nn.SGD(lr=1.0), epochs=20 if quick else 1000)
    for x, y in zip(X, Y, strict=True):
        print(f"  {x[0]:g} xor {x[1]:g} = {y:g}, the network says {model(x).data:.4f}")
    inputs = [Value.constant(x, f"x{i}") for i, x in enumerate(X[1], start=1)]
    loss = nn.binary_cross_entropy(model(inputs), Y[1])
    loss.label = "loss"
    model.zero_grad()
    loss.backward()
    files.add("2-xor.svg", "the gradient graph of XOR for the sample (0, 1)", viz.draw(loss).save)
