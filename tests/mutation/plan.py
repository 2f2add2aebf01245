"""Which files are mutated, and which tests are asked about each, in stages: the cheapest and most lethal first.

Left out are tests that start other processes (which would import the files as they are), browsers and measurements. Of
`tests/engine/test_laws.py` only the laws of the ops in `ROWS` are tried, or of the op whose row was changed.
"""

from __future__ import annotations

Stages = list[list[str]]

DOCTEST = "tests/project/test_doctests.py::test_docstrings[autograd_lite.{}]"
MESSAGES = "tests/project/test_messages.py"
EDGES = [MESSAGES, "tests/engine/test_formulas.py", "tests/engine/test_edges.py", "tests/engine/test_value.py"]
NUMBERS = ["tests/engine/test_reference_numbers.py", "tests/engine/test_micrograd.py", "tests/engine/test_textbook.py"]
LAWS = ["tests/engine/test_laws.py"]
GRAPHS = [
    "tests/engine/test_adding_an_op.py",
    "tests/engine/test_source_lines.py",
    "tests/project/test_public_names.py",
    "tests/engine/test_accuracy.py",
    "tests/compiler/test_edges_compiled.py",
    "tests/compiler/test_compiled_inputs.py",
    "tests/compiler/test_compiled_transforms.py",
    "tests/compiler/test_compiled_errors.py",
    "tests/compiler/test_source.py",
    "tests/transforms/test_derivatives.py",
    "tests/transforms/test_traced.py",
    "tests/checks/test_nonfinite.py",
    *[f"tests/engine/test_expression_graphs.py::test_random_graphs[{block}]" for block in range(3)],
]
SHOWN = [
    "tests/viz/graphs/test_names.py",
    "tests/viz/explain/test_explanation.py",
    "tests/viz/steps/test_stepping.py",
    "tests/viz/writers/test_writers.py",
    "tests/viz/graphs/test_folding.py",
]
TRAINED = ["tests/nn/test_course_networks.py", "tests/nn/training/test_fit.py"]
TRAINED += ["tests/nn/training/test_compiled_fit.py", "tests/nn/networks/test_weighted_sums.py"]


ROBUST = "tests/engine/test_robustness.py::test_{}"
SWEEPS = [  # without the graphs of a million nodes
    ROBUST.format("a_node_is_visited_once_however_many_paths_lead_to_it"),
    ROBUST.format("the_first_node_of_a_process_is_a_node"),
    ROBUST.format("k_sweeps_add_the_same_gradient_k_times"),
    ROBUST.format("seed_scales_the_sweep"),
    ROBUST.format("a_change_of_data_cannot_change_the_gradients_of_a_finished_pass"),
    ROBUST.format("a_second_derivative_over_changed_data_is_refused"),
    ROBUST.format("two_losses_share_a_graph"),
    ROBUST.format("gradients_leave_every_grad_alone"),
    ROBUST.format("a_sweep_from_a_leaf_is_its_seed"),
    ROBUST.format("what_does_not_depend_on_it_has_gradient_zero"),
    ROBUST.format("a_copied_graph_is_independent"),
    ROBUST.format("a_copied_pair_shares_its_leaf"),
    ROBUST.format("ten_thousand_steps_leave_nothing_for_the_collector"),
    ROBUST.format("graphs_of_gradients_leave_nothing_for_the_collector"),
]


def engine(name: str, *more: str) -> Stages:
    """The tests of a file of the engine."""
    return [[DOCTEST.format(name), *EDGES], NUMBERS, LAWS, [*GRAPHS, *more]]


def networks(name: str, *tests: str) -> Stages:
    """The tests of a file of nn."""
    return [[*tests, MESSAGES, DOCTEST.format(f"nn.{name}")], TRAINED]


PLAN: dict[str, Stages] = {
    "autograd_lite/engine.py": engine("engine", *SWEEPS),
    "autograd_lite/reverse.py": engine("reverse", *SWEEPS),
    "autograd_lite/copying.py": [[DOCTEST.format("copying"), "tests/engine/test_robustness.py"]],
    "autograd_lite/op.py": engine("op"),
    "autograd_lite/node.py": engine("node"),
    "autograd_lite/definition.py": engine("definition"),
    "autograd_lite/ops.py": engine("ops"),
    "autograd_lite/special.py": [["tests/engine/test_special.py"], *engine("special")],
    "autograd_lite/formulas.py": [["tests/engine/test_expressions.py"], *engine("formulas", *SHOWN)],
    "nn/losses/loss.py": networks("losses.loss", "tests/nn/losses/test_losses.py"),
    "nn/losses/squared_errors.py": networks("losses.squared_errors", "tests/nn/losses/test_losses.py"),
    "nn/losses/classification.py": networks("losses.classification", "tests/nn/losses/test_losses.py"),
    "nn/optimizers/optimizer.py": networks("optimizers.optimizer", "tests/nn/optimizers/test_optimizers.py"),
    "nn/optimizers/adaptive.py": networks("optimizers.adaptive", "tests/nn/optimizers/test_optimizers.py"),
    "nn/optimizers/named.py": networks("optimizers.named", "tests/nn/optimizers/test_optimizers.py"),
    "nn/optimizers/schedules.py": networks("optimizers.schedules", "tests/nn/optimizers/test_optimizers.py"),
}

ROWS = {
    "autograd_lite/special.py": {"erf", "erfc", "gauss", "normal_pdf", "normal_cdf", "gelu"},
    "autograd_lite/ops.py": {"pow", "powterm", "maximum", "hypot", "arctan2", "logsumexp"},  # what rows share
    "autograd_lite/op.py": {"mul", "sigmoid", "relu", "leaky_relu", "maximum", "sumprod"},
    "autograd_lite/node.py": {"mul", "pow", "neg", "abs"},
    "autograd_lite/engine.py": {"mul", "pow", "tanh", "relu", "maximum", "sumprod"},
    "autograd_lite/reverse.py": {"mul", "pow", "tanh", "where", "maximum", "sumprod"},
    "autograd_lite/formulas.py": {"div", "pow", "abs", "sqrt", "tanh", "arctan2", "logsumexp", "sumprod", "gauss"},
}
