"""Array programs for tests: written by hand, one row of every kind of instruction, and compiled from functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.compiler import pipeline, tracing
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Carry,
    Contract,
    Dim,
    Input,
    Item,
    Literal,
    Loop,
    Map,
    Output,
    Reduce,
    Scatter,
    SegmentReduce,
    Size,
    Take,
    Update,
)
from autograd_lite.compiler.layout import Affine, Gather, contiguous, number
from autograd_lite.compiler.signature import abstract, describe

N = Dim("n", (0,))
SAMPLES = 5
X = np.arange(1.0, 7.0) / 7.0  # members of x
B = np.arange(30.0).reshape(SAMPLES, 6) / 31.0  # members of b, for each sample

CHOSEN = np.floor(3.0 * B[:, 0]).astype(int)  # a row for each sample
at, at3 = (Array("at", (len(n),), role="constant", numbers=np.array(n)) for n in ([2.0, 1.0], [2.0, 1.0, 2.0]))

x, b = Array("x", (6,), role="input"), Array("b", (6,), N, "input")
k = Array("k", (4,), role="constant", numbers=np.array([1.0, -2.0, 0.5, 3.0]))


def local(size: int, dim: Dim | None = None) -> Array:
    return Array("y", (size,), dim)


def of(*instructions: Any) -> ArrayProgram:
    """A program of x and b whose result is what the last instruction writes."""
    out = instructions[-1].out.array
    result = Array("result", (out.size,), out.dim, "result")
    inputs = (Input(x, (6,)), Input(b, (6,)))
    return ArrayProgram(inputs, (*instructions, Map(result.whole, "copy", (out.whole,))), result)


def looped(*, reverse: bool = False) -> tuple[Any, ...]:
    """A linear recurrence with its carry as output: h -> (w h + x, h)."""
    h, item, product, total, outs, both = local(1), local(1), local(1), local(1), local(5), local(6)
    loop = Loop(
        (
            Map(product.whole, "mul", (k[contiguous((1,), 2)], h.whole)),
            Map(total.whole, "add", (product.whole, item.whole)),
        ),
        5,
        (Carry(h, x[contiguous((1,))], total.whole),),
        (Item(item, x[contiguous((5, 1), 1)]),),
        (Output(outs[contiguous((5, 1))], h.whole),),
        reverse,
    )
    return (
        loop,
        Map(both.whole, "copy", (Literal(0.0),)),
        Update(both[contiguous((1,))], "add", h.whole),
        Update(both[contiguous((5,), 1)], "add", outs.whole),
    )


scaled, chosen = local(1, N), local(1, N)


def choosing(then: Any) -> tuple[Any, ...]:
    """An instruction behind those that compute which row each sample chooses."""
    first = Map(scaled.whole, "mul", (b[contiguous((1,))], Literal(3.0)))
    return (first, Map(chosen.whole, "floor", (scaled.whole,)), then)


def looped_over_samples() -> tuple[Any, ...]:
    """A running sum of samples, whose carry begins the same for all."""
    h, item, total = local(2, N), local(2, N), local(2, N)
    body = (Map(total.whole, "add", (h.whole, item.whole)),)
    carry = (Carry(h, x[contiguous((2,))], total.whole),)
    return (Loop(body, 3, carry, (Item(item, b[contiguous((3, 2))]),)), Map(local(2, N).whole, "copy", (h.whole,)))


def recurrence(order: Any) -> Any:
    h, seen = X[0], [0.0] * 5
    for i in order:
        seen[i], h = h, 0.5 * h + X[1 + i]
    return np.array([h, *seen])


y, yn, t = local(6), local(6, N), local(3)
table, vector = Affine(0, (2, 3), (3, 1)), contiguous((3,), 3)

ROWS: dict[str, tuple[tuple[Any, ...], Any]] = {  # instructions, and what the last one writes
    "map": ((Map(y.whole, "sin", (x.whole,)),), np.sin(X)),
    "map with a number": ((Map(y.whole, "mul", (x.whole, Literal(2.0))),), 2.0 * X),
    "map of a strided part": ((Map(t.whole, "neg", (x[Affine(1, (3,), (2,))],)),), -X[1::2]),
    "map backwards": ((Map(t.whole, "exp", (x[Affine(5, (3,), (-2,))],)),), np.exp(X[5::-2][:3])),
    "map of one for all": ((Map(y.whole, "add", (x.whole, x[Affine(2, (6,), (0,))])),), X + X[2]),
    "map over samples": ((Map(yn.whole, "mul", (b.whole, x.whole)),), B.T * X[:, None]),
    "map of one member over samples": ((Map(yn.whole, "mul", (b[number(1)], x.whole)),), B.T[1] * X[:, None]),
    "map with the number of samples": ((Map(y.whole, "div", (x.whole, Size(N))),), X / SAMPLES),
    "map of a table": ((Map(y[table], "add", (x[table], x[Affine(3, (2, 3), (0, 1))])),), X + np.tile(X[3:], 2)),
    "map with constants": ((Map(local(4).whole, "sub", (x[contiguous((4,))], k.whole)),), X[:4] - k.numbers),
    "gather": ((Map(t.whole, "copy", (x[Gather(np.array([4, 4, 1]))],)),), X[[4, 4, 1]]),
    "gather over samples": ((Map(local(3, N).whole, "copy", (b[Gather(np.array([4, 4, 1]))],)),), B.T[[4, 4, 1]]),
    "matrix product": ((Contract(local(2, N).whole, x[table], b[vector], "mk,kn->mn"),), X.reshape(2, 3) @ B.T[3:]),
    "matrix and vector": ((Contract(local(2).whole, x[table], x[vector], "mk,k->m"),), X.reshape(2, 3) @ X[3:]),
    "outer products": (
        (Contract(y[table], b[contiguous((2,))], b[vector], "in,jn->ij"),),
        (B.T[:2] @ B[:, 3:]).ravel(),
    ),
    "products over samples": (
        (Contract(local(2).whole, b[table], b[table], "itn,itn->i"),),
        (B.T.reshape(2, 3, -1) ** 2).sum(axis=(1, 2)),
    ),
    "reduce terms": ((Reduce(local(2).whole, "add", x[table], ("terms",)),), X.reshape(2, 3).sum(axis=1)),
    "reduce terms of samples": (
        (Reduce(local(2, N).whole, "maximum", b[table], ("terms",)),),
        B.T.reshape(2, 3, -1).max(axis=1),
    ),
    "reduce the batch": ((Reduce(y.whole, "add", b.whole, ("batch",)),), B.sum(axis=0)),
    "reduce terms and batch": (
        (Reduce(local(2).whole, "add", b[table], ("terms", "batch")),),
        B.T.reshape(2, 3, -1).sum(axis=(1, 2)),
    ),
    "segments": (
        (SegmentReduce(t.whole, "add", x.whole, Gather(np.array([0, 1, 4]))),),
        np.add.reduceat(X, [0, 1, 4]),
    ),
    "segments of samples": (
        (SegmentReduce(local(2, N).whole, "minimum", b.whole, Gather(np.array([0, 4]))),),
        np.minimum.reduceat(B.T, [0, 4]),
    ),
    "update": (
        (Map(y.whole, "copy", (x.whole,)), Update(y[Affine(0, (3,), (2,))], "sub", Literal(1.0))),
        X - np.array([1.0, 0.0] * 3),
    ),
    "update of scattered members": (
        (Map(y.whole, "copy", (x.whole,)), Update(y[Gather(np.array([5, 0, 1]))], "maximum", Literal(0.5))),
        np.where(np.isin(np.arange(6), [5, 0, 1]), np.maximum(X, 0.5), X),
    ),
    "loop": (looped(), recurrence(range(5))),
    "loop in reverse": (looped(reverse=True), recurrence(reversed(range(5)))),
    "loop over samples": (looped_over_samples(), X[:2, None] + B.T.reshape(3, 2, SAMPLES).sum(axis=0)),
    "take": ((Take(local(4)[contiguous((2, 2))], x[contiguous((3, 2))], at.whole),), X[[4, 5, 2, 3]]),
    "take by samples": (
        choosing(Take(local(2, N)[contiguous((1, 2))], x[contiguous((3, 2))], chosen.whole)),
        X.reshape(3, 2)[CHOSEN].T,
    ),
    "take of samples": (
        choosing(Take(local(2, N)[contiguous((1, 2))], b[contiguous((3, 2))], chosen.whole)),
        B.reshape(SAMPLES, 3, 2)[np.arange(SAMPLES), CHOSEN].T,
    ),
    "scatter": (
        (Scatter(local(6)[contiguous((3, 2))], x[contiguous((3, 2))], at3.whole),),
        np.array([0.0, 0.0, X[2], X[3], X[0] + X[4], X[1] + X[5]]),
    ),
    "scatter of samples": (
        choosing(Scatter(y[contiguous((3, 2))], b[contiguous((1, 2))], chosen.whole)),
        (np.eye(3)[CHOSEN].T @ B[:, :2]).ravel(),
    ),
}

s, r = Array("s"), Array("r")
NUMBERS: dict[str, tuple[tuple[Any, ...], float]] = {  # instructions whose result is a number
    "member": ((Map(s.whole, "exp", (x[number(2)],)),), np.exp(X[2])),
    "expression": (
        (Map(s.whole, "mul", (x[number(0)], Literal(-3.0))), Map(r.whole, "sub", (s.whole, Size(N)))),
        X[0] * -3.0 - SAMPLES,
    ),
    "dot product": ((Contract(s.whole, x[contiguous((3,))], x[vector], "k,k->"),), X[:3] @ X[3:]),
    "dot product over samples": ((Contract(s.whole, b.whole, b.whole, "kn,kn->"),), (B**2).sum()),
    "dot product with what is shared": ((Contract(s.whole, b.whole, x.whole, "kn,k->"),), (B @ X).sum()),
    "reduce all": ((Reduce(s.whole, "add", b.whole, ("terms", "batch")),), B.sum()),
    "finite": ((Reduce(s.whole, "nonfinite", b.whole, ("terms", "batch")),), 0.0),
}


def compiled(
    f: Callable[..., Any], *args: Any, batch: tuple[int, ...] = (), batched: tuple[int, ...] = ()
) -> tuple[Any, list[Any]]:
    """What the pipeline makes of a function and its arguments, and the blocks of a call."""
    every = frozenset(batch) | frozenset(batched)
    shapes = [abstract(argument, batched=i in every) for i, argument in enumerate(args)]
    trace = tracing.trace(f, batch, every, shapes, {}, exact=False)
    blocks: list[Any] = []
    for argument in args:
        describe(argument, blocks)
    result = pipeline.to_program(trace)
    return result, [*blocks, [v.data for v in result.captured]]
