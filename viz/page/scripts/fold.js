/* Neurons as boxes, as in fold.py, samples.py and inputs.py, so that a neuron opens and the sample changes in the page.
   `neurons`: of each its name, its parameters, and the nodes of its firings, one per sample or time step, with 1 for a
   bias and 2 for an activation. */

const MOST_INPUTS = 8;
const listed = ([first, last]) => Array.from({ length: last - first + 1 }, (_, k) => first + k);
const members = (range) => (range.length === 1 ? range[0] : listed(range));

function firingsOf(neurons) {
  const found = neurons.flatMap(({ name, turns }) => turns.map(([kind, ...range], k) => ({ name, kind, turn: k + 1, nodes: members(range) })));
  for (const firing of found) firing.top = firing.nodes[firing.nodes.length - 1];
  return found.sort((a, b) => a.top - b.top);
}

/* The nodes that belong to other samples alone. */
function ofOthers(nodes, root, firings, sample) {
  const turnOf = new Map(firings.flatMap((firing) => firing.nodes.map((i) => [i, firing.turn])));
  const first = [];
  const hasIt = [];
  const others = new Set();
  const used = new Set([root]);
  nodes.forEach((node, i) => {
    if (!node.a) return;
    const read = node.a.map((j) => first[j]).filter(Boolean);
    const turn = turnOf.get(i);
    if (turn) read.push(turn);
    first[i] = read.length ? Math.min(...read) : 0;
    hasIt[i] = turn === sample || node.a.some((j) => hasIt[j]);
    if (first[i] && !hasIt[i]) others.add(i);
    else for (const j of node.a) used.add(j);
  });
  nodes.forEach((node, i) => { if (!node.a && !used.has(i)) others.add(i); });
  return others;
}

/* The boxes, as the constructor of Graph takes them; `open` names the neurons that are not folded. */
function foldedBoxes(whole, { neurons, samples }, sample, open) {
  const { nodes, root } = whole;
  const all = firingsOf(neurons);
  const others = samples > 1 ? ofOthers(nodes, root, all, sample) : new Set();
  const firings = all.filter((firing) => !others.has(firing.top) && !open.has(firing.name));
  const firingAt = new Map(firings.map((firing) => [firing.top, firing]));
  const gone = new Set([...others, ...firings.flatMap((firing) => firing.nodes)]);
  const used = new Set([root, ...nodes.flatMap((node, i) => (node.a && !gone.has(i) ? node.a : []))]);
  const folded = new Set(firings.map((firing) => firing.name));
  for (const { name, parameters } of neurons) if (folded.has(name)) for (const i of members(parameters)) if (!used.has(i)) gone.add(i);
  const shown = nodes.map((_, i) => i).filter((i) => firingAt.has(i) || !gone.has(i));
  const isShown = new Set(shown);
  const boxes = shown.map((at) => {
    const firing = firingAt.get(at);
    if (firing) return neuronBox(whole, firing, isShown);
    const operands = nodes[at].a || [];
    const kept = operands.map((_, k) => k).filter((k) => isShown.has(operands[k]));
    return { at, name: nodes[at].n, a: kept.map((k) => operands[k]), k: kept.length < operands.length ? kept : undefined };
  });
  return numbered(gathered(whole, boxes));
}

function neuronBox(whole, { name, top, nodes, kind }, isShown) {
  const inside = new Set(nodes);
  const reads = [...new Set(nodes.flatMap((i) => whole.nodes[i].a))].filter((j) => !inside.has(j) && isShown.has(j)).sort((a, b) => a - b);
  const sum = kind & 1 ? "Σ w·x + b" : "Σ w·x";
  const { op, o, s } = whole.nodes[top];
  const formula = kind & 2 ? short(prettyTree(op ? formulaOf(op, [sum]) : [o, sum])) : sum;
  const slopes = (source) => slopeInside(whole, top, inside, source);
  return { at: top, name: whole.nodes[top].n, a: reads, in: nodes, neuron: name, formula, symbol: kind & 2 ? op?.s ?? s : "Σ", slopes };
}

