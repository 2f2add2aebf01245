"""Value and gradient (or Hessian) of eleven workloads, beside JAX, CasADi and PyTorch, each fed in its best form.

Ours is a step, with its results in one array. JAX gets device arrays, code written for arrays, ``lax.scan`` for what
runs step by step, and its result stays where it is; CasADi gets buffers of the caller; PyTorch, which is not compiled,
code written for arrays. What runs step by step is written for us as a loop of Python, and as ``ag.scan`` or
``ag.repeat``. All compute the same numbers first. One thread each, nothing comes from a cache on disk, and peers that
are not installed are left out. Run it with ``python tests/benchmarks/compiled_peers.py``, or with the names of some
workloads; the whole takes some two minutes.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("AUTOGRAD_LITE_CACHE", "off")

import functools
import importlib.util
import platform
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import timing
from programs_without_batch import attention, black_scholes, fft_power, rosenbrock

import autograd_lite as ag

Call = Callable[[], Any]
rng = np.random.default_rng(0)
HAS = {name: importlib.util.find_spec(name) is not None for name in ("jax", "casadi", "torch", "llvmlite")}
PACKAGES = {"JAX": "jax", "CasADi": "casadi", "PyTorch": "torch"}


def ours(f: Callable[..., Any], *args: Any, **settings: Any) -> Callable[[], Call]:
    """A maker of the compiled step, which gives its results as one array; making it includes the first call."""
    return lambda: functools.partial(ag.compile(f, **settings).step(()), np.zeros(0), *args)


def jax(f: Callable[[Any], Callable[..., Any]], *args: Any) -> Callable[[], Call]:
    """A maker of the jitted call on device arrays; f gets the modules jax, jax.numpy and jax.lax."""

    def make() -> Call:
        import jax  # noqa: PLC0415 - a peer that may be missing

        jax.config.update("jax_enable_x64", True)
        fast, given = jax.jit(f(jax)), [jax.device_put(np.asarray(x)) for x in args]
        return lambda: jax.block_until_ready(fast(*given))

    return make


def torch(f: Callable[[Any], Callable[..., Any]], *args: Any, fixed: int = 0) -> Callable[[], Call]:
    """A maker of value and gradients on tensors, but for the last `fixed` arguments; f gets the module."""

    def make() -> Call:
        import torch  # noqa: PLC0415 - a peer that may be missing

        torch.set_num_threads(1)
        given = [torch.tensor(np.asarray(x), dtype=torch.float64) for x in args]
        leaves = [x.requires_grad_() for x in given[: len(given) - fixed]]
        g = f(torch)

        def call() -> Any:
            y = g(*given)
            return [y.detach(), *torch.autograd.grad(y.sum(), leaves)]

        return call

    return make


def torch_hessian(f: Callable[[Any], Callable[[Any], Any]], x: Any) -> Callable[[], Call]:
    """A maker of a Hessian on tensors."""

    def make() -> Call:
        import torch  # noqa: PLC0415 - a peer that may be missing

        torch.set_num_threads(1)
        return functools.partial(torch.func.hessian(f(torch)), torch.tensor(np.asarray(x), dtype=torch.float64))

    return make


def casadi(f: Callable[..., Any], x: Any, *, hessian: bool = False) -> Callable[[], Call]:
    """A maker of the call of a CasADi function of one vector, on buffers; f gets the module and a list of symbols."""

    def make() -> Call:
        import casadi as ca  # noqa: PLC0415 - a peer that may be missing

        symbols = ca.SX.sym("x", len(x))
        y = f(ca, [symbols[i] for i in range(len(x))])
        outputs = [ca.densify(ca.hessian(y, symbols)[0])] if hessian else [y, ca.densify(ca.gradient(y, symbols))]
        function = ca.Function("f", [symbols], outputs)
        buffer, run = function.buffer()
        given = np.array(x, dtype=float)
        results = [np.zeros(function.size_out(k), order="F") for k in range(len(outputs))]
        buffer.set_arg(0, memoryview(given))
        for k, result in enumerate(results):
            buffer.set_res(k, memoryview(result.reshape(-1, order="A")))

        def call() -> Any:
            run()
            return results

        call.kept = buffer, given  # type: ignore[attr-defined] - CasADi holds neither
        return call

    return make


# --- the workloads --------------------------------------------------------------------------------------------------


def swing(m: Any, torques: Any) -> Any:
    angle, speed, cost = 3.14, 0.0, 0.0
    for torque in torques:
        speed = 0.9 * speed + 0.05 * (m.sin(angle) + torque)
        angle = angle + 0.05 * speed
        cost = cost + angle * angle + 0.1 * speed * speed + 0.01 * torque * torque
    return cost


def swing_step(m: Any) -> Callable[[Any, Any], Any]:
    def step(state: Any, torque: Any) -> Any:
        angle, speed, cost = state
        speed = 0.9 * speed + 0.05 * (m.sin(angle) + torque)
        angle = angle + 0.05 * speed
        return (angle, speed, cost + angle * angle + 0.1 * speed * speed + 0.01 * torque * torque), None

    return step


def swing_up(n: int) -> dict[str, Any]:
    u = 0.1 * np.sin(np.arange(n) / 7.0)
    start = (3.14, 0.0, 0.0)

    def by_scan(jax: Any) -> Any:
        return jax.value_and_grad(lambda u: jax.lax.scan(swing_step(jax.numpy), start, u)[0][2])

    return {
        "compiled, unrolled": ours(ag.value_and_grad(lambda u: swing(ag, u)), u),
        "compiled, ag.scan": ours(ag.value_and_grad(lambda u: ag.scan(swing_step(ag), start, u)[0][2]), u),
        "JAX, lax.scan": jax(by_scan, u),
        "CasADi": casadi(swing, u),
        "PyTorch": torch(lambda t: lambda u: swing(_OfTensors(t), u), u),
    }


class _OfTensors:
    """The sine of PyTorch, for numbers too."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch

    def sin(self, x: Any) -> Any:
        return self.torch.sin(x) if isinstance(x, self.torch.Tensor) else np.sin(x)


