"""Derivatives by their definition, and the conventions of how a derivative is laid out.

    f by a        scalar          column x                    matrix X
    scalar        df/dt           a row (layout "gradient":    the shape of X,
                                  a column), df = G dx         df = tr(G' dX)
    vector, or    entry by entry  the Jacobian: d vec F = G d vec X
    matrix

A second derivative is the derivative of the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from mpmath import mp

from judge.values import Matrix, scalar, times, total, unvec

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


def shape_of(
    value: tuple[int, int], variable: tuple[int, int], layout: str = "jacobian"
) -> tuple[int, int]:
    """The shape of the derivative of a value by a variable."""
    if variable == (1, 1):
        return value
    if value == (1, 1):
        turned = variable[1] == 1 and layout == "jacobian"
        return (1, variable[0]) if turned else variable
    return value[0] * value[1], variable[0] * variable[1]


def applied(G: Matrix, value: tuple[int, int], V: Matrix) -> Matrix:
    """dF for dX = V, from the derivative G of an F of the shape ``value``."""
    if V.is_scalar:
        return G.scaled(V.entries[0])
    if value == (1, 1):
        return scalar(total(g * v for g, v in zip(G.vec.entries, V.vec.entries, strict=True)))
    return unvec(times(G, V.vec), *value)
