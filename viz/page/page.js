"use strict";
/* Shows the steps that Python prepared. `sequence` is a list of steps, `done` how many of them have been done. */

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const places = new Map(data.nodes.map((node, i) => [node.name, i]).filter(([, i]) => data.nodes[i].needs));
const SECONDS_A_STEP = 1.4;

let sequence = data.sequences.right;
let mode = "right";
let done = 0;
let predicting = false;
let asking = false;
let timer = null;
let typedNumber = "";
let chosen = null;

/* ---- MathML ---- */

const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.codePointAt(0)};`);

function nameMath(name) {
  const parts = /^(\p{L})_?(\d+|\p{L}+\d*)$/u.exec(name);
  if (parts && (name.includes("_") || /^\d+$/.test(parts[2]))) {
    const kind = /^\d+$/.test(parts[2]) ? "mn" : "mi";
    return `<msub><mi>${escaped(parts[1])}</mi><${kind} mathvariant="normal">${escaped(parts[2])}</${kind}></msub>`;
  }
  return [...name].length === 1 ? `<mi>${escaped(name)}</mi>` : `<mtext>${escaped(name)}</mtext>`;
}

/* With `use`, the partial through that use alone, which is not the total. */
function slopeMath(of, by, use) {
  const name = use ? `<msub><mrow>${nameMath(by)}</mrow><mtext>${escaped(use)}</mtext></msub>` : nameMath(by);
  const part = (math) => `<mrow><mo form="prefix" rspace="0">∂</mo>${math}</mrow>`;
  return `<mfrac displaystyle="true">${part(nameMath(of))}${part(name)}</mfrac>`;
}

function numberMath(text) {
  const inner = /^\((.*)\)$/.exec(text);
  if (inner) return `<mrow><mo form="prefix" stretchy="false">(</mo>${numberMath(inner[1])}<mo form="postfix" stretchy="false">)</mo></mrow>`;
  const [mantissa, exponent] = text.split("e");
  const signed = (t) => (t.startsWith("−") ? `<mrow><mo form="prefix">−</mo><mn>${t.slice(1)}</mn></mrow>` : `<mn>${t}</mn>`);
  return exponent === undefined ? signed(mantissa) : `<mrow>${signed(mantissa)}<mo>·</mo><msup><mn>10</mn>${signed(exponent)}</msup></mrow>`;
}

const tokenMath = {
  name: (text) => nameMath(text),
  grad: (text) => `<mtext class="grads">${escaped(text)}.grad</mtext>`,
  slope: slopeMath,
  formula: (text) => `<mtext>${escaped(text)}</mtext>`,
  number: (text) => numberMath(text),
  result: (text) => `<mrow class="result">${numberMath(text)}</mrow>`,
  sign: (text) => `<mo form="infix" lspace="0.28em" rspace="0.28em">${escaped(text)}</mo>`,
  tick: (text) => `<mtext class="tick">&#160;${escaped(text)}</mtext>`,
};

function lineMath(line) {
  const inset = line[0][0] === "sign" ? " inset" : "";
  const row = line.map(([kind, ...texts]) => tokenMath[kind](...texts)).join("");
  return `<math display="inline" displaystyle="true" class="line${inset}"><mrow>${row}</mrow></math>`;
}

function stepMath(step) {
  const complete = step.phase === "backward" && step.final && !step.mistake && !step.cause;
  const shown = complete ? step.lines.map((line) => line.filter(([kind]) => kind !== "tick")) : step.lines;
  let lines = shown.map(lineMath).join("");
  if (complete) {
    const total = `<mo form="infix">=</mo><mrow class="result">${numberMath(step.after)}</mrow>`;
    lines += `<math displaystyle="true" class="line"><mrow><mtext class="tick">✓&#160;</mtext>` +
      `${slopeMath(data.nodes[data.root].name, data.nodes[step.target].name)}${total}</mrow></math>`;
  }
  return `<div class="${step.phase}">${lines}</div>`;
}

