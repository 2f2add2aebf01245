/* The graph, computed: `nodes` of scalars with the ops of the table, and the boxes that are shown of them.

   A node: n its name, u: it has none of its own; of a leaf x its number, of others o the op and a its operands. f: "c" needs no gradient, "#" is
   a constant called by its number, "p" a parameter. A black box has its number x and its partials p, which stand as
   long as its operands do. A box, where neurons are folded (fold.js): at its last node, in the nodes inside, k which
   operands of the node are shown. */

const readNumber = (x) => (typeof x === "string" ? { nan: NaN, inf: Infinity, "-inf": -Infinity }[x] : x);

class Graph {
  constructor({ nodes, boxes, root, notes }) {
    this.nodes = nodes;
    this.root = root;
    this.notes = notes || [];
    for (const node of nodes) {
      node.op = node.o ? OPS[node.o] : null;
      node.leaf = !node.a;
      node.number = node.f === "#";
      if (node.x !== undefined) node.x = readNumber(node.x);
      if (node.p) node.p = node.p.map((p) => (p === null ? null : readNumber(p)));
      node.needs = node.leaf ? !node.f || node.f === "p" : !node.op?.z && node.a.some((j) => nodes[j].needs);
    }
    this.leaves = nodes.map((_, i) => i).filter((i) => nodes[i].leaf && !nodes[i].number);
    this.given = nodes.map((node) => node.x ?? NaN);
    this.boxes = (boxes || nodes.map((_, i) => ({ at: i }))).map((box) => this.box(box));
    this.top = this.boxes.findIndex((box) => box.at === root);
    this.names = this.boxes.map((box) => box.name);
    this.join();
    this.computed = this.boxes.map((_, i) => i).filter((i) => !this.boxes[i].leaf);
    this.parameters = this.boxes.map((_, i) => i).filter((i) => this.boxes[i].parameter);
    this.hasBlackBox = nodes.some((node) => node.p && !node.op);
  }

  /* The edges between boxes, those that carry gradient in the order of the sweep, and how many paths lead to the root. */
  join() {
    this.edges = this.boxes.flatMap((box, i) => box.operands.map((operand, k) => ({ node: i, k, operand })));
    this.edges.forEach((edge, k) => { (this.boxes[edge.node].edges ||= [])[edge.k] = k; });
    this.uses = this.boxes.map((_, i) => i).reverse().flatMap((i) => (this.boxes[i].needs
      ? this.boxes[i].edges?.filter((k) => this.boxes[this.edges[k].operand].needs) || [] : []));
    this.arrivals = this.boxes.map(() => 0);
    for (const k of this.uses) this.arrivals[this.edges[k].operand]++;
    this.ways = this.boxes.map((_, i) => (i === this.top ? 1n : 0n));
    for (const k of this.uses) this.ways[this.edges[k].operand] += this.ways[this.edges[k].node];
  }

  box({ at, name, a, k, in: inside, formula, symbol, slopes, numbers, neuron }) {
    const node = this.nodes[at];
    return {
      at, inside, formula, slopes, numbers, neuron, kept: k, unnamed: Boolean(node.u && !inside),
      name: name ?? node.n, leaf: node.leaf, needs: node.needs, number: node.number,
      parameter: node.f === "p", constant: node.leaf && !node.needs,
      operands: a ?? node.a ?? [],
      symbol: symbol ?? node.op?.s ?? node.s ?? (!node.needs ? "const" : node.f === "p" ? "par" : "in"),
    };
  }

