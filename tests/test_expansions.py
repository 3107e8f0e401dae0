"""perturb and taylor: the sum of the orders is f(X + dX) up to the stated remainder.

Every order is read back from its text and evaluated by ``matcalc.verify.evaluate``, which knows no
derivative.  What is called exact must agree to forty digits; else the gap must shrink like the
power of dX that is stated.
"""

from __future__ import annotations

import json
from itertools import islice
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from mpmath import mp
from numeric import declarations

import matcalc
from matcalc import MatcalcError
from matcalc.cli import cli
from matcalc.dimensions.infer import infer
from matcalc.language.syntax import parse
from matcalc.verify.check import points
from matcalc.verify.evaluate import Evaluation
from matcalc.verify.matrix import Matrix
from matcalc.verify.sample import Point, numeric

PRECISION, SIZES = 160, (10, 12)


def read(expansion: Any, source: str) -> Any:
    """A text of an expansion, with the perturbation (or the point) declared."""
    typed = expansion.problem.typed
    where = declarations(typed)
    if expansion.perturbation.isidentifier():
        shape = expansion.problem.variable(expansion.wrt).shape
        size = "scalar" if shape.is_scalar else str(shape)
        where.append(f"{expansion.perturbation}: {size}")
    again = infer(parse(source, tuple(where), ()), source)
    assert set(again.symbols) <= {*typed.symbols, *typed.sizes, expansion.perturbation}
    return again


def value(reading: Any, env: Any, point: Point) -> Matrix:
    return Evaluation(reading.tree, reading.shapes, {}, point.sizes)(env)


def distance(a: Matrix, b: Matrix) -> Any:
    assert a.shape == b.shape
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def assert_expansion(expansion: Any) -> None:
    """Fail unless the orders add up to f, up to the remainder; those of ``perturb`` are graded."""
    parts = [read(expansion, part.text) for part in expansion.orders]
    whole = read(expansion, str(expansion))
    typed, wrt = expansion.problem.typed, expansion.wrt
    (point,) = islice(points(typed, [wrt], []), 1)
    with mp.workdps(PRECISION):
        env = numeric(point.env)
        rng = Random(1)
        V = env[wrt].map(lambda _: mp.mpf(rng.uniform(-1, 1)))
        f = Evaluation(typed.tree, typed.shapes, typed.definitions, point.sizes)
        gaps = []
        for k in SIZES:
            dX = V.map((mp.mpf(10) ** -k).__mul__)
            here = moved(expansion, env, dX)
            total = value(whole, here, point)
            terms = [value(part, here, point) for part in parts]
            assert distance(total, sum(terms[1:], terms[0])) < mp.mpf("1e-120")
            gaps.append(distance(total, f({**here, wrt: arrival(expansion, env, dX)})))
            if expansion.kind == "perturb":
                assert_graded(expansion, parts, here, dX, point)
    wide, narrow = gaps
    if not expansion.remainder:
        assert wide < mp.mpf("1e-110")
        return
    power = int(expansion.remainder.rsplit("^", 1)[1].rstrip(")"))
    assert expansion.orders[-1].order < power
    assert narrow <= wide * mp.mpf(10) ** (-2 * power) * 2 + mp.mpf("1e-140"), gaps
    assert wide > 0 or power > 1


def arrival(expansion: Any, env: Any, dX: Matrix) -> Matrix:
    """X + dX, or the point plus dX."""
    if expansion.kind == "perturb" or expansion.perturbation.isidentifier():
        return env[expansion.wrt] + dX
    start = matcalc.simplify(expansion.perturbation)
    at = Evaluation(start.tree)({}).entries[0]
    return dX.map(lambda entry: entry + at)


def moved(expansion: Any, env: Any, dX: Matrix) -> Any:
    """Values for the names in the text."""
    wrt, name = expansion.wrt, expansion.perturbation
    if expansion.kind == "perturb":
        return {**env, name: dX}
    there = {**env, wrt: arrival(expansion, env, dX)}
    return {**there, name: env[wrt]} if name.isidentifier() else there


def assert_graded(expansion: Any, parts: Any, env: Any, dX: Matrix, point: Point) -> None:
    """Twice the perturbation is 2^j times the terms of order j."""
    twice = {**env, expansion.perturbation: dX.map(lambda entry: 2 * entry)}
    for part, reading in zip(expansion.orders, parts, strict=True):
        once = value(reading, env, point).map(lambda entry, j=part.order: entry * 2**j)
        assert distance(value(reading, twice, point), once) < mp.mpf("1e-120"), part.text


