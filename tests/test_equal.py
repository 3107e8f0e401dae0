"""Equal inputs, written differently: equal derivatives, and printed the same up to order."""

from __future__ import annotations

import random
from collections import Counter

import pytest

import matcalc

PAIRS = [
    ("tr(X' A)", "tr((A' X)')", "X"),
    ("x' (A + A') x / 2", "x'A x", "x"),
    ("x'A x", "x'A' x", "x"),
    ("a' X b", "b' X' a", "X"),
    ("a' X b", "tr(X b a')", "X"),
    ("norm(A x - b)^2", "(A x - b)'(A x - b)", "x"),
    ("norm(A x - b)^2", "x'A'A x - 2 b'A x + b'b", "x"),
    ("sum(x .* y)", "x'y", "x"),
    ("sum(A .* X)", "<A, X>", "X"),
    ("tr(A B X)", "tr(X A B)", "X"),
    ("log(det(X))", "logdet(X)", "X"),
    ("det(A X)", "det(A) det(X)", "X"),
    ("tr(inv(A X))", "tr(inv(X) inv(A))", "X"),
    ("(x + y)'(x + y)", "x'x + 2 x'y + y'y", "x"),
    ("x' diag(d) x", "sum(d .* x .* x)", "x"),
    ("sqrt(x'x)", "norm(x)", "x"),
    ("exp(a'x) exp(b'x)", "exp((a + b)' x)", "x"),
    ("(t + 1)^2", "t^2 + 2 t + 1", "t"),
    ("sigmoid(t)", "logistic(t)", "t"),
    ("vec(X)' vec(A)", "tr(A' X)", "X"),
]


@pytest.mark.parametrize(("one", "other", "wrt"), PAIRS)
def test_equal_inputs(one: str, other: str, wrt: str) -> None:
    declared = ["A: n x n", "B: n x n", "X: n x n"]
    a, b = (matcalc.diff(e, wrt, where=declared) for e in (one, other))
    assert a == b
    assert b == a


@pytest.mark.parametrize(
    ("one", "other"), [("x'A x", "x'x"), ("x'A x", "2 x'A x"), ("x'A x", "x'A y"), ("b'x", "b'y")]
)
def test_unequal_inputs(one: str, other: str) -> None:
    a, b = (matcalc.diff(e, "x", where=["A: n x n", "x: n", "y: n"]) for e in (one, other))
    assert a != b


TERMS = ["x'A x", "b'x", "norm(x - c)^2", "log(1 + x'x)", "exp(-1/2 x'B x)", "sum(sin(x))"]


@pytest.mark.parametrize("seed", range(12))
def test_shuffled_terms(seed: int) -> None:
    rng = random.Random(seed)
    terms = rng.sample(TERMS, 4)
    first = matcalc.diff(" + ".join(terms), "x")
    rng.shuffle(terms)
    second = matcalc.diff(" + ".join(terms), "x")
    assert first == second
    assert Counter(str(first)) == Counter(str(second))
