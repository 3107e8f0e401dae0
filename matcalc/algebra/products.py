"""Products, powers and transposes of matrices.

A product is a coefficient, scalar factors and a chain.  In the chain equal neighbours merge,
inverses cancel, and where the inner dimension is 1 it splits: the 1 x 1 pieces are scalar factors.
Transposes are pushed to the leaves.  As a factor a sum is made primitive (coprime integer
coefficients, a leading sign that transposition does not change), so that 2 A + 2 B and A + B differ
by a number only.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from matcalc.algebra.builders import (
    apply,
    blocks_multiplied,
    constructor,
    is_entrywise,
    pair_by_law,
    power_by_law,
    row_formula,
    row_of,
    scalar_chain,
)
from matcalc.algebra.ir import (
    Apply,
    Node,
    Number,
    Product,
    Sum,
    Symbol,
    make_apply,
    make_product,
    make_symbol,
)
from matcalc.algebra.scalar_factors import Factors
from matcalc.algebra.sums import (
    MINUS_ONE,
    ONE,
    ZERO,
    Chain,
    add,
    block_rows,
    identity,
    integer,
    is_block,
    is_identity,
    is_ones,
    is_partitioned,
    is_zero,
    linear,
    neg,
    number,
    ones,
    outside,
    product,
    scale,
    split,
    zero,
)
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import ONE as DIM_ONE
from matcalc.language.sizes import SCALAR, Dim, Shape
from matcalc.tables.facts import PROJECTIONS, transposes


def mul(*factors: Node) -> Node:
    """The product, left to right, of nodes that conform; 1 x 1 factors are scalar factors."""
    if len(factors) == 1:
        return factors[0]
    matrices = [f for f in factors if not f.shape.is_scalar]
    shape = Shape(matrices[0].shape.rows, matrices[-1].shape.cols) if matrices else SCALAR
    if any(is_zero(f) for f in factors):
        return zero(shape)
    scalars, stack = Factors(), list[tuple[Node, Node]]()
    for factor in factors:
        if factor.shape.is_scalar:
            scalars.take(factor)
        else:
            append(stack, scalars, factor)
    if shape.is_scalar and not stack:
        return scalars.build()
    chain = _windows(stack, scalars, shape)
    if scalars.coefficient == 0:
        return zero(shape)
    pairs = scalars.pairs()
    return product(scalars.coefficient, pairs, chain, shape)


def append(stack: list[tuple[Node, Node]], scalars: Factors, factor: Node) -> None:
    """Multiply a chain in the making by a matrix, from the right."""
    match factor:
        case Product():
            scalars.coefficient *= factor.coefficient
            for base, e in factor.scalars:
                scalars.add(base, e)
            for base, e in factor.chain:
                push(stack, scalars, base, e)
        case Sum():
            c, base = primitive(factor)
            scalars.coefficient *= c
            push(stack, scalars, base, ONE)
        case Apply(head="block"):
            c, base = split(factor)
            scalars.coefficient *= c
            push(stack, scalars, base, ONE)
        case Number() | Symbol() | Apply():
            push(stack, scalars, factor, ONE)
        case _:
            assert_never(factor)


def push(stack: list[tuple[Node, Node]], scalars: Factors, base: Node, e: Node) -> None:
    """Put one power at the end of a chain: equal bases merge, inverses cancel, neighbours join."""
    if stack and stack[-1][0] is base and base.shape.is_square:
        e = add(stack.pop()[1], e)
        if e is ZERO:
            return
        e = _reduced(base, e)
        if e is ZERO:
            return
        if (found := _power_by_law(base, e)) is not None:
            append(stack, scalars, found)
        else:
            push(stack, scalars, base, e)
        return
    if stack and (merged := _merged(stack[-1], (base, e))) is not None:
        stack.pop()
        append(stack, scalars, merged)
        return
    k = integer(e)
    if isinstance(base, Product) and k is not None and k < 0:
        width = len(base.chain)
        if tuple(stack[-width:]) == base.chain:
            del stack[-width:]
            if k < -1:
                push(stack, scalars, base, number(k + 1))
            return
    stack.append((base, e))
    _cancel_inverse(stack, scalars)


def _merged(left: tuple[Node, Node], right: tuple[Node, Node]) -> Node | None:
    """What two powers side by side merge into."""
    (A, j), (B, k) = left, right
    if j is ONE and k is ONE:
        return _neighbours(A, B)
    if (j is ONE and is_partitioned(A)) or (k is ONE and is_partitioned(B)):
        return blocks_multiplied(power(A, j), power(B, k))
    return None


def _neighbours(left: Node, right: Node) -> Node | None:
    """What two matrices side by side merge into by a law: diag(u) v = u .* v and its kin."""
    if not (isinstance(left, Apply) or isinstance(right, Apply)):
        return None
    if left.shape.is_row and right.shape.is_column:  # a scalar is for ``scalar_chain``
        return None
    blocks = is_partitioned(left) or is_partitioned(right)
    made = blocks_multiplied(left, right) if blocks else None
    return made or pair_by_law(left, right)


def _power_by_law(base: Node, exponent: Node) -> Node | None:
    return power_by_law(base, exponent) if isinstance(base, Apply) else None


def _cancel_inverse(stack: list[tuple[Node, Node]], scalars: Factors) -> None:
    """inv(P) followed by the factors of P is nothing."""
    for i in range(len(stack) - 2, -1, -1):
        base, e = stack[i]
        if isinstance(base, Product) and (integer(e) or 0) < 0:
            if tuple(stack[i + 1 :]) == base.chain:
                del stack[i:]
                if e is not MINUS_ONE:
                    push(stack, scalars, base, add(e, ONE))
            return


def _windows(stack: list[tuple[Node, Node]], scalars: Factors, shape: Shape) -> Chain:
    """Split a chain where the inner dimension is 1; the 1 x 1 pieces become scalar factors."""
    pieces: list[list[tuple[Node, Node]]] = [[]]
    for i, (base, e) in enumerate(stack):
        pieces[-1].append((base, e))
        if base.shape.cols is DIM_ONE and i + 1 < len(stack):
            pieces.append([])
    kept: list[tuple[Node, Node]] = []
    for i, piece in enumerate(pieces):
        outer_left = i == 0 and shape.rows is not DIM_ONE
        outer_right = i == len(pieces) - 1 and shape.cols is not DIM_ONE
        if outer_left or outer_right or not piece:
            kept.extend(piece)
        else:
            scalars.take(scalar_chain(piece))
    return tuple(kept)


def transposed_chain(chain: Chain) -> tuple[Factors, Chain]:
    """The transpose of a chain, as scalar factors (a sign, where it is skew) and a chain."""
    scalars, stack = Factors(), list[tuple[Node, Node]]()
    for base, e in reversed(chain):
        append(stack, scalars, power(transpose(base), e))
    return scalars, tuple(stack)


def power(base: Node, exponent: Node) -> Node:
    """base^exponent: any exponent for a scalar, an integer one (number or symbol) for a matrix."""
    if exponent is ONE:
        return base
    if exponent is ZERO:
        return identity(base.shape.rows)
    if base.shape.is_scalar:
        scalars = Factors()
        scalars.take(base, exponent)
        return scalars.build()
    k = integer(exponent)
    if is_zero(base):
        if k is not None and k < 0:
            raise MatcalcError("domain", "the zero matrix has no inverse")
        return base
    if (found := _power_by_law(base, exponent)) is not None:
        return found
    match base:
        case Sum():
            c, inner = primitive(base)
            return mul(power(number(c), exponent), _power(inner, exponent))
        case Product():
            parts = [power(number(base.coefficient), exponent)]
            parts += [power(b, mul(e, exponent)) for b, e in base.scalars]
            return mul(*parts, _chain_power(base, exponent, k))
        case Number() | Symbol() | Apply():
            return _power(base, exponent)
        case _:
            assert_never(base)


def _power(base: Node, exponent: Node) -> Node:
    exponent = _reduced(base, exponent)
    if exponent is ZERO:
        return identity(base.shape.rows)
    return product(Fraction(1), (), ((base, exponent),), base.shape)


def _reduced(base: Node, exponent: Node) -> Node:
    """The exponent of a projection, or of a matrix that is its own inverse, made small."""
    symbol = base.args[0] if isinstance(base, Apply) and base.head == "transpose" else base
    k = integer(exponent)
    if not isinstance(symbol, Symbol) or k is None:
        return exponent
    if symbol.facts & PROJECTIONS and k > 0:
        return ONE
    if transposes(symbol.facts) >= {"same", "inverse"}:
        return number(k % 2)
    return exponent


_EXPANDED_POWER = 16


def _chain_power(base: Product, exponent: Node, k: int | None) -> Node:
    chain = base.chain
    if not chain:
        return identity(base.shape.rows)
    if len(chain) == 1:
        return power(chain[0][0], mul(chain[0][1], exponent))
    if k is not None and 0 < k <= _EXPANDED_POWER:
        unit = make_product(Fraction(1), (), chain, base.shape)
        return mul(*[unit] * k)
    if k is not None and -_EXPANDED_POWER <= k < 0 and all(b.shape.is_square for b, _ in chain):
        inverses = [power(b, neg(e)) for b, e in reversed(chain)]
        return mul(*inverses * -k)
    return _power(make_product(Fraction(1), (), chain, base.shape), exponent)


# --- transposes -----------------------------------------------------------------------------------


@constructor("transpose")
def transpose(node: Node) -> Node:
    """The transpose, pushed to the leaves; no recursion, results are kept on the nodes."""
    if node.shape.is_scalar:
        return node
    stack = [node]
    while stack:
        top = stack[-1]
        if top._transpose is not None:
            stack.pop()
            continue
        pending = [c for c in _transposed_children(top) if c._transpose is None]
        if pending:
            stack.extend(pending)
            continue
        turned = _transpose(top)
        top._transpose = turned
        if turned._transpose is None:
            turned._transpose = top
        stack.pop()
    assert node._transpose is not None
    return node._transpose


def _transposed_children(node: Node) -> list[Node]:
    match node:
        case Sum():
            found: Sequence[Node] = node.children
        case Product():
            found = [base for base, _ in node.chain]
        case Apply(head="transpose"):
            found = []
        case Apply():
            found = _transposed_arguments(node)
        case Number() | Symbol():
            found = []
        case _:
            assert_never(node)
    return [c for c in found if not c.shape.is_scalar]


def _transpose(node: Node) -> Node:
    """One level of :func:`transpose`; the children it asks for are done already."""
    match node:
        case Symbol():
            known = transposes(node.facts)
            if "same" in known:
                return node
            if "minus" in known:
                return neg(node)
            if "inverse" in known:
                return power(node, MINUS_ONE)
            return make_apply("transpose", (node,), node.shape.T)
        case Sum():
            return linear(((transpose(t), c) for t, c in node.terms), node.shape.T)
        case Product():
            turned = [power(transpose(b), e) for b, e in reversed(node.chain)]
            if not turned:
                return node
            factors = [power(b, e) for b, e in node.scalars]
            return mul(number(node.coefficient), *factors, *turned)
        case Apply(head="transpose"):
            return node.args[0]
        case Apply():
            return _of_application(node)
        case Number():
            raise AssertionError(f"a {type(node).__name__} has no transpose")
        case _:
            assert_never(node)


def _transposed_arguments(node: Apply) -> tuple[Node, ...]:
    """The arguments whose transposes the transpose of an application is made of."""
    if node.shape.is_column:
        return ()
    row = row_of(node)
    by_arguments = is_entrywise(node) or is_block(node) or (row and "'" in row.transpose)
    return node.args if by_arguments else ()


def _of_application(node: Apply) -> Node:
    """The transpose of a head other than a transpose: by its row, else left as it is."""
    if node.head == "commutation":
        return make_apply("commutation", node.args[::-1], node.shape)
    if is_block(node):
        return _of_blocks(node)
    if not node.shape.is_column:
        if is_entrywise(node):
            return apply(node.head, [transpose(arg) for arg in node.args], node.shape.T)
        if (known := known_transpose(node)) is not None:
            return known
    return make_apply("transpose", (node,), node.shape.T)


def _of_blocks(node: Apply) -> Node:
    """[A, B; C, D]' is [A', C'; B', D']; of a column of blocks it is a node of its own."""
    if node.shape.is_column:
        c, inside = split(node)
        return scale(c, make_apply("transpose", (inside,), node.shape.T))
    rows = [[transpose(block) for block in row] for row in block_rows(node)]
    if len({len(row) for row in rows}) == 1:
        blocks = [row[j] for j in range(len(rows[0])) for row in rows]
    else:
        blocks = [stacked(row) for row in rows]
    return apply("block", blocks, node.shape.T)


