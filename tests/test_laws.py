"""Every row of the law table is a test.

Both sides are evaluated by ``matcalc.verify.evaluate``, which knows no law, at random points with
the declared properties.  Exact laws must hold to forty digits; what holds to first order must leave
a gap that shrinks by a hundred when the perturbation shrinks by ten.  Rows that hold of every node
by construction must lower to one node on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, pairwise
from typing import Any, NamedTuple

import pytest
from mpmath import mp

import matcalc
from matcalc.algebra.ir import Node
from matcalc.dimensions.problem import Problem, read_problem
from matcalc.language.tree import Add, Tree
from matcalc.tables.laws import LAWS, Law
from matcalc.verify.check import points
from matcalc.verify.evaluate import Evaluation
from matcalc.verify.matrix import Matrix
from matcalc.verify.sample import Point, numeric

POINTS = 3
ROWS = list(LAWS.values())
every_law = pytest.mark.parametrize("law", ROWS, ids=lambda law: law.name)


class Sides(NamedTuple):
    """Both sides of a law, read as one expression so that they have one set of sizes."""

    problem: Problem
    left: Tree
    right: Tree


def sides(law: Law) -> Sides:
    problem = read_problem(f"({law.left}) - ({law.right})", law.where)
    assert isinstance(problem.tree, Add)
    assert len(problem.tree.terms) == 2
    return Sides(problem, *problem.tree.terms)


def node(problem: Problem, side: Tree) -> Node:
    """One side as IR, in the sizes of the whole."""
    return replace(problem, typed=replace(problem.typed, tree=side)).node()


def places(law: Law, both: Sides) -> Iterator[Point]:
    """Points of unequal sizes that satisfy the declarations."""
    found = list(islice(points(both.problem.typed, (), (), seed=len(law.name)), POINTS))
    assert len(found) == POINTS, "no points satisfy the declarations"
    return iter(found)


def values(both: Sides, point: Point, env: dict[str, Any]) -> tuple[Matrix, Matrix]:
    typed = both.problem.typed
    left, right = (
        Evaluation(side, typed.shapes, typed.definitions, point.sizes)(env)
        for side in (both.left, both.right)
    )
    assert left.shape == right.shape
    return left, right


def gap(left: Matrix, right: Matrix) -> Any:
    return max(abs(a - b) for a, b in zip(left, right, strict=True))


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    with mp.workdps(60):
        yield


@every_law
def test_a_row_is_complete(law: Law) -> None:
    assert law.title
    assert law.proof
    assert law.relation in ("=", "~")
    assert (law.relation == "~") == bool(law.small)
    assert not (law.always and law.small)
    symbols = sides(law).problem.typed.symbols
    names = {name for name, info in symbols.items() if info.kind != "dimension"}
    assert set(law.small) <= names
    declared = {text.split(":")[0].strip() for text in law.where}
    assert declared >= names, "every name is declared"


def _exact(law: Law) -> None:
    both = sides(law)
    for point in places(law, both):
        left, right = values(both, point, numeric(point.env))
        scale = max(mp.mpf(1), *map(abs, left))
        assert gap(left, right) <= scale * mp.mpf("1e-40"), point


def _first_order(law: Law) -> None:
    both = sides(law)
    for point in places(law, both):
        gaps = []
        for k in (6, 7, 8):
            env = numeric(point.env)
            for name in law.small:
                env[name] = env[name].map(lambda e, k=k: e * mp.mpf(10) ** -k)
            gaps.append(gap(*values(both, point, env)))
        for wide, narrow in pairwise(gaps):
            assert 0 < narrow < wide * mp.mpf("0.0101"), (point, gaps)


@every_law
def test_a_law_holds(law: Law) -> None:
    (_first_order if law.small else _exact)(law)


@pytest.mark.parametrize("law", [row for row in ROWS if row.always], ids=lambda law: law.name)
def test_both_sides_are_one_node(law: Law) -> None:
    both = sides(law)
    assert node(both.problem, both.left) is node(both.problem, both.right)


@every_law
def test_the_example_differentiates(law: Law) -> None:
    d = matcalc.diff(*law.example, check=True)
    assert d.check.ok


def test_names_and_statements_are_distinct() -> None:
    assert len(LAWS) == len(ROWS) == len({(row.left, row.right) for row in ROWS})
    assert len({row.title for row in ROWS}) >= len(ROWS) - 1


WRONG = {
    "a sign": replace(LAWS["woodbury"], left="inv(A - U C V)"),
    "a factor": replace(LAWS["determinant-lemma"], right="2 det(A) (1 + v' inv(A) u)"),
    "an order": replace(
        LAWS["cyclic"], right="tr(B A' C')", where=("A: n x n", "B: n x n", "C: n x n")
    ),
    "a condition": replace(LAWS["skew-form"], where=("K: n x n", "x: n")),
    "first order only": replace(LAWS["neumann"], relation="=", small=()),
    "not even first order": replace(LAWS["neumann"], right="inv(A) + inv(A) dA inv(A)"),
    "nothing is lost": replace(LAWS["product"], left="dA B + A dB"),
}


@pytest.mark.parametrize("law", WRONG.values(), ids=WRONG)
def test_a_wrong_law_is_found(law: Law) -> None:
    """The tests above can fail."""
    with pytest.raises(AssertionError):
        test_a_law_holds(law)
