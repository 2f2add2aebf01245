"""Checks: whether a gradient is right, where a NaN came from, what looks unhealthy.

=================== =====================================================================
module              what is there
=================== =====================================================================
`quotients`         difference quotients
`gradient_check`    check_gradients: reverse mode against difference quotients
`nonfinite`         find_nonfinite: the first node that is not finite
`linting`           lint: what looks unhealthy although every number is finite
`lint_graph`        input and output of its rules
`lint_units`        rules about units: saturated, dead
`lint_numbers`      rules about numbers: edges, overflow, cancellation, logits
`lint_paths`        rules about gradients: lost, vanishing, exploding
`lint_training`     rules about training by hand: accumulated gradients, identical units
`wording`           nodes in messages
=================== =====================================================================
"""

from autograd_lite.checks.gradient_check import GradientCheck as GradientCheck
from autograd_lite.checks.gradient_check import GradientReport as GradientReport
from autograd_lite.checks.gradient_check import Suspect as Suspect
from autograd_lite.checks.gradient_check import check_gradients as check_gradients
from autograd_lite.checks.lint_graph import Finding as Finding
from autograd_lite.checks.linting import LintReport as LintReport
from autograd_lite.checks.linting import lint as lint
from autograd_lite.checks.nonfinite import NonFinite as NonFinite
from autograd_lite.checks.nonfinite import find_nonfinite as find_nonfinite

__all__ = [
    "Finding",
    "GradientCheck",
    "GradientReport",
    "LintReport",
    "NonFinite",
    "Suspect",
    "check_gradients",
    "find_nonfinite",
    "lint",
]
