/* The steps of one pass over the graph, as records of numbers, and what is said of each. The sweeps are those of
   sweeps.py, the texts those of texts.py. */

/* Steps with the numbers of `shown`; `mode` is right, order (naive recursion) or overwrite. Updates: `moved` gives the
   number of a box after its update, from its gradient; `rate` is the learning rate where that alone is the rule. */
function stepsOf(graph, shown, { mode = "right", forward = false, rate = null, moved = null, rule = "" } = {}) {
  const alone = (phase, i, more) => ({ phase, source: i, target: i, use: 1, uses: 1, final: true, ...more });
  const steps = forward ? graph.computed.map((i) => alone("forward", i, { after: shown.data[i] })) : [];
  if (graph.boxes[graph.top].needs) steps.push(alone("seed", graph.top, { after: 1 }));
  const { totals, steps: swept } = sweep(graph, shown, "right");
  steps.push(...(mode === "right" ? swept : sweep(graph, shown, mode, totals).steps));
  const after = moved ?? (rate === null ? null : (i, gradient) => shown.data[i] - rate * gradient);
  for (const i of after ? trainable(graph) : []) {
    const [before, end] = [shown.data[i], after(i, totals[i])];
    if (end === null) continue;
    steps.push(alone("update", i, { before, after: end, rule, upstream: totals[i], local: moved ? null : -rate, contribution: end - before }));
  }
  return { steps, totals };
}

const trainable = (graph) => (graph.parameters.length || graph.boxes.some((box) => box.inside) ? graph.parameters
  : graph.computed.length ? graph.boxes.map((_, i) => i).filter((i) => graph.boxes[i].leaf && graph.boxes[i].needs) : []);

const naiveLength = (graph) => graph.ways.reduce((sum, n) => sum + n, -1n);

function* depthFirst(graph) {
  const below = new Map();
  for (const k of graph.uses) below.set(graph.edges[k].node, [...(below.get(graph.edges[k].node) || []), k]);
  const stack = [...(below.get(graph.top) || [])].reverse();
  while (stack.length) {
    const k = stack.pop();
    yield k;
    stack.push(...[...(below.get(graph.edges[k].operand) || [])].reverse());
  }
}

function sweep(graph, shown, mode, rightTotals) {
  const totals = graph.boxes.map((_, i) => (i === graph.top ? 1 : 0));
  const nth = graph.boxes.map(() => 0);
  const of = mode === "order" ? graph.ways.map(Number) : graph.arrivals;
  const steps = [];
  for (const edge of mode === "order" ? depthFirst(graph) : graph.uses) {
    const { node, k, operand } = graph.edges[edge];
    const [upstream, local, before] = [totals[node], shown.locals[edge], totals[operand]];
    const contribution = product(upstream, local);
    nth[operand]++;
    totals[operand] = mode === "overwrite" ? contribution : before + contribution;
    const final = nth[operand] === of[operand];
    const names = { source: graph.names[node], target: graph.names[operand], target_grad: gradName(graph.names[operand]), before: pretty(before), of: of[node] };
    const mistakes = [];
    if (mode === "order" && of[node] > 1) mistakes.push(filled(nth[node] === 1 ? "too_early" : "twice", names));
    if (mode === "overwrite" && nth[operand] > 1 && before) mistakes.push(filled("overwritten", names));
    const right = rightTotals?.[operand];
    if (mode !== "right" && final && Math.abs(totals[operand] - right) > 1e-9 * Math.max(Math.abs(totals[operand]), Math.abs(right))) {
      mistakes.push(filled("ends_wrong", { ...names, after: pretty(totals[operand]), right: pretty(right) }));
    }
    steps.push({
      phase: "backward", source: node, target: operand, edge, k, use: nth[operand], uses: of[operand], upstream, local,
      contribution, before, after: totals[operand], final, mistake: mistakes.join(" "), through: graph.useMark(node, k),
    });
  }
  return { steps, totals };
}

/* ---- What is said of a step ---- */

class Words {
  constructor(graph, shown, values, { cause = "", anew = null } = {}) {
    Object.assign(this, { graph, shown, values, cause, anew });
  }

  fields(step) {
    const { graph, shown } = this;
    const update = step.phase === "update";
    const digits = update ? changingDigits(step.before, step.after) : DIGITS;
    const slope = step.phase === "backward" ? graph.slopeText(step.source, step.k, shown.data[step.source]) : "";
    const numbers = step.phase === "forward" ? graph.numbers(step.target, this.values) : null;
    return {
      source: graph.names[step.source], target: graph.names[step.target],
      source_grad: gradName(graph.names[step.source]), target_grad: gradName(graph.names[step.target]),
      formula: short(graph.formulaText(step.source)),
      numbers: short(numbers ? prettyTree(numbers) : graph.formulaText(step.source)),
      slope: slopeName(graph.names[step.source], graph.names[step.target], step.through),
      rule: short(slope), upstream: pretty(step.upstream ?? 0), local: pretty(step.local ?? 0),
      gradient: bracketed(step.upstream ?? 0), rate: pretty(-(step.local ?? 0)),
      before: pretty(step.before ?? 0, digits), after: pretty(step.after, digits), use: step.use, uses: step.uses,
    };
  }

