"""Traces and determinants.

A trace is linear over sums; the trace of a chain is the least of its rotations and of those of its
transpose, which makes the cyclic property part of the normal form.
"""

from __future__ import annotations

from fractions import Fraction

from matcalc.algebra import heads, normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, make_apply
from matcalc.errors import assert_never
from matcalc.language.sizes import SCALAR, Shape


def trace(M: Node) -> Node:
    """tr(M), linear over sums; of a chain the least of its rotations and their transposes."""
    if M.shape.is_scalar:
        return M
    match M:
        case Sum():
            return normal.linear(((trace(t), c) for t, c in M.terms), SCALAR)
        case Product():
            scalar, inside = heads.outside(M)
            if scalar is not normal.ONE:
                return normal.mul(scalar, trace(inside))
            if not M.chain:
                return normal.size(M.shape.rows)
            return _trace_of_chain(M)
        case Apply(head="diag"):
            return normal.mul(normal.transpose(normal.ones(M.shape.rows)), M.args[0])
        case Apply() if (known := heads.known_trace(M)) is not None:
            return known
        case Number() | Symbol() | Apply():
            pass
        case _:
            assert_never(M)
    c, turned = heads.turned(M)
    if turned is M and c is normal.MINUS_ONE:
        return normal.ZERO
    if heads.is_less(turned, M):
        return normal.mul(c, trace(turned))
    return make_apply("tr", (M,), SCALAR)


def _trace_of_chain(M: Product) -> Node:
    chain = M.chain
    for i, (base, e) in enumerate(chain):
        if base.shape.is_column:  # tr(A u v' B) = v' B A u
            return normal.mul(*_rotated(chain, i + 1))
        if heads.is_head(base, "diag") and e is normal.ONE:
            rest = normal.mul(*_rotated(chain, i)[1:])
            return normal.mul(normal.transpose(base.args[0]), heads.diagonal(rest))
    if len(chain) > 1:
        turned = normal.mul(*_rotated(chain, 1))
        if not (isinstance(turned, Product) and len(turned.chain) == len(chain)):
            return trace(turned)
    scalars, there = normal.transposed_chain(chain)
    sign = scalars.build()  # of skew matrices: -1, or (-1)^k to a symbolic power
    if len(there) < len(chain):
        return normal.mul(sign, trace(normal.product(Fraction(1), (), there, M.shape)))
    best, best_there = _least_rotation(chain), _least_rotation(there)
    if best == best_there:
        if sign is normal.MINUS_ONE:
            return normal.ZERO
        sign = normal.ONE
    elif (_primes(best_there), _digests(best_there)) < (_primes(best), _digests(best)):
        best = best_there
    else:
        sign = normal.ONE
    rows = best[0][0].shape.rows
    argument = normal.product(Fraction(1), (), best, Shape(rows, rows))
    return normal.mul(sign, make_apply("tr", (argument,), SCALAR))


def _rotated(chain: normal.Chain, i: int) -> list[Node]:
    return [normal.power(b, e) for b, e in chain[i:] + chain[:i]]


def _primes(chain: normal.Chain) -> int:
    return sum(base.primes for base, _ in chain)


def _digests(chain: normal.Chain) -> list[bytes]:
    return [base.digest + e.digest for base, e in chain]


def _least_rotation(chain: normal.Chain) -> normal.Chain:
    """The lexicographically least rotation (K. S. Booth, 1980), linear in the length."""
    keys = _digests(chain) * 2
    n = len(chain)
    i, j, k = 0, 1, 0
    while i < n and j < n and k < n:
        a, b = keys[i + k], keys[j + k]
        if a == b:
            k += 1
            continue
        if a > b:
            i += k + 1
        else:
            j += k + 1
        if i == j:
            j += 1
        k = 0
    start = min(i, j)
    return chain[start:] + chain[:start]


def det(M: Node) -> Node:
    """det(M): det(c A) = c^n det(A), det(A^k) = det(A)^k, det(A') = det(A)."""
    if M.shape.is_scalar:
        return M
    if normal.is_zero(M):
        return normal.ZERO
    if normal.is_identity(M):
        return normal.ONE
    dim = normal.size(M.shape.rows)
    match M:
        case Product():
            scalar, inside = heads.outside(M)
            if scalar is not normal.ONE:
                return normal.mul(normal.power(scalar, dim), det(inside))
            if len(M.chain) == 1:
                base, e = M.chain[0]
                return normal.power(det(base), e)
        case Sum():
            c, inside = normal.primitive(M)
            if c != 1:
                return normal.mul(normal.power(normal.number(c), dim), det(inside))
        case Number() | Symbol() | Apply():
            pass
        case _:
            assert_never(M)
    factor, turned = heads.turned(M)
    inverted = isinstance(turned, Product) and len(turned.chain) == 1  # of an orthogonal matrix
    if not inverted and heads.is_less(turned, M):
        return normal.mul(normal.power(factor, dim), det(turned))
    return make_apply("det", (M,), SCALAR)


def logdet(M: Node) -> Node:
    """log |det M|: logdet(c A) = n log|c| + logdet(A), logdet(A^k) = k logdet(A)."""
    made = det(M)
    if heads.is_head(made, "det"):
        return make_apply("logdet", made.args, SCALAR)
    scalars = normal.Factors()
    scalars.take(made)
    terms = [heads.elementwise("log", normal.number(abs(scalars.coefficient)))]
    for base, e in scalars.pairs():
        if heads.is_head(base, "det"):
            terms.append(normal.mul(e, logdet(base.args[0])))
        else:
            terms.append(normal.mul(e, heads.elementwise("log", heads.elementwise("abs", base))))
    return normal.add(*terms)
