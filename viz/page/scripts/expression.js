/* Formulas typed in the page: the grammar of the command line, read by this parser into a graph, never run. Names
   without a number get one. The graph is that of expression.py, node by node. */

const LONGEST_EXPRESSION = 10000;
const DEEPEST_EXPRESSION = 100;
const MOST_NODES = 400;
const UNNAMED_NUMBER = 0.5;
const KEYWORDS = new Set("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(" "));
const SIGN_OPS = { "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "remainder", "**": "pow", ">": "greater", ">=": "greater_equal", "<": "less", "<=": "less_equal", "==": "equal" };
const OP_NAMES = new Set(Object.keys(OPS).map((key) => key.split("/")[0]));

class FormulaError extends Error {
  constructor(message, text, at) {
    const start = Math.max(0, Math.min(at - 36, text.length - 72));
    super(`${message}\n${text.slice(start, start + 72)}\n${" ".repeat(Math.max(0, at - start))}^`);
  }
}

function formulaTokens(text) {
  const pattern = /\s*(?:((?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{N}\p{M}_]*)|(\*\*|[<>=]=|[-+*/%()[\],;=<>])|(\S))/gyu;
  const tokens = [];
  for (let match; (match = pattern.exec(text));) {
    const [, number, name, sign, other] = match;
    const at = pattern.lastIndex - (number ?? name ?? sign ?? other).length;
    if (other) throw new FormulaError(`This is not a formula: ${JSON.stringify(other)} means nothing here.`, text, at);
    tokens.push({ kind: number ? "number" : name ? "name" : "sign", text: number ?? name ?? sign, at });
    if (tokens.length > LONGEST_EXPRESSION) break;
  }
  tokens.push({ kind: "end", text: "", at: text.length });
  return tokens;
}

class FormulaReader {
  constructor(text, numbers) {
    if (text.length > LONGEST_EXPRESSION) throw new Error(`The expression has ${text.length} characters; at most ${LONGEST_EXPRESSION} are read here.`);
    this.text = text.normalize("NFKC").replace(/[ \t]*\r?\n\s*/g, "; ").replace(/^[;\s]+/, "").replace(/;(\s*;)+/g, ";");
    this.tokens = formulaTokens(this.text);
    this.at = 0;
    this.nodes = [];
    this.names = new Map();
    this.given = new Map(numbers);
    this.missing = [];
  }

  /* ---- Tokens ---- */

  get token() { return this.tokens[this.at]; }
  is(...texts) { return this.token.kind === "sign" && texts.includes(this.token.text); }
  take(text) { if (!this.is(text)) this.fail(`This is not a formula: ${text} is missing here.`); this.at++; }
  fail(message, token = this.token) { throw new FormulaError(message, this.text, token.at); }

  /* ---- Statements ---- */

  graph() {
    let root = null;
    if (this.token.kind === "end") throw new Error("The expression is empty. Give a formula such as tanh(w*x + b).");
    while (this.token.kind !== "end") {
      root = this.statement();
      if (this.token.kind !== "end") this.take(";");
    }
    if (root === null || typeof root !== "object" || this.nodes[root.i].a === undefined) {
      throw new Error("The formula contains no variable, so there is no graph to show. Use names, such as w * x.");
    }
    return this.reachable(root.i);
  }

  statement() {
    const [first, second] = [this.token, this.tokens[this.at + 1]];
    if (first.kind !== "name" || second.kind !== "sign" || second.text !== "=") return this.comparison(0);
    this.checkName(first);
    this.at += 2;
    if (this.names.has(first.text) || this.given.has(first.text)) this.fail(`${first.text} already has a value; use a new name for each result.`, first);
    let value = this.comparison(0);
    if (typeof value === "number") value = this.add({ x: value, f: "c" });
    else if (this.nodes[value.i].a === undefined || this.nodes[value.i].label) value = this.apply("identity", [value], first);
    this.nodes[value.i].label = first.text;
    this.names.set(first.text, value);
    return value;
  }

  checkName(token) {
    if (KEYWORDS.has(token.text)) this.fail(`This is not a formula: ${token.text} is a word of Python.`, token);
  }

  /* ---- Formulas, by how tightly they bind ---- */

  comparison(depth) {
    const left = this.sum(depth);
    if (!this.is(">", ">=", "<", "<=", "==")) return left;
    const sign = this.tokens[this.at++];
    const result = this.apply(SIGN_OPS[sign.text], [left, this.sum(depth)], sign);
    if (this.is(">", ">=", "<", "<=", "==")) this.fail("Only numbers, names, + - * / % **, comparisons and calls of ops are understood.");
    return result;
  }

  sum(depth) { return this.chain(["+", "-"], () => this.product(depth)); }
  product(depth) { return this.chain(["*", "/", "%"], () => this.unary(depth)); }

  chain(signs, part) {
    let left = part();
    for (let length = 0; this.is(...signs); length++) {
      if (length > DEEPEST_EXPRESSION) this.fail(`This is nested more than ${DEEPEST_EXPRESSION} deep. Name intermediate results: s = a + b; t = s * c.`);
      const sign = this.tokens[this.at++];
      left = this.apply(SIGN_OPS[sign.text], [left, part()], sign);
    }
    return left;
  }

  unary(depth) {
    if (depth > DEEPEST_EXPRESSION) this.fail(`This is nested more than ${DEEPEST_EXPRESSION} deep. Name intermediate results: s = a + b; t = s * c.`);
    if (!this.is("-")) return this.power(depth);
    const sign = this.tokens[this.at++];
    return this.apply("neg", [this.unary(depth + 1)], sign);
  }

  power(depth) {
    const base = this.atom(depth);
    if (!this.is("**")) return base;
    const sign = this.tokens[this.at++];
    return this.apply("pow", [base, this.unary(depth + 1)], sign);
  }

  atom(depth) {
    const token = this.token;
    if (token.kind === "number") {
      this.at++;
      const number = Number(token.text.replaceAll("_", ""));
      if (!Number.isFinite(number)) this.fail("This number is larger than a float can hold.", token);
      return number;
    }
    if (this.is("(")) {
      this.at++;
      const inside = this.comparison(depth + 1);
      this.take(")");
      return inside;
    }
    if (token.kind !== "name") this.fail(token.kind === "end" ? "This is not a formula: it ends too early." : "This is not a formula: a number, a name or a bracket is expected here.");
    this.checkName(token);
    this.at++;
    return this.is("(") ? this.call(token, depth) : this.name(token);
  }

  name(token) {
    const known = this.names.get(token.text);
    if (known) return known;
    if (OP_NAMES.has(token.text)) this.fail(`${token.text} is an op and needs its operands: ${token.text}(...).`, token);
    if (!this.given.has(token.text)) this.missing.push(token.text);
    const leaf = this.add({ x: this.given.get(token.text) ?? UNNAMED_NUMBER, f: "", label: token.text });
    this.names.set(token.text, leaf);
    return leaf;
  }

  call(token, depth) {
    const [operands, named] = [[], new Map()];
    this.take("(");
    while (!this.is(")")) {
      const [first, second] = [this.token, this.tokens[this.at + 1]];
      if (first.kind === "name" && second.text === "=" && second.kind === "sign") {
        this.at += 2;
        named.set(first.text, this.comparison(depth + 1));
      } else operands.push(this.is("[") ? this.list(depth + 1) : this.comparison(depth + 1));
      if (!this.is(")")) this.take(",");
    }
    this.take(")");
    return this.applyNamed(token, operands, named);
  }

  list(depth) {
    const items = [];
    this.take("[");
    while (!this.is("]")) {
      items.push(this.comparison(depth));
      if (!this.is("]")) this.take(",");
    }
    this.take("]");
    return items;
  }

  /* ---- Ops ---- */

  applyNamed(token, operands, named) {
    const name = token.text;
    if (!OP_NAMES.has(name)) this.fail(`There is no op ${name}.`, token);
    const op = OPS[name];
    if (!op) return this.applyMany(token, operands);
    if (op.b && (operands.length > 1 || named.has("beta"))) {
      const beta = named.get("beta") ?? operands[1];
      return this.apply(name, [beta === 1 ? operands[0] : this.apply("mul", [beta, operands[0]], token)], token);
    }
    for (const [key, value] of named) {
      const place = op.k.indexOf(key);
      if (place < operands.length) this.fail(`${name} takes the operands ${op.k.join(", ")}.`, token);
      operands[place] = value;
    }
    for (let k = op.k.length - (op.o?.length ?? 0); k < op.k.length; k++) operands[k] ??= op.o[k - op.k.length + op.o.length];
    const complete = operands.length === op.k.length && Array.from(operands).every((x) => x !== undefined && !Array.isArray(x));
    if (!complete) this.fail(`${name} takes ${counted(op.k.length, "operand")}: ${name}(${op.k.join(", ")}).`, token);
    return this.apply(name, operands, token);
  }

  applyMany(token, operands) {
    const name = token.text;
    const lists = operands.every(Array.isArray) ? operands : [operands];
    const key = `${name}/${lists.flat().length}`;
    const groups = Object.entries(OPS).find(([k]) => k.startsWith(`${name}/`))[1].k.length;
    const fits = lists.length === groups && lists.every((list) => list.length === lists[0].length && !list.some(Array.isArray));
    if (!fits) this.fail(groups === 1 ? `${name} takes numbers, ${name}(a, b, c).` : `${name} takes ${groups} lists of equal length.`, token);
    if (!OPS[key]) this.fail(`${name} takes 1 to ${Math.max(...Object.keys(OPS).filter((k) => k.startsWith(`${name}/`)).map((k) => Number(k.split("/")[1]) / groups))} operands here; name sums of parts.`, token);
    return this.apply(key, lists.flat(), token);
  }

  apply(key, operands, token) {
    if (operands.every((x) => typeof x === "number")) return OPS[key].v(N, ...operands);
    const a = operands.map((x) => (typeof x === "number" ? this.add({ x, f: "#" }).i : x.i));
    if (this.nodes.length > MOST_NODES) this.fail(`The graph has more than ${MOST_NODES} nodes; a page of more cannot be read.`, token);
    return this.add({ o: key, a });
  }

  add(node) {
    this.nodes.push(node);
    return { i: this.nodes.length - 1 };
  }

  /* ---- The graph below the root: leaves in order first, as they are given in Python ---- */

  reachable(root) {
    const kept = new Set([root]);
    for (let i = root; i >= 0; i--) if (kept.has(i)) this.nodes[i].a?.forEach((j) => kept.add(j));
    const isLeaf = (i) => !this.nodes[i].a && this.nodes[i].f === "";
    const nth = [...this.given.keys(), ...this.missing];
    const leaves = [...this.nodes.keys()].filter((i) => kept.has(i) && isLeaf(i));
    const order = [...leaves.sort((i, j) => nth.indexOf(this.nodes[i].label) - nth.indexOf(this.nodes[j].label)), ...[...this.nodes.keys()].filter((i) => kept.has(i) && !isLeaf(i))];
    const place = new Map(order.map((i, k) => [i, k]));
    const taken = new Set(order.map((i) => this.nodes[i].label));
    let count = 0;
    const unnamed = () => { do count++; while (taken.has(`v${count}`)); return `v${count}`; };
    const names = this.names;
    const nodes = order.map((i) => {
      const { label, a, x, o, f } = this.nodes[i];
      const n = label ?? (f === "#" ? pretty(x) : unnamed());
      return a ? { n, o, a: a.map((j) => place.get(j)), ...(label ? {} : { u: 1 }) } : { n, x, f };
    });
    markParameters(nodes);
    return { graph: { nodes, root: place.get(root) }, missing: this.missing, names };
  }
}

/* Guess which leaves are parameters: those called w, and beside them b, and Greek theta (names.py). */
function markParameters(nodes) {
  const last = (node) => node.n.split(".").pop().toLowerCase();
  const variables = nodes.filter((node) => node.a === undefined && node.f === "");
  const weights = variables.filter((node) => /^(w|θ|theta)/.test(last(node)));
  for (const node of variables) if (weights.includes(node) || (weights.length && last(node).startsWith("b"))) node.f = "p";
}

const readFormula = (text, numbers = []) => new FormulaReader(text, numbers).graph();

/* w=-0.5 x=2: pairs of a name and a number. */
function readNumbers(text) {
  if (text.length > LONGEST_EXPRESSION) throw new Error("The numbers are longer than can be read here.");
  return text.split(/[\s,;]+/).filter(Boolean).map((pair) => {
    const [, name, number] = /^([\p{L}_][\p{L}\p{N}\p{M}_]*)=(.+)$/u.exec(pair.normalize("NFKC")) ?? [];
    const x = name === undefined ? null : typedNumber(number);
    if (x === null) throw new Error(`${JSON.stringify(pair.slice(0, 40))} is not a name with its number. Write name=number, such as w=-0.5.`);
    return [name, x];
  });
}
