"""Block matrices: one normal form, their derivations, and how they are printed.

``corpus/blocks.txt`` has their derivatives; here is what goes with them.
"""

from __future__ import annotations

import numpy as np
import pytest
from corpus import Case, Corpus
from steps import assert_steps
from test_corpus import derivative_of

from matcalc import MatcalcError, diff, simplify
from matcalc.algebra.normal import is_zero

CASES = Corpus("blocks.txt").cases
SQUARE = ["A: m x m", "B: m x n", "C: n x m", "D: n x n"]


def test_many_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_steps(case: Case) -> None:
    assert_steps(derivative_of(case))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[A, B; C, D]'", "[A', C'; B', D']"),
        ("[x; y]' [u; v]", "x'u + y'v"),
        ("[A, B] [x; y]", "A x + B y"),
        ("[A; zeros(n, n)] - [A, B; zeros(n, 2*n)] [eye(n); zeros(n, n)]", "zeros(2*n, n)"),
        ("[[A; C], [B; D]]", "[A, B; C, D]"),
        ("[[A, B]; [C, D]]", "[A, B; C, D]"),
        ("[A, B; C, D] + [D, C; B, A]", "[A + D, B + C; B + C, A + D]"),
        ("t [A; B] - s [A; B]", "[(t - s)*A; (t - s)*B]"),
        ("2 [x; -y] / 4", "[x/2; -y/2]"),
        ("M [2*x; -2*y]", "-2 M [-x; y]"),
        ("[2*x; 4*y]'", "2 [x; 2*y]'"),
        ("[eye(m), zeros(m, n); zeros(n, m), eye(n)]", "eye(m + n)"),
        ("[ones(m); ones(n)]", "ones(m + n)"),
        ("[2*ones(m); 2*ones(n)]", "2 ones(m + n)"),
        ("[-eye(m), zeros(m, n); zeros(n, m), -eye(n)]", "-eye(m + n)"),
        ("ones(m + n)' [x; y]", "sum(x) + sum(y)"),
        ("tr([A, B; C, D])", "tr(A) + tr(D)"),
        ("exp([x; y])", "[exp(x); exp(y)]"),
        ("det([A, B; zeros(n, n), D])", "det(A) det(D)"),
        ("det([A, zeros(n, n); C, D])", "det(A) det(D)"),
        ("inv([A, zeros(n, n); zeros(n, n), D])", "[inv(A), zeros(n, n); zeros(n, n), inv(D)]"),
        ("top([A, B; C, D], n, n)", "[A, B]"),
        ("left(bottom([A, B; C, D], n, n), n, n)", "C"),
        ("bottom([x; y; z], m, n + k)", "[y; z]"),
        ("top([x; y; z], m + n, k)", "[x; y]"),
        ("left(top(G, m, n), m, n)", "top(left(G, m, n), m, n)"),
        ("top(G H, m, n)", "top(G, m, n) H"),
        ("[eye(m), zeros(m, n)] G", "top(G, m, n)"),
        ("G [zeros(m, n); eye(n)]", "right(G, m, n)"),
        ("[zeros(n, m), A] G", "A bottom(G, m, n)"),
        ("[zeros(n, m), A] inv(G)", "A bottom(inv(G), m, n)"),
    ],
)
def test_one_form(one: str, other: str) -> None:
    where = ["x: m", "u: m", "y: n", "v: n", "z: k", "t: scalar", "s: scalar"]
    if "x" in one and "A" in one:
        where = ["A: p x k", "B: p x l", "x: k", "y: l"]
    elif "A" in one:
        where = [*(f"{name}: n x n" for name in "ABCD"), "t: scalar", "s: scalar"]
    gap = simplify(f"({one}) - ({other})", where)
    assert is_zero(gap.node)
    assert simplify(one, where) == simplify(other, where)


def test_rows_may_have_different_blocks() -> None:
    ragged = simplify("[A; B, C]", ["B: m x p", "C: m x q"])
    assert str(ragged) == "[A; B, C]"
    assert str(simplify("[A; B, C]'", ["B: m x p", "C: m x q"])) == "[A', [B'; C']]"


@pytest.mark.parametrize(
    ("law", "source", "expected"),
    [
        ("block-determinant", "det([A, B; C, D])", "det(A) det(D - C inv(A) B)"),
        ("block-logdet", "logdet([A, B; C, D])", "logdet(A) + logdet(D - C inv(A) B)"),
    ],
)
def test_schur_complements_by_name(law: str, source: str, expected: str) -> None:
    found = simplify(source, [*SQUARE[1:], "A: m x m invertible"], using=[law])
    assert str(found) == expected
    with pytest.raises(MatcalcError, match="needs `A invertible`"):
        simplify(source, SQUARE, using=[law])


def test_schur_complement_of_nine_blocks() -> None:
    where = ["A: m x m invertible", "B: n x n", "C: k x k"]
    found = simplify("det([A, P, Q; R, B, S; K, L, C])", where, using=["block-determinant"])
    assert str(found) == "det(A) det([B, S; L, C] - [R; K] inv(A) [P, Q])"


def test_latex() -> None:
    d = diff("tanh([A*x; B*x])", "x")
    assert d.to("latex").startswith(r"\begin{bmatrix} \operatorname{diag}(")
    assert r" \\ " in d.to("latex")


def test_numpy() -> None:
    code = diff("[x; A*x]", "x").to("numpy")
    assert "np.block([[np.eye(n)], [A]])" in code
    d = diff("norm(K [x; t; A*x])^2", "x", where=["t: scalar"])
    assert "np.concatenate([x, " in d.to("numpy")
    rng = np.random.default_rng(1)
    A, K, x, t = rng.normal(size=(2, 3)), rng.normal(size=(4, 6)), rng.normal(size=3), 0.5
    value = d.function()(A=A, K=K, x=x, t=t)
    stack = np.concatenate([x, [t], A @ x])
    expected = 2 * stack @ K.T @ K @ np.vstack([np.eye(3), np.zeros((1, 3)), A])
    np.testing.assert_allclose(value, expected)


def test_a_part_is_no_view() -> None:
    f = simplify("top(x, m, n)").function()
    x = np.arange(5.0)
    part = f(x=x, m=2)
    part[0] = 7
    assert x[0] == 0


def test_sympy_is_refused() -> None:
    with pytest.raises(MatcalcError, match="a block matrix has no equivalent"):
        diff("[A*x; B*x]", "x").to("sympy")


def test_parts_that_do_not_conform() -> None:
    with pytest.raises(MatcalcError) as caught:
        simplify("top(x, m, n)", ["x: k"])
    assert caught.value.kind == "shape"
    assert "X: (p + q) x n" in str(caught.value.hint)
