"""The small trees that steps are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.language.sizes import Shape
from matcalc.language.tree import (
    Add,
    Call,
    Multiply,
    Name,
    Negative,
    Number,
    Transpose,
    Tree,
    fold,
    rebuilt,
)


def replaced(root: Tree, names: Mapping[str, Tree], shapes: dict[Tree, Shape]) -> Tree:
    """A tree with names replaced by trees; the shapes of new nodes are those of the old."""

    def combine(node: Tree, parts: Sequence[Tree]) -> Tree:
        if isinstance(node, Name) and node.name in names:
            return names[node.name]
        fresh = rebuilt(node, parts)
        if fresh is not node and node in shapes:
            shapes[fresh] = shapes[node]
        return fresh

    return fold(root, combine)


def negated(tree: Tree) -> Tree:
    """The negative of a tree, without a second minus."""
    return tree.arg if isinstance(tree, Negative) else Negative(tree)


def difference(a: Tree, b: Tree) -> Tree:
    """a - b, written without parentheses around a."""
    terms, signs = (a.terms, a.signs) if isinstance(a, Add) else ((a,), (1,))
    return Add((*terms, b), (*signs, -1))


def times(left: Tree, right: Tree, flat: bool = False) -> Tree:
    """The product of two trees; a divisor of the left one stays last, unless it is a fraction.

    With ``flat`` the factors of the right one need no parentheses: (A) (B C) is A B C.
    """
    if isinstance(left, Negative):
        return negated(times(left.arg, right, flat))
    if isinstance(right, Negative):
        return negated(times(left, right.arg, flat))
    if isinstance(left, Number) and left.value == 1:
        return right
    factors, ops = _spliced(left)
    fraction = len(factors) == 2 and all(isinstance(factor, Number) for factor in factors)
    if ops[-1] == "/" and not fraction:
        above = Multiply(factors[:-1], ops[:-1]) if len(ops) > 2 else factors[0]
        over, between = _spliced(times(above, right, flat))
        return Multiply((*over, factors[-1]), (*between, "/"))
    more, joints = _spliced(right) if flat else ((right,), ("",))
    if isinstance(more[0], Number) and isinstance(factors[0], Number):
        more, joints = (right,), ("",)
    elif isinstance(more[0], Number):  # numbers come first
        k = 2 if len(more) > 1 and isinstance(more[1], Number) else 1
        return Multiply((*more[:k], *factors, *more[k:]), (*joints[:k], " ", *ops[1:], *joints[k:]))
    return Multiply((*factors, *more), (*ops, " ", *joints[1:]))


def _spliced(tree: Tree) -> tuple[tuple[Tree, ...], tuple[str, ...]]:
    """The factors of a product of matrices and scalars; of anything else, itself."""
    if isinstance(tree, Multiply) and all(op in ("", " ", "*", "/") for op in tree.ops):
        return tree.factors, tree.ops
    return (tree,), ("",)


def transposed(tree: Tree) -> Tree:
    """The transpose of a tree."""
    match tree:
        case Transpose():
            return tree.arg
        case Negative():
            return Negative(transposed(tree.arg))
    return Transpose(tree)


def traced(tree: Tree) -> Tree:
    """The trace of a tree, a minus in front."""
    if isinstance(tree, Negative):
        return Negative(traced(tree.arg))
    return Call("tr", (tree,))


def summed(trees: Sequence[Tree], flat: bool = False) -> Tree:
    """The sum of trees, a minus behind the first becoming the sign of its term.

    With ``flat`` the terms of those that are sums need no parentheses.
    """
    signed: list[tuple[Tree, int]] = []
    for tree in trees:
        parts = zip(tree.terms, tree.signs) if flat and isinstance(tree, Add) else [(tree, 1)]
        for term, sign in parts:
            minus = isinstance(term, Negative) and bool(signed)
            signed.append((negated(term), -sign) if minus else (term, sign))
    if len(signed) == 1:
        return signed[0][0]
    terms, signs = zip(*signed)
    return Add(terms, signs)