/* ---- The picture ---- */

const finiteText = (text) => !/nan|∞/.test(text);

/* What every box shows when so many steps are done; the same rules as states.py. */
function stateAfter(count) {
  const later = new Set(sequence.slice(count).filter((s) => s.phase === "forward").map((s) => s.target));
  const nodes = data.nodes.map((node, i) => {
    const text = later.has(i) ? "?" : node.data;
    return { data: text, grad: "?", status: "unknown", wrong: !finiteText(text), outdated: node.outdated };
  });
  const updated = new Set();
  for (const step of sequence.slice(0, count)) {
    const node = nodes[step.target];
    if (step.phase === "update") { node.data = step.after; updated.add(step.target); }
    if (step.phase !== "seed" && step.phase !== "backward") continue;
    node.grad = step.after;
    node.status = step.final ? "final" : "partial";
    node.wrong = node.wrong || step.mistake !== "" || step.cause !== "";
  }
  for (const [source, target] of data.ends) if (updated.has(target)) { nodes[source].outdated = true; updated.add(source); }
  return nodes;
}

const setText = (element, text) => { if (element) element.textContent = text; };

function drawNode(group, node, shown, step) {
  const i = Number(group.dataset.node);
  const list = group.classList;
  const is = {
    unknown: shown.status === "unknown", partial: shown.status === "partial", final: shown.status === "final",
    source: step?.phase === "backward" && step.source === i,
    target: step !== null && step.target === i && step.phase !== "forward" && step.phase !== "update",
    moved: step !== null && step.target === i && (step.phase === "forward" || step.phase === "update"),
    wrong: shown.wrong, outdated: shown.outdated, chosen: chosen === i,
  };
  for (const [name, on] of Object.entries(is)) list.toggle(name, Boolean(on) && (node.needs || name === "chosen" || name === "moved"));
  if (!node.needs) return;
  setText(group.querySelector("text.data"), shown.data);
  setText(group.querySelector("text.data-caption"), shown.outdated ? "old" : "data");
  setText(group.querySelector("text.grad"), shown.grad);
  setText(group.querySelector("text.grad-caption"), shown.status === "partial" ? "so far" : "grad");
  setText(group.querySelector("text.tick"), shown.status === "final" ? (shown.wrong ? "✗" : node.confirmed && !shown.outdated ? "≈✓" : "✓") : "");
  const known = { unknown: "unknown", partial: `${shown.grad} so far`, final: `${shown.grad}, final` }[shown.status];
  const kind = { in: "input", par: "parameter" }[node.kind] || node.formula || node.kind;
  group.setAttribute("aria-label", `${node.name}, ${kind}, data ${shown.data}${shown.outdated ? ", outdated" : ""}, gradient ${known}`);
}

function drawGraph(step) {
  const nodes = stateAfter(done);
  for (const group of document.querySelectorAll("g.node")) drawNode(group, data.nodes[group.dataset.node], nodes[group.dataset.node], step);
  for (const group of document.querySelectorAll("g.edge")) {
    const k = Number(group.dataset.edge);
    group.classList.toggle("active", step?.edge === k);
    setText(group.querySelector("text.local"), nodes[data.ends[k][0]].data === "?" ? "×?" : data.locals[k]);
  }
  bringIntoView(step ? step.target : sequence.length ? sequence[0].target : data.root);
}

/* Scroll the figure, never the page, so that a box is inside. */
function bringIntoView(i) {
  for (const figure of document.querySelectorAll(".figure")) {
    const box = figure.querySelector(`[data-node="${i}"]`)?.getBoundingClientRect();
    const frame = figure.getBoundingClientRect();
    if (!box || !frame.width) continue;
    const margin = 70;
    const beyond = (low, high, from, to) => (low < from + margin ? low - from - margin : Math.max(0, high - to + margin));
    figure.scrollBy(beyond(box.left, box.right, frame.left, frame.right), beyond(box.top, box.bottom, frame.top, frame.bottom));
  }
}

