"""The Jacobian of vec F by vec X: one fold over the differential, with Kronecker products.

vec stacks columns, so vec(L M R) = (R' ⊗ L) vec M.  For dF linear in dX the matrix J(dF) with
vec dF = J(dF) vec dX is found from the leaves up, J(dX) = I:

    J(L M R) = (R' ⊗ L) J(M)     J(M') = K J(M)     J(E .* M) = diag(vec E) J(M)
    J(s M) = vec(M) J(s)         J(A + B) = J(A) + J(B)

and J(f(M)) = K J(M) for a function that is linear, with the K of its row; of L diag(u) R it is the
column-wise Kronecker product of R' and L, of the diagonal of L M R the row-wise one; and
diag(diag(M)) = I .* M.  The row of a scalar is that of its gradient.  (J. R. Magnus and H.
Neudecker, Matrix Differential Calculus, 2.4, 3.7.)
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.algebra import normal
from matcalc.algebra.interpret import row_formula
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, dependents, fold
from matcalc.algebra.normal import Chain
from matcalc.calculus.adjoint import gradient
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import Dim, Shape


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
            case Apply(head="block"):
                return _blocks(node, done, columns)
            case Apply():
                return _application(node, done)
            case Number() | Symbol():
                raise AssertionError(f"a {type(node).__name__} has no children")
            case _:
                assert_never(node)

    return fold(dF, combine, {}, inside)


def _product(node: Product, done: dict[Node, Node]) -> Node:
    """J of c s L M R, where s or M depends on dX."""
    for i, (b, _) in enumerate(node.scalars):
        if b in done:
            chain = [normal.power(base, e) for base, e in node.chain]
            constant = normal.mul(*chain) if chain else normal.identity(node.shape.rows)
            others = _scalars(node, node.scalars[:i] + node.scalars[i + 1 :])
            return normal.mul(others, normal.vec(constant), done[b])
    scale, left, M, right = _around(node, done)
    alone = normal.is_identity(left) and normal.is_identity(right)
    if not alone and (u := normal.vector_of_diag(M)) is not None:
        return normal.mul(scale, _around_diag(left, right), done[u])
    return normal.mul(scale, normal.kron(normal.transpose(right), left), done[M])


def _has_moving_scalar(node: Product, done: dict[Node, Node]) -> bool:
    return any(b in done for b, _ in node.scalars)


def _scalars(node: Product, scalars: Chain) -> Node:
    return normal.mul(normal.number(node.coefficient), *(normal.power(b, e) for b, e in scalars))


def _around(node: Product, done: dict[Node, Node]) -> tuple[Node, Node, Node, Node]:
    """(s, L, M, R) for a product s L M R of which the factor M depends on dX."""
    (j,) = (j for j, (b, _) in enumerate(node.chain) if b in done)
    chain = [normal.power(b, e) for b, e in node.chain]
    M, before, after = chain[j], chain[:j], chain[j + 1 :]
    left = normal.mul(*before) if before else normal.identity(M.shape.rows)
    right = normal.mul(*after) if after else normal.identity(M.shape.cols)
    return _scalars(node, node.scalars), left, M, right


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


def _blocks(node: Apply, done: dict[Node, Node], columns: Dim) -> Node:
    """J of a matrix that is the sum of E_i A E_j' over its blocks A, with E_i = [0; I; 0].

    vec of blocks side by side is the stacked vec of each.
    """

    def of(block: Node) -> Node:
        size = block.shape.rows * block.shape.cols
        return done.get(block) or normal.zero(Shape(size, columns))

    rows = normal.block_rows(node)
    moving = [block for block in node.args if block in done]
    if node.shape.is_column or (len(rows) == 1 and len(moving) > 1):
        return normal.stacked([of(block) for block in node.args])
    heights = [row[0].shape.rows for row in rows]
    terms = []
    for i, row in enumerate(rows):
        widths = [block.shape.cols for block in row]
        for j, block in enumerate(row):
            if block in done:
                around = normal.kron(selection(widths, j), selection(heights, i))
                terms.append(normal.mul(around, done[block]))
    return normal.add(*terms)


def _application(node: Apply, done: dict[Node, Node]) -> Node:
    """J of a function that is linear in the one argument that depends on dX."""
    ((i, M),) = ((i, arg) for i, arg in enumerate(node.args) if arg in done)
    if node.head == "transpose":
        return normal.mul(normal.commutation(*M.shape), done[M])
    if node.head == "diagonal" and isinstance(M, Product) and not _has_moving_scalar(M, done):
        scale, left, inner, right = _around(M, done)  # the transpose of u -> L' diag(u) R'
        K = _around_diag(normal.transpose(left), normal.transpose(right))
        return normal.mul(scale, normal.transpose(K), done[inner])
    if node.head == "hadamard":
        E = normal.hadamard(*(arg for arg in node.args if arg is not M))
        return normal.mul(normal.diag(normal.vec(E)), done[M])
    if (inside := _on_diagonal(node)) is not None:
        unit = normal.identity(node.shape.rows)
        return normal.mul(normal.diag(normal.vec(unit)), done[inside])
    row = normal.row_of(node)
    if row is None or not row.matrix:
        raise MatcalcError(
            "unsupported", f"{node.head} has no matrix here, so this Jacobian has no closed form"
        )
    return normal.mul(row_formula(row, row.matrix[i], node.args, node.shape), done[M])


def selection(sizes: Sequence[Dim], i: int) -> Node:
    """[0; I; 0], where the I is part i of those that have these sizes."""
    parts = [normal.zero(Shape(size, sizes[i])) for size in sizes]
    parts[i] = normal.identity(sizes[i])
    return normal.stacked(parts)


def _on_diagonal(node: Node) -> Node | None:
    """M where a node is diag(diag(M)), M without what is not on its diagonal."""
    u = normal.vector_of_diag(node)
    if not isinstance(u, Apply) or u.args[0].shape != node.shape:
        return None
    return u.args[0] if normal.diagonal(u.args[0]) is u else None
