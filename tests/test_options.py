"""Below the command line nothing speaks of its flags: messages name options as the API does."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from test_docstrings import TREES

import matcalc
from matcalc import MatcalcError
from matcalc.cli import main
from matcalc.errors import CODES, Option

FLAG = re.compile(r"(?<![\w-])--[a-z]+")
COMMAND_LINE = re.compile(r"(cli|commands/\w+|__main__)\.py")
# what is about the command line by its nature: `matcalc explain`, the commands of the formats
EXEMPT = {text for code in CODES.values() for text in (code.example, code.explanation)}
EXEMPT.add("diff --steps")


@pytest.mark.parametrize("file", [file for file in TREES if not COMMAND_LINE.fullmatch(file)])
def test_no_flags_below_the_command_line(file: str) -> None:
    strings = (n.value for n in ast.walk(TREES[file]) if isinstance(n, ast.Constant))
    said = {text for text in strings if isinstance(text, str) and FLAG.search(text)}
    assert not {text for text in said if not any(text in each for each in EXEMPT)}


def test_an_option_is_spelled_as_in_python() -> None:
    assert str(Option("order", 2)) == "order=2"
    assert str(Option("structure", "symmetric")) == "structure='symmetric'"
    assert str(Option("where")) == "`where`"


# a question to the API, the same for the command line, and what each says
REFUSED: list[tuple[Callable[[], Any], str, str, str]] = [
    (lambda: matcalc.diff("x'x", []), "", "wrt='X'", ""),
    (lambda: matcalc.diff("x'x", "x", order=3), "diff \"x'x\" --wrt x --order 3",
     "order=1 or order=2", "--order 1 or --order 2"),
    (lambda: matcalc.diff("tr(X'X)", "X", where=["X: n x n skew"], structure="symmetric"),
     "diff \"tr(X'X)\" --wrt X --where \"X: n x n skew\" --structure symmetric",
     "structure='symmetric' is for", "--structure symmetric is for a symmetric variable"),
    (lambda: matcalc.diff("tr(X'X)", "X", where=["X: n x n symmetric"], structure="upper"),
     "diff \"tr(X'X)\" --wrt X --where \"X: n x n symmetric\" --structure upper",
     "structure='upper' is for an upper", "--structure upper is for an upper variable"),
    (lambda: matcalc.diff("x'x", "x", structure="cookbook"),
     "diff \"x'x\" --wrt x --structure cookbook",
     "leave `structure` out", "leave --structure out, or declare"),
    (lambda: matcalc.diff("∂f", "f"), "diff ∂f --wrt f", "given by `wrt`", "given by --wrt"),
    (lambda: matcalc.diff("x'x: n", "x"), "diff \"x'x: n\" --wrt x", "or use `where`",
     "or use --where"),
    (lambda: matcalc.diff("x in R", "x"), "diff \"x in R\" --wrt x", "or use `where`",
     "or use --where"),
    (lambda: matcalc.taylor("x'x", "x", at="3"), "taylor \"x'x\" --wrt x --at 3", "at='x0'",
     "--at x0"),
    (lambda: matcalc.taylor("abs(t)", "t", at="0"), "taylor \"abs(t)\" --wrt t --at 0",
     "at='t0', a name", "--at t0, a name"),
    (lambda: matcalc.taylor("x'b", "x", at="b"), "taylor \"x'b\" --wrt x --at b",
     "at='x_0', a new name", "--at x_0, a new name"),
    (lambda: matcalc.taylor("x'x", "x", order=3), "taylor \"x'x\" --wrt x --order 3", "order=2",
     "--order 2"),
    (lambda: matcalc.perturb("f(x)", "x", where=["f: R^n -> R^p"]),
     "perturb \"f(x)\" --wrt x --where \"f: R^n -> R^p\"", "order=1", "--order 1"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "typed", "said", "shown"), REFUSED)
def test_each_speaks_its_own_language(
    ask: Callable[[], Any], typed: str, said: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(MatcalcError) as caught:
        ask()
    whole = f"{caught.value.message}\n{caught.value.hint}"
    assert said in whole and not FLAG.search(whole)
    for more in ([], ["--json"]) if typed else ():
        assert main([*shlex.split(typed), *more]) in (1, 2)
        error = capsys.readouterr().err
        assert shown in error and said not in error


def test_the_variables_of_an_answer() -> None:
    """``wrt`` is as it is written, ``variables`` its parts."""
    mixed = matcalc.diff("x'A y", " x , y ", order=2)
    assert (mixed.variables, mixed.wrt) == (("x", "y"), "x,y")
    assert matcalc.diff("x'A y", "α", where=["α: scalar"]).variables == ("alpha",)


def test_an_answer_says_what_its_layout_means() -> None:
    row = matcalc.diff("b'x", "x")
    assert row.meaning() == "jacobian, a row:  df = (df/dx) dx"
    assert row.meaning(unicode=True) == "jacobian, a row:  df = (∂f/∂x) dx"
    assert row.remarks == (*row.notes, "layout " + row.meaning())
    inverse = matcalc.diff("tr(inv(X))", "X", check=True)
    assert "needs X invertible" in inverse.remarks and inverse.check.message in inverse.remarks
