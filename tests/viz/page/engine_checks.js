/* What test_engine.py asks of the page's engine in node: each check takes and gives JSON, floats as hexadecimal. */

const view = new DataView(new ArrayBuffer(8));
const read = (text) => { view.setBigUint64(0, BigInt(`0x${text}`)); return view.getFloat64(0); };
const hex = (x) => { view.setFloat64(0, x); return view.getBigUint64(0).toString(16).padStart(16, "0"); };

const checks = {
  words: (cases) => cases.map(([word, xs]) => hex(N[word](...xs.map(read)))),

  /* The value and the partials of ops, where words give what they gave in Python. */
  rules({ words, cases }) {
    const known = new Map();
    const real = { ...N };
    for (const word of words) {
      if (N[word]) N[word] = (...xs) => known.get(word + xs.map(hex)) ?? real[word](...xs);
    }
    return cases.map(([key, operands, calls]) => {
      known.clear();
      for (const [word, xs, y] of calls || []) known.set(word + xs, read(y));
      const xs = operands.map(read);
      const y = OPS[key].v(N, ...xs);
      return [y, ...(y !== y ? xs.map(() => NaN) : OPS[key].p(N, y, ...xs))].map(hex);
    });
  },

  sweeps: (cases) => cases.map(([data, slopes]) => {
    const partials = slopes.map((row) => row.map((x) => (x === null ? null : read(x))));
    return [...new Graph(data).adjoints({ partials })].map(hex);
  }),

  sums: (lists) => lists.map((xs) => hex(fsum(xs.map(read)))),

  /* All that the page says of a graph. */
  told({ graph: data, fold, modes, forward, lr, typed }) {
    const graph = fold ? foldedGraph({ graph: data, fold }) : new Graph(data);
    const state = graph.evaluate(graph.given);
    const shown = graph.shown(state);
    const ofMode = (mode) => {
      const { steps } = stepsOf(graph, shown, { mode, forward, rate: lr });
      const updates = steps.filter((step) => step.phase === "update");
      const after = graph.given.slice();
      for (const step of updates) after[graph.boxes[step.target].at] = step.after;
      const words = new Words(graph, shown, state.values, { anew: updates.length ? [state.values[graph.root], graph.value(after)] : null });
      const asked = (step, kind) => [words.question(step, kind), words.hint(step, kind), ...typed.map((x) => words.judge(step, x, kind).verdict)];
      return steps.map((step, k) => [
        words.title(step), words.sentence(step, k === steps.length - 1), words.rule(step), words.lines(step).map(lineText),
        step.mistake || "", words.questions(step, 2).map((kind) => asked(step, kind)),
      ]);
    };
    const pass = stepsOf(graph, shown);
    const ways = pathsOf(graph, shown, 16);
    const sums = (i) => (graph.ways[i] <= 16n ? sumLines(ways[i], pass.totals[i]) : shareLines(graph, shown, pass.totals, i, 16));
    return {
      ...Object.fromEntries(modes.map((mode) => [mode, ofMode(mode)])),
      paths: graph.boxes.map((box, i) => (box.needs ? ways[i].map((path) => pathLines(graph, shown, path)) : [])),
      sums: graph.boxes.map((box, i) => (box.needs && ways[i].length ? sums(i) : [])),
      named: graph.boxes.map((box, i) => {
        if (!box.needs) return [];
        const { graph: view, shown: seen } = throughNamed(graph, shown, i);
        return pathsOf(view, seen, 16)[i].flatMap((path) => pathLines(view, seen, path));
      }),
      formulas: graph.boxes.map((_, i) => treeMath(graph.formula(i))),
    };
  },

  folded: ({ graph: data, fold, views }) => views.map(([sample, open]) => foldedBoxes(new Graph(data), fold, sample, new Set(open))
    .map(({ slopes, ...box }) => ({ ...box, slopes: slopes && box.a.map((_, k) => slopes(k)) }))),

  /* The weights after each gradient, by the rule of the optimiser that was recorded. */
  moves: ({ weights, gradients, lr, steps, memory }) => {
    let now = weights.map((w, k) => [w, ...memory.map((row) => row[k])]);
    return gradients.map((row, t) => {
      now = now.map(([w, ...kept], k) => UPDATE(N, w, row[k], lr, steps + t, ...kept));
      return now.map(([w]) => hex(w));
    });
  },

  formulas: (cases) => cases.map(([key, names]) => [
    prettyTree(formulaOf(OPS[key], names)), ...names.map((_, i) => prettyTree(slopeOf(OPS[key], "y", names, i))),
  ]),

  numbers: (numbers) => [
    numbers.map((x) => [1, 3, 4, 5, 8].map((digits) => pretty(x, digits))),
    numbers.slice(1).map((b, i) => [agreeingDigits([numbers[i], b], numbers[i] + b), changingDigits(numbers[i], numbers[i] + b * 1e-3)]),
  ],

  typed: (texts) => texts.map(typedNumber),
};

console.log(JSON.stringify(checks[given[0]](given[1])));
