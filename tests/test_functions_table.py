"""Every row of the function table, on samples of its own condition.

A row says the same thing several times: a derivative, a definition, an evaluation by mpmath, by
NumPy and by SymPy, a parity, a value at zero.  These tests make them agree.  The formulas are
read by the parser and evaluated by ``matcalc.verify``, whose numbers come from the ``mpmath``
column alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, zip_longest
from random import Random
from typing import Any

import numpy as np
import pytest
import sympy
from mpmath import mp

from matcalc import diff
from matcalc.language.syntax import parse_expression
from matcalc.language.text import text
from matcalc.language.tree import Call
from matcalc.tables.functions import (
    ALIASES,
    FUNCTIONS,
    KINDS,
    POWERS,
    SYNTAX_FUNCTIONS,
    Function,
    lookup,
    meant,
)
from matcalc.tables.signatures import Pattern, Total
from matcalc.verify.difference import differentiate, precision
from matcalc.verify.evaluate import evaluate
from matcalc.verify.matrix import Matrix
from matcalc.verify.sample import MOODS, draw, numeric
from matcalc.verify.scalars import Numbers

ROWS = list(FUNCTIONS.values())
ELEMENTWISE = [row for row in ROWS if row.is_elementwise and row.arity == 1]
SIZES = {"m": 2, "n": 3, "p": 4, "q": 2}
CANDIDATES = [Fraction(k, 10) for k in (-37, -21, -13, -9, -6, -2, 1, 4, 7, 11, 16, 23, 38)]
CONDITION = re.compile(r"(?P<left>.+?) (?P<relation><|>|!=) (?P<right>-?\d+)( entry-wise)?")
IN_WORDS = re.compile(
    r"\{X\} of (constant|full) rank|\{X\} invertible"
    r"|no eigenvalue of \{X\} is zero or negative"
    r"|\{A\} symmetric with a unique (largest|smallest) eigenvalue"
    r"|the largest singular value of \{X\} is unique and not 0"
    r"|the (largest|smallest) entry of (\{x\}|abs\(\{x\}\)) is unique"
)


def by_name(rows: list[Function]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.name)


def holds(domain: str, x: Fraction) -> bool:
    """Whether a condition of the form "abs({x}) < 1" is true of a number."""
    found = CONDITION.fullmatch(domain)
    assert found, domain
    left = evaluate(parse_expression(found["left"].format(x="x", X="x")), {"x": x}).entries[0]
    right = int(found["right"])
    return bool(
        {"<": left < right, ">": left > right, "!=": abs(left - right) > 1e-9}[found["relation"]]
    )


def admissible(row: Function) -> list[Fraction]:
    """Numbers in the domain of an element-wise function."""
    return [x for x in CANDIDATES if not row.domain or holds(row.domain, x)]


def at(row: Function, x: Any) -> Any:
    """The value of an element-wise function by its ``mpmath`` column."""
    return Numbers().apply(row, Numbers().convert(x))


def dimensions(shape: Pattern) -> tuple[int, int]:
    """The numbers that the sizes of a signature are here."""
    rows, cols = (
        (sum if isinstance(size, Total) else math.prod)(SIZES[name] for name in size)
        for size in shape
    )
    return rows, cols


def arguments(row: Function, seed: int) -> dict[str, Matrix]:
    """Random arguments in the domain of a row; of an element-wise one of several, numbers."""
    mood = MOODS[1 if "> 0" in row.domain else 2 if "eigenvalue of {X}" in row.domain else 0]
    rng = Random(f"{row.name} {seed}")
    number = row.is_elementwise and row.arity > 1
    env = {
        name: draw(*((1, 1) if number else dimensions(shape)), (), mood, rng)
        for name, shape in zip(row.parameters, row.shapes.parameters, strict=True)
    }
    return numeric(env)


def value_of(row: Function, env: dict[str, Matrix]) -> Matrix:
    """The value of a function by its ``mpmath`` column."""
    return evaluate(parse_expression(row.call), env, sizes=SIZES)


def zero(value: Matrix) -> Matrix:
    return value.map(lambda entry: 0 * entry)


def close(a: Matrix, b: Matrix, tolerance: float = 1e-25) -> bool:
    scale = max(mp.mpf(1), *map(abs, a), *map(abs, b))
    return a.shape == b.shape and all(abs(x - y) <= tolerance * scale for x, y in zip(a, b))


@pytest.fixture(autouse=True)
def high_precision() -> Iterator[None]:
    with mp.workdps(precision(1)):
        yield


@by_name(ROWS)
def test_a_row_is_complete(row: Function) -> None:
    """One source of the derivative, unless there is none on purpose; readable spellings."""
    assert row.doc and row.numpy and row.mpmath and row.latex
    columns = {
        "elementwise": row.differential if row.is_elementwise and row.arity > 1 else row.derivative,
        "linear": row.adjoint,
        "matrix": "" if row.is_elementwise else row.differential,
        "defined": row.definition,
    }
    assert columns.keys() == set(KINDS)
    given = {kind for kind, column in columns.items() if column}
    assert given == {row.kind} or (row.name, given) in (("sqrt", {"defined"}), ("trigamma", set()))
    assert len(row.shapes.parameters) == row.arity
    assert str(row.shapes) == row.signature
    entries = ",".join(["(m,n)"] * row.arity)
    assert not row.is_elementwise or row.signature == f"{entries} -> (m,n)"
    assert not row.is_linear or len(row.adjoint) == row.arity
    known = {name for shape in row.shapes.parameters for size in shape for name in size}
    assert {name for size in row.shapes.result for name in size} <= known
    assert lookup(row.name) is row
    assert all(lookup(alias) is row and alias not in FUNCTIONS for alias in row.aliases)
    assert row.latex.isascii()


def test_names_are_distinct() -> None:
    """No alias hides a function, none is given twice, and syntax is not shadowed."""
    aliases = [alias for row in ROWS for alias in row.aliases]
    assert len(aliases) == len(set(aliases)) == len(ALIASES)
    assert not set(aliases) & set(FUNCTIONS)
    assert not set(SYNTAX_FUNCTIONS) & set(aliases)


@by_name([row for row in ROWS if row.domain])
def test_a_domain_reads(row: Function) -> None:
    """A condition is a comparison with a number or one of a few phrases, of the parameters."""
    assert CONDITION.fullmatch(row.domain) or IN_WORDS.fullmatch(row.domain)
    assert set(re.findall(r"\{(\w+)\}", row.domain)) <= set(row.parameters)


@by_name([row for row in ROWS if row.domain])
def test_a_domain_is_said(row: Function) -> None:
    """An answer about a function comes with the condition of its row, of each entry if need be."""
    shapes = zip((*row.parameters, "C"), (*row.shapes.parameters, row.shapes.result))
    where = [*(f"{name}: {shape}" for name, shape in shapes), "s: scalar"]
    conditions = diff(f"s tr(C' {row.call})", "s", where=where).conditions
    said = {condition.replace("'", "") for condition in conditions}
    needed = row.domain.replace("{", "").replace("}", "")
    assert {needed, f"{needed} entry-wise"} & said, said


@by_name([row for row in ELEMENTWISE if row.derivative])
def test_derivative(row: Function) -> None:
    """f'(x) is the slope of the ``mpmath`` column, wherever the condition holds."""
    formula = parse_expression(row.derivative)
    places = admissible(row)
    assert len(places) >= 4
    for x in places:
        slope = differentiate(
            lambda env: env["x"].map(lambda e: at(row, e)),
            {"x": Matrix.of(Numbers().convert(x))},
            [("x", Matrix.of(1))],
        )
        assert close(evaluate(formula, {"x": x}), slope), x


