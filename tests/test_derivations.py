"""Derivations: every step of every one is read back and evaluated.

``steps.assert_steps`` is the judge; here are the cases: the Matrix Cookbook's, the lecture's, what
can go wrong, and generated ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from generate import Case, derivatives
from steps import assert_steps
from test_cookbook import ENTRIES, by_entry, result
from trials import trial

import matcalc
from matcalc import MatcalcError
from matcalc.calculus.derive import structure_fact
from matcalc.language.syntax import parse_expression
from matcalc.tables.laws import STRUCTURES
from matcalc.tables.layouts import LAYOUTS

COUNT = 250


@by_entry(ENTRIES)
def test_the_cookbook(entry: dict[str, Any]) -> None:
    assert_steps(result(entry))


def d(source: str, wrt: str, *where: str, **options: Any) -> Any:
    return matcalc.diff(source, wrt, where=list(where), **options)


LECTURE = [
    ("b'x", "x"),
    ("x'Q x + b'x", "x"),
    ("x'Q x + b'x", "x", "Q: symmetric"),
    ("x'K x", "x", "K: n x n skew"),
    ("exp(-1/2 y' Q y) where y = H x", "x"),
    ("exp(-1/2 y' Q y) where y = H x", "x", "Q: symmetric"),
    ("tr(C' X)", "X"),
    ("<C, X>", "X"),
    ("a' X b", "X"),
    ("tr(A X B)", "X"),
    ("tr(X' X)", "X"),
    ("inv(A + t B)", "t"),
    ("tr(A B C D) - tr(D A B C)", "A"),
    ("a' X' inv(A + X B) X b", "X"),
    ("tr(X)^2 + 1", "X"),
    ("tr(A'A) + tr(B'B)", "A"),
    ("tr(X) det(X)", "X"),
    ("1/det(X)", "X"),
    ("log(1 + x'A x)", "x"),
    ("exp(a'X b)", "X"),
    ("sqrt((x-y)'M(x-y))", "x", "M: n x n positive definite"),
    ("norm(A x - b)", "x"),
    ("norm(A X B - C)", "X"),
    ("logdet(I + X X')", "X"),
    ("sum(log(1 + exp(-y .* (X w))))", "w", "y: m"),
    ("logsumexp(A x + b)", "x"),
    ("softmax(x)", "x"),
    ("h(g(f(x)))", "x", "f: R^n -> R^p", "g: R^p -> R^q", "h: R^q -> R^m"),
    ("norm(f(x) - y)^2", "x", "f: R^n -> R^p"),
    ("x x' b", "x"),
    ("x (x' x)", "x"),
    ("x'A x / (x'x)", "x"),
    ("r A r'", "r", "r: 1 x n"),
    ("A r' (r b)", "r", "r: 1 x n"),
    ("x'A", "x", "x: n"),
    ("(A x)' diag(x)", "x"),
    ("t^2 exp(-t)", "t"),
    ("tr(inv(X) A inv(X) B)", "X"),
    ("tr(inv(A + inv(X)))", "X"),
    ("tr(X^4)", "X"),
    ("tr(A X^-2)", "X"),
    ("sum(x .^ 3) + norm1(x)", "x"),
    ("y'y where y = H x, z = y + x", "x"),
    ("z'z where y = tanh(H x), z = W y", "x"),
    ("y where y = H x", "x"),
    ("b'c", "x", "x: n"),
    ("A B", "t", "t: scalar"),
    ("A + B", "t", "t: scalar", "A: m x n"),
    ("sum(X)", "X"),
    ("mu' Sigma mu + lambda (1 - sum(mu))", "mu", "mu: n"),
    ("mu' Sigma mu + lambda (1 - sum(mu))", "lambda", "mu: n"),
    ("x' dx", "x", "dx: n"),
    ("x' dx + dx_' x", "x", "dx: n", "dx_: n"),
    ("et'A et", "et", "et: n"),
    ("theta0' A theta0", "theta0", "theta0: n"),
    ("X_1 b", "b"),
    ("I x + A x", "x", "I: n x n"),
    ("relu(A x + b)", "x"),
    ("(x - y)' inv(S) (x - y)", "S"),
    ("det(A X B)", "X", "A: n x n", "X: n x n"),
    ("-2 x' A x / 3", "x"),
    ("vec(X)' vec(A X)", "X"),
    ("diag(X)' diag(X)", "X", "X: n x n"),
    ("tr(diag(x) A diag(x))", "x"),
    ("x .* (A x) .* b", "x"),
    ("X' Y", "t", "X: n x n", "t: scalar"),
    ("tr(exp(X))", "X"),
    ("sum(sigmoid(X .* Y))", "X"),
    ("0.5 x'x + 1e-3 sum(x)", "x"),
    ("erf(t)", "t"),
    ("x' Q x / (2 norm(x))", "x"),
]


@pytest.mark.parametrize("case", LECTURE, ids=lambda case: f"{case[0]} by {case[1]}")
def test_the_lecture(case: tuple[str, ...]) -> None:
    assert_steps(d(*case))


SECOND = [
    ("x'Q x + b'x", "x"),
    ("x'Q x + b'x", "x", "Q: symmetric"),
    ("exp(-1/2 x'Q x)", "x"),
    ("x'A y", "x,y"),
    ("logsumexp(A x)", "x"),
    ("norm(A x - b)", "x"),
    ("t^2 exp(-t)", "t"),
    ("x'A x t", "x,t"),
    ("x'A x t^2", "t,x"),
    ("inv(A + t B)", "t"),
    ("a'x", "x"),
    ("sum(x .^ 3)", "x"),
]


@pytest.mark.parametrize("case", SECOND, ids=lambda case: f"{case[0]} by {case[1]}")
def test_second_derivatives(case: tuple[str, ...]) -> None:
    """They begin with the first derivative."""
    for layout in LAYOUTS:
        derivative = d(*case, order=2, layout=layout)
        assert "first derivative" in derivative.steps[0].note
        assert_steps(derivative)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("source", ["x'Q x + b'x", "norm(A x - b)", "softmax(x)", "tr(A) x'x"])
def test_layouts(source: str, layout: str) -> None:
    assert_steps(d(source, "x", layout=layout))


STRUCTURED = [(structure, structure_fact(structure)) for structure in list(STRUCTURES)[1:]]


@pytest.mark.parametrize(("structure", "fact"), STRUCTURED)
@pytest.mark.parametrize(
    "source", ["logdet(X + B)", "tr(A X)", "a' X b", "tr(X inv(X + A))", "b'c"]
)
def test_structures(source: str, structure: str, fact: str) -> None:
    """For dX symmetric, say, as X is."""
    derivative = d(source, "X", f"X: n x n {fact}", structure=structure)
    assert_steps(derivative)


@pytest.mark.parametrize(("structure", "fact"), STRUCTURED)
@pytest.mark.parametrize("source", ["tr(A X B X)", "logdet(A + X)", "a' X X b", "tr(B X)"])
def test_structured_hessians(source: str, structure: str, fact: str) -> None:
    derivative = d(source, "X", f"X: n x n {fact}", structure=structure, order=2)
    assert "first derivative" in derivative.steps[0].note
    assert_steps(derivative)


@pytest.mark.parametrize(
    "facts", ["symmetric", "skew", "diagonal", "orthogonal", "idempotent", "pd"]
)
def test_declared_variables(facts: str) -> None:
    """The entries are independent; the facts come back at the end."""
    assert_steps(d("tr(A X B X')", "X", f"X: n x n {facts}"))


def test_several_variables() -> None:
    for derivative in matcalc.diff("a' X inv(Y) b", ["a", "X", "Y", "b"]):
        assert_steps(derivative)


@pytest.mark.parametrize("case", list(derivatives(COUNT, seed=3, depth=4)), ids=range(COUNT))
def test_generated(case: Case) -> None:
    outcome = trial(replace(case, ask="steps"))
    assert not outcome.is_finding, f"{outcome} {case}"


def tampered(derivative: Any, index: int, **changes: Any) -> Any:
    derivative.steps[index] = replace(derivative.steps[index], **changes)
    return derivative


@pytest.mark.parametrize(
    ("index", "changes"),
    [
        (0, {"tree": parse_expression("(x + dx)' Q (x + dx) - x' Q x + dx' dx")}),
        (1, {"tree": parse_expression("x' Q x + x' Q dx + dx' Q x - x' Q x")}),
        (2, {"tree": parse_expression("x' Q dx + 2 dx' Q x")}),
        (2, {"relation": "="}),
        (3, {"tree": parse_expression("x' Q dx + x' Q dx")}),
        (3, {"rule": "magic"}),
        (4, {"tree": parse_expression("x' (Q + Q) dx")}),
        (4, {"tree": parse_expression("x' (Q + Q') y")}),
        (5, {"tree": parse_expression("x' Q")}),
        (5, {"relation": "="}),
    ],
)
def test_a_wrong_derivation_is_found(index: int, changes: dict[str, Any]) -> None:
    """The judge can fail."""
    with pytest.raises((AssertionError, MatcalcError)):
        assert_steps(tampered(d("x' Q x", "x"), index, **changes))
