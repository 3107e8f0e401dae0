"""An answer is as long as a person or a program can take it, however often its parts repeat."""

from __future__ import annotations

import io
import json

import pytest
from numeric import declarations
from rich.console import Console

import matcalc
from matcalc import MatcalcError
from matcalc.language import writer
from matcalc.language.measure import measure
from matcalc.language.text import text
from matcalc.language.tree import Tree, postorder
from matcalc.output.terminal import show, show_simplified
from matcalc.present.repeats import LONG


def nested(depth: int, name: str = "softmax") -> str:
    return "b' " + f"{name}(A " * depth + "x" + ")" * depth


def nodes(tree: Tree) -> int:
    return sum(1 for _ in postorder(tree))


@pytest.fixture(scope="module")
def deep() -> matcalc.Derivative:
    """Some 10^9 characters if it were written out."""
    derivative = matcalc.diff(nested(30), "x")
    assert isinstance(derivative, matcalc.Derivative)
    return derivative


def test_a_short_answer_has_no_names() -> None:
    derivative = matcalc.diff(nested(6), "x")
    assert measure(derivative.tree) <= LONG
    assert str(derivative) == text(derivative.tree)
    assert "where" not in derivative.to("latex")


@pytest.mark.parametrize("form", ["text", "latex", "markdown", "json"])
def test_a_long_answer_names_what_repeats(deep: matcalc.Derivative, form: str) -> None:
    assert measure(deep.tree) > 10**8
    assert len(deep.to(form)) < 40 * nodes(deep.tree)
    assert "where" in deep.to(form)


def test_latex_with_names_is_one_formula(deep: matcalc.Derivative) -> None:
    formula = deep.to("latex")
    assert formula.isascii() and "\n" not in formula
    assert formula.count(r"\quad \text{where }") == 1
    assert json.loads(deep.to("json"))["result"]["latex"] == formula


def test_a_terminal_shows_the_names(deep: matcalc.Derivative) -> None:
    out = io.StringIO()
    console = Console(file=out, width=100)
    show([deep], console)
    show_simplified(deep, console)
    assert "where" in out.getvalue() and len(out.getvalue()) < 300 * nodes(deep.tree)


LARGE = {
    "softmax": (nested(8), "x"),
    "logsoftmax": (nested(7, "logsoftmax"), "x"),
    "inverses": ("tr(" + "inv(A + X " * 15 + "X" + ")" * 16, "X"),
    "entries": ("sum(" + "(x .* tanh(A " * 18 + "x" + "))" * 18 + ")", "x"),
}


@pytest.mark.parametrize("name", LARGE)
def test_names_read_back(name: str) -> None:
    """To the same expression, of the same dimensions, as the whole does."""
    derivative = matcalc.diff(*LARGE[name])
    assert measure(derivative.tree) > LONG and " where " in str(derivative)
    declared = declarations(derivative.problem.typed)
    short = matcalc.simplify(str(derivative), where=declared)
    whole = matcalc.simplify(text(derivative.tree), where=declared)
    assert short == whole
    assert short.shape == derivative.shape
    for each, tree in derivative.brief[1]:
        rows, cols = matcalc.shape(f"{each} where {definitions(derivative)}", declared).shape
        assert (rows, cols) == tuple(map(str, derivative.shapes[tree]))


def definitions(derivative: matcalc.Derivative) -> str:
    return str(derivative).partition(" where ")[2]


def test_a_derivation_that_is_too_long_is_refused(deep: matcalc.Derivative) -> None:
    with pytest.raises(MatcalcError) as caught:
        [step.text for step in deep.steps]
    assert caught.value.code == "limit" and caught.value.hint


def test_length_counts_what_is_written() -> None:
    for source in ("x'Q x + b'x", "logdet(X X')", "-2 a' X b / n where X: m x n"):
        tree = matcalc.simplify(source).tree
        assert measure(tree) <= len(text(tree)) <= 8 * measure(tree)
    assert writer.MOST > 10 * LONG
