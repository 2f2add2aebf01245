/* The page: a graph that computes, its steps, and what a learner does with them. `given` are the numbers of the
   leaves; everything else follows from them in `compute`. */

const byId = (id) => document.getElementById(id);
const SECONDS_A_STEP = 1.4;
const MOST_PATHS = 6;
const MOST_BOXES_AT_ONCE = 40; // of a graph whose only path is shown unasked
const MOST_ROWS = 60;

let page; // the graph's layouts and settings
let graph;
let given;
let state; // numbers and partials of all nodes
let shown; // what the boxes and edges show of them
let pass; // the steps, and the right gradients
let words;
let sequence = [];
let mode = "right";
let done = 0;
let camera;
let direction = "";
let predicting = 0;
let asking = null;
let score = { asked: 0, right: 0 };
let timer = null;
let typedNumber_ = "";
let chosen = null;
let baseline = null; // the root's number before the leaves were changed

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function button(text, action, className) {
  const made = element("button", text, className);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
}

/* ---- Compute ---- */

const boxAt = (at) => graph.boxes.findIndex((box) => box.at === at);

const changed = () => graph.leaves.some((i) => !Object.is(given[i], graph.given[i]));

function compute() {
  const stored = page.outdated && !changed();
  state = stored ? { values: graph.nodes.map((node) => node.x), partials: graph.nodes.map((node) => node.p), stale: new Set() } : graph.evaluate(given);
  shown = graph.shown(state);
  if (stored) shown.outdated = new Set(graph.boxes.map((_, i) => i).filter((i) => [graph.boxes[i].at, ...graph.boxes[i].inside || []].some((j) => page.outdated.includes(j))));
  const settings = { forward: page.forward, rate: page.lr ?? null, moved: page.rule ? movedByOptimizer : null, rule: page.rule };
  pass = stepsOf(graph, shown, { ...settings, mode });
  sequence = pass.steps;
  const updates = sequence.filter((step) => step.phase === "update");
  const after = given.slice();
  for (const step of updates) after[graph.boxes[step.target].at] = step.after;
  const anew = updates.length && !graph.hasBlackBox ? [state.values[graph.root], graph.value(after)] : null;
  const cause = (changed() ? null : page.cause) ?? firstBad();
  words = new Words(graph, shown, state.values, { anew, cause });
  for (const step of sequence) step.cause = words.causeOf(step);
  confirmed = new Map();
  done = Math.min(done, sequence.length);
}

/* The number of a parameter after the next step of the optimiser. A rule that the page does not have gives nothing after
   a change: Python computed its updates for the numbers as they were. */
function movedByOptimizer(i, gradient) {
  const { at } = graph.boxes[i];
  if (UPDATE) return updated(page.parameters.indexOf(at), given[at], gradient)[0];
  return changed() ? null : page.updates.find(([j]) => j === at)?.[2] ?? null;
}

/* The rule of the optimiser for one weight: the new weight, and what the optimiser remembers of it. */
function updated(k, weight, gradient) {
  const { lr, steps, memory } = page.optimizer;
  return UPDATE(N, weight, gradient, lr, steps, ...memory.map((row) => row[k]));
}

/* Which node made the first number that is not finite. */
function firstBad() {
  const i = graph.boxes.findIndex((box, k) => !Number.isFinite(shown.data[k]));
  if (i < 0) return "";
  const numbers = graph.numbers(i, state.values);
  const op = graph.nodes[graph.boxes[i].at].op;
  const text = numbers ? `${graph.names[i]} = ${prettyTree(numbers)} gave ${pretty(shown.data[i])}.` : `${graph.names[i]} is ${pretty(shown.data[i])}.`;
  const operands = (graph.nodes[graph.boxes[i].at].a || []).map((j) => state.values[j]);
  const outside = op?.d?.findIndex(([low, high], k) => operands[k] <= low || operands[k] >= high) ?? -1;
  return outside < 0 ? text : `${text} ${op.n} takes ${op.k[outside]} from ${pretty(op.d[outside][0])} to ${pretty(op.d[outside][1])}.`;
}

let confirmed = new Map();

function isConfirmed(i) {
  const box = graph.boxes[i];
  if (!box.leaf || !box.needs || graph.hasBlackBox || graph.nodes.length > 400) return false;
  if (!confirmed.has(i)) confirmed.set(i, agrees(finiteDifference(graph, given, box.at), pass.totals[i]));
  return confirmed.get(i);
}

/* ---- The picture ---- */

