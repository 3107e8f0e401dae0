"""Rebuilding expressions: substitution, and distribution of products over sums."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from fractions import Fraction
from itertools import product as cartesian

from matcalc.algebra import normal
from matcalc.algebra.builders import apart_by_law
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold, postorder
from matcalc.errors import assert_never


def rebuild(node: Node, new: Mapping[Node, Node]) -> Node:
    """The node with its children replaced; they conform as the old ones did."""
    if all(new[child] is child for child in node.children):
        return node
    match node:
        case Sum():
            return normal.linear(((new[t], c) for t, c in node.terms), node.shape)
        case Product():
            factors = [normal.number(node.coefficient)]
            factors += [normal.power(new[b], new[e]) for b, e in node.scalars]
            chain = [normal.power(new[b], new[e]) for b, e in node.chain]
            if not chain and not node.shape.is_scalar:
                chain = [normal.identity(node.shape.rows)]
            return normal.mul(*factors, *chain)
        case Apply():
            return normal.apply(node.head, [new[a] for a in node.args], node.shape)
        case Number() | Symbol():
            return node
        case _:
            assert_never(node)


def substitute(root: Node, mapping: Mapping[Node, Node]) -> Node:
    """Replace nodes (usually symbols) by others of the same shape."""
    done: dict[Node, Node] = dict(mapping)
    return fold(root, rebuild, done)


class _TooLong(Exception):
    pass


def expand(root: Node, budget: int = 200, only: Container[Node] | None = None) -> Node | None:
    """Products distributed over sums and det(A B) split, or None where that is too long.

    With ``only``, other nodes are left as they are.
    """

    def combine(node: Node, done: dict[Node, Node]) -> Node:
        if only is not None and node not in only:
            return node
        fresh = rebuild(node, done)
        return _distribute(fresh, budget)

    try:
        return fold(root, combine, {})
    except _TooLong:
        return None


def _distribute(node: Node, budget: int) -> Node:
    match node:
        case Product():
            return _distribute_product(node, budget)
        case Apply(head="hadamard"):
            choices = [_terms(arg) for arg in node.args]
            if any(len(c) > 1 for c in choices):
                return _all(choices, normal.hadamard, node, budget)
        case Apply() if normal.is_linear(node) and any(isinstance(arg, Sum) for arg in node.args):
            choices = [_terms(arg) for arg in node.args]
            return _all(
                choices, lambda *args: normal.apply(node.head, args, node.shape), node, budget
            )
        case Apply(head="epow") if isinstance(node.args[0], Sum):
            k = normal.integer(node.args[1])
            if k is not None and 1 < k <= 4:
                return _all([_terms(node.args[0])] * k, normal.hadamard, node, budget)
        case Apply() if node.args and isinstance(node.args[0], Product):
            return _apart(node)
        case Number() | Symbol() | Sum() | Apply():
            pass
        case _:
            assert_never(node)
    return node


def _distribute_product(node: Product, budget: int) -> Node:
    choices: list[Sequence[tuple[Node, Fraction]]] = []
    for b, e in node.scalars + node.chain:
        k = normal.integer(e)
        if isinstance(b, Sum) and k is not None and 0 < k <= 4:
            choices += [_terms(b)] * k
        else:
            choices.append([(normal.power(b, e), Fraction(1))])
    if not any(len(c) > 1 for c in choices):
        return node
    if not node.chain and not node.shape.is_scalar:
        choices.append([(normal.identity(node.shape.rows), Fraction(1))])
    made = _all(choices, normal.mul, node, budget)
    return normal.scale(node.coefficient, made)


def _terms(node: Node) -> Sequence[tuple[Node, Fraction]]:
    return node.terms if isinstance(node, Sum) else [(node, Fraction(1))]


def _all(
    choices: Sequence[Sequence[tuple[Node, Fraction]]],
    make: object,
    node: Node,
    budget: int,
) -> Node:
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > budget:
        raise _TooLong
    assert callable(make)
    terms: list[tuple[Node, Fraction]] = []
    for pick in cartesian(*choices):
        c = Fraction(1)
        for _, k in pick:
            c *= k
        terms.append((make(*(n for n, _ in pick)), c))
    made = normal.linear(terms, node.shape)
    if isinstance(made, Sum) and len(made.terms) > budget:
        raise _TooLong
    return made


def _apart(node: Node) -> Node:
    """A function of a product by the laws that expand it, det(A B) = det(A) det(B), to the end."""
    found = apart_by_law(node.head, node.args, node.shape) if isinstance(node, Apply) else None
    if found is None or any(part is node for part in postorder(found)):
        return node
    return rebuild(found, {child: _apart(child) for child in found.children})