  causeOf(step) { return Number.isFinite(step.after) ? "" : this.cause; }

  title(step) {
    return filled(step.phase === "backward" && step.uses > 1 ? "use_title" : `${step.phase}_title`, this.fields(step));
  }

  rule(step) {
    if (step.phase !== "backward") return "";
    const fields = this.fields(step);
    const slope = this.graph.slopeText(step.source, step.k, this.shown.data[step.source]);
    return filled("rule", { ...fields, rule: equal(slope, fields.local) });
  }

  sentence(step, last) {
    const fields = this.fields(step);
    if (step.phase === "backward") {
      const slope = this.graph.slopeText(step.source, step.k, this.shown.data[step.source]);
      const parts = [step.uses > 1 ? "local_of_use" : "local", "upstream", ...(step.upstream === 0 ? ["zero"] : [])];
      if (!step.mistake) parts.push(...(step.uses > 1 ? ["added"] : []), step.final ? "complete" : "more");
      return parts.map((part) => filled(part, { ...fields, rule: equal(slope, fields.local) })).join(" ");
    }
    if (step.phase !== "update") return filled(step.phase, fields);
    const change = step.contribution;
    const who = step.rule ? short(step.rule) : filled("against", {});
    const parts = change === 0 ? [filled("stays", fields)]
      : [filled(change < 0 ? "down" : "up", { ...fields, who, change: pretty(Math.abs(change)) }), filled("old", {})];
    if (last && this.anew) {
      const digits = changingDigits(...this.anew);
      const [before, after] = this.anew.map((x) => pretty(x, digits));
      parts.push(filled("anew", { root: this.graph.names[this.graph.top], before, after }));
    }
    return parts.join(" ");
  }

  /* Lines of tokens: [kind, text or tree], of a slope [kind, of, by, use]. */
  lines(step) {
    const { graph } = this;
    const names = { source: graph.names[step.source], target: graph.names[step.target], tick: "✓" };
    const line = (template, fields) => LINES[template].split(" ").map((word) => {
      const [kind, field] = word.includes(":") ? word.split(":") : ["sign"];
      if (kind === "slope") return ["slope", names.source, names.target, step.through];
      return [kind, kind === "sign" ? word : { ...names, ...fields }[field]];
    });
    if (step.phase === "seed") return [line("seed", { one: "1" })];
    if (step.phase === "forward") {
      const numbers = graph.numbers(step.target, this.values);
      const formula = graph.formula(step.target);
      const after = pretty(step.after);
      if (!numbers || prettyTree(numbers) === graph.formulaText(step.target)) return [line("given", { formula, after })];
      return [line("forward", { formula }), line("numbers", { numbers, after })];
    }
    if (step.phase === "update") {
      const digits = changingDigits(step.before, step.after);
      const ends = { before: pretty(step.before, digits), after: pretty(step.after, digits) };
      if (step.local === null) {
        return [line("change", { delta: `Δ${names.target}` }), line("change_numbers", { ...ends, change: bracketed(step.contribution) })];
      }
      const factors = { rate: bracketed(-step.local), gradient: bracketed(step.upstream, digits) };
      return [line("update", { lr: "lr" }), line("update_numbers", { ...ends, ...factors })];
    }
    const { before, contribution, after } = step;
    const overwrites = Boolean(step.mistake) && after === contribution && after !== before + contribution;
    const digits = agreeingDigits([before, contribution], after);
    const total = step.use > 1 && !overwrites
      ? line("sum", { before: pretty(before, digits), added: bracketed(contribution, digits), after: pretty(after, digits) })
      : line("first", { after: pretty(after, digits) });
    if (step.final && !step.mistake && !this.causeOf(step)) total.push(["tick", "✓"]);
    const factors = { upstream: bracketed(step.upstream), local: bracketed(step.local), contribution: pretty(contribution, digits) };
    return [line(overwrites ? "overwritten" : "added"), line("product", factors), total];
  }

  /* ---- Questions ---- */

  questions(step, level) {
    if (!Number.isFinite(step.after)) return [];
    if (step.phase === "backward") return level > 1 ? ["local", "backward"] : ["backward"];
    return step.phase === "forward" || (step.phase === "update" && step.local !== null) ? [step.phase] : [];
  }

  question(step, kind) {
    return filled(`ask_${kind !== "backward" ? kind : step.use === 1 ? "first" : "next"}`, this.fields(step));
  }

  hint(step, kind) { return filled(`hint_${kind === "backward" && step.use > 1 ? "next" : kind}`, this.fields(step)); }

