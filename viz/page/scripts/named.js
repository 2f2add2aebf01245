/* The chain rule through named nodes only, as in named.py: a node without a name is part of the next named one above,
   and a factor is the sum over the paths inside. */

const LARGEST_PUT_IN = 24;
const MOST_INSIDE = 3;

const replacedIn = (e, formulas) => (typeof e === "string" ? formulas.get(e) ?? e : isNumber(e) ? e : [e[0], ...e.slice(1).map((part) => replacedIn(part, formulas))]);
const sizeOf = (e) => (typeof e === "string" || isNumber(e) ? 1 : e.slice(1).reduce((n, part) => n + sizeOf(part), 1));

/* The product of factors, their numbers multiplied out. */
function multiplied(factors) {
  const waiting = [...factors];
  const rest = [];
  let number = 1;
  while (waiting.length) {
    const factor = waiting.shift();
    if (typeof factor === "string") rest.push(factor.includes(" ") && factors.length > 1 ? `(${factor})` : factor);
    else if (factor[0] === "*") waiting.unshift(...factor.slice(1));
    else if (factor[0] === "neg") { number = -number; waiting.unshift(factor[1]); }
    else if (factor[0] === "/" && isNumber(factor[2]) && factor[2][1]) { number /= factor[2][1]; waiting.unshift(factor[1]); }
    else if (isNumber(factor)) number *= factor[1];
    else rest.push(factor);
  }
  if (!rest.length || number === 0) return ["#", number];
  const whole = rest.reduce((a, b) => ["*", a, b]);
  return number === 1 ? whole : number === -1 ? ["neg", whole] : ["*", ["#", number], whole];
}

/* The unnamed boxes below a named one, down to the next named ones: the derivatives by these, and their formulas. */
class Inside {
  constructor(graph, shown, top, stays) {
    const inside = new Set([top]);
    for (const i of inside) for (const j of graph.boxes[i].operands) if (!stays[j]) inside.add(j);
    this.nodes = [...inside].sort((a, b) => b - a);
    Object.assign(this, { graph, shown, top });
    this.uses = this.nodes.flatMap((i) => (graph.boxes[i].edges || []).filter((k) => shown.locals[k] !== null));
    const totals = new Map([[top, 1]]);
    this.ways = new Map([[top, 1n]]);
    for (const k of this.uses) {
      const { node, operand } = graph.edges[k];
      totals.set(operand, (totals.get(operand) ?? 0) + product(totals.get(node) ?? 0, shown.locals[k]));
      this.ways.set(operand, (this.ways.get(operand) ?? 0n) + (this.ways.get(node) ?? 0n));
    }
    this.operands = [...totals.keys()].filter((j) => !inside.has(j)).sort((a, b) => a - b);
    this.locals = this.operands.map((j) => totals.get(j));
  }

  /* Whether a factor would be written like the partial by a direct operand, and be another number. */
  get clashes() { return this.graph.boxes[this.top].operands.some((j) => this.ways.get(j) > 1n && this.operands.includes(j)); }

  get formulas() {
    const written = new Map();
    for (const i of this.nodes.slice(1).reverse()) {
      const formula = replacedIn(this.graph.formula(i), written);
      if (sizeOf(formula) <= LARGEST_PUT_IN) written.set(this.graph.boxes[i].name, formula);
    }
    return written;
  }

  slope(source) {
    const ways = this.ways.get(source);
    if (ways > MOST_INSIDE) return `[${ways.toLocaleString("en")} paths inside]`;
    const { formulas, graph } = this;
    const factor = (k) => replacedIn(graph.slope(graph.edges[k].node, graph.edges[k].k, this.shown.data[graph.edges[k].node]), formulas);
    return this.paths(source).map((path) => multiplied(path.map(factor))).reduce((a, b) => joined("+", a, b));
  }

  /* The paths from a named box up to the one above, as edges from above. */
  paths(source) {
    const found = [];
    const waiting = this.uses.filter((k) => this.graph.edges[k].operand === source).map((k) => [k]);
    while (waiting.length && found.length <= MOST_INSIDE) {
      const path = waiting.shift();
      const { node } = this.graph.edges[path[0]];
      if (node === this.top) found.push(path);
      else waiting.push(...this.uses.filter((k) => this.graph.edges[k].operand === node).map((k) => [k, ...path]));
    }
    return found;
  }
}

/* The graph whose paths are explained, and what its edges show; `keep` stays though it has no name. `throughEdges` are
   the edges of the whole graph that one stands for. The graph itself where no node between has a name, or every one. */
function throughNamed(graph, shown, keep) {
  const between = graph.computed.filter((i) => i !== graph.top && !graph.boxes[i].unnamed);
  const stays = graph.boxes.map((box, i) => box.leaf || i === graph.top || i === keep || !box.unnamed);
  let insides = [];
  for (let clashing = [0]; clashing.length;) {
    if (!between.length || stays.every(Boolean)) return { graph, shown, throughEdges: (k) => [k] };
    insides = graph.boxes.map((box, i) => (stays[i] && box.operands.some((j) => !stays[j]) ? new Inside(graph, shown, i, stays) : null));
    clashing = insides.filter((inside) => inside?.clashes);
    for (const { top } of clashing) for (const j of graph.boxes[top].operands) stays[j] = true;
  }
  const view = Object.create(graph);
  view.boxes = graph.boxes.map((box, i) => ({ ...box, edges: undefined, operands: !stays[i] ? [] : insides[i] ? insides[i].operands : box.operands }));
  view.join();
  const source = (i, k) => view.boxes[i].operands[k];
  view.slope = (i, k, data) => (insides[i] ? (data !== data ? ["#", NaN] : insides[i].slope(source(i, k))) : graph.slope(i, k, data));
  view.slopeText = (i, k, data) => {
    if (!insides[i]) return graph.slopeText(i, k, data);
    const slope = view.slope(i, k, data);
    return typeof slope === "string" ? slope : prettyTree(slope);
  };
  const locals = view.edges.map(({ node, k }) => (insides[node] ? insides[node].locals[k] : shown.locals[graph.boxes[node].edges[k]]));
  const throughEdges = (k) => {
    const { node, k: position } = view.edges[k];
    return insides[node] ? insides[node].paths(source(node, position)).flat() : [graph.boxes[node].edges[position]];
  };
  return { graph: view, shown: { ...shown, locals }, throughEdges };
}