@by_name([row for row in ROWS if row.definition])
def test_definition(row: Function) -> None:
    """A function that is short for something is worth what that is worth."""
    for seed in range(3):
        env = arguments(row, seed)
        expected = evaluate(parse_expression(row.definition), env, sizes=SIZES)
        assert close(value_of(row, env), expected)


@by_name([row for row in ROWS if row.differential])
def test_differential(row: Function) -> None:
    """df along random dX is the slope of the ``mpmath`` column."""
    formula = parse_expression(row.differential)
    for seed in range(3):
        env = arguments(row, seed)
        for name in row.parameters:
            other = arguments(row, seed + 100)
            moved = {f"d{each}": zero(env[each]) for each in row.parameters}
            moved[f"d{name}"] = other[name]
            slope = differentiate(
                lambda changed, env=env: value_of(row, {**env, **changed}),
                env,
                [(name, other[name])],
            )
            assert close(evaluate(formula, {**env, **moved}, sizes=SIZES), slope), name


@by_name([row for row in ROWS if row.adjoint])
def test_adjoint(row: Function) -> None:
    """<G, f(.., dX, ..)> = <adjoint, dX>, and f is linear in X, but where there is none."""
    assert any(row.adjoint)
    for name, adjoint in zip(row.parameters, row.adjoint, strict=True):
        if not adjoint:
            continue
        formula = parse_expression(adjoint)
        for seed in range(3):
            env = arguments(row, seed)
            shape = dimensions(row.shapes.result)
            G = numeric({"G": draw(*shape, (), MOODS[0], Random(seed))})
            image = value_of(row, env)
            assert image.shape == shape
            others = {other: value for other, value in env.items() if other != name}
            pulled = evaluate(formula, {**others, **G}, sizes=SIZES)
            assert pulled.shape == env[name].shape
            left = mp.fsum(a * b for a, b in zip(G["G"], image))
            right = mp.fsum(a * b for a, b in zip(pulled, env[name]))
            assert close(Matrix.of(left), Matrix.of(right)), name
            more = arguments(row, seed + 100)[name]
            moved = value_of(row, {**env, name: env[name].map(lambda e: 2 * e) + more})
            assert close(moved, image.map(lambda e: 2 * e) + value_of(row, {**env, name: more}))


