"""Products over indices as graphs, and which of them are matrices without Kronecker products.

Written in entries, a linear map such as dv -> (E .* (P diag(dv) R)) r is one product summed over
its inner indices: J_ik = sum_b E_ib P_ik R_kb r_b.  It is a graph: an index is a vertex, a matrix
an edge, a vector the weight of a vertex; the indices that remain, i and k, are its ends.  The
products of matrices are the reductions of such graphs:

    parallel   edges A and B between the same vertices are A .* B
    series     a vertex of weight u with the edges P, Q is summed to the edge P diag(u) Q
    pendant    a vertex of weight u with one edge M is summed to the weight M u of the other
    isolated   a vertex of weight u is summed to the scalar 1'u
    loop       an edge M from a vertex to itself is the weight diagonal(M)
    equal      an edge diag(u) makes its two ends one vertex of weight u

Taken in any order they end with the ends alone exactly if the graph, with an edge joining the ends,
has no minor K4 (R. J. Duffin, Topology of series-parallel networks, 1965).  So a graph that is
stuck has no form in matrix and element-wise products of its matrices: a Kronecker (or Khatri-Rao)
product is an edge between pairs of indices, which is what it needs.
"""

from __future__ import annotations

from fractions import Fraction

from matcalc.algebra import normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol
from matcalc.errors import assert_never
from matcalc.language.sizes import ONE, Dim, Shape