def stacked(blocks: Sequence[Node]) -> Node:
    """[A; B]"""
    rows = reduce(Dim.__add__, (block.shape.rows for block in blocks))
    return apply("block", blocks, Shape(rows, blocks[0].shape.cols))


def known_transpose(node: Apply) -> Node | None:
    """f(X)' by the ``transpose`` column of the row of f."""
    row = row_of(node)
    if row is None or not row.transpose:
        return None
    return row_formula(row, row.transpose, node.args, node.shape)


@constructor("inv")
def inverse(M: Node) -> Node:
    """M^-1."""
    return power(M, MINUS_ONE)


# --- up to a sign and a transpose -----------------------------------------------------------------


def primitive(node: Sum) -> tuple[Fraction, Node]:
    """A sum as c times a sum with coprime integer coefficients and a positive leading one.

    The leading term is a constant (1, ones, I) or found by a key that transposition does not
    change, so that the transpose of a primitive sum is primitive.
    """
    numerator, denominator = 0, 1
    for _, c in node.terms:
        numerator = gcd(numerator, c.numerator)
        denominator = lcm(denominator, c.denominator)
    if not node.terms:
        return Fraction(1), node
    leading = min(node.terms, key=lambda t: _untransposed(t[0]))
    c = Fraction(numerator, denominator)
    if leading[1] < 0:
        c = -c
    return (c, node) if c == 1 else (c, scale(1 / c, node))


