/* Numbers as text, and formulas as trees: a name, ["#", number], or a list of an operator or function and its parts.
   `S` is the namespace in which the rules of the op table build trees; text and MathML are printed from them. */

const DIGITS = 4;
const MOST_DIGITS = 8;
const byField = (template, fields) => template.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
const filled = (name, fields) => byField(TEXTS[name], fields);

/* ---- Numbers ---- */

/* Significant digits as Python rounds them: an exact tie goes to the even digit, where JavaScript rounds up. */
function rounded(size, digits) {
  const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
  const exact = size.toExponential(Math.min(100, digits + 40)).split("e")[0].replace(".", "");
  if (!/^50*$/.test(exact.slice(digits)) || Number(exact[digits - 1]) % 2) return [mantissa, Number(exponent)];
  const down = exact.slice(0, digits);
  return [down.length > 1 ? `${down[0]}.${down.slice(1)}` : down, Number(size.toExponential(60).split("e")[1])];
}

function pretty(x, digits = DIGITS) {
  if (x !== x) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const [mantissa, exponent] = rounded(Math.abs(x), digits);
  const figures = mantissa.replace(".", "");
  const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  let text;
  if (exponent < -4 || exponent >= digits) text = `${trimmed(mantissa)}e${exponent}`;
  else if (exponent < 0) text = trimmed(`0.${"0".repeat(-exponent - 1)}${figures}`);
  else text = trimmed(`${figures.slice(0, exponent + 1)}.${figures.slice(exponent + 1)}`).replace(/\.$/, "");
  return (x < 0 ? "−" : "") + text.replace("-", "−");
}

function bracketed(x, digits = DIGITS) {
  const text = pretty(x, digits);
  return text.startsWith("−") ? `(${text})` : text;
}

/* What is printed as an exact decimal: an integer and a power of ten. */
function asPrinted(x, digits) {
  const [mantissa, exponent = "0"] = pretty(x, digits).replaceAll("−", "-").split("e");
  const decimals = (mantissa.split(".")[1] || "").length;
  return [BigInt(mantissa.replace(".", "")), Number(exponent) - decimals];
}

function agreeingDigits(addends, total) {
  if (![...addends, total].every(Number.isFinite)) return DIGITS;
  for (let digits = DIGITS; digits <= MOST_DIGITS; digits++) {
    const parts = addends.map((x) => asPrinted(x, digits));
    const least = Math.min(...parts.map((part) => part[1]));
    const sum = parts.reduce((s, [n, e]) => s + n * 10n ** BigInt(e - least), 0n);
    const [n, e] = asPrinted(total, digits);
    if (pretty(Number(`${sum}e${least}`), digits) === pretty(Number(`${n}e${e}`), digits)) return digits;
  }
  return DIGITS;
}

function changingDigits(before, after) {
  const change = after - before;
  if (!(Number.isFinite(change) && change && before)) return DIGITS;
  const size = (x) => Math.floor(Math.log10(Math.abs(x)));
  return Math.min(MOST_DIGITS, Math.max(DIGITS, 3 + size(before) - size(change)));
}

const counted = (n, thing) => (n === 1 ? `1 ${thing}` : `${n.toLocaleString("en")} ${thing}s`);
const short = (text) => (text.length <= 120 ? text : `${text.slice(0, 118)} …`);
const subscript = (use = "") => [...use].map((c) => "₀₁₂₃₄₅₆₇₈₉₍₎"["0123456789()".indexOf(c)]).join("");
const slopeName = (of, by, use) => `∂${of}/∂${by}${subscript(use)}`;
const gradName = (name) => (PREACTIVATION.test(name) ? `δ${name.slice(1)}` : `${name}.grad`);
const equal = (rule, number) => (rule === number ? number : `${short(rule)} = ${number}`);

/* ---- Trees ---- */

const tree = (thing) => (typeof thing === "number" ? ["#", thing] : thing);
const isNumber = (e) => e[0] === "#" && Array.isArray(e);

function joined(sign, a, b) {
  const right = tree(b);
  if (typeof a === "number") return [sign, tree(a), right]; // a number of the rule stays, one of the graph is added up
  if (isNumber(a) && isNumber(right) && (sign === "+" || sign === "-")) {
    return ["#", sign === "+" ? a[1] + right[1] : a[1] - right[1]];
  }
  return sign === "**" && isNumber(right) && right[1] === 1 ? a : [sign, a, right];
}

