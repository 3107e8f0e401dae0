"""Dimension inference: the corpus of readings, the search for them, and what must stay fast.

``corpus/inference.txt`` holds expressions with the reading that the rules of the language give: the
shape of the whole, the shape of each symbol (``?`` where scalar or vector was a guess), the notes;
or the question or error, drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import product

import pytest
from corpus import FOLDER, Case, Corpus
from effort import growth
from hypothesis import given
from hypothesis import strategies as st

from matcalc.dimensions.guesses import Clause, Hopeless, choose
from matcalc.dimensions.infer import Typed, infer
from matcalc.dimensions.names import tabulate
from matcalc.dimensions.reading import Reading
from matcalc.dimensions.sizes import ONE_SIZE, Reason, Sizes
from matcalc.errors import MatcalcError
from matcalc.language.sizes import Dim, Shape
from matcalc.language.syntax import parse
from matcalc.language.tree import Call, Multiply, Name, Transpose, postorder
from matcalc.output.errors import draw_error


def typed(source: str, wrt: str | Sequence[str] = (), *where: str) -> Typed:
    names = (wrt,) if isinstance(wrt, str) else tuple(wrt)
    return infer(parse(source, where, names), source)


def describe(problem: Typed) -> str:
    """A reading in a few lines."""
    words = []
    for info in problem.symbols.values():
        what = info.kind if info.shape.is_scalar else f"{info.kind} {info.shape}"
        words.append(f"{info.name} {what}{'?' * (info.source == 'assumed')}")
    return "\n".join([str(problem.shapes[problem.tree]), ", ".join(words), *problem.notes])


# --- the corpus ----------------------------------------------------------------------------------


CORPUS = Corpus("inference.txt")


def answer(case: Case) -> str:
    try:
        return describe(typed(case.source, case.wrt, *case.where))
    except MatcalcError as error:
        return draw_error(error.in_source(case.source))


@pytest.mark.parametrize("case", CORPUS.cases, ids=lambda case: case.title)
def test_corpus(case: Case, update: bool) -> None:
    CORPUS.compare(case, answer(case), update)


def test_corpus_is_large_and_undeclared() -> None:
    assert sum(not case.where for case in CORPUS.cases) >= 80


# --- the cookbook --------------------------------------------------------------------------------

COOKBOOK = json.loads((FOLDER / "cookbook.json").read_text(encoding="utf-8"))
_MISSING = re.compile(r"\bkron\(")
_READABLE = [entry for entry in COOKBOOK if not _MISSING.search(entry["expr"])]
# the declared shapes are less general there than the expression allows
_MORE_GENERAL = {"cb-51", "cb-52", "cb-139"}


def _pattern(shapes: Sequence[tuple[str, str]]) -> list[str]:
    """Shapes up to the names of their sizes."""
    seen: dict[str, str] = {"1": "1"}
    return [seen.setdefault(size, f"size {len(seen)}") for pair in shapes for size in pair]


@pytest.mark.parametrize("entry", _READABLE, ids=lambda entry: entry["id"])
@pytest.mark.parametrize("declared", [False, True], ids=["undeclared", "declared"])
def test_cookbook(entry: dict[str, object], declared: bool) -> None:
    source, wrt, variables = entry["expr"], entry["wrt"], entry["vars"]
    assert isinstance(source, str) and isinstance(wrt, str) and isinstance(variables, dict)
    wanted = {name: tuple(info["shape"]) or ("1", "1") for name, info in variables.items()}
    where = [
        f"{name}: {'scalar' if shape == ('1', '1') else ' x '.join(shape)}"
        for name, shape in wanted.items()
    ]
    problem = typed(source, wrt, *(where if declared else ()))
    found = {n: (str(s.shape.rows), str(s.shape.cols)) for n, s in problem.symbols.items()}
    assert found.keys() == wanted.keys()
    if declared:
        assert found == wanted
    elif entry["id"] in _MORE_GENERAL:
        assert all((a == "1") == (b == "1") for n in found for a, b in zip(found[n], wanted[n]))
    else:
        assert _pattern(list(found.values())) == _pattern([wanted[name] for name in found])


# --- the search ----------------------------------------------------------------------------------

_clauses = st.lists(
    st.builds(
        # the clauses of one place share a name, as those of an expression do
        lambda names, changed, place: Clause(names | place, changed & (names | place), place),
        st.integers(1, 31),
        st.integers(0, 31),
        st.sampled_from([0, 0, 1, 2, 4]),
    ),
    max_size=8,
)


@given(_clauses, st.lists(st.sampled_from([2, 5]), min_size=5, max_size=5))
def test_choose_against_all_choices(clauses: list[Clause], costs: list[int]) -> None:
    """The choices are cheapest ones of all 32, and there are several if there is a rival."""
    prices = {}
    for choice in range(32):
        failed = [clause for clause in clauses if clause.holds_in(choice)]
        if all(clause.soft for clause in failed):
            flips = sum(cost for i, cost in enumerate(costs) if choice >> i & 1)
            prices[choice] = len({clause.place for clause in failed}) * 10**6 + flips
    weights = {1 << i: cost for i, cost in enumerate(costs)}
    try:
        chosen = choose(lambda choice: [c for c in clauses if c.holds_in(choice)], weights)
    except Hopeless:
        assert not prices
        return
    least = [choice for choice, price in prices.items() if price == min(prices.values())]
    assert set(chosen) <= set(least)
    assert (len(chosen) > 1) == (len(least) > 1)


_PLAIN = ["A", "B", "x", "y", "s", "mu", "t", "x'", "A'", "x^2", "exp(x)", "sum(y)", "norm(mu)"]
_GROUPS = ["(x'y)", "(x + s)", "(y .* s)", "(t + x'A x)", "(1 - y)"]
_words = st.lists(st.sampled_from(_PLAIN + _GROUPS), max_size=4)


@given(st.lists(_words.filter(bool), min_size=1, max_size=3))
def test_reading_against_all_readings(terms: list[list[str]]) -> None:
    """No reading that conforms changes fewer names than the one that is chosen."""
    source = " + ".join(" ".join(words) for words in terms)
    parsed = parse(source)
    table = tabulate(parsed, source)
    prices = {}
    for states in product((0, 1), repeat=len(table.soft)):
        choice = sum(e.bit for e, changed in zip(table.soft, states, strict=True) if changed)
        conflicts = Reading(table, table.scalars ^ choice, parsed.tree).conflicts
        if all(conflict.soft for conflict in conflicts):
            flips = sum(2 if e.greek else 5 for e in table.soft if e.bit & choice)
            prices[choice] = len(conflicts) * 10**6 + flips
    least = [choice for choice, price in prices.items() if price == min(prices.values())]
    if len(least) == 1:
        symbols = infer(parsed, source).symbols
        changed = sum(e.bit for e in table.soft if symbols[e.name].source == "assumed")
        assert changed == least[0]
    else:
        with pytest.raises(MatcalcError) as caught:
            infer(parsed, source)
        assert caught.value.code == ("ambiguous" if least else "shape")


# --- invariants ----------------------------------------------------------------------------------

_TYPED = [case for case in CORPUS.cases if not case.expected.startswith("error")]


@pytest.mark.parametrize("case", _TYPED, ids=lambda case: case.title)
def test_shapes_fit_together(case: Case) -> None:
    """Every node has a shape; those of transposes and products follow from their parts."""
    wrt = [value for key, value in case.attributes if key == "wrt"]
    where = [value for key, value in case.attributes if key == "where"]
    problem = typed(case.source, wrt, *where)
    shapes = problem.shapes
    for root in (problem.tree, *problem.definitions.values()):
        for node in postorder(root):
            shape = shapes[node]
            assert {n for dim in shape for n in dim.names} <= set(problem.sizes)
            if isinstance(node, Transpose):
                assert shape == shapes[node.arg].T
            elif isinstance(node, Multiply):
                assert shape == _product(node, shapes)
            elif isinstance(node, Name) and node.name in problem.symbols:
                assert shape == problem.symbols[node.name].shape


def _product(node: Multiply, shapes: dict[object, Shape] | dict) -> Shape:  # type: ignore[type-arg]
    total: Shape = shapes[node.factors[0]]
    for op, factor in zip(node.ops[1:], node.factors[1:], strict=True):
        shape: Shape = shapes[factor]
        if total.is_scalar or shape.is_scalar:
            total = shape if total.is_scalar else total
        elif op in (".*", "./"):
            assert total == shape
        else:
            assert op in (" ", "*") and total.cols is shape.rows
            total = Shape(total.rows, shape.cols)
    return total


def test_declared_reading_is_stable() -> None:
    """Declaring what was inferred gives the same problem, with nothing left to assume."""
    for case in _TYPED:
        if any(key == "where" for key, _ in case.attributes):
            continue
        wrt = [value for key, value in case.attributes if key == "wrt"]
        first = typed(case.source, wrt)
        where = []
        for info in first.symbols.values():
            if info.kind not in ("dimension", "integer"):
                rows, cols = (str(dim).replace(" + ", "+").replace(" ", "*") for dim in info.shape)
                text = "scalar" if info.shape.is_scalar else f"{rows} x {cols}"
                where.append(f"{info.name}: {text}")
        if any("+" in text for text in where):
            continue  # sums of sizes cannot be declared
        second = typed(case.source, wrt, *where)
        assert {n: s.shape for n, s in second.symbols.items()} == {
            n: s.shape for n, s in first.symbols.items()
        }, case.source


# --- details -------------------------------------------------------------------------------------


def test_errors_point_at_both_places() -> None:
    source = "a' X' inv(A + X B) X b"
    with pytest.raises(MatcalcError) as caught:
        typed(source, "X", "a: m, X: m x n")
    error = caught.value
    assert error.code == "shape"
    assert source[error.start : error.end] == "a' X'"
    assert [(source[s.start : s.end], text) for s, text in error.others] == [
        ("a'", "a' is 1 x m (declared)"),
        ("X'", "X' is n x m (declared)"),
    ]
    assert error.hint == "write `a' X` or declare `a: n`"


def test_errors_in_definitions_count_in_their_own_text() -> None:
    where = "y = A x'x"
    with pytest.raises(MatcalcError) as caught:
        typed("y'y", "x", where)
    error = caught.value
    assert error.source == where
    assert where[error.start : error.end] == "A x'"


def test_sizes_have_one_name_each() -> None:
    problem = typed("m n' X + p'A q r'", "X")
    names = list(problem.sizes)
    assert len(set(names)) == len(names)
    assert not set(names) & set(problem.symbols)


def test_dimension_is_a_symbol() -> None:
    problem = typed("-n/2 logdet(S)", "S", "S: n x n")
    assert problem.symbols["n"].kind == "dimension"
    assert problem.sizes == ("n",)


def test_definitions_come_before_their_uses() -> None:
    problem = typed("z'z", "x", "z = A y, y = B x")
    assert list(problem.definitions) == ["y", "z"]
    assert "y" not in problem.symbols
    assert all(
        node in problem.shapes for t in problem.definitions.values() for node in postorder(t)
    )


def test_positive_alone_is_no_shape() -> None:
    problem = typed("sum(log(x)) + sigma", "x", "x: positive", "sigma: positive")
    assert problem.symbols["x"].kind == "vector"
    assert problem.symbols["sigma"].kind == "scalar"
    assert problem.symbols["x"].facts == {"positive"}


def test_integer_exponent_is_a_fact() -> None:
    info = typed("tr(X^k)", "X").symbols["k"]
    assert (info.kind, info.source, set(info.facts)) == ("integer", "assumed", {"integer"})


def test_diag_both_ways() -> None:
    problem = typed("diag(x)' diag(A)", "x")
    shapes = [problem.shapes[n] for n in postorder(problem.tree) if isinstance(n, Call)]
    n = Dim.named("n")
    assert shapes == [Shape(n, n), Shape(n, Dim.of(1))]


# --- sizes ---------------------------------------------------------------------------------------


def _reason() -> Reason:
    return Reason(parse("x").tree, 0)


def test_sizes_remember_why() -> None:
    sizes = Sizes()
    m, a, b, c = sizes.rigid(Dim.named("m")), sizes.new(), sizes.new(), sizes.new()
    reasons = [_reason() for _ in range(3)]
    for pair, reason in zip(((c, b), (b, a), (a, m)), reasons, strict=True):
        assert sizes.unite(*pair, reason)
    assert sizes.explain(c) == reasons
    assert not sizes.unite(c, sizes.rigid(Dim.named("n")), _reason())
    assert not sizes.unite(c, ONE_SIZE, _reason())


def test_sizes_solve_sums_and_products() -> None:
    sizes = Sizes()
    a, b = sizes.new(), sizes.new()
    total = sizes.total([a, sizes.rigid(Dim.of(3))], _reason())
    whole = sizes.product([b, sizes.rigid(Dim.named("n"))], _reason())
    assert sizes.unite(total, sizes.rigid(Dim.of(7)), _reason())
    assert sizes.unite(whole, sizes.rigid(Dim.of(2) * Dim.named("n")), _reason())
    assert sizes.settle() == []
    assert (sizes.value(a), sizes.value(b)) == (Dim.of(4), Dim.of(2))


def test_a_size_is_no_part_of_itself() -> None:
    sizes = Sizes()
    a = sizes.new()
    total = sizes.total([a, ONE_SIZE], _reason())
    assert sizes.unite(a, total, _reason())
    assert len(sizes.settle()) == 1


# --- speed ---------------------------------------------------------------------------------------

_LARGE = {
    "traces": lambda n: " + ".join(f"tr(A{i % 7} X B{i})" for i in range(n)),
    "vectors": lambda n: " + ".join(f"A{i} x{i}" for i in range(n)) + " + x1 + X y",
    "greek": lambda n: " + ".join(f"A{i} beta_{i}" for i in range(n)) + " + y + X z",
    "factors": lambda n: " ".join(f"A{i}" for i in range(n)) + " X",
    "nested": lambda n: "(" * n + "X" + "".join(f" + Y{i})" for i in range(n)),
    "vec": lambda n: " + ".join(f"vec(A{i} X B{i})" for i in range(n)),
    "layers": lambda n: "".join(f"tanh(W{i} " for i in range(n)) + "X x" + ")" * n,
}


@pytest.mark.parametrize("name", _LARGE)
def test_effort_grows_as_the_input(name: str) -> None:
    problems = {n: _LARGE[name](n) for n in (100, 400)}
    parsed = {n: parse(source, (), ("X",)) for n, source in problems.items()}
    assert growth(lambda n: infer(parsed[n], problems[n]), 100, 400) < 1.5


def test_undeclared_product_of_vectors_is_a_question() -> None:
    with pytest.raises(MatcalcError) as caught:
        typed(" ".join(f"a{i}" for i in range(64)), "a1")
    assert caught.value.code == "ambiguous"
