"""``autograd-lite verify``: exit codes, output, errors."""

from __future__ import annotations

import json

import pytest

from autograd_lite.cli import main, verify

SAID = verify.EXAMPLES.partition("for instance:\n")[2].partition("in a derivation:")[0]
EXAMPLE, _, DERIVATION = SAID.partition("derivation.txt:\n")  # of the help; both have a slip


@pytest.fixture
def file(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_a_right_example(file, capsys):
    assert main(["verify", file("example.toml", EXAMPLE.replace("= 4.5", "= 4.4"))]) == 0
    assert "3 lines, none wrong." in capsys.readouterr().out


def test_the_examples_of_the_help(file, capsys):
    assert main(["verify", file("example.toml", EXAMPLE)]) == 1
    assert "dL/dw = 2*1.1*2 = 4.5\n    exact 4.4: differs; factors: does not follow" in capsys.readouterr().out
    assert main(["verify", file("derivation.txt", DERIVATION)]) == 1
    assert "mended by s · (1 − s)" in capsys.readouterr().out


def test_json(file, capsys):
    assert main(["verify", "--json", file("d.txt", "a + a = 2a = 3a")]) == 1
    lines = json.loads(capsys.readouterr().out)["derivations"][0]["lines"]
    assert [line["verdict"] for line in lines] == ["right", "right", "breaks"]
    assert lines[2]["break"]["ratio"] == "3/2"


def test_notes(capsys, tmp_path):
    page = tmp_path / "errata.md"
    assert main(["verify", "--notes", "--markdown", str(page)]) == 0
    assert "| B-12 |" in page.read_text(encoding="utf-8")
    assert main(["verify", "--notes", "--json"]) == 0
    assert "network_2_1_1.toml" in json.loads(capsys.readouterr().out.partition("\n")[2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify"], "needs one file"),
        (["verify", "missing.txt"], "There is no file 'missing.txt' here"),
        (["verify", "."], "There is no file '.' here"),
        (["verify", "d.txt", "--markdown", "e.md"], "use it with --notes"),
        (["verify", "d.txt", "--notes"], "needs one file"),
    ],
)
def test_mistakes(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_file_that_is_not_text(tmp_path, capsys):
    path = tmp_path / "d.txt"
    path.write_bytes(b"\xff\xfe\x00")
    assert main(["verify", str(path)]) == 2
    assert "not text in UTF-8" in capsys.readouterr().err