const added = (xs) => (xs.length ? xs.map(tree).reduce((a, b) => joined("+", a, b)) : ["#", 0]);
const SIGNS = {
  pi: "pi",
  add: (a, b) => joined("+", a, b),
  sub: (a, b) => joined("-", a, b),
  mul: (a, b) => ["*", tree(a), tree(b)],
  div: (a, b) => ["/", tree(a), tree(b)],
  neg: (a) => ["neg", tree(a)],
  pow: (a, b) => joined("**", tree(a), tree(b)),
  powterm: (c, a, b, k) => ["*", tree(c), joined("**", tree(a), joined("-", tree(b), tree(k)))],
  zmul: (a, b) => ["*", tree(a), tree(b)],
  zdiv: (a, b) => ["/", tree(a), tree(b)],
  stop: tree,
  fsum: added,
  sumprod: (ws, xs) => added(ws.map((w, i) => ["*", tree(w), tree(xs[i])])),
};
const S = new Proxy(SIGNS, { get: (signs, word) => signs[word] ?? ((...xs) => [word, ...xs.map(tree)]) });

const formulaOf = (op, names) => (op.i ? tree(op.v(S, ...names)) : [op.n, ...names]);
const slopeOf = (op, y, names, index) => tree((op.t || op.p)(S, y, ...names)[index]);

/* ---- Trees as text ---- */

const [SUM, PRODUCT, MINUS, POWER, ATOM] = [1, 2, 3, 4, 5];
const BINDS = { "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, neg: MINUS, "**": POWER };
const negative = (x) => x < 0 || Object.is(x, -0);
const binds = (e) => (typeof e === "string" ? ATOM : isNumber(e) ? (negative(e[1]) ? MINUS : ATOM) : BINDS[e[0]] || ATOM);
const wrapped = (e, show, least) => (binds(e) >= least ? show(e) : inBrackets(show(e)));
const second = (e, show, least) => wrapped(e, show, binds(e) === MINUS ? ATOM : least);
const inBrackets = (text) => (text.startsWith("<")
  ? `<mrow><mo form="prefix" stretchy="false">(</mo>${text}<mo form="postfix" stretchy="false">)</mo></mrow>` : `(${text})`);

function prettyTree(e) {
  if (typeof e === "string") return NOTATION[0][e] && !NOTATION[2][e].length ? NOTATION[0][e] : e;
  const [head, ...parts] = e;
  if (head === "#") return pretty(parts[0]);
  if (head === "neg") return `−${second(parts[0], prettyTree, PRODUCT)}`;
  if (head === "**") {
    const raised = prettyTree(parts[1]);
    if (/^−?[0-9]+$/.test(raised)) {
      return wrapped(parts[0], prettyTree, ATOM) + [...raised].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"["0123456789−".indexOf(c)]).join("");
    }
    return `${wrapped(parts[0], prettyTree, ATOM)}^${wrapped(parts[1], prettyTree, ATOM)}`;
  }
  if (head in BINDS) {
    const sign = { "*": "·", "-": "−" }[head] || head;
    return `${wrapped(parts[0], prettyTree, BINDS[head])} ${sign} ${second(parts[1], prettyTree, BINDS[head] + 1)}`;
  }
  const shown = parts.map(prettyTree);
  const names = NOTATION[2][head];
  if (NOTATION[0][head] && names.length === shown.length) {
    return byField(NOTATION[0][head], Object.fromEntries(names.map((name, k) => [name, shown[k]])));
  }
  return `${head}(${shown.join(", ")})`;
}

/* ---- Trees as MathML ---- */

const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);
const operatorMath = (sign) => `<mo form="infix" lspace="0.2em" rspace="0.2em">${escaped(sign)}</mo>`;

const digitsOf = (text, alphabet) => [...text].map((c) => (alphabet.includes(c) ? "0123456789"[alphabet.indexOf(c)] : c)).join("");

function nameMath(name) {
  const indexed = /^(\p{L})([₀-₉,]+)(?:⁽([⁰¹²³⁴-⁹]+)⁾)?$/u.exec(name);
  if (indexed) {
    const below = `<mn>${digitsOf(indexed[2], "₀₁₂₃₄₅₆₇₈₉")}</mn>`;
    const base = `<mi>${escaped(indexed[1])}</mi>`;
    return indexed[3] ? `<msubsup>${base}${below}<mrow><mo stretchy="false">(</mo><mn>${digitsOf(indexed[3], "⁰¹²³⁴⁵⁶⁷⁸⁹")}</mn><mo stretchy="false">)</mo></mrow></msubsup>` : `<msub>${base}${below}</msub>`;
  }
  const parts = /^(\p{L})_?(\d+|\p{L}+\d*)$/u.exec(name);
  if (parts && (name.includes("_") || /^\d+$/.test(parts[2]))) {
    const kind = /^\d+$/.test(parts[2]) ? "mn" : "mi";
    return `<msub><mi>${escaped(parts[1])}</mi><${kind} mathvariant="normal">${escaped(parts[2])}</${kind}></msub>`;
  }
  return [...name].length === 1 ? `<mi>${escaped(name)}</mi>` : `<mtext>${escaped(name)}</mtext>`;
}