PERTURBED = [
    ("x'Q x + b'x", "x"),
    ("x'Q x + b'x", "x", "Q: symmetric"),
    ("a' X' inv(A + X B) X b", "X"),
    ("tr(X' X X' A)", "X"),
    ("inv(X)", "X"),
    ("exp(-1/2 x'Q x)", "x"),
    ("logdet(I + X X')", "X"),
    ("norm(A x - b)", "x"),
    ("norm(x)", "x"),
    ("softmax(x)", "x"),
    ("logsumexp(x)", "x"),
    ("1/det(X)", "X"),
    ("inv(A + t B)", "t"),
    ("t^2 exp(-t)", "t"),
    ("x x' b", "x"),
    ("sum(x .^ 3)", "x"),
    ("tanh(A x)", "x"),
    ("y'y where y = H x", "x"),
    ("mu' Q mu", "mu", "mu: n"),
    ("x' dx", "x", "dx: n"),
    ("b'c", "x", "x: n"),
    ("r A r'", "r", "r: 1 x n"),
    ("A X B", "X"),
    ("X X' X", "X"),
    # a scalar dX inside a scalar that is a factor of a scalar
    ("v'(t + w) t", "t", "t: scalar", "v: m", "w: m"),
    ("t v'(t A + B) w", "t", "A: n x n", "w: n"),
    ("sum(t + w) t", "t", "t: scalar", "w: m"),
    ("tr(t A + B) t^2", "t"),
]


@pytest.mark.parametrize("order", range(5))
@pytest.mark.parametrize("case", PERTURBED, ids=lambda case: case[0])
def test_perturb(case: tuple[str, ...], order: int) -> None:
    source, wrt, *where = case
    assert_expansion(matcalc.perturb(source, wrt, where=where, order=order))


@pytest.mark.parametrize(
    ("source", "wrt", "degree"),
    [("x'Q x + b'x", "x", 2), ("a' X b", "X", 1), ("tr(X X' X X')", "X", 4), ("t^3 + t", "t", 3)],
)
def test_polynomials_are_exact_from_their_degree_on(source: str, wrt: str, degree: int) -> None:
    for order in range(5):
        assert (matcalc.perturb(source, wrt, order=order).remainder == "") == (order >= degree)


@pytest.mark.parametrize(
    ("source", "wrt"), [("norm1(z - h)", "z"), ("sum(relu(x))", "x"), ("sign(t) t", "t")]
)
def test_what_has_jumps_is_not_exact(source: str, wrt: str) -> None:
    """Its higher differentials are zero, but it is no polynomial."""
    for order in (0, 1, 2, 3):
        assert matcalc.perturb(source, wrt, order=order).remainder
    assert matcalc.taylor("abs(t)", "t", order=2).remainder


def test_the_terms_are_those_of_hand() -> None:
    expansion = matcalc.perturb("x'Q x + b'x", "x")
    found = [part.text for part in expansion.orders]
    assert found == ["x' Q x + b' x", "dx' Q x + x' Q dx + b' dx", "dx' Q dx"]
    assert str(expansion) == "(x' Q x + b' x) + (dx' Q x + x' Q dx + b' dx) + dx' Q dx"
    assert expansion.perturbation == "dx"
    assert "exact" in expansion.notes


@pytest.mark.parametrize(
    ("source", "wrt", "order", "expected"),
    [
        ("t^3 A", "t", 1, "3 dt t^2 A"),
        ("norm(x)", "x", 3, "1/2 (x' dx) ((x' dx)^2 / norm(x)^5 - dx' dx / norm(x)^3)"),
        (
            "norm(A x - b)",
            "x",
            2,
            "dx' A' A dx / (2 norm(A x - b)) - ((A x - b)' A dx)^2 / (2 norm(A x - b)^3)",
        ),
    ],
)
def test_what_terms_share_is_in_front(source: str, wrt: str, order: int, expected: str) -> None:
    assert matcalc.perturb(source, wrt, order=order).orders[order].text == expected


F = ["f: R^n -> R^p"]


def test_abstract_functions_end_at_the_first_order() -> None:
    first = matcalc.perturb("norm(f(x) - y)^2", "x", where=F, order=1)
    assert first.orders[1].text == "2 (f(x) - y)' Df(x) dx"
    assert_expansion(first)
    with pytest.raises(MatcalcError) as caught:
        matcalc.perturb("f(x)", "x", where=F)
    assert caught.value.kind == "unsupported" and caught.value.hint == "order=1"


EXPANDED = [
    ("x'Q x + b'x", "x", "", (0, 1, 2)),
    ("x'Q x + b'x", "x", "0", (0, 1, 2)),
    ("exp(-1/2 x'Q x)", "x", "", (0, 1, 2)),
    ("logsumexp(A x + b)", "x", "z", (1, 2)),
    ("norm(A x - b)", "x", "0", (1, 2)),
    ("log(1 + x'A x)", "x", "0", (2,)),
    ("y'y where y = H x", "x", "", (1, 2)),
    ("exp(t)", "t", "0", (0, 1, 2, 3, 4)),
    ("sin(t)", "t", "-1/2", (1, 2, 3, 4)),
    ("log(1 + t)", "t", "2", (1, 2, 3, 4)),
    ("t^3 + 2 t", "t", "0.5", (1, 2, 3, 4)),
    ("log(t)", "t", "t0", (1, 3)),
    ("inv(A + t B)", "t", "0", (1, 2, 3)),
    ("(A + t B) x", "t", "", (0, 1, 2)),
    ("mu'mu", "mu", "", (2,)),
    *((f"{f}(t)", "t", "0", (1, 3)) for f in ("tan", "asin", "acos", "atanh", "log1p", "erf")),
    ("log1p(t^2)", "t", "0", (2, 4)),
    ("acosh(t)", "t", "2", (2,)),
    ("lgamma(t)", "t", "2", (1, 2)),  # the highest derivative that the table has
    ("sum(log1p(x))", "x", "0", (2,)),
    ("sum(inv(2 diag(x)) inv(A))", "x", "", (1, 2)),
]


