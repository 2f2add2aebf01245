"""A GPT in scalars: 4,192 numbers learn to invent names, one name a step.

    python examples/microgpt.py --steps 2000     train on 2,000 names, then print 20 new ones; Ctrl-C ends it early
    python examples/microgpt.py --eager          without the compiler, some hundred times slower

A GPT-2 in small: width 16, 4 heads, 1 layer, 16 positions, RMSNorm, ReLU, no biases; `ag.scan` runs it along a name.
"""

import argparse
import random
import sys
from pathlib import Path

import numpy as np

import autograd_lite as ag

LETTERS, END, WIDTH, CONTEXT = "abcdefghijklmnopqrstuvwxyz", 26, 16, 16
SHAPES = {"token": (27, WIDTH), "position": (CONTEXT, WIDTH), "read_out": (27, WIDTH), "up": (4 * WIDTH, WIDTH)}
SHAPES |= {"down": (WIDTH, 4 * WIDTH), **dict.fromkeys(("query", "key", "value", "mix"), (WIDTH, WIDTH))}
NOTHING = {"keys": [[0.0] * WIDTH] * CONTEXT, "values": [[0.0] * WIDTH] * CONTEXT, "seen": [0.0] * CONTEXT}


def linear(table, x):
    return [ag.sumprod(row, x) for row in table]


def normed(x):
    scale = (ag.mean([v * v for v in x]) + 1e-5) ** -0.5
    return [scale * v for v in x]


def attend(query, memory, head):  # the remembered values, averaged by how well their keys fit the query
    fits = [ag.sumprod(query[head], key[head]) / 2.0 for key in memory["keys"]]
    shares = ag.softmax([ag.where(seen, fit, -1e9) for seen, fit in zip(memory["seen"], fits, strict=True)])
    return [ag.sumprod(shares, column) for column in zip(*[value[head] for value in memory["values"]], strict=True)]


class MicroGPT:
    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        drawn = {name: rng.normal(0.0, 0.08, shape).tolist() for name, shape in SHAPES.items()}
        self.tables = {name: [[ag.Value(x) for x in row] for row in table] for name, table in drawn.items()}
        self.weights = [w for table in self.tables.values() for row in table for w in row]

    def set(self, numbers):
        for w, x in zip(self.weights, numbers.tolist(), strict=True):
            w.data = x

    def think(self, memory, token, position):  # what is remembered of all so far, and a score for each next token
        t = self.tables
        x = normed([a + b for a, b in zip(ag.take(t["token"], token), ag.take(t["position"], position), strict=True)])
        query, key, value = (linear(t[name], normed(x)) for name in ("query", "key", "value"))
        memory = {k: [*memory[k][1:], new] for k, new in (("keys", key), ("values", value), ("seen", 1.0))}
        found = [number for h in range(0, WIDTH, 4) for number in attend(query, memory, slice(h, h + 4))]
        x = [a + b for a, b in zip(x, linear(t["mix"], found), strict=True)]
        y = linear(t["down"], [ag.relu(h) for h in linear(t["up"], normed(x))])
        return memory, linear(t["read_out"], [a + b for a, b in zip(x, y, strict=True)])

    def loss(self, tokens, targets, counts):  # the mean of -log p(next token) over the positions that count
        def step(memory, now):
            token, position, target, count = now
            memory, scores = self.think(memory, token, position)
            return memory, count * (ag.logsumexp(scores) - ag.take(scores, target))

        _, losses = ag.scan(step, NOTHING, (tokens, [float(k) for k in range(len(tokens))], targets, counts))
        return ag.fsum(list(losses)) / ag.fsum(list(counts))


def as_inputs(name, length=0):  # tokens, those that come next, and 1 where there is one; filled up to a length
    text = [END, *map(LETTERS.index, name), END]
    n = min(len(text) - 1, CONTEXT)
    return [[*map(float, row), *[0.0] * (length - n)] for row in (text[:n], text[1 : n + 1], [1] * n)]


def train(model, names, steps, *, eager=False):  # by Adam, a name a step, until Ctrl-C; returns the losses
    slopes = ag.value_and_grad(model.loss, wrt=model.weights)
    run = None if eager else ag.compile(slopes).step(model.weights)
    w, losses = np.array([v.data for v in model.weights]), []
    m = v = np.zeros(len(w))
    try:
        for k in range(steps):
            model.set(w) if eager else None
            inputs = as_inputs(names[k % len(names)], 0 if eager else CONTEXT)
            loss, g = slopes(*inputs) if eager else np.split(run(w, *inputs), [1])
            m, v = 0.85 * m + 0.15 * np.array(g), 0.99 * v + 0.01 * np.array(g) ** 2
            w = w - 0.01 * (1 - k / steps) * m / (1 - 0.85 ** (k + 1)) / (np.sqrt(v / (1 - 0.99 ** (k + 1))) + 1e-8)
            losses.append(np.ravel(loss)[0])
            bar = f"[{'#' * (30 * (k + 1) // steps):30}] {k + 1}/{steps} names, loss {np.mean(losses[-99:]):.3f}"
            print("\r" + bar, end="", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\nEnded after {len(losses)} of {steps} names.", end="", file=sys.stderr)
    model.set(w)
    return losses


def invent(model, count, seed, *, eager=False):  # names, letter by letter
    def predict(memory, token, position):
        memory, scores = model.think(memory, token, position)
        return memory, ag.softmax([2.0 * score for score in scores])  # temperature 1/2

    run, rng = predict if eager else ag.compile(predict), random.Random(seed)
    for _ in range(count):
        memory, tokens = NOTHING, [END]
        while len(tokens) <= CONTEXT and (len(tokens) == 1 or tokens[-1] != END):
            memory, shares = run(memory, float(tokens[-1]), float(len(tokens) - 1))
            tokens += rng.choices(range(27), [getattr(share, "data", share) for share in shares])
        yield "".join(LETTERS[t] for t in tokens if t != END)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000, help="names to train on (default 1000)")
    parser.add_argument("--seed", type=int, default=42, help="of the weights and of the order of names (default 42)")
    parser.add_argument("--eager", action="store_true", help="run the graph of Values itself, without the compiler")
    given = parser.parse_args()
    every = (Path(__file__).parent / "data" / "names.txt").read_text(encoding="utf-8").split()
    random.Random(given.seed).shuffle(every)
    train(model := MicroGPT(given.seed), every, given.steps, eager=given.eager)
    print("", *invent(model, 20, given.seed, eager=given.eager), sep="\n")
