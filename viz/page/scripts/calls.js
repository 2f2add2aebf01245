/* The page of calls: one call at a time as boxes, laid out here; what is in a box is computed when it is opened. */

const GAP = 112;
const LANE = 26;
const MOST_LABELS = 40;
const LINE = 86;
const WIDE = 210;
const HIGH = 62;
const MARGIN = 14;
const MOST_ROWS = 200;
const given = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
let graph;
let opened; // the way to what is shown: calls, and at the end perhaps a line of the last
let view;
let places;
let steps;
let done;

function drawn(name, attributes, words) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (words !== undefined) made.textContent = words;
  return made;
}

function html(name, words, kind) {
  const made = document.createElement(name);
  made.textContent = words;
  if (kind) made.className = kind;
  return made;
}

/* ---- Where the boxes stand ---- */

/* The longest way to a box from what is computed first; what is only read stands just before its first reader. */
function ranked({ boxes, edges }) {
  const ranks = boxes.map(() => 0);
  const forward = edges.filter(([from, to]) => from < to && !boxes[from].read);
  for (const [from, to] of forward.sort((a, b) => a[1] - b[1])) ranks[to] = Math.max(ranks[to], ranks[from] + 1);
  const readers = boxes.map(() => Infinity);
  for (const [from, to] of edges) readers[from] = Math.min(readers[from], ranks[to]);
  boxes.forEach((box, k) => { if (box.read) ranks[k] = readers[k] - 1; });
  const least = Math.min(...ranks);
  return ranks.map((rank) => rank - least);
}

/* Places of boxes, and of each edge the points that it goes through: between columns that are not next to each other
   it has a lane of its own, which edges from the same box share. */
function placed(view) {
  const ranks = ranked(view);
  const columns = Array.from({ length: Math.max(...ranks) + 1 }, () => []);
  const boxes = view.boxes.map((_, k) => ({ rank: ranks[k], high: LINE, near: [], y: 0 }));
  const lanes = new Map();
  for (const item of boxes) columns[item.rank].push(item);
  const ways = view.edges.map(([from, to]) => {
    const way = [boxes[from]];
    for (let rank = ranks[from] + 1; rank < ranks[to]; rank++) {
      const key = `${from} ${rank}`;
      if (!lanes.has(key)) {
        lanes.set(key, { rank, high: LANE, near: [], y: 0, lane: true });
        columns[rank].push(lanes.get(key));
      }
      way.push(lanes.get(key));
    }
    way.push(boxes[to]);
    way.forEach((item, k) => { if (k) { item.near.push(way[k - 1]); way[k - 1].near.push(item); } });
    return way;
  });
  const heights = columns.map((column) => column.reduce((sum, item) => sum + item.high, 0));
  const height = Math.max(...heights);
  const spread = (column, k) => {
    let y = MARGIN + (height - heights[k]) / 2;
    for (const item of column) { item.y = y + item.high / 2; y += item.high; }
  };
  columns.forEach(spread);
  for (let pass = 0; pass < 6; pass++) {
    columns.forEach((column, k) => {
      const wish = new Map(column.map((item) => [item, item.near.reduce((sum, other) => sum + other.y, 0) / (item.near.length || 1)]));
      column.sort((a, b) => wish.get(a) - wish.get(b));
      spread(column, k);
    });
  }
  const left = (item) => MARGIN + item.rank * (WIDE + GAP);
  return {
    at: boxes.map((item) => [left(item), item.y - HIGH / 2]),
    ways: ways.map((way) => way.map((item) => [left(item), item.y])),
    width: 2 * MARGIN + columns.length * (WIDE + GAP) - GAP,
    height: 2 * MARGIN + height,
  };
}

/* A curve from column to column, straight through the lanes between. */
function curve(way) {
  const [[x, y], ...rest] = way;
  let [path, px, py] = [`M${x + WIDE},${y}`, x + WIDE, y];
  for (const [left, next] of rest) {
    const bend = Math.max(30, Math.abs(left - px) / 2);
    path += ` C${px + bend},${py} ${left - bend},${next} ${left},${next}`;
    [px, py] = [left + WIDE, next];
    if (left !== rest[rest.length - 1][0]) path += ` H${px}`;
  }
  return path;
}