@pytest.mark.parametrize("case", EXPANDED, ids=lambda case: f"{case[0]} at {case[2]}")
def test_taylor(case: tuple[str, str, str, tuple[int, ...]]) -> None:
    source, wrt, at, orders = case
    where = ["mu: n"] if wrt == "mu" else []
    for order in orders:
        assert_expansion(matcalc.taylor(source, wrt, where=where, at=at, order=order))


def test_the_quadratic_term_has_its_half() -> None:
    expansion = matcalc.taylor("x'Q x + b'x", "x", where=["Q: n x n symmetric"])
    assert [part.text for part in expansion.orders] == [
        "x0' Q x0 + b' x0",
        "(2 x0' Q + b') (x - x0)",
        "1/2 (x - x0)' (2 Q) (x - x0)",
    ]
    assert matcalc.taylor("exp(t)", "t", at="0", order=3).to("text") == (
        "1 + t + 1/2 t^2 + 1/6 t^3"
    )


REFUSED = [
    (lambda: matcalc.perturb("x'x", "x", order=5), "usage"),
    (lambda: matcalc.perturb("x'x", "x", order=-1), "usage"),
    (lambda: matcalc.taylor("x'x", "x", order=3), "usage"),
    (lambda: matcalc.taylor("x'x", "x", at="1"), "usage"),
    (lambda: matcalc.taylor("x'x", "x", at="x"), "usage"),
    (lambda: matcalc.taylor("x'x", "x", at="x 0"), "usage"),
    (lambda: matcalc.taylor("x'x", "x", at="det"), "usage"),
    (lambda: matcalc.taylor("tr(X)", "X"), "unsupported"),
    (lambda: matcalc.taylor("A x", "x"), "unsupported"),
    (lambda: matcalc.taylor("norm(x)", "x", at="0"), "domain"),
    (lambda: matcalc.taylor("log(t)", "t", at="0"), "domain"),
    (lambda: matcalc.taylor("sqrt(t)", "t", at="-1"), "domain"),
    (lambda: matcalc.taylor("abs(t)", "t", at="0"), "domain"),
    (lambda: matcalc.taylor("inv(t A)", "t", at="0"), "domain"),
    (lambda: matcalc.taylor("atanh(t)", "t", at="2"), "domain"),
    (lambda: matcalc.taylor("log1p(t)", "t", at="-2"), "domain"),
    (lambda: matcalc.taylor("acosh(t)", "t", at="1"), "domain"),
    (lambda: matcalc.taylor("lgamma(t)", "t", at="-2", order=1), "domain"),
    (lambda: matcalc.perturb("x'x", "x").to("numpy"), "usage"),
]


@pytest.mark.parametrize("case", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(case: tuple[Any, str]) -> None:
    request, kind = case
    with pytest.raises(MatcalcError) as caught:
        request()
    assert caught.value.kind == kind
    assert kind == "domain" or caught.value.hint


def run(*args: str) -> tuple[str, str]:
    found = CliRunner().invoke(cli, args, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout, found.stderr


def test_perturb_on_the_command_line() -> None:
    text, notes = run("perturb", "x'Q x", "--wrt", "x", "--order", "1")
    assert text == "x' Q x + (dx' Q x + x' Q dx)\n"
    assert "remainder O(norm(dx)^2)" in notes
    document = json.loads(run("perturb", "inv(X)", "--wrt", "X", "--order", "2", "--json")[0])
    assert document["schema"] == "matcalc/1"
    assert document["perturbation"] == "dX"
    assert document["remainder"] == "O(norm(dX)^3)"
    assert [part["order"] for part in document["orders"]] == [0, 1, 2]
    assert document["orders"][2]["text"] == "inv(X) dX inv(X) dX inv(X)"
    assert all(part["latex"].isascii() for part in document["orders"])
    latex, nothing = run("perturb", "inv(X)", "--wrt", "X", "--order", "1", "--latex", "-q")
    assert latex.startswith("X^{-1} - X^{-1}") and latex.endswith("^{2})\n") and not nothing


def test_taylor_on_the_command_line() -> None:
    text, notes = run("taylor", "exp(t)", "--wrt", "t", "--at", "0", "--order", "3")
    assert text == "1 + t + 1/2 t^2 + 1/6 t^3\n"
    assert "O(t^4)" in notes
    document = json.loads(run("taylor", "a'x", "--wrt", "x", "--at", "x0", "--json")[0])
    assert document["at"] == "x0" and document["remainder"] == ""
