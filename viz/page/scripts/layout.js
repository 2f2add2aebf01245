/* A layered layout: ranks from left to right, few crossings, nodes near what they are joined to. Long edges pass
   through a point in each rank between (Sugiyama, Tagawa and Toda, IEEE Trans. Systems, Man and Cybernetics 11, 1981). */

const [GAP, WIDE_GAP, MANY_LINES, APART, EDGE_ROOM] = [84, 190, 10, 16, 10];
const LABEL = [58, 20]; // of a local derivative
const ALONG = [0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78, 0.15, 0.85]; // where it may stand on its edge

function boxSize(box) {
  const name = 9.6 * Math.min(22, [...box.name].length);
  if (box.constant) return [Math.max(30, 8.6 * (box.number ? box.name.length : box.name.length + 9) + 16), 26];
  const cells = box.needs ? 2 * 84 : 84;
  return [Math.round(Math.max(cells, name + 2 * Math.max(24, 9.6 * box.symbol.length + 16))), 66];
}

const layerOf = ({ neuron }) => neuron?.replace(/neuron\d+$/, "");

function layers(graph, across) {
  const { boxes, edges } = graph;
  const rank = boxes.map(() => 0);
  boxes.forEach((box, i) => { if (!box.leaf) rank[i] = 1 + Math.max(...box.operands.map((j) => rank[j])); });
  for (let i = boxes.length - 1; i >= 0; i--) { // leaves and neurons stand beside their first use, a layer in one rank
    if (!boxes[i].leaf && !boxes[i].neuron) continue;
    const beside = boxes[i].neuron ? boxes.map((_, j) => j).filter((j) => layerOf(boxes[j]) === layerOf(boxes[i])) : [i];
    const users = edges.filter((edge) => beside.includes(edge.operand)).map((edge) => rank[edge.node]);
    if (users.length) rank[i] = Math.max(boxes[i].leaf ? 0 : rank[i], Math.min(...users) - 1);
  }
  const items = boxes.map((box, i) => ({ rank: rank[i], size: across(boxSize(box)), joined: [], weight: box.leaf ? 1 : 12 }));
  const join = (a, b) => { items[a].joined.push(b); items[b].joined.push(a); };
  const routes = edges.map(({ node, operand }) => {
    const route = [operand];
    for (let r = rank[operand] + 1; r < rank[node]; r++) {
      items.push({ rank: r, size: EDGE_ROOM, joined: [], weight: 3 });
      join(route[route.length - 1], items.length - 1);
      route.push(items.length - 1);
    }
    join(route[route.length - 1], node);
    return [...route, node];
  });
  return { items, routes };
}

function ordered(items) {
  const count = 1 + items.reduce((most, item) => Math.max(most, item.rank), 0);
  const rows = Array.from({ length: count }, () => []);
  items.forEach((item, i) => rows[item.rank].push(i));
  const position = [];
  const number = () => rows.forEach((row) => row.forEach((i, k) => { position[i] = k; }));
  const crossings = () => {
    let total = 0;
    rows.slice(1).forEach((row) => {
      const pairs = row.flatMap((i) => items[i].joined.filter((j) => items[j].rank === items[i].rank - 1).map((j) => [position[i], position[j]]));
      pairs.forEach(([a, b], k) => pairs.slice(k + 1).forEach(([c, d]) => { if ((a - c) * (b - d) < 0) total++; }));
    });
    return total;
  };
  number();
  let best = { rows: rows.map((row) => [...row]), crossings: items.length > 700 ? 0 : crossings() };
  for (let round = 0; round < 16 && best.crossings; round++) {
    const order = [...rows.keys()];
    if (round % 2) order.reverse();
    for (const r of order) {
      const side = round % 2 ? 1 : -1;
      const middle = (i) => {
        const beside = items[i].joined.filter((j) => items[j].rank === r + side).map((j) => position[j]);
        return beside.length ? beside.reduce((a, b) => a + b) / beside.length : position[i];
      };
      const key = new Map(rows[r].map((i) => [i, middle(i)]));
      rows[r].sort((a, b) => key.get(a) - key.get(b));
      rows[r].forEach((i, k) => { position[i] = k; });
    }
    const now = crossings();
    if (now < best.crossings) best = { rows: rows.map((row) => [...row]), crossings: now };
  }
  return best.rows;
}

/* Coordinates along the ranks: each item moves to the mean of what it is joined to, as far as its neighbours allow;
   what is computed keeps straight, and leaves make room. */
function spread(items, rows) {
  const at = [];
  for (const row of rows) {
    let next = 0;
    for (const i of row) { at[i] = next + items[i].size / 2; next += items[i].size + APART; }
  }
  for (let round = 0; round < 40; round++) {
    for (const row of round % 2 ? [...rows].reverse() : rows) {
      const wish = row.map((i) => {
        const most = Math.max(...items[i].joined.map((j) => items[j].weight));
        const beside = items[i].joined.filter((j) => items[j].weight >= Math.min(most, 3)).map((j) => at[j]);
        return beside.length ? beside.reduce((a, b) => a + b) / beside.length : at[i];
      });
      const offset = [0];
      for (let k = 1; k < row.length; k++) offset[k] = offset[k - 1] + (items[row[k]].size + items[row[k - 1]].size) / 2 + APART;
      const placed = isotonic(wish.map((y, k) => y - offset[k]), row.map((i) => items[i].weight));
      row.forEach((i, k) => { at[i] = placed[k] + offset[k]; });
    }
  }
  const low = Math.min(...at.map((y, i) => y - items[i].size / 2));
  return at.map((y) => y - low);
}

