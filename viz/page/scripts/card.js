/* The card of a node: its rule, its uses, the paths to the root, and the difference quotient. */

function light(edges) {
  const lit = new Set(edges);
  const touched = new Set(edges.flatMap((k) => [graph.edges[k].node, graph.edges[k].operand]));
  for (const group of document.querySelectorAll("g.edge")) group.classList.toggle("lit", lit.has(Number(group.dataset.edge)));
  for (const group of document.querySelectorAll("g.node")) group.classList.toggle("lit", touched.has(Number(group.dataset.node)));
}

function closeNode() {
  const was = chosen;
  chosen = null;
  light([]);
  draw();
  if (was !== null) visibleNode(was)?.focus();
}

const isFinal = (i) => finishing(i) > 0 && finishing(i) <= done;
const finishing = (i) => 1 + sequence.findLastIndex((step) => step.target === i && step.final && (step.phase === "seed" || step.phase === "backward"));

function openNode(i) {
  chosen = i;
  light([]);
  draw();
}

/* A click or Space on a box: a folded neuron opens, and the card shows the node. */
function activate(i) {
  const { at, neuron } = graph.boxes[i];
  if (neuron) reshape({ open: [...page.fold.open, neuron] });
  openNode(neuron ? boxAt(at) : i);
  visibleNode(chosen)?.focus({ preventScroll: true });
  camera.see(page.layouts[direction].boxes[chosen]);
}

/* The card shows the node that was chosen, else that of the step; rebuilt when one of the two has changed. */
function drawNodeCard(step) {
  const i = chosen ?? (asking ? null : step?.target) ?? graph.top;
  const card = byId("node");
  const box = graph.boxes[i];
  const known = i === chosen || !page.forward || !sequence.slice(done).some((s) => s.phase === "forward" && s.target === i);
  const hidden = Boolean(asking) && chosen === null;
  card.classList.toggle("held", chosen !== null);
  const key = `${i}|${done}|${mode}|${hidden}|${chosen}|${given.join()}`;
  if (card.dataset.key === key) return;
  const open = card.dataset.node === String(i) && card.querySelector(".paths");
  card.dataset.key = key;
  card.dataset.node = i;
  const head = element("header");
  const number = known && !hidden ? ` = ${pretty(shown.data[i])}` : "";
  head.append(element("h2", `${box.name}${box.leaf ? "" : ` = ${short(graph.formulaText(i))}`}${number}`));
  if (chosen !== null) head.append(button("Close", closeNode));
  const parts = [head];
  if (hidden) parts.push(element("p", "Answer first; click a node to see it all the same."));
  else {
    const line = graph.nodes[box.at].l;
    if (line) parts.push(element("p", line, "slopes source-line"));
    if (box.leaf && !box.number) parts.push(leafRow(box.at, "leaf-of-card"));
    if (!box.needs) parts.push(element("p", "A constant: no gradient is needed here."));
    else if (known) parts.push(...slopesOf(i), ...(i === chosen || isFinal(i) ? [...usesOf(i), ...leafCheck(i), ...pathsCard(i, open)] : []));
    const neuron = page.fold?.neurons.find(({ name, turns }) => page.fold.open.includes(name) && turns.some(([, ...range]) => members(range).includes(box.at)));
    if (neuron) parts.push(button(`Fold ${neuron.name} again`, () => reshape({ open: page.fold.open.filter((name) => name !== neuron.name) })));
    if (box.needs && chosen !== null && finishing(i)) parts.push(button("Go to the step that completes it", () => go(finishing(i))));
  }
  card.replaceChildren(...parts);
}

function slopesOf(i) {
  const box = graph.boxes[i];
  if (box.leaf) return [];
  const lines = box.operands.map((j, k) => {
    const local = shown.locals[box.edges[k]];
    if (local === null) return null;
    return `${slopeName(box.name, graph.names[j], graph.useMark(i, k))} = ${equal(graph.slopeText(i, k, shown.data[i]), pretty(local))}`;
  }).filter(Boolean);
  if (!lines.length) return [];
  return [element("h3", lines.length > 1 ? "Local derivatives" : "Local derivative"), ...lines.map((text) => element("p", text, "slopes"))];
}

function usesOf(i) {
  const uses = (mode === "right" ? pass : stepsOf(graph, shown)).steps.filter((step) => step.target === i && step.phase === "backward");
  if (!uses.length) return [];
  const items = uses.map((step) => element("p", words.lines(step).slice(0, 2).map(lineText).join(" "), "slopes"));
  return [element("h3", uses.length === 1 ? "Used once" : `Used ${uses.length} times`), ...items];
}

function leafCheck(i) {
  if (!graph.boxes[i].leaf || graph.hasBlackBox) return [];
  const difference = finiteDifference(graph, given, graph.boxes[i].at);
  const same = agrees(difference, pass.totals[i]);
  const verdict = same ? " ✓ the same" : " ✗ not the same: a kink is near, or the numbers are extreme";
  return [element("h3", "Finite difference"), element("p", pretty(difference) + verdict, same ? "agrees" : "differs")];
}

let everyOp = false; // whether paths lead through unnamed nodes too

function pathsCard(i, open) {
  if (!graph.ways[i] || i === graph.top) return [];
  const named = throughNamed(graph, shown, i);
  const view = everyOp ? { graph, shown, throughEdges: (k) => [k] } : named;
  const count = Number(view.graph.ways[i]);
  const how = named.graph === graph || everyOp ? "" : " through named nodes";
  const title = count === 1 ? `1 path to the root${how}` : `Sum over ${count.toLocaleString("en")} paths to the root${how}`;
  const place = element("div");
  const lightPath = (path) => light(path.edges.flatMap(view.throughEdges));
  const reveal = () => {
    const paths = pathsOf(view.graph, view.shown, MOST_PATHS)[i];
    const all = paths.map((path) => button(pathLines(view.graph, view.shown, path).join("\n"), () => lightPath(path), "path"));
    const sum = count <= MOST_PATHS ? sumLines(paths, pass.totals[i]) : shareLines(view.graph, view.shown, pass.totals, i, MOST_PATHS);
    place.className = "paths";
    place.replaceChildren(...all, ...sum.map((text) => element("p", text, "slopes")));
    if (named.graph !== graph) place.append(button(everyOp ? "Through named nodes only" : "Through every op", () => { everyOp = !everyOp; byId("node").dataset.key = ""; draw(); }));
    return paths;
  };
  if (open || (count === 1 && graph.boxes.length <= MOST_BOXES_AT_ONCE)) reveal(); else place.append(button("Show the paths", () => lightPath({ edges: reveal().flatMap((path) => path.edges) })));
  return [element("h3", title), place];
}
