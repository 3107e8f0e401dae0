"""The normalising constructors of applied heads: diag, tr, det, vec, inner products, ...

The counterpart of ``algebra.normal``, which makes sums and products; the two need each other (see
there).  The element-wise constructors are to be had here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from matcalc.algebra import normal
from matcalc.algebra.entries import (
    constant_entry,
    elementwise,
    entry_powers,
    epow,
    hadamard,
    is_elementwise,
    is_head,
    is_linear,
    is_positive,
    outside,
    positive,
)
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, make_apply, make_product
from matcalc.algebra.traces import det, logdet, trace
from matcalc.errors import assert_never
from matcalc.language.sizes import ONE as DIM_ONE
from matcalc.language.sizes import SCALAR, Dim, Shape
from matcalc.tables.functions import FUNCTIONS, Function

__all__ = [
    "SCALAR",
    "Shape",
    "adjacent",
    "apply",
    "call",
    "commutation",
    "constant_entry",
    "det",
    "diag",
    "diagonal",
    "elementwise",
    "entry_powers",
    "epow",
    "hadamard",
    "inner_product",
    "interpreter",
    "is_elementwise",
    "is_head",
    "is_less",
    "is_linear",
    "is_positive",
    "jacobian",
    "known_trace",
    "logdet",
    "outside",
    "positive",
    "trace",
    "transposed",
    "transposed_arguments",
    "turned",
    "unvec",
    "vec",
]


# --- inner products and neighbours in a chain ---------------------------------------------------


def adjacent(left: Node, right: Node) -> Node | None:
    """What two neighbours in a chain merge into by a law, diag(u) v = u .* v and its kin."""
    if not (isinstance(left, Apply) or isinstance(right, Apply)):
        return None
    if left.shape.is_row and right.shape.is_column:  # a scalar is the chain's: ``inner_product``
        return None
    from matcalc.algebra.rules import neighbours

    return neighbours(left, right)


def inner_product(piece: Sequence[tuple[Node, Node]]) -> Node | None:
    """A law for the 1 x 1 chain u' ... v, or None where it stays a chain.

    Two neighbours merge by the rows of the law table, vec(A)' vec(B) = tr(A' B); u'(v .* w) and its
    kin become the sum of one element-wise product.
    """
    u, v = normal.transpose(piece[0][0]), piece[-1][0]
    if len(piece) == 2 and isinstance(u, Apply) and isinstance(v, Apply):
        from matcalc.algebra.rules import neighbours

        found = neighbours(piece[0][0], v) or neighbours(normal.transpose(v), u)
        if found is not None:
            return found
    if len(piece) == 3 and normal.is_ones(u) and normal.is_ones(v) and piece[1][1] is normal.ONE:
        return _matrix_sum(piece[1][0])
    entries = [_is_entrywise(u), _is_entrywise(v)]
    if not any(entries):
        return None
    if len(piece) == 2:
        return _entry_sum(hadamard(u, v))
    ways = []
    if entries[0]:
        ways.append(hadamard(u, _chain_node(piece[1:])))
    if entries[1]:
        ways.append(hadamard(normal.transpose(_chain_node(piece[:-1])), v))
    return _entry_sum(min(ways, key=lambda way: way.digest))


def _matrix_sum(M: Node) -> Node | None:
    """The sum of all entries of A .* B as tr(A' B)."""
    powers = entry_powers(M)
    if len(powers) == 1 and powers[0][1] is normal.TWO:
        return trace(normal.mul(normal.transpose(powers[0][0]), powers[0][0]))
    if len(powers) == 2 and all(e is normal.ONE for _, e in powers):
        return trace(normal.mul(normal.transpose(powers[0][0]), powers[1][0]))
    return None


def _chain_node(piece: Sequence[tuple[Node, Node]]) -> Node:
    return normal.mul(*(normal.power(b, e) for b, e in piece))


def _is_entrywise(node: Node) -> bool:
    return is_head(node, "hadamard") or is_head(node, "epow")


def _entry_sum(node: Node) -> Node:
    """ones' node for an element-wise product, as an inner product where there are two factors."""
    if isinstance(node, Product):
        scalar, inside = outside(node)
        if scalar is not normal.ONE:
            return normal.mul(scalar, _entry_sum(inside))
    if normal.is_zero(node):
        return normal.ZERO
    powers = entry_powers(node)
    if len(powers) == 1 and powers[0][1] is normal.TWO:
        return normal.mul(normal.transpose(powers[0][0]), powers[0][0])
    if len(powers) == 2 and all(e is normal.ONE for _, e in powers):
        return normal.mul(normal.transpose(powers[0][0]), powers[1][0])
    row = normal.transpose(normal.ones(node.shape.rows))
    if not _is_entrywise(node):
        return normal.mul(row, node)
    return make_product(Fraction(1), (), ((row, normal.ONE), (node, normal.ONE)), SCALAR)


# --- what a transpose leaves alone ---------------------------------------------------------------


def turned(M: Node) -> tuple[Node, Node]:
    """The transpose of M as a scalar times a node without one: (-1, M) for a skew M.

    With ``is_less`` it makes f(M) and f(M') one node for an f that transposition leaves alone, a
    trace, a determinant or a diagonal: f is applied to the lesser of the two.  This ends, since
    every turn leads to something less.
    """
    T = normal.transpose(M)
    match T:
        case Sum():
            c, unit = normal.primitive(T)
            return normal.number(c), unit
        case Product():
            return outside(T)
        case Number() | Symbol() | Apply():
            return normal.ONE, T
        case _:
            assert_never(T)


def is_less(A: Node, B: Node) -> bool:
    """Does A come before B: fewer transposes, then the order of digests?"""
    return (A.primes, A.digest) < (B.primes, B.digest)


# --- diagonals ----------------------------------------------------------------------------------


def _linear_parts(node: Node, f: Callable[[Node], Node]) -> Node | None:
    """f of a scaled node for linear f: the scalars come out.  None where there are none."""
    if isinstance(node, Product):
        scalar, inside = outside(node)
        if scalar is not normal.ONE:
            return normal.mul(scalar, f(inside))
    if isinstance(node, Sum):
        c, inside = normal.primitive(node)
        if c != 1:
            return normal.scale(c, f(inside))
    return None


def diag(u: Node) -> Node:
    """The diagonal matrix of a vector."""
    if u.shape.is_scalar:
        return u
    if u.shape.is_row:
        return diag(normal.transpose(u))
    shape = Shape(u.shape.rows, u.shape.rows)
    if normal.is_zero(u):
        return normal.zero(shape)
    if normal.is_ones(u):
        return normal.identity(u.shape.rows)
    return _linear_parts(u, diag) or make_apply("diag", (u,), shape)


def diagonal(M: Node) -> Node:
    """The diagonal of a square matrix, as a column."""
    if M.shape.is_scalar:
        return M
    shape = Shape(M.shape.rows, DIM_ONE)
    if normal.is_zero(M):
        return normal.zero(shape)
    if normal.is_identity(M):
        return normal.ones(M.shape.rows)
    parts = _linear_parts(M, diagonal)
    if parts is not None:
        return parts
    if isinstance(M, Sum):
        kept = [(t, c) for t, c in M.terms if not normal.is_zero(diagonal(t))]
        if len(kept) < len(M.terms):  # what is skew has none
            return diagonal(normal.linear(kept, M.shape))
    if isinstance(M, Product):
        found = _diagonal_of_chain(M)
        if found is not None:
            return found
    if isinstance(M, Apply):
        if M.head == "diag":
            return M.args[0]
        if M.head == "hadamard":
            return hadamard(*map(diagonal, M.args))
        if M.head == "epow":
            return epow(diagonal(M.args[0]), M.args[1])
        if is_elementwise(M):
            return elementwise(M.head, diagonal(M.args[0]))
    c, other = turned(M)
    if other is M and c is normal.MINUS_ONE:
        return normal.zero(shape)
    if is_less(other, M):
        return normal.mul(c, diagonal(other))
    return make_apply("diagonal", (M,), shape)


def _diagonal_of_chain(M: Product) -> Node | None:
    """diag(u v') = u .* v, diag(A diag(u) B) = (A .* B') u."""
    nodes = [normal.power(b, e) for b, e in M.chain]
    for i, node in enumerate(nodes[:-1]):
        if node.shape.is_column:
            left, right = normal.mul(*nodes[: i + 1]), normal.mul(*nodes[i + 1 :])
            return hadamard(left, normal.transpose(right))
    for i, node in enumerate(nodes):
        if is_head(node, "diag"):
            if len(nodes) == 1:
                return node.args[0]
            if i == 0 or i == len(nodes) - 1:
                rest = nodes[1:] if i == 0 else nodes[:-1]
                return hadamard(node.args[0], diagonal(normal.mul(*rest)))
            left, right = normal.mul(*nodes[:i]), normal.mul(*nodes[i + 1 :])
            return normal.mul(hadamard(left, normal.transpose(right)), node.args[0])
    return None


# --- vec, abstract functions and the rest -------------------------------------------------------


def vec(M: Node) -> Node:
    """The columns of M, stacked."""
    if M.shape.is_column:
        return M
    if M.shape.is_row:
        return normal.transpose(M)
    shape = Shape(M.shape.rows * M.shape.cols, DIM_ONE)
    if normal.is_zero(M):
        return normal.zero(shape)
    if isinstance(M, Apply) and M.head == "unvec":
        return M.args[0]
    return _linear_parts(M, vec) or make_apply("vec", (M,), shape)


def unvec(x: Node, shape: Shape) -> Node:
    """The matrix of the given shape whose columns, stacked, are x."""
    if shape.is_column:
        return x
    if shape.is_row:
        return normal.transpose(x)
    if normal.is_zero(x):
        return normal.zero(shape)
    if isinstance(x, Apply) and x.head == "vec" and x.args[0].shape == shape:
        return x.args[0]
    parts = _linear_parts(x, lambda inside: unvec(inside, shape))
    return parts or make_apply("unvec", (x,), shape)


def commutation(m: Dim, n: Dim) -> Node:
    """K with K vec(X) = vec(X') for X m x n."""
    if m is DIM_ONE or n is DIM_ONE:
        return normal.identity(m * n)
    return make_apply("commutation", (normal.size(m), normal.size(n)), Shape(m * n, m * n))


def dimension(node: Node) -> Dim:
    """The size that a number stands for, where it is a size."""
    total = Dim.of(0)
    for term, c in node.terms if isinstance(node, Sum) else [normal.split(node)[::-1]]:
        part = Dim.of(int(c))
        for base, e in term.scalars if isinstance(term, Product) else [(term, normal.ONE)]:
            if isinstance(base, Symbol):
                for _ in range(normal.integer(e) or 0):
                    part = part * Dim.named(base.name)
        total = total + part
    return total


def call(f: Symbol, x: Node) -> Node:
    """f(x) for an abstract function f whose Jacobian has the shape of the symbol."""
    return make_apply("call", (f, x), Shape(f.shape.rows, DIM_ONE))


def jacobian(f: Symbol, x: Node) -> Node:
    """The Jacobian matrix Df(x)."""
    return make_apply("jacobian", (f, x), f.shape)


def apply(head: str, args: Sequence[Node], shape: Shape) -> Node:
    """Any head by its name: what rebuilds a node from new arguments."""
    match head:
        case "transpose":
            return normal.transpose(args[0])
        case "hadamard":
            return hadamard(*args)
        case "epow":
            return epow(args[0], args[1])
        case "unvec":
            return unvec(args[0], shape)
        case "inv":
            return normal.power(args[0], normal.MINUS_ONE)
        case "diag":
            return diag(args[0])
        case "diagonal":
            return diagonal(args[0])
        case "tr":
            return trace(args[0])
        case "det":
            return det(args[0])
        case "logdet":
            return logdet(args[0])
        case "vec":
            return vec(args[0])
    if head in FUNCTIONS and FUNCTIONS[head].is_elementwise:
        return elementwise(head, args[0])
    if head in FUNCTIONS and FUNCTIONS[head].is_linear:
        return _linear(head, args, shape)
    return _applied(head, args, shape)


def _applied(head: str, args: Sequence[Node], shape: Shape) -> Node:
    """A function of which nothing else is known; a row is the transpose of a column."""
    node = make_apply(head, tuple(args), shape)
    if shape.is_row and not shape.is_scalar and (column := known_transpose(node)) is not None:
        return normal.transpose(column)
    return node


def _linear(head: str, args: Sequence[Node], shape: Shape) -> Node:
    """A function that is linear in each argument: the scalars come out."""
    if any(map(normal.is_zero, args)):
        return normal.zero(shape)
    for i, arg in enumerate(args):
        before, after = args[:i], args[i + 1 :]

        def of(
            inside: Node, before: Sequence[Node] = before, after: Sequence[Node] = after
        ) -> Node:
            return _linear(head, (*before, inside, *after), shape)

        parts = _linear_parts(arg, of)
        if parts is not None:
            return parts
    return _applied(head, args, shape)


# --- what the rows of the function table say ------------------------------------------------------

_Formula = Callable[[Function, str, Sequence[Node], Shape], Node]
_interpreter: list[_Formula] = []


def interpreter(function: _Formula) -> _Formula:
    """Hand in what reads the formulas of the rows: it stands on this module (``interpret``)."""
    _interpreter.append(function)
    return function


def known_transpose(node: Apply) -> Node | None:
    """f(X)' by the ``transpose`` column of the row of f."""
    row = FUNCTIONS.get(node.head)
    if row is None or not row.transpose:
        return None
    return _interpreter[0](row, row.transpose, node.args, node.shape)


def known_trace(node: Apply) -> Node | None:
    """tr(f(X)) by the ``trace`` column of the row of f."""
    row = FUNCTIONS.get(node.head)
    if row is None or not row.trace or not all(arg.shape.is_square for arg in node.args):
        return None
    return _interpreter[0](row, row.trace, node.args, node.shape)


def transposed_arguments(node: Apply) -> tuple[Node, ...]:
    """The arguments whose transposes the transpose of this node is made of."""
    if node.shape.is_column:
        return ()
    if node.head in ("hadamard", "epow") or is_elementwise(node):
        return node.args
    row = FUNCTIONS.get(node.head)
    return node.args if row is not None and row.transpose else ()


def transposed(node: Apply) -> Node:
    """The transpose of an applied head other than a transpose."""
    if node.head == "diag":
        return node
    if node.head == "commutation":
        return make_apply("commutation", node.args[::-1], node.shape)
    if not node.shape.is_column:
        if node.head == "hadamard":
            return hadamard(*map(normal.transpose, node.args))
        if node.head == "epow":
            return epow(normal.transpose(node.args[0]), node.args[1])
        if is_elementwise(node):
            return elementwise(node.head, normal.transpose(node.args[0]))
        if (known := known_transpose(node)) is not None:
            return known
    return make_apply("transpose", (node,), node.shape.T)
