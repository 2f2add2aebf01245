/* A function's graph, computed, and folded by its calls: the same boxes and steps as functions.py, flows.py and
   call_steps.py, made when a call is opened. */

const FEW = 16; // scalars of a call's own lines, or times that they ran, that are all shown
const FEW_OPENED = 40; // scalars of a line that are shown as boxes
const fromText = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const fromStored = (x) => (typeof x === "string" ? { nan: NaN, inf: Infinity, "-inf": -Infinity }[x] : x);

class CallGraph {
  constructor(data) {
    for (const key of ["root", "ops", "stems", "names", "stored", "lines"]) this[key] = data[key];
    this.decode(fromText(data.stream), new Float64Array(fromText(data.numbers).buffer));
    this.evaluate();
    this.sweep();
    this.calls = data.calls.map(([name, plain, parent, start, stop], k) => ({ name, plain, parent, start, stop, inner: [], marks: this.marksOf(data.marks[k], start) }));
    this.calls.forEach((call, k) => { if (call.parent >= 0) this.calls[call.parent].inner.push(k); });
  }

  /* Columns: of each node its op (−1 for a leaf), where its operands begin, and of a leaf its number and stem. */
  decode(bytes, numbers) {
    let at = 0;
    const next = () => {
      let [n, shift] = [0, 1];
      while (bytes[at] > 127) { n += (bytes[at++] & 127) * shift; shift *= 128; }
      return n + bytes[at++] * shift;
    };
    Object.assign(this, { op: [], first: [0], args: [], values: [], stem: [], needs: [], leaf: [] });
    while (at < bytes.length) {
      const [i, kind] = [this.op.length, next()];
      this.op.push(kind - 2);
      this.leaf.push(kind < 2);
      if (kind < 2) {
        this.values.push(numbers[next()]);
        this.stem.push(next());
        this.needs.push(kind === 0);
      } else {
        for (let n = next(); n > 0; n--) this.args.push(i - next());
        const flat = OPS[this.ops[kind - 2][0]]?.z;
        this.needs.push(!flat && this.args.slice(this.first[i]).some((j) => this.needs[j]));
        this.values.push(NaN);
        this.stem.push(-1);
      }
      this.first.push(this.args.length);
    }
    this.size = this.op.length;
  }

  operands(i) { return this.args.slice(this.first[i], this.first[i + 1]); }

  evaluate() {
    this.partials = new Array(this.args.length).fill(null);
    for (let i = 0; i < this.size; i++) {
      if (this.leaf[i]) continue;
      const begin = this.first[i];
      const kept = this.stored[i];
      if (kept) {
        this.values[i] = fromStored(kept[0]);
        kept[1].forEach((p, k) => { this.partials[begin + k] = p === null ? null : fromStored(p); });
        continue;
      }
      const op = OPS[this.ops[this.op[i]][0]];
      const xs = this.operands(i).map((j) => this.values[j]);
      const y = op.v(N, ...xs);
      this.values[i] = y;
      if (!this.needs[i]) continue;
      const slopes = y === y ? op.p(N, y, ...xs) : null;
      for (let k = 0; k < xs.length; k++) if (this.needs[this.args[begin + k]]) this.partials[begin + k] = slopes ? slopes[k] : NaN;
    }
  }

  sweep() {
    this.adjoints = new Float64Array(this.size);
    if (this.needs[this.root]) this.adjoints[this.root] = 1;
    this.users = Array.from({ length: this.size }, () => []);
    for (let i = this.size - 1; i >= 0; i--) {
      for (let k = this.first[i]; k < this.first[i + 1]; k++) {
        this.users[this.args[k]].push(i);
        if (this.adjoints[i] !== 0 && this.partials[k] !== null) this.adjoints[this.args[k]] += this.adjoints[i] * this.partials[k];
      }
    }
  }

  marksOf(flat, start) {
    const marks = [];
    for (let k = 0, at = start; k < flat.length; k += 2) marks.push([at += k ? flat[k] : flat[k] - start, flat[k + 1]]);
    return marks;
  }

  /* ---- Names ---- */

  isNumber(i) { return this.leaf[i] && !this.needs[i] && !(i in this.names); }

  name(i) { return this.isNumber(i) ? pretty(this.values[i]) : this.names[i]; }