class IndexGraph:
    """A product of ``factors`` (scalars), ``weights`` of vertices and ``edges`` (matrices).

    The edge (a, b), a < b, has the rows a and the columns b; there is at most one, and none from a
    vertex to itself.  A vertex of size 1 is there to be joined and means nothing.
    """

    def __init__(self) -> None:
        self.sizes: list[Dim] = []
        self.vertices: set[int] = set()
        self.merged: dict[int, int] = {}
        self.factors: list[Node] = []
        self.weights: dict[int, Node] = {}
        self.edges: dict[tuple[int, int], Node] = {}

    def copy(self) -> IndexGraph:
        made = IndexGraph()
        made.sizes, made.vertices = list(self.sizes), set(self.vertices)
        made.merged, made.factors = dict(self.merged), list(self.factors)
        made.weights, made.edges = dict(self.weights), dict(self.edges)
        return made

    def vertex(self, size: Dim) -> int:
        """A new index, 1..size."""
        self.sizes.append(size)
        self.vertices.add(len(self.sizes) - 1)
        return len(self.sizes) - 1

    # --- factors ----------------------------------------------------------------------------------

    def scale(self, *factors: Node) -> IndexGraph:
        """Multiply by scalars."""
        self.factors += factors
        return self

    def connect(self, a: int, M: Node, b: int) -> None:
        """Multiply by the entry (a, b) of M: c u v' is c, u and v, diag(u) N diag(v) u, N, v."""
        a, b = self._now(a), self._now(b)
        if M.shape.is_scalar:
            self.scale(M)
        elif M.shape.is_column:
            self._weigh(a, M)
        elif M.shape.is_row:
            self._weigh(b, normal.transpose(M))
        elif isinstance(M, Product):
            self._connect_chain(a, M, b)
        elif (u := normal.vector_of_diag(M)) is not None:
            self.merge(a, b)
            self._weigh(min(a, b), u)
        else:
            self._join(a, M, b)

    def _connect_chain(self, a: int, M: Product, b: int) -> None:
        if halves := cut(M):
            self._weigh(a, halves[0])
            self._weigh(b, halves[1])
            return
        self.scale(normal.number(M.coefficient), *(normal.power(s, e) for s, e in M.scalars))
        chain = [normal.power(base, e) for base, e in M.chain]
        for end, vertex in ((0, a), (-1, b)):
            while len(chain) > 1 and (u := normal.vector_of_diag(chain[end])) is not None:
                self._weigh(vertex, u)
                del chain[end]
        if not chain:
            self.merge(a, b)
        elif len(chain) == 1 and isinstance(chain[0], Apply):
            self.connect(a, chain[0], b)
        else:
            self._join(a, normal.mul(*chain), b)

    def merge(self, a: int, b: int) -> None:
        """Multiply by the entry (a, b) of I: one vertex, the lower one."""
        a, b = sorted((self._now(a), self._now(b)))
        if a == b:
            return
        self.merged[b] = a
        self.vertices.remove(b)
        if b in self.weights:
            self._weigh(a, self.weights.pop(b))
        for p, q in [edge for edge in self.edges if b in edge]:
            self._join(self._now(p), self.edges.pop((p, q)), self._now(q))

    def _now(self, v: int) -> int:
        while v in self.merged:
            v = self.merged[v]
        return v

    def _weigh(self, v: int, u: Node) -> None:
        made = normal.hadamard(self.weights.pop(v), u) if v in self.weights else u
        if not normal.is_ones(made):
            self.weights[v] = made

    def _join(self, a: int, M: Node, b: int) -> None:
        if a == b:
            self._weigh(a, normal.diagonal(M))
            return
        if a > b:
            a, b, M = b, a, normal.transpose(M)
        made = normal.hadamard(self.edges.pop((a, b)), M) if (a, b) in self.edges else M
        self.edges[a, b] = made

    # --- reductions -------------------------------------------------------------------------------

    def matrix(self, i: int, k: int) -> Node | None:
        """The matrix with the rows i and the columns k, the rest summed; None if that is stuck."""
        parts = self._reduced(i, k)
        return normal.add(*(part._read(i, k) for part in parts)) if parts else None

    def column(self, i: int) -> Node | None:
        """The column with the rows i, the rest summed; None if that is stuck."""
        parts = self._reduced(i)
        columns = [normal.mul(*part.factors, part._weight(part._now(i))) for part in parts]
        return normal.add(*columns) if columns else None

    def _read(self, i: int, k: int) -> Node:
        """diag(u) M diag(w) for the weights u, w of two ends with the edge M between them."""
        i, k = self._now(i), self._now(k)
        u, w = self._weight(i), self._weight(k)
        if i == k:
            return normal.mul(*self.factors, normal.diag(u))
        if not self.edges:
            return normal.mul(*self.factors, u, normal.transpose(w))
        return normal.mul(*self.factors, normal.diag(u), self._from(i, k), normal.diag(w))

    def _weight(self, v: int) -> Node:
        return self.weights.get(v, normal.ones(self.sizes[v]))

    def _from(self, a: int, b: int) -> Node:
        """The edge between two vertices, with the rows a."""
        return self.edges[a, b] if a < b else normal.transpose(self.edges[b, a])

    def _reduced(self, *ends: int) -> list[IndexGraph]:
        """Graphs of the ends alone, whose sum this graph is; none if it is stuck."""
        left = self.copy()
        while True:
            kept = {left._now(v) for v in ends}
            inner = [(left._neighbours(v), v in left.weights, v) for v in left.vertices - kept]
            if not inner:
                return [left]
            near, _, v = min(inner, key=lambda found: (len(found[0]), *found[1:]))
            if len(near) > 2:
                return left._taken_apart(ends)
            left._sum_over(v, near)

    def _neighbours(self, v: int) -> list[int]:
        return sorted(p + q - v for p, q in self.edges if v in (p, q))

    def _sum_over(self, v: int, near: list[int]) -> None:
        """Sum over an index with at most two neighbours."""
        u = self._weight(v)
        if len(near) == 1 and normal.is_ones(u) and self._unfold(near[0], v):
            return
        matrices = [self._from(a, v) for a in near]
        for a in near:
            del self.edges[min(a, v), max(a, v)]
        if not near:
            self.scale(normal.mul(normal.transpose(normal.ones(self.sizes[v])), u))
        elif len(near) == 1:
            self._weigh(near[0], _row_sums(matrices[0], u))
        else:
            P, Q = matrices
            self.connect(near[0], normal.mul(P, normal.diag(u), normal.transpose(Q)), near[1])
        self.vertices.discard(v)
        self.weights.pop(v, None)

    def _unfold(self, a: int, v: int) -> bool:
        """Find a weight for v in its one edge, if there is one: ((u v') .* N) 1 = u .* (N v).

        Without, the sum over v is a product with ones, which nobody writes if there is a vector.
        """
        edge = (min(a, v), max(a, v))
        M, end = self.edges[edge], 0 if v < a else -1
        if not normal.is_head(M, "hadamard") or not any(_has_weight(f, end) for f in M.children):
            return False
        del self.edges[edge]
        for factor in M.children:
            self.connect(edge[0], factor, edge[1])
        return True

    def _taken_apart(self, ends: tuple[int, ...]) -> list[IndexGraph]:
        """A stuck graph as a sum of reduced ones, where an edge is a sum of what needs no edge."""
        for (a, b), M in self.edges.items():
            terms = M.terms if isinstance(M, Sum) else ((M, Fraction(1)),)
            loose = [(_loosened(term), c) for term, c in terms]
            if not all(factors for factors, _ in loose):
                continue
            parts: list[list[IndexGraph]] = []
            for factors, c in loose:
                part = self.copy().scale(normal.number(c))
                del part.edges[a, b]
                for factor in factors:
                    part.connect(a, factor, b)
                parts.append(part._reduced(*ends))
            return [graph for part in parts for graph in part] if all(parts) else []
        return []


