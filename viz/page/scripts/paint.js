/* The picture: boxes and edges at given places, and what they show in a state. */

const svgText = (x, y, words, kind, anchor = "") => `<text class="${kind}" x="${x}" y="${y}"${anchor ? ` text-anchor="${anchor}"` : ""}>${escaped(words)}</text>`;
const shortName = (name) => ([...name].length > 22 ? `${[...name].slice(0, 21).join("")}…` : name);

function boxSvg(box, [x, y, w, h], i) {
  const frame = `<rect class="frame" x="${x}" y="${y}" width="${w}" height="${h}"/>`;
  let inside;
  const [middle, end] = [x + w / 2, x + w];
  if (box.constant) inside = svgText(middle, y + 18, "", "value");
  else if (h < 40) inside = svgText(x + 8, y + 20, shortName(box.name), "name", "start") + svgText(end - 8, y + 20, "", "data", "end");
  else {
    const split = box.needs ? middle : end;
    const rule = (a, b, c, d) => `<path class="rule" d="M${a} ${b}L${c} ${d}"/>`;
    inside = rule(x, y + 29, end, y + 29) + svgText(x + 9, y + 20, box.symbol, "symbol", "start") +
      svgText(middle, y + 20, shortName(box.name), "name") + svgText(end - 7, y + 20, "", "tick", "end") +
      svgText((x + split) / 2, y + 43, "data", "caption data-caption") + svgText((x + split) / 2, y + 59, "", "data");
    if (box.needs) {
      inside += rule(split, y + 29, split, y + h) + svgText((split + end) / 2, y + 43, "grad", "caption grad-caption") +
        svgText((split + end) / 2, y + 59, "", "grad");
    }
  }
  return `<g class="node" data-node="${i}" tabindex="0" role="button">${frame}${inside}</g>`;
}

function arrowSvg(points, width) {
  const [start, first, ...rest] = points;
  const tip = rest.pop();
  const neck = rest[rest.length - 1];
  const across = width < 2 ? 0.42 : 0.6;
  const [dx, dy] = [(tip[0] - neck[0]) * across, (tip[1] - neck[1]) * across];
  return `<path class="line" d="M${start} L${first} C${rest.join(" ")}"/>` +
    `<polygon class="head" points="${tip} ${neck[0] - dy},${neck[1] + dx} ${neck[0] + dy},${neck[1] - dx}"/>`;
}

function edgeSvg(k, numbers, [x, y], silent) {
  const curve = numbers.split(" ").map(Number);
  const points = [];
  for (let i = 0; i < curve.length; i += 2) points.push([curve[i], curve[i + 1]]);
  const pill = silent ? "" : `<g class="pill"><rect class="frame" y="${y - 9.5}"/>${svgText(x, y + 4, "", "local")}</g>`;
  return `<g class="edge${silent ? " silent" : ""}" data-edge="${k}" data-x="${x}"><g class="there">${arrowSvg(points, 1)}</g>` +
    `<g class="back">${arrowSvg([...points].reverse(), 3)}</g>${pill}</g>`;
}

/* Draw it all into a figure; the numbers come later. */
function drawPicture(figure, graph, layout, title) {
  const edges = graph.edges.map((edge, k) => edgeSvg(k, layout.curves[k], layout.pills[k], !graph.boxes[edge.node].needs || !graph.boxes[edge.operand].needs));
  const boxes = graph.boxes.map((box, i) => boxSvg(box, layout.boxes[i], i));
  figure.innerHTML = `<svg viewBox="0 0 ${layout.size.join(" ")}" role="group" aria-label="${escaped(title)}" class="${graph.edges.length > 90 ? "dense" : ""}">` +
    `<title>${escaped(title)}</title>${edges.join("")}${boxes.join("")}</svg>`;
}

/* A text that keeps inside its cell: smaller letters where it is long. */
function setFitted(element, text, room, size) {
  if (!element || element.textContent === text) return;
  element.textContent = text;
  element.style.fontSize = text.length * size * 0.615 > room ? `${Math.max(8, room / (text.length * 0.615))}px` : "";
}

const setText = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };

