"""Every cell of the function table is alive: corrupt it, and something that matcalc says differs.

A row is replaced by one with another cell, and the same questions are asked: results, LaTeX, code,
conditions, and the row's own tests.  What a cell is read by besides those tests is a *result*; the
cells that only the tests and ``matcalc functions`` read are listed in ``ONLY_TESTED``, each with
its reason.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from itertools import zip_longest
from typing import Any

import pytest
import test_functions_table as own
from mpmath import mp

from matcalc import MatcalcError, diff, simplify
from matcalc.dimensions.problem import read_problem
from matcalc.language.syntax import parse_expression
from matcalc.language.text import text as written
from matcalc.tables.functions import FUNCTIONS, KINDS, Function
from matcalc.tables.signatures import Pattern, Total
from matcalc.verify.difference import precision

#: what is said of a function in words; a listing shows it
WORDS = ("name", "doc", "aliases", "reference")
ZT, ONE_WAY, OTHER_WAY = "Z'", "I + V' W'", "I + W' V'"
NAMES = ["Z: n x n", "V: n x m", "W: m x n", "t: positive", "v: n"]
INVERSES = {row.name: row.right_inverse for row in FUNCTIONS.values() if row.right_inverse}
#: (kind, cell): read by the row's tests alone
ONLY_TESTED = {
    ("defined", "kind"): "the definition takes its place before anything asks",
    ("defined", "numpy"): "code is written of the definition; the column says how one would",
    ("defined", "helper"): "as numpy",
    ("defined", "domain"): "conditions are those of the definition",
    ("elementwise", "domain"): "of sqrt, a definition",
    ("elementwise", "kind"): "of sqrt, a definition",
    ("elementwise", "mpmath"): "the judge's",
    ("linear", "kind"): "of diag, which the normal form builds itself",
    ("linear", "adjoint"): "of triu: a trace is written with the transpose, tril",
    ("matrix", "kind"): "of inv, a power",
    ("linear", "mpmath"): "the judge's",
    ("linear", "parameters"): "of tr, diag, vec: their adjoints are in G alone",
    ("matrix", "mpmath"): "the judge's",
    ("defined", "mpmath"): "the judge's",
    ("elementwise", "sympy"): "of sqrt, a definition, and of what SymPy does not simplify",
    ("matrix", "domain"): "of inv, a power",
    ("matrix", "numpy"): "of inv, a power",
    ("matrix", "latex"): "of inv, a power",
}


def corrupted(row: Function, cell: str) -> Iterator[Function]:
    """The row with something else in a cell; one for each part of it."""
    value = getattr(row, cell)
    x = row.parameters[0]
    match cell:
        case "derivative" | "differential" if value in ("0", "zeros(n)"):
            yield replace(row, **{cell: f"d{x}" if cell == "differential" else "1"})
        case "derivative" | "differential" | "definition" | "transpose" | "trace" | "of_product":
            yield replace(row, **{cell: f"2 ({value})"})
        case "adjoint" | "matrix":
            for i, text in enumerate(value):
                yield replace(row, **{cell: (*value[:i], f"2 ({text})", *value[i + 1 :])})
        case "kind":
            yield replace(row, kind=KINDS[KINDS.index(value) - 1])
        case "sizes" | "parameters":
            yield replace(row, **{cell: tuple(f"{name}{name}" for name in value)})
        case "signature":
            size = row.shapes.parameters[0].rows
            other = (
                "(1,1)" if row.shapes.result.rank else f"({size[0]},{size[0]})" if size else "(k,1)"
            )
            yield replace(row, signature=value.partition("->")[0] + f"-> {other}")
        case "domain":
            yield replace(row, domain=f"{{{x}}} != 7")
        case "parity":
            yield replace(row, parity=-value)
        case "values" | "right_inverse":
            yield replace(row, **{cell: ""})
        case "transposable":
            yield replace(row, transposable=False)
        case "for_positive":
            yield replace(row, for_positive="7")
        case "at_zero":
            yield replace(row, at_zero="7")
        case "latex":
            yield replace(row, latex=r"\operatorname{other}")
        case "written":
            yield replace(row, written="")
        case "notation":
            yield replace(row, notation=f"{value}!")
        case "product":
            yield replace(row, product=value.replace("ji", "ij"))
            yield replace(row, product=f"{value.removesuffix('i')}j")
        case "numpy" | "mpmath":
            yield replace(row, **{cell: f"2 * ({value})"})
        case "helper":
            yield replace(row, helper=value.replace("return ", "return 2 * "))
        case "sympy":
            yield replace(row, sympy=f"2*({value})" if "{0}" in value else f"2*{value}({{0}})")
        case _:
            raise AssertionError(f"no other {cell} is known")


def shape(row: Function) -> str:
    """How the value of a call is read, where the arguments are declared as in the table."""
    shapes = zip(row.parameters, FUNCTIONS[row.name].shapes.parameters)
    problem = read_problem(row.call, where=[_declared(name, shape) for name, shape in shapes])
    return str(problem.typed.shapes[problem.tree])


def turned(row: Function, name: str) -> str:
    """The transpose of f(V), or of f(V, V)."""
    shape = row.shapes.parameters[0]
    square = f"{name}: n" if shape.rank == 1 else f"{name}: n x n"
    summed = any(isinstance(size, Total) for size in shape)
    where = [_declared(name, shape) if summed else square]
    args = [
        f"kron({name}, {name})" if shape.is_compound and not summed else name
        for shape in row.shapes.parameters
    ]
    column = shape.rank == 1
    args[1:] = [arg if column else f"{arg} {arg}" for arg in args[1:]]  # not one that is like it
    call = f"{row.name}({', '.join([*args, *('n' for _ in row.sizes)])})"
    with in_place_of(row):
        return said(lambda text: simplify(text, where), f"({call})'")


def _declared(name: str, shape: Pattern, one: str = "") -> str:
    """The declaration of a name; what has sums of sizes is a matrix, whose shape is inferred."""
    if any(isinstance(size, Total) for size in shape):
        return f"{name}: matrix"
    sizes = ("*".join(one or part for part in size) or "1" for size in shape)
    return f"{name}: {' x '.join(sizes)}"


@contextmanager
def in_place_of(row: Function) -> Iterator[None]:
    """The table with this row in the place of the one of that name."""
    kept = FUNCTIONS[row.name]
    FUNCTIONS[row.name] = row
    try:
        yield
    finally:
        FUNCTIONS[row.name] = kept


def said(ask: Callable[[str], Any], about: str) -> str:
    try:
        return str(ask(about))
    except (MatcalcError, ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as e:
        return f"{type(e).__name__}: {e}"


def results(row: Function) -> Iterator[str]:
    """What is said of the function."""
    gc.collect()  # no node of another table is left
    shapes = row.shapes
    names = dict(zip(row.parameters, ("X", "Y")))

    def declared(one: str = "") -> list[str]:
        found = zip((*names.values(), "C"), (*shapes.parameters, shapes.result))
        return [_declared(name, shape, one) for name, shape in found]

    def call(*args: str) -> str:
        return f"{row.name}({', '.join((*args, *row.sizes))})"

    f = call(*names.values())
    scalar = f if not shapes.result.rank else f"tr(C' {f})"
    forms = ("text", "latex", "numpy", "sympy")
    for wrt in (*names.values(), "C"):
        for form in forms:
            yield said(lambda to, wrt=wrt: diff(scalar, wrt, where=declared()).to(to), form)
        yield said(lambda wrt: diff(scalar, wrt, where=declared()).conditions, wrt)
        yield said(lambda wrt: diff(scalar, wrt, where=declared()).steps[0].latex, wrt)
    others = [f"({f})'", f"abs({f})", call(*(f"-{name}" for name in names.values()))]
    if row.arity == 1 and not row.sizes:
        rows, cols = ("*".join(size) or "1" for size in shapes.parameters[0])
        others.append(call(f"zeros({rows}, {cols})"))
    for text in others:
        yield said(lambda text: simplify(text, [*declared(), "Z: m x n"]), text)
    turns = [
        f"{call('Z')} - {call(ZT)}",
        f"abs(ones(n) + {call('v')})",
        f"{call(ONE_WAY)} - {call(OTHER_WAY)}",
    ]
    one = [f"abs({f})", call("t")]
    others = [call(f"{INVERSES.get(row.name, 'sin')}(3 Z)")]  # of a matrix: no SymPy sees it
    for text in (*turns, *one, *others):
        where = declared("1") if text in one else declared("n")
        yield said(lambda text, where=where: simplify(text, [*where, *NAMES]), text)
    for form in forms:
        yield said(lambda to: simplify(f, declared()).to(to), form)
    for wrt in names.values():
        yield said(lambda wrt: diff(f, wrt, where=declared()), wrt)
    yield said(lambda to: simplify(call("X X"), declared()).to(to), "numpy")
    yield said(lambda text: simplify(text, ["A: matrix", "B: matrix"]), call("A B"))
    yield said(lambda call: written(parse_expression(call), plain=False), f)
    yield said(lambda text: simplify(text, declared("n")), f"tr({f})")


TESTS = [
    (test, condition)
    for test, condition in (
        (own.test_a_row_is_complete, lambda row: True),
        (own.test_a_domain_is_said, lambda row: row.domain),
        (own.test_derivative, lambda row: row.is_elementwise and row.derivative),
        (own.test_definition, lambda row: row.definition),
        (own.test_differential, lambda row: row.differential),
        (own.test_adjoint, lambda row: row.adjoint),
        (own.test_transpose, lambda row: row.transpose),
        (own.test_trace, lambda row: row.trace),
        (own.test_of_product, lambda row: row.of_product),
        (own.test_numpy_column, lambda row: True),
        (own.test_sympy_column, lambda row: row.sympy),
        (own.test_product, lambda row: row.product),
        (own.test_notation, lambda row: row.notation),
        (own.test_written, lambda row: row.written),
        (own.test_parity, lambda row: row.is_elementwise and row.parity),
        (own.test_value_at_zero, lambda row: row.is_elementwise and row.at_zero),
    )
]


def passes(row: Function) -> bool:
    """Whether the row's own tests, those that are about it, pass."""
    with mp.workdps(precision(1)):
        for test, applies in TESTS:
            if applies(row):
                try:
                    test(row)
                except Exception:  # in any way
                    return False
    return True


