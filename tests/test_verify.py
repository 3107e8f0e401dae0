"""The judges are judged: evaluation, sampling, checks, proofs and comparisons say what they should.

Above all, they must find fault: every kind of answer here is tried right and wrong.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from itertools import combinations_with_replacement
from random import Random
from typing import Any

import numpy as np
import pytest
from mpmath import mp

import matcalc
from matcalc.dimensions.infer import infer
from matcalc.errors import MatcalcError
from matcalc.language.syntax import parse
from matcalc.tables.facts import FACTS
from matcalc.verify.check import check
from matcalc.verify.compare import compare
from matcalc.verify.evaluate import NotConforming, OutsideDomain, evaluate
from matcalc.verify.matrix import Matrix
from matcalc.verify.prove import prove
from matcalc.verify.sample import MOODS, choose_sizes, draw, has, sample

BIG = "a' X' inv(A + X B) X b"
BIG_RESULT = "inv(A + X B) X b a' + inv(A + X B)' X a (b' - b' X' inv(A + X B)' B')"
BIG_SHAPES = ("a: n", "b: n", "X: m x n", "A: m x m", "B: n x m")


def read(source: str, where: Sequence[str] = (), wrt: str = "") -> Any:
    return infer(parse(source, where, tuple(wrt.split(",")) if wrt else ()), source)


def judge(source: str, wrt: str, answer: str, where: Sequence[str] = (), **options: Any) -> Any:
    """The check of an answer given as text."""
    typed, result = read(source, where, wrt), read(answer, where)
    return check(typed, wrt, result.tree, result.shapes, **options)


X = [[1.5, 2.0, -1.0], [0.5, -0.25, 3.0]]
A = [[2.0, 1.0], [-1.0, 3.0]]
v = [1.0, -2.0, 0.5]
ARRAYS = {"X": np.array(X), "A": np.array(A), "v": np.reshape(v, (3, 1)), "t": 0.75}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A X", lambda X, A, v, t: A @ X),
        ("X v / t", lambda X, A, v, t: X @ v / t),
        ("t X v - 2 X v", lambda X, A, v, t: (t - 2) * X @ v),
        ("v'v A", lambda X, A, v, t: (v.T @ v).item() * A),
        ("A^-1 X", lambda X, A, v, t: np.linalg.inv(A) @ X),
        ("A^3 - inv(A)' + 0 A^0", lambda X, A, v, t: A @ A @ A - np.linalg.inv(A).T),
        ("A^(-2)", lambda X, A, v, t: np.linalg.inv(A @ A)),
        ("1 ./ (1 + v .^ 2)", lambda X, A, v, t: 1 / (1 + v**2)),
        ("X .* X ./ (2 X)", lambda X, A, v, t: X / 2),
        ("2 .^ v", lambda X, A, v, t: 2**v),
        ("[A, X; X', eye(3)]", lambda X, A, v, t: np.block([[A, X], [X.T, np.eye(3)]])),
        ("tr(A) + det(A) + logdet(A)", lambda X, A, v, t: 5 + 7 + np.log(7)),
        ("commutation(2, 3) vec(X)", lambda X, A, v, t: X.reshape(6, 1)),
        ("unvec(vec(X), 2, 3)", lambda X, A, v, t: X),
        ("diag(v) + diag(diag(diag(v)))", lambda X, A, v, t: 2 * np.diag(v.ravel())),
        ("||X||^2 + <X, X>", lambda X, A, v, t: 2 * np.sum(X**2)),
        ("softmax(v)", lambda X, A, v, t: np.exp(v) / np.sum(np.exp(v))),
        ("mean(X) - sum(X)/6", lambda X, A, v, t: 0),
        ("A + pi I", lambda X, A, v, t: A + np.pi * np.eye(2)),
        ("sqrt(t^2) - 3/4", lambda X, A, v, t: 0),
        ("X ones(3) + zeros(2)", lambda X, A, v, t: X @ np.ones((3, 1))),
        ("y'y where y = X v", lambda X, A, v, t: v.T @ X.T @ X @ v),
    ],
)
def test_evaluation_agrees_with_numpy(source: str, expected: Any) -> None:
    where = ["X: 2 x 3", "A: 2 x 2", "v: 3", "t: scalar"]
    typed = read(source, where)
    value = evaluate(
        typed.tree, {"X": X, "A": A, "v": v, "t": 0.75}, typed.shapes, typed.definitions
    )
    wanted = np.atleast_2d(expected(**ARRAYS))
    np.testing.assert_allclose(
        np.reshape([float(e) for e in value], value.shape), wanted, atol=1e-12
    )


@pytest.mark.parametrize(
    "source",
    [
        *("log(t - 1)", "sqrt(-t)", "(-t)^(1/2)", "asin(2 t)", "acosh(t)", "tgamma(t - t)"),
        *("inv(t A - t A)", "inv(v v')", "logdet(v v')", "1/(t - t)"),
        *("t^(1e9)", "exp(exp(exp(exp(10 t))))", "A^t"),
    ],
)
def test_outside_of_the_domain(source: str) -> None:
    typed = read(source, ["A: 2 x 2", "v: 2", "t: scalar"]) if source != "A^t" else None
    tree = typed.tree if typed else parse(source, ["A: 2 x 2", "t: scalar"], ()).tree
    with pytest.raises(OutsideDomain):
        evaluate(tree, {"t": 0.75, "A": A, "v": [1, 2]})


@pytest.mark.parametrize("source", ["A X'", "X + A", "X^2", "t / X", "A + t", "X .* A"])
def test_what_does_not_conform(source: str) -> None:
    with pytest.raises(NotConforming):
        evaluate(parse(source).tree, {"X": X, "A": A, "t": 0.75})


def test_evaluation_does_not_recurse() -> None:
    typed = read("(" * 5000 + "t" + ")'" * 5000, ["t: scalar"])
    assert evaluate(typed.tree, {"t": 2}).entries == (2,)
    assert evaluate(read("+".join(["t"] * 20000), ["t: scalar"]).tree, {"t": 2}).entries == (40000,)


PAIRS = list(combinations_with_replacement(sorted(FACTS), 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_samples_have_the_declared_properties(one: str, other: str) -> None:
    """Exactly so, for every pair of properties that some matrix has."""
    none = {"skew": {"positive", "positive definite"}, "invertible": {"skew"}}
    rng, n = Random(one + other), 4
    if other in none.get(one, ()) or one in none.get(other, ()):
        n = 4 if "invertible" in (one, other) else 0
    for mood in MOODS[:4]:
        if not n:
            with pytest.raises(OutsideDomain):
                draw(3, 3, {one, other}, mood, rng)
            continue
        try:
            value = draw(n, n, {one, other}, mood, rng)
        except OutsideDomain:
            assert "positive" in (one, other)
            continue
        assert has(value, FACTS[one]) and has(value, FACTS[other])


def test_samples_are_deterministic_and_of_unequal_sizes() -> None:
    typed = read(BIG, BIG_SHAPES)
    first, again = (sample(typed.symbols, {"m": 3, "n": 2}, Random(5)) for _ in range(2))
    assert first == again and first["X"].shape == (3, 2)
    for seed in range(20):
        assert len(set(choose_sizes(["m", "n", "p", "q"], Random(seed)).values())) == 4


CHECKS = [
    (BIG, "X", BIG_RESULT, BIG_SHAPES, {}),
    ("x'Q x", "x", "x' (Q + Q')", ["Q: n x n"], {}),
    ("x'Q x", "x", "(Q + Q') x", ["Q: n x n"], {"layout": "gradient"}),
    ("x'Q x", "x", "2 x' Q", ["Q: n x n symmetric"], {}),
    ("x'Q x", "x", "Q + Q'", ["Q: n x n"], {"order": 2}),
    ("x'A y", "x,y", "A", ["A: m x n"], {"order": 2}),
    ("norm(x)", "x", "x' / norm(x)", ["x: n"], {}),
    ("exp(t A) .* B", "t", "A .* exp(t A) .* B", ["A: m x n", "B: m x n"], {}),
    ("log(t)", "t", "-1/t^2", ["t: scalar"], {"order": 2}),
    ("A x", "x", "A", ["A: m x n"], {}),
    ("tr(A X)", "X", "(A + A')/2", ["A: n x n", "X: n x n"], {"structure": "symmetric"}),
    ("tr(A X)", "X", "A + A' - A .* I", ["A: n x n", "X: n x n"], {"structure": "cookbook"}),
    ("norm(f(x) - y)^2", "x", "2 (f(x) - y)' Df(x)", ["f: R^n -> R^p"], {}),
    ("vec(X)", "X", "commutation(n, m) commutation(m, n)", ["X: m x n"], {}),
    ("X'", "X", "commutation(m, n)", ["X: m x n"], {}),
    ("sum(log(1 + exp(x)))", "x", "sigmoid(x)'", ["x: n"], {}),
    ("y'y where y = H x", "x", "2 x' H' H", ["H: m x n", "x: n"], {}),
    ("acosh(x'x) + asin(t)", "t", "1/sqrt(1 - t^2)", ["x: n", "t: scalar"], {}),
]


@pytest.mark.parametrize(
    ("source", "wrt", "answer", "where", "options"),
    CHECKS,
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_check_accepts_what_is_right_and_nothing_near_it(
    source: str, wrt: str, answer: str, where: list[str], options: dict[str, Any]
) -> None:
    found = judge(source, wrt, answer, where, **options)
    assert found.ok and found.digits >= 25 and found.points == 3, found.message
    for near in (f"(1 + 1e-12) * ({answer})", f"({answer}) * 2", f"-({answer})"):
        wrong = judge(source, wrt, near, where, **options)
        assert wrong.ok is False and "should be" in wrong.message


@pytest.mark.parametrize(
    ("source", "wrt", "answer", "where"),
    [
        ("x'Q x", "x", "(Q + Q') x", ["Q: n x n"]),  # a column
        ("x'Q x", "x", "2 x' Q", ["Q: n x n"]),  # right for a symmetric Q
        ("tr(Q X)", "X", "Q", ["Q: n x n", "X: n x n"]),  # transposed
        ("logdet(P)", "P", "2 inv(P) - inv(P) .* I", ["P: n x n positive definite"]),
    ],
)
def test_check_finds_the_classical_mistakes(
    source: str, wrt: str, answer: str, where: list[str]
) -> None:
    assert judge(source, wrt, answer, where).ok is False


QUADRATIC = ("x'Q x", "x", "x' (Q + Q')", ["Q: n x n"])
WRONG_CODE = [
    (lambda Q, x: x @ Q, "and should give"),
    (lambda Q, x: x @ (Q + Q.T) * (1 + 1e-5), "and should give"),
    (lambda Q, x: x @ (Q + Q.T) * np.nan, "gives nan in entry (1, 1)"),
    (lambda Q, x: (x @ (Q + Q.T))[:, None], "entries"),
    (lambda Q, x: float(x @ Q @ x), "gives () instead of"),
    (lambda Q, x: len(1.0), "raises TypeError: "),
    (lambda Q, x: np.linalg.inv(0 * Q), "raises Singular matrix"),
]


@pytest.mark.parametrize(("function", "words"), WRONG_CODE)
def test_check_finds_wrong_code(function: Any, words: str) -> None:
    found = judge(*QUADRATIC, code=lambda: function)
    assert found.ok is False and "the NumPy code" in found.message and words in found.message


def unwritable() -> Any:
    raise MatcalcError("unsupported", "NumPy has no such function")


def test_check_runs_the_code_and_says_so() -> None:
    right = judge(*QUADRATIC, code=lambda: lambda Q, x: x @ (Q + Q.T))
    assert right.ok and right.code_digits >= 10 and right.code_points == 3
    assert right.message.endswith("; the NumPy code agrees to 12 digits")
    rough = judge(*QUADRATIC, code=lambda: lambda Q, x: x @ (Q + Q.T) * (1 + 3e-9))
    assert rough.ok and rough.code_digits == 8
    other = judge(*QUADRATIC, code=unwritable)
    assert other.ok and other.code_digits is None
    assert other.message.endswith("; the NumPy code was not run: NumPy has no such function")
    sized = matcalc.diff("lambda t^2 sum(ones(n))", "t", where=["lambda: scalar"], check=True)
    assert sized.check.ok and sized.check.code_points == 3  # derivative(lambda_, t, *, n)
    abstract = matcalc.diff("norm(f(x))", "x", where=["f: R^n -> R^p"], check=True).check
    assert abstract.ok and abstract.message.endswith("was not run: f is abstract")


def test_check_without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    found = matcalc.diff("x'x", "x", check=True).check
    assert found.ok and found.code_points == 0
    assert found.message.endswith("the NumPy code was not run: NumPy is not installed")


@pytest.mark.parametrize(
    ("answer", "function"),
    [
        ("(t + 1e14) - 1e14", lambda t: (t + 1e14) - 1e14),  # digits are lost
        ("t exp(9e2) / exp(9e2)", lambda t: t * np.exp(9e2) / np.exp(9e2)),
        ("t exp(9e2) / exp(9e2)", lambda t: t * math.exp(9e2) / math.exp(9e2)),
        ("t + exp(-50) - exp(-50)", lambda t: t if t < 0 else t * (1 + 1e-9)),
    ],
)
def test_check_knows_the_limits_of_floating_point(answer: str, function: Any) -> None:
    """What the formula does to floats is no fault of the code."""
    found = judge("t^2 / 2", "t", answer, ["t: scalar"], code=lambda: function)
    assert found.ok, found.message
    coarse = "floating point is too coarse" in found.message
    assert coarse == (found.code_digits is None) == ("50" not in answer)


def test_check_says_when_it_cannot_tell() -> None:
    found = judge("log(-x'x)", "x", "2 x' / (x'x)", ["x: n"])
    assert found.ok is None and found.points == 0 and "no point found" in found.message
    found = judge("x'Q x", "x", "x' (Q + Q')", ["Q: 1000 x 1000"])
    assert found.ok is None and "too large" in found.message


def test_check_of_many_entries_goes_by_directions() -> None:
    where = ["X: 20 x 18", "A: 20 x 20"]
    assert judge("tr(X' A X)", "X", "(A + A') X", where).ok
    wrong = judge("tr(X' A X)", "X", "2 A X", where)
    assert wrong.ok is False and "random direction" in wrong.message
    assert judge("tr(X' A X)", "X", "ones(18, 20)", where).ok is False


PROOFS = [
    (BIG, "X", BIG_RESULT, BIG_SHAPES),
    ("logdet(A)", "A", "inv(A)'", ["A: n x n"]),
    ("x'Q x", "x", "2 x' Q", ["Q: n x n symmetric"]),
    ("sum(abs(sin(x)))", "x", "(sign(sin(x)) .* cos(x))'", ["x: n"]),
    ("logsumexp(relu(x))", "x", "(softmax(relu(x)) .* step(x))'", ["x: n"]),
    ("norm(x)", "x", "x' / norm(x)", ["x: n"]),
    ("x'S x", "S", "x x'", ["S: n x n skew", "x: n"]),
    ("tr(R' X R)", "X", "eye(n)", ["R: n x n orthogonal", "X: n x n"]),
]


@pytest.mark.parametrize(("source", "wrt", "answer", "where"), PROOFS)
def test_prove(source: str, wrt: str, answer: str, where: list[str]) -> None:
    typed = read(source, where, wrt)
    right, wrong = (read(text, where) for text in (answer, f"2 * ({answer})"))
    found = prove(typed, wrt, right.tree, right.shapes, seconds=60)
    assert found.ok, found.message
    assert prove(typed, wrt, wrong.tree, wrong.shapes, seconds=60).ok is None


def test_prove_gives_up_in_time() -> None:
    typed = read("logdet(A)", ["A: 4 x 4"], "A")
    result = read("inv(A)'", ["A: 4 x 4"])
    found = prove(typed, "A", result.tree, result.shapes, seconds=0.05)
    assert found.ok is None and "did not finish" in found.message


@pytest.mark.parametrize(
    ("source", "wrt", "right", "answer", "where", "verdict", "factor"),
    [
        ("x'Q x", "x", "x' (Q + Q')", "x'Q + x'Q'", ["Q: n x n"], "right", None),
        ("x'Q x", "x", "x' (Q + Q')", "(Q + Q') x", ["Q: n x n"], "layout", None),
        ("A x", "x", "A", "A'", ["A: m x n"], "layout", None),
        ("tr(Q X)", "X", "Q'", "Q", ["Q: n x n", "X: n x n"], "transposed", None),
        ("tr(Q X)", "X", "Q'", "2 Q", ["Q: n x n", "X: n x n"], "transposed factor", 2),
        ("x'Q x", "x", "x' (Q + Q')", "-x'(Q + Q')/3", ["Q: n x n"], "factor", -1 / 3),
        ("tr(Q X)", "X", "Q'", "(Q + Q')/2", ["Q: n x n", "X: n x n"], "symmetric", None),
        ("tr(Q X)", "X", "Q'", "Q + Q' - Q .* I", ["Q: n x n", "X: n x n"], "cookbook", None),
        ("x'Q x", "x", "x' (Q + Q')", "2 x'Q", ["Q: n x n"], "assumption", None),
        ("x'Q x", "x", "x' (Q + Q')", "Q + Q'", ["Q: n x n"], "shape", None),
        ("x'Q x", "x", "x' (Q + Q')", "x'", ["Q: n x n"], "wrong", None),
        ("log(-x'x)", "x", "2 x'/(x'x)", "x'", ["x: n"], "unknown", None),
    ],
)
def test_compare(
    source: str,
    wrt: str,
    right: str,
    answer: str,
    where: list[str],
    verdict: str,
    factor: float | None,
) -> None:
    typed = read(source, where, wrt)
    result, given = read(right, where), read(answer, [*where, *(["x: n"] if "x" in wrt else [])])
    found = compare(typed, wrt, (result.tree, result.shapes), (given.tree, given.shapes))
    assert found.verdict == verdict, found
    assert found.ok == (verdict == "right")
    assert found.factor == factor if factor is None else abs(found.factor - factor) < 1e-12


def test_matrix_products_and_broadcasts() -> None:
    one, two = Matrix.of([[1, 2], [3, 4]]), Matrix.of([5, 6])
    assert one.times(two, lambda r, c: sum(map(lambda a, b: a * b, r, c))).entries == (17, 39)
    assert (two + Matrix.of(1)).entries == (6, 7) and one.T.T == one
    with pytest.raises(NotConforming):
        one + Matrix.of(1)
    assert mp.fsum(one) == 10