/* ---- The step ---- */

const START = [
  ["The inputs are known, nothing is computed yet", "The forward pass computes one node after the other, from the leaves to the root."],
  ["Every number is known, no gradient yet", "The sweep begins at the root and goes back, one use of a node at a time."],
];
const WRONG = { right: "", order: "wrong order, ", overwrite: "= for +=, " };

function drawPanel(step) {
  byId("phase").textContent = step ? WRONG[mode] + step.phase : "Ready";
  byId("phase").className = step ? step.phase : "";
  byId("title").textContent = step ? step.title : START[sequence[0]?.phase === "forward" ? 0 : 1][0];
  const wrong = step?.mistake || step?.cause || "";
  byId("mistake").hidden = !wrong;
  byId("mistake").textContent = wrong;
  byId("math").classList.toggle("long", step !== null && data.nodes[step.source].name.length + data.nodes[step.target].name.length > 20);
  byId("math").innerHTML = step ? stepMath(step) : "";
  byId("math").hidden = !step;
  byId("rule").textContent = step ? step.rule : "";
  byId("words").textContent = step ? step.words
    : `Press Next step, or the right arrow key. ${START[sequence[0]?.phase === "forward" ? 0 : 1][1]}`;
}

function drawList() {
  const items = sequence.map((step, k) => {
    const item = element("li");
    item.append(button(`${k + 1}. ${step.title}`, () => go(k + 1), step.mistake ? "bad" : ""));
    return item;
  });
  byId("list").replaceChildren(...items);
  let source = null;
  let odd = false;
  byId("stripe").replaceChildren(...sequence.map((step) => {
    if (step.source !== source) odd = !odd;
    source = step.source;
    const piece = element("i", "", `${step.phase}${odd ? " odd" : ""}${step.mistake ? " bad" : ""}`);
    piece.style.flex = "1";
    return piece;
  }));
  byId("slider").max = sequence.length;
}

function markList() {
  for (const [k, item] of [...byId("list").children].entries()) {
    const button = item.firstChild;
    if (k === done - 1) {
      button.setAttribute("aria-current", "step");
      const list = byId("list");
      const above = button.offsetTop - list.offsetTop;
      if (above < list.scrollTop || above > list.scrollTop + list.clientHeight - 40) list.scrollTop = above - list.clientHeight / 2;
    } else button.removeAttribute("aria-current");
  }
}

function draw() {
  const step = done ? sequence[done - 1] : null;
  drawGraph(step);
  drawPanel(step);
  markList();
  const slider = byId("slider");
  slider.value = done;
  slider.setAttribute("aria-valuetext", step ? `${done} of ${sequence.length}: ${step.title}` : "before the first step");
  byId("count").textContent = typedNumber ? `go to ${typedNumber}` : `${done} / ${sequence.length}`;
  byId("first").disabled = byId("back").disabled = done === 0;
  byId("next").disabled = byId("last").disabled = done === sequence.length;
  byId("live").textContent = step ? `${step.title}. ${step.mistake || step.cause || step.words}` : "Before the first step";
}

function go(count) {
  done = Math.max(0, Math.min(sequence.length, count));
  stopAsking();
  draw();
}

const next = () => { if (done < sequence.length && !ask()) go(done + 1); };
const back = () => go(done - 1);

/* A whole node at a time: to the end of the steps with the same source. */
function byNode(direction) {
  let k = done;
  const beside = () => sequence[direction > 0 ? k : k - 1];
  const source = beside()?.source;
  while (beside() && beside().source === source) k += direction;
  go(k);
}

/* ---- Predict first ---- */

function ask() {
  const step = sequence[done];
  if (!predicting || asking || !step.question) return false;
  asking = true;
  pause();
  byId("asked").textContent = step.question;
  byId("question").hidden = false;
  byId("explained").hidden = true;
  byId("title").textContent = step.title;
  byId("mistake").hidden = true;
  say("", false);
  byId("answer").value = "";
  byId("answer").focus({ preventScroll: true });
  byId("question").scrollIntoView({ block: "nearest" });
  return true;
}