CELLS = [
    (row.name, field.name)
    for row in FUNCTIONS.values()
    for field in fields(row)
    if field.name not in WORDS and getattr(row, field.name)
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_cell_is_alive(name: str) -> None:
    row = FUNCTIONS[name]
    before, read = list(results(row)), shape(row)
    for cell in [cell for owner, cell in CELLS if owner == name]:
        for other in corrupted(row, cell):
            with in_place_of(other):
                if cell == "signature":  # what follows is only as good as the shapes are
                    assert shape(other) != read
                    continue
                if cell == "transpose":  # a node keeps its transpose
                    assert turned(other, "W") != turned(row, "V").replace("V", "W")
                    continue
                differs = any(now != then for now, then in zip_longest(results(other), before))
                if not differs:
                    assert (row.kind, cell) in ONLY_TESTED, f"no result reads {cell}"
                    assert not passes(other), f"nothing reads {cell}"


def test_no_reason_is_left_over() -> None:
    kinds = {(FUNCTIONS[name].kind, cell) for name, cell in CELLS}
    assert ONLY_TESTED.keys() <= kinds


@pytest.mark.parametrize("name", FUNCTIONS)
def test_words_are_shown(name: str) -> None:
    """`matcalc functions NAME` says what a row says in words."""
    from click.testing import CliRunner

    from matcalc.commands.reference import functions

    row = FUNCTIONS[name]
    shown = CliRunner().invoke(functions, [name]).output
    for cell in WORDS:
        for text in getattr(row, cell) if cell == "aliases" else [getattr(row, cell)]:
            assert text in shown