@by_name([row for row in ROWS if row.matrix])
def test_matrix(row: Function) -> None:
    """vec f(.., X, ..) = K vec X, for each parameter."""
    assert len(row.matrix) == row.arity
    for seed in range(3):
        env = arguments(row, seed)
        for name, matrix in zip(row.parameters, row.matrix, strict=True):
            image = evaluate(parse_expression(f"({matrix}) vec({name})"), env, sizes=SIZES)
            assert close(image, Matrix.of(list(value_of(row, env).vec)))


@by_name([row for row in ROWS if row.transpose])
def test_transpose(row: Function) -> None:
    """f(X)' is what the column says."""
    formula = parse_expression(row.transpose)
    for seed in range(3):
        env = arguments(row, seed)
        assert close(evaluate(formula, env, sizes=SIZES), value_of(row, env).T)


@by_name([row for row in ROWS if row.trace])
def test_trace(row: Function) -> None:
    """tr(f(X)) is what the column says, for square arguments."""
    sizes: dict[str, int] = {}
    mood = MOODS[2 if "eigenvalue" in row.domain else 0]
    for seed in range(3):
        rng = Random(seed)
        env = {}
        for name, shape in zip(row.parameters, row.shapes.parameters, strict=True):
            k = sizes.setdefault(shape.rows[0], 2 + len(sizes))
            env[name] = draw(k, k, (), mood, rng)
        env = numeric(env)
        whole = value_of(row, env)
        trace = mp.fsum(whole[i, i] for i in range(whole.rows))
        assert close(evaluate(parse_expression(row.trace), env), Matrix.of(trace))


@by_name([row for row in ROWS if row.of_product])
def test_of_product(row: Function) -> None:
    """f(A B) is what the column says, for a parameter that is a product."""
    (shape,) = row.shapes.parameters
    rows, cols = dimensions(shape)
    for seed in range(3):
        rng = Random(seed)
        A, B = draw(rows, 5, (), MOODS[0], rng), draw(5, cols, (), MOODS[0], rng)
        env = numeric({"A": A, "B": B})
        whole = evaluate(parse_expression(row.call.replace("(X", "(A B")), env, sizes=SIZES)
        assert close(evaluate(parse_expression(row.of_product), env, sizes=SIZES), whole)


@by_name([row for row in ROWS if row.product])
def test_product(row: Function) -> None:
    """f(P Q) is the sum in index notation that the column says."""
    env = numeric({name: draw(3, 3, (), MOODS[0], Random(name)) for name in "PQ"})
    expected = as_array(evaluate(parse_expression(f"{row.name}(P Q)"), env))
    got = np.einsum(row.product, *map(as_array, env.values()))
    np.testing.assert_allclose(got, expected, rtol=1e-11)


