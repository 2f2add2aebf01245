"""Labels, names and keys are anyone's text: in whatever they end up, they are shown, and nothing obeys them.

A sink is one line of `SINKS`: what writes a graph that is labelled with a text, and what reads the skeleton of what was
written. The law: a hostile text leaves the skeleton as a harmless one does.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import io
import json
import re
import shutil
import string
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, viz
from autograd_lite.cli import main
from autograd_lite.compiler.backends import native
from autograd_lite.definition import primitive
from autograd_lite.formulas import NOTATION
from autograd_lite.lessons.grading.laws import Result
from autograd_lite.lessons.grading.report import GradeReport
from autograd_lite.namespaces import arrays, floats, values
from autograd_lite.text import assembled, identifier, in_comment

FLAG = "a_text_was_executed"
RUNS = (
    f"setattr(__import__('builtins'), '{FLAG}', True)"  # without a dot: what follows the last one is taken for a name
)
ENDS_OF_LINES = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
HOSTILE = [
    *(f"w{end}        {RUNS}#" for end in ENDS_OF_LINES),
    f"w\r\n{RUNS}\r\n#",
    f"1;{RUNS};x",
    f'"""\n{RUNS}\n"""',
    "nul\0",
    "\ud800 lone \udfff",
    "\u202eevil",
    "\x1b[31m\x1b]0;title\x07",
    "*/ abort(); /*",
    "// ??/",
    "backslash\\",
    "\\N\\l\\",
    "${jndi} {0} %s %(x)s",
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "a'b&amp;&#10;",
    "]]> --> <!--",
    "> [x label=owned]; a -> b //",
    r"\input{/etc/passwd} $x$ 50% a_b & #1 ~ ^ {",
    "}} \\end{align*} \\write18{ls}",
    "``` \n# heading\n[link](javascript:alert(1)) **b** |",
    "x" * 5000,
    "😀👩\u200d🔬 é́ ﷽",
    *(
        "float",
        "lambda",
        "None",
        "__debug__",
        "run",
        "build",
        "result",
        "add",
        "add_reduce",
        "exp_",
        "tanh",
        "nan",
        "n",
        "n1",
    ),
    *(
        "sum",
        "view",
        "empty",
        "take",
        "einsum",
        "unused_0",
        "leaves",
        "leaves_given",
        "x_in",
        "x_given",
        "v2",
        "work",
        "part",
    ),
]


# --- Graphs and programs labelled with a text ------------------------------------------------------------------------


def graph(text: str) -> Value:
    """A small graph in which leaf, node and root are called like this, and a leaf as parameters of layers are."""
    w, x = Value(0.5, text), Value.constant(2.0, f"x{text}")
    hidden = (w * x + Value(-0.25, f"layer1.{text}")).tanh()
    hidden.label = text
    root = hidden * hidden + w
    root.label = text
    root.backward()
    return root


def floats_source(text: str) -> str:
    """The source of a program on floats; compiled, it gives the numbers of the eager function."""
    w, b = Value(0.5, text), Value(0.25, f"layer1.neuron1.{text}")

    def f(given):
        y = (w * given[text] + b) * given["x"]
        y.label = text
        return ag.tanh(y) + y * ag.exp(w)

    return _compiled(f, {text: 2.0, "x": 3.0})


def arrays_source(text: str, backend: str = "auto") -> str:
    """The source of a program on arrays: a layer over a batch, and what is called by words of the source."""
    w = [[Value(0.1 * (i + j), f"layer1.neuron{i}.{text}{j}") for j in range(3)] for i in range(4)]
    b = [Value(0.5 * i, f"layer1.neuron{i}.b{text}") for i in range(4)]
    c = Value(1.5, text)

    def row(x):
        z = [ag.sumprod(w_i, x) + b_i for w_i, b_i in zip(w, b, strict=True)]
        for z_i in z:
            z_i.label = text
        return ag.fsum([ag.tanh(z_i) for z_i in z]) * ag.exp(c)

    def f(given):
        return ag.batch_mean(row, batch=(0,))(given)

    return _compiled(f, np.arange(6.0).reshape(2, 3), wrt=[c, *b, *w[0]], backend=backend)


def example_titled(text: str) -> dict[str, Any]:
    """A worked example of which title and numbers of lines are a text."""
    lines = [{"id": text, "line": "w = 1"}, {"id": text, "line": "w = 2"}]
    return {"title": text or "-", "given": {"w": 1.0}, "lines": lines}


def grade_of(text: str) -> GradeReport:
    """A report on a file and errors called like this."""
    failed = [Result(text, status, core, message=text) for status in ("failed", "not there") for core in (True, False)]
    return GradeReport(text, tuple(failed), stopped=text)


def _compiled(f: Callable[..., Any], *arguments: Any, wrt: Any = None, backend: str = "auto") -> str:
    differentiated = ag.value_and_grad(f, wrt=wrt) if wrt else ag.value_and_grad(f)
    fast = ag.compile(differentiated, backend=backend)
    for compiled, wanted in zip(_numbers(fast(*arguments)), _numbers(differentiated(*arguments)), strict=True):
        assert compiled == pytest.approx(wanted, rel=1e-12)
    is_python = backend == "auto" and fast.program.backend == "native"  # where "auto" may take machine code
    return fast.numpy_source if is_python else fast.source


def _numbers(result: Any) -> list[float]:
    if isinstance(result, dict):
        return [x for part in result.values() for x in _numbers(part)]
    if isinstance(result, (list, tuple, np.ndarray)):
        return [x for part in result for x in _numbers(part)]
    return [float(result)]


def saved(ending: str) -> Callable[[str], str]:
    """What the steps of a graph are in a file of this kind."""

    def write(text: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            file = viz.steps(graph(text), forward=True, lr=0.1).save(Path(folder) / f"steps{ending}")
            return file.read_text(encoding="utf-8")

    return write


# --- Skeletons: what is left of a text without names and words -------------------------------------------------------


def python(source: str) -> str:
    """The syntax tree without names and numbers; nothing but printable ASCII outside comments."""
    assert all(c.isprintable() or c == "\n" for c in source)
    assert all(line.split("#")[0].isascii() for line in source.split("\n"))
    return re.sub(r"(id|arg|name)='\w+'", r"\1", ast.dump(ast.parse(source)))


def dot(source: str) -> list[Any]:
    """The statements without the values of attributes, and the elements of the labels."""
    assert all(c.isprintable() or c in "\n\t\u200d" for c in source)
    label = re.compile("=<(<TABLE.*?</TABLE>)>")
    bare = re.sub(r'=(?:"(?:\\.|[^"\\])*"|[\w.]+)', "=", label.sub("=", source))
    return [bare, *map(xml, label.findall(source))]


def xml(source: str) -> list[Any]:
    """The elements and the names of their attributes, in order."""
    return [(e.tag, sorted(e.keys())) for e in ET.fromstring(source.encode("utf-8")).iter()]  # noqa: S314 - our own


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[Any] = []
        self.data = ""
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))
        self._in_data = tag == "script" and ("type", "application/json") in attrs

    def handle_data(self, data: str) -> None:
        self.data += data if self._in_data else ""


def html(source: str) -> list[Any]:
    """The elements and the names of their attributes, and the shape of the JSON among them."""
    parser = _Elements()
    parser.feed(source)
    assert parser.data
    return [*parser.seen, shape(json.loads(parser.data))]


def shape(data: Any) -> Any:
    """The containers of JSON; of a token of arithmetic, its kind too, but no text."""
    if isinstance(data, dict):
        return {key: shape(x) for key, x in data.items()}
    return [shape(x) for x in data] if isinstance(data, list) else type(data).__name__


def latex(source: str) -> list[Any]:
    """The commands that do more than typeset a character, and brackets that match."""
    body = source[max(0, source.find(r"\begin{document}")) :]
    plain = re.sub(r"\\[\\{}%#$&_^~]", "", body)
    assert not re.search("[%#]", plain)
    depths = np.cumsum([{"{": 1, "}": -1}.get(c, 0) for c in plain])
    assert depths.min() >= 0
    assert depths[-1] == 0
    typeset = {
        "backslash",
        "hat",
        "sim",
        "lt",
        "gt",
        "textbackslash",
        "dots",
        "mathrm",
        "cdot",
        "to",
        "partial",
        "infty",
    }
    return sorted(set(re.findall(r"\\([A-Za-z]+)", plain)) - typeset)


def markdown(source: str) -> list[Any]:
    """The headings outside of code; no element, no link."""
    outside = re.sub(r"(`{3,})text\n.*?\n\1(?!`)", "", source, flags=re.DOTALL)
    plain = re.sub(r"\\.", "", outside)
    assert not re.search(r"[<>`]|\]\(", plain)
    return [re.match("#*", line)[0] for line in plain.split("\n") if line.startswith("#")]


def terminal(source: str) -> int:
    """The number of lines; nothing that commands a terminal."""
    assert all(c.isprintable() or c in "\n\u200c\u200d" for c in source)
    return source.count("\n")


def command(*arguments: str) -> Callable[[str], str]:
    """What a command prints; braces among its arguments stand for the text, as a name of a file."""

    def write(text: str) -> str:
        said = io.StringIO()
        redirected = contextlib.redirect_stdout(said), contextlib.redirect_stderr(said)
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), redirected[0], redirected[1]:
            main([argument.replace("{}", text.replace("/", "")) for argument in arguments])
        return said.getvalue()

    return write


def named_so(text):
    """A function whose name is a text."""

    def f(x):
        return x * x

    f.__name__ = text
    return f


class Sink(NamedTuple):
    """Something that a text ends up in."""

    write: Callable[[str], str]
    skeleton: Callable[[str], Any]
    needs_graphviz: bool = False

    def of(self, text: str) -> Any:
        """The skeleton of what is written with a text."""
        return self.skeleton(self.write(text))

    @functools.cache  # noqa: B019 - a sink is one line of a table
    def of_harmless(self) -> Any:
        return self.of("harmless")


SINKS = {
    "Python on floats": Sink(floats_source, python),
    "Python on arrays": Sink(arrays_source, python),
    "DOT": Sink(lambda text: viz.draw(graph(text)).dot, dot),
    "SVG": Sink(lambda text: viz.draw(graph(text)).svg, xml, needs_graphviz=True),
    "DOT of calls": Sink(
        lambda text: viz.draw(lambda d: d[text] * d[text], ({text: 2.0},), level="functions").dot, dot
    ),
    "page of calls": Sink(
        lambda text: viz.calls(lambda d: d[text] * d[text], ({text: 2.0},))._repr_mimebundle_()["text/html"],
        lambda source: html(unescape(source.split('srcdoc="')[1].split('" style')[0])),
    ),
    "steps by calls": Sink(
        lambda text: str(viz.steps(lambda d: d[text] * d[text], ({text: 2.0},), level="functions")), terminal
    ),
    "explanation by calls": Sink(
        lambda text: str(viz.explain(named_so(text), args=(2.0,))) + str(viz.explain(named_so(text), "x", args=(2.0,))),
        terminal,
    ),
    "table of an explanation by calls": Sink(
        lambda text: viz.explain(lambda d: d[text] * d[text], args=({text: 2.0},)).markdown,
        lambda text: text.count("<script"),
    ),
    "PNG": Sink(lambda text: viz.draw(graph(text)).png(0.2).decode("latin1")[:8], str, needs_graphviz=True),
    "page": Sink(saved(".html"), html, needs_graphviz=True),
    "playground": Sink(lambda text: viz.play(text, {text: 2.0}).html, html),
    "LaTeX steps": Sink(saved(".tex"), latex),
    "LaTeX explanation": Sink(lambda text: viz.explain(graph(text)).latex, latex),
    "Markdown": Sink(saved(".md"), markdown),
    "transcript": Sink(lambda text: viz.steps(graph(text), forward=True).transcript(), terminal),
    "explanation": Sink(lambda text: str(viz.explain(graph(text))), terminal),
    "explanation in Markdown": Sink(lambda text: viz.explain(graph(text)).markdown, lambda text: text.count("<script")),
    "name of a picture": Sink(command("draw", "a * a", "a=1", "-o", "./{}.dot"), terminal),
    "name of steps": Sink(command("step", "a * a", "a=1", "-o", "./{}.txt"), terminal),
    "name of a file that is not there": Sink(command("show", "file {}"), terminal),
    "worked example": Sink(lambda text: str(ag.verify_example(example_titled(text))), terminal),
    "derivation": Sink(lambda text: str(ag.verify_derivation(f"# {''.join(text.splitlines())}\na + a = 2a")), terminal),
    "name of a derivation that is not there": Sink(command("verify", "file {}"), terminal),
    "grade": Sink(lambda text: str(grade_of(text)), terminal),
    "grade as JUnit": Sink(lambda text: grade_of(text).junit(), xml),
    "lint": Sink(lambda text: str(ag.lint(graph(text))), terminal),
    "check": Sink(lambda text: str(ag.check_gradients(lambda d: d[text] * d[text], {text: 2.0})), terminal),
}
if not native.missing():
    SINKS["LLVM"] = Sink(lambda text: arrays_source(text, backend="native"), str)  # no text gets into it at all


@pytest.fixture(params=SINKS)
def sink(request) -> Sink:
    found = SINKS[request.param]
    if found.needs_graphviz and not shutil.which("dot"):
        pytest.importorskip("pygraphviz")
    return found


@pytest.fixture(autouse=True)
def _nothing_runs(monkeypatch):
    monkeypatch.setattr(builtins, FLAG, False, raising=False)
    yield
    assert not getattr(builtins, FLAG), "a text was executed"


# --- The laws --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[1:30])
def test_a_hostile_text_changes_no_skeleton(sink, text):
    assert sink.of(text) == sink.of_harmless()


@settings(max_examples=20)
@example(text="−→·∂∞…✓")
@example(text="-")  # not an option of the command
@given(text=st.text(st.characters() | st.sampled_from([*ENDS_OF_LINES, *"\0\x1b\\{}<>#\"'*/`$%&"]), max_size=12))
def test_no_text_at_all_changes_a_skeleton(text):
    for sink in SINKS.values():
        if not sink.needs_graphviz and text.strip():
            assert sink.of(text) == sink.of_harmless()


@pytest.mark.parametrize("text", sorted({*HOSTILE} - {*vars(floats)}), ids=lambda text: ascii(text)[1:30])
def test_an_op_of_any_name_compiles_to_source_that_is_planned(text, monkeypatch):
    for table in (ag.TABLE, NOTATION, *map(vars, (floats, arrays, values))):
        monkeypatch.setitem(table, text, None)  # so that it is taken back
        del table[text]

    def rule(xp, x):
        """Twice x."""
        return 2.0 * x

    rule.__name__ = text
    if not text.isidentifier():
        with pytest.raises(ag.OpDefinitionError):
            primitive(partials={"x": 2.0})(rule)
        return
    twice = primitive(partials={"x": 2.0}, pretty=f"{identifier(text)} {{x}}\n")(rule)
    for f, at in ((twice, 3.0), (lambda x: ag.fsum([twice(x_i) for x_i in x]), np.arange(300.0))):
        assert python(_compiled(f, at))


@pytest.mark.parametrize("name", ["lambda_", "β", "ﬁ", "float", "result", "n", "exp_", "x_given", "unused_0", "v2"])
def test_parameters_may_have_any_name(name):
    scope: dict[str, Any] = {"ag": ag}
    exec(f"def f({name}, other): return ag.fsum([{name} * y * ag.exp(y) for y in other])", scope)  # noqa: S102 - ours
    python(_compiled(scope["f"], 2.0, np.arange(3.0)))
    python(_compiled(scope["f"], 2.0, np.arange(300.0)))


# --- What the sinks stand on ------------------------------------------------------------------------------------------


@given(st.text())
def test_a_comment_is_ended_by_nothing_in_it(text):
    line = in_comment(text, 40)
    assert line.isprintable()
    assert len(line) <= 40
    assert not any(end in line for end in ("\\", "*/", "/*", "//", "??"))
    assert ast.dump(ast.parse(f"x = 1  # {line}")) == ast.dump(ast.parse("x = 1"))


@given(st.text())
def test_identifiers_are_made_not_taken(text):
    name = identifier(text)
    assert set(name) <= {*string.ascii_letters, *string.digits, "_"}
    assert len(name) <= 50
    assert isinstance(ast.parse(f"{name} = 1").body[0], ast.Assign)


@pytest.mark.parametrize("end", [*ENDS_OF_LINES, "\0", "\ud800"])
def test_a_line_with_a_line_break_is_refused(end):
    with pytest.raises(ValueError, match="line break"):
        assembled(["x = 1", f"y = 2  # {end}z = 3"])