/* What every box shows when so many steps are done; the same rules as states.py. */
function stateAfter(count) {
  const later = new Set(sequence.slice(count).filter((s) => s.phase === "forward").map((s) => s.target));
  const nodes = graph.boxes.map((box, i) => ({
    data: later.has(i) ? "?" : box.numbers ? counted(box.numbers, "number") : pretty(shown.data[i]), grad: "?", status: "unknown", caption: "data",
    wrong: !later.has(i) && !Number.isFinite(shown.data[i]), outdated: shown.outdated.has(i),
    kind: { in: "input", par: "parameter", const: "constant" }[box.symbol] ?? short(graph.formulaText(i)),
  }));
  const updated = new Set();
  for (const step of sequence.slice(0, count)) {
    const node = nodes[step.target];
    if (step.phase === "update") {
      const digits = changingDigits(step.before, step.after);
      node.data = pretty(step.after, digits);
      node.caption = `was ${pretty(step.before, digits)}`;
      updated.add(step.target);
    }
    if (step.phase !== "seed" && step.phase !== "backward") continue;
    node.grad = pretty(step.after);
    node.status = step.final ? "final" : "partial";
    node.wrong ||= Boolean(step.mistake || step.cause);
  }
  for (const i of graph.computed) {
    if (graph.boxes[i].operands.some((j) => updated.has(j))) { updated.add(i); nodes[i].outdated = true; }
  }
  nodes.forEach((node, i) => {
    if (node.outdated) node.caption = "old";
    node.confirmed = node.status === "final" && !node.outdated && !updated.has(i) && isConfirmed(i);
  });
  return nodes;
}

function drawGraph(step) {
  const nodes = stateAfter(done);
  const next = asking ? sequence[done] : null;
  const layout = page.layouts[direction];
  const mark = next ?? step;
  for (const group of document.querySelectorAll("#figure g.node")) {
    const i = Number(group.dataset.node);
    const box = graph.boxes[i];
    const active = mark && mark.target === i;
    showNode(group, box, nodes[i], {
      unknown: box.needs && nodes[i].status === "unknown", partial: nodes[i].status === "partial", final: nodes[i].status === "final",
      source: mark?.phase === "backward" && mark.source === i, target: active && (mark.phase === "seed" || mark.phase === "backward"),
      moved: active && (mark.phase === "forward" || mark.phase === "update"), asked: next && active,
      wrong: nodes[i].wrong, outdated: nodes[i].outdated, chosen: chosen === i,
      edited: box.leaf && !Object.is(given[box.at], graph.given[box.at]),
    }, layout.boxes[i]);
  }
  for (const group of document.querySelectorAll("#figure g.edge")) {
    const k = Number(group.dataset.edge);
    const hidden = nodes[graph.edges[k].node].data === "?" || (asking?.kind === "local" && next.edge === k);
    const text = hidden ? "×?" : `×${pretty(shown.locals[k] ?? 0)}`;
    showEdge(group, text, mark?.phase === "backward" && mark.edge === k, Boolean(next && next.edge === k));
  }
  const at = mark ? mark.target : sequence.length ? sequence[0].target : graph.top;
  camera.see(layout.boxes[at]);
}

/* Draw the picture for this width: left to right, or top to bottom on a phone. */
function layOut() {
  const wanted = innerWidth <= 760 ? "TB" : "LR";
  if (wanted === direction) return;
  direction = wanted;
  page.layouts[direction] ||= layeredLayout(graph, direction);
  drawPicture(byId("figure"), graph, page.layouts[direction], `Gradient graph of ${graph.names[graph.top]}`);
  camera?.watcher.disconnect();
  camera = new Camera(byId("figure"), page.layouts[direction].size);
}

/* ---- The step ---- */

const tokenMath = {
  name: nameMath,
  grad: (name) => (PREACTIVATION.test(name) ? nameMath(gradName(name)) : `<mtext class="grads">${escaped(gradName(name))}</mtext>`),
  slope: slopeMath,
  formula: (thing) => (typeof thing === "string" ? `<mtext>${escaped(short(thing))}</mtext>` : `<mrow>${treeMath(thing)}</mrow>`),
  number: numberMath,
  result: (text) => `<mrow class="result">${numberMath(text)}</mrow>`,
  sign: (text) => `<mo form="infix" lspace="0.28em" rspace="0.28em">${escaped(text)}</mo>`,
  tick: (text) => `<mtext class="tick">&#160;${escaped(text)}</mtext>`,
};

function lineMath(line) {
  const inset = line[0][0] === "sign" ? " inset" : "";
  const row = line.map(([kind, ...things]) => tokenMath[kind](...things)).join("");
  return `<math display="inline" displaystyle="true" class="line${inset}"><mrow>${row}</mrow></math>`;
}

