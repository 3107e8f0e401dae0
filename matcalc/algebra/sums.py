"""Numbers, constants and sums: the constructors of linear combinations.

A sum collects like terms; a number in front of a block matrix goes into the blocks.  These
constructors stand on nothing but the nodes themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm
from typing import TypeGuard

from matcalc.algebra.builders import blocks_added
from matcalc.algebra.ir import (
    Apply,
    Node,
    Number,
    Product,
    Sum,
    Symbol,
    is_head,
    make_apply,
    make_number,
    make_product,
    make_sum,
    make_symbol,
)
from matcalc.errors import assert_never
from matcalc.language.sizes import ONE as DIM_ONE
from matcalc.language.sizes import SCALAR, Dim, Shape

Chain = tuple[tuple[Node, Node], ...]

_UNIT = Fraction(1)
ONE = make_number(_UNIT)
ZERO = make_number(Fraction(0))
MINUS_ONE = make_number(Fraction(-1))
HALF = make_number(Fraction(1, 2))
TWO = make_number(Fraction(2))
PI = make_symbol("pi", SCALAR, frozenset({"positive"}), "constant")


def number(value: Fraction | int) -> Node:
    """A rational number as a node."""
    return make_number(Fraction(value))


def identity(dim: Dim) -> Node:
    """I of the given size (the number 1 for size 1)."""
    if dim is DIM_ONE:
        return ONE
    return make_product(Fraction(1), (), (), Shape(dim, dim))


def zero(shape: Shape) -> Node:
    """The zero of a shape."""
    return ZERO if shape.is_scalar else make_sum((), shape)


def ones(dim: Dim) -> Node:
    """The column of ones."""
    return ONE if dim is DIM_ONE else make_apply("ones", (), Shape(dim, DIM_ONE))


def is_zero(node: Node) -> bool:
    return node is ZERO or (isinstance(node, Sum) and not node.terms)


def is_identity(node: Node) -> bool:
    return isinstance(node, Product) and node.coefficient == 1 and not (node.scalars or node.chain)


def is_ones(node: Node) -> bool:
    """The column of ones (of any size but 1)."""
    return is_head(node, "ones")


def is_block(node: Node) -> TypeGuard[Apply]:
    """A matrix or a column made of blocks."""
    return is_head(node, "block")


def is_partitioned(node: Node) -> bool:
    """A block matrix, or a row of blocks, which is the transpose of a column."""
    return is_block(node.args[0] if is_head(node, "transpose") else node)


def is_ones_matrix(node: Node) -> bool:
    """The column, row or matrix of ones itself, not a multiple of it."""
    if isinstance(node, Product):
        bare = node.coefficient == 1 and not node.scalars and len(node.chain) == 2
        return bare and all(is_ones(b) or _is_ones_row(b) for b, _ in node.chain)
    return is_ones(node) or _is_ones_row(node)


def _is_ones_row(node: Node) -> bool:
    return is_head(node, "transpose") and is_ones(node.args[0])


def integer(node: Node) -> int | None:
    """The value of a node that is an integer, else None."""
    if isinstance(node, Number) and node.value.denominator == 1:
        return node.value.numerator
    return None


def is_integer(node: Node) -> bool:
    """Known to take integer values only (sums and products of integer symbols and numbers)."""
    match node:
        case Number():
            return node.value.denominator == 1
        case Symbol():
            return "integer" in node.facts
        case Sum():
            return all(c.denominator == 1 and is_integer(t) for t, c in node.terms)
        case Product(chain=()):
            whole = all(is_integer(b) and (integer(e) or 0) > 0 for b, e in node.scalars)
            return whole and node.coefficient.denominator == 1
        case Product() | Apply():
            return False
        case _:
            assert_never(node)


# --- sums ---------------------------------------------------------------------------------------


def split(node: Node) -> tuple[Fraction, Node]:
    """A node as coefficient times a node with coefficient one."""
    match node:
        case Number():
            return node.value, ONE
        case Product() if node.coefficient != 1:
            return node.coefficient, product(Fraction(1), node.scalars, node.chain, node.shape)
        case Apply(head="block"):
            c = _content(node)
            return c, scale(1 / c, node)
        case Symbol() | Sum() | Product() | Apply():
            return _UNIT, node
        case _:
            assert_never(node)


def _content(node: Node) -> Fraction:
    """The greatest number that a block matrix is a multiple of, with the sign of its first block.

    What is left has coprime integer coefficients, so that 2 [x; y] and [x; y] differ by a number.
    """
    match node:
        case Sum() if node.terms:
            coefficients = [c for _, c in node.terms]
        case Apply(head="block"):
            coefficients = [_content(arg) for arg in node.args if not is_zero(arg)]
        case Number() | Symbol() | Sum() | Product() | Apply():
            return split(node)[0]
        case _:
            assert_never(node)
    numerator = gcd(*(c.numerator for c in coefficients))
    c = Fraction(numerator, lcm(*(c.denominator for c in coefficients)))
    return c if coefficients[0] > 0 else -c


def linear(terms: Iterable[tuple[Node, Fraction]], shape: Shape) -> Node:
    """The linear combination of nodes of one shape: like terms collected, zeros dropped."""
    total: dict[Node, Fraction] = {}
    for node, c in terms:
        if isinstance(node, Sum):
            for term, k in node.terms:
                total[term] = total.get(term, Fraction(0)) + c * k
        else:
            k, term = split(node)
            amount = c if k is _UNIT else c * k
            total[term] = total[term] + amount if term in total else amount
    kept = [(node, c) for node, c in total.items() if c]
    if not kept:
        return zero(shape)
    if len(kept) == 1:
        return scale(kept[0][1], kept[0][0])
    if sum(_has_blocks(term) for term, _ in kept) > 1 and (merged := blocks_added(kept)):
        return linear(merged, shape)
    kept.sort(key=lambda t: t[0].digest)
    return make_sum(tuple(kept), shape)


def _has_blocks(term: Node) -> bool:
    """Is a term made of blocks, with scalar factors perhaps?"""
    if isinstance(term, Product) and len(term.chain) == 1 and term.chain[0][1] is ONE:
        term = term.chain[0][0]
    return is_partitioned(term)


def add(*nodes: Node) -> Node:
    """The sum of one or more nodes of one shape."""
    return linear(((node, Fraction(1)) for node in nodes), nodes[0].shape)


def sub(a: Node, b: Node) -> Node:
    return linear(((a, Fraction(1)), (b, Fraction(-1))), a.shape)


def neg(node: Node) -> Node:
    return scale(Fraction(-1), node)


def scale(c: Fraction, node: Node) -> Node:
    """A rational multiple (numbers are distributed over sums)."""
    if c == 1:
        return node
    if c == 0:
        return zero(node.shape)
    match node:
        case Number():
            return make_number(c * node.value)
        case Sum():
            return make_sum(tuple((t, c * k) for t, k in node.terms), node.shape)
        case Product() if not (node.chain and node.shape.is_scalar):
            return product(c * node.coefficient, node.scalars, node.chain, node.shape)
        case Apply(head="block"):
            return make_apply("block", tuple(scale(c, arg) for arg in node.args), node.shape)
        case Symbol() | Product() | Apply():
            pass
        case _:
            assert_never(node)
    if node.shape.is_scalar:
        return product(c, ((node, ONE),), (), SCALAR)
    return product(c, (), ((node, ONE),), node.shape)


def product(
    coefficient: Fraction, scalars: tuple[tuple[Node, Node], ...], chain: Chain, shape: Shape
) -> Node:
    """The node for normalised parts: collapses trivial products, keeps the invariants."""
    if coefficient == 0:
        return zero(shape)
    if chain and shape.is_scalar:
        assert coefficient == 1 and not scalars, "a scalar chain is a scalar factor"
        return make_product(coefficient, (), chain, shape)
    if shape.is_scalar and not scalars:
        return make_number(coefficient)
    if len(scalars) + len(chain) == 1:
        base, exponent = (scalars + chain)[0]
        if exponent is ONE and base.shape == shape and (isinstance(base, Sum) or is_block(base)):
            return scale(coefficient, base)
        if exponent is ONE and coefficient == 1 and base.shape == shape:
            return base
    return make_product(coefficient, scalars, chain, shape)


# --- taken apart ----------------------------------------------------------------------------------


def outside(node: Product) -> tuple[Node, Node]:
    """A matrix product as (scalar factors, chain)."""
    scalar = product(node.coefficient, node.scalars, (), SCALAR)
    return scalar, product(_UNIT, (), node.chain, node.shape)


def block_rows(node: Apply) -> list[list[Node]]:
    """The blocks of a block matrix, row by row."""
    return rows_of(node.args, node.shape.cols)


def rows_of(blocks: Iterable[Node], cols: Dim) -> list[list[Node]]:
    """Blocks row by row: a row ends where it is as wide as the whole."""
    rows: list[list[Node]] = [[]]
    width = Dim.of(0)
    for block in blocks:
        if width is cols:
            rows.append([])
            width = Dim.of(0)
        rows[-1].append(block)
        width = width + block.shape.cols
    return rows


def entry_powers(node: Node) -> list[tuple[Node, Node]]:
    """The factors of an element-wise product with their exponents."""
    found: list[tuple[Node, Node]] = []
    for part in node.args if is_head(node, "hadamard") else (node,):
        if isinstance(part, Apply) and part.head == "epow":
            found.append((part.args[0], part.args[1]))
        else:
            found.append((part, ONE))
    return found


def constant_entry(arg: Node) -> Node | None:
    """The entry of which all others are equal to, s where arg = s ones, else None."""
    if arg.shape.is_scalar:
        return arg
    if is_zero(arg):
        return ZERO
    if is_ones_matrix(arg):
        return ONE
    if isinstance(arg, Product):
        scalar, inside = outside(arg)
        return scalar if is_ones_matrix(inside) else None
    return None
