"""Traces and determinants.

A trace is linear over sums; the trace of a chain is the least of its rotations and of those of its
transpose, which makes the cyclic property part of the normal form.
"""

from __future__ import annotations

from fractions import Fraction

from matcalc.algebra.applications import applied, known_trace
from matcalc.algebra.blocks import diagonal_blocks
from matcalc.algebra.builders import absolute, call_by_law, constructor, inside_det, log
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, make_apply
from matcalc.algebra.products import mul, power, primitive, size, transposed_chain
from matcalc.algebra.scalar_factors import Factors
from matcalc.algebra.sums import (
    MINUS_ONE,
    ONE,
    ZERO,
    Chain,
    add,
    is_identity,
    is_zero,
    linear,
    number,
    outside,
    product,
)
from matcalc.errors import assert_never
from matcalc.language.sizes import SCALAR, Shape


@constructor("tr")
def trace(M: Node) -> Node:
    """tr(M), linear over sums; of a chain the least of its rotations and their transposes."""
    if M.shape.is_scalar:
        return M
    match M:
        case Sum():
            return linear(((trace(t), c) for t, c in M.terms), SCALAR)
        case Product():
            scalar, inside = outside(M)
            if scalar is not ONE:
                return mul(scalar, trace(inside))
            if not M.chain:
                return size(M.shape.rows)
            return _trace_of_chain(M)
        case Apply(head="block") if (blocks := diagonal_blocks(M)) is not None:
            return add(*map(trace, blocks))
        case Apply() if (known := known_trace(M)) is not None:
            return known
        case Number() | Symbol() | Apply():
            return applied("tr", (M,), SCALAR)
        case _:
            assert_never(M)


def _trace_of_chain(M: Product) -> Node:
    chain = M.chain
    for i, (base, _) in enumerate(chain):
        if base.shape.is_column:  # tr(A u v' B) = v' B A u
            return mul(*_rotated(chain, i + 1))
    if (found := call_by_law("tr", (M,), SCALAR)) is not None:
        return found
    if len(chain) > 1:
        other = mul(*_rotated(chain, 1))
        if not (isinstance(other, Product) and other.chain == chain[1:] + chain[:1]):
            return trace(other)
    scalars, there = transposed_chain(chain)
    sign = scalars.build()  # of skew matrices: -1, or (-1)^k to a symbolic power
    if len(there) < len(chain):
        return mul(sign, trace(product(Fraction(1), (), there, M.shape)))
    best, best_there = _least_rotation(chain), _least_rotation(there)
    if best == best_there:
        if sign is MINUS_ONE:
            return ZERO
        sign = ONE
    elif (_primes(best_there), _digests(best_there)) < (_primes(best), _digests(best)):
        best = best_there
    else:
        sign = ONE
    rows = best[0][0].shape.rows
    argument = product(Fraction(1), (), best, Shape(rows, rows))
    return mul(sign, make_apply("tr", (argument,), SCALAR))


def _rotated(chain: Chain, i: int) -> list[Node]:
    return [power(b, e) for b, e in chain[i:] + chain[:i]]


def _primes(chain: Chain) -> int:
    return sum(base.primes for base, _ in chain)


def _digests(chain: Chain) -> list[bytes]:
    return [base.digest + e.digest for base, e in chain]


def _least_rotation(chain: Chain) -> Chain:
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


@constructor("det")
def det(M: Node) -> Node:
    """det(M): det(c A) = c^n det(A), det(A^k) = det(A)^k, det(A') = det(A)."""
    if M.shape.is_scalar:
        return M
    if is_zero(M):
        return ZERO
    if is_identity(M):
        return ONE
    dim = size(M.shape.rows)
    match M:
        case Product():
            scalar, inside = outside(M)
            if scalar is not ONE:
                return mul(power(scalar, dim), det(inside))
            if len(M.chain) == 1:
                base, e = M.chain[0]
                return power(det(base), e)
        case Sum():
            c, inside = primitive(M)
            if c != 1:
                return mul(power(number(c), dim), det(inside))
        case Number() | Symbol() | Apply():
            pass
        case _:
            assert_never(M)
    return applied("det", (M,), SCALAR)


@constructor("logdet")
def logdet(M: Node) -> Node:
    """log |det M|: logdet(c A) = n log|c| + logdet(A), logdet(A^k) = k logdet(A)."""
    made = det(M)
    if (inside := inside_det(made)) is not None:
        return make_apply("logdet", (inside,), SCALAR)
    scalars = Factors()
    scalars.take(made)
    terms = [log(number(abs(scalars.coefficient)))]
    for base, e in scalars.pairs():
        inside = inside_det(base)
        terms.append(mul(e, log(absolute(base)) if inside is None else logdet(inside)))
    return add(*terms)
