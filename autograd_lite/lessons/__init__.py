"""Tools for lessons: find the wrong line of a worked example or of a derivation, grade an engine, ask questions.

=================== =====================================================================
module              what is there
=================== =====================================================================
`notation`          formulas as people write them, read into trees
`evaluation`        such trees evaluated as graphs of Values
`printed`           printed numbers: exact, rounded, cut, or another number
`edits`             small edits of a formula: the slips that people make
`chain_rule`        the factors of a derivative along its paths
`alignment`         printed factors beside those of the graph
`causes`            candidates for what led to a wrong number
`example_text`      worked examples: how they are written
`examples`          verify_example
`derivation_text`   derivations: how they are written
`points`            their lines evaluated at random points
`missing_parts`     what is missing in a wrong line, and stands in the lines before
`derivations`       verify_derivation
`errata`            the worked examples and derivations of a course, and the list of their slips
`grading`           laws against an engine of one's own
`quiz`              questions with clean numbers, and the likely cause of a wrong answer
=================== =====================================================================
"""

from autograd_lite.lessons.derivations import DerivationReport as DerivationReport
from autograd_lite.lessons.derivations import verify_derivation as verify_derivation
from autograd_lite.lessons.examples import ExampleReport as ExampleReport
from autograd_lite.lessons.examples import verify_example as verify_example

__all__ = ["DerivationReport", "ExampleReport", "verify_derivation", "verify_example"]