@by_name([row for row in ROWS if row.notation])
def test_notation(row: Function) -> None:
    """A terminal shows the function in these signs; ⊗, ⟨ and ‖ are read as a function with them."""
    assert all(f"#{k}" in row.notation for k in range(1, row.arity + 1))
    shown = text(parse_expression(row.call), plain=False)
    signs = re.split("#[12]", row.notation)
    assert shown == "".join(chain(*zip_longest(signs, row.parameters, fillvalue="")))
    if shown[0] in "‖⟨" or "⊗" in shown:
        read = parse_expression(shown)
        assert isinstance(read, Call)
        assert FUNCTIONS[read.function].notation == row.notation


@by_name([row for row in ROWS if row.written])
def test_written(row: Function) -> None:
    """The name that two functions share means the one whose argument has the rank."""
    other = FUNCTIONS[row.written]
    ranks = [r.shapes.parameters[0].rank for r in (other, row)]
    assert ranks == sorted(set(ranks)) and row.kind == other.kind
    assert [meant(row.written, rank) for rank in ranks] == [other, row]
    for r in (other, row):
        call = parse_expression(row.call.replace(row.name, row.written))
        env = {row.parameters[0]: arguments(r, 0)[r.parameters[0]]}
        assert close(evaluate(call, env), value_of(r, arguments(r, 0)))


def test_powers() -> None:
    """What is short for a power is called so, and nothing else is."""
    assert POWERS
    for exponent, name in POWERS.items():
        assert evaluate(parse_expression(FUNCTIONS[name].definition), {"x": 9}).entries[0] == (
            9**exponent
        )


def as_array(value: Matrix) -> Any:
    """The convention of emitted code: floats, 1-D vectors, 2-D matrices."""
    entries = [float(entry) for entry in value]
    if value.is_scalar:
        return entries[0]
    return np.array(entries) if value.cols == 1 else np.reshape(entries, value.shape)


def run_numpy(row: Function, args: list[Any]) -> Any:
    """The ``numpy`` column, with its helper, at arrays."""
    space: dict[str, Any] = {"np": np, "math": math}
    eval(compile(row.helper, "helper", "exec"), space)
    names = [f"arg{k}" for k in range(len(args))]
    space.update(zip(names, args))
    return eval(row.numpy.format(*names, **SIZES), space)


@by_name(ROWS)
def test_numpy_column(row: Function) -> None:
    """NumPy's value is mpmath's, for arrays as emitted code passes them."""
    for seed in range(3):
        env = arguments(row, seed)
        if row in ELEMENTWISE:
            numbers = [Numbers().convert(x) for x in admissible(row)]
            env = {"x": Matrix(len(numbers), 1, tuple(numbers))}
            env = {row.parameters[0]: env["x"]}
        expected = value_of(row, env)
        got = run_numpy(row, [as_array(env[name]) for name in row.parameters])
        np.testing.assert_allclose(got, as_array(expected), rtol=1e-11, atol=1e-13)
        assert np.ndim(got) == np.ndim(as_array(expected))


@by_name(ELEMENTWISE)
def test_numpy_column_of_a_scalar_and_of_a_matrix(row: Function) -> None:
    """Element-wise code takes floats and 2-D arrays alike."""
    x = float(admissible(row)[-1])
    expected = float(at(row, mp.mpf(x)))
    single = run_numpy(row, [x])
    assert np.ndim(single) == 0
    np.testing.assert_allclose(single, expected, rtol=1e-12)
    np.testing.assert_allclose(run_numpy(row, [np.full((2, 3), x)]), np.full((2, 3), expected))


