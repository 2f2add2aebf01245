/* Numbers as learners type them: digits, + - * / and brackets; read by this little parser, never run. */

const LONGEST_TYPED = 200;
const DEEPEST_TYPED = 20;

function typedNumber(text) {
  const plain = text.replaceAll("−", "-").replace(/[·×]/g, "*").replaceAll(",", ".").trim();
  if (!plain || plain.length > LONGEST_TYPED) return null;
  const tokens = plain.match(/(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[-+*/()]|\S/g);
  let at = 0;
  const factor = (depth) => {
    if (depth > DEEPEST_TYPED) return NaN;
    const token = tokens[at++] ?? "";
    if (token === "-") return -factor(depth + 1);
    if (token === "+") return factor(depth + 1);
    if (token === "(") {
      const inside = sum(depth + 1);
      return tokens[at++] === ")" ? inside : NaN;
    }
    return /^[\d.]/.test(token) ? Number(token) : NaN;
  };
  const product = (depth) => {
    let total = factor(depth);
    while (tokens[at] === "*" || tokens[at] === "/") total = tokens[at++] === "*" ? total * factor(depth) : total / factor(depth);
    return total;
  };
  const sum = (depth) => {
    let total = product(depth);
    while (tokens[at] === "+" || tokens[at] === "-") total = tokens[at++] === "+" ? total + product(depth) : total - product(depth);
    return total;
  };
  const number = sum(0);
  return at === tokens.length && Number.isFinite(number) ? number : null;
}
