"""Derivatives by their definition, and the conventions of how a derivative is laid out.

    f by a        scalar          column x             matrix X
    scalar        df/dt           a column,            the shape of X,
                                  df = G' dx           df = tr(G' dX)
    vector, or    entry by entry  the Jacobian: d vec F = G d vec X
    matrix

A second derivative is the derivative of the first.  The layouts turn what comes of it: "jacobian" a
scalar by a column, "numerator" a scalar by a matrix as well, "denominator" whatever has a vector or
a matrix above; a derivative by a scalar of what was turned is not turned again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from mpmath import mp

from judge.values import Matrix, build, scalar, times, total, unvec

Move = tuple[str, Matrix]  # a variable, and the direction in which it goes
Function = Callable[[Mapping[str, Matrix]], Matrix]
STEP = 20  # h = 10^-20: an error of 10^-40, paid for with 20 digits for each order


def precision(order: int) -> int:
    """The digits to work with."""
    return 60 + STEP * order


def moved(env: Mapping[str, Matrix], *moves: tuple[str, Matrix, Any]) -> dict[str, Matrix]:
    """The point after name -> name + c V for each move."""
    there = dict(env)
    for name, V, c in moves:
        X = there[name]
        there[name] = Matrix(X.rows, X.cols, [x + c * v for x, v in zip(X.entries, V.entries)])
    return there


def along(
    f: Function, env: Mapping[str, Matrix], moves: Sequence[Move], step: int = STEP
) -> Matrix:
    """The mixed derivative of f along the moves, by central differences."""
    h = mp.mpf(10) ** -step
    weights: Counter[tuple[int, ...]] = Counter()
    distinct = list({id(V): (name, V) for name, V in moves}.values())
    for signs in product((1, -1), repeat=len(moves)):
        net = tuple(sum(s for s, (_, W) in zip(signs, moves) if W is V) for _, V in distinct)
        weights[net] += 1 if signs.count(-1) % 2 == 0 else -1
    values = [
        (weight, f(moved(env, *((name, V, s * h) for (name, V), s in zip(distinct, net)))))
        for net, weight in weights.items()
    ]
    scale = (2 * h) ** len(moves)
    first = values[0][1]
    return Matrix(
        first.rows,
        first.cols,
        [
            total(weight * value.entries[k] for weight, value in values) / scale
            for k in range(len(first.entries))
        ],
    )


Size = tuple[int, int]


def shape_of(value: Size, variable: Size) -> Size:
    """The shape of the derivative of a value by a variable, before a layout turns it."""
    if variable == (1, 1):
        return value
    if value == (1, 1):
        return variable
    return value[0] * value[1], variable[0] * variable[1]


def is_turned(value: Size, variables: Sequence[Size], layout: str) -> bool:
    """Is the derivative of a value by the variables in turn written the other way round?"""
    pairs = []
    for variable in variables:
        pairs.append((value, variable))
        value = shape_of(value, variable)
    by_others = [pair for pair in pairs if pair[1] != (1, 1)]
    value, (_, cols) = (by_others or pairs[:1])[-1]
    if value != (1, 1):
        return layout == "denominator"
    return layout == "numerator" or (layout == "jacobian" and cols == 1)


def applied(G: Matrix, value: tuple[int, int], V: Matrix) -> Matrix:
    """dF for dX = V, from the derivative G, not turned, of an F of the shape ``value``."""
    if V.is_scalar:
        return G.scaled(V.entries[0])
    if value == (1, 1):
        return scalar(total(g * v for g, v in zip(G.vec.entries, V.vec.entries, strict=True)))
    return unvec(times(G, V.vec), *value)


def part(V: Matrix, structure: str) -> Matrix:
    """What a square V has of a structure: its symmetric part, say."""

    def entry(i: int, j: int) -> Any:
        match structure:
            case "symmetric" | "cookbook":
                return (V[i, j] + V[j, i]) / 2
            case "skew":
                return (V[i, j] - V[j, i]) / 2
            case "diagonal":
                return V[i, j] * (i == j)
            case "lower":
                return V[i, j] * (i >= j)
            case "upper":
                return V[i, j] * (i <= j)
        raise AssertionError(structure)

    return V if structure == "independent" else build(*V.shape, entry)