def run_sympy(row: Function, args: list[Matrix]) -> Matrix:
    """The ``sympy`` column of a function of whole matrices, at numbers."""
    template = row.sympy if "{0}" in row.sympy else f"{row.sympy}({{0}})"
    places = {"entry": "entry", **{name: str(size) for name, size in SIZES.items()}}
    names = [f"arg{k}" for k in range(len(args))]
    space = {"entry": sympy.Dummy("entry")}
    for name, arg in zip(names, args):
        entries = [sympy.Float(str(entry), 40) for entry in arg]
        whole = sympy.ImmutableMatrix(*arg.shape, entries)
        space[name] = entries[0] if row.is_elementwise else whole
    value = eval(template.format(*names, **places), vars(sympy), space).doit()
    if isinstance(value, sympy.MatrixExpr):
        value = value.as_explicit()
    if not isinstance(value, sympy.MatrixBase):
        return Matrix.of(mp.mpf(str(sympy.N(value, 40))))
    return Matrix(*value.shape, tuple(mp.mpf(str(entry)) for entry in value))


@by_name([row for row in ROWS if row.sympy])
def test_sympy_column(row: Function) -> None:
    """SymPy's function of that name, or its expression, has mpmath's value."""
    if row not in ELEMENTWISE:
        for seed in range(3):
            env = arguments(row, seed)
            value = run_sympy(row, [env[name] for name in row.parameters])
            assert close(value, value_of(row, env))
        return
    for x in admissible(row):
        exact = sympy.Rational(x.numerator, x.denominator)
        if "{0}" in row.sympy:
            value = sympy.sympify(row.sympy.format("z")).subs("z", exact)
        else:
            value = getattr(sympy, row.sympy)(exact)
        assert abs(mp.mpf(str(sympy.N(value, 40))) - at(row, x)) < mp.mpf("1e-30"), x


@by_name([row for row in ELEMENTWISE if row.parity])
def test_parity(row: Function) -> None:
    """f(-x) = parity f(x), and the domain is symmetric."""
    places = [x for x in admissible(row) if x > 0]
    assert places
    for x in places:
        assert not row.domain or holds(row.domain, -x)
        assert abs(at(row, -x) - row.parity * at(row, x)) < mp.mpf("1e-40")


@by_name([row for row in ELEMENTWISE if not row.parity])
def test_no_parity(row: Function) -> None:
    """A row that claims no parity has none (or has no symmetric domain)."""
    both = [x for x in CANDIDATES if x > 0 and {x, -x} <= set(admissible(row))]
    gaps = [(abs(at(row, x) - s * at(row, -x)) for x in both) for s in (1, -1)]
    assert not both or all(max(gap) > 1e-6 for gap in gaps)


@by_name([row for row in ELEMENTWISE if row.at_zero])
def test_value_at_zero(row: Function) -> None:
    assert at(row, 0) == Fraction(row.at_zero)


@by_name([row for row in ROWS if row.values])
def test_values(row: Function) -> None:
    """A row that claims values > 0 or >= 0 has them."""
    if row in ELEMENTWISE:
        found = [at(row, x) for x in admissible(row)]
    else:
        found = [entry for seed in range(3) for entry in value_of(row, arguments(row, seed))]
    assert min(found) > 0 or (row.values == ">= 0" and min(found) >= 0)


@by_name([row for row in ROWS if row.for_positive])
def test_value_for_positive(row: Function) -> None:
    for x in admissible(row):
        if x > 0:
            value = x if row.for_positive == "x" else Fraction(row.for_positive)
            assert abs(at(row, x) - Numbers().convert(value)) < mp.mpf("1e-40")


@by_name([row for row in ROWS if row.right_inverse])
def test_right_inverse(row: Function) -> None:
    """f(g(x)) = x wherever g has a value."""
    inverse = FUNCTIONS[row.right_inverse]
    for x in admissible(inverse):
        assert abs(at(row, at(inverse, x)) - Numbers().convert(x)) < mp.mpf("1e-40")


@by_name([row for row in ROWS if row.transposable])
def test_transposable(row: Function) -> None:
    """f(X') = f(X)."""
    for seed in range(3):
        env = arguments(row, seed)
        assert close(value_of(row, {k: v.T for k, v in env.items()}), value_of(row, env))


@by_name([row for row in ELEMENTWISE if not row.positive])
def test_not_positive(row: Function) -> None:
    """Functions of positive values say so: each of the others has a value that is not."""
    values = [at(row, x) for x in admissible(row)]
    known = {
        "sqrt",
        "tgamma",
        "trigamma",
        "acos",
        "acosh",
        "abs",
    }  # zero at the edge, or x > 0 only
    assert row.name in known or min(values) <= 0