function stepMath(step) {
  const complete = step.phase === "backward" && step.final && !step.mistake && !step.cause;
  const lines = words.lines(step).map((line) => (complete ? line.filter(([kind]) => kind !== "tick") : line)).map(lineMath);
  if (complete) {
    lines.push(`<math displaystyle="true" class="line"><mrow><mtext class="tick">✓&#160;</mtext>` +
      `${slopeMath(graph.names[graph.top], graph.names[step.target])}<mo form="infix">=</mo><mrow class="result">${numberMath(pretty(step.after))}</mrow></mrow></math>`);
  }
  return `<div class="${step.phase}">${lines.join("")}</div>`;
}

const START = [
  ["The inputs are known, nothing is computed yet", "The forward pass computes one node after the other, from the leaves to the root."],
  ["Every number is known, no gradient yet", "The sweep begins at the root and goes back, one use of a node at a time."],
];
const WRONG = { right: "", order: "wrong order, ", overwrite: "= for +=, " };

function drawPanel(step) {
  const start = START[sequence[0]?.phase === "forward" ? 0 : 1];
  byId("phase").textContent = step ? WRONG[mode] + step.phase : "Ready";
  byId("phase").className = step ? step.phase : "";
  byId("title").textContent = step ? words.title(step) : start[0];
  const wrong = step ? [step.mistake, step.cause].filter(Boolean).join(" ") : "";
  byId("mistake").hidden = !wrong;
  byId("mistake").textContent = wrong;
  byId("math").classList.toggle("long", step !== null && graph.names[step.source].length + graph.names[step.target].length > 20);
  byId("math").innerHTML = step ? stepMath(step) : "";
  byId("math").hidden = !step;
  byId("rule").textContent = step ? words.rule(step) : "";
  byId("words").textContent = step ? words.sentence(step, done === sequence.length) : `Press Next step, or the right arrow key. ${start[1]}`;
}

function drawList() {
  const items = sequence.map((step, k) => {
    const item = element("li");
    item.append(button(`${k + 1}. ${words.title(step)}`, () => go(k + 1), step.mistake ? "bad" : ""));
    return item;
  });
  byId("list").replaceChildren(...items);
  let source = null;
  let odd = false;
  byId("stripe").replaceChildren(...sequence.map((step) => {
    if (step.source !== source) odd = !odd;
    source = step.source;
    return element("i", "", `${step.phase}${odd ? " odd" : ""}${step.mistake ? " bad" : ""}`);
  }));
  byId("slider").max = sequence.length;
}

function markList() {
  const list = byId("list");
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  const now = list.children[done - 1]?.firstChild;
  if (!now) return;
  now.setAttribute("aria-current", "step");
  const above = now.offsetTop - list.offsetTop;
  if (above < list.scrollTop || above > list.scrollTop + list.clientHeight - 40) list.scrollTop = above - list.clientHeight / 2;
}

function draw() {
  const step = done ? sequence[done - 1] : null;
  drawGraph(step);
  if (!asking) drawPanel(step);
  markList();
  drawNodeCard(step);
  drawNumbers();
  const slider = byId("slider");
  slider.value = done;
  slider.setAttribute("aria-valuetext", step ? `${done} of ${sequence.length}: ${words.title(step)}` : "before the first step");
  byId("count").textContent = typedNumber_ ? `go to ${typedNumber_}` : `${done} / ${sequence.length}`;
  byId("first").disabled = byId("back").disabled = done === 0;
  byId("next").disabled = byId("last").disabled = done === sequence.length;
  if (!asking) byId("live").textContent = step ? `${words.title(step)}. ${step.mistake || step.cause || words.sentence(step, done === sequence.length)}` : "Before the first step";
  for (const hook of hooks) hook(step);
}

const hooks = []; // what other parts draw at each step
const beginnings = []; // and do for a new graph
const reshapings = []; // and for the same with other boxes

function go(count) {
  done = Math.max(0, Math.min(sequence.length, count));
  stopAsking();
  draw();
}

const next = () => { if (done < sequence.length && !ask()) go(done + 1); };
const back = () => go(done - 1);

/* A whole node at a time: to the end of the steps with the same source. */
function byNode(direction_) {
  let k = done;
  const beside = () => sequence[direction_ > 0 ? k : k - 1];
  const source = beside()?.source;
  while (beside() && beside().source === source) k += direction_;
  go(k);
}

/* ---- Play ---- */

function pause() {
  clearInterval(timer);
  timer = null;
  byId("play").setAttribute("aria-pressed", "false");
  byId("play").setAttribute("aria-label", "Play");
}