def _loosened(M: Node) -> list[Node]:
    """Matrices c I, diag(u) and u v' whose element-wise product is M; none if M is something else.

    They need no edge, only weights and equal vertices.
    """
    if normal.vector_of_diag(M) is not None:
        return [M]
    match M:
        case Product(chain=()):
            return [M]
        case Product():
            diagonal = len(M.chain) == 1 and normal.vector_of_diag(M.chain[0][0]) is not None
            return [M] if diagonal or cut(M) else []
        case Apply(head="hadamard"):
            parts = [_loosened(factor) for factor in M.args]
            return [factor for part in parts for factor in part] if all(parts) else []
        case Apply(head="epow", args=(Product() as base, k)) if normal.is_integer(k):
            if halves := cut(base):
                u, v = (normal.epow(half, k) for half in halves)
                return [normal.mul(u, normal.transpose(v))]
        case Number() | Symbol() | Sum() | Apply():
            pass
        case _:
            assert_never(M)
    return []


def _has_weight(M: Node, end: int) -> bool:
    """Is M a product u v', or one with a diag at its end (0, the rows, or -1, the columns)?"""
    if not isinstance(M, Product) or not M.chain:
        return False
    return bool(cut(M)) or normal.vector_of_diag(M.chain[end][0]) is not None


def cut(M: Product) -> tuple[Node, Node] | None:
    """(u, v) for the product u v' of a column and a row; its scalars are with u."""
    for i, (base, _) in enumerate(M.chain[:-1], start=1):
        if base.shape.is_column:
            u = normal.product(M.coefficient, M.scalars, M.chain[:i], Shape(M.shape.rows, ONE))
            v = normal.mul(*(normal.power(base, e) for base, e in M.chain[i:]))
            return u, normal.transpose(v)
    return None


def _row_sums(M: Node, u: Node) -> Node:
    """M u; (A .* B) 1 = diagonal(A B')."""
    powers = normal.entry_powers(M)
    if normal.is_ones(u):
        factors = [base for base, _ in powers] * (2 if len(powers) == 1 else 1)
        exponent = normal.TWO if len(powers) == 1 else normal.ONE
        if len(factors) == 2 and all(e is exponent for _, e in powers):
            return normal.diagonal(normal.mul(factors[0], normal.transpose(factors[1])))
    return normal.mul(M, u)
