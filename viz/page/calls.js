(() => {
"use strict";
// The page of calls: one call at a time as boxes, laid out here; what is in a box is shown when it is opened.
const GAP = 86, LINE = 86, WIDE = 210, HIGH = 62, MARGIN = 14;
const views = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

function element(name, attributes, words) {
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

function ranked(view) {
  // The longest way to a box from what is computed first; what is only read stands just before its first reader.
  const ranks = view.boxes.map(() => 0);
  const forward = view.edges.filter(([from, to]) => from < to);
  for (const [from, to] of forward) if (!view.boxes[from].read) ranks[to] = Math.max(ranks[to], ranks[from] + 1);
  for (let pass = 1; pass < view.boxes.length; pass++) {
    let changed = false;
    for (const [from, to] of forward) {
      if (!view.boxes[from].read && ranks[to] <= ranks[from]) [ranks[to], changed] = [ranks[from] + 1, true];
    }
    if (!changed) break;
  }
  view.boxes.forEach((box, k) => {
    if (!box.read) return;
    const readers = view.edges.filter(([from]) => from === k).map(([, to]) => ranks[to]);
    ranks[k] = Math.min(...readers) - 1;
  });
  const least = Math.min(...ranks);
  return ranks.map((rank) => rank - least);
}

function placed(view) {
  const ranks = ranked(view), columns = [];
  ranks.forEach((rank, k) => (columns[rank] ??= []).push(k));
  const height = Math.max(...columns.filter(Boolean).map((column) => column.length)), at = [];
  const spread = (column) => column.forEach((k, row) => {
    at[k] = [MARGIN + ranks[k] * (WIDE + GAP), MARGIN + (row + (height - column.length) / 2) * LINE];
  });
  columns.forEach(spread);
  for (let pass = 0; pass < 4; pass++) {
    for (const column of columns.filter(Boolean)) {
      const wish = new Map(column.map((k) => {
        const ends = view.edges.filter((edge) => edge[0] === k || edge[1] === k);
        return [k, ends.reduce((sum, [a, b]) => sum + at[a === k ? b : a][1], 0) / (ends.length || 1)];
      }));
      column.sort((a, b) => wish.get(a) - wish.get(b));
      spread(column);
    }
  }
  return {at, width: 2 * MARGIN + columns.length * (WIDE + GAP) - GAP, height: 2 * MARGIN + height * LINE};
}

function cut(words, most) {
  const letters = [...words];
  return letters.length <= most ? words : letters.slice(0, most - 1).join("") + "…";
}

function boxOf(box, [x, y]) {
  const opens = box.opens !== undefined || box.rows;
  const group = element("g", {class: `box${box.read ? " read" : ""}${opens ? " opens" : ""}`});
  group.append(element("title", {}, `${box.name}: ${box.formula}; data ${box.data}; gradient ${box.grad}`));
  group.append(element("rect", {class: "frame", x, y, width: WIDE, height: HIGH, rx: 9}));
  group.append(element("text", {class: "symbol", x: x + 8, y: y + 19}, cut(box.symbol, 4)));
  group.append(element("text", {class: "name", x: x + WIDE / 2 + 8, y: y + 20}, cut(box.name, 19)));
  const half = box.grad ? 4 : 2;
  group.append(element("text", {x: x + WIDE / half, y: y + 37}, "data"));
  group.append(element("text", {class: "data", x: x + WIDE / half, y: y + 53}, box.data));
  if (box.grad) {
    group.append(element("text", {x: x + 0.75 * WIDE, y: y + 37}, "grad"));
    group.append(element("text", {class: "grad", x: x + 0.75 * WIDE, y: y + 53}, box.grad));
  }
  if (opens) {
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", `Open ${box.name}, data ${box.data}, gradient ${box.grad}`);
    const open = () => (box.opens !== undefined ? show(box.opens) : list(box));
    group.addEventListener("click", open);
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open();
    });
  }
  return group;
}

function list(box) {
  const table = document.createElement("table");
  table.append(html("caption", `${box.formula}: the first ${box.rows.length} of ${box.size} scalars`));
  for (const row of box.rows) {
    const line = document.createElement("tr");
    row.forEach((words, k) => line.append(html("td", words, ["", "data", "grad"][k])));
    table.append(line);
  }
  byId("scalars").replaceChildren(table);
  byId("said").textContent = `${box.name}: ${box.rows.length} scalars`;
  table.scrollIntoView({block: "nearest"});
}

function trail(k) {
  const crumbs = [];
  for (let j = k; j !== -1; j = views[j].parent) crumbs.unshift(j);
  byId("trail").replaceChildren(...crumbs.map((j) => {
    const button = html("button", views[j].name);
    button.type = "button";
    if (j === k) button.setAttribute("aria-current", "page");
    button.addEventListener("click", () => show(j));
    return button;
  }));
}

function show(k) {
  const view = views[k], {at, width, height} = placed(view);
  const svg = element("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": view.name});
  for (const [from, to, words] of view.edges) {
    const [x1, y1] = [at[from][0] + WIDE, at[from][1] + HIGH / 2], [x2, y2] = [at[to][0], at[to][1] + HIGH / 2];
    const bend = Math.max(30, Math.abs(x2 - x1) / 2);
    const path = element("path", {class: "edge", d: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`});
    path.append(element("title", {}, words));
    svg.append(path);
    if (view.edges.length <= 30) svg.append(element("text", {x: (x1 + x2) / 2, y: (y1 + y2) / 2 - 4}, words));
  }
  view.boxes.forEach((box, j) => svg.append(boxOf(box, at[j])));
  byId("picture").replaceChildren(svg);
  byId("scalars").replaceChildren();
  byId("said").textContent = `${view.name}: ${view.boxes.length} boxes`;
  trail(k);
}

document.addEventListener("keydown", (event) => {
  const current = byId("trail").querySelectorAll("button");
  if (event.key === "Escape" && current.length > 1) current[current.length - 2].click();
});
show(0);
})();
