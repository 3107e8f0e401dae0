"""Vectors by vectors: a Jacobian that has a form without Kronecker products is found.

Random functions made of diag, diagonal, element-wise products and functions, chains and inverses
around a vector are differentiated and judged numerically.  What may be refused is what has a graph
of indices with the minor K4 (see ``calculus.index_graph``), which is rare.
"""

from __future__ import annotations

import os
import re
from functools import cache
from random import Random
from typing import Any

import pytest
from numeric import NoPoint, assert_derivative

from matcalc import MatcalcError, diff
from matcalc.algebra import normal
from matcalc.algebra.ir import Node, make_symbol
from matcalc.calculus.index_graph import IndexGraph
from matcalc.language.sizes import ONE, Dim, Shape

COUNT = int(os.environ.get("MATCALC_RANDOM", "150"))
SEED = int(os.environ.get("MATCALC_SEED", "0"))
DECLARED = {
    "x": "n",
    "c": "n",
    "b": "p",
    "A": "n x n",
    "E": "n x n",
    "P": "p x n",
    "R": "n x p",
    "M": "p x p",
}
CONSTANT = {"nn": ("A", "E", "A'"), "pn": ("P", "R'"), "np": ("R", "P'"), "pp": ("M", "M'")}
VARIABLE = {"nn": "diag(x)", "pn": "P diag(x)", "np": "diag(x) R", "pp": "P diag(x) R"}


def column(rng: Random, m: str, depth: int) -> str:
    """A column of size m."""
    if depth <= 0:
        return {"n": rng.choice("xxc"), "p": rng.choice(("P x", "b"))}[m]
    q = rng.choice("np")
    match rng.choice(
        ("chain", "chain", "chain", "diagonal", "diagonal", "row", "entries", "scalar")
    ):
        case "chain":
            return f"({matrix(rng, m, q, depth - 1)}) ({column(rng, q, depth - 2)})"
        case "diagonal":
            return f"diag({matrix(rng, m, m, depth - 1)})"
        case "row":
            return f"(({column(rng, q, depth - 2)})' ({matrix(rng, q, m, depth - 1)}))'"
        case "entries":
            return f"({column(rng, m, depth - 1)}) .* ({column(rng, m, depth - 2)})"
    scalar = f"({column(rng, q, depth - 2)})' ({column(rng, q, depth - 2)})"
    return f"({scalar}) ({column(rng, m, depth - 2)})"


def matrix(rng: Random, m: str, q: str, depth: int) -> str:
    """A matrix m x q."""
    if depth <= 0:
        return rng.choice((VARIABLE[m + q], *CONSTANT[m + q]))
    kinds = ["chain", "chain", "mask", "mask", "function", "outer", "sum", "transpose"]
    match rng.choice(kinds + ["diag", "inverse"] * (m == q)):
        case "chain":
            s = rng.choice("np")
            return f"({matrix(rng, m, s, depth - 1)}) ({matrix(rng, s, q, depth - 2)})"
        case "mask":
            return f"({matrix(rng, m, q, depth - 1)}) .* ({matrix(rng, m, q, depth - 2)})"
        case "function":
            return f"{rng.choice(('exp', 'tanh', 'sin'))}({matrix(rng, m, q, depth - 1)})"
        case "outer":
            return f"({column(rng, m, depth - 1)}) ({column(rng, q, depth - 2)})'"
        case "sum":
            return f"({matrix(rng, m, q, depth - 1)}) + ({matrix(rng, m, q, depth - 2)})"
        case "transpose":
            return f"({matrix(rng, q, m, depth - 1)})'"
        case "diag":
            return f"diag({column(rng, m, depth - 1)})"
    return f"inv(({matrix(rng, m, m, depth - 1)}) + {CONSTANT[m + m][0]})"


def random_function(seed: str) -> tuple[str, int]:
    """A function of x and the order of the derivative to take."""
    rng = Random(seed)
    while True:
        order = rng.choice((1, 1, 1, 2))
        source = column(rng, rng.choice("np"), rng.choice((3, 4)))
        if order == 2:
            source = f"sum({source})"
        if len(source) < 120 and re.search(r"\bx\b", source):
            return source, order


def declarations(source: str) -> list[str]:
    names = set(re.findall(r"[A-Za-z]+", source))
    return [f"{name}: {shape}" for name, shape in DECLARED.items() if name in names]


