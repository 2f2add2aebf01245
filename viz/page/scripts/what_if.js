/* What if: the numbers of the leaves are changed. */

/* Set leaves to other numbers, and let everything follow. */
function setLeaves(changes) {
  if (!changed()) baseline = state.values[graph.root];
  for (const [i, x] of changes) given[i] = x;
  compute();
  byId("note").textContent = changed() && page.rule && !UPDATE ? `${page.rule} is computed by Python alone: its updates are left out.` : graph.hasBlackBox && changed() ? `${graph.nodes.filter((node) => node.p && !node.op).map((node) => node.n).join(", ")}: a black box, not recomputed here.` : "";
  draw();
}

function resetLeaves() {
  given = graph.given.slice();
  compute();
  byId("note").textContent = "";
  draw();
}

/* One leaf: its name, its number to type or drag, its gradient, and a nudge. */
function leafRow(i, id) {
  const row = element("div", undefined, "leaf");
  const label = element("label", graph.nameAt(i));
  const input = element("input");
  Object.assign(input, { id, autocomplete: "off", inputMode: "text", spellcheck: false });
  label.htmlFor = id;
  const drag = element("input");
  Object.assign(drag, { type: "range", step: "any" });
  drag.setAttribute("aria-label", `drag ${graph.nameAt(i)}`);
  const reach = Math.max(1, 2 * Math.abs(given[i]));
  Object.assign(drag, { min: given[i] - reach, max: given[i] + reach, value: given[i] });
  const out = element("output");
  const nudge = button("nudge", () => { row.dataset.nudged = row.dataset.nudged ? "" : "1"; show(); });
  nudge.title = `Move ${graph.nameAt(i)} a little: the difference quotient beside the gradient`;
  const quotient = element("p", "", "quotient");
  input.addEventListener("change", () => {
    const x = typedNumber(input.value);
    input.classList.toggle("bad", x === null);
    input.setAttribute("aria-invalid", x === null);
    if (x === null) return;
    const room = Math.max(1, 2 * Math.abs(x));
    if (x < Number(drag.min) || x > Number(drag.max)) Object.assign(drag, { min: x - room, max: x + room });
    setLeaves([[i, x]]);
  });
  drag.addEventListener("input", () => setLeaves([[i, Number(Number(drag.value).toPrecision(4))]]));
  const show = () => {
    if (document.activeElement !== input || !input.classList.contains("bad")) input.value = pretty(given[i], 6).replaceAll("−", "-");
    if (document.activeElement !== drag) drag.value = given[i];
    const box = boxAt(i);
    const gradient = box >= 0 && graph.boxes[box].needs ? pass.totals[box] : null;
    out.textContent = gradient === null ? "" : `grad ${isFinal(box) || changed() ? pretty(gradient) : "?"}`;
    quotient.hidden = !row.dataset.nudged;
    nudge.hidden = gradient === null || graph.hasBlackBox;
    if (!row.dataset.nudged || gradient === null) return;
    const h = 0.001 * Math.max(1, Math.abs(given[i]));
    const root = graph.names[graph.top];
    const [before, after] = [state.values[graph.root], graph.value(given.map((x, j) => (j === i ? x + h : x)))];
    const digits = changingDigits(before, after);
    quotient.textContent = `${graph.nameAt(i)} + ${pretty(h)}: ${root} from ${pretty(before, digits)} to ${pretty(after, digits)}; ` +
      `(${pretty(after - before)}) / ${pretty(h)} = ${pretty((after - before) / h)}, the gradient is ${pretty(gradient)}`;
  };
  row.append(label, input, drag, out, nudge, quotient);
  row.show = show;
  return row;
}

function buildNumbers() {
  const rows = graph.leaves.filter((i) => !graph.nodes[i].number).slice(0, MOST_ROWS).map((i) => leafRow(i, `leaf${i}`));
  byId("leaves").replaceChildren(...rows);
  const more = graph.leaves.length - rows.length;
  byId("more").textContent = more > 0 ? `${more} more: click a leaf in the graph.` : "";
}

/* The root in terms of the leaves with their numbers, as in formula.py. */
function wholeFormula() {
  const trees = [];
  const sizes = [];
  for (const node of graph.nodes) {
    sizes.push(1 + (node.a || []).reduce((n, j) => n + sizes[j], 0));
    const small = sizes[sizes.length - 1] <= 40;
    trees.push(node.leaf ? (node.number ? ["#", node.x] : node.n) : small && (node.op ? formulaOf(node.op, node.a.map((j) => trees[j])) : [node.o, ...node.a.map((j) => trees[j])]));
  }
  const whole = sizes[graph.root] <= 40 && graph.boxes.length === graph.nodes.length;
  const formula = whole ? prettyTree(trees[graph.root]) : graph.formulaText(graph.top);
  const leaves = graph.boxes.filter((box) => box.leaf && !box.number);
  const numbers = leaves.slice(0, 12).map((box) => `${box.name} = ${pretty(given[box.at])}`).join(", ");
  return `${graph.names[graph.top]} = ${formula}${leaves.length ? `, with ${numbers}${leaves.length > 12 ? ", …" : ""}` : ""}`;
}

function drawNumbers() {
  if (!graph.boxes[graph.top].leaf) byId("formula").textContent = [...wholeFormula()].slice(0, 400).join("");
  for (const row of document.querySelectorAll(".leaf")) row.show();
  const root = graph.names[graph.top];
  const now = state.values[graph.root];
  byId("reset").hidden = !changed();
  if (!changed()) { byId("outcome").textContent = `${root} = ${pretty(now)}`; return; }
  const digits = changingDigits(baseline, now);
  byId("outcome").textContent = now === baseline ? `${root} = ${pretty(now)}, as before` : `${root} from ${pretty(baseline, digits)} to ${pretty(now, digits)}`;
}