function numberMath(text) {
  const inner = /^\((.*)\)$/.exec(text);
  if (inner) return inBrackets(numberMath(inner[1]));
  const [mantissa, exponent] = text.split("e");
  const signed = (t) => (t.startsWith("−") ? `<mrow><mo form="prefix">−</mo><mn>${escaped(t.slice(1))}</mn></mrow>` : `<mn>${escaped(t)}</mn>`);
  return exponent === undefined ? signed(mantissa) : `<mrow>${signed(mantissa)}<mo>·</mo><msup><mn>10</mn>${signed(exponent)}</msup></mrow>`;
}

/* With `use`, the partial through that use alone, which is not the total. */
function slopeMath(of, by, use) {
  const name = use ? `<msub><mrow>${nameMath(by)}</mrow><mtext>${escaped(use)}</mtext></msub>` : nameMath(by);
  const part = (math) => `<mrow><mo form="prefix" rspace="0">∂</mo>${math}</mrow>`;
  return `<mfrac displaystyle="true">${part(nameMath(of))}${part(name)}</mfrac>`;
}

function treeMath(e) {
  if (typeof e === "string") return nameMath(e);
  const [head, ...parts] = e;
  if (head === "#") return numberMath(pretty(parts[0]));
  if (head === "neg") return `<mrow><mo form="prefix">−</mo>${second(parts[0], treeMath, PRODUCT)}</mrow>`;
  if (head === "/") return `<mfrac displaystyle="true">${treeMath(parts[0])}${treeMath(parts[1])}</mfrac>`;
  if (head === "**") return `<msup>${wrapped(parts[0], treeMath, ATOM)}${treeMath(parts[1])}</msup>`;
  if (head in BINDS) {
    const sign = { "*": "·", "-": "−" }[head] || head;
    return `<mrow>${wrapped(parts[0], treeMath, BINDS[head])}${operatorMath(sign)}${second(parts[1], treeMath, BINDS[head] + 1)}</mrow>`;
  }
  const names = NOTATION[2][head];
  if (NOTATION[1][head] && names.length === parts.length) {
    return texMath(NOTATION[1][head], Object.fromEntries(names.map((name, k) => [name, treeMath(parts[k])])));
  }
  const list = parts.map(treeMath).join(operatorMath(","));
  return `<mrow><mi mathvariant="normal">${escaped(head)}</mi>${inBrackets(`<mrow>${list}</mrow>`)}</mrow>`;
}

/* The LaTeX of an op's notation as MathML: commands, groups, powers and indices; {x} stands for an operand. */
const TEX = { cdot: "·", ge: "≥", le: "≤", lfloor: "⌊", rfloor: "⌋", varphi: "φ", Phi: "Φ", pi: "π", left: "", right: "" };

function texMath(template, operands) {
  const tokens = template.match(/\{\{|\}\}|\{\w+\}|\\[a-zA-Z]+|\S/g);
  let at = 0;
  const atom = () => {
    const token = tokens[at++];
    if (token === "{{") { const inside = row("}}"); at++; return inside; }
    if (/^\{\w+\}$/.test(token)) return operands[token.slice(1, -1)];
    if (token === "\\sqrt") return `<msqrt>${atom()}</msqrt>`;
    if (token.startsWith("\\")) {
      const name = token.slice(1);
      return name in TEX ? (TEX[name] ? `<mo stretchy="false">${TEX[name]}</mo>` : "") : `<mi mathvariant="normal">${escaped(name)}</mi>`;
    }
    if (/\d/.test(token)) return `<mn>${token}</mn>`;
    return /[a-z]/.test(token) ? `<mi>${token}</mi>` : `<mo stretchy="false">${token === "-" ? "−" : escaped(token)}</mo>`;
  };
  const row = (end) => {
    const parts = [];
    while (at < tokens.length && tokens[at] !== end) {
      const kind = tokens[at] === "^" ? "msup" : tokens[at] === "_" ? "msub" : "";
      if (kind) { at++; parts.push(`<${kind}>${parts.pop()}${atom()}</${kind}>`); } else parts.push(atom());
    }
    return `<mrow>${parts.join("")}</mrow>`;
  };
  return row();
}
