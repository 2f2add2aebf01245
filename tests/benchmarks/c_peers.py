"""Contenders in C with vector types, compiled by the system's compiler for this machine, where there is one."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FLAGS = ("-O3", "-march=native", "-ffast-math", "-mprefer-vector-width=512", "-shared", "-fPIC")

ROSENBROCK = """
double f(const double *restrict x, double *restrict g, long n) {
    double s = 1 - x[0], r = x[1] - x[0] * x[0], y = 100 * r * r + s * s;
    g[0] = -400 * x[0] * r - 2 * s;
    for (long i = 1; i < n - 1; i++) { /* each member by itself, so that vectors can do it */
        double s = 1 - x[i], r = x[i + 1] - x[i] * x[i];
        y += 100 * r * r + s * s;
        g[i] = 200 * (x[i] - x[i - 1] * x[i - 1]) - 400 * x[i] * r - 2 * s;
    }
    g[n - 1] = 200 * (x[n - 1] - x[n - 2] * x[n - 2]);
    return y;
}
"""

NETWORK = """
#define N 16
typedef double V __attribute__((vector_size(64)));
typedef long M __attribute__((vector_size(64)));
typedef struct { V x[2], y, is_sample; } Samples;
static inline V where(M mask, V z) { return (V)((M)z & mask); }
static inline V relu(V z) { return where(z > 0, z); }
static inline double sum(V v) { double s = 0; for (int k = 0; k < 8; k++) s += v[k]; return s; }
double step(double *p, const Samples *samples, long blocks, double count, double rate, double penalty) {
    double (*a)[3] = (void *)p, (*b)[N + 1] = (void *)(p + 3 * N), *c = p + 3 * N + N * (N + 1);
    static V da[N][3], db[N][N + 1], dc[N + 1];
    __builtin_memset(da, 0, sizeof da); __builtin_memset(db, 0, sizeof db); __builtin_memset(dc, 0, sizeof dc);
    V loss = {};
    for (long k = 0; k < blocks; k++) {
        Samples s = samples[k];
        V h[N], q[N], dh[N] = {}, z = c[N] + (V){};
        for (int i = 0; i < N; i++) h[i] = relu(a[i][0] * s.x[0] + a[i][1] * s.x[1] + a[i][2]);
        for (int i = 0; i < N; i++) {
            V t = b[i][N] + (V){};
            for (int j = 0; j < N; j++) t += b[i][j] * h[j];
            q[i] = relu(t);
            z += c[i] * q[i];
        }
        V margin = relu(1 - s.y * z) * s.is_sample;
        V dz = where(margin > 0, -s.y / count);
        loss += margin;
        for (int i = 0; i < N; i++) {
            V d = where(q[i] > 0, c[i] * dz);
            dc[i] += dz * q[i];
            for (int j = 0; j < N; j++) { db[i][j] += d * h[j]; dh[j] += d * b[i][j]; }
            db[i][N] += d;
        }
        dc[N] += dz;
        for (int i = 0; i < N; i++) {
            V d = where(h[i] > 0, dh[i]);
            da[i][0] += d * s.x[0]; da[i][1] += d * s.x[1]; da[i][2] += d;
        }
    }
    const V *d[] = {&da[0][0], &db[0][0], dc};
    const int sizes[] = {3 * N, N * (N + 1), N + 1};
    double squares = 0, *w = p;
    for (int m = 0; m < 3; m++)
        for (int i = 0; i < sizes[m]; i++, w++) { squares += *w * *w; *w -= rate * (sum(d[m][i]) + 2 * penalty * *w); }
    return sum(loss) / count + penalty * squares;
}
"""


def compiled(source: str) -> Any:
    """The library of a source."""
    with tempfile.TemporaryDirectory() as folder:
        text, library = Path(folder, "peer.c"), Path(folder, "peer.so")
        text.write_text(source)
        subprocess.run(["cc", *FLAGS, "-o", library, text], check=True, capture_output=True)  # noqa: S603, S607
        return ctypes.CDLL(str(library))


def is_installed() -> bool:
    """Whether there is a compiler that knows such processors."""
    try:
        compiled(ROSENBROCK)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def rosenbrock(x: np.ndarray) -> Callable[[], tuple[float, np.ndarray]]:
    """Value and gradient, which goes into an array of the caller."""
    f = compiled(ROSENBROCK).f
    f.restype = ctypes.c_double
    gradient = np.zeros_like(x)
    given = x.ctypes.data_as(ctypes.c_void_p), gradient.ctypes.data_as(ctypes.c_void_p), ctypes.c_long(len(x))
    return lambda: (f(*given), gradient)


def network(
    flat: np.ndarray, inputs: np.ndarray, labels: np.ndarray, rate: float, penalty: float
) -> Callable[[], float]:
    """A step of the network 2-16-16-1 with relu, hinge loss and L2 penalty, which changes the weights in place."""
    step = compiled(NETWORK).step
    step.restype = ctypes.c_double
    count = len(labels)
    blocks = -(-count // 8)
    table = np.zeros((4, blocks * 8))
    table[:, :count] = *inputs.T, labels, np.ones(count)
    room = np.zeros(table.size + 8)
    samples = room[-room.ctypes.data % 64 // 8 :][: table.size]  # vectors begin at a multiple of their size
    samples[:] = table.reshape(4, blocks, 8).transpose(1, 0, 2).ravel()
    doubles = [ctypes.c_double(number) for number in (count, rate, penalty)]
    given = (
        flat.ctypes.data_as(ctypes.c_void_p),
        samples.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_long(blocks),
        *doubles,
    )

    def call() -> float:
        return float(step(*given))

    call.kept = flat, room  # type: ignore[attr-defined] - the library holds neither
    return call
