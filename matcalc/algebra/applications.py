"""Functions applied: what their rows in the function table say, and what a law makes of them.

Linear functions let scalars out; a function with the ``transpose`` column whose value is a row is
the transpose of a column.  Abstract functions and commutation matrices are here as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.algebra.builders import (
    apply,
    builds,
    call_by_law,
    read_formula,
    row_formula,
    row_of,
)
from matcalc.algebra.ir import Apply, Node, Product, Sum, Symbol, make_apply
from matcalc.algebra.products import (
    is_less,
    known_transpose,
    mul,
    power,
    primitive,
    size,
    transpose,
    turned,
)
from matcalc.algebra.sums import (
    MINUS_ONE,
    ONE,
    identity,
    integer,
    is_zero,
    number,
    outside,
    split,
    zero,
)
from matcalc.language.sizes import ONE as DIM_ONE
from matcalc.language.sizes import Dim, Shape
from matcalc.tables.functions import FUNCTIONS, NOTATIONS, Function


@builds("matrix", "defined")
def applied(head: str, args: Sequence[Node], shape: Shape) -> Node:
    """A function of the table; a row is the transpose of a column."""
    found = call_by_law(head, args, shape)
    if found is not None:
        return found
    if FUNCTIONS[head].transposable and (found := _of_lesser(head, args[0], shape)) is not None:
        return found
    if FUNCTIONS[head].of_product and isinstance(args[0], Product) and len(args[0].chain) > 1:
        return _of_product(FUNCTIONS[head], args[0], shape)
    inner = row_of(args[0])
    if inner is not None and inner.shapes.takes_rows and FUNCTIONS[head].shapes.takes_columns:
        (M,) = args[0].children  # the part of a part has one form: rows of columns
        columns = apply(head, (M,), Shape(M.shape.rows, shape.cols))
        return apply(inner.name, (columns,), shape)
    node = make_apply(head, tuple(args), shape)
    if shape.is_row and not shape.is_scalar and (column := known_transpose(node)) is not None:
        return transpose(column)
    return node


def _of_product(row: Function, M: Product, shape: Shape) -> Node:
    """f(A B) by the ``of_product`` column of the row of f."""
    first, *rest = (power(b, e) for b, e in M.chain)
    sizes = row.shapes.sizes((M.shape, shape))
    return read_formula(row.of_product, {"A": first, "B": mul(*rest)}, sizes)


def _of_lesser(head: str, M: Node, shape: Shape) -> Node | None:
    """f(M) as f(M') where f(X') = f(X) and M' comes before M; None where it does not.

    A linear f of a skew M is its own negative.  The transpose of an orthogonal Q is its inverse,
    of which functions that are not linear are powers of f(Q): these are left alone.
    """
    c, other = turned(M)
    linear = FUNCTIONS[head].is_linear
    if linear and other is M and c is MINUS_ONE:
        return zero(shape)
    inverse = isinstance(other, Product) and len(other.chain) == 1
    if is_less(other, apart(M)[1]) and (linear or not inverse):
        return apply(head, (transpose(M),), shape)
    return None


@builds("linear")
def linear_function(head: str, args: Sequence[Node], shape: Shape) -> Node:
    """A function that is linear in arguments: the scalars of these come out."""
    linear = [i for i in range(len(args)) if FUNCTIONS[head].is_linear_in(i)]
    if any(is_zero(args[i]) for i in linear):
        return zero(shape)
    for i in linear:
        scalar, inside = apart(args[i])
        if scalar is not ONE:
            rest = (*args[:i], inside, *args[i + 1 :])
            return mul(scalar, linear_function(head, rest, shape))
    return applied(head, args, shape)


def apart(node: Node) -> tuple[Node, Node]:
    """A scalar, and what it multiplies."""
    if isinstance(node, Sum):
        c, inside = primitive(node)
        return number(c), inside
    return outside(node) if isinstance(node, Product) else (ONE, node)


def known_trace(node: Apply) -> Node | None:
    """tr(f(X)) by the ``trace`` column of the row of f."""
    row = row_of(node)
    if row is None or not row.trace or not all(arg.shape.is_square for arg in node.args):
        return None
    return row_formula(row, row.trace, node.args, node.shape)


def kron(A: Node, B: Node) -> Node:
    """The Kronecker product."""
    shape = Shape(A.shape.rows * B.shape.rows, A.shape.cols * B.shape.cols)
    return linear_function(NOTATIONS["#1 ⊗ #2"], (A, B), shape)


# --- heads that are not in the table --------------------------------------------------------------


def commutation(m: Dim, n: Dim) -> Node:
    """K with K vec(X) = vec(X') for X m x n."""
    if m is DIM_ONE or n is DIM_ONE:
        return identity(m * n)
    return make_apply("commutation", (size(m), size(n)), Shape(m * n, m * n))


def dimension(node: Node) -> Dim:
    """The size that a number stands for, where it is a size."""
    total = Dim.of(0)
    for term, c in node.terms if isinstance(node, Sum) else [split(node)[::-1]]:
        part = Dim.of(int(c))
        for base, e in term.scalars if isinstance(term, Product) else [(term, ONE)]:
            if isinstance(base, Symbol):
                for _ in range(integer(e) or 0):
                    part = part * Dim.named(base.name)
        total = total + part
    return total


def call(f: Symbol, x: Node) -> Node:
    """f(x) for an abstract function f whose Jacobian has the shape of the symbol."""
    return make_apply("call", (f, x), Shape(f.shape.rows, DIM_ONE))


def jacobian(f: Symbol, x: Node) -> Node:
    """The Jacobian matrix Df(x)."""
    return make_apply("jacobian", (f, x), f.shape)
