"""Functions that only move entries: diag, the diagonal of a matrix, vec and unvec."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.algebra.applications import apart, applied, linear_function
from matcalc.algebra.builders import apply, builds, constructor, is_entrywise
from matcalc.algebra.ir import Apply, Node, Sum
from matcalc.algebra.products import mul, transpose
from matcalc.algebra.sums import (
    ONE,
    is_zero,
    linear,
    zero,
)
from matcalc.language.sizes import ONE as DIM_ONE
from matcalc.language.sizes import Shape


@constructor("diag")
def diag(u: Node) -> Node:
    """The diagonal matrix of a vector."""
    if u.shape.is_scalar:
        return u
    if u.shape.is_row:
        return diag(transpose(u))
    return linear_function("diag", (u,), Shape(u.shape.rows, u.shape.rows))


@constructor("diagonal")
def diagonal(M: Node) -> Node:
    """The diagonal of a square matrix, as a column; that of M' is the same."""
    if M.shape.is_scalar:
        return M
    shape = Shape(M.shape.rows, DIM_ONE)
    if is_zero(M):
        return zero(shape)
    scalar, inside = apart(M)
    if scalar is not ONE:
        return mul(scalar, diagonal(inside))
    if isinstance(M, Sum):
        kept = [(t, c) for t, c in M.terms if not is_zero(diagonal(t))]
        if len(kept) < len(M.terms):  # what is skew has none
            return diagonal(linear(kept, M.shape))
    if isinstance(M, Apply) and is_entrywise(M):
        args = [arg if arg.shape.is_scalar else diagonal(arg) for arg in M.args]
        return apply(M.head, args, shape)
    return applied("diagonal", (M,), shape)


@constructor("vec")
def vec(M: Node) -> Node:
    """The columns of M, stacked."""
    if M.shape.is_column or M.shape.is_row:
        return M if M.shape.is_column else transpose(M)
    return linear_function("vec", (M,), Shape(M.shape.rows * M.shape.cols, DIM_ONE))


@builds("unvec")
def _unvec(head: str, args: Sequence[Node], shape: Shape) -> Node:
    """The matrix of the given shape whose columns, stacked, are x."""
    (x,) = args
    if shape.is_column or shape.is_row:
        return x if shape.is_column else transpose(x)
    return linear_function(head, args, shape)
