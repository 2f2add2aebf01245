"""Checks: is a gradient right, where did a NaN come from.

=================== =====================================================================
module              what is there
=================== =====================================================================
`quotients`         derivatives from differences alone
`gradient_check`    check_gradients: reverse mode against those
`nonfinite`         find_nonfinite: the node that first went wrong
`wording`           nodes as messages name them
=================== =====================================================================
"""

from autograd_lite.checks.gradient_check import GradientCheck as GradientCheck
from autograd_lite.checks.gradient_check import GradientReport as GradientReport
from autograd_lite.checks.gradient_check import Suspect as Suspect
from autograd_lite.checks.gradient_check import check_gradients as check_gradients
from autograd_lite.checks.nonfinite import NonFinite as NonFinite
from autograd_lite.checks.nonfinite import find_nonfinite as find_nonfinite

__all__ = ["GradientCheck", "GradientReport", "NonFinite", "Suspect", "check_gradients", "find_nonfinite"]