/* The non-decreasing numbers nearest to the given ones, by weighted least squares (pool adjacent violators). */
function isotonic(ys, weights) {
  const pools = [];
  ys.forEach((y, k) => {
    pools.push({ y, weight: weights[k], count: 1 });
    while (pools.length > 1 && pools[pools.length - 2].y > pools[pools.length - 1].y) {
      const [a, b] = pools.splice(-2);
      const weight = a.weight + b.weight;
      pools.push({ y: (a.y * a.weight + b.y * b.weight) / weight, weight, count: a.count + b.count });
    }
  });
  return pools.flatMap(({ y, count }) => Array(count).fill(y));
}

/* A point of a curve that begins with a straight piece and goes on in cubic pieces. */
function pointOf(curve, t) {
  const pieces = (curve.length - 3) / 3;
  const at = Math.min(pieces - 1, Math.floor(t * pieces));
  const u = t * pieces - at;
  const [a, b, c, d] = curve.slice(1 + 3 * at, 5 + 3 * at);
  return [0, 1].map((k) => (1 - u) ** 3 * a[k] + 3 * u * (1 - u) ** 2 * b[k] + 3 * u * u * (1 - u) * c[k] + u ** 3 * d[k]);
}

/* A place for the label of each edge: the first along the edge that is free. */
function labelPlaces(curves, boxes) {
  const taken = boxes.map(([x, y, w, h]) => [x + w / 2, y + h / 2, w, h]);
  const isFree = ([x, y]) => taken.every(([a, b, w, h]) => Math.abs(x - a) * 2 >= w + LABEL[0] || Math.abs(y - b) * 2 >= h + LABEL[1]);
  return curves.map((curve) => {
    const places = ALONG.map((t) => pointOf(curve, t));
    const place = places.find(isFree) ?? places[0];
    taken.push([...place, ...LABEL]);
    return place;
  });
}

/* Places of boxes, curves and pills, as the page gets them from Graphviz. */
function layeredLayout(graph, direction = "LR") {
  const wide = direction === "LR";
  const across = wide ? ([, h]) => h : ([w]) => w;
  const along = wide ? ([w]) => w : ([, h]) => h;
  const { items, routes } = layers(graph, across);
  const rows = ordered(items);
  const at = spread(items, rows);
  const depth = rows.map((row) => Math.max(...row.map((i) => (i < graph.boxes.length ? along(boxSize(graph.boxes[i])) : 0))));
  const start = [];
  const crossing = rows.map((row) => row.reduce((n, i) => n + items[i].joined.filter((j) => items[j].rank > items[i].rank).length, 0));
  depth.reduce((x, size, r) => {
    start[r] = x;
    const gap = crossing[r] > MANY_LINES ? WIDE_GAP : GAP;
    return x + size + (wide ? gap : gap / 2 + 4);
  }, 14);
  const middle = items.map((item, i) => [start[item.rank] + depth[item.rank] / 2, at[i] + 14]);
  const flip = ([x, y]) => (wide ? [x, y] : [y, x]);
  const boxes = graph.boxes.map((box, i) => {
    const [w, h] = boxSize(box);
    const [x, y] = flip(middle[i]);
    return [x - w / 2, y - h / 2, w, h].map((n) => Math.round(n * 10) / 10);
  });
  const curves = [];
  routes.forEach((route, k) => {
    const { node, k: position } = graph.edges[k];
    const size = (i) => along(boxSize(graph.boxes[i]));
    const uses = graph.boxes[node].operands.length;
    const shift = uses > 1 ? ((position + 0.5) / uses - 0.5) * 0.7 * across(boxSize(graph.boxes[node])) : 0;
    const twin = graph.boxes[node].operands.filter((j, q) => q < position && j === route[0]).length * 12;
    const points = route.map((i) => [...middle[i]]);
    points[0] = [points[0][0] + size(route[0]) / 2, points[0][1] + twin];
    points[points.length - 1] = [points[points.length - 1][0] - size(node) / 2, points[points.length - 1][1] + shift];
    const flat = [points[0], [points[0][0] + 4, points[0][1]]];
    for (let p = 1; p < points.length; p++) {
      const [from, to] = [flat[flat.length - 1], p === points.length - 1 ? [points[p][0] - 8, points[p][1]] : points[p]];
      const bend = (to[0] - from[0]) / 2;
      flat.push([from[0] + bend, from[1]], [to[0] - bend, to[1]], to);
    }
    flat.push(points[points.length - 1]);
    curves.push(flat.map(flip));
  });
  const rounded_ = (points) => points.flat().map((n) => Math.round(n * 10) / 10);
  const pills = labelPlaces(curves, boxes).map((place) => rounded_([place]));
  const size = [Math.max(...boxes.map(([x, , w]) => x + w)) + 14, Math.max(...boxes.map(([, y, , h]) => y + h)) + 14];
  return { size, boxes, curves: curves.map((points) => rounded_(points).join(" ")), pills };
}
