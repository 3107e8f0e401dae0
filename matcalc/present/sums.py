"""Sums as they are written: which term comes first, and where a minus sign goes.

A node is written as a sign times a tree.  Where the sign is -1, it goes into a difference that
nobody typed (-(a - b) c is (b - a) c), and only if there is none it is written: ``opposite``
decides that for terms, factors and whole results alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from matcalc.language import tree as t
from matcalc.language.sizes import Shape
from matcalc.language.tree import Tree
from matcalc.present.trees import Places, Trees, Written
from matcalc.tables.functions import FUNCTIONS

Signed = tuple[int, Tree]

_LAST = 10**7  # the place of what has no name


class Sums:
    """Writes sums and signs; ``typed`` are the sums in the orientation in which they were typed."""

    def __init__(self, trees: Trees) -> None:
        self.trees = trees
        self.typed: set[Tree] = set()

    def sorted(self, pairs: Sequence[Signed], shape: Shape) -> list[Signed]:
        """Terms by their names as typed; 2 t + 1, but 1 + exp(t)."""
        trees = self.trees
        calls = shape.is_column and any(trees.has_call(tree) for _, tree in pairs)
        constant = (-1 if calls else _LAST,)
        keys = {tree: (trees.places(tree) or constant, trees.primes(tree)) for _, tree in pairs}
        uses = Counter(keys.values())

        def key(pair: Signed) -> tuple[Places, int, list[Fraction]]:
            found = keys[pair[1]]
            return (*found, exponents(pair[1], shape.is_scalar) if uses[found] > 1 else [])

        return sorted(pairs, key=key)

    def oriented(self, pairs: Sequence[Signed], shape: Shape) -> Written:
        """A sum with the sign of the term that is named first: -(x - y) for y - x."""
        pairs = self.sorted(pairs, shape)
        sign = pairs[0][0]
        return Written(sign, self.trees.add([(sign * s, tree) for s, tree in pairs], shape))

    def positive_first(self, pairs: Sequence[Signed], shape: Shape) -> Tree:
        """A sum that begins with a term without a sign, if there is one."""
        pairs = self.sorted(pairs, shape)
        first = next((i for i, (sign, _) in enumerate(pairs) if sign > 0), 0)
        return self.trees.add([pairs[first], *pairs[:first], *pairs[first + 1 :]], shape)

    def signed(self, written: Written) -> Tree:
        """A node with its sign."""
        sign, tree = written
        if sign > 0:
            return tree
        if isinstance(tree, t.Add) and tree in self.typed and -1 in tree.signs:
            return self._turned(tree)
        return self.opposite(tree) or self.trees.negative(tree)

    def opposite(self, tree: Tree) -> Tree | None:
        """The negative without a sign: -(a - b) c as (b - a) c, where nobody typed a - b."""
        match tree:
            case t.Add():
                turns = tree not in self.typed and any(sign < 0 for sign, _ in _pairs(tree))
                return self._turned(tree) if turns else None
            case t.Transpose():
                inner = self.opposite(tree.arg)
                return inner and self.trees.transposed(inner)
            case t.Call(function=name) if name in FUNCTIONS and FUNCTIONS[name].is_linear:
                for i in range(FUNCTIONS[name].arity):
                    inner = self.opposite(tree.args[i])
                    if inner is not None:
                        args = [*tree.args[:i], inner, *tree.args[i + 1 :]]
                        return self.trees.call(name, args, self.trees.shapes[tree])
            case t.Multiply():
                for i, factor in enumerate(tree.factors):
                    inner = None if tree.ops[i] in ("/", "./") else self.opposite(factor)
                    if inner is not None:
                        factors = [*tree.factors[:i], inner, *tree.factors[i + 1 :]]
                        return self.trees.multiply(factors, tree.ops, self.trees.shapes[tree])
        return None

    def _turned(self, tree: t.Add) -> Tree:
        pairs = [(-sign, term) for sign, term in _pairs(tree)]
        return self.positive_first(pairs, self.trees.shapes[tree])


def _pairs(tree: t.Add) -> list[Signed]:
    """The terms with their signs."""
    return [
        (-sign, term.arg) if isinstance(term, t.Negative) else (sign, term)
        for sign, term in zip(tree.signs, tree.terms, strict=True)
    ]


def exponents(tree: Tree, largest: bool) -> list[Fraction]:
    """The numbers that stand as exponents: t^3 before t^2 before t, but A X^2 before X A X."""
    found = [
        node.exponent.value
        for node in t.postorder(tree)
        if isinstance(node, t.Power) and isinstance(node.exponent, t.Number)
    ]
    return [-max(found, default=Fraction(1))] if largest else found
