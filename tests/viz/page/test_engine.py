"""The page's engine in node, against Python: words within 2 ulp, rules and sweeps to the bit, texts letter by letter.

What node runs stands in ``engine_checks.js``: a function for each check, from JSON to JSON.
"""

from __future__ import annotations

import copy
import itertools
import math
import random
import struct
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TABLE, Value, nn
from autograd_lite.compiler.primitives import WORDS
from autograd_lite.errors import GraphTooLargeError
from autograd_lite.namespaces import floats
from autograd_lite.reverse import reachable
from autograd_lite.text import agreeing_digits, changing_digits, pretty_number
from autograd_lite.viz import steps
from autograd_lite.viz.explain.explanation import Explanation
from autograd_lite.viz.explain.named import through_nodes
from autograd_lite.viz.explain.paths import Paths
from autograd_lite.viz.graphs.course import course_view
from autograd_lite.viz.graphs.fold import fold
from autograd_lite.viz.graphs.formula import whole_formula
from autograd_lite.viz.graphs.notation import short
from autograd_lite.viz.graphs.view import scalar_view
from autograd_lite.viz.page.op_table import MATH, arities, op_key, typeable_ops
from autograd_lite.viz.page.program import engine, fold_data, graph_data, ops_of, script
from autograd_lite.viz.page.update_rule import optimizer_data, recorded_rule
from autograd_lite.viz.steps.arithmetic import as_text, lines_of
from autograd_lite.viz.steps.predictions import answers, hint, judge, question, questions
from autograd_lite.viz.steps.typed import typed_number
from autograd_lite.viz.steps.words import rule_line

EDGES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    3.0,
    0.6,
    20.0,
    -37.0,
    700.0,
    -745.0,
    1e-8,
    1e-300,
    5e-324,
    1e300,
    1.7e308,
]
EDGES += [math.inf, -math.inf, math.nan]
OWN = ("tanh", "erf", "erfc", "gauss", "normal_pdf", "normal_cdf", "pow", "powterm", "exp_difference", "hypot")
WITHIN_2_ULP = [name for name, row in WORDS.items() if row.libm in MATH - {"sqrt", "floor"} or name in OWN]
CHECKS = Path(__file__).with_name("engine_checks.js").read_text(encoding="utf-8")


@pytest.fixture
def checked(in_node):
    """Run one check of the page's engine, with all ops unless given."""

    def check(name, given, ops=None, update=None):
        text = "\n".join([engine(ops or typeable_ops(), update), script("arithmetic"), script("fold"), CHECKS])
        return in_node(text, [name, given])

    return check


def seeded(seed):
    return random.Random(seed)  # noqa: S311 - samples for tests


def coded(x):
    return struct.pack(">d", x).hex()


def decoded(text):
    return struct.unpack(">d", bytes.fromhex(text))[0]


def place(x):
    """Number of a float among all floats, 0.0 and -0.0 apart."""
    n = struct.unpack(">q", struct.pack(">d", x))[0]
    return n if n >= 0 else -(n & 0x7FFFFFFFFFFFFFFF) - 1


def ulps(a, b):
    if math.isnan(a) or math.isnan(b):
        return 0 if math.isnan(a) and math.isnan(b) else math.inf
    return abs(place(a) - place(b))


def points(n, rng, count):
    """Operands: all pairs of edges, and random numbers of ordinary and of any size."""
    edges = (
        list(itertools.product(EDGES, repeat=n))
        if n < 3
        else [[rng.choice(EDGES) for _ in range(n)] for _ in range(count)]
    )
    near = [[rng.uniform(-3, 3) for _ in range(n)] for _ in range(count)]
    return edges + near + [[rng.gauss(0, 1) * 10 ** rng.uniform(-3, 3) for _ in range(n)] for _ in range(count)]


# --- Numbers ---------------------------------------------------------------------------------------------------------


