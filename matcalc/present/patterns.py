"""Forms of nodes that have a way of writing of their own: u .^ v, sums, norms, constants."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from matcalc.algebra import heads, normal
from matcalc.algebra.cost import (
    common_coefficient,
    cost,
    norm_argument,
    number_cost,
    sum_cost,
)
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum
from matcalc.algebra.normal import transpose
from matcalc.present.style import Style


def exponential_parts(arg: Node) -> tuple[Node, Node] | None:
    """(u, v) where arg = log(u) .* v (vectors or matrices), or log(u) v for a scalar u."""
    outside, inside = heads.outside(arg) if isinstance(arg, Product) else (normal.ONE, arg)
    scalars = normal.Factors()
    scalars.take(outside)
    for base, e in scalars.pairs():
        if heads.is_head(base, "log") and e is normal.ONE:
            rest = normal.mul(outside, normal.power(base, normal.MINUS_ONE), inside)
            return base.args[0], rest
    for base, e in heads.entry_powers(inside):
        if heads.is_head(base, "log") and e is normal.ONE and base is not inside:
            rest = heads.hadamard(inside, heads.epow(base, normal.MINUS_ONE))
            return base.args[0], normal.mul(outside, rest)
    return None


def is_root_of_constant(base: Node, e: Node) -> bool:
    constant = isinstance(base, Number) or base is normal.PI
    return constant and isinstance(e, Number) and abs(e.value) == Fraction(1, 2)


def positive(node: Sum) -> Sum:
    return negative(node) if all(c < 0 for _, c in node.terms) else node


def plain_cost(node: Sum) -> int:
    return sum_cost([(cost(term), c) for term, c in node.terms])


def negative(node: Sum) -> Sum:
    turned = normal.neg(node)
    assert isinstance(turned, Sum)
    return turned


def norm_inside(base: Node, e: Node) -> Node | None:
    if isinstance(e, Number) and e.value.denominator == 2:
        return norm_argument(base)
    return None


def magnitude(e: Node) -> Node:
    return normal.number(abs(e.value)) if isinstance(e, Number) else e


def is_constant(node: Node) -> bool:
    """A scalar times the vector of ones (or its transpose)."""
    if isinstance(node, Product):
        return len(node.chain) == 1 and is_constant(node.chain[0][0])
    return normal.is_ones(node) or (
        heads.is_head(node, "transpose") and normal.is_ones(transpose(node))
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
    first, last = node.chain[0][0], node.chain[-1][0]
    if not (normal.is_ones(transpose(first)) or normal.is_ones(last)):
        return []
    inside = summed(node)
    found = [inside]
    if isinstance(inside, Apply) and inside.head == "hadamard":
        for b, e in heads.entry_powers(inside):
            if e is normal.ONE:
                found += [b, transpose(b)]
    return found


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


def cheaper_outside(coefficients: list[Fraction], style: Style) -> bool:
    """Is 2 (a - b) shorter than 2 a - 2 b, for these coefficients?"""
    whole = common_coefficient(coefficients)
    if whole == 1:
        return False
    if any(map(style.is_decimal, coefficients)):
        return len({abs(c) for c in coefficients}) == 1

    def total(values: Iterable[Fraction]) -> int:
        return sum(number_cost(abs(c)) for c in values if abs(c) != 1)

    return total([whole]) + total(c / whole for c in coefficients) < total(coefficients)


def oriented(node: Product, style: Style) -> normal.Chain:
    """The chain, a 1 x 1 chain the way it was typed."""
    if style.turned.get(node):
        scalars, there = normal.transposed_chain(node.chain)
        if scalars.coefficient == 1 and not scalars.powers:
            return there
    return node.chain