/* ---- The picture ---- */

const opens = (box) => box.kind === "call" || box.kind === "line" || box.kind === "lines";

function boxOf(box, [x, y]) {
  const group = drawn("g", { class: `box${box.read ? " read" : ""}${opens(box) ? " opens" : ""}` });
  group.append(drawn("title", {}, `${box.name}: ${box.formula}; data ${box.data}; gradient ${box.grad || "none"}`));
  group.append(drawn("rect", { class: "frame", x, y, width: WIDE, height: HIGH, rx: 9 }));
  group.append(drawn("text", { class: "symbol", x: x + 8, y: y + 19 }, cutTo(box.symbol, 4)));
  group.append(drawn("text", { class: "name", x: x + WIDE / 2 + 8, y: y + 20 }, cutTo(box.name, 19)));
  const half = box.grad ? 4 : 2;
  group.append(drawn("text", { x: x + WIDE / half, y: y + 37 }, "data"));
  group.append(drawn("text", { class: "data", x: x + WIDE / half, y: y + 53 }, box.data));
  if (box.grad) {
    group.append(drawn("text", { class: "caption", x: x + 0.75 * WIDE, y: y + 37 }, "grad"));
    group.append(drawn("text", { class: "grad", x: x + 0.75 * WIDE, y: y + 53 }, box.grad));
  }
  if (opens(box)) {
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    const open = () => openBox(box);
    group.addEventListener("click", open);
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open();
    });
  }
  return group;
}

function openBox(box) {
  if (box.kind === "call") show([...opened, { call: box.what }]);
  else if (box.members.length <= FEW_OPENED) show([...opened, { call: opened[opened.length - 1].call, line: box }]);
  else list(box);
}

/* The scalars of a line as a table, some hundred at a time. */
function list(box) {
  const table = document.createElement("table");
  const more = html("button", "");
  more.type = "button";
  let count = 0;
  const add = () => {
    for (const row of graph.rows(box.members, count, MOST_ROWS)) {
      const line = document.createElement("tr");
      row.forEach((words, k) => line.append(html("td", words, ["", "data", "grad", "slopes"][k])));
      table.append(line);
    }
    count = Math.min(box.members.length, count + MOST_ROWS);
    const left = box.members.length - count;
    table.caption.textContent = `${box.formula}: ${left ? `the first ${count} of ` : ""}${counted(box.members.length, "scalar")}, each with data, gradient, and local derivatives`;
    more.hidden = !left;
    more.textContent = `Show ${Math.min(left, MOST_ROWS)} more of ${left}`;
    byId("said").textContent = `${box.name}: ${count} of ${box.members.length} scalars listed`;
  };
  table.createCaption();
  more.addEventListener("click", add);
  add();
  byId("scalars").replaceChildren(table, more);
  table.scrollIntoView({ block: "nearest" });
}

function trail() {
  byId("trail").replaceChildren(...opened.map(({ call, line }, k) => {
    const button = html("button", line ? line.name : graph.calls[call].name);
    button.type = "button";
    if (k === opened.length - 1) button.setAttribute("aria-current", "page");
    button.addEventListener("click", () => show(opened.slice(0, k + 1)));
    return button;
  }));
}

/* ---- Steps ---- */

function go(to) {
  done = Math.max(0, Math.min(steps.length, to));
  const step = done ? steps[done - 1] : null;
  byId("slider").value = done;
  byId("slider").setAttribute("aria-valuetext", `step ${done} of ${steps.length}`);
  byId("counter").textContent = `${done} / ${steps.length}`;
  const [title, ...lines] = step ? graph.stepTexts(step) : ["Before the first step: no gradient is known.", ""];
  byId("title").textContent = step ? `${step.number}. ${title}` : title;
  byId("step").replaceChildren(...lines.map((line) => html("p", line)));
  for (const [id, off] of [["first", !done], ["back", !done], ["next", done === steps.length], ["last", done === steps.length]]) byId(id).disabled = off;
  mark(step);
}