def test_every_word_is_within_2_ulp_of_python(checked):
    rng = seeded(1)
    cases = [(name, xs) for name in WITHIN_2_ULP for xs in points(WORDS[name].arity, rng, 150)]
    found = checked("words", [(name, list(map(coded, xs))) for name, xs in cases])
    for (name, xs), got in zip(cases, found, strict=True):
        try:
            wanted = getattr(floats, name)(*xs)
        except (ValueError, ArithmeticError):
            continue  # where math raises, the engine asks NumPy: tested by the ops
        assert ulps(wanted, decoded(got)) <= 2, (name, xs, wanted, decoded(got))


class Recorder:
    """The namespace of floats; it notes what every word within 2 ulp gave, for the rules of the page."""

    def __init__(self):
        self.calls = []
        self.pi = math.pi

    def __getattr__(self, word):
        if word in WITHIN_2_ULP:
            return lambda *xs: self.noted(word, xs)
        known = word in WORDS or word in ("fsum", "sumprod", "stop")
        return getattr(floats, word) if known and word != "relu" else lambda *xs: TABLE[word].value_of(self, xs)

    def noted(self, word, xs):
        y = getattr(floats, word)(*xs)
        self.calls.append([word, list(map(coded, xs)), coded(y)])
        return y


def op_case(op, xs):
    """An op at a point: its key, operands, what words gave (None where math raises), the value and partials."""
    noted = Recorder()
    y, partials = op.evaluate(list(xs), [True] * len(xs))
    try:
        again = op.value_of(noted, xs)
        if not math.isnan(again):
            op.differentiate(noted, again, xs, [True] * len(xs))
    except (ValueError, ArithmeticError):
        return [op_key(op, len(xs)), list(map(coded, xs)), None], [y, *partials]
    return [op_key(op, len(xs)), list(map(coded, xs)), noted.calls], [y, *partials]


def assert_rules_agree(checked, cases):
    """To the bit where math answers; where NumPy did, in the last digits."""
    found = checked("rules", {"words": WITHIN_2_ULP, "cases": [given for given, _ in cases]})
    for (given, wanted), got in zip(cases, found, strict=True):
        for a, b in zip(wanted, map(decoded, got), strict=True):
            if given[2] is None:
                same = ulps(a, b) == 0 or a == b or math.isclose(a, b, rel_tol=1e-13)
            else:
                same = ulps(float(a), b) == 0
            assert same, (given[0], list(map(decoded, given[1])), a, b)


def test_every_rule_is_the_same_to_the_bit(checked):
    rng = seeded(2)
    ops = [(op, n) for op in TABLE.values() if not op.black_box for n in arities(op)[: 4 if op.many else 1]]
    cases = [op_case(op, xs) for op, n in ops for xs in points(n, rng, 40)]
    assert_rules_agree(checked, cases)


def random_graph(rng):
    """A graph of some twenty nodes of any ops, on leaves and constants."""
    nodes = [Value(rng.uniform(-2, 2), f"x{i}") for i in range(4)] + [Value.constant(rng.uniform(0, 2))]
    ops = [op for op in TABLE.values() if not op.black_box and op.name not in ("expterm", "powterm")]
    for _ in range(20):
        op = rng.choice(ops)
        arity = rng.choice(arities(op)[:4])
        operands = [rng.choice(nodes) for _ in range(arity)]
        made = op(*op.split(operands)) if op.many else op(*operands)
        if math.isfinite(made.data):
            nodes.append(made)
    return sum([v for v in nodes if v.requires_grad], Value(0.5))


def assert_graphs_agree(checked, count):
    rng = seeded(count)
    roots = [random_graph(rng) for _ in range(count)]
    graphs = [reachable([root]) for root in roots]
    cases = [op_case(v.op, [u.data for u in v.operands]) for nodes in graphs for v in nodes if v.op]
    assert_rules_agree(checked, cases)
    views = list(map(scalar_view, roots))
    given = [[graph_data(v), [[None if p is None else coded(p) for p in row] for row in v.partials]] for v in views]
    for view, got in zip(views, checked("sweeps", given), strict=True):
        for wanted, needed, x in zip(view.adjoints, view.needs, map(decoded, got), strict=True):
            assert not needed or ulps(wanted, x) == 0 or wanted == x == 0.0


