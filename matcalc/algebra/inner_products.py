"""Chains that are 1 x 1: x' A y is y' A' x, and u' (v .* w) a sum of entries.

The same number has one node whichever way it is written: the lesser of a chain and its transpose;
where an end is an element-wise product, the sum of the entries of one product of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matcalc.algebra.builders import blocks_multiplied, pair_by_law, scalar_chain
from matcalc.algebra.entries import hadamard
from matcalc.algebra.ir import Apply, Node, Product, is_head, make_product
from matcalc.algebra.products import mul, power, transpose, transposed_chain
from matcalc.algebra.sums import (
    MINUS_ONE,
    ONE,
    TWO,
    ZERO,
    Chain,
    entry_powers,
    is_ones,
    is_zero,
    ones,
    outside,
)
from matcalc.algebra.traces import trace
from matcalc.language.sizes import SCALAR


@scalar_chain.is_
def _scalar_chain(piece: Sequence[tuple[Node, Node]]) -> Node:
    """A 1 x 1 chain: the smaller of itself and its transpose, zero if it is its own negative."""
    if piece[0][1] is ONE and piece[-1][1] is ONE:
        found = _inner_product(piece)
        if found is not None:
            return found
    here = tuple(piece)
    scalars, there = transposed_chain(here)
    sign = scalars.build()  # of a skew matrix: -1, or (-1)^k to a symbolic power
    if len(there) < 2:
        return mul(sign, scalar_chain(there) if there else ONE)
    if there == here and sign is MINUS_ONE:
        return ZERO
    if _rank(there) < _rank(here):
        return mul(sign, make_product(Fraction(1), (), there, SCALAR))
    return make_product(Fraction(1), (), here, SCALAR)


def _rank(chain: Chain) -> tuple[int, list[bytes]]:
    return sum(b.primes for b, _ in chain), [d for b, e in chain for d in (b.digest, e.digest)]


def _inner_product(piece: Sequence[tuple[Node, Node]]) -> Node | None:
    """A law for the 1 x 1 chain u' ... v, or None where it stays a chain.

    Two neighbours merge by the rows of the law table, vec(A)' vec(B) = tr(A' B); u'(v .* w) and its
    kin become the sum of one element-wise product.
    """
    u, v = transpose(piece[0][0]), piece[-1][0]
    if len(piece) == 2 and (found := blocks_multiplied(piece[0][0], v)) is not None:
        return found
    if len(piece) == 2 and isinstance(u, Apply) and isinstance(v, Apply):
        found = pair_by_law(piece[0][0], v) or pair_by_law(transpose(v), u)
        if found is not None:
            return found
    if len(piece) == 3 and is_ones(u) and is_ones(v) and piece[1][1] is ONE:
        return _matrix_sum(piece[1][0])
    entries = [_is_product_of_entries(u), _is_product_of_entries(v)]
    if not any(entries):
        return None
    if len(piece) == 2:
        return _entry_sum(hadamard(u, v))
    ways = []
    if entries[0]:
        ways.append(hadamard(u, _chain_node(piece[1:])))
    if entries[1]:
        ways.append(hadamard(transpose(_chain_node(piece[:-1])), v))
    return _entry_sum(min(ways, key=lambda way: way.digest))


def _matrix_sum(M: Node) -> Node | None:
    """The sum of all entries of A .* B as tr(A' B)."""
    powers = entry_powers(M)
    if len(powers) == 1 and powers[0][1] is TWO:
        return trace(mul(transpose(powers[0][0]), powers[0][0]))
    if len(powers) == 2 and all(e is ONE for _, e in powers):
        return trace(mul(transpose(powers[0][0]), powers[1][0]))
    return None


def _chain_node(piece: Sequence[tuple[Node, Node]]) -> Node:
    return mul(*(power(b, e) for b, e in piece))


def _is_product_of_entries(node: Node) -> bool:
    return is_head(node, "hadamard") or is_head(node, "epow")


def _entry_sum(node: Node) -> Node:
    """ones' node for an element-wise product, as an inner product where there are two factors."""
    if isinstance(node, Product):
        scalar, inside = outside(node)
        if scalar is not ONE:
            return mul(scalar, _entry_sum(inside))
    if is_zero(node):
        return ZERO
    powers = entry_powers(node)
    if len(powers) == 1 and powers[0][1] is TWO:
        return mul(transpose(powers[0][0]), powers[0][0])
    if len(powers) == 2 and all(e is ONE for _, e in powers):
        return mul(transpose(powers[0][0]), powers[1][0])
    row = transpose(ones(node.shape.rows))
    if not _is_product_of_entries(node):
        return mul(row, node)
    return make_product(Fraction(1), (), ((row, ONE), (node, ONE)), SCALAR)