@cache
def derived(k: int) -> Any:
    """The derivative of a random function, None where it is refused."""
    source, order = random_function(f"{SEED}-{k}")
    try:
        return diff(source, "x", where=declarations(source), order=order)
    except MatcalcError as error:
        if error.kind != "unsupported":
            raise
        return None


@pytest.mark.parametrize("k", range(COUNT))
def test_random_function(k: int) -> None:
    if derived(k) is None:
        pytest.skip("refused")
    try:
        assert_derivative(derived(k), k)
    except NoPoint:
        pytest.skip("not defined anywhere near")


def test_hardly_any_is_refused() -> None:
    assert sum(derived(k) is None for k in range(COUNT)) <= 0.03 * COUNT


@pytest.mark.parametrize(
    ("source", "where", "order"),
    [
        ("(E .* (A (M .* (P diag(x) R)) B)) r", ["r: k"], 1),  # a mask around another, in a chain
        ("(E .* inv(A + M .* (P diag(x) R))) r", ["r: k"], 1),
        ("diag(L tanh(P diag(x) R) Q)", [], 1),
        ("vec(x c')", [], 1),
        ("unvec(x, m, n) b", ["x: m*n", "b: n"], 1),
        # H_kl = sum_ij E_ij A_ik B_kj A_il B_lj: the graph is K4 itself
        ("sum(exp(A diag(x) B))", [], 2),
        ("norm(tanh(A diag(x) B))^2", [], 2),
    ],
)
def test_what_is_stuck_has_a_form_with_kronecker_products(
    source: str, where: list[str], order: int
) -> None:
    found = diff(source, "x", where=where, order=order, check=True)
    assert found.check.ok
    assert found.check.code_digits
    assert "kron" in str(found)


# --- the graphs themselves ------------------------------------------------------------------------

n = Dim.named("n")


def square(name: str) -> Node:
    return make_symbol(name, Shape(n, n))


def vector(name: str) -> Node:
    return make_symbol(name, Shape(n, ONE))


def graph(*edges: tuple[int, Node, int], size: int) -> IndexGraph:
    made = IndexGraph()
    for _ in range(size):
        made.vertex(n)
    for a, M, b in edges:
        made.connect(a, M, b)
    return made


def test_reductions() -> None:
    A, B, C, u = square("A"), square("B"), square("C"), vector("u")
    D, B_ = normal.diag(u), normal.transpose(B)
    parallel = graph((0, A, 1), (1, B, 0), size=2)
    assert parallel.matrix(0, 1) is normal.hadamard(A, B_)
    assert parallel.column(0) is normal.diagonal(normal.mul(A, B))
    series = graph((0, A, 2), (2, D, 2), (1, B, 2), size=3)
    assert series.matrix(0, 1) is normal.mul(A, D, B_)
    assert series.column(0) is normal.mul(A, normal.hadamard(u, normal.mul(B_, normal.ones(n))))
    loop = graph((0, A, 0), size=1)
    assert loop.matrix(0, 0) is normal.diag(normal.diagonal(A))
    equal = graph((0, D, 1), size=2)
    assert equal.matrix(0, 1) is D and equal.column(1) is u
    cycle = graph((0, A, 1), (1, B, 2), (2, C, 0), size=3)
    assert cycle.column(0) is normal.diagonal(normal.mul(A, B, C))
    isolated = graph((0, D, 0), (1, D, 1), size=2)
    assert isolated.column(0) is normal.mul(normal.trace(D), u)


def test_the_complete_graph_of_four_vertices_is_stuck() -> None:
    pairs = [(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    edges = [(a, square(f"M{a}{b}"), b) for a, b in pairs]
    assert graph(*edges, size=4).matrix(0, 1) is None
    assert graph(*edges[:-1], size=4).matrix(0, 1) is not None


def test_an_edge_of_rank_one_is_none() -> None:
    pairs = [(0, 2), (0, 3), (1, 2), (1, 3)]
    edges = [(a, square(f"M{a}{b}"), b) for a, b in pairs]
    outer = normal.mul(vector("u"), normal.transpose(vector("v")))
    mask = normal.sub(outer, normal.identity(n))
    assert graph(*edges, (2, mask, 3), size=4).matrix(0, 1) is not None