def test_random_graphs_op_by_op_and_their_sweeps(checked):
    assert_graphs_agree(checked, 30)


@pytest.mark.long
def test_a_thousand_random_graphs(checked):
    assert_graphs_agree(checked, 1000)


def test_fsum_is_rounded_once(checked):
    rng = seeded(3)
    lists = [
        [rng.choice([-1, 1]) * 2.0 ** rng.randint(-60, 60) * rng.random() for _ in range(rng.randint(0, 30))]
        for _ in range(400)
    ]
    lists += [
        [1e16, 1.0, 1e-16],
        [1e308, 1e308, -1e308],
        [math.inf, 1.0],
        [math.inf, -math.inf],
        [0.1] * 10,
        [-0.0, -0.0],
        [],
        [5e-324] * 3,
    ]
    found = checked("sums", [list(map(coded, xs)) for xs in lists])
    for xs, got in zip(lists, found, strict=True):
        wanted = TABLE["fsum"].number(xs)
        assert wanted == decoded(got) or (math.isnan(wanted) and math.isnan(decoded(got))), xs


# --- Texts -----------------------------------------------------------------------------------------------------------

TYPED = [0.0, 1.0, -1.0, 0.25, 17.0]


def assert_told_alike(checked, root, **options):
    listed, modes = {}, {"right": None, "order": "order", "overwrite": "overwrite"}
    for name, mistake in modes.items():
        try:
            listed[name] = steps(root, mistake=mistake, **options)
        except GraphTooLargeError:
            continue
    graph = listed["right"].graph
    given = {
        "graph": graph_data(graph),
        "fold": None if graph.scalars is graph else fold_data(graph),
        "modes": list(listed),
        "lr": options.get("lr"),
        "forward": options.get("forward", False),
        "typed": TYPED,
    }
    found = checked("told", given, ops_of(graph))
    for mode, right in listed.items():
        for step, got in zip(right, found[mode], strict=True):
            asked = [
                [question(step, kind), hint(step, kind), *(judge(step, repr(x), kind).verdict for x in TYPED)]
                for kind in questions(step, 2)
            ]
            texts = [
                step.title,
                step.sentence,
                rule_line(step),
                [as_text(line) for line in lines_of(step)],
                step.mistake,
            ]
            assert [*texts, asked] == got
            assert answers(step)
    paths = Paths(graph, 16)
    for i in range(len(graph.nodes)):
        if graph.needs[i]:
            explanation = Explanation(paths, i)
            assert [explanation.path_lines(path) for path in explanation.paths] == found["paths"][i]
            if explanation.count:
                lines = explanation.sum_lines() if explanation.complete else explanation.share_lines()
                assert lines == found["sums"][i]
            named = Paths(through_nodes(graph, keep=[i]), 16)
            explanation = Explanation(named, named.graph.index[graph.nodes[i]])
            assert [line for path in explanation.paths for line in explanation.path_lines(path)] == found["named"][i]
    return found


@pytest.mark.parametrize("name", ["two_one_one", "three_two_one", "squared", "shared"])
def test_the_page_says_what_python_says(checked, example, name):
    assert_told_alike(checked, example(name)[0], forward=True, lr=0.5)


def test_it_says_so_of_any_ops_and_of_hostile_labels(checked, hostile_labels):
    x, y = Value(0.3, "x"), Value(-1.2, "y{z}</script>")
    root = ag.logsumexp([x, y, x * y]) + ag.maximum(x, y) * ag.clip(x, -1, 1) + ag.gelu(y) / abs(x) - x**-2.5 + x**y % 3
    assert_told_alike(checked, root, forward=True)
    between = ag.cos(x) / (y * y)
    between.label = "m"
    clashing = between + ag.tanh(between) * y
    clashing.label = "c"
    assert_told_alike(checked, ag.cos(between) / (clashing * x) + abs(ag.cos(clashing) - 2.0 / x))
    found = assert_told_alike(checked, ag.fsum([Value(2.0, label) * x for label in hostile_labels]), lr=0.1)
    assert "<script" not in "".join(found["formulas"])


