"""The normal form: what an expression simplifies to, that it has that value, that it is normal.

Each row is (expression, declarations, what is printed); both sides are evaluated at random points
by ``matcalc.verify``, which shares nothing with the constructors.
"""

from __future__ import annotations

from itertools import islice

import pytest
from mpmath import mp
from numeric import assert_close, declarations

import matcalc
from matcalc import MatcalcError
from matcalc.algebra.ir import Apply, postorder
from matcalc.dimensions.infer import infer
from matcalc.language.syntax import parse
from matcalc.verify.check import points
from matcalc.verify.evaluate import Evaluation
from matcalc.verify.sample import numeric

ROWS: list[tuple[str, str, str]] = [
    # a multiple of a matrix of ones is not the matrix of ones
    ("diag(erf(t ones(3, 3)))", "t: scalar", "erf(t) ones(3)"),
    ("softplus(ones(n, n) ones(n, n))", "", "softplus(n) ones(n, n)"),
    ("expm1(-ones(q, q))", "", "expm1(-1) ones(q, q)"),
    ("s .^ ones(p, q)", "s: scalar positive", "s ones(p, q)"),
    ("(2 ones(m, n)) .^ K", "K: m x n", "2 .^ K"),
    ("cos(t ones(p, q))", "t: scalar", "cos(t) ones(p, q)"),
    ("sign(D)", "D: n x n diagonal positive", "sign(D)"),
    # powers settle
    (
        "(sqrt(s .^ 3) .* y ./ s) .^ 2 + y .^ 2 .* z",
        "s: n positive, y: n, z: n",
        "(s + z) .* y .^ 2",
    ),
    ("(sqrt(s .^ 3) ./ s) .^ 2", "s: n positive", "s"),
    ("sqrt(exp(x) .* y) .* sqrt(exp(x) .* y)", "x: n, y: n", "exp(x) .* y"),
    ("abs(exp(t) s) abs(exp(t) s)", "t: scalar, s: scalar", "exp(2 t) s^2"),
    ("sqrt(b - a) sqrt(b - a) c + a c", "a: scalar, b: scalar, c: scalar", "b c"),
    ("sqrt(y - x) .* sqrt(y - x) .* z + x .* z", "x: n, y: n, z: n", "y .* z"),
    ("sqrt(-x) .* sqrt(-x) .* z + x .* z", "x: n, z: n", "zeros(n)"),
    ("sqrt(t s) sqrt(t s) / s", "t: scalar, s: scalar", "t"),
    ("(-1)^k (-1)^k t", "k: integer, t: scalar", "t"),
    ("(X^k)^k X^-1", "X: n x n, k: integer", "X^(k^2 - 1)"),
    ("(-1)^(3 k) + (-1)^k", "k: integer", "2 (-1)^k"),
    ("log(t^(2 s)) / s", "t: scalar positive, s: scalar", "2 log(t)"),
    # powers of a diagonal matrix are diagonal matrices
    ("diag(inv(2 diag(b)))' c", "b: n, c: n", "1/2 c' (1 ./ b)"),
    ("(t diag(b))^2 c", "b: n, c: n, t: scalar", "t^2 (b .^ 2 .* c)"),
    ("((2 diag(b))^-1)^3", "b: n", "1/8 diag(1 ./ b .^ 3)"),
    # vec A and vec B of equal length are no two of a kind
    ("vec(A) + vec(B)", "A: m x n, B: n x m", "vec(A) + vec(B)"),
    ("vec(A)' vec(B)", "A: m x n, B: n x m", "vec(A)' vec(B)"),
    ("vec(A)' vec(B)", "A: m x n, B: m x n", "tr(B A')"),
    ("sum(vec(A) .* vec(B))", "A: m x n, B: n x m", "vec(A)' vec(B)"),
    # what a transpose leaves alone
    ("diag(X - X')", "X: n x n", "zeros(n)"),
    ("diag(x y' - y x')", "x: n, y: n", "zeros(n)"),
    ("diag(K^3 + K)", "K: n x n skew", "zeros(n)"),
    ("diag(2 P + M)", "P: n x n orthogonal, M: n x n skew", "2 diag(P)"),
    ("diag(N - t I)", "N: n x n skew, t: scalar", "-t ones(n)"),
    ("det(t I - N) - det(t I + N)", "N: n x n skew, t: scalar", "0"),
    ("tr(K^k A) - (-1)^k tr(A' K^k)", "K: n x n skew, A: n x n, k: integer", "0"),
    ("diag(K^k)", "K: n x n skew, k: integer", "diag(K^k)"),
    ("x' K^k y - (-1)^k y' K^k x", "K: n x n skew, k: integer, x: n, y: n", "0"),
]