  /* The verdict on a number: the nearest of the answers that are close. */
  judge(step, typed, kind) {
    const fields = this.fields(step);
    if (kind === "local") fields.after = fields.local;
    const numbers = { upstream: 0, local: 0, contribution: 0, before: 0, ...step };
    const close = ANSWERS[kind].map(([terms, verdict]) => [sumOf(terms, numbers), verdict])
      .filter(([x]) => typed === x || Math.abs(typed - x) <= 0.006 * Math.max(Math.abs(typed), Math.abs(x)));
    if (!close.length) return { right: false, verdict: filled(`not_${kind}`, fields) };
    const [, verdict] = close.reduce((a, b) => (Math.abs(b[0] - typed) < Math.abs(a[0] - typed) ? b : a));
    return { right: verdict === "right", verdict: filled(verdict, fields) };
  }
}

function sumOf(terms, numbers) {
  let [total, sign] = [0, 1];
  for (const word of terms.split(" ")) {
    if (word === "+" || word === "-") sign = word === "-" ? -1 : 1;
    else total += sign * numbers[word];
  }
  return total;
}

const tokenText = ([kind, thing, by, use]) => (kind === "grad" ? gradName(thing) : kind === "slope" ? slopeName(thing, by, use)
  : kind === "formula" ? short(typeof thing === "string" ? thing : prettyTree(thing)) : thing);
const lineText = (line) => line.map(tokenText).join(" ");

/* ---- Paths from a node to the root ---- */

/* The largest few at every node, by the product of the local derivatives; NaN before all. */
function pathsOf(graph, shown, most) {
  const best = graph.boxes.map((_, i) => (i === graph.top ? [{ product: 1, edges: [] }] : []));
  const size = ({ product: x }) => (x !== x ? -Infinity : -Math.abs(x));
  const below = graph.boxes.map(() => []);
  for (const k of graph.uses) below[graph.edges[k].node].push(k);
  for (let i = best.length - 1; i >= 0; i--) {
    best[i] = best[i].sort((a, b) => (size(a) === size(b) ? 0 : size(a) - size(b))).slice(0, most);
    for (const k of below[i]) {
      best[graph.edges[k].operand].push(...best[i].map((way) => ({ product: product(way.product, shown.locals[k]), edges: [...way.edges, k] })));
    }
  }
  return best;
}

function pathLines(graph, shown, path) {
  if (!path.edges.length) return [`${graph.names[graph.top]} itself`, "  = 1"];
  const edges = path.edges.map((k) => graph.edges[k]);
  const names = [...edges.map((e) => graph.names[e.operand]).reverse(), graph.names[graph.top]];
  const slopes = edges.map((e) => slopeName(graph.names[e.node], graph.names[e.operand], graph.useMark(e.node, e.k)));
  const rules = edges.map((e) => graph.slopeText(e.node, e.k, shown.data[e.node]));
  return [
    names.join(" → "), `  ${slopes.join(" · ")}`,
    `  = ${rules.map((rule) => (rule.includes(" ") || rule.startsWith("−") ? `(${rule})` : rule)).join(" · ")}`,
    `  = ${path.edges.map((k) => `(${pretty(shown.locals[k] ?? 0)})`).join("")}`, `  = ${pretty(path.product)}`,
  ];
}

function sumLines(paths, gradient) {
  const products = paths.map((path) => path.product);
  const total = fsum(products);
  const digits = agreeingDigits(products, total);
  const addends = products.map((p, k) => (k ? bracketed(p, digits) : pretty(p, digits))).join(" + ");
  const same = total === gradient || Math.abs(total - gradient) <= 1e-9 * Math.max(Math.abs(total), Math.abs(gradient), ...products.map(Math.abs));
  const shownSum = products.length > 1 ? `${addends} = ${pretty(total, digits)}` : pretty(total);
  const tick = same ? "✓" : "(differs: numbers this large or small are not finite along some path)";
  return [`Sum over paths: ${shownSum}`, `Reverse sweep:  ${pretty(gradient, digits)} ${tick}`];
}

function shareLines(graph, shown, totals, i, most) {
  const shares = graph.uses.filter((k) => graph.edges[k].operand === i)
    .map((k) => ({ k, upstream: totals[graph.edges[k].node], part: product(totals[graph.edges[k].node], shown.locals[k]) }))
    .sort((a, b) => Math.abs(b.part) - Math.abs(a.part));
  const root = graph.names[graph.top];
  const lines = shares.slice(0, most).map(({ k, upstream, part }) => {
    const { node, k: place } = graph.edges[k];
    const slope = slopeName(graph.names[node], graph.names[i], graph.useMark(node, place));
    return `  ${slopeName(root, graph.names[node])} · ${slope} = (${pretty(upstream)})(${pretty(shown.locals[k] ?? 0)}) = ${pretty(part)}`;
  });
  const rest = shares.slice(most);
  if (rest.length) lines.push(`  and ${rest.length} smaller, together ${pretty(rest.reduce((s, x) => s + x.part, 0))}`);
  return [`${graph.names[i]} is used ${shares.length} times. Through each use, over all paths that begin with it:`, ...lines];
}