function stopAsking() {
  if (asking && document.activeElement === byId("answer")) byId("next").focus();
  asking = false;
  byId("question").hidden = true;
  byId("explained").hidden = false;
  say("", false);
}

function say(text, right) {
  byId("verdict").textContent = text;
  byId("verdict").classList.toggle("right", right);
  if (text) byId("verdict").scrollIntoView({ block: "nearest" });
}

const close = (typed, number) => typed === number || Math.abs(typed - number) <= 0.006 * Math.max(Math.abs(typed), Math.abs(number));

function check(event) {
  event.preventDefault();
  const text = byId("answer").value.trim().replace("−", "-").replace(",", ".");
  const typed = Number(text);
  if (text === "" || !Number.isFinite(typed)) return say("Type a number, such as -0.25.", false);
  const step = sequence[done];
  const found = step.answers.find(([number]) => close(typed, number));
  if (!found) return say("Not that. Multiply the upstream gradient by the local derivative on the edge, then add it to what is there.", false);
  const verdict = data.verdicts[found[2]];
  if (!found[1]) return say(verdict, false);
  go(done + 1);
  return say(verdict, true);
}

function togglePredict() {
  predicting = !predicting;
  byId("predict").setAttribute("aria-pressed", predicting);
  if (predicting) next(); else { stopAsking(); draw(); }
}

/* ---- Wrong on purpose ---- */