@pytest.mark.parametrize(("source", "where", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_normal_form(source: str, where: str, expected: str) -> None:
    found = matcalc.simplify(source, where=[where] if where else [])
    typed = found.problem.typed
    again = infer(parse(str(found), tuple(declarations(typed)), ()), str(found))
    for point in islice(points(typed, [], [(found.tree, found.shapes)]), 2):
        with mp.workdps(40):
            env = numeric(point.env)
            value = Evaluation(typed.tree, typed.shapes, typed.definitions, point.sizes)(env)
            for tree, shapes in ((found.tree, found.shapes), (again.tree, again.shapes)):
                assert_close(Evaluation(tree, shapes, {}, point.sizes)(env), value, str(found), 30)
    assert str(found) == expected


@pytest.mark.parametrize(("source", "where", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_bases_are_distinct(source: str, where: str, expected: str) -> None:
    """A base occurs once in a product: factoring relies on it."""
    for node in postorder(matcalc.simplify(source, where=[where] if where else []).node):
        if isinstance(node, Apply) and node.head == "hadamard":
            bases = [
                b.args[0] if isinstance(b, Apply) and b.head == "epow" else b for b in node.args
            ]
            assert len(bases) == len(set(bases))


@pytest.mark.parametrize(
    ("source", "where", "condition"),
    [
        ("norm(X'X - I)", "X: n x n orthogonal", "X' X - I != 0"),
        ("norm(X + X')", "X: n x n skew", "X + X' != 0"),
        ("norm1(X - X')", "X: n x n symmetric", "X - X' != 0 entry-wise"),
        ("acos(2) tr(X)", "X: n x n", "abs(2) < 1"),
        ("log(-1 - exp(tr(X)))", "X: n x n", "-1 - exp(tr(X)) > 0"),
        ("sum(log1p(-ones(n, n) - exp(X)))", "X: n x n", "-ones(n, n) - exp(X) > -1 entry-wise"),
    ],
)
def test_a_condition_that_never_holds(source: str, where: str, condition: str) -> None:
    with pytest.raises(MatcalcError) as caught:
        matcalc.diff(source, "X", where=[where])
    assert caught.value.kind == "domain"
    assert f"`{condition}`" in caught.value.message


@pytest.mark.parametrize(
    ("source", "where"),
    [("norm(X'X)", "X: n x n"), ("acos(t)", ""), ("log(t - 1)", ""), ("log(-t)", "")],
)
def test_conditions_that_can_hold(source: str, where: str) -> None:
    assert matcalc.diff(
        source, "X" if "X" in source else "t", where=[where] if where else []
    ).conditions


def test_the_order_of_terms_does_not_depend_on_what_else_is_asked() -> None:
    source, where = "logdet(A + X) + tr(A X) + logdet(A - X)", ["X: n x n orthogonal"]
    together = matcalc.diff(source, ["A", "X"], where=where)
    assert [str(d) for d in together] == [str(matcalc.diff(source, w, where=where)) for w in "AX"]


def test_the_trace_of_a_scalar_is_that_scalar() -> None:
    """Also where the scalar is a trace: what was typed inside of it is not inside of itself."""
    assert str(matcalc.simplify("tr(<X, Y>)", ["X: m x n"])) == "tr(Y' X)"
