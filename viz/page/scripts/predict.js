/* A step is predicted before it is shown, or made wrong on purpose. */

/* ---- Predict first ---- */

function ask(kinds) {
  const step = sequence[done];
  const left = kinds ?? (predicting && !asking ? words.questions(step, predicting) : []);
  if (!left.length) return Boolean(asking);
  asking = { kind: left[0], left: left.slice(1), wrong: 0 };
  pause();
  byId("asked").textContent = words.question(step, asking.kind);
  byId("question").hidden = false;
  byId("explained").hidden = true;
  byId("title").textContent = words.title(step);
  byId("mistake").hidden = true;
  byId("phase").textContent = step.phase;
  byId("phase").className = step.phase;
  byId("answer").value = "";
  draw();
  byId("answer").focus({ preventScroll: true });
  return true;
}

function stopAsking() {
  if (asking && document.activeElement === byId("answer")) byId("next").focus({ preventScroll: true });
  asking = null;
  byId("question").hidden = true;
  byId("explained").hidden = false;
  say("", false);
}

function say(text, right) {
  byId("verdict").textContent = text;
  byId("verdict").classList.toggle("right", right);
}

function check(event) {
  event.preventDefault();
  const typed = typedNumber(byId("answer").value);
  if (typed === null) return say(TEXTS.not_a_number, false);
  const step = sequence[done];
  const { kind, left, wrong } = asking;
  const { right, verdict } = words.judge(step, typed, kind);
  if (!wrong) score.asked++;
  if (right && !wrong) score.right++;
  drawScore();
  if (!right) {
    asking.wrong++;
    return say(`${verdict}${asking.wrong > 1 ? ` ${words.hint(step, kind)}` : ""}`, false);
  }
  if (left.length) ask(left); else go(done + 1);
  return say(verdict, true);
}

function drawScore() {
  const ended = done === sequence.length || !predicting;
  byId("score").textContent = score.asked ? (ended ? filled("score", score) : `${score.right} / ${score.asked}`) : "";
}

function setPredicting(level) {
  if (level && !predicting) score = { asked: 0, right: 0 };
  predicting = level;
  byId("predict").setAttribute("aria-pressed", level > 0);
  byId("slopes").hidden = !level;
  byId("slopes").setAttribute("aria-pressed", level > 1);
  stopAsking();
  drawScore();
  if (level) next(); else draw();
}

/* ---- Wrong on purpose ---- */

function noteOf(name) {
  if (name === "right") return "";
  if (name === "order" && naiveLength(graph) > BigInt(Math.max(400, graph.uses.length))) {
    return `Naive recursion would take ${naiveLength(graph).toLocaleString("en")} steps here, in place of ${graph.uses.length.toLocaleString("en")}.`;
  }
  if (sweep(graph, shown, name, pass.totals).steps.some((step) => step.mistake)) return "";
  return name === "order" ? "Naive recursion happens to work here: no node between the leaves and the root is used twice."
    : "= gives the same result as += here, because no node is used twice.";
}

function toggleMode(name) {
  const wanted = mode === name ? "right" : name;
  const note = noteOf(wanted);
  byId("note").textContent = note;
  if (note) return;
  mode = wanted;
  for (const id of ["order", "overwrite"]) byId(id).setAttribute("aria-pressed", mode === id);
  compute();
  if (mode !== "right") byId("note").textContent = `${sequence.filter((step) => step.mistake).length} of ${sequence.length} steps go wrong; they are marked.`;
  pause();
  drawList();
  go(done);
}