STEPS = 40


def newton(state: Any, p: Any) -> Any:
    """A step of Van der Pol's oscillator by the implicit Euler method, three steps of Newton."""
    (x, v), h, mu = state, 0.02, 10.0 * p[0]
    y, w = x, v
    for _ in range(3):
        f1, f2 = y - x - h * w, w - v - h * (mu * (1.0 - y * y) * w - p[1] * y)
        a, b = -h * (-2.0 * mu * y * w - p[1]), 1.0 - h * mu * (1.0 - y * y)
        det = b + h * a
        y, w = y - (b * f1 + h * f2) / det, w - (f2 - a * f1) / det
    return y, w


def stiff(_: Any, p: Any) -> Any:
    x, v = 2.0, 0.0
    for _k in range(STEPS):
        x, v = newton((x, v), p)
    return x * x + v * v


def stiff_by_repeat(p: Any) -> Any:
    x, v = ag.repeat(lambda state: newton(state, p), (2.0, 0.0), STEPS)
    return x * x + v * v


def stiff_by_scan(jax: Any) -> Any:
    def loss(p: Any) -> Any:
        (x, v), _ = jax.lax.scan(lambda state, _: (newton(state, p), None), (2.0, 0.0), None, length=STEPS)
        return x * x + v * v

    return loss


def gravity(m: Any, q: Any) -> Any:
    n, total = len(q) // 2, 0.0
    for i in range(n):
        for j in range(i):
            dx, dy = q[2 * i] - q[2 * j], q[2 * i + 1] - q[2 * j + 1]
            total = total - 1.0 / m.sqrt(dx * dx + dy * dy + 0.01)
    return total


def gravity_of_arrays(jnp: Any, q: Any) -> Any:
    p = q.reshape(-1, 2)
    i, j = np.tril_indices(len(p), -1)
    return -(1.0 / jnp.sqrt(((p[i] - p[j]) ** 2).sum(axis=1) + 0.01)).sum()


def attention_of_arrays(jnp: Any, q: Any, k: Any, v: Any) -> Any:
    scores = q @ k.T / 2.0
    weights = jnp.exp(scores - jnp.max(scores, axis=1, keepdims=True))
    return ((weights / weights.sum(axis=1, keepdims=True) @ v) ** 2).sum()


def attention_of_tensors(torch: Any) -> Any:
    return lambda q, k, v: ((torch.softmax(q @ k.T / 2.0, dim=1) @ v) ** 2).sum()


def price_of_arrays(m: Any, cdf: Any) -> Callable[..., Any]:
    def price(spot: Any, strike: Any, years: Any, rate: Any, sigma: Any) -> Any:
        d1 = (m.log(spot / strike) + (rate + sigma**2 / 2.0) * years) / (sigma * m.sqrt(years))
        return spot * cdf(d1) - strike * m.exp(-rate * years) * cdf(d1 - sigma * m.sqrt(years))

    return price