/* What one box shows; `is` are its classes. */
function showNode(group, box, shown, is, [, , width]) {
  for (const [name, on] of Object.entries(is)) group.classList.toggle(name, Boolean(on));
  group.classList.toggle("parameter", box.parameter);
  group.classList.toggle("constant", box.constant);
  if (box.constant) setFitted(group.querySelector(".value"), box.number ? shown.data : `${shortName(box.name)} = ${shown.data}`, width - 8, 14);
  const room = (box.needs ? width / 2 : width) - 8;
  setFitted(group.querySelector(".data"), shown.data, group.querySelector(".grad-caption") ? room : width, 14);
  setFitted(group.querySelector(".grad"), shown.grad, room, 14);
  setFitted(group.querySelector(".data-caption"), shown.caption, room, 11.5);
  setText(group.querySelector(".grad-caption"), shown.status === "partial" ? "so far" : PREACTIVATION.test(box.name) ? "δ" : "grad");
  setText(group.querySelector(".tick"), shown.status === "final" ? (shown.wrong ? "✗" : shown.confirmed ? "≈✓" : "✓") : "");
  const known = { unknown: "unknown", partial: `${shown.grad} so far`, final: `${shown.grad}, final` }[shown.status];
  const words = [box.name, shown.kind, `data ${shown.data}${shown.outdated ? ", outdated" : ""}`, ...(box.needs ? [`gradient ${known}`] : [])];
  group.setAttribute("aria-label", words.join(", "));
}

function showEdge(group, text, active, asked) {
  group.classList.toggle("active", active);
  group.classList.toggle("asked", asked);
  const label = group.querySelector(".local");
  if (!label || label.textContent === text) return;
  label.textContent = text;
  const width = 7.4 * text.length + 12;
  const frame = group.querySelector(".pill .frame");
  frame.setAttribute("width", width);
  frame.setAttribute("x", Number(group.dataset.x) - width / 2);
}

/* ---- Fit, zoom, pan ---- */

class Camera {
  constructor(figure, size) {
    Object.assign(this, { figure, size, fitted: true, pointers: new Map() });
    this.fit();
    figure.onwheel = (event) => { event.preventDefault(); this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX, event.clientY); };
    figure.onpointerdown = (event) => { this.pointers.set(event.pointerId, [event.clientX, event.clientY]); this.moved = 0; };
    figure.onpointermove = (event) => this.drag(event);
    figure.onpointerup = figure.onpointercancel = figure.onpointerleave = (event) => this.pointers.delete(event.pointerId);
    this.watcher?.disconnect();
    this.watcher = new ResizeObserver(() => { if (this.fitted) this.fit(); else this.place(); });
    this.watcher.observe(figure);
  }

  get frame() { return this.figure.getBoundingClientRect(); }

  fit() {
    const { width, height } = this.frame;
    if (!width) return;
    this.scale = Math.min(1.4, width / this.size[0], height / this.size[1]);
    if (this.scale < 0.4) this.scale = 0.62; // too small to be read: the steps move the view
    this.follows = this.scale * this.size[0] > width + 1 || this.scale * this.size[1] > height + 1;
    [this.x, this.y] = [width, height].map((room, k) => Math.min(this.size[k], room / this.scale) / 2); // from its begin
    this.fitted = true;
    this.place();
    if (this.seen) this.see(this.seen);
  }

  /* On paper the whole picture. */
  place(printed = matchMedia("print").matches) {
    const { width, height } = this.frame;
    const [w, h] = printed ? this.size : [width / this.scale, height / this.scale];
    const [x, y] = printed ? [0, 0] : [this.x - w / 2, this.y - h / 2];
    this.figure.firstElementChild?.setAttribute("viewBox", `${x} ${y} ${w} ${h}`);
  }

  zoom(factor, clientX, clientY) {
    const { left, top, width, height } = this.frame;
    const [dx, dy] = [(clientX ?? left + width / 2) - left - width / 2, (clientY ?? top + height / 2) - top - height / 2];
    const scale = Math.min(6, Math.max(0.08, this.scale * factor));
    this.x += dx / this.scale - dx / scale;
    this.y += dy / this.scale - dy / scale;
    this.scale = scale;
    this.fitted = false;
    this.place();
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.fitted = false;
    this.place();
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]) || 1;
      this.zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    } else this.pan(now[0] - before[0], now[1] - before[1]);
    this.moved += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
    this.pointers.set(event.pointerId, now);
  }

  /* Move the view so that a box is inside; it stays there when the figure's size changes. */
  see(box) {
    this.seen = box;
    const [x, y, w, h] = box;
    const { width, height } = this.frame;
    if (!width || (this.fitted && !this.follows)) return;
    const beyond = (low, high, from, to) => (low < from ? low - from : Math.max(0, high - to));
    const [half, tall] = [width / this.scale / 2, height / this.scale / 2];
    const margin = Math.min(60, half / 3, tall / 3);
    this.x += beyond(x - margin, x + w + margin, this.x - half, this.x + half);
    this.y += beyond(y - margin, y + h + margin, this.y - tall, this.y + tall);
    this.place();
  }
}
