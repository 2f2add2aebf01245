/* The playground: a formula is typed, drawn and stepped through; the address holds it, and Python text rebuilds it. */

const EXAMPLES = {
  "one neuron": ["z = w*x + b; a = tanh(z); L = (a - y)**2", "w=-0.5 x=2 b=0.8 y=1"],
  "shared node": ["b = a + a; c = b + b", "a=1"],
  "2-1-1 network": ["h = sigmoid(w1*x1 + w2*x2 + b1); p = sigmoid(w3*h + b2); E = (y - p)**2/2", "w1=0.25 w2=0.3 b1=-0.1 w3=0.33 b2=0.3 x1=0.5 x2=1.1 y=0.8"],
  "XOR, 2-2-1": ["h1 = tanh(w1*x1 + w2*x2 + b1); h2 = tanh(w3*x1 + w4*x2 + b2); p = sigmoid(w5*h1 + w6*h2 + b3); E = (p - y)**2/2", "w1=0.5 w2=-0.4 w3=0.3 w4=0.9 w5=0.7 w6=-0.8 b1=0 b2=0.1 b3=0 x1=0 x2=1 y=1"],
  "line fit": ["p = w*x + b; E = (p - y)**2", "w=0.1 b=0 x=1 y=1"],
  "Rosenbrock": ["f = (1 - x)**2 + 100*(y - x**2)**2", "x=-1 y=1"],
};

const numbersNow = () => graph.leaves.filter((i) => graph.nodes[i].f !== "#" && graph.nodes[i].f !== "c").map((i) => `${graph.nodes[i].n}=${Number(given[i].toPrecision(12))}`).join(" ");

function showFormula(text, numbers, keep = false) {
  const { graph: data, missing } = readFormula(text, readNumbers(numbers));
  showGraph(data);
  byId("play-words").textContent = missing.length ? `${missing.join(", ")}: no number was given, so ${UNNAMED_NUMBER} is taken. Change it below.` : "";
  byId("play-words").classList.remove("differs");
  if (!keep) remember();
}

function showGraph(data) {
  show({ graph: data, layouts: {}, forward: true, lr: data.nodes.some((node) => node.f === "p") ? 0.1 : undefined });
}

function submitFormula() {
  try { showFormula(byId("play-text").value, byId("play-numbers").value); } catch (error) {
    byId("play-words").textContent = error.message;
    byId("play-words").classList.add("differs");
  }
}

/* ---- The address ---- */

function remember() {
  const hash = `#e=${encodeURIComponent(byId("play-text").value)}&n=${encodeURIComponent(byId("play-numbers").value)}`;
  try { history.replaceState(null, "", hash); } catch { /* a frame without an address */ }
}

function recalled() {
  const hash = location.hash.slice(1, 3 * LONGEST_EXPRESSION);
  const part = (name) => {
    const found = hash.split("&").find((text) => text.startsWith(`${name}=`));
    try { return found ? decodeURIComponent(found.slice(2)) : ""; } catch { return ""; }
  };
  return part("e") ? [part("e"), part("n")] : null;
}

/* ---- Python ---- */

const pythonText = (text) => `"${[...text].map((c) => {
  const code = c.codePointAt(0);
  if (c === '"' || c === "\\") return `\\${c}`;
  if (code >= 32 && code < 127) return c;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}).join("")}"`;
const pythonNumber = (x) => (Number.isFinite(x) ? (Number.isInteger(x) && Math.abs(x) < 1e15 ? `${Object.is(x, -0) ? "-0" : x}.0` : String(x)) : `float("${x !== x ? "nan" : x > 0 ? "inf" : "-inf"}")`);

/* Python that rebuilds the graph: identifiers made here, labels as escaped literals. */
function exportedPython() {
  const lines = ["import autograd_lite as ag", "from autograd_lite import Value", ""];
  graph.nodes.forEach((node, i) => {
    const label = /^v\d+$/.test(node.n) || node.number ? "" : `, ${pythonText(node.n)}`;
    if (node.leaf) lines.push(`n${i} = Value${node.needs ? "" : ".constant"}(${pythonNumber(given[i])}${label})`);
    else {
      const operands = node.a.map((j) => `n${j}`);
      const groups = node.o.includes("/") ? node.op.k.map((_, g, all) => `[${operands.slice((g * operands.length) / all.length, ((g + 1) * operands.length) / all.length).join(", ")}]`) : operands;
      lines.push(`n${i} = ag.TABLE["${node.op.n}"](${groups.join(", ")})`);
      if (label) lines.push(`n${i}.label = ${label.slice(2)}`);
    }
  });
  return [...lines, "", `root = n${graph.root}`, "root.backward()", ""].join("\n");
}

