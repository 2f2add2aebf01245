/* Words of the rules that are algorithms; the same as in namespaces.py and special.py. */

function maximum(a, ...more) {
  for (const b of more) a = a >= b || a !== a ? a : b;
  return a;
}

function minimum(a, ...more) {
  for (const b of more) a = a <= b || a !== a ? a : b;
  return a;
}

/* Rounded once: the sum is kept as numbers that do not overlap (Shewchuk, "Adaptive precision floating-point
   arithmetic", 1997). Where it leaves the range of floats it is added from the left. */
function fsum(xs) {
  const partials = [];
  for (let x of xs) {
    let n = 0;
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low) partials[n++] = low;
      x = high;
    }
    if (!Number.isFinite(x)) return xs.reduce((a, b) => a + b, 0);
    partials.length = n;
    partials.push(x);
  }
  let n = partials.length;
  if (!n) return 0;
  let high = partials[--n];
  let low = 0;
  while (n > 0) {
    const x = high;
    const y = partials[--n];
    high = x + y;
    low = y - (high - x);
    if (low) break;
  }
  if (n > 0 && (low < 0) === (partials[n - 1] < 0)) { // half of the last place: what is below decides
    const y = low * 2;
    const x = high + y;
    if (y === x - high) high = x;
  }
  return high || 0;
}

function sumprod(ws, xs) {
  return fsum(ws.map((w, i) => w * xs[i]));
}

/* In C a power of 1, and of -1 to infinity, is 1. */
const power = (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : Math.pow(a, b));

function remainder(a, b) {
  const r = a % b;
  if (b === 0 || r !== r || Math.abs(a) === Infinity) return NaN;
  if (r === 0) return b < 0 || Object.is(b, -0) ? -0 : 0;
  return r < 0 !== b < 0 ? r + b : r;
}

function twoSum(a, b) {
  const s = a + b;
  const t = s - a;
  return [s, (a - (s - t)) + (b - t)];
}

function powterm(c, a, b, k) {
  if (c === 0) return 0;
  const [e, lost] = twoSum(b, -k);
  const size = power(a, e);
  let term = c * size;
  if (Math.abs(size) < 1e-290 || Math.abs(size) === Infinity) {
    const half = power(Math.abs(a), 0.5 * e);
    term = half ? half * (c * half) * (size < 0 || Object.is(size, -0) ? -1 : 1) : 0;
  }
  const shift = lost ? lost * Math.log(Math.abs(a)) : 0;
  return Math.abs(shift) < 1 ? term * (1 + shift) : term;
}

function expDifference(a, b) {
  if (a === b) return 1;
  const [d, lost] = twoSum(a, -b);
  return Math.abs(d) < 800 ? Math.exp(d) * (1 + lost) : Math.exp(d);
}

function tanh(x) {
  const a = Math.abs(x);
  if (!(a < 0.6)) return Math.tanh(x);
  const t = Math.expm1(2 * a);
  const s = t + 2;
  const q = t / s;
  const size = q - q * (((2 - s) + t) / s);
  return x < 0 || Object.is(x, -0) ? -size : size;
}

function erfc(x) {
  const size = Math.abs(x);
  for (const [bound, piece] of ERFC_PIECES) {
    if (size < bound) return x < 0 ? 2 - piece(N, size) : piece(N, size);
  }
  return x !== x ? x : x > 0 ? 0 : 2;
}

function erf(x) {
  const size = Math.abs(x);
  if (size < ERF_NEAR[0]) return ERF_NEAR[1](N, x);
  return x !== x ? x : x > 0 ? 1 - erfc(size) : erfc(size) - 1;
}
