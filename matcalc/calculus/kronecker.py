"""The Jacobian of vec F by vec X: one fold over the differential, with Kronecker products.

vec stacks columns, so vec(L M R) = (R' ⊗ L) vec M.  For dF linear in dX the matrix J(dF) with
vec dF = J(dF) vec dX is found from the leaves up, J(dX) = I:

    J(L M R) = (R' ⊗ L) J(M)     J(M') = K J(M)     J(E .* M) = diag(vec E) J(M)
    J(s M) = vec(M) J(s)         J(A + B) = J(A) + J(B)

and J(f(M)) = K J(M) for a function that is linear, with the K of its row; of L diag(u) R it is the
column-wise Kronecker product of R' and L.  The row of a scalar is
that of its gradient.  (J. R. Magnus and H. Neudecker, Matrix Differential Calculus, 2.4, 3.7.)
"""

from __future__ import annotations

from matcalc.algebra import normal
from matcalc.algebra.interpret import row_formula
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, dependents, fold
from matcalc.calculus.adjoint import gradient
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import Shape


def vec_jacobian(dF: Node, dX: Symbol) -> Node:
    """J, pq x mn, with vec dF = J vec dX; dF, p x q, is linear in dX, m x n.

    Raises MatcalcError (unsupported) where the table has no matrix of a linear function.
    """
    moving = dependents(dF, dX)
    columns = dX.shape.rows * dX.shape.cols
    if dF not in moving:
        return normal.zero(Shape(dF.shape.rows * dF.shape.cols, columns))

    def inside(node: Node) -> list[Node]:
        scalar = node.shape.is_scalar
        return [] if scalar else [child for child in node.children if child in moving]

    def combine(node: Node, done: dict[Node, Node]) -> Node:
        if node is dX:
            return normal.identity(columns)
        if node.shape.is_scalar:
            return normal.transpose(normal.vec(gradient(node, dX)))
        match node:
            case Sum():
                return normal.add(*(normal.scale(c, done[t]) for t, c in node.terms if t in done))
            case Product():
                return _product(node, done)
            case Apply():
                return _application(node, done)
            case Number() | Symbol():
                raise AssertionError(f"a {type(node).__name__} has no children")
            case _:
                assert_never(node)

    return fold(dF, combine, {}, inside)


def _product(node: Product, done: dict[Node, Node]) -> Node:
    """J of c s L M R, where s or M depends on dX."""
    chain = [normal.power(b, e) for b, e in node.chain]
    scalars = [normal.power(b, e) for b, e in node.scalars]
    coefficient = normal.number(node.coefficient)
    for i, (b, _) in enumerate(node.scalars):
        if b in done:
            constant = normal.mul(*chain) if chain else normal.identity(node.shape.rows)
            rest = normal.mul(coefficient, *scalars[:i], *scalars[i + 1 :], normal.vec(constant))
            return normal.mul(rest, done[b])
    (j,) = (j for j, (b, _) in enumerate(node.chain) if b in done)
    M, before, after = node.chain[j][0], chain[:j], chain[j + 1 :]
    left = normal.mul(*before) if before else normal.identity(M.shape.rows)
    right = normal.mul(*after) if after else normal.identity(M.shape.cols)
    if (u := normal.vector_of_diag(M)) is not None:
        return normal.mul(coefficient, *scalars, _around_diag(left, right), done[u])
    around = normal.kron(normal.transpose(right), left)
    return normal.mul(coefficient, *scalars, around, done[M])


def _around_diag(left: Node, right: Node) -> Node:
    """K with vec(L diag(u) R) = K u, its columns R'_k ⊗ L_k; diag(u) R = (u 1') .* R."""
    rows, cols = normal.ones(left.shape.rows), normal.ones(right.shape.cols)
    if normal.is_identity(left):
        spread = normal.kron(cols, left)
        return normal.mul(normal.diag(normal.vec(right)), spread)
    if normal.is_identity(right):
        spread = normal.kron(right, rows)
        return normal.mul(normal.diag(normal.vec(left)), spread)
    return normal.hadamard(normal.kron(normal.transpose(right), rows), normal.kron(cols, left))


def _application(node: Apply, done: dict[Node, Node]) -> Node:
    """J of a function that is linear in the one argument that depends on dX."""
    ((i, M),) = ((i, arg) for i, arg in enumerate(node.args) if arg in done)
    if node.head == "transpose":
        return normal.mul(normal.commutation(*M.shape), done[M])
    if node.head == "hadamard":
        E = normal.hadamard(*(arg for arg in node.args if arg is not M))
        return normal.mul(normal.diag(normal.vec(E)), done[M])
    row = normal.row_of(node)
    if row is None or not row.matrix:
        raise MatcalcError(
            "unsupported", f"{node.head} has no matrix here, so this Jacobian has no closed form"
        )
    return normal.mul(row_formula(row, row.matrix[i], node.args, node.shape), done[M])
