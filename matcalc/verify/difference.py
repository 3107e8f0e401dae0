"""Numeric differentiation: the derivative of a function of matrices by its definition.

Central differences at high precision: with the step h = 1e-20 their error is h^2 = 1e-40 of the
third derivative, and the digits that cancellation takes are paid for by working with more of
them.  That is two evaluations for an entry and thirty digits or more, where an order-eight
formula at a large step would take eight evaluations.

The conventions of results live here and nowhere else in ``verify``: :func:`arrange` puts partial
derivatives into their places, :func:`contract` applies a result to a perturbation.  By a scalar:
entry by entry.  Scalar F: a column for a column x, the shape of X otherwise.  Else the Jacobian of
vec F by vec X.  A higher derivative is that of the one before.  :func:`laid_out` turns what comes
of it as the row of the layout in the table says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from matcalc.language.syntax import parse_expression
from matcalc.tables.laws import LAWS, STRUCTURES
from matcalc.tables.layouts import LAYOUTS, Cell
from matcalc.verify.evaluate import evaluate
from matcalc.verify.matrix import Matrix, unvec
from matcalc.verify.scalars import Numbers, exact

STEP = -20  # h = 10^STEP
DIGITS = 60  # of the working precision, and 20 more for each order

Function = Callable[[Mapping[str, Any]], Matrix]
Extent = tuple[int, int]
Direction = tuple[str, Matrix]  # a perturbation V of the variable of this name


def precision(order: int) -> int:
    """Decimal digits to work with."""
    return DIGITS - STEP * order


def differentiate(f: Function, at: Mapping[str, Any], directions: Sequence[Direction]) -> Matrix:
    """The mixed derivative along directions: sum of (prod s_i) f(x + h sum s_i V_i) / (2h)^k."""
    from mpmath import mp

    h = mp.mpf(10) ** STEP
    total: Matrix | None = None
    for signs in product((1, -1), repeat=len(directions)):
        moved = {name: at[name] for name, _ in directions}
        for sign, (name, V) in zip(signs, directions):
            moved[name] = moved[name] + V.map((sign * h).__mul__)
        value = f(moved)
        if signs.count(-1) % 2:
            value = -value
        total = value if total is None else total + value
    assert total is not None
    return total.map(lambda entry: entry / (2 * h) ** len(directions))


def units(rows: int, cols: int) -> list[Matrix]:
    """E_ij in the order of vec."""
    zero = Matrix(rows, cols, (0,) * (rows * cols))
    return [zero.with_entry(i, j, 1) for j in range(cols) for i in range(rows)]


def derivative(
    f: Function,
    at: Mapping[str, Matrix],
    wrt: Sequence[str],
    layout: str = "jacobian",
    structure: str = "independent",
) -> Matrix:
    """The derivative by ``wrt[0]``, of that by ``wrt[1]`` ..., laid out by the conventions."""

    def partial(directions: tuple[Direction, ...], names: Sequence[str]) -> Matrix:
        if not names:
            return differentiate(f, at, directions)
        *rest, name = names
        moves = [along(E, structure) for E in units(*at[name].shape)]
        return arrange([partial(((name, V), *directions), rest) for V in moves], at[name].shape)

    variables = [at[name].shape for name in wrt]
    return laid_out(partial((), wrt), cell(f(at).shape, variables, layout))


def arrange(pieces: Sequence[Matrix], shape: Extent) -> Matrix:
    """The derivative from ``pieces[k]`` = dF / d(vec X)_k, for X of this shape."""
    (rows, cols), first = shape, pieces[0]
    if rows == cols == 1:
        return first
    if first.is_scalar:
        slopes = Matrix(len(pieces), 1, tuple(piece.entries[0] for piece in pieces))
        return unvec(slopes, rows, cols)
    columns = [piece.vec for piece in pieces]
    return Matrix.build(len(first), len(pieces), lambda i, j: columns[j][i])


def cell(value: Extent, variables: Sequence[Extent], layout: str) -> Cell:
    """How the derivative of a ``value`` by ``variables`` in turn is laid out.

    That is decided by the last one that is no scalar, for by a scalar a derivative keeps its form.
    """
    ends = [k for k, variable in enumerate(variables) if variable != (1, 1)]
    last = ends[-1] if ends else 0
    before = (value, *shapes(value, variables))[last]
    pair = ((rows == 1, cols == 1) for rows, cols in (before, variables[last]))
    return LAYOUTS[layout].cell(*pair)


def laid_out(D: Matrix, cell: Cell) -> Matrix:
    """A derivative in its plain form, in that of a layout; and the other way round."""
    return evaluate(parse_expression(cell.form), {"D": D})


def shapes(value: Extent, variables: Iterable[Extent]) -> list[Extent]:
    """The shapes of the derivatives of a ``value`` by variables in turn, in their plain form."""
    found = []
    for variable in variables:
        if variable != (1, 1):
            flat = (value[0] * value[1], variable[0] * variable[1])
            value = variable if value == (1, 1) else flat
        found.append(value)
    return found


def contract(D: Matrix, value: Extent, V: Matrix) -> Matrix:
    """dF along V, from the derivative D of an F of this shape, in its plain form."""
    if V.is_scalar:
        return D.map(lambda d: d * V.entries[0])
    if value == (1, 1):
        return Matrix(1, 1, (inner(D, V),))
    flat = (sum(d * v for d, v in zip(D.row(i), V.vec)) for i in range(D.rows))
    return unvec(Matrix(D.rows, 1, tuple(flat)), *value)


def inner(A: Matrix, B: Matrix) -> Any:
    """<A, B>."""
    return sum(a * b for a, b in zip(A.vec, B.vec))


# --- where the variable has a structure -----------------------------------------------------------


def direction(E: Matrix, structure: str) -> Matrix:
    """Where X goes if E_ij is asked for: by the ``direction`` of the law of the structure."""
    text = LAWS[STRUCTURES[structure]].direction if STRUCTURES[structure] else "E"
    return evaluate(parse_expression(text), {"E": E}, sizes={"n": E.rows}, scalars=exact())


def along(C: Matrix, structure: str) -> Matrix:
    """The direction for a matrix of integers C: f moves by <G, C>, G being the derivative."""
    return direction(C, structure).map(Numbers().convert)
