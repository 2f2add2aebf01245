/* Training in the page: gradient descent on the rows of a table, whose columns are leaves of the graph. */

const MOST_TRAINING_ROWS = 5000;
const MOST_KEPT = 1500;
const GRID = 40;
const TARGETS = /^(y|t|target|label|wanted|want)\d*$/i;

let table = { columns: [], rows: [] };
let trained = []; // the parameters' leaves
let run; // the weights and losses of the epochs so far, every `stride`th of them
let nextRow = 0;
let epochs = 0;
let running = 0;
let outputAt = -1;
let viewed = 0; // which of the kept epochs is seen

/* ---- The table ---- */

const leafNamed = (name) => graph.leaves.find((i) => graph.nodes[i].n === name);

function parsedTable(text) {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  if (lines.length < 2) throw new Error("Give a line of names, such as x1, x2, y, and at least one row.");
  if (lines.length - 1 > MOST_TRAINING_ROWS) throw new Error(`There are ${lines.length - 1} rows; at most ${MOST_TRAINING_ROWS} are read.`);
  const split = (line) => line.split(/[,;\t]/).map((cell) => cell.trim());
  const columns = split(lines[0]);
  for (const name of columns) {
    if (leafNamed(name) === undefined) throw new Error(`There is no leaf ${name} in the graph. Name the columns by leaves: ${inputLeaves().map((i) => graph.nodes[i].n).join(", ")}.`);
  }
  if (new Set(columns).size < columns.length) throw new Error("Two columns have the same name.");
  const rows = lines.slice(1).map((line, k) => {
    const cells = split(line);
    const numbers = cells.map((cell) => Number(cell.replace("−", "-")));
    if (cells.length !== columns.length) throw new Error(`Row ${k + 1} has ${cells.length} numbers; there are ${columns.length} columns.`);
    const bad = cells.find((cell, j) => cell === "" || !Number.isFinite(numbers[j]));
    if (bad !== undefined) throw new Error(`Row ${k + 1}: "${bad.slice(0, 30)}" is not a number.`);
    return numbers;
  });
  return { columns, rows };
}

/* Leaves that are not trained: the inputs and the target. */
const inputLeaves = () => graph.leaves.filter((i) => !trained.includes(i));

/* A generator of random numbers in [0, 1) that gives the same for the same seed (mulberry32). */
function randomFrom(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const PRESETS = {
  xor: { inputs: 2, rows: () => [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]] },
  moons: {
    inputs: 2,
    rows: () => {
      const random = randomFrom(7);
      return Array.from({ length: 120 }, (_, k) => {
        const angle = Math.PI * random();
        const [dx, dy] = [0.12 * (random() + random() - 1), 0.12 * (random() + random() - 1)];
        const point = k % 2 ? [1 - Math.cos(angle) + dx, 0.5 - Math.sin(angle) + dy] : [Math.cos(angle) + dx, Math.sin(angle) + dy];
        return [...point.map((x) => Number(x.toFixed(3))), k % 2];
      });
    },
  },
  line: { inputs: 1, rows: () => Array.from({ length: 11 }, (_, k) => [k / 5 - 1, Number((0.8 * (k / 5 - 1) + 0.3 + 0.1 * Math.sin(5 * k)).toFixed(3))]) },
};

function presetTable(name) {
  const leaves = inputLeaves().map((i) => graph.nodes[i].n);
  const target = leaves.find((leaf) => TARGETS.test(leaf)) ?? leaves[leaves.length - 1];
  const inputs = leaves.filter((leaf) => leaf !== target);
  if (inputs.length !== PRESETS[name].inputs) return null;
  return { columns: [...inputs, target], rows: PRESETS[name].rows() };
}

