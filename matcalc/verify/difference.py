"""Numeric differentiation: the derivative of a function of matrices by its definition.

Central differences at high precision: with the step h = 1e-20 their error is h^2 = 1e-40 of the
third derivative, and the digits that cancellation takes are paid for by working with more of
them.  That is two evaluations for an entry and thirty digits or more, where an order-eight
formula at a large step would take eight evaluations.

The conventions table of results lives here and nowhere else in ``verify``: :func:`arrange` puts
partial derivatives into their places, :func:`contract` applies a result to a perturbation.  By a
scalar: entry by entry.  Scalar F: a row for a column x (a column in the layout "gradient"), the
shape of X otherwise.  Else the Jacobian of vec F by vec X.  A higher derivative is that of the
one before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from matcalc.verify.matrix import Matrix, unvec

STEP = -20  # h = 10^STEP
DIGITS = 60  # of the working precision, and 20 more for each order

Function = Callable[[Mapping[str, Any]], Matrix]
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
    f: Function, at: Mapping[str, Matrix], wrt: Sequence[str], layout: str = "jacobian"
) -> Matrix:
    """The derivative by ``wrt[0]``, of that by ``wrt[1]`` ..., laid out by the conventions."""

    def partial(directions: tuple[Direction, ...], names: Sequence[str]) -> Matrix:
        if not names:
            return differentiate(f, at, directions)
        *rest, name = names
        X = at[name]
        pieces = [partial(((name, E), *directions), rest) for E in units(*X.shape)]
        return arrange(pieces, X.shape, layout)

    return partial((), wrt)


def arrange(pieces: Sequence[Matrix], shape: tuple[int, int], layout: str = "jacobian") -> Matrix:
    """The derivative from ``pieces[k]`` = dF / d(vec X)_k, for X of this shape."""
    (rows, cols), first = shape, pieces[0]
    if rows == cols == 1:
        return first
    if first.is_scalar:
        slopes = Matrix(len(pieces), 1, tuple(piece.entries[0] for piece in pieces))
        if cols == 1:
            return slopes if layout == "gradient" else slopes.T
        return unvec(slopes, rows, cols)
    columns = [piece.vec for piece in pieces]
    return Matrix.build(len(first), len(pieces), lambda i, j: columns[j][i])


def result_shape(
    value: tuple[int, int], variable: tuple[int, int], layout: str = "jacobian"
) -> tuple[int, int]:
    """The shape of the derivative of a ``value`` by a ``variable``."""
    if variable == (1, 1):
        return value
    if value == (1, 1):
        is_row = variable[1] == 1 and layout != "gradient"
        return (1, variable[0]) if is_row else variable
    return value[0] * value[1], variable[0] * variable[1]


def contract(G: Matrix, value: tuple[int, int], V: Matrix) -> Matrix:
    """dF along V, from the derivative G of an F of this shape: the table read backwards."""
    if V.is_scalar:
        return G.map(lambda g: g * V.entries[0])
    if value == (1, 1):
        return Matrix(1, 1, (sum(g * v for g, v in zip(G.vec, V.vec)),))
    flat = (sum(g * v for g, v in zip(G.row(i), V.vec)) for i in range(G.rows))
    return unvec(Matrix(G.rows, 1, tuple(flat)), *value)


def structured(f: Function, at: Mapping[str, Matrix], name: str, structure: str) -> Matrix:
    """The derivative of a scalar f by a symmetric X, along E_ij + E_ji (E_ii on the diagonal).

    "cookbook" is that derivative itself, X having n(n+1)/2 variables (MC 138); "symmetric" is the
    gradient in the space of symmetric matrices, whose inner product counts x_ij twice.
    """
    n = at[name].rows
    zero = Matrix(n, n, (0,) * (n * n))

    def entry(i: int, j: int) -> Any:
        V = zero.with_entry(i, j, 1).with_entry(j, i, 1)
        slope = differentiate(f, at, [(name, V)]).entries[0]
        return slope / 2 if structure == "symmetric" and i != j else slope

    return Matrix.build(n, n, entry)