/* The derivative of a neuron with respect to what it reads, as text. */
function slopeInside(whole, top, inside, source) {
  const done = [];
  const waiting = [[top, []]];
  while (waiting.length) {
    const [i, path] = waiting.pop();
    whole.nodes[i].a.forEach((j, k) => {
      if (j === source) done.push([...path, [i, k]]);
      else if (inside.has(j)) waiting.push([j, [...path, [i, k]]]);
    });
  }
  if (done.length !== 1) return `[${done.length} paths inside]`;
  const factors = done[0].map(([i, k]) => whole.slope(i, k)).filter((e) => !(isNumber(e) && e[1] === 1));
  const bracketed_ = factors.map((e) => (typeof e === "string" && e.includes(" ") && factors.length > 1 ? `(${e})` : e));
  return prettyTree(bracketed_.length ? bracketed_.reduce((total, factor) => ["*", factor, total]) : ["#", 1]);
}

/* Many inputs that the same neurons read are one box. */
function gathered(whole, boxes) {
  const users = new Map();
  boxes.forEach((box, i) => { for (const j of box.a) users.set(j, [...(users.get(j) || []), i]); });
  const groups = new Map();
  for (const [j, by] of users) {
    const node = whole.nodes[j];
    if (node.leaf && !node.needs && by.every((i) => boxes[i].in)) groups.set(by.join(), [...(groups.get(by.join()) || []), j]);
  }
  const firstOf = new Map();
  for (const group of groups.values()) {
    if (group.length <= MOST_INPUTS) continue;
    group.sort((a, b) => a - b);
    for (const j of group) firstOf.set(j, group);
  }
  return boxes.filter(({ at }) => !firstOf.has(at) || firstOf.get(at)[0] === at).map((box) => {
    const group = firstOf.get(box.at);
    if (group) return { ...box, name: `${box.name} … ${whole.nodes[group[group.length - 1]].n}`, in: group, symbol: "in", numbers: group.length };
    return { ...box, a: box.a.filter((j) => !firstOf.has(j) || firstOf.get(j)[0] === j) };
  });
}

/* Operands by the index of their box. */
function numbered(boxes) {
  const place = new Map(boxes.map((box, i) => [box.at, i]));
  return boxes.map(({ a, slopes, ...box }) => ({ ...box, a: a.map((j) => place.get(j)), slopes: slopes && ((k) => slopes(a[k])) }));
}

const foldedGraph = ({ graph: data, fold }) => new Graph({ ...data, boxes: foldedBoxes(new Graph(data), fold, fold.sample, new Set(fold.open)) });

/* ---- In the page ---- */

let layoutsKnown = new Map(); // by what is joined to what
const shapeOf = (graph_) => graph_.boxes.map((box) => box.operands.join()).join(";");

/* The same graph with other neurons open, or of another sample; the step stays, where it still is one. */
function reshape(changes) {
  const told = ({ phase, source, target }) => [phase, graph.boxes[source].at, graph.boxes[target].at].join();
  const where = done && told(sequence[done - 1]);
  const end = done === sequence.length;
  stopAsking();
  Object.assign(page.fold, changes);
  graph = foldedGraph(page);
  const shape = shapeOf(graph);
  if (!layoutsKnown.has(shape)) layoutsKnown.set(shape, {});
  page.layouts = layoutsKnown.get(shape);
  [direction, chosen] = ["", null];
  compute();
  buildNumbers();
  drawList();
  layOut();
  drawFolding();
  for (const again of reshapings) again();
  go(end ? sequence.length : where ? 1 + sequence.findIndex((step) => told(step) === where) : 0);
}

function drawFolding() {
  const { sample, samples, open } = page.fold;
  byId("refold").hidden = !open.length;
  byId("samples").hidden = samples < 2;
  Object.assign(byId("sample"), { max: samples, value: sample });
  byId("sample-count").textContent = `of ${samples}`;
  const caption = document.querySelector(".caption bdi");
  caption.textContent = caption.textContent.replace(/^Showing sample \d+/, `Showing sample ${sample}`);
}

function beginFolding() {
  layoutsKnown = new Map([[shapeOf(graph), page.layouts]]);
  const caption = document.querySelector(".caption bdi");
  caption.textContent = caption.textContent.replace("(weights hidden).", "(weights hidden). Click one to open it.");
  drawFolding();
}

function listenToFolding() {
  byId("refold").addEventListener("click", () => reshape({ open: [] }));
  byId("sample").addEventListener("change", (event) => {
    const wanted = Math.round(typedNumber(event.target.value) ?? page.fold.sample);
    reshape({ sample: Math.max(1, Math.min(page.fold.samples, wanted)) });
  });
}