  formula(i, nameOf) {
    const [key, , plain] = this.ops[this.op[i]];
    const names = this.operands(i).map((j) => (this.isNumber(j) ? ["#", this.values[j]] : nameOf(j)));
    return OPS[key] ? formulaOf(OPS[key], names) : [plain, ...names];
  }

  /* ---- Folding ---- */

  /* One call: its boxes and edges. A line of it, if one is given by its nodes: every scalar is a box. */
  fold(c, only = null) {
    const call = this.calls[c];
    const [inner, own] = [new Map(), new Map()];
    let [at, mark] = [0, -1];
    for (let i = call.start; i < call.stop; i++) {
      while (at < call.inner.length && this.calls[call.inner[at]].stop <= i) at++;
      if (this.leaf[i]) continue;
      while (mark + 1 < call.marks.length && call.marks[mark + 1][0] <= i) mark++;
      if (at < call.inner.length && this.calls[call.inner[at]].start <= i) inner.set(i, call.inner[at]);
      else own.set(i, mark);
    }
    const kind = only || own.size <= FEW ? "node" : new Set(own.values()).size <= FEW ? "line" : "lines";
    const boxes = new Map();
    const of = new Map();
    const put = (i, sort, what) => {
      const key = `${sort} ${what}`;
      if (!boxes.has(key)) boxes.set(key, { kind: sort, what, members: [] });
      boxes.get(key).members.push(i);
      of.set(i, boxes.get(key));
    };
    const inside = only ?? [...inner.keys(), ...own.keys()].sort((a, b) => a - b);
    for (const i of inside) {
      if (!only && inner.has(i)) put(i, "call", inner.get(i));
      else put(i, kind, kind === "node" ? i : kind === "line" ? own.get(i) : this.lineOf(call, own.get(i))[0]);
    }
    for (const i of inside) {
      for (const j of this.operands(i)) {
        if (!of.has(j) && !this.isNumber(j)) put(j, ...(this.leaf[j] ? ["leaves", this.stems[this.stem[j]]] : ["from", this.maker(c, j, only && [inner, own])]));
      }
    }
    return this.view(call, [...boxes.values()], of);
  }

  lineOf(call, mark) { return this.lines[call.marks[mark]?.[1]] ?? [0, ""]; }

  /* The call that made a node outside of a call; of a line that is opened, of the same call too. */
  maker(c, j, near) {
    if (near && (near[0].has(j) || near[1].has(j))) return near[0].get(j) ?? c;
    let around = this.calls[c].parent;
    while (around >= 0 && !(this.calls[around].start <= j && j < this.calls[around].stop)) around = this.calls[around].parent;
    if (around < 0) return 0;
    return this.calls[around].inner.find((k) => this.calls[k].start <= j && j < this.calls[k].stop) ?? around;
  }

  view(call, boxes, of) {
    boxes.sort((a, b) => a.members[a.members.length - 1] - b.members[b.members.length - 1]);
    boxes.forEach((box, k) => { box.index = k; box.read = box.kind === "leaves" || box.kind === "from"; });
    const labelled = new Set(boxes.filter((box) => box.kind === "node" && box.what in this.names).map((box) => this.names[box.what]));
    let n = 0;
    for (const box of boxes.filter((b) => b.kind === "node").sort((a, b) => a.what - b.what)) {
      if (!(box.what in this.names)) do n++; while (labelled.has(`v${n}`));
      box.name = this.names[box.what] ?? `v${n}`;
    }
    const nameOf = (j) => {
      const box = of.get(j);
      if (box?.kind === "call" || box?.kind === "from") return this.calls[box.what].name;
      return box?.kind === "node" ? box.name : box && !(j in this.names) ? leavesName(box) : this.name(j);
    };
    for (const box of boxes) {
      const { members } = box;
      box.outputs = box.read ? members : members.filter((i) => i === this.root || this.users[i].some((u) => of.get(u) !== box));
      if (!box.outputs.length) box.outputs = members.slice(-1);
      box.needs = box.outputs.some((i) => this.needs[i]);
      box.passing = box.outputs.filter((i) => this.needs[i]).sort((a, b) => a - b);
      box.reads = new Map();
      if (!box.read) {
        const read = new Set(members.flatMap((i) => this.operands(i)));
        for (const j of read) if (of.has(j) && of.get(j) !== box) box.reads.set(of.get(j), (box.reads.get(of.get(j)) ?? 0) + 1);
      }
    }
    for (const box of boxes) this.describe(call, boxes, box, nameOf);
    for (const box of boxes.filter((b) => b.kind === "call")) {
      box.formula = cutTo(`${this.calls[box.what].plain} of ${[...box.reads.keys()].map((b) => b.name).join(", ")}`, 80);
    }
    return { call, boxes, of, edges: boxes.flatMap((box) => [...box.reads].map(([from, size]) => [from.index, box.index, this.edgeText(box, from, size)])) };
  }