function toggleMode(name) {
  const note = data.notes[name];
  const wanted = mode === name ? "right" : name;
  byId("note").textContent = wanted === "right" ? "" : note;
  if (wanted !== "right" && note) return;
  mode = wanted;
  sequence = data.sequences[mode];
  for (const id of ["order", "overwrite"]) byId(id).setAttribute("aria-pressed", mode === id);
  if (mode !== "right") {
    const bad = sequence.filter((step) => step.mistake).length;
    byId("note").textContent = `${bad} of ${sequence.length} steps go wrong; they are marked.`;
  }
  pause();
  drawList();
  go(Math.min(done, sequence.length));
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

/* ---- A node ---- */

function light(edges) {
  const lit = new Set(edges);
  const touched = new Set(edges.flatMap((k) => data.ends[k]));
  for (const group of document.querySelectorAll("g.edge")) {
    group.classList.toggle("lit", lit.has(Number(group.dataset.edge)));
  }
  for (const group of document.querySelectorAll("g.node")) group.classList.toggle("lit", touched.has(Number(group.dataset.node)));
}

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

function closeNode() {
  const was = chosen;
  chosen = null;
  light([]);
  byId("node").hidden = true;
  draw();
  if (was !== null) visibleNode(was)?.focus();
}

function finishing(i) {
  return 1 + sequence.findLastIndex((step) => step.target === i && step.final && (step.phase === "seed" || step.phase === "backward"));
}

function openNode(i) {
  chosen = i;
  const node = data.nodes[i];
  const head = element("header");
  head.append(element("h2", node.formula ? `${node.name} = ${node.formula} = ${node.data}` : `${node.name} = ${node.data}`));
  if (node.needs && finishing(i)) head.append(button("Go to the step that completes it", () => go(finishing(i))));
  head.append(button("Close", closeNode));
  const parts = [head];
  if (node.slopes?.length) parts.push(element("h3", "Rule"), ...node.slopes.map((text) => element("p", text, "slopes")));
  if (!node.needs) parts.push(element("p", "A constant: no gradient is needed here."));
  else parts.push(...usesOf(i), ...leafCheck(node), ...pathsOf(node));
  byId("node").replaceChildren(...parts);
  byId("node").hidden = false;
  light([]);
  draw();
}

function usesOf(i) {
  const uses = data.sequences.right.filter((step) => step.target === i && step.phase === "backward");
  if (!uses.length) return [];
  const items = uses.map((step) => element("p", step.lines.slice(0, 2).flat().map(tokenText).join(" "), "slopes"));
  return [element("h3", uses.length === 1 ? "Used once" : `Used ${uses.length} times`), ...items];
}

const subscript = (use = "") => [...use].map((c) => "₀₁₂₃₄₅₆₇₈₉₍₎"["0123456789()".indexOf(c)]).join("");
const tokenText = ([kind, text, by, use]) => ({ grad: `${text}.grad`, slope: `∂${text}/∂${by}${subscript(use)}` }[kind] || text);

function leafCheck(node) {
  if (node.difference === undefined) return [];
  const agrees = node.confirmed ? " ✓ the same" : " ✗ not the same: a kink is near, or the numbers are extreme";
  return [element("h3", "Finite difference"), element("p", node.difference + agrees, node.confirmed ? "agrees" : "differs")];
}

function pathsOf(node) {
  if (!node.paths?.length) return [];
  const title = node.count === 1 ? "1 path to the root" : `Sum over ${node.count.toLocaleString("en")} paths to the root`;
  const shown = element("div");
  const reveal = button("Show the paths", () => {
    const all = node.paths.map((path) => button(path.lines.join("\n"), () => light(path.edges), "path"));
    shown.replaceChildren(...all, ...node.sum.map((text) => element("p", text, "slopes")));
    light(node.paths.flatMap((path) => path.edges));
  });
  shown.append(reveal);
  return [element("h3", title), shown];
}

/* ---- Keys and clicks ---- */

const visibleNode = (i) => [...document.querySelectorAll(`[data-node="${i}"]`)].find((group) => group.getBoundingClientRect().width);

const KEYS = {
  ArrowRight: (event) => (event.shiftKey ? byNode(1) : next()),
  ArrowLeft: (event) => (event.shiftKey ? byNode(-1) : back()),
  Home: () => go(0),
  End: () => go(sequence.length),
  " ": () => play(),
  p: () => togglePredict(),
  w: () => toggleMode("order"),
  "=": () => toggleMode("overwrite"),
  "?": () => byId("keys").showModal(),
  Escape: () => { if (typedNumber) { typedNumber = ""; draw(); } else if (chosen !== null) closeNode(); },
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  const inField = event.target.matches("input, textarea, select");
  if (inField && event.target.id === "answer" && event.key === "Escape") return togglePredict();
  if (inField) return;
  const group = event.target.closest?.("g.node");
  if (/^\d$/.test(event.key)) { typedNumber = (typedNumber + event.key).slice(0, 4); draw(); return; }
  if (event.key === "Enter") {
    if (typedNumber) { const to = Number(typedNumber); typedNumber = ""; event.preventDefault(); go(to); }
    else if (group) { event.preventDefault(); goToNode(Number(group.dataset.node)); }
    return;
  }
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

function start() {
  document.documentElement.classList.add("scripts");
  const does = {
    first: () => go(0), back, next, last: () => go(sequence.length), play, predict: togglePredict,
    order: () => toggleMode("order"), overwrite: () => toggleMode("overwrite"), help: () => byId("keys").showModal(),
    reveal: () => go(done + 1),
  };
  for (const [id, action] of Object.entries(does)) byId(id).addEventListener("click", () => { if (id !== "play") pause(); action(); });
  byId("slider").addEventListener("input", (event) => { pause(); go(Number(event.target.value)); });
  byId("question").addEventListener("submit", check);
  document.addEventListener("keydown", onKey);
  for (const figure of document.querySelectorAll(".figure")) {
    figure.addEventListener("click", (event) => {
      const group = event.target.closest("g.node");
      if (group) openNode(Number(group.dataset.node));
    });
  }
  window.addEventListener("beforeprint", () => { document.querySelector(".transcript").open = true; });
  drawList();
  go(0);
  if (data.mode !== "right") toggleMode(data.mode);
}

start();
