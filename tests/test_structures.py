"""Structured variables: the derivative by an X that stays symmetric, skew, diagonal or triangular.

Judged by ``matcalc.verify``, in the directions of the structure, and by the judge of the random
questions, which has the structures in words of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from judge import verdicts
from judge.verdicts import Wrong
from test_judge import asked
from test_laws import table

import matcalc
from matcalc import MatcalcError
from matcalc.calculus.derive import structure_fact
from matcalc.tables.laws import LAWS, STRUCTURES
from matcalc.tables.layouts import LAYOUTS
from matcalc.verify.check import check

STRUCTURED = [name for name in STRUCTURES if name != "independent"]
every_structure = pytest.mark.parametrize("structure", STRUCTURED)
SOURCES = ["tr(A X)", "tr(X A X)", "logdet(A + X)", "a' X X' b", "sum(exp(A .* X))", "tr(A)"]


def d(source: str, structure: str, *where: str, **options: Any) -> Any:
    return matcalc.diff(source, "X", where=where or ["X: n x n"], structure=structure, **options)


@every_structure
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("declared", [False, True])
def test_the_derivative(source: str, structure: str, order: int, declared: bool) -> None:
    where = f"X: n x n {structure_fact(structure)}" if declared else "X: n x n"
    found = d(source, structure, where, order=order, check=True)
    assert found.check.ok, found.check.message
    facts = [f"X {structure_fact(structure)}"] if declared else []
    q = asked(source, *facts, X=(3, 3), A=(3, 3), a=(3, 1), b=(3, 1))
    q.sizes["n"] = 3
    verdicts.derivative(q, ["X"] * order, str(found), structure=structure)


@every_structure
@pytest.mark.parametrize("layout", LAYOUTS)
def test_in_every_layout(structure: str, layout: str) -> None:
    G = d("tr(A X)", structure)
    found = d("tr(A X)", structure, layout=layout, check=True, prove=True)
    assert found.check.ok and found.proof.ok
    turned = layout == "numerator"
    assert found == matcalc.simplify(f"({G})'" if turned else str(G), ["A: n x n"])


@pytest.mark.parametrize(
    ("structure", "answer"),
    [
        ("symmetric", "1/2 (A + A')"),
        ("cookbook", "A - diag(diag(A)) + A'"),
        ("skew", "1/2 (A' - A)"),
        ("diagonal", "diag(diag(A))"),
        ("lower", "tril(A')"),
        ("upper", "triu(A')"),
    ],
)
def test_what_it_is(structure: str, answer: str) -> None:
    assert str(d("tr(A X)", structure)) == answer


@pytest.mark.parametrize(
    ("structure", "P"),
    [
        ("symmetric", "1/2 (eye(n*n) + commutation(n, n))"),
        ("cookbook", "eye(n*n) + commutation(n, n) - diag(vec(eye(n)))"),
        ("skew", "1/2 (eye(n*n) - commutation(n, n))"),
        ("diagonal", "diag(vec(eye(n)))"),
        ("lower", "diag(vec(tril(ones(n, n))))"),
        ("upper", "diag(vec(triu(ones(n, n))))"),
    ],
)
def test_a_hessian_is_projected_on_both_sides(structure: str, P: str) -> None:
    """P H P, where vec R(G) = P vec G of what the row says of G."""
    H = d("tr(A X B X)", "independent", order=2)
    where = ["A: n x n", "B: n x n"]
    projected = matcalc.simplify(f"({P}) ({H}) ({P})", where)
    found = d("tr(A X B X)", structure, order=2, prove=True)
    assert found == projected and found.proof.ok


@every_structure
def test_a_note_says_so(structure: str) -> None:
    law, fact = LAWS[STRUCTURES[structure]], structure_fact(structure)
    (note,) = d("tr(A X)", structure).notes
    assert note.startswith(f"X stays {fact} as it varies") and law.title in note


@every_structure
def test_the_row_is_what_runs(structure: str) -> None:
    """Of gradients, Hessians and derivations."""
    law = LAWS[STRUCTURES[structure]]
    before = [d("tr(X A X)", structure, order=order) for order in (1, 2)]
    with table(replace(law, right=law.right.replace("tr(", "tr(2 * ", 1))):
        after = [d("tr(X A X)", structure, order=order) for order in (1, 2)]
    factors = [2, 4]
    for was, now, factor in zip(before, after, factors):
        assert now == matcalc.simplify(f"{factor} * ({was})", ["A: n x n", "X: n x n"])
        typed, order = now.problem.typed, now.order
        found = check(typed, "X", now.tree, now.shapes, order=order, structure=structure)
        assert found.ok is False


@every_structure
def test_the_judge_goes_where_the_row_says(structure: str) -> None:
    """What it is there, is there; elsewhere a right derivative is not found right."""
    law, found = LAWS[STRUCTURES[structure]], d("tr(X A X)", structure)
    for other in (f"2 ({law.direction})", "E", law.direction.replace("E", "E'") + " + ones(n, n)"):
        with table(replace(law, direction=other)):
            typed = found.problem.typed
            again = check(typed, "X", found.tree, found.shapes, structure=structure)
        assert again.ok is False


@every_structure
def test_both_judges_notice(structure: str) -> None:
    """What is right of another structure."""
    for other in STRUCTURES:
        wrong = d("tr(X A X)", other)
        if other == structure:
            continue
        typed = wrong.problem.typed
        found = check(typed, "X", wrong.tree, wrong.shapes, structure=structure)
        assert found.ok is False, other
        q = asked("tr(X A X)", X=(3, 3), A=(3, 3))
        q.sizes["n"] = 3
        with pytest.raises(Wrong):
            verdicts.derivative(q, ["X"], str(wrong), structure=structure)


@pytest.mark.parametrize(
    ("structure", "declared", "contradiction"),
    [
        ("symmetric", "skew", "a symmetric variable, and X is skew"),
        ("symmetric", "lower", "a symmetric variable, and X is lower"),
        ("cookbook", "upper", "a symmetric variable, and X is upper"),
        ("skew", "symmetric", "a skew variable, and X is symmetric"),
        ("skew", "positive definite", "a skew variable, and X is positive definite"),
        ("skew", "positive", "a skew variable, and X is positive"),
        ("skew", "diagonal", "a skew variable, and X is diagonal"),
        ("diagonal", "skew", "a diagonal variable, and X is skew"),
        ("lower", "symmetric", "a lower variable, and X is symmetric"),
        ("lower", "upper, invertible", "a lower variable, and X is upper"),
        ("upper", "lower", "an upper variable, and X is lower"),
    ],
)
def test_declarations_that_contradict(structure: str, declared: str, contradiction: str) -> None:
    with pytest.raises(MatcalcError) as caught:
        d("tr(A X)", structure, f"X: n x n {declared}")
    assert caught.value.kind == "usage"
    assert caught.value.message == f"structure={structure!r} is for {contradiction}"


@every_structure
@pytest.mark.parametrize("declared", ["invertible", "orthogonal"])
def test_declarations_that_do_not(structure: str, declared: str) -> None:
    assert d("tr(A X)", structure, f"X: n x n {declared}", check=True).check.ok


@every_structure
@pytest.mark.parametrize(
    ("source", "wrt", "order", "where"),
    [
        ("tr(A X)", "X", 1, "X: m x n"),
        ("X A", "X", 1, "X: n x n"),
        ("tr(X Y)", "X,Y", 2, "X: n x n"),
        ("x'x", "x", 1, "x: n"),
        ("t^2", "t", 1, "t: scalar"),
    ],
)
def test_where_there_is_none(structure: str, source: str, wrt: str, order: int, where: str) -> None:
    with pytest.raises(MatcalcError, match="a scalar function of one square matrix"):
        matcalc.diff(source, wrt, where=[where], order=order, structure=structure)
