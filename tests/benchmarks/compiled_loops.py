"""Loops that stay loops: a step of microgpt beside NumPy by hand, PyTorch and scalars; an RNN beside ``jax.lax.scan``.

A step of microgpt is the loss and its gradient on a name of 8 tokens, and Adam. Our program runs all 16 positions,
whatever the name; the others run the 8. The scalars are those of ``eager_gpt.py``, a class of thirty lines. Run it with
``python tests/benchmarks/compiled_loops.py``; JAX and PyTorch are left out where they are not installed.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import eager_gpt
import numpy as np

import autograd_lite as ag

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
microgpt: Any = importlib.import_module("microgpt")

UNITS, STEPS = 16, 200
Call = Callable[[], Any]


class ByHand:
    """Microgpt on all tokens of a name at once, forwards and backwards."""

    def __init__(self, model: Any) -> None:
        sizes = [np.prod(shape) for shape in microgpt.SHAPES.values()]
        self.ends = np.cumsum(sizes)[:-1]
        self.w = np.array([v.data for v in model.weights])

    def __call__(self, w: Any, tokens: Any, targets: Any) -> Any:
        """The loss, and behind it its gradient."""
        t = {
            name: part.reshape(shape)
            for (name, shape), part in zip(microgpt.SHAPES.items(), np.split(w, self.ends), strict=True)
        }
        n = len(tokens)
        rows, heads = np.arange(n), (n, 4, 4)
        x0 = t["token"][tokens] + t["position"][:n]
        x1, s1 = self.normed(x0)
        a, sa = self.normed(x1)
        q, k, v = ((a @ t[name].T).reshape(heads) for name in ("query", "key", "value"))
        scores = np.einsum("ihd,jhd->hij", q, k) / 2.0
        scores[:, rows[:, None] < rows] = -np.inf
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        o = np.einsum("hij,jhd->ihd", shares, v).reshape(n, -1)
        x2 = x1 + o @ t["mix"].T
        b, sb = self.normed(x2)
        h = np.maximum(b @ t["up"].T, 0.0)
        x3 = x2 + h @ t["down"].T
        z = x3 @ t["read_out"].T
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, targets]).mean()
        p[rows, targets] -= 1.0
        dz, d = p / n, {}
        d["read_out"], dx3 = dz.T @ x3, dz @ t["read_out"]
        dh = (dx3 @ t["down"]) * (h > 0.0)
        d["down"], d["up"] = dx3.T @ h, dh.T @ b
        dx2 = dx3 + self.slope(dh @ t["up"], x2, sb)
        d["mix"], do = dx2.T @ o, (dx2 @ t["mix"]).reshape(heads)
        dshares = np.einsum("ihd,jhd->hij", do, v)
        dscores = shares * (dshares - (dshares * shares).sum(axis=-1, keepdims=True)) / 2.0
        by = {"query": np.einsum("hij,jhd->ihd", dscores, k), "key": np.einsum("hij,ihd->jhd", dscores, q)}
        by["value"] = np.einsum("hij,ihd->jhd", shares, do)
        da = np.zeros_like(a)
        for name, part in by.items():
            d[name] = part.reshape(n, -1).T @ a
            da += part.reshape(n, -1) @ t[name]
        dx0 = self.slope(dx2 + self.slope(da, x1, sa), x0, s1)
        d["token"], d["position"] = np.zeros_like(t["token"]), np.zeros_like(t["position"])
        np.add.at(d["token"], tokens, dx0)
        d["position"][:n] = dx0
        return np.concatenate([[loss], *[d[name].ravel() for name in microgpt.SHAPES]])

    @staticmethod
    def normed(x: Any) -> tuple[Any, Any]:
        scale = (np.mean(x * x, axis=1, keepdims=True) + 1e-5) ** -0.5
        return x * scale, scale

    @staticmethod
    def slope(d: Any, x: Any, scale: Any) -> Any:
        return scale * d - x * scale**3 * np.mean(d * x, axis=1, keepdims=True)


class Adam:
    """Adam as in the example, on one flat array."""

    def __init__(self, w: Any) -> None:
        self.w, self.m, self.v, self.k = w, np.zeros_like(w), np.zeros_like(w), 0

    def step(self, g: Any) -> None:
        self.k += 1
        self.m, self.v = 0.85 * self.m + 0.15 * g, 0.99 * self.v + 0.01 * g**2
        size = np.sqrt(self.v / (1.0 - 0.99**self.k)) + 1e-8
        self.w = self.w - 0.01 * self.m / (1.0 - 0.85**self.k) / size


def microgpt_calls() -> dict[str, Call]:
    """A step by each contender, after the time that ours takes to build and a check that all agree."""
    model = microgpt.MicroGPT(0)
    by_hand = ByHand(model)
    padded = microgpt.as_inputs("charlie", microgpt.CONTEXT)
    tokens, targets, _ = (np.array(row[:8], dtype=int) for row in padded)
    expected = by_hand(by_hand.w, tokens, targets)
    calls: dict[str, Call] = {}

    def add(name: str, run: Callable[[Any], Any]) -> None:
        adam = Adam(by_hand.w)
        calls[name] = lambda: adam.step(run(adam.w)[1:])

    add("NumPy by hand", lambda w: by_hand(w, tokens, targets))
    others = {"PyTorch": with_torch} if importlib.util.find_spec("torch") else {}
    for name, make in (others | {"scalars": in_scalars}).items():
        other = make(by_hand, tokens, targets)
        assert np.allclose(other(by_hand.w), expected, rtol=1e-9, atol=1e-12)
        add(name, other)
    for backend in ("native", "numpy"):
        start = time.process_time()
        slopes = ag.value_and_grad(model.loss, wrt=model.weights)
        run = ag.compile(slopes, backend=backend).step(model.weights)
        found = run(by_hand.w, *padded)
        print(f"microgpt, {backend}: built in {time.process_time() - start:.2f} s of processor time")
        assert np.allclose(found, expected, rtol=1e-9, atol=1e-12)
        add(backend, lambda w, run=run: run(w, *padded))  # type: ignore[misc]
    return calls


def in_scalars(by_hand: ByHand, tokens: Any, targets: Any) -> Callable[[Any], Any]:
    """The loss and its gradient by the class of thirty lines, at weights that an array holds."""
    names = {"mix": "output", "up": "wide", "down": "narrow", "read_out": "head"}
    leaves = [eager_gpt.Thirty(0.0) for _ in by_hand.w]
    parts = np.split(np.array(leaves, dtype=object), by_hand.ends)
    shaped = zip(microgpt.SHAPES.items(), parts, strict=True)
    p = {names.get(name, name): part.reshape(shape).tolist() for (name, shape), part in shaped}

    def run(w: Any) -> Any:
        for leaf, number in zip(leaves, w.tolist(), strict=True):
            leaf.data, leaf.grad = number, 0.0
        loss = eager_gpt.loss_of([*tokens.tolist(), int(targets[-1])], p)
        loss.backward()
        return np.array([loss.data, *[leaf.grad for leaf in leaves]])

    return run


def with_torch(by_hand: ByHand, tokens: Any, targets: Any) -> Callable[[Any], Any]:
    """The loss and its gradient in PyTorch, on matrices."""
    import torch  # noqa: PLC0415 - a peer that may be missing

    torch.set_num_threads(1)
    rows, columns, n = torch.tensor(tokens), torch.tensor(targets), len(tokens)
    hidden = torch.triu(torch.full((n, n), -torch.inf, dtype=torch.float64), 1)
    sizes = np.diff([0, *by_hand.ends, len(by_hand.w)]).tolist()

    def normed(x: Any) -> Any:
        return x * ((x * x).mean(1, keepdim=True) + 1e-5) ** -0.5

    def loss_of(flat: Any) -> Any:
        parts = zip(microgpt.SHAPES.items(), flat.split(sizes), strict=True)
        t = {name: part.reshape(shape) for (name, shape), part in parts}
        x = normed(t["token"][rows] + t["position"][:n])
        a = normed(x)
        q, k, v = ((a @ t[name].T).reshape(n, 4, 4).transpose(0, 1) for name in ("query", "key", "value"))
        shares = torch.softmax(q @ k.transpose(1, 2) / 2.0 + hidden, 2)
        x = x + (shares @ v).transpose(0, 1).reshape(n, -1) @ t["mix"].T
        x = x + torch.relu(normed(x) @ t["up"].T) @ t["down"].T
        return torch.nn.functional.cross_entropy(x @ t["read_out"].T, columns)

    def run(w: Any) -> Any:
        flat = torch.from_numpy(w).requires_grad_()
        loss = loss_of(flat)
        loss.backward()
        return np.concatenate([[loss.item()], flat.grad.numpy()])

    return run


def rnn_calls() -> dict[str, Call]:
    """Value and gradient of an RNN along a sequence."""
    rng = np.random.default_rng(0)
    args = [0.2 * rng.normal(size=(UNITS, UNITS)), 0.2 * rng.normal(size=(UNITS, UNITS)), np.zeros(UNITS)]
    args.append(rng.normal(size=(STEPS, UNITS)))

    def f(w: Any, u: Any, b: Any, xs: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            rows = zip(w, u, b, strict=True)
            return [ag.tanh(ag.sumprod(row, h) + ag.sumprod(other, x) + c) for row, other, c in rows], None

        h, _ = ag.scan(step, [0.0] * UNITS, xs)
        return ag.fsum([v * v for v in h])

    calls: dict[str, Call] = {}
    values = []
    for backend in ("native", "numpy"):
        start = time.process_time()
        fast = ag.compile(ag.value_and_grad(f, argnums=(0, 1, 2)), backend=backend)
        values.append(fast(*args)[0])
        print(f"RNN, {backend}: built in {time.process_time() - start:.2f} s of processor time")
        calls[backend] = lambda fast=fast: fast(*args)  # type: ignore[misc]
    if importlib.util.find_spec("jax"):
        values.append(_with_jax(calls, args))
    else:
        print("JAX is not installed; lax.scan is left out.")
    assert np.allclose(values, values[0], rtol=1e-11, atol=0.0)
    return calls


def _with_jax(calls: dict[str, Call], args: list[Any]) -> float:
    import jax  # noqa: PLC0415 - only here, where it is installed
    from jax import numpy as jnp  # noqa: PLC0415

    jax.config.update("jax_enable_x64", True)

    def f(w: Any, u: Any, b: Any, xs: Any) -> Any:
        h, _ = jax.lax.scan(lambda h, x: (jnp.tanh(w @ h + u @ x + b), None), jnp.zeros(UNITS), xs)
        return jnp.sum(h * h)

    start = time.process_time()
    fast, given = jax.jit(jax.value_and_grad(f, argnums=(0, 1, 2))), [jnp.asarray(a) for a in args]
    value = float(fast(*given)[0])
    print(f"RNN, lax.scan: built in {time.process_time() - start:.2f} s of processor time")
    calls["lax.scan"] = lambda: jax.block_until_ready(fast(*given))
    return value


def main() -> None:
    """Print a table for each program: the best of many calls, contenders in turns."""
    for name, calls in (("microgpt, 8 tokens with Adam", microgpt_calls()), ("RNN, 200 steps", rnn_calls())):
        best = dict.fromkeys(calls, float("inf"))
        for turn in range(200):
            for contender, call in calls.items():
                if contender == "scalars" and turn % 40:  # each takes a good part of a second
                    continue
                start = time.perf_counter()
                call()
                best[contender] = min(best[contender], time.perf_counter() - start)
        print(name, *[f"  {contender:14} {1e6 * seconds:9.1f} us" for contender, seconds in best.items()], sep="\n")


if __name__ == "__main__":
    main()