@pytest.mark.parametrize("level", ["scalars", "neurons"])
def test_it_says_so_of_a_network_open_and_folded(checked, level):
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    model.label_parameters()
    assert_told_alike(checked, model([0.5, -1.0]) ** 2, forward=True, lr=0.1, level=level)


def boxes_of(graph):
    """The boxes of a folded graph, as the page makes them."""
    scalars, boxes = graph.scalars, []
    for i, v in enumerate(graph.nodes):
        box = {"at": scalars.index[v], "name": graph.names[i], "a": graph.operands[i]}
        inside = [j for j, u in enumerate(scalars.nodes) if graph.index.get(u) == i]
        if i in graph.folded and graph.leaf[i]:
            box |= {"in": inside, "symbol": graph.symbol(i), "numbers": len(inside)}
        elif i in graph.folded:
            slopes = [graph.slope(i, k).pretty for k in range(len(graph.operands[i]))]
            box |= {"in": inside, "neuron": graph.folded[i].name, "symbol": graph.symbol(i), "slopes": slopes}
            box["formula"] = short(graph.formula(i).pretty)
        elif i in graph.kept:
            box["k"] = graph.kept[i]
        boxes.append(box)
    return boxes


def folding_cases():
    """Roots of networks that fold: of many samples, with a penalty, of many inputs, one network after the other."""
    model, wide = nn.MLP(2, [3, 2, 1], activation="tanh", seed=0), nn.MLP(11, [2, 3], activation="relu", seed=1)
    for network in (model, wide):
        network.label_parameters()
    rows = [[0.5, -1.0], [0.1, 0.2], [-0.3, 0.9]]
    yield ag.fsum([(model(row) - 1.0) ** 2 for row in rows]) / 3.0
    yield (model(rows[0]) - 1.0) ** 2 + 0.1 * model.parameters()[0] ** 2
    yield nn.cross_entropy(wide([0.1 * i for i in range(11)]), 1)
    yield model([model(rows[0]), model(rows[1])])


@pytest.mark.parametrize("case", range(4))
def test_neurons_fold_open_and_change_the_sample_alike(checked, case):
    root = course_view(list(folding_cases())[case])
    first = fold(root)
    last = first.sample[1]
    views = [(k, []) for k in range(1, last + 1)]
    views += [(last, [box.name]) for box in fold(root, sample=last).folded.values() if "neuron" in box.name]
    layer = fold(root, "layer1", last)
    views.append((last, fold_data(layer)["open"]))
    found = checked("folded", {"graph": graph_data(first), "fold": fold_data(first), "views": views}, ops_of(first))
    for (sample, opened), boxes in zip(views, found, strict=True):
        view = fold(root, *opened, sample=sample) if len(opened) < 2 else layer
        assert boxes == boxes_of(view) or not view.folded, (sample, opened)


OPTIMIZERS = [
    (nn.SGD(0.1), True),
    (nn.SGD(0.05, momentum=0.9, nesterov=True, weight_decay=0.01), True),
    (nn.RMSProp(0.02, decay=0.8), True),
    (nn.Adam(0.1), False),  # of its powers of beta each browser has its own last bit
    (nn.AdamW(0.1, weight_decay=0.2), False),
]


