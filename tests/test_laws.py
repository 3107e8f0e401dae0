"""Every row of the law table is a test.

Both sides are evaluated by ``matcalc.verify.evaluate``, which knows no law, at random points with
the declared properties.  Exact laws must hold to forty digits; what holds to first order must leave
a gap that shrinks by a hundred when the perturbation shrinks by ten.

No row is documentation only.  A law that runs is what its row says: a wrong row gives another
result, and without the row its own example fails.  A law that is built into a constructor names it;
the constructor is what is running when both sides become one node, and no corrupted statement does.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from itertools import islice, pairwise
from pkgutil import walk_packages
from types import CodeType
from typing import Any, NamedTuple

import pytest
from mpmath import mp
from steps import assert_steps

import matcalc
from matcalc.algebra import normal, products, rules
from matcalc.algebra.interpret import apply_function, formula, row_formula
from matcalc.algebra.ir import Node, make_symbol
from matcalc.algebra.normal import is_zero
from matcalc.algebra.rewrite import substitute
from matcalc.calculus.differential import differential
from matcalc.commands.series import example
from matcalc.dimensions.problem import Problem, read_problem
from matcalc.errors import MatcalcError
from matcalc.language.measure import measure
from matcalc.language.tree import Add, Tree
from matcalc.tables.facts import FACTS
from matcalc.tables.functions import FUNCTIONS
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
    assert law.runs or callable(maker(law)), law.by
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


DERIVED = [row for row in ROWS if len(row.example) == 2]


@pytest.mark.parametrize("law", DERIVED, ids=lambda law: law.name)
def test_the_example_differentiates(law: Law) -> None:
    d = matcalc.diff(*law.example, where=law.given, structure=law.structure, check=True)
    assert d.check.ok


# --- every row is alive ---------------------------------------------------------------------------

RUN = [row for row in ROWS if row.runs]
BUILT_IN = [row for row in ROWS if row.always and not row.runs]
MOVES = [row for row in ROWS if not row.runs and not row.always]


def maker(law: Law) -> Any:
    """What makes a law true: a function of the package."""
    if law.by.startswith("definition of "):
        assert FUNCTIONS[law.by.removeprefix("definition of ")].definition
        return apply_function
    if law.by.startswith("fact "):
        fact = FACTS[law.by.removeprefix("fact ")]
        assert fact.transpose or fact.projection
        return products.transpose if fact.transpose else products._reduced
    if law.by.startswith("differential of "):
        assert FUNCTIONS[law.by.removeprefix("differential of ")].differential
        return row_formula
    found: Any = matcalc
    for part in law.by.split("."):
        name = f"{found.__name__}.{part}" if inspect.ismodule(found) else ""
        found = import_module(name) if name in MODULES else getattr(found, part)
    return found


MODULES = {m.name for m in walk_packages(matcalc.__path__, "matcalc.")}


def entered(work: Callable[[], object]) -> set[CodeType]:
    """The code of all functions that are entered."""
    seen: set[CodeType] = set()
    sys.setprofile(lambda frame, event, arg: seen.add(frame.f_code))
    try:
        work()
    finally:
        sys.setprofile(None)
    return seen


def corrupted(law: Law) -> list[Law]:
    """The row with a wrong sign on one side, and with a transpose dropped, where that conforms."""
    return [
        wrong for wrong in _corrupted(law) if isinstance(outcome(lambda w=wrong: sides(w)), Sides)
    ]


def _corrupted(law: Law) -> Iterator[Law]:
    yield replace(law, right=f"-({law.right})" if law.right != "0" else "1")
    yield replace(law, left=f"-({law.left})" if law.right != "0" else f"1 + {law.left}")
    for side in ("left", "right"):
        text = getattr(law, side)
        if "'" in text and law.name not in EVEN:
            yield replace(law, **{side: text.replace("'", "", 1)})


# a transpose of what is symmetric, or of a scalar, may as well be left out
EVEN = {"symmetric-part", "symmetric-entries", "diagonal-part"}


@contextmanager
def table(*rows: Law, without: str = "") -> Iterator[None]:
    """The law table with other rows."""
    before = dict(LAWS)
    LAWS.update({row.name: row for row in rows})
    LAWS.pop(without, None)
    rules.forget()
    try:
        yield
    finally:
        LAWS.clear()
        LAWS.update(before)
        rules.forget()


def shown(law: Law) -> tuple[str, str]:
    """The lines before and after the law in its example."""
    _, before, _, after = example(law)
    return before, after


@every_law
def test_the_example_shows_the_law_at_work(law: Law) -> None:
    before, after = shown(law)
    assert before != after


@pytest.mark.parametrize("law", RUN, ids=lambda law: law.name)
def test_a_law_that_runs_is_its_row(law: Law) -> None:
    whole = shown(law)
    for wrong in corrupted(law):
        with table(wrong):
            assert outcome(lambda wrong=wrong: shown(wrong)) != whole, wrong
    with table(without=law.name):
        assert outcome(lambda: shown(law)) != whole


def outcome(work: Callable[[], Any]) -> Any:
    """The result, or the mistake that was noticed."""
    try:
        return work()
    except (MatcalcError, KeyError, AssertionError, StopIteration) as error:
        return error


@pytest.mark.parametrize("law", [row for row in RUN if row.by == "cost"], ids=lambda law: law.name)
def test_a_law_that_shortens_makes_its_sides_equal(law: Law) -> None:
    left, right = (matcalc.simplify(side, where=law.where) for side in (law.left, law.right))
    assert left == right
    gap = f"{law.left} - ({law.right})"
    assert is_zero(matcalc.simplify(gap, where=law.where).node)
    for wrong in corrupted(law):
        with table(wrong):
            found = outcome(lambda: is_zero(matcalc.simplify(gap, where=law.where).node))
            assert found is not True, wrong
    with table(without=law.name):
        assert not is_zero(matcalc.simplify(gap, where=law.where).node)


@pytest.mark.parametrize("law", BUILT_IN, ids=lambda law: law.name)
def test_both_sides_are_one_node(law: Law) -> None:
    def build() -> None:
        both = sides(law)
        assert node(both.problem, both.left) is node(both.problem, both.right)

    assert maker(law).__code__ in entered(build)
    for wrong in corrupted(law):
        both = sides(wrong)
        assert node(both.problem, both.left) is not node(both.problem, both.right), wrong


@pytest.mark.parametrize("law", MOVES, ids=lambda law: law.name)
def test_a_move_is_made_by_what_it_names(law: Law) -> None:
    assert maker(law).__code__ in entered(lambda: shown(law))
    with table(without=law.name):
        assert isinstance(outcome(lambda: shown(law)), KeyError)
    for wrong in corrupted(law):
        with pytest.raises((AssertionError, MatcalcError)):
            test_a_law_holds(wrong)


# the sides of the moves that a derivation reads, with another example if need be
READ: list[tuple[str, str, tuple[str, ...]]] = [
    ("perturb", "left", ()),
    ("perturb", "right", ("h(g(f(x)))", "x", "f: R^n -> R^p", "g: R^p -> R^q", "h: R^q -> R^m")),
    ("product", "right", ()),
    ("woodbury", "left", ()),
    ("woodbury", "right", ()),
    ("trace", "left", ()),
    ("trace", "right", ()),
    ("transpose", "left", ()),
    ("transpose", "right", ()),
    ("cyclic", "left", ()),
    ("cyclic", "right", ()),
    ("scalar-transpose", "left", ("x' Q x", "x")),
    ("scalar-transpose", "right", ("x' Q x", "x")),
    ("read-off", "left", ()),
    ("symmetric-part", "left", ()),
    ("symmetric-part", "right", ()),
    ("symmetric-entries", "left", ()),
    ("symmetric-entries", "right", ()),
    ("skew-part", "left", ()),
    ("skew-part", "right", ()),
    ("diagonal-part", "left", ()),
    ("diagonal-part", "right", ()),
    ("lower-part", "left", ()),
    ("lower-part", "right", ()),
    ("upper-part", "left", ()),
    ("upper-part", "right", ()),
]


@pytest.mark.parametrize(("name", "side", "example"), READ, ids=lambda value: str(value)[:16])
def test_a_derivation_moves_by_the_row(name: str, side: str, example: tuple[str, ...]) -> None:
    law = LAWS[name]
    source, wrt, *given = example or (*law.example, *law.given)

    def derived() -> list[tuple[str, ...]]:
        derivative = matcalc.diff(source, wrt, where=given, structure=law.structure)
        return [(s.rule, s.relation, s.text, s.note) for s in derivative.steps]

    whole = derived()
    wrongs = [w for w in corrupted(law) if getattr(w, side) != getattr(law, side)]
    assert wrongs
    for wrong in wrongs:
        with table(wrong):
            assert outcome(derived) != whole, wrong


@pytest.mark.parametrize("name", ["trace", "transpose", "cyclic", "scalar-transpose"])
def test_a_wrong_move_is_not_made(name: str) -> None:
    """Factors that are moved make the same product, or they stay where they are."""
    for source, wrt in (("a' X' inv(A + X B) X b", "X"), ("tr(A X' B X)", "X"), ("x' Q x", "x")):
        for right in ("tr(A B C)", "tr(B A)", "tr(B' A)", "x' A' y", "y' A x", "tr(y' A x)"):
            with table(replace(LAWS[name], right=right)):
                try:
                    steps = matcalc.diff(source, wrt)
                    assert steps.steps
                except (AssertionError, KeyError):  # it is noticed
                    continue
                assert_steps(steps)


@pytest.mark.parametrize(
    "law", [law for law in MOVES if law.by.startswith("differential of ")], ids=lambda law: law.name
)
def test_a_move_by_a_cell_is_that_cell(law: Law) -> None:
    whole, row = shown(law), FUNCTIONS[law.by.removeprefix("differential of ")]
    for wrong in (f"-({row.differential})", f"2 ({row.differential})"):
        FUNCTIONS[row.name] = replace(row, differential=wrong)
        try:
            assert outcome(lambda: shown(law)) != whole
        finally:
            FUNCTIONS[row.name] = row


@pytest.mark.parametrize("law", [row for row in ROWS if row.small], ids=lambda law: law.name)
def test_what_is_left_to_first_order_is_the_differential(law: Law) -> None:
    both = sides(law)
    small = [both.problem.variable(name) for name in law.small]
    left, right = (node(both.problem, side) for side in (both.left, both.right))
    here: dict[Node, Node] = {dX: normal.zero(dX.shape) for dX in small}
    terms = [substitute(left, here)]
    for dX in small:
        change = make_symbol(f"{dX.name}_", dX.shape)
        term = substitute(differential(left, dX, change), here)
        terms.append(substitute(term, {change: dX}))
    assert normal.is_zero(normal.sub(normal.add(*terms), right))


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


# --- laws asked for, and laws that shorten --------------------------------------------------------


BY_NAME = [
    ("inv(A) det(A + u v')", ["determinant-lemma"], "det(A) (1 + v' inv(A) u) inv(A)"),
    ("a' inv(A) inv(I + B inv(A)) b", ["inverse-absorbed"], "a' inv(A + B) b"),
    ("tr(C A inv(I + B A))", ["push-through"], "tr(A C inv(A B + I))"),
    ("A X - A Y + B", ["collect"], "A (X - Y) + B"),
    ("inv(A) + inv(A + u v')", ["sherman-morrison", "collect"], None),
]


@pytest.mark.parametrize(("source", "using", "expected"), BY_NAME)
def test_a_law_is_applied_by_name(source: str, using: list[str], expected: str | None) -> None:
    where = ["A: n x n invertible"] if "sherman-morrison" in using else []
    found = matcalc.simplify(source, where=where, using=using)
    assert expected is None or str(found) == expected
    assert is_zero(matcalc.simplify(f"{source} - ({found})", where=where).node)


@pytest.mark.parametrize(
    ("source", "law", "kind", "message"),
    [
        ("det(A + u v')", "determinant-lemma", "domain", "needs `A invertible`"),
        ("A + B", "push-through", "usage", "push-through does not apply here"),
        ("A + B", "push-thru", "usage", "there is no law 'push-thru'"),
        ("x' A y", "scalar-transpose", "usage", "is not applied by name"),
        ("x' A y", "perturb", "usage", "is not applied by name"),
    ],
)
def test_a_law_that_cannot_be_applied(source: str, law: str, kind: str, message: str) -> None:
    with pytest.raises(MatcalcError) as caught:
        matcalc.simplify(source, using=[law])
    assert caught.value.kind == kind
    assert message in str(caught.value)


ZERO = [
    "A inv(I + B A) - inv(I + A B) A",
    "inv(I + X' X) X' - X' inv(I + X X')",
    "det(A + u v') - det(A) (1 + v' inv(A) u)",
    "det(Q + B + A x y' A') - det(Q + B) (1 + y' A' inv(Q + B) A x)",
    "det(I + u v') - 1 - v' u",
    "tr(X A inv(I + B A)) - tr(inv(I + A B) A X)",
    "inv(I + u v') u - u / (1 + v' u)",
    "inv(A - u v') - inv(A) - inv(A) u v' inv(A) / (1 - v' inv(A) u)",
    "inv(A + U C V) - inv(A) + inv(A) U inv(inv(C) + V inv(A) U) V inv(A)",
    "inv(I + U V) - I + U inv(I + V U) V",
    "a' inv(A) b - a' inv(A) U inv(inv(C) + V inv(A) U) V inv(A) b - a' inv(A + U C V) b",
]


@pytest.mark.parametrize("source", ZERO)
def test_a_difference_by_a_law_is_zero(source: str) -> None:
    where = ["A: n x n", "C: k x k"] if "U C V" in source else []
    assert is_zero(matcalc.simplify(source, where=where).node)


def test_equal_by_a_law() -> None:
    where = ["A: m x n", "B: n x m"]
    assert matcalc.simplify("det(I + A B)", where) == matcalc.simplify("det(I + B A)", where)
    assert matcalc.simplify("det(I + A B)", where) != matcalc.simplify("det(I - B A)", where)


def test_no_condition_is_assumed() -> None:
    """Without inv(A) in the expression the determinant lemma would need it."""
    gap = matcalc.simplify("det(A + u v') - det(A) - v' adj u", ["A: n x n", "adj: n x n"])
    assert "inv" not in str(gap)
    assert str(matcalc.simplify("det(A + u v')")) == "det(A + u v')"


@pytest.mark.parametrize("law", [row for row in RUN if row.by == "cost"], ids=lambda law: law.name)
def test_the_longer_text_is_the_longer_side(law: Law) -> None:
    """So that which side can be shortened is seen before a row is read."""
    left, right = (measure(formula(side)) for side in (law.left, law.right))
    longer, shorter = len(law.left), len(law.right)
    assert (left > right) == (longer > shorter)
    assert (left < right) == (longer < shorter)