  /* Forward: the numbers and partials of all nodes; `stale` is what could not be computed again. */
  evaluate(given) {
    const { nodes } = this;
    const values = new Array(nodes.length);
    const partials = new Array(nodes.length);
    const stale = new Set();
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node.leaf) { values[i] = given[i]; continue; }
      if (node.op) {
        const xs = node.a.map((j) => values[j]);
        const y = node.op.v(N, ...xs);
        values[i] = y;
        const slopes = y !== y || !node.needs ? null : node.op.p(N, y, ...xs);
        partials[i] = node.a.map((j, k) => (!node.needs || !nodes[j].needs ? null : slopes ? slopes[k] : NaN));
        if (node.a.some((j) => stale.has(j))) stale.add(i);
      } else {
        values[i] = node.x;
        partials[i] = node.p;
        if (node.a.some((j) => stale.has(j) || (nodes[j].leaf ? !Object.is(values[j], this.given[j]) : this.differs?.[j]))) stale.add(i);
      }
      if (this.hasBlackBox) (this.differs ||= [])[i] = stale.has(i) || node.a.some((j) => (nodes[j].leaf ? !Object.is(values[j], this.given[j]) : this.differs[j]));
    }
    return { values, partials, stale };
  }

  /* The number of one node, without partials. */
  value(given, at = this.root) {
    const values = given.slice();
    for (let i = 0; i <= at; i++) {
      const node = this.nodes[i];
      if (!node.leaf) values[i] = node.op ? node.op.v(N, ...node.a.map((j) => values[j])) : node.x;
    }
    return values[at];
  }

  /* The adjoints of all nodes, added in the order of Python's sweep. */
  adjoints({ partials }) {
    const adjoint = new Float64Array(this.nodes.length);
    adjoint[this.root] = 1;
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const bar = adjoint[i];
      if (bar === 0 || !this.nodes[i].a || !this.nodes[i].needs) continue;
      this.nodes[i].a.forEach((j, k) => { if (partials[i][k] !== null) adjoint[j] += bar * partials[i][k]; });
    }
    return adjoint;
  }

  /* The numbers that the boxes show: data, and the local derivative on each edge. */
  shown({ values, partials, stale }) {
    const data = this.boxes.map((box) => values[box.at]);
    const locals = this.edges.map(({ node, k, operand }) => {
      const box = this.boxes[node];
      if (!box.needs || !this.boxes[operand].needs) return null;
      if (box.inside) return this.slopesInside(box, partials).get(this.boxes[operand].at) ?? 0;
      return partials[box.at][box.kept ? box.kept[k] : k];
    });
    return { data, locals, outdated: new Set(this.boxes.map((_, i) => i).filter((i) => stale.has(this.boxes[i].at))) };
  }

  /* The derivative of a folded box with respect to what it reads. */
  slopesInside(box, partials) {
    const inside = new Set(box.inside);
    const total = new Map([[box.at, 1]]);
    for (const i of [...box.inside].reverse()) {
      this.nodes[i].a?.forEach((j, k) => total.set(j, (total.get(j) ?? 0) + product(total.get(i) ?? 0, partials[i][k])));
    }
    return new Map([...total].filter(([i]) => !inside.has(i)));
  }

  /* ---- How it is written ---- */

  operandNames(i) {
    return this.nodes[this.boxes[i].at].a.map((j) => (this.nodes[j].number ? ["#", this.given[j]] : this.nameAt(j)));
  }

  nameAt(j) {
    this.named ||= new Map(this.boxes.map((box) => [box.at, box.name]));
    return this.named.get(j) ?? this.nodes[j].n;
  }

  /* A tree, or of a folded box a text. */
  formula(i) {
    const box = this.boxes[i];
    const node = this.nodes[box.at];
    if (box.formula) return box.formula;
    if (box.leaf) return box.name;
    return node.op ? formulaOf(node.op, this.operandNames(i)) : [node.o, ...this.operandNames(i)];
  }

  formulaText(i) {
    return this.boxes[i].formula || prettyTree(this.formula(i));
  }

  /* The formula with the numbers of the operands; nothing for a folded box. */
  numbers(i, values) {
    const box = this.boxes[i];
    const node = this.nodes[box.at];
    if (box.formula || box.leaf) return null;
    const slots = node.a.map((_, k) => `\0${k}`);
    const put = (e) => (typeof e === "string" ? (e[0] === "\0" ? ["#", values[node.a[Number(e.slice(1))]]] : e)
      : isNumber(e) ? e : [e[0], ...e.slice(1).map(put)]);
    return put(node.op ? formulaOf(node.op, slots) : [node.o, ...slots]);
  }

  slope(i, k, data) {
    const box = this.boxes[i];
    const node = this.nodes[box.at];
    if (data !== data) return ["#", NaN];
    if (box.inside) return box.slopes(k);
    if (!node.op) return node.slopes[box.kept ? box.kept[k] : k];
    return slopeOf(node.op, box.name, this.operandNames(i), box.kept ? box.kept[k] : k);
  }

  slopeText(i, k, data) {
    const slope = this.slope(i, k, data);
    return this.boxes[i].inside || !this.nodes[this.boxes[i].at].op ? (typeof slope === "string" ? slope : prettyTree(slope)) : prettyTree(slope);
  }

  /* The subscript of a partial through one use, which is not the total derivative. */
  useMark(i, k) {
    const { operands } = this.boxes[i];
    const j = operands[k];
    if (operands.filter((x) => x === j).length === 1 && (i !== this.top || this.ways[j] < 2n)) return "";
    const use = String(operands.slice(0, k + 1).filter((x) => x === j).length);
    if (/[₀₁₂₃₄₅₆₇₈₉⁾]$/.test(this.names[j])) return `(${use})`; // an index already
    return this.names.some((name) => name === `${this.names[j]}${use}` || name === `${this.names[j]}_${use}`) ? `(${use})` : use;
  }
}

const product = (adjoint, local) => (adjoint === 0 || local === null ? 0 : adjoint * local);

/* Central difference, as in Nocedal & Wright, "Numerical Optimization", 2006, section 8.1. */
function finiteDifference(graph, given, leaf) {
  const h = Math.cbrt(2 ** -52) * Math.max(1, Math.abs(given[leaf]));
  const at = (x) => graph.value(given.with ? given.with(leaf, x) : given.map((y, i) => (i === leaf ? x : y)));
  const [above, below] = [given[leaf] + h, given[leaf] - h];
  return (at(above) - at(below)) / (above - below);
}

function agrees(difference, gradient) {
  if (!Number.isFinite(difference) || !Number.isFinite(gradient)) return false;
  return Math.abs(difference - gradient) <= Math.max(1e-4 * Math.max(Math.abs(difference), Math.abs(gradient)), 1e-8);
}