const readText = (literal) => JSON.parse(literal.replace(/\\U([0-9a-f]{8})/g, (_, code) => String.fromCodePoint(Math.min(0x10ffff, parseInt(code, 16)))));

/* Read such Python again, line by line; any other line is refused. */
function importedPython(text) {
  if (text.length > 20 * LONGEST_EXPRESSION) throw new Error("The text is longer than can be read here.");
  const nodes = [];
  const place = new Map();
  let root = null;
  const label = '("(?:[ !#-\\[\\]-~]|\\\\.)*")';
  const forms = [
    [new RegExp(`^(n\\d+) = Value(\\.constant)?\\(([-+.\\deE]+)(?:, ${label})?\\)$`), ([, id, constant, x, name]) => {
      place.set(id, nodes.length);
      const n = name ? readText(name) : constant ? pretty(Number(x)) : "";
      nodes.push({ n, x: Number(x), f: constant ? (name ? "c" : "#") : "" });
    }],
    [/^(n\d+) = ag\.TABLE\["(\w+)"\]\(([n\d, [\]]*)\)$/, ([, id, op, list]) => {
      const a = (list.match(/n\d+/g) || []).map((j) => place.get(j));
      const o = OPS[op] ? op : `${op}/${a.length}`;
      if (!OPS[o] || a.includes(undefined) || (OPS[op] && OPS[op].k.length !== a.length)) throw new Error(`This op cannot be read: ${op}.`);
      place.set(id, nodes.length);
      nodes.push({ n: "", o, a });
    }],
    [new RegExp(`^(n\\d+)\\.label = ${label}$`), ([, id, name]) => { nodes[place.get(id)].n = readText(name); }],
    [/^root = (n\d+)$/, ([, id]) => { root = place.get(id); }],
    [/^(import autograd_lite as ag|from autograd_lite import Value|root\.backward\(\))?$/, () => {}],
  ];
  text.split(/\r?\n/).forEach((line, k) => {
    const form = forms.find(([pattern]) => pattern.test(line.trim()));
    if (!form) throw new Error(`Line ${k + 1} is not one that this page writes: ${line.slice(0, 60)}`);
    form[1](form[0].exec(line.trim()));
    if (nodes.length > MOST_NODES) throw new Error(`The graph has more than ${MOST_NODES} nodes; a page of more cannot be read.`);
  });
  if (root === null || root === undefined || !nodes[root].a) throw new Error("There is no line root = n… for a node that is computed.");
  if (root !== nodes.length - 1) nodes.length = root + 1;
  const taken = new Set(nodes.map((node) => node.n));
  let count = 0;
  for (const node of nodes) if (!node.n) { do count++; while (taken.has(`v${count}`)); node.n = `v${count}`; }
  markParameters(nodes);
  return { nodes, root };
}

/* ---- Begin ---- */

function listenToPlay() {
  byId("play-form").addEventListener("submit", (event) => { event.preventDefault(); submitFormula(); });
  byId("play-text").addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); submitFormula(); } });
  const choice = byId("play-examples");
  choice.append(...Object.keys(EXAMPLES).map((name) => element("option", name)));
  choice.addEventListener("change", () => { if (choice.value) open_(EXAMPLES[choice.value]); choice.value = ""; });
  byId("play-export").addEventListener("click", () => { byId("play-python").value = exportedPython(); byId("play-python").select(); });
  byId("play-import").addEventListener("click", () => {
    try { showGraph(importedPython(byId("play-python").value)); byId("play-words").textContent = ""; } catch (error) {
      byId("play-words").textContent = error.message;
      byId("play-words").classList.add("differs");
    }
  });
  byId("play-link").addEventListener("click", () => { byId("play-numbers").value = numbersNow(); remember(); byId("play-words").textContent = "The address of this page now holds the formula and its numbers: copy it."; });
  addEventListener("hashchange", () => { const found = recalled(); if (found) open_(found); });
}

function open_([text, numbers]) {
  byId("play-text").value = text;
  byId("play-numbers").value = numbers;
  submitFormula();
}

function beginPlay(first) {
  listenToPlay();
  open_(recalled() ?? first ?? EXAMPLES["one neuron"]);
  if (!graph) open_(EXAMPLES["one neuron"]);
}
