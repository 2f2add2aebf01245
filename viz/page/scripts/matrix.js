/* A layer as matrices beside the scalars: z = W a + b, δ = (Wᵀ δ) ∘ a', ∂L/∂W = δ aᵀ, with the entry of the current
   step marked. Layers are found by the names of the course, z₁⁽²⁾ and w₁₂⁽²⁾. */

const MOST_IN_MATRIX = 8;
const INDEXED = /^z([₀-₉]+)⁽([⁰¹²³⁴-⁹]+)⁾$/u;
let layersFound = [];

/* Of each layer the boxes: z, and per neuron its weights, inputs and bias; the activation a of each neuron. */
function findLayers() {
  const found = new Map();
  graph.boxes.forEach((box, i) => {
    const match = INDEXED.exec(box.name);
    if (!match || box.inside) return;
    const sum = [i, ...box.operands].find((j) => graph.nodes[graph.boxes[j].at].o?.startsWith("sumprod/"));
    if (sum === undefined) return;
    const { operands } = graph.boxes[sum];
    const half = operands.length / 2;
    const bias = box.operands.find((j) => j !== sum && graph.boxes[j].leaf);
    const user = graph.edges.find((edge) => edge.operand === i && graph.boxes[edge.node].operands.length === 1);
    const neuron = { z: i, sum, w: operands.slice(0, half), x: operands.slice(half), b: bias, a: user?.node, slope: user && graph.boxes[user.node].edges[user.k] };
    const number = Number(digitsOf(match[2], "⁰¹²³⁴⁵⁶⁷⁸⁹"));
    found.set(number, [...(found.get(number) || []), neuron]);
  });
  const sameInputs = (neurons) => neurons.every((n) => n.x.join() === neurons[0].x.join());
  layersFound = [...found].filter(([, neurons]) => neurons.length <= MOST_IN_MATRIX && neurons[0].x.length <= MOST_IN_MATRIX && sameInputs(neurons))
    .map(([number, neurons]) => ({ number, neurons })).sort((a, b) => a.number - b.number);
  byId("matrix").hidden = !layersFound.length;
}

const boxesOfLayer = ({ neurons }) => neurons.flatMap((n) => [n.z, n.sum, n.a, n.b, ...n.w]);

function tableMath(rows) {
  const cell = ([text, marked]) => `<mtd${marked ? ' class="marked"' : ""}>${numberMath(text)}</mtd>`;
  const body = rows.map((row) => `<mtr>${row.map(cell).join("")}</mtr>`).join("");
  return `<mrow><mo>[</mo><mtable displaystyle="true">${body}</mtable><mo>]</mo></mrow>`;
}

/* The layer of the current step: the numbers that are known, each marked where the step is about it. */
function drawMatrix(step) {
  if (!layersFound.length || !byId("matrix").open) return;
  const active = asking ? sequence[done] : step;
  const at = layersFound.findIndex((layer) => active && boxesOfLayer(layer).includes(active.target));
  const k = at < 0 ? layersFound.length - 1 : at;
  const { number, neurons } = layersFound[k];
  const next = layersFound[k + 1];
  const nodes = stateAfter(done);
  const data = (i) => [i === undefined ? "0" : nodes[i].data, active?.target === i && active.phase !== "backward"];
  const grad = (i) => [nodes[i].status === "unknown" ? "?" : nodes[i].grad, active?.target === i && active.phase === "backward"];
  const sup = (name, l) => `<msup><mi mathvariant="bold">${name}</mi><mrow><mo stretchy="false">(</mo><mn>${l}</mn><mo stretchy="false">)</mo></mrow></msup>`;
  const op = operatorMath;
  const [z, w, b] = [sup("z", number), sup("W", number), sup("b", number)];
  const x = number > 1 ? sup("a", number - 1) : '<mi mathvariant="bold">x</mi>';
  const inputs = neurons[0].x;
  const math = (...parts) => `<math display="block" displaystyle="true"><mrow>${parts.join("")}</mrow></math>`;
  const root = nameMath(graph.names[graph.top]);
  const slope = (by) => `<mfrac><mrow><mo>∂</mo>${root}</mrow><mrow><mo>∂</mo>${by}</mrow></mfrac>`;
  const delta = sup("δ", number);
  const lines = [
    math(z, op("="), w, x, op("+"), b),
    math(tableMath(neurons.map((n) => [data(n.z)])), op("="), tableMath(neurons.map((n) => n.w.map(data))), tableMath(inputs.map((i) => [data(i)])), op("+"), tableMath(neurons.map((n) => [data(n.b)]))),
  ];
  const hasActivation = neurons.every((n) => n.a !== undefined && n.slope !== undefined);
  const reads = next && hasActivation && next.neurons[0].x.join() === neurons.map((n) => n.a).join();
  if (reads) {
    const primes = neurons.map((n) => [[nodes[n.a].data === "?" ? "?" : pretty(shown.locals[n.slope]), false]]);
    const turned = neurons.map((_, j) => next.neurons.map((n) => data(n.w[j])));
    lines.push(
      math(delta, op("="), `<mrow><mo stretchy="false">(</mo><msup>${sup("W", next.number)}<mi mathvariant="normal">T</mi></msup>${sup("δ", next.number)}<mo stretchy="false">)</mo></mrow>`, op("∘"), `<msup><mi mathvariant="bold">a</mi><mo>′</mo></msup>`),
      math(tableMath(neurons.map((n) => [grad(n.z)])), op("="), tableMath(turned), tableMath(next.neurons.map((n) => [grad(n.z)])), op("∘"), tableMath(primes)),
    );
  } else lines.push(math(delta, op("="), slope(z), op("="), tableMath(neurons.map((n) => [grad(n.z)]))));
  lines.push(
    math(slope(w), op("="), delta, `<msup>${x}<mi mathvariant="normal">T</mi></msup>`),
    math(tableMath(neurons.map((n) => n.w.map(grad))), op("="), tableMath(neurons.map((n) => [grad(n.z)])), tableMath([inputs.map(data)])),
  );
  byId("matrices").innerHTML = lines.join("");
}
