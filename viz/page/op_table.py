"""The op table as JavaScript: every rule printed once, for the page that computes.

A rule runs on names that record what is done with them, and the record is printed as a function of a namespace ``X``,
as the rule itself is one: the same text gives numbers in the namespace ``N`` and formulas in ``S``. What a word is in
JavaScript stands in `compiler.primitives`; the few that are algorithms stand in ``scripts/words.js``, with the
functions of `special` printed beside them.

An op of many operands is printed for as many as are asked for: ``sumprod/4`` has two weights and two inputs.

Types: ``Any`` stands for what a rule mixes: numbers and recorded operations.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from autograd_lite import special
from autograd_lite.compiler.primitives import WORDS
from autograd_lite.formulas import NOTATION
from autograd_lite.op import TABLE, Op, ScaledOp

from .text import script_json

__all__ = ["Term", "arities", "op_key", "printed_table", "typeable_ops"]

MATH = frozenset(
    ["sqrt", "log", "log1p", "log2", "log10", "exp", "expm1", "floor", "sin", "cos", "tan", "asin", "acos", "atan"]
) | {"atan2", "sinh", "cosh", "asinh", "acosh", "atanh", "hypot"}
LETTERS = "abcd"
SPECIAL = frozenset(["erf", "erfc", "gauss", "normal_pdf", "normal_cdf"])
MOST_TYPED = 12  # operands of an op of many that are typed in the page


# --- Recording a rule ------------------------------------------------------------------------------------------------


class Term:
    """An operation that a rule did: a word and its operands, or a name; to NumPy, a number."""

    __slots__ = ("operands", "word")
    shape: ClassVar[tuple[int, ...]] = ()

    def __init__(self, word: str, operands: tuple[Any, ...] = ()) -> None:
        self.word, self.operands = word, operands

    def __neg__(self) -> Term:
        return Term("neg", (self,))

    def __bool__(self) -> bool:
        raise TypeError("a rule that is recorded cannot branch on its operands")

    def sqrt(self) -> Term:
        """What NumPy calls for the root."""
        return Term("sqrt", (self,))


def _operator(word: str, *, reflected: bool) -> Callable[[Any, Any], Term]:
    return lambda a, b: Term(word, (b, a) if reflected else (a, b))


for _name, _word in {"add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "pow": "pow"}.items():
    setattr(Term, f"__{_name}__", _operator(_word, reflected=False))
    setattr(Term, f"__r{_name}__", _operator(_word, reflected=True))


class _Recorder:
    """The namespace of recorded operations: each word makes a term."""

    pi = Term("pi")

    def __getattr__(self, word: str) -> Callable[..., Term]:
        return lambda *operands: Term(word, tuple(tuple(x) if _is_sequence(x) else x for x in operands))


RECORDER = _Recorder()


def _is_sequence(thing: Any) -> bool:
    return isinstance(thing, (list, tuple, map))


# --- Printing what was recorded --------------------------------------------------------------------------------------


class _Printer:
    """Prints one function; what is used more than once gets a name. It keeps the words that it met."""

    def __init__(self) -> None:
        self.words: dict[str, None] = {}

    def function(self, parameters: Sequence[str], result: Any) -> str:
        """An arrow function of a namespace and these parameters, with a term, a number or a list as its result."""
        uses: Counter[int] = Counter()
        self._count(result, uses)
        lines: list[str] = []
        names: dict[int, str] = {}
        shown = self._shown(result, uses, names, lines)
        head = f"({','.join(['X', *parameters])})=>"
        return f"{head}{shown}" if not lines else f"{head}{{const {','.join(lines)};return {shown}}}"

    def _count(self, thing: Any, uses: Counter[int]) -> None:
        for part in thing if _is_sequence(thing) else (thing,):
            if _is_sequence(part):
                self._count(part, uses)
            elif isinstance(part, Term):
                uses[id(part)] += 1
                if uses[id(part)] == 1:
                    self._count(part.operands, uses)

    def _shown(self, thing: Any, uses: Counter[int], names: dict[int, str], lines: list[str]) -> str:
        if _is_sequence(thing):
            return f"[{','.join(self._shown(x, uses, names, lines) for x in thing)}]"
        if not isinstance(thing, Term):
            return _number(float(thing))
        if id(thing) in names:
            return names[id(thing)]
        if not thing.operands:
            return f"X.{thing.word}" if thing.word == "pi" else thing.word
        self.words[thing.word] = None
        text = f"X.{thing.word}({','.join(self._shown(x, uses, names, lines) for x in thing.operands)})"
        if uses[id(thing)] == 1:
            return text
        names[id(thing)] = f"t{len(names)}"
        lines.append(f"{names[id(thing)]}={text}")
        return names[id(thing)]


def _number(x: float) -> str:
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return repr(x).removesuffix(".0")


# --- Ops -------------------------------------------------------------------------------------------------------------


def op_key(op: Op, arity: int) -> str:
    """The key of an op in the page: its name, and of many operands also how many."""
    return f"{op.name}/{arity}" if op.many else op.name


def typeable_ops() -> dict[str, tuple[Op, int]]:
    """All ops that can be typed in the page, by their keys; of many operands up to a dozen."""
    return {op_key(op, n): (op, n) for op in TABLE.values() if not op.black_box for n in arities(op)}


def arities(op: Op) -> list[int]:
    """How many operands an op is printed for."""
    if not op.many:
        return [len(op.operand_names)]
    step = len(op.operand_names)
    return list(range(step, MOST_TYPED * step + 1, step))


def _printed_op(op: Op, arity: int, printer: _Printer) -> str:
    """One op as an object: sign, value, partials, the partials as they are taught, and what the page asks of it."""
    operands = [Term(f"x{k}") for k in range(arity)]
    parameters = [x.word for x in operands]
    y, needs = Term("y"), [True] * arity
    taught = [op.taught.get(name, rule) for name, rule in zip(op.operand_names, op.partials, strict=True)]
    fields = {
        "n": script_json(op.name),
        "s": script_json(op.symbol),
        "v": printer.function(parameters, op.value_of(RECORDER, operands)),
        "p": printer.function(["y", *parameters], op.differentiate(RECORDER, y, operands, needs)),
        "k": script_json(op.operand_names),
    }
    if op.taught:
        fields["t"] = printer.function(["y", *parameters], op.differentiate(RECORDER, y, operands, needs, taught))
    if op.infix:
        fields["i"] = "1"
    if isinstance(op, ScaledOp):
        fields["b"] = "1"
    if op.piecewise_constant:
        fields["z"] = "1"
    if not op.many and any(interval != (-math.inf, math.inf) for interval in op.domain.values()):
        intervals = [f"[{_number(low)},{_number(high)}]" for low, high in op.domain.values()]
        fields["d"] = f"[{','.join(intervals)}]"
    if op.defaults:
        fields["o"] = f"[{','.join(map(_number, op.defaults))}]"
    return "{" + ",".join(f"{name}:{text}" for name, text in fields.items()) + "}"


def printed_table(needed: Iterable[tuple[Op, int]], update: tuple[list[str], list[Any]] | None = None) -> str:
    """The rows of these ops, and all that their rules call: ``const OPS``, the words ``N``, the notation ``NOTATION``.

    And ``const UPDATE``, the rule of an optimiser that was recorded, or null.

    Examples
    --------
    >>> print(printed_table([(TABLE["mul"], 2)]).splitlines()[0])
    const OPS={"mul":{n:"mul",s:"×",v:(X,x0,x1)=>X.mul(x0,x1),p:(X,y,x0,x1)=>[x1,x0],k:["a","b"],i:1}};
    """
    printer = _Printer()
    rows = {op_key(op, arity): _printed_op(op, arity, printer) for op, arity in needed if not op.black_box}
    rule = printer.function(*update) if update else "null"
    words: dict[str, str] = {}
    helpers: list[str] = []
    while missing := [name for name in printer.words if name not in words]:
        for name in missing:
            words[name] = _printed_word(name, printer, rows)
            if name in SPECIAL and not helpers:
                helpers = _printed_special(printer)
    known = {"pi", *words, *(key.partition("/")[0] for key in rows)}
    notes = {name: note for name, note in NOTATION.items() if name in known}
    notation = [
        {name: note.pretty for name, note in notes.items() if note.pretty},
        {name: note.latex for name, note in notes.items() if note.latex},
        {name: note.operand_names for name, note in notes.items()},
    ]
    return "\n".join(
        [
            f"const OPS={{{','.join(f'{script_json(key)}:{text}' for key, text in rows.items())}}};",
            *helpers,
            f"const N={{pi:Math.PI,{','.join(f'{name}:{text}' for name, text in words.items())}}};",
            f"const NOTATION={script_json(notation)};",
            f"const UPDATE={rule};",
        ]
    )


def _printed_word(name: str, printer: _Printer, rows: dict[str, str]) -> str:
    """A word on numbers: by its sign, its text, its function of Math, or as the op of that name."""
    row = WORDS.get(name)
    if name in ("maximum", "minimum", "hypot", "fsum", "sumprod", "stop"):  # of any number of operands
        return {"hypot": "Math.hypot", "stop": "a=>a"}.get(name, name)
    if row is not None:
        parameters = ",".join(LETTERS[: row.arity])
        signed = f"{row.infix}a" if row.arity == 1 else f"a {row.infix} b"
        text = row.javascript or (f"+({signed})" if row.comparison else signed if row.infix else "")
        if text:
            return f"({parameters})=>{text.replace('==', '===') if row.comparison and row.infix == '==' else text}"
        if row.libm in MATH:
            return f"Math.{row.libm}"
    op = TABLE[name]
    arity = len(op.operand_names)
    if name not in rows:
        rows[name] = _printed_op(op, arity, printer)
    return f"(...x)=>OPS.{name}.v(N,...x)"


def _printed_special(printer: _Printer) -> list[str]:
    """The functions of `special` that are formulas."""
    x: Any = Term("x")
    pieces = [f"[{_number(bound)},{printer.function(['x'], piece(RECORDER, x))}]" for bound, piece in special.PIECES]
    near = printer.function(["x"], x + x * special.polynomial(special.SMALL, x * x))
    whole = [special.gauss, special.normal_pdf, special.normal_cdf]
    return [
        f"const ERFC_PIECES=[{','.join(pieces)}],ERF_NEAR=[{_number(special.NEAR_FROM)},{near}];",
        *(f"const {f.__name__}={printer.function(['x'], f(RECORDER, x))};" for f in whole),
    ]