def black_scholes_of_arrays(jax: Any) -> Any:
    price = price_of_arrays(jax.numpy, jax.scipy.stats.norm.cdf)
    return jax.vmap(jax.value_and_grad(price, argnums=(0, 1, 2, 3, 4)))


def rnn() -> dict[str, Any]:
    """Sixteen units along two hundred steps."""
    W, V, X = 0.2 * rng.normal(size=(16, 16)), 0.2 * rng.normal(size=(16, 4)), rng.normal(size=(200, 4))

    def of_scalars(W: Any, V: Any, X: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            return [
                ag.tanh(ag.sumprod(list(w), list(h)) + ag.sumprod(list(v), list(x))) for w, v in zip(W, V, strict=True)
            ], None

        return ag.fsum([h * h for h in ag.scan(step, [0.0] * 16, X)[0]])

    def by_scan(jax: Any) -> Any:
        jnp = jax.numpy
        step = lambda W, V: lambda h, x: (jnp.tanh(W @ h + V @ x), None)  # noqa: E731
        loss = lambda W, V, X: (jax.lax.scan(step(W, V), jnp.zeros(16), X)[0] ** 2).sum()  # noqa: E731
        return jax.value_and_grad(loss, argnums=(0, 1))

    def of_tensors(torch: Any) -> Any:
        def loss(W: Any, V: Any, X: Any) -> Any:
            h = torch.zeros(16, dtype=torch.float64)
            for x in X @ V.T:
                h = torch.tanh(W @ h + x)
            return (h**2).sum()

        return loss

    return {
        "compiled, ag.scan": ours(ag.value_and_grad(of_scalars, argnums=(0, 1)), W, V, X),
        "JAX, lax.scan": jax(by_scan, W, V, X),
        "PyTorch": torch(of_tensors, W, V, X, fixed=1),
    }


def rosenbrock_of(_: Any, x: Any) -> Any:
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def rosenbrock_of_arrays(m: Any, x: Any) -> Any:
    return m.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def workloads() -> dict[str, dict[str, Any]]:
    """By name: the makers of the contenders' calls, ours first."""
    q, line = rng.normal(size=24), np.linspace(-1.0, 2.0, 10)
    three = rng.normal(size=(3, 4, 4))
    market = [rng.uniform(low, high, 1000) for low, high in ((80, 120), (80, 120), (0.1, 2.0), (0.0, 0.05), (0.1, 0.5))]
    signal = rng.normal(size=64)
    vg = ag.value_and_grad

    def fft(jax: Any) -> Any:
        return jax.value_and_grad(lambda x: jax.numpy.sqrt(abs(jax.numpy.fft.fft(x)) ** 2 + 1.0).sum())

    def of_vector(f: Any) -> Any:
        return lambda jax: jax.hessian(functools.partial(f, jax.numpy))

    return {
        "RNN 16 x 200": rnn(),
        "swing-up 100": swing_up(100),
        "swing-up 1000": swing_up(1000),
        "stiff ODE, Newton": {
            "compiled, unrolled": ours(vg(lambda p: stiff(ag, p)), np.array([1.0, 1.0])),
            "compiled, ag.repeat": ours(vg(stiff_by_repeat), np.array([1.0, 1.0])),
            "JAX, lax.scan": jax(lambda j: j.value_and_grad(stiff_by_scan(j)), [1.0, 1.0]),
            "CasADi": casadi(stiff, [1.0, 1.0]),
            "PyTorch": torch(lambda t: functools.partial(stiff, t), [1.0, 1.0]),
        },
        "attention 4 x 4": {
            "compiled": ours(vg(attention, argnums=(0, 1, 2)), *three),
            "JAX": jax(
                lambda j: j.value_and_grad(functools.partial(attention_of_arrays, j.numpy), argnums=(0, 1, 2)), *three
            ),
            "PyTorch": torch(attention_of_tensors, *three),
        },
        "FFT 64": {
            "compiled": ours(vg(fft_power), signal),
            "JAX, its own FFT": jax(fft, signal),
            "PyTorch, its own FFT": torch(
                lambda t: lambda x: t.sqrt(abs(t.fft.fft(x)) ** 2 + 1.0).sum(),
                signal,
            ),
        },
        "12 bodies": {
            "compiled": ours(vg(lambda q: gravity(ag, q)), q),
            "JAX": jax(lambda j: j.value_and_grad(functools.partial(gravity_of_arrays, j.numpy)), q),
            "CasADi": casadi(gravity, q),
            "PyTorch": torch(lambda t: functools.partial(gravity_of_arrays, t), q),
        },
        "Black-Scholes, 1000": {
            "compiled": ours(vg(black_scholes, argnums=(0, 1, 2, 3, 4)), *market, batch=(0, 1, 2, 3, 4)),
            "JAX, vmap": jax(black_scholes_of_arrays, *market),
            "PyTorch": torch(lambda t: price_of_arrays(t, t.special.ndtr), *market),
        },
        "Hessian, Rosenbrock 10": {
            "compiled": ours(ag.hessian(rosenbrock), line),
            "JAX": jax(of_vector(rosenbrock_of_arrays), line),
            "CasADi": casadi(rosenbrock_of, line, hessian=True),
            "PyTorch": torch_hessian(lambda t: functools.partial(rosenbrock_of_arrays, t), line),
        },
        "Hessian, 12 bodies": {
            "compiled": ours(ag.hessian(lambda q: gravity(ag, q)), q),
            "JAX": jax(of_vector(gravity_of_arrays), q),
            "CasADi": casadi(gravity, q, hessian=True),
            "PyTorch": torch_hessian(lambda t: functools.partial(gravity_of_arrays, t), q),
        },
        "Hessian, stiff ODE": {
            "compiled, unrolled": ours(ag.hessian(lambda p: stiff(ag, p)), np.array([1.0, 1.0])),
            "compiled, ag.repeat": ours(ag.hessian(stiff_by_repeat), np.array([1.0, 1.0])),
            "JAX, lax.scan": jax(lambda j: j.hessian(stiff_by_scan(j)), [1.0, 1.0]),
            "CasADi": casadi(stiff, [1.0, 1.0], hessian=True),
            "PyTorch": torch_hessian(lambda t: functools.partial(stiff, t), [1.0, 1.0]),
        },
    }


# --- the table ------------------------------------------------------------------------------------------------------


def made(contenders: Mapping[str, Callable[[], Call]]) -> tuple[dict[str, Call], dict[str, float]]:
    """The calls, checked for equal numbers, and the seconds from a function to its first result."""
    calls, seconds, numbers = {}, {}, {}
    for name, make in contenders.items():
        if not HAS.get(PACKAGES.get(name.partition(",")[0], ""), True):
            continue
        start = time.perf_counter()
        calls[name] = make()
        numbers[name] = np.concatenate([np.ravel(np.asarray(x, dtype=float)) for x in leaves(calls[name]())])
        seconds[name] = time.perf_counter() - start
    first = next(iter(numbers.values()))
    for name, found in numbers.items():
        np.testing.assert_allclose(found, first, rtol=1e-7, atol=1e-9, err_msg=name)
    return calls, seconds


def leaves(tree: Any) -> list[Any]:
    return [x for part in tree for x in leaves(part)] if isinstance(tree, (list, tuple)) else [tree]


def machine() -> str:
    """The processor and the versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    found = [f"{name} {version(name)}" if has else f"{name} is not installed" for name, has in HAS.items()]
    processor = names[0] if names else platform.processor()
    return f"{processor}, Python {platform.python_version()}, NumPy {np.__version__}; {', '.join(found)}"


def show(workloads: Mapping[str, Mapping[str, Callable[[], Call]]]) -> None:
    """Print one table: the least time of a call, and the seconds to its first result."""
    print(machine())
    print(f"{'':26}{'':22}{'min':>12}{'times ours':>12}{'first result':>15}")
    for workload, contenders in workloads.items():
        calls, seconds = made(contenders)
        times = {name: min(found) for name, found in timing.interleaved(calls, rounds=5, seconds=0.03).items()}
        own = min([least for name, least in times.items() if name.startswith("compiled")], default=None)
        for k, (name, least) in enumerate(times.items()):
            ratio = f"{least / own:11.2f}x" if own else f"{'-':>12}"
            head = f"{'' if k else workload:26}{name:22}"
            print(f"{head}{least * 1e6:9.2f} us{ratio}{seconds[name] * 1e3:12.0f} ms", flush=True)


if __name__ == "__main__":
    chosen = sys.argv[1:]
    show({name: contenders for name, contenders in workloads().items() if name in chosen or not chosen})