function useTable(wanted, keep = false) {
  table = wanted;
  const named = table.columns.filter((name) => TARGETS.test(name));
  table.targets = table.targets ?? (named.length ? named : table.columns.length > 1 ? [table.columns[table.columns.length - 1]] : []);
  table.leaves = table.columns.map(leafNamed);
  const isTarget = new Set(table.targets.map(leafNamed));
  const depends = [];
  const reads = [];
  const inputs = new Set(table.leaves.filter((i) => !isTarget.has(i)));
  graph.nodes.forEach((node, i) => {
    depends[i] = isTarget.has(i) || Boolean(node.a?.some((j) => depends[j]));
    reads[i] = inputs.has(i) || Boolean(node.a?.some((j) => reads[j]));
  });
  outputAt = -1; // the last node that does not depend on the target
  graph.nodes.forEach((node, i) => { if (!node.leaf && !depends[i] && reads[i]) outputAt = i; });
  byId("train-text").value = table.rows.length ? [table.columns.join(", "), ...table.rows.slice(0, 200).map((row) => row.join(", "))].join("\n") + (table.rows.length > 200 ? `\n` : "") : "";
  nextRow = 0;
  restart(null, keep);
}

/* ---- Descent ---- */

function restart(history = null, keep = false) {
  if (!history && !(keep && page.optimizer)) forget();
  epochs = history ? (history.losses.length - 1) * history.stride : 0;
  run = history ?? { stride: 1, weights: [trained.map((i) => given[i])], losses: [meanLoss(given)], states: [page.optimizer] };
  viewed = run.losses.length - 1;
  drawTraining();
}

function withRow(numbers, row) {
  const leaves = numbers.slice();
  if (row) table.leaves.forEach((i, k) => { leaves[i] = row[k]; });
  return leaves;
}

const rowsToTrain = () => (table.rows.length ? table.rows : [null]);
const meanLoss = (numbers) => { const rows = rowsToTrain(); return rows.reduce((sum, row) => sum + graph.value(withRow(numbers, row)), 0) / rows.length; };

function gradientOf(rows) {
  const total = trained.map(() => 0);
  for (const row of rows) {
    const adjoint = graph.adjoints(graph.evaluate(withRow(given, row)));
    trained.forEach((i, k) => { total[k] += adjoint[i] / rows.length; });
  }
  return total;
}

/* The optimiser begins anew: no steps taken, nothing remembered. */
function forget() {
  page.optimizer = { lr: page.optimizer?.lr ?? 0, steps: 0, memory: (page.optimizer?.memory ?? [0]).map(() => trained.map(() => 0)) };
}

/* A step of the optimiser that was given, or of gradient descent with momentum. */
function descend(rows) {
  const [rate, momentum] = [typedNumber(byId("train-rate").value), typedNumber(byId("train-momentum").value)];
  if (rate === null || rate < 0) throw new Error("The rate is a number from 0 up, such as 0.1.");
  if (momentum === null || momentum < 0 || momentum >= 1) throw new Error("The momentum is a number from 0 up and below 1, such as 0.9.");
  page.optimizer.lr = rate;
  const { steps, memory } = page.optimizer;
  const heavyBall = (k, weight, slope) => { const change = momentum * memory[0][k] - rate * slope; return [weight + change, change]; };
  const moves = gradientOf(rows).map((slope, k) => (UPDATE ? updated : heavyBall)(k, given[trained[k]], slope));
  moves.forEach(([weight], k) => { given[trained[k]] = weight; });
  page.optimizer = { lr: rate, steps: steps + 1, memory: memory.map((_, m) => moves.map((move) => move[m + 1])) };
}

/* One update: all rows at once, or the next row. True at the end of an epoch. */
function update() {
  const rows = rowsToTrain();
  if (byId("train-batch").value === "all") { descend(rows); return true; }
  descend([rows[nextRow % rows.length]]);
  nextRow = (nextRow + 1) % rows.length;
  return nextRow === 0;
}

