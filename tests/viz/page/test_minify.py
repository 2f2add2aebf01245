"""The page's script is made smaller and stays what it was."""

from __future__ import annotations

import pytest

from autograd_lite.viz.page.minify import minified
from autograd_lite.viz.page.op_table import typeable_ops
from autograd_lite.viz.page.program import SCRIPTS, engine

SAME = [
    "const first = 6; const second = 3; out(first / second / 1);",
    "const text = \"a // no comment\"; out(text + '/* nor this */');",
    "const n = 2; out(`a${n}b${`inner ${n + 1}`}c${{ n }.n}`);",
    "const pattern = /[/\"'`]+\\/x/g; out('a/\"/x'.replace(pattern, '-'));",
    "const all = { v: 1, inner: { v: 2 } }; const { v, inner: { v: other } } = all; out(v + other);",
    "class Thing { constructor(n) { this.n = n; } get twice() { return 2 * this.n; } } out(new Thing(4).twice);",
    "const choose = (flag) => (flag ? 'yes' : 'no'); out(choose(1) + choose(0));",
    "let count = 0; const a = count++ + +count; out(a - -count);",
    "const list = [1, 2, 3]; const [first, ...rest] = list; out(Math.max(...rest) + first);",
    "function outer() { const longName = 1; return { longName }; } out(outer().longName);",
    "const f = (x) => {\n  if (x) return 1;\n  return 2;\n};\nlet y = f(0)\nout(y)",
    "const word = 'k'; const table = { [word]: 1, plain: 2 }; out(table.k + table.plain + 0x10 + 1e3 + .5);",
    "const big = 10n ** 2n; out(String(big) + (typeof big));",
    "out([...'abc'].map((letter, index) => `${index}${letter}`).join(''));",
]


@pytest.mark.parametrize("source", SAME)
def test_what_it_does_stays(in_node, source):
    run = "const said = []; const out = (x) => said.push(String(x));\n"
    assert in_node(minified(f"{run}{source}\nconsole.log(JSON.stringify(said));")) == in_node(
        f"{run}{source}\nconsole.log(JSON.stringify(said));"
    )


def test_names_get_short_but_properties_keys_and_the_browsers_stay():
    small = minified(
        "const longName = document.title; const other = { longKey: longName, longName2: 1 }; other.longKey;"
    )
    assert "longName" not in small.replace("longName2", "")
    assert "document.title" in small
    assert "longKey" in small


def test_it_makes_the_scripts_smaller_and_refuses_what_it_cannot_read():
    source = engine(typeable_ops())
    assert len(minified(source)) < 0.9 * len(source)
    assert {file.suffix for file in SCRIPTS.iterdir()} == {".js"}
    with pytest.raises(ValueError, match="no JavaScript"):
        minified("const a = #;")
