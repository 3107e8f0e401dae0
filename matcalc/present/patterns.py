"""Forms of nodes that have a way of writing of their own: u .^ v, sums, norms, constants."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm

from matcalc.algebra import normal
from matcalc.algebra.ir import Node, Number, Product, Sum
from matcalc.algebra.normal import transpose


def exponential_parts(arg: Node) -> tuple[Node, Node] | None:
    """(u, v) where arg = log(u) .* v (vectors or matrices), or log(u) v for a scalar u."""
    outside, inside = normal.outside(arg) if isinstance(arg, Product) else (normal.ONE, arg)
    scalars = normal.Factors()
    scalars.take(outside)
    pairs, powers = list(scalars.pairs()), normal.entry_powers(inside)
    for base, e in [*pairs, *powers]:
        if normal.is_head(base, "log") and e is normal.ONE and base is not inside:
            if (base, e) not in pairs:
                return base.args[0], normal.mul(outside, without(powers, base))
            left = (normal.power(b, k) for b, k in pairs if b is not base)
            return base.args[0], normal.mul(normal.number(scalars.coefficient), *left, inside)
    return None


def without(powers: Iterable[tuple[Node, Node]], base: Node) -> Node:
    """An element-wise product without one of its bases."""
    return normal.hadamard(*(normal.epow(b, e) for b, e in powers if b is not base))


def is_root_of_constant(base: Node, e: Node) -> bool:
    constant = isinstance(base, Number) or base is normal.PI
    return constant and isinstance(e, Number) and abs(e.value) == Fraction(1, 2)


def positive(node: Sum) -> Sum:
    return negative(node) if all(c < 0 for _, c in node.terms) else node


def negative(node: Sum) -> Sum:
    turned = normal.neg(node)
    assert isinstance(turned, Sum)
    return turned


def norm_inside(base: Node, e: Node) -> Node | None:
    if isinstance(e, Number) and e.value.denominator == 2:
        return norm_argument(base)
    return None


def norm_argument(base: Node) -> Node | None:
    """V where base = V' V, V a column, or tr(V' V), else None."""
    if isinstance(base, Product) and base.chain and len(base.chain) % 2 == 0:
        half = len(base.chain) // 2
        a, b = (
            normal.mul(*(normal.power(factor, e) for factor, e in part))
            for part in (base.chain[:half], base.chain[half:])
        )
        return min(b, a, key=lambda v: v.primes) if transpose(b) is a else None
    inside = normal.inside_trace(base)
    return _trace_norm_argument(inside) if isinstance(inside, Product) else None


def _trace_norm_argument(inside: Product) -> Node | None:
    """V where a chain is a rotation of V' V (or V V'), the less transposed of the two."""
    chain = inside.chain
    if len(chain) % 2 == 0:
        half = len(chain) // 2
        for i in range(half):
            turned = chain[i:] + chain[:i]
            left = [normal.power(b, e) for b, e in turned[:half]]
            right = [normal.power(b, e) for b, e in turned[half:]]
            V = normal.mul(*right)
            if normal.mul(*left) is transpose(V):
                W = transpose(V)
                return min((V, W), key=lambda A: (A.primes, A.digest))
    if len(chain) == 1 and chain[0][1] is normal.TWO and transpose(chain[0][0]) is chain[0][0]:
        return chain[0][0]
    return None


def magnitude(e: Node) -> Node:
    return normal.number(abs(e.value)) if isinstance(e, Number) and e.value < 0 else e


def is_constant(node: Node) -> bool:
    """A scalar times the vector of ones (or its transpose)."""
    if isinstance(node, Product):
        return len(node.chain) == 1 and is_constant(node.chain[0][0])
    return normal.is_ones(node) or (
        normal.is_head(node, "transpose") and normal.is_ones(transpose(node))
    )


def summed(node: Product) -> Node:
    """M where a scalar chain is ones' M or ones' M ones (or M ones)."""
    chain = node.chain
    if normal.is_ones(transpose(chain[0][0])):
        chain = chain[1:]
    if len(chain) > 1 and normal.is_ones(chain[-1][0]):
        chain = chain[:-1]
    return normal.mul(*(normal.power(b, e) for b, e in chain))


def sum_parts(node: Product) -> list[Node]:
    """What the tree of a scalar chain that ones begin or end is made of: M, and for u .* v more."""
    first, last = node.chain[0][0], node.chain[-1][0]
    if not (normal.is_ones(transpose(first)) or normal.is_ones(last)):
        return []
    inside = summed(node)
    found = [inside]
    for b in plain_factors(inside):
        found += [b, transpose(b)]
    return found


def plain_factors(inside: Node) -> list[Node]:
    """The bases with exponent 1 of an element-wise product."""
    if not normal.is_head(inside, "hadamard"):
        return []
    return [b for b, e in normal.entry_powers(inside) if e is normal.ONE]


def with_means(
    scalars: tuple[tuple[Node, Node], ...],
) -> tuple[tuple[tuple[Node, Node], ...], list[Node]]:
    """sum(u) / n as mean(u): the scalar factors that are left, and the arguments of means."""
    left, means = dict(scalars), list[Node]()
    for base, e in scalars:
        if e is not normal.ONE or not isinstance(base, Product) or not sum_parts(base):
            continue
        inside = summed(base)
        count = normal.Factors()
        count.take(normal.size(inside.shape.rows * inside.shape.cols))
        if count.coefficient == 1 and all(
            k is normal.ONE and left.get(name) is normal.MINUS_ONE for name, k in count.pairs()
        ):
            means.append(inside)
            for name in (base, *(name for name, _ in count.pairs())):
                del left[name]
    return tuple(left.items()), means


def common_coefficient(coefficients: Iterable[Fraction]) -> Fraction:
    """The largest positive rational of which all are integer multiples."""
    numerator, denominator = 0, 1
    for c in coefficients:
        numerator, denominator = gcd(numerator, c.numerator), lcm(denominator, c.denominator)
    return Fraction(numerator, denominator)


def is_unit(c: Fraction) -> bool:
    """1 or -1."""
    return c.denominator == 1 and c.numerator in (1, -1)