  describe(call, boxes, box, nameOf) {
    const [first] = box.outputs;
    if (box.kind === "node") {
      box.formula = cutTo(prettyTree(this.formula(first, nameOf)), 80);
      box.symbol = this.ops[this.op[first]][1];
    } else if (box.kind === "line" || box.kind === "lines") {
      const [line, source] = box.kind === "line" ? this.lineOf(call, box.what) : this.lines.find(([l]) => l === box.what) ?? [0, ""];
      const same = boxes.filter((b) => b.kind === "line" && this.lineOf(call, b.what)[0] === line).sort((a, b) => a.what - b.what);
      box.name = cutTo((line && same.length > 1 ? `[${same.indexOf(box) + 1}] ` : "") + (source || `line ${line}`), 40);
      box.formula = cutTo(`line ${line}: ${source}`, 80);
      box.symbol = "≡";
    } else if (box.kind === "leaves") {
      box.name = leavesName(box);
      box.formula = box.what;
      box.symbol = this.needs[first] ? "par" : "in";
    } else {
      box.name = box.formula = this.calls[box.what].name;
      box.symbol = box.kind === "call" ? "ƒ" : "from";
    }
    box.data = box.outputs.length === 1 ? pretty(this.values[first]) : counted(box.outputs.length, "value");
    box.grad = !box.needs ? "" : this.gradText(box.outputs.map((i) => this.adjoints[i]));
  }

  gradText(slopes) { return slopes.length === 1 ? pretty(slopes[0]) : `‖·‖ ${pretty(Math.hypot(...slopes))}`; }

  edgeText(box, from, size) {
    if (box.kind === "node" && from.members.length === 1) {
      const local = this.partials[this.first[box.what] + this.operands(box.what).indexOf(from.members[0])];
      return local === null ? "" : `×${pretty(local)}`;
    }
    return counted(size, "number");
  }

  /* ---- Steps ---- */

  /* What a box passes back to one that it reads, a number for each that passes. */
  through(box, target, of) {
    const found = new Map();
    for (const i of [...box.members].reverse()) {
      for (let k = this.first[i]; k < this.first[i + 1]; k++) {
        const j = this.args[k];
        if (this.partials[k] !== null && of.get(j) === target) found.set(j, (found.get(j) ?? 0) + times(this.adjoints[i], this.partials[k]));
      }
    }
    return target.passing.map((j) => found.get(j) ?? 0);
  }

  fromOutside(box, of) {
    return box.passing.map((j) => {
      let sum = j === this.root ? 1 : 0;
      for (const i of new Set(this.users[j])) {
        if (!of.has(i) || of.get(i).read) {
          for (let k = this.first[i]; k < this.first[i + 1]; k++) if (this.args[k] === j && this.partials[k] !== null) sum += times(this.adjoints[i], this.partials[k]);
        }
      }
      return sum;
    });
  }

  /* What arrives from uses inside of the box itself. */
  inside(box, of) {
    const found = this.through(box, box, of);
    return box.read ? found.map(() => 0) : found;
  }

