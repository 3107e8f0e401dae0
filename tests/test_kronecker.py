"""Derivatives by vec: the matrix of vec F by vec X, its differential, and what applies it.

The forms are those of the tables (J. R. Magnus and H. Neudecker, Matrix Differential Calculus,
chapter 9).  Every answer is compared with numeric differentiation, and its code with it.
"""

from __future__ import annotations

import numpy as np
import pytest
from numeric import assert_derivative
from steps import assert_steps

from matcalc import MatcalcError, diff

X = "X: m x n"
FORMS = [
    ("A X B", "X", [], "kron(B', A)"),
    ("inv(X)", "X", [], "-kron(inv(X)', inv(X))"),
    ("X'", "X", [X], "commutation(m, n)"),
    ("X^2", "X", [], "kron(eye(n), X) + kron(X', eye(n))"),
    ("X .* X", "X", [X], "2 diag(vec(X))"),
    ("exp(X)", "X", [X], "diag(vec(exp(X)))"),
    ("X'A X", "X", [X], "kron(eye(n), X' A) + commutation(n, n) kron(eye(n), X' A')"),
    ("X X'", "X", [X], "(commutation(m, m) + I) kron(X, eye(m))"),
    ("det(X) X", "X", [], "det(X) (vec(X) vec(inv(X)')' + I)"),
    ("x x'", "x", [], "kron(x, eye(n)) + kron(eye(n), x)"),
    ("inv(A + x x')", "x", [], None),
    ("diag(x) A diag(x)", "x", [], None),
    ("diag(x) A", "x", [], "diag(vec(A)) kron(ones(p), eye(n))"),
    ("U diag(t) U'", "t", ["t: n"], "kron(ones(p), U) .* kron(U, ones(p))"),
    ("diag(A X B)", "X", [], "kron(ones(n)', A) .* kron(B', ones(m)')"),
    ("X inv(A + X'X) X'", "X", [X], None),
    ("softmax(X a)", "X", [X], "kron(a', diag(softmax(X a)) - softmax(X a) softmax(X a)')"),
    ("W2 relu(W1 x + b)", "W1", [], "kron(x', W2 diag(step(W1 x + b)))"),
    ("X a", "X", [X], "kron(a', eye(m))"),
    ("a'X", "X", [X], None),
    ("A X", "X", [], None),
    ("vec(X)", "X", [X], "eye(m * n)"),
    ("tr(X) X", "X", [], None),
    ("tril(X)", "X", [X], "diag(vec(tril(ones(m, n))))"),
    ("kron(X, B)", "X", [X], None),
    ("kron(B, X)", "X", [X], None),
    ("A .* (B X C)", "X", [], None),
    ("norm(X) X", "X", [X], None),
    ("r A", "r", ["r: 1 x n", "A: n x p"], "A'"),
    ("r'r", "r", ["r: 1 x n"], None),
]


@pytest.mark.parametrize(("source", "wrt", "where", "form"), FORMS, ids=[f[0] for f in FORMS])
def test_form(source: str, wrt: str, where: list[str], form: str | None) -> None:
    found = diff(source, wrt, where=where, check=True)
    assert found.check.ok, found.check.message
    assert found.check.code_digits
    if form is not None:
        assert str(found) == form
    assert_derivative(found, len(source))
    assert_steps(found)


HESSIANS = [
    ("tr(X'A X)", "X", [X], "kron(eye(n), A + A')"),
    ("logdet(X)", "X", [], "-commutation(n, n) kron(inv(X)', inv(X))"),
    ("a'X X'b", "X", [X], None),
    ("tr(A X B X')", "X", [X], None),
    ("det(X)", "X", [], None),
    ("sum(exp(X))", "X", [X], "diag(vec(exp(X)))"),
    ("norm(A X - B)^2", "X", [], "2 kron(eye(n), A' A)"),
    ("logsumexp(X a)", "X", [X], None),
    ("x'A Y x", "x,Y", [], None),
    ("tr(X A Y)", "X,Y", [], None),
    ("inv(X) b", "X", [], None),
    ("x x'", "x", [], None),
]


@pytest.mark.parametrize(("source", "wrt", "where", "form"), HESSIANS, ids=[f[0] for f in HESSIANS])
def test_second_derivative(source: str, wrt: str, where: list[str], form: str | None) -> None:
    found = diff(source, wrt, where=where, order=2, check=True)
    assert found.check.ok, found.check.message
    assert_derivative(found, len(source))
    if form is not None:
        assert str(found) == form


DIFFERENTIALS = [
    ("A X B", "X", [], 1, "A dX B"),
    ("inv(X)", "X", [], 1, "-inv(X) dX inv(X)"),
    ("inv(X)", "X", [], 2, "2 inv(X) dX inv(X) dX inv(X)"),
    ("x'A x", "x", [], 1, "x' (A + A') dx"),
    ("tr(X'A X B)", "X", [X], 2, None),
    ("x'A Y x", "x,Y", [], 2, None),
    ("sin(t)", "t", [], 2, "-sin(t) dt^2"),
    ("dX X", "X", ["X: m x n", "dX: p x m"], 1, "dX dX_"),
]


@pytest.mark.parametrize(
    ("source", "wrt", "where", "order", "form"), DIFFERENTIALS, ids=[f[0] for f in DIFFERENTIALS]
)
def test_differential(
    source: str, wrt: str, where: list[str], order: int, form: str | None
) -> None:
    found = diff(source, wrt, where=where, order=order, form="differential", check=True)
    assert found.check.ok, found.check.message
    assert found.check.code_digits
    assert form is None or str(found) == form
    assert found.to("latex")
    assert found.layout == "differential"
    if order == 1:
        assert found.steps[0].rule == "perturb"
        assert found.steps[-1].text == str(found)


@pytest.mark.parametrize(
    "asked", [{"structure": "symmetric"}, {"form": "other"}, {"prove": True}], ids=str
)
def test_a_differential_is_not_everything(asked: dict[str, object]) -> None:
    options = {"form": "differential", **asked}
    with pytest.raises(MatcalcError) as caught:
        diff("X b", "X", where=["X: n x n symmetric"], **options)  # type: ignore[arg-type]
    assert caught.value.kind == "usage"


def test_code_applies_the_map() -> None:
    """``function().apply`` is the matrix times vec dX, without the matrix."""
    found = diff("A inv(X) B", "X")
    code, rng = found.function(), np.random.default_rng(1)
    A, B, at, dX = (rng.normal(size=size) for size in ((2, 3), (3, 4), (3, 3), (3, 3)))
    J = code(A=A, B=B, X=at)
    applied = code.apply(A=A, B=B, X=at, dX=dX)
    np.testing.assert_allclose(J @ dX.ravel(order="F"), applied.ravel(order="F"))
    assert "kron" in found.to("numpy")
    assert "kron" not in found.differential.to("numpy")


def test_no_matrix_is_built_where_none_is_needed() -> None:
    assert not hasattr(diff("x'A x", "x").function(), "apply")
    assert not diff("A x", "x").by_vec
    assert not diff("X b", "b").by_vec
    assert diff("x'x", "x", order=2).by_vec is False
    assert diff("tr(X'X)", "X", order=2).by_vec
    assert diff("x .* x", "x", order=2).by_vec  # the first derivative is a matrix
    assert not diff("t x .* x", "t,x", order=2).by_vec
