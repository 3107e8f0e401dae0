"""The matrix of a linear map: a column that is linear in dx is J dx.

Read off by L F -> L J(F), from the leaves up, each node once: J(A v) = A J(v), J(s v) = v J(s),
J(u .* v) = diag(u) J(v), J(diag(v) r) = diag(r) J(v); the row of a scalar is the transpose of its
gradient.  Where dx is inside a matrix factor, the factor is applied to the column at its right
first, so that only columns are ever differentiated and no Kronecker product is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.algebra import heads, normal
from matcalc.algebra.ir import Apply, Node, Product, Sum, Symbol, dependents
from matcalc.algebra.shapes import SCALAR, Shape
from matcalc.calculus.adjoint import gradient
from matcalc.errors import MatcalcError


def jacobian(df: Node, dx: Symbol) -> Node:
    """J, p x n, with df = J dx for every column dx; ``df`` is a column p x 1 and linear in dx."""
    if not df.shape.is_column:
        raise AssertionError("a Jacobian is of a column")
    return _Jacobian(df, dx).of(df)


class _Jacobian:
    def __init__(self, df: Node, dx: Symbol) -> None:
        self.dx = dx
        self.inside = dependents(df, dx)
        self.done: dict[Node, Node] = {}

    def of(self, root: Node) -> Node:
        """J of a column (or a scalar), without recursion into the depth of the DAG."""
        stack = [root]
        while stack:
            node = stack[-1]
            pending = [] if node in self.done else self._columns(node)
            pending = [c for c in pending if c not in self.done]
            if pending:
                stack.extend(pending)
                continue
            if node not in self.done:
                self.done[node] = self._node(node)
            stack.pop()
        return self.done[root]

    def _depends(self, node: Node) -> bool:
        if node not in self.inside and self.dx in dependents(node, self.dx):
            self.inside |= dependents(node, self.dx)
        return node in self.inside

    def _columns(self, node: Node) -> list[Node]:
        """The columns whose Jacobians that of ``node`` is made of."""
        if node is self.dx or not self._depends(node) or node.shape.is_scalar:
            return []
        match node:
            case Sum():
                return [t for t, _ in node.terms]
            case Product():
                last = node.chain[-1][0] if node.chain else None
                if last is not None and last.shape.is_column and self._depends(last):
                    return [last]
            case Apply(head="hadamard"):
                return [a for a in node.args if self._depends(a)]
        return []

    def _node(self, node: Node) -> Node:
        n = self.dx.shape.rows
        if node is self.dx:
            return normal.identity(n)
        if not self._depends(node):
            return normal.zero(Shape(node.shape.rows, n))
        if node.shape.is_scalar:
            return normal.transpose(gradient(node, self.dx))
        match node:
            case Sum():
                terms = ((self.done[t], c) for t, c in node.terms)
                return normal.linear(terms, Shape(node.shape.rows, n))
            case Product():
                return self._product(node)
            case Apply(head="hadamard"):
                (arg,) = (a for a in node.args if self._depends(a))
                rest = heads.hadamard(*(a for a in node.args if a is not arg))
                return normal.mul(heads.diag(rest), self.done[arg])
            case Apply(head="diagonal", args=(Sum() as inside,)):
                terms = ((heads.diagonal(t), c) for t, c in inside.terms)
                return self.of(normal.linear(terms, node.shape))
        raise _unreadable(node)

    def _product(self, node: Product) -> Node:
        coefficient = normal.number(node.coefficient)
        scalars = [normal.power(b, e) for b, e in node.scalars]
        chain = [normal.power(b, e) for b, e in node.chain]
        for i, (base, _) in enumerate(node.scalars):
            if self._depends(base):
                rest = scalars[:i] + scalars[i + 1 :]
                return normal.mul(coefficient, *rest, *chain, self.of(base))
        (j,) = (j for j, (base, _) in enumerate(node.chain) if self._depends(base))
        factor = chain[j]
        if j == len(chain) - 1:
            inner = self.done[factor]
        else:
            inner = self._applied(factor, normal.mul(*chain[j + 1 :]))
        return normal.mul(coefficient, *scalars, *chain[:j], inner)

    def _applied(self, M: Node, r: Node) -> Node:
        """J of the column M r, where the matrix M depends on dx and the column r does not."""
        match M:
            case Sum():
                found = [(normal.mul(t, r), c) for t, c in M.terms if self._depends(t)]
                terms = [(self.of(column), c) for column, c in found]
                return normal.linear(terms, Shape(M.shape.rows, self.dx.shape.rows))
            case Apply(head="diag"):
                return normal.mul(heads.diag(r), self.of(M.args[0]))
            case Apply(head="hadamard"):
                (arg,) = (a for a in M.args if self._depends(a))
                rest = [a for a in M.args if a is not arg]
                return self._masked(heads.hadamard(*rest), arg, r)
        raise _unreadable(M)

    def _masked(self, E: Node, N: Node, r: Node) -> Node:
        """J of (E .* N) r: for N = u v' it is u .* (E (v .* r))."""
        match N:
            case Sum():
                found = [(self._masked(E, t, r), c) for t, c in N.terms if self._depends(t)]
                return normal.linear(found, Shape(E.shape.rows, self.dx.shape.rows))
            case Product():
                nodes = [normal.power(b, e) for b, e in N.chain]
                cut = _cut(nodes)
                if cut is not None:
                    outside = normal.product(N.coefficient, N.scalars, (), SCALAR)
                    u = normal.mul(*nodes[:cut])
                    v = normal.transpose(normal.mul(*nodes[cut:]))
                    inner = normal.mul(E, heads.hadamard(v, r))
                    return self.of(normal.mul(outside, heads.hadamard(u, inner)))
        raise _unreadable(N)


def _cut(nodes: Sequence[Node]) -> int | None:
    """Where a chain of rank one is cut into column and row."""
    return next((i + 1 for i, f in enumerate(nodes[:-1]) if f.shape.is_column), None)


def _unreadable(node: Node) -> MatcalcError:
    what = node.head if isinstance(node, Apply) else type(node).__name__.lower()
    return MatcalcError(
        "unsupported",
        f"this Jacobian has no form without Kronecker products (a {what} of shape {node.shape} "
        "depends on the variable)",
    )