  steps({ boxes, of }) {
    const order = [];
    const computed = boxes.filter((box) => !box.read).reverse();
    for (const box of computed) if (this.fromOutside(box, of).some((x) => x !== 0)) order.push([null, box]);
    for (const box of computed) {
      if (this.inside(box, of).some((x) => x !== 0)) order.push([box, box]);
      for (const from of box.reads.keys()) if (box.needs && from.passing.length) order.push([box, from]);
    }
    const [arrivals, nth, totals] = [new Map(), new Map(), new Map()];
    for (const [, target] of order) arrivals.set(target, (arrivals.get(target) ?? 0) + 1);
    return order.map(([source, target], k) => {
      const added = source ? this.through(source, target, of) : this.fromOutside(target, of);
      const before = totals.get(target) ?? added.map(() => 0);
      const after = before.map((x, n) => x + added[n]);
      totals.set(target, after);
      nth.set(target, (nth.get(target) ?? 0) + 1);
      const [use, uses] = [nth.get(target), arrivals.get(target)];
      const phase = source ? (source === target ? "inside" : "backward") : target.passing.length === 1 && target.passing[0] === this.root ? "seed" : "outside";
      const final = use === uses && sameNumbers(after, target.passing.map((i) => this.adjoints[i]));
      return { number: k + 1, phase, source, target, use, uses, local: source ? this.localOf(source, target) : null, added, after, final };
    });
  }

  localOf(source, target) {
    if (source.members.length !== 1 || target.members.length !== 1) return null;
    const operands = this.operands(source.members[0]);
    const k = operands.indexOf(target.members[0]);
    return operands.lastIndexOf(target.members[0]) === k ? this.partials[this.first[source.members[0]] + k] : null;
  }

  stepTexts(step) {
    const { phase, target, local } = step;
    const source = step.source ?? target;
    const fill = (template) => byField(CALL_TEXTS[template], {
      source: source.name, target: target.name, use: step.use, uses: step.uses, slope: slopeName(source.name, target.name),
      upstream: pretty(step.source ? this.adjoints[source.passing[0]] : 0), local: bracketed(local ?? 0),
      contribution: numbersText(step.added), after: numbersText(step.after),
    });
    const title = fill(phase === "backward" && step.uses > 1 ? "use_title" : `${phase}_title`);
    if (phase === "seed") return [title, fill("seed") + (step.final ? " ✓" : "")];
    const last = step.final ? " ✓" : step.use === step.uses ? " so far; more comes from elsewhere" : "";
    return [title, fill(phase !== "backward" ? phase : local === null ? "vector" : "scalar"), fill("total") + last];
  }

  /* The innermost call that made a node. */
  callAround(j) {
    let call = this.calls[0];
    for (;;) {
      const k = call.inner.find((n) => this.calls[n].start <= j && j < this.calls[n].stop);
      if (k === undefined) return call;
      call = this.calls[k];
    }
  }

  /* Scalars as rows: name and formula, data, gradient, and the local derivatives. */
  rows(nodes, from, count) {
    const local = new Map(nodes.filter((i) => !(i in this.names)).map((i, k) => [i, `v${k + 1}`]));
    const nameOf = (j) => local.get(j) ?? (j in this.names ? this.name(j) : this.leaf[j] ? "parameter" : this.callAround(j).name);
    return nodes.slice(from, from + count).map((i) => {
      const slopes = this.operands(i).map((_, k) => this.partials[this.first[i] + k]).filter((p) => p !== null);
      const shown = slopes.slice(0, 4).map((p) => `×${pretty(p)}`).join(" ") + (slopes.length > 4 ? " …" : "");
      return [`${nameOf(i)} = ${cutTo(prettyTree(this.formula(i, nameOf)), 80)}`, pretty(this.values[i]), this.needs[i] ? pretty(this.adjoints[i]) : "", shown];
    });
  }
}

const leavesName = ({ members, what }) => (members.length > 1 && what === "v" ? "parameters" : what);
const times = (adjoint, local) => (adjoint === 0 ? 0 : adjoint * local);

function cutTo(words, most) {
  const letters = [...words];
  return letters.length <= most ? words : `${letters.slice(0, most - 1).join("")}…`;
}

function sameNumbers(a, b) {
  const largest = Math.max(0, ...b.map(Math.abs));
  return a.every((x, k) => x === b[k] || Math.abs(x - b[k]) <= 1e-9 * Math.max(largest, Math.abs(x), Math.abs(b[k])));
}

function numbersText(numbers) {
  if (numbers.length === 1) return pretty(numbers[0]);
  const listed = numbers.slice(0, numbers.length <= 4 ? 4 : 3).map((x) => pretty(x)).join(", ");
  return numbers.length <= 4 ? `(${listed})` : `(${listed}, …), ‖·‖ = ${pretty(Math.hypot(...numbers))}`;
}
