"""Grade an engine: laws that any ``Value`` with ``.data``, ``.grad``, ``.backward()`` and operators should keep.

=================== =====================================================================
module              what is there
=================== =====================================================================
`programs`          small programs that engines are tried on
`flaws`             misconceptions, simulated
`engine_under_test` somebody's engine: loaded, probed, run
`laws`              the laws, and the search for the smallest program that breaks one
`child`             the process in which all that happens
`report`            verdicts as text, JSON and JUnit
`session`           grade: start the child, within limits of time and memory
=================== =====================================================================
"""

from autograd_lite.lessons.grading.report import GradeReport as GradeReport
from autograd_lite.lessons.grading.session import grade as grade

__all__ = ["GradeReport", "grade"]
