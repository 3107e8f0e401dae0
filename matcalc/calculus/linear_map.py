"""The matrix of a linear map: a column that is linear in dx is J dx.

Every such column f is opened into simpler ones, f = sum K u with matrices K that do not depend on
dx (``_pieces``), so that J(f) = sum K J(u), from the leaves up, each column once; J(dx) = I, and
the row of a scalar is the transpose of its gradient.  The way from f down to a column u inside of
it, through chains, element-wise products, diag and diagonal, is a product over indices: K is read
off its graph (``index_graph``).  The laws of opening, one per head, are those of the entry (a, b):

    (A F B)_ab = A_ap F_pq B_qb        (E .* F)_ab = E_ab F_ab        (F')_ab = F_ba
    diag(u)_ab = u_a if a = b          diagonal(F)_a = F_aa           (F + G)_ab = F_ab + G_ab

and a block matrix is the sum of its blocks, each put in its place by matrices [0; I; 0].

A column for which that finds no K has a form with Kronecker products (``kronecker``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from matcalc.algebra import normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold
from matcalc.calculus.adjoint import gradient
from matcalc.calculus.index_graph import IndexGraph, cut
from matcalc.calculus.kronecker import selection, vec_jacobian
from matcalc.errors import assert_never
from matcalc.language.sizes import ONE, Shape


def jacobian(df: Node, dx: Symbol) -> Node:
    """J, p x n, with df = J dx for every column dx; ``df`` is a column p x 1 and linear in dx.

    Raises MatcalcError (unsupported) where the table has no matrix of a linear function.
    """
    if not df.shape.is_column:
        raise AssertionError("a Jacobian is of a column")
    return _Jacobian(dx).of(df)


Parts = list[tuple[Node, Node]]


class _Place(NamedTuple):
    """The entry (a, b) of ``node`` times the graph of all that is around it."""

    node: Node
    a: int
    b: int
    around: IndexGraph


class _Stuck(Exception):
    """A column that does not open."""


class _Jacobian:
    def __init__(self, dx: Symbol) -> None:
        self.dx = dx
        self.done: dict[Node, Node] = {}
        self.inside: dict[Node, bool] = {}
        self.opened: dict[Node, Parts] = {}
        self.stuck: set[Node] = set()

    def of(self, root: Node) -> Node:
        """J of a column, or the row of a scalar."""

        def simpler(node: Node) -> list[Node]:
            return [u for _, u in self._pieces(node)]

        return fold(root, self._node, self.done, simpler)

    def _node(self, node: Node, done: dict[Node, Node]) -> Node:
        n = self.dx.shape.rows
        if node is self.dx:
            return normal.identity(n)
        if not self._depends(node):
            return normal.zero(Shape(node.shape.rows, n))
        if node.shape.is_scalar:
            return normal.transpose(gradient(node, self.dx))
        if normal.is_block(node):  # J([u; v]) is [J(u); J(v)]
            return normal.stacked([done.get(u) or self._node(u, done) for u in node.args])
        pieces = self._pieces(node)
        if node in self.stuck:
            return vec_jacobian(node, self.dx)
        return normal.add(*(normal.mul(K, done[u]) for K, u in pieces))

    def _depends(self, node: Node) -> bool:
        def either(part: Node, done: dict[Node, bool]) -> bool:
            return part is self.dx or any(done[child] for child in part.children)

        return fold(node, either, self.inside)

    def _pieces(self, column: Node) -> Parts:
        """(K, u) with the column = sum K u: u simpler columns, or scalars with columns K."""
        if column is self.dx or column.shape.is_scalar or not self._depends(column):
            return []
        if column not in self.opened:
            parts = self._blocks(column) if normal.is_block(column) else self._walk(column)
            try:
                self.opened[column] = list(parts)
            except _Stuck:
                self.opened[column] = []
                self.stuck.add(column)
        return self.opened[column]

    def _blocks(self, column: Apply) -> Iterator[tuple[Node, Node]]:
        """A column of blocks u is the sum of E u with E = [0; I; 0]."""
        for i, u in enumerate(column.args):
            if self._depends(u):
                yield selection([each.shape.rows for each in column.args], i), u

    def _walk(self, column: Node) -> Iterator[tuple[Node, Node]]:
        """Open a column until what is inside is a column or a scalar again.

        Not before K has a form: of the column u v'dx, say, the graph may end in the scalar v'dx
        where it cannot end in a second index.
        """
        graph = IndexGraph()
        i = graph.vertex(column.shape.rows)
        places = self._open(_Place(column, i, graph.vertex(ONE), graph))
        while places:
            node, a, b, around = places.pop()
            if node.shape.is_row and not node.shape.is_scalar:
                node, a, b = normal.transpose(node), b, a
            if node.shape.is_column:
                K = around.column(i) if node.shape.is_scalar else around.matrix(i, a)
                if K is not None:
                    yield K, node
                    continue
                if node is self.dx or node.shape.is_scalar:
                    raise _Stuck  # matrix and element-wise products alternate too deeply
            places += reversed(self._open(_Place(node, a, b, around)))

    # --- opening ----------------------------------------------------------------------------------

    def _open(self, place: _Place) -> list[_Place]:
        """The places inside a node, whose sum it is, by the law of its head."""
        node, a, b, around = place
        match node:
            case Sum():
                return self._terms(place, node.terms)
            case Product():
                return self._open_product(place, node)
            case Apply(head="hadamard"):
                (inner,) = (arg for arg in node.args if self._depends(arg))
                around.connect(a, normal.hadamard(*(x for x in node.args if x is not inner)), b)
                return [_Place(inner, a, b, around)]
            case Apply(head="transpose", args=(inner,)):
                return [_Place(inner, b, a, around)]
            case Apply(head="block"):
                return list(self._open_blocks(place, node))
            case Apply(head="diag", args=(u,)):
                around.merge(a, b)
                return [_Place(u, a, around.vertex(ONE), around)]
            case Apply(head="diagonal", args=(inner,)):
                return [_Place(inner, a, a, around)]
            case Apply() if (
                normal.is_linear(node) and (parts := self._scalar_parts(node)) is not None
            ):
                terms = ((normal.mul(s, K), Fraction(1)) for K, s in parts)
                return self._terms(place, terms)
            case Number() | Symbol() | Apply():
                raise _Stuck  # a function of which the entries are not known
            case _:
                assert_never(node)

    def _terms(self, place: _Place, terms: Iterable[tuple[Node, Fraction]]) -> list[_Place]:
        _, a, b, around = place
        inside = [(term, c) for term, c in terms if self._depends(term)]
        return [_Place(t, a, b, around.copy().scale(normal.number(c))) for t, c in inside]

    def _open_blocks(self, place: _Place, node: Apply) -> Iterator[_Place]:
        """Block F of row i and column j stands there as E_i F E_j'."""
        rows = normal.block_rows(node)
        heights = [row[0].shape.rows for row in rows]
        for i, row in enumerate(rows):
            widths = [block.shape.cols for block in row]
            for j, block in enumerate(row):
                if self._depends(block):
                    around = place.around.copy()
                    p, q = map(around.vertex, block.shape)
                    around.connect(place.a, selection(heights, i), p)
                    around.connect(q, normal.transpose(selection(widths, j)), place.b)
                    yield _Place(block, p, q, around)

    def _open_product(self, place: _Place, node: Product) -> list[_Place]:
        """One step into c s A F B: s; else without c s; u or v of u v'; F B; terms of F; F."""
        _, a, b, around = place
        chain = [normal.power(base, e) for base, e in node.chain]
        around.scale(normal.number(node.coefficient))
        around.scale(*(normal.power(s, e) for s, e in node.scalars if not self._depends(s)))
        for s, _ in node.scalars:
            if self._depends(s):
                around.connect(a, normal.mul(*chain or [normal.identity(node.shape.rows)]), b)
                return [_Place(s, around.vertex(ONE), around.vertex(ONE), around)]
        if node.scalars or node.coefficient != 1:
            return [_Place(normal.mul(*chain), a, b, around)]
        if halves := cut(node):
            u, v = halves
            if self._depends(v):
                a, b, u, v = b, a, v, u
            around.connect(b, v, around.vertex(ONE))
            return [_Place(u, a, around.vertex(ONE), around)]
        (j,) = (j for j, factor in enumerate(chain) if self._depends(factor))
        F, right = chain[j], chain[j + 1 :]
        if j > 0:
            p = around.vertex(F.shape.rows)
            around.connect(a, normal.mul(*chain[:j]), p)
            return [_Place(normal.mul(F, *right), p, b, around)]
        if isinstance(F, Sum):
            terms = ((normal.mul(t, *right), c) for t, c in F.terms if self._depends(t))
            return self._terms(place, terms)
        q = around.vertex(F.shape.cols)
        around.connect(q, normal.mul(*right), b)
        return [_Place(F, a, q, around)]

    # --- where only scalars depend on dx ----------------------------------------------------------

    def _scalar_parts(self, root: Node) -> Parts | None:
        """(K, s) with the node = sum s K for scalars s and constant K; None if there is more to it.

        Any linear function f, vec and unvec too, is then sum s f(K).
        """
        done: dict[Node, Parts | None] = {}

        def inner(node: Node) -> list[Node]:
            return [] if node.shape.is_scalar else list(filter(self._depends, node.children))

        def parts(node: Node, done: dict[Node, Parts | None]) -> Parts | None:
            if node.shape.is_scalar:
                return [(normal.ONE, node)]
            found: Parts = []
            for child in inner(node):
                inside = done[child]
                if inside is None:
                    return None
                found += [(self._with(node, child, K), s) for K, s in inside]
            return found if node is not self.dx else None

        return fold(root, parts, done, inner)

    @staticmethod
    def _with(node: Node, child: Node, K: Node) -> Node:
        """The part of a node that is linear in a child, for the value K of that child."""
        match node:
            case Sum():
                return normal.scale(dict(node.terms)[child], K)
            case Product():
                powers = [(K, e) if b is child else (b, e) for b, e in node.scalars + node.chain]
                factors = [normal.power(b, e) for b, e in powers]
                if not node.chain:
                    factors.append(normal.identity(node.shape.rows))
                return normal.mul(normal.number(node.coefficient), *factors)
            case Apply():
                args = [K if arg is child else arg for arg in node.args]
                return normal.apply(node.head, args, node.shape)
            case Number() | Symbol():
                raise AssertionError(f"a {type(node).__name__} has no children")
            case _:
                assert_never(node)
