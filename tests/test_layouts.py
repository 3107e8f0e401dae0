"""The layout table: what each layout gives for each pair of shapes, and who reads the cells.

What "numerator" and "denominator" are is written here once more, as Wikipedia, "Matrix calculus",
has it, and so are the other two; a spoiled cell is noticed by an answer, by what is said of it and
by the judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import pytest
from steps import assert_steps

import matcalc
from matcalc.tables.layouts import LAYOUTS, PLAIN, Layout
from matcalc.verify.grading import grade

# f, its variable, and the derivative in the layouts jacobian, gradient, numerator, denominator
PAIRS: list[tuple[str, str, str, tuple[str, str, str, str]]] = [
    ("scalar by scalar", "t^3", "t", ("3 t^2", "3 t^2", "3 t^2", "3 t^2")),
    ("vector by scalar", "t^2 x", "t", ("2 t x", "2 t x", "2 t x", "2 t x'")),
    ("matrix by scalar", "t^2 A", "t", ("2 t A", "2 t A", "2 t A", "2 t A'")),
    ("scalar by vector", "a'x", "x", ("a'", "a", "a'", "a")),
    ("vector by vector", "A x", "x", ("A", "A", "A", "A'")),
    ("matrix by vector", "x a'", "x", ("kron(a, eye(n))",) * 3 + ("kron(a', eye(n))",)),
    ("scalar by matrix", "tr(B X)", "X", ("B'", "B'", "B", "B'")),
    ("vector by matrix", "X b", "X", ("kron(b', eye(m))",) * 3 + ("kron(b, eye(m))",)),
    ("matrix by matrix", "A X B", "X", ("kron(B', A)",) * 3 + ("kron(B, A')",)),
    ("scalar by row", "r b", "r", ("b'", "b'", "b", "b'")),
    ("row by scalar", "t^2 r", "t", ("2 t r", "2 t r", "2 t r", "2 t r'")),
    ("Hessian by a vector", "x'Q x", "x x", ("Q + Q'",) * 4),
    ("Hessian by a matrix", "tr(X'X S)", "X X", ("kron(S + S', eye(m))",) * 4),
    ("mixed, of vectors", "x'A y", "x y", ("A", "A", "A", "A'")),
    ("mixed, by a scalar", "t^2 a'x", "x t", ("2 t a'", "2 t a", "2 t a'", "2 t a")),
    ("mixed, by a vector", "t^2 a'x", "t x", ("2 t a'", "2 t a", "2 t a'", "2 t a")),
    ("mixed, of a matrix", "t^2 tr(B X)", "X t", ("2 t B'", "2 t B'", "2 t B", "2 t B'")),
    ("vector by a scalar, twice", "t^2 x", "t t", ("2 x", "2 x", "2 x", "2 x'")),
]
WHERE = ["X: m x n", "S: n x n", "b: n", "r: 1 x n"]
CASES = [
    pytest.param(source, wrt, layout, answer, id=f"{layout}, {what}")
    for what, source, wrt, answers in PAIRS
    for layout, answer in zip(("jacobian", "gradient", "numerator", "denominator"), answers)
]


def asked(source: str, wrt: str, layout: str, **options: Any) -> Any:
    names = wrt.split()
    variable = names[0] if len(set(names)) == 1 else ",".join(names)
    used = [text for text in WHERE if text[0] in source]
    order = len(names)
    return matcalc.diff(source, variable, where=used, order=order, layout=layout, **options)


@pytest.mark.parametrize(("source", "wrt", "layout", "answer"), CASES)
def test_a_layout_is_what_it_is(source: str, wrt: str, layout: str, answer: str) -> None:
    found = asked(source, wrt, layout, check=True, prove=True)
    where = [f"{s.name}: {s.shape}" for s in found.symbols if s.kind != "dimension"]
    assert found == matcalc.simplify(answer, where=where), str(found)
    assert found.check.ok and found.check.code_digits, found.check.message
    assert found.proof.ok, found.proof.message
    assert_steps(found)


@pytest.mark.parametrize(
    ("source", "wrt", "layout", "said"),
    [
        ("a'x", "x", "numerator", "numerator, a row:  df = (df/dx) dx"),
        ("a'x", "x", "denominator", "denominator, a column:  df = (df/dx)' dx"),
        ("tr(B X)", "X", "numerator", "numerator, the shape of X':  df = tr((df/dX) dX)"),
        ("tr(B X)", "X", "denominator", "denominator, the shape of X:  df = tr((df/dX)' dX)"),
        ("A x", "x", "numerator", "numerator:  df = (df/dx) dx"),
        (
            "A x",
            "x",
            "denominator",
            "denominator, the transpose of the Jacobian:  df = (df/dx)' dx",
        ),
        (
            "A X B",
            "X",
            "denominator",
            "denominator, the transpose of the Jacobian:  d vec f = (df/dX)' d vec X",
        ),
        ("t^2 x", "t", "denominator", "denominator, transposed:  df = (df/dt)' dt"),
        (
            "tr(X'X S)",
            "X X",
            "numerator",
            "numerator, the Hessian:  d2f = (d vec X)' (d2f/dX2) (d vec X)",
        ),
    ],
)
def test_what_is_said(source: str, wrt: str, layout: str, said: str) -> None:
    assert asked(source, wrt, layout).meaning() == said


def test_what_is_said_in_unicode() -> None:
    found = asked("tr(B X)", "X", "numerator")
    assert found.meaning(unicode=True) == "numerator, the shape of Xᵀ:  df = tr((∂f/∂X) dX)"


# --- every cell is alive --------------------------------------------------------------------------

CELLS = [
    (layout, field.name)
    for layout in LAYOUTS
    for field in fields(Layout)
    if field.name not in ("name", "doc")
]
EXAMPLES = {
    "by_scalar": ("t^2 x", "t"),
    "scalar_by_column": ("a'x", "x"),
    "scalar_by_matrix": ("tr(B X)", "X"),
    "otherwise": ("A x", "x"),
}


@contextmanager
def in_place_of(row: Layout) -> Iterator[None]:
    """The table with this row in the place of the one of that name."""
    kept = LAYOUTS[row.name]
    LAYOUTS[row.name] = row
    try:
        yield
    finally:
        LAYOUTS[row.name] = kept


@pytest.mark.parametrize(("layout", "cell"), CELLS)
def test_a_cell_is_alive(layout: str, cell: str) -> None:
    row, example = LAYOUTS[layout], EXAMPLES[cell]
    whole = getattr(row, cell)
    turned = "D" if whole.form == "D'" else "D'"
    before = asked(*example, layout)
    said = (str(before), before.meaning(), before.steps[-1].note)
    for changed in (
        {"form": turned},
        {"label": f"{whole.label}!"},
        {"equation": f"{whole.equation}!"},
        {"letter": "Z"},
        {"so": "Z is it"},
    ):
        with in_place_of(replace(row, **{cell: replace(whole, **changed)})):
            after = asked(*example, layout)
            assert (str(after), after.meaning(), after.steps[-1].note) != said, changed


@pytest.mark.parametrize(("layout", "cell"), CELLS)
def test_the_judge_knows_the_layout(layout: str, cell: str) -> None:
    """What was laid out otherwise is not right."""
    row, example = LAYOUTS[layout], EXAMPLES[cell]
    whole = getattr(row, cell)
    found = asked(*example, layout)
    turned = replace(whole, form="D" if whole.form == "D'" else "D'")
    with in_place_of(replace(row, **{cell: turned})):
        other = asked(*example, layout)
    assert found.shape != other.shape
    from matcalc.verify.check import check

    typed = other.problem.typed
    assert check(typed, example[1], found.tree, found.shapes, layout=layout).ok
    assert check(typed, example[1], other.tree, other.shapes, layout=layout).ok is False


@pytest.mark.parametrize(("layout", "cell"), CELLS)
def test_a_form_is_its_own_inverse(layout: str, cell: str) -> None:
    form = getattr(LAYOUTS[layout], cell).form
    again = form.replace("D", f"({form})")
    assert str(matcalc.simplify(again, where=["D: m x n"])) == "D"


def test_nothing_is_turned_in_the_plain_layout() -> None:
    assert {getattr(LAYOUTS[PLAIN], cell).form for layout, cell in CELLS if layout == PLAIN} == {
        "D"
    }


# --- answers in another layout --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "wrt", "layout", "answer", "verdict", "said"),
    [
        ("a'x", "x", "jacobian", "a'", "right", "right"),
        ("a'x", "x", "jacobian", "a", "layout", "gradient or denominator"),
        ("a'x", "x", "denominator", "a", "right", "right"),
        ("a'x", "x", "denominator", "a'", "layout", "jacobian or numerator"),
        ("A x", "x", "jacobian", "A'", "layout", "denominator"),
        ("A x", "x", "denominator", "A", "layout", "jacobian or gradient or numerator"),
        ("t^2 x", "t", "numerator", "2 t x'", "layout", "denominator"),
        ("tr(B X)", "X", "jacobian", "B", "transposed", "as it is in the layout numerator"),
        ("tr(B X)", "X", "numerator", "B", "right", "right"),
        ("x'A y", "x y", "jacobian", "A'", "transposed", "denominator"),
        ("A x", "x", "jacobian", "2 A'", "transposed factor", "2"),
    ],
)
def test_an_answer_in_another_layout(
    source: str, wrt: str, layout: str, answer: str, verdict: str, said: str
) -> None:
    graded = grade(asked(source, wrt, layout), answer)
    assert graded.verdict == verdict and said in graded.message


def test_the_layout_is_in_the_document() -> None:
    import json

    result = json.loads(asked("tr(B X)", "X", "numerator").to("json"))["result"]
    assert result["layout"] == "numerator" and result["shape"] == ["n", "m"]
    assert result["meaning"] == "numerator, the shape of X':  df = tr((df/dX) dX)"


def test_the_code_says_its_shape() -> None:
    assert "n x m" in asked("tr(B X)", "X", "numerator").to("numpy")