function play() {
  if (timer) return pause();
  if (done === sequence.length) go(0);
  byId("play").setAttribute("aria-pressed", "true");
  byId("play").setAttribute("aria-label", "Pause");
  timer = setInterval(() => { if (done === sequence.length) pause(); else next(); }, SECONDS_A_STEP * 1000);
  return next();
}

/* ---- Keys and clicks ---- */

const visibleNode = (i) => document.querySelector(`#figure [data-node="${i}"]`);

const KEYS = {
  ArrowRight: (event) => (event.shiftKey ? byNode(1) : next()),
  ArrowLeft: (event) => (event.shiftKey ? byNode(-1) : back()),
  Home: () => go(0),
  End: () => go(sequence.length),
  " ": () => play(),
  p: () => setPredicting(predicting ? 0 : 1),
  s: () => setPredicting(predicting > 1 ? 1 : 2),
  w: () => toggleMode("order"),
  "=": () => toggleMode("overwrite"),
  "+": () => camera.zoom(1.25),
  "-": () => camera.zoom(0.8),
  f: () => camera.fit(),
  "?": () => byId("keys").showModal(),
  Escape: () => { if (typedNumber_) { typedNumber_ = ""; draw(); } else if (chosen !== null) closeNode(); },
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  if (event.target.matches("input, textarea, select")) {
    if (event.target.id === "answer" && event.key === "Escape") { setPredicting(0); return; }
    const isSlider = event.target.id === "slider" && !/^Arrow|Home|End|Page/.test(event.key);
    if (!isSlider) return;
  }
  const group = event.target.closest?.("g.node");
  if (/^\d$/.test(event.key)) { typedNumber_ = (typedNumber_ + event.key).slice(0, 4); draw(); return; }
  if (event.key === "Enter") {
    if (typedNumber_) { const to = Number(typedNumber_); typedNumber_ = ""; event.preventDefault(); go(to); }
    else if (group) { event.preventDefault(); goToNode(Number(group.dataset.node)); }
    return;
  }
  if (event.key === " " && group) { event.preventDefault(); activate(Number(group.dataset.node)); return; }
  if (event.key === " " && event.target.closest?.("button, summary")) return;
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  if (event.key !== " ") pause();
  action(event);
}

function goToNode(i) {
  if (finishing(i)) go(finishing(i));
  openNode(i);
  visibleNode(i)?.focus();
}

/* Show a graph: everything begins anew. */
function show(data) {
  page = data;
  graph = data.fold ? foldedGraph(data) : new Graph(data.graph);
  given = graph.given.slice();
  mode = "right";
  done = 0;
  direction = "";
  chosen = null;
  asking = null;
  compute();
  baseline = state.values[graph.root];
  buildNumbers();
  drawList();
  layOut();
  go(0);
  if (data.mode) toggleMode(data.mode);
  for (const begin of [...reshapings, ...beginnings]) begin();
}

/* Put the page's parts around what stands there without scripts: heading, figure, transcript. */
function build(html) {
  const live = element("main");
  live.innerHTML = html;
  const main = document.querySelector("main");
  for (const place of live.querySelectorAll("[data-keep]")) place.replaceWith(main.querySelector(place.dataset.keep));
  main.replaceWith(live);
}

function listen() {
  document.documentElement.classList.add("scripts");
  const does = {
    first: () => go(0), back, next, last: () => go(sequence.length), play, predict: () => setPredicting(predicting ? 0 : 1),
    slopes: () => setPredicting(predicting > 1 ? 1 : 2),
    order: () => toggleMode("order"), overwrite: () => toggleMode("overwrite"), help: () => byId("keys").showModal(),
    reveal: () => { if (asking && !asking.wrong) score.asked++; if (asking?.left.length) ask(asking.left); else go(done + 1); },
    hint: () => say(words.hint(sequence[done], asking.kind), false),
    reset: resetLeaves, closer: () => camera.zoom(1.25), farther: () => camera.zoom(0.8), fit: () => camera.fit(),
  };
  for (const [id, action] of Object.entries(does)) byId(id).addEventListener("click", () => { if (id !== "play") pause(); action(); });
  byId("slider").addEventListener("input", (event) => { pause(); go(Number(event.target.value)); });
  byId("question").addEventListener("submit", check);
  document.addEventListener("keydown", onKey);
  byId("figure").addEventListener("click", (event) => {
    const group = event.target.closest("g.node");
    if (group && !(camera.moved > 6)) activate(Number(group.dataset.node));
  });
  addEventListener("resize", () => { layOut(); draw(); });
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; camera.place(true); });
  matchMedia("print").addEventListener("change", ({ matches }) => camera.place(matches));
  for (const part of document.querySelectorAll("details[data-wide]")) part.open = innerWidth > 760;
}