function keepEpoch() {
  epochs++;
  const loss = meanLoss(given);
  if (epochs % run.stride === 0) { run.weights.push(trained.map((i) => given[i])); run.losses.push(loss); run.states.push(page.optimizer); }
  if (run.losses.length > MOST_KEPT) {
    run.stride *= 2;
    for (const name of ["weights", "losses", "states"]) run[name] = run[name].filter((_, k) => k % 2 === 0);
  }
  viewed = run.losses.length - 1;
  if (!Number.isFinite(loss)) throw new Error(`The loss is ${pretty(loss)} after ${epochs} epochs: try a smaller rate, then New start.`);
}

function trainOnce() {
  rewindIfBack();
  guarded(() => { const row = table.rows[nextRow]; if (update()) keepEpoch(); if (row) placeRow(row); });
  follow();
}

/* Where the optimiser stood after an epoch. Of an epoch that Python ran only the weights are known, but for the last. */
function recallOptimizer() {
  if (run.states[viewed]) page.optimizer = run.states[viewed];
  else forget();
}

/* Continue from the epoch that the slider shows; what came after it is forgotten. */
function rewindIfBack() {
  if (viewed >= run.losses.length - 1) return;
  for (const name of ["weights", "losses", "states"]) run[name].length = viewed + 1;
  epochs = viewed * run.stride;
}

function placeRow(row) { table.leaves.forEach((i, k) => { given[i] = row[k]; }); }

function guarded(action) {
  try { action(); byId("train-words").classList.remove("differs"); return true; } catch (error) {
    stopTraining();
    byId("train-words").textContent = error.message;
    byId("train-words").classList.add("differs");
    return false;
  }
}

/* The graph and everything else follow the new weights. */
function follow() {
  setLeaves([]);
  drawTraining();
}

function stopTraining() {
  cancelAnimationFrame(running);
  running = 0;
  byId("train-run").setAttribute("aria-pressed", "false");
  byId("train-run").textContent = "Run";
}

function toggleTraining() {
  if (running) { stopTraining(); follow(); return; }
  rewindIfBack();
  byId("train-run").setAttribute("aria-pressed", "true");
  byId("train-run").textContent = "Pause";
  const frame = () => {
    const until = performance.now() + 24;
    const going = guarded(() => { do { while (!update()); keepEpoch(); } while (performance.now() < until); });
    if (!going) return;
    follow();
    running = requestAnimationFrame(frame);
  };
  running = requestAnimationFrame(frame);
}

function newStart() {
  stopTraining();
  const seed = typedNumber(byId("train-seed").value);
  const random = randomFrom(Math.abs(Math.round(seed ?? 1)));
  for (const i of trained) given[i] = Number((/b\d*$|bias|b[₀-₉]/.test(graph.nodes[i].n) ? 0.2 * random() - 0.1 : 3 * random() - 1.5).toPrecision(4));
  setLeaves([]);
  restart();
  byId("train-seed").value = Math.round(seed ?? 1) + 1;
}

/* ---- Pictures ---- */

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function drawTraining() {
  const slider = byId("train-epoch");
  const last = run.losses.length - 1;
  slider.max = last;
  slider.value = viewed;
  slider.setAttribute("aria-valuetext", `epoch ${viewed * run.stride}`);
  if (!byId("train-words").classList.contains("differs")) {
    const rows = table.rows.length ? counted(table.rows.length, "row") : "the sample in the graph";
    const first = viewed && run.losses[0] !== run.losses[viewed] ? `, at first ${pretty(run.losses[0])}` : "";
    byId("train-words").textContent = `epoch ${viewed === last ? epochs : viewed * run.stride}, loss ${pretty(run.losses[viewed])} on ${rows}${first}`;
  }
  drawLoss(byId("train-loss"), viewed);
  drawMap(byId("train-map"));
}