/* What is known so far, and who gives to whom. */
function mark(step) {
  const totals = new Map(steps.slice(0, done).map((s) => [s.target, s]));
  const groups = byId("picture").querySelectorAll("g.box");
  const isOver = done === steps.length;
  view.boxes.forEach((box, k) => {
    const group = groups[k];
    group.classList.toggle("source", !isOver && step?.source === box);
    group.classList.toggle("target", !isOver && step?.target === box);
    if (!box.grad) return;
    const last = totals.get(box);
    const text = isOver ? box.grad : last ? graph.gradText(last.after) : "?";
    group.querySelector(".grad").textContent = text;
    group.querySelector(".caption").textContent = isOver || !last || last.final ? "grad" : "so far";
    group.setAttribute("aria-label", `${opens(box) ? "Open " : ""}${box.name}, data ${box.data}, gradient ${text === "?" ? "unknown" : text}`);
  });
  const paths = byId("picture").querySelectorAll("path.edge");
  view.edges.forEach(([from, to], k) => {
    paths[k].classList.toggle("active", !isOver && step?.source === view.boxes[to] && step.target === view.boxes[from]);
  });
  if (!isOver && step) for (const box of [step.source, step.target]) if (box) see(places[box.index]);
}

/* Scroll the picture so that a box is inside. Firefox does not bring parts of an SVG into view by itself. */
function see([x, y]) {
  const picture = byId("picture");
  const inside = (from, length, low, size) => Math.max(Math.min(from, low - MARGIN), low + size + MARGIN - length);
  picture.scrollTo(inside(picture.scrollLeft, picture.clientWidth, x, WIDE), inside(picture.scrollTop, picture.clientHeight, y, HIGH));
}

/* ---- A call ---- */

function show(way, atStart = false) {
  opened = way;
  const { call, line } = way[way.length - 1];
  view = graph.fold(call, line?.members);
  steps = graph.steps(view);
  const { at, ways, width, height } = placed(view);
  const name = line ? line.name : view.call.name;
  const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": name });
  const labels = view.edges.length <= MOST_LABELS;
  const texts = [];
  view.edges.forEach(([, , words], k) => {
    const path = drawn("path", { class: "edge", d: curve(ways[k]) });
    path.append(drawn("title", {}, words));
    svg.append(path);
    const [[x1, y1], [x2, y2]] = ways[k].slice(-2);
    if (labels) texts.push(drawn("text", { class: "words", x: (x1 + WIDE + x2) / 2, y: (y1 + y2) / 2 - 4 }, words));
  });
  svg.append(...texts);
  places = at;
  view.boxes.forEach((box, j) => svg.append(boxOf(box, at[j])));
  byId("picture").replaceChildren(svg);
  byId("scalars").replaceChildren();
  byId("slider").max = steps.length;
  byId("said").textContent = `${name}: ${counted(view.boxes.length, "box").replace("boxs", "boxes")}`;
  trail();
  go(atStart ? 0 : steps.length);
}

const KEYS = {
  ArrowRight: () => go(done + 1),
  ArrowLeft: () => go(done - 1),
  Home: () => go(0),
  End: () => go(steps.length),
  Escape: () => { if (opened.length > 1) show(opened.slice(0, -1)); },
};

function begin() {
  graph = new CallGraph(given);
  const way = [];
  for (let k = given.opened; k >= 0; k = graph.calls[k].parent) way.unshift({ call: k });
  const does = { first: () => go(0), back: () => go(done - 1), next: () => go(done + 1), last: () => go(steps.length) };
  for (const [id, action] of Object.entries(does)) byId(id).addEventListener("click", action);
  byId("slider").addEventListener("input", (event) => go(Number(event.target.value)));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
    if (event.target.id === "slider" && event.key !== "Escape") return;
    event.preventDefault();
    KEYS[event.key]();
  });
  show(way, given.atStart);
}

begin();