def _untransposed(node: Node) -> bytes:
    if node is ONE or is_ones(node) or is_identity(node):
        return b""
    if node.shape.is_scalar:
        return node.digest
    if is_ones(transpose(node)):
        return b""
    return min(node.digest, split(transpose(node))[1].digest)


def turned(M: Node) -> tuple[Node, Node]:
    """The transpose of M as a scalar times a node without one: (-1, M) for a skew M.

    With ``is_less`` it makes f(M) and f(M') one node for an f that transposition leaves alone, a
    trace, a determinant or a diagonal: f is applied to the lesser of the two.  This ends, since
    every turn leads to something less.
    """
    T = transpose(M)
    match T:
        case Sum():
            c, unit = primitive(T)
            return number(c), unit
        case Product():
            return outside(T)
        case Number() | Symbol() | Apply():
            return ONE, T
        case _:
            assert_never(T)


def is_less(A: Node, B: Node) -> bool:
    """Does A come before B: fewer transposes, then the order of digests?"""
    return (A.primes, A.digest) < (B.primes, B.digest)


# --- products of ones and of sizes ----------------------------------------------------------------


def ones_matrix(shape: Shape) -> Node:
    """The matrix of ones, kept as ones(m) ones(n)'."""
    return mul(ones(shape.rows), transpose(ones(shape.cols)))


def size(dim: Dim) -> Node:
    """A dimension used as a number."""
    total: list[tuple[Node, Fraction]] = []
    for names, k in dim.terms:
        symbols = (make_symbol(n, SCALAR, _SIZE_FACTS, "dimension") for n in names)
        total.append((mul(*symbols), Fraction(k)))
    return linear(total, SCALAR)


_SIZE_FACTS = frozenset({"positive", "integer"})