function drawLoss(canvas, at) {
  const pen = canvas.getContext("2d");
  const [width, height] = [canvas.width, canvas.height];
  const finite = run.losses.filter(Number.isFinite);
  const top = Math.max(...finite.slice(0, 1), ...finite.slice(-400), 1e-12) * 1.05;
  const x = (k) => 34 + (k / Math.max(1, run.losses.length - 1)) * (width - 42);
  const y = (loss) => height - 18 - (Math.min(loss, top) / top) * (height - 28);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px system-ui, sans-serif";
  pen.fillStyle = pen.strokeStyle = colour("muted");
  pen.strokeRect(34, 10, width - 42, height - 28);
  pen.fillText(pretty(top, 2), 2, 16);
  pen.fillText("0", 22, height - 18);
  pen.fillText(`epoch ${(run.losses.length - 1) * run.stride}`, width - 70, height - 4);
  pen.strokeStyle = colour("gradient");
  pen.lineWidth = 1.8;
  pen.beginPath();
  run.losses.forEach((loss, k) => (k ? pen.lineTo(x(k), y(loss)) : pen.moveTo(x(k), y(loss))));
  pen.stroke();
  pen.fillStyle = colour("focus");
  pen.beginPath();
  pen.arc(x(at), y(run.losses[at]), 4, 0, 7);
  pen.fill();
}

/* Of two inputs the output as a map, of one as a curve, with the rows as points. */
function drawMap(canvas) {
  const inputs = table.leaves?.filter((i) => !table.targets.includes(graph.nodes[i].n)) ?? [];
  canvas.hidden = outputAt < 0 || !table.rows.length || inputs.length < 1 || inputs.length > 2;
  byId("train-legend").textContent = "";
  if (canvas.hidden) return;
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  const places = inputs.map((i) => table.leaves.indexOf(i));
  const target = table.leaves.findIndex((i) => !inputs.includes(i));
  const span = (k) => {
    const xs = table.rows.map((row) => row[k]);
    const [low, high] = [xs.reduce((a, b) => Math.min(a, b)), xs.reduce((a, b) => Math.max(a, b))];
    return [low - 0.2 * (high - low || 1), high + 0.2 * (high - low || 1)];
  };
  const base = given.slice();
  const output = (...xs) => { inputs.forEach((i, k) => { base[i] = xs[k]; }); return graph.value(base, outputAt); };
  const [x0, x1] = span(places[0]);
  const toX = (x) => ((x - x0) / (x1 - x0)) * width;
  const name = graph.nameAt(outputAt);
  pen.clearRect(0, 0, width, height);
  if (inputs.length === 1) {
    const ys = Array.from({ length: 121 }, (_, k) => output(x0 + ((x1 - x0) * k) / 120));
    const all = [...ys, ...(target < 0 ? [] : table.rows.map((row) => row[target]))].filter(Number.isFinite);
    const [low, high] = [all.reduce((a, b) => Math.min(a, b), Infinity), all.reduce((a, b) => Math.max(a, b), -Infinity)];
    const toY = (y) => height - 8 - ((y - low) / (high - low || 1)) * (height - 16);
    pen.strokeStyle = colour("gradient");
    pen.lineWidth = 2;
    pen.beginPath();
    ys.forEach((y, k) => (k ? pen.lineTo((k / 120) * width, toY(y)) : pen.moveTo(0, toY(y))));
    pen.stroke();
    if (target >= 0) for (const row of table.rows) point(pen, toX(row[places[0]]), toY(row[target]), true);
    byId("train-legend").textContent = `${name} by ${graph.nameAt(inputs[0])}: the line is the network, the points are the rows.`;
    return;
  }
  const [y0, y1] = span(places[1]);
  const toY = (y) => height - ((y - y0) / (y1 - y0)) * height;
  const cells = [];
  for (let r = 0; r < GRID; r++) for (let c = 0; c < GRID; c++) cells.push(output(x0 + ((c + 0.5) * (x1 - x0)) / GRID, y1 - ((r + 0.5) * (y1 - y0)) / GRID));
  const wanted = target < 0 ? [] : table.rows.map((row) => row[target]);
  const middle = wanted.length ? (wanted.reduce((a, b) => Math.min(a, b)) + wanted.reduce((a, b) => Math.max(a, b))) / 2 : 0;
  const reach = wanted.length ? Math.max(1e-9, wanted.reduce((a, b) => Math.max(a, b)) - middle) : 1;
  cells.forEach((y, k) => {
    const strength = Math.max(-1, Math.min(1, (y - middle) / reach));
    pen.globalAlpha = 0.12 + 0.6 * Math.abs(strength);
    pen.fillStyle = colour(strength > 0 ? "gradient" : "data");
    pen.fillRect((k % GRID) * (width / GRID), Math.floor(k / GRID) * (height / GRID), width / GRID + 0.5, height / GRID + 0.5);
  });
  pen.globalAlpha = 1;
  for (const row of table.rows) point(pen, toX(row[places[0]]), toY(row[places[1]]), target < 0 || row[target] > middle);
  byId("train-legend").textContent = `${name} by ${graph.nameAt(inputs[0])} and ${graph.nameAt(inputs[1])}: orange above ${pretty(middle)}, blue below; filled points are rows whose target lies above, hollow ones below.`;
}