@pytest.mark.parametrize(("optimizer", "exact"), OPTIMIZERS, ids=[type(o).__name__ for o, _ in OPTIMIZERS])
def test_updates_are_those_of_python(checked, optimizer, exact):
    """Also where the optimiser has taken steps before: its memory comes along."""
    rng = np.random.default_rng(3)
    weights, gradients = rng.normal(size=4), rng.normal(size=(30, 4))
    ours = copy.deepcopy(optimizer)
    for _ in range(2):
        weights = ours.update(weights, rng.normal(size=4))
    given = {"weights": weights.tolist(), "gradients": gradients.tolist(), **optimizer_data(ours, 4)}
    found = [[decoded(x) for x in row] for row in checked("moves", given, update=recorded_rule(ours))]
    for gradient, row in zip(gradients, found, strict=True):
        weights = ours.update(weights, gradient)
        assert row == (weights.tolist() if exact else pytest.approx(weights, rel=1e-13))


def test_only_a_rule_that_is_a_formula_is_recorded():
    class Noisy(nn.SGD):
        def rule(self, w, g, memory):
            return w - self.lr * g + np.random.default_rng().normal(), memory

    class Halting(nn.SGD):
        def rule(self, w, g, memory):
            return (w if self.steps > 2 else w - self.lr * g), memory

    for optimizer in (Noisy(), Halting(), nn.SGD(clip_norm=1.0), nn.SGD(clip_value=0.1), object(), None):
        assert recorded_rule(optimizer) is None


def test_every_formula_and_slope_is_written_alike(checked):
    ops = {key: pair for key, pair in typeable_ops().items() if pair[1] <= 4}
    names = ["a", "b", "c", "d"]
    found = checked("formulas", [[key, names[:n]] for key, (_, n) in ops.items()], ops)
    for (op, n), got in zip(ops.values(), found, strict=True):
        operands = names[:n]
        assert [op.formula(*operands).pretty, *(op.slope(i, "y", *operands).pretty for i in range(n))] == got


def test_the_header_of_the_page_is_written_alike(in_node, example):
    root = example("two_one_one")[0]
    graph = scalar_view(root)
    page = script("what_if").split("function wholeFormula", 1)[1].split("\nfunction ", 1)[0]
    text = f"const graph=new Graph(given),given_=graph.given;\nfunction wholeFormula{page}".replace(
        "given[box.at]", "given_[box.at]"
    )
    assert in_node(
        engine(ops_of(graph)) + text + "\nconsole.log(JSON.stringify(wholeFormula()));", graph_data(graph)
    ) == whole_formula(graph)


def test_numbers_are_written_as_python_writes_them(checked):
    rng = seeded(4)
    numbers = [rng.gauss(0, 1) * 10 ** rng.uniform(-12, 12) for _ in range(1500)]
    numbers += [n / 2**k for n in range(1, 200, 7) for k in range(12)]  # exact ties among them
    numbers += [0.0, -0.0, 9999.5, 99995.0, 0.99995, 1e-5, 0.0001, 1e300, 5e-324, 123456.5, 2.5, 1234.5, 1235.5]
    pairs = list(itertools.pairwise(numbers))
    found, digits = checked("numbers", numbers)
    assert found == [[pretty_number(x, d) for d in (1, 3, 4, 5, 8)] for x in numbers]
    assert digits == [[agreeing_digits([a, b], a + b), changing_digits(a, a + b * 1e-3)] for a, b in pairs]


def test_typed_arithmetic_is_read_alike_and_never_run(checked):
    texts = [
        "1/2",
        "-0.518*0.45",
        "−0,5 · (2 + 1)",
        " 3 ",
        ".5",
        "2.",
        "1e-3",
        "--2",
        "(((1)))",
        "1/0",
        "",
        "1+",
        "(1",
        "2**3",
        "x",
        "1 2",
    ]
    texts += ["__import__('os')", "alert(1)", "1;2", "9" * 300, "nan", "1e999", "0x10", "1_000", "a.b", "`1`", "1,5"]
    found = checked("typed", texts)
    for text, got in zip(texts, found, strict=True):
        if text not in ("0x10", "1_000"):  # Python's own spellings
            assert got == typed_number(text), text