function point(pen, x, y, filled_) {
  pen.beginPath();
  pen.arc(x, y, 4.5, 0, 7);
  pen.lineWidth = 1.8;
  pen.strokeStyle = colour("ink");
  pen.fillStyle = filled_ ? colour("ink") : colour("paper");
  pen.fill();
  pen.stroke();
}

/* ---- Begin ---- */

/* For a new graph: what is trained, and on which rows. */
function beginTraining() {
  stopTraining();
  const named = graph.nodes.map((_, i) => i).filter((i) => graph.nodes[i].f === "p");
  trained = page.trained ?? (named.length && page.parameters ? page.parameters : named);
  byId("train").hidden = !trained.length || graph.hasBlackBox || Boolean(page.outdated);
  if (byId("train").hidden) return;
  for (const preset of byId("train-presets").children) preset.hidden = !presetTable(preset.dataset.preset);
  byId("train-rate").value = page.optimizer?.lr ?? page.lr ?? 0.5;
  byId("train-momentum").parentElement.hidden = Boolean(UPDATE);
  byId("train-rule").textContent = UPDATE ? page.rule : page.rule ? `Gradient descent with momentum; ${page.rule} is computed by Python alone.` : "";
  byId("train-momentum").value = page.momentum ?? 0;
  useTable(page.table ? { ...page.table } : { columns: [], rows: [] }, true);
  if (page.run) begunElsewhere(page.run);
}

/* A training that ran in Python: its weights, and the losses that are not known computed here. */
function begunElsewhere({ stride, weights, losses }) {
  const at = (w) => { const numbers = given.slice(); trained.forEach((i, k) => { numbers[i] = w[k]; }); return meanLoss(numbers); };
  weights[weights.length - 1].forEach((w, k) => { given[trained[k]] = w; });
  const states = weights.map((_, k) => (k === weights.length - 1 ? page.optimizer : null));
  restart({ stride, weights, losses: losses.map((loss, k) => loss ?? at(weights[k])), states });
  byId("train").open = true;
  follow();
}

function listenToTraining() {
  const does = {
    "train-step": trainOnce, "train-run": toggleTraining, "train-start": newStart,
    "train-use": () => guarded(() => useTable(parsedTable(byId("train-text").value))),
  };
  for (const [id, action] of Object.entries(does)) byId(id).addEventListener("click", action);
  byId("train-presets").addEventListener("click", (event) => {
    const wanted = event.target.dataset.preset && presetTable(event.target.dataset.preset);
    if (wanted) guarded(() => useTable(wanted));
  });
  byId("train-epoch").addEventListener("input", (event) => {
    stopTraining();
    viewed = Number(event.target.value);
    run.weights[viewed].forEach((w, k) => { given[trained[k]] = w; });
    recallOptimizer();
    follow();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (run) drawTraining(); });
}
