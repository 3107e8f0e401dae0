"""Products as they are written: the number in front, the quotient, the order of scalar factors."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matcalc.language import tree as t
from matcalc.language.sizes import SCALAR, Shape
from matcalc.language.tree import Tree
from matcalc.present.trees import Places, Trees, is_one, is_plain_product


class Products:
    """Writes products."""

    def __init__(self, trees: Trees) -> None:
        self.trees = trees

    def key(self, tree: Tree) -> tuple[int, Places, bool]:
        """Numbers, then names, then the rest by place: sigmoid(t) (1 - sigmoid(t))."""
        kind = 0 if isinstance(tree, t.Number) else 1 if isinstance(tree, t.Name) else 2
        return kind, self.trees.places(tree) or (10**7,), isinstance(tree, t.Add)

    def scaled(self, c: Fraction, tree: Tree) -> Tree:
        """c * tree for c > 0, the number in front of the factors; it sorts as the tree does."""
        if c == 1:
            return tree
        if is_one(tree):
            return self.trees.number(c)
        made = self._reciprocal(c, tree) or self._with_number(c, tree)
        self.trees.put(made, self.trees.places(tree))
        return made

    def _with_number(self, c: Fraction, tree: Tree) -> Tree:
        shape = self.trees.shapes[tree]
        rest, ops = [tree], [""]
        if isinstance(tree, t.Multiply) and tree.ops[1] in (" ", "*", "/"):
            if "/" in tree.ops and c.denominator > 1 and not self.trees.style.is_decimal(c):
                return self._over(tree, c)
            rest, ops = list(tree.factors), list(tree.ops)
            if is_one(rest[0]) and ops[1] == "/":
                rest, ops = rest[1:], ops[1:]
        first, first_ops = self._number(c)
        return self.trees.multiply([*first, *rest], [*first_ops, ops[0] or " ", *ops[1:]], shape)

    def _over(self, tree: t.Multiply, c: Fraction) -> Tree:
        """p/q (a / b) as p a / (q b)."""
        *factors, below = tree.factors
        ops = list(tree.ops[:-1])
        if c.numerator != 1:
            above = self.trees.number(Fraction(c.numerator))
            if is_one(factors[0]):
                factors[0] = above
            else:
                factors.insert(0, above)
                ops = ["", " ", *ops[1:]]
        parts = below.children if is_plain_product(below) else (below,)
        bottom = [self.trees.number(Fraction(c.denominator)), *parts]
        over = self.trees.multiply(bottom, [" "] * len(bottom), SCALAR)
        return self.trees.multiply([*factors, over], [*ops, "/"], self.trees.shapes[tree])

    def _number(self, c: Fraction) -> tuple[list[Tree], list[str]]:
        """A number as factors with the operators before them: two for 1/2."""
        number = self.trees.number(c)
        if isinstance(number, t.Multiply):
            return list(number.factors), list(number.ops)
        return [number], [""]

    def quotient(self, c: Fraction, trees: list[Tree], below: list[Tree], shape: Shape) -> Tree:
        """c times factors over others."""
        decimal = self.trees.style.is_decimal(c)
        plain = shape.is_scalar and trees and not any(map(is_plain_product, trees))
        if (below or plain) and not decimal and c.denominator > 1:
            below = [self.trees.number(Fraction(c.denominator)), *below]
            c = Fraction(c.numerator)
        if len(trees) == 1 and not below and c != 1:
            reciprocal = self._reciprocal(c, trees[0])
            if reciprocal is not None:
                return reciprocal
        factors: list[Tree] = []
        ops: list[str] = []
        if c != 1 or not trees:
            factors, ops = self._number(c)
        only = trees[0] if len(trees) == 1 else None
        if isinstance(only, t.Multiply) and is_plain_product(only):
            factors += only.factors
            ops += [" ", *only.ops[1:]]
        else:
            last = trees[-1] if trees else None
            if isinstance(last, t.Multiply) and self._joins(trees):  # gamma x' x
                trees = [*trees[:-1], *last.factors]
            factors += trees
            ops += [" "] * len(trees)
        if below:
            plain = len(below) == 1 and is_plain_product(below[0])
            ops_below = [" "] * len(below)
            factors.append(below[0] if plain else self.trees.multiply(below, ops_below, SCALAR))
            ops.append("/")
        return self.trees.multiply(factors, ops, shape)

    def _joins(self, trees: Sequence[Tree]) -> bool:
        """Does a 1 x 1 chain at the end need no parentheses, since only simple scalars precede?"""
        *before, last = trees
        simple = all(isinstance(part, t.Name | t.Number | t.Call) for part in before)
        scalars = all(self.trees.shapes[part].is_scalar for part in trees)
        return simple and scalars and is_plain_product(last)

    def _reciprocal(self, c: Fraction, tree: Tree) -> Tree | None:
        """p/q (1 ./ v) as p ./ (q v)."""
        if isinstance(tree, t.Transpose):
            inner = self._reciprocal(c, tree.arg)
            return inner and self.trees.transposed(inner)
        if not (isinstance(tree, t.Multiply) and is_one(tree.factors[0]) and tree.ops[1] == "./"):
            return None
        if self.trees.style.is_decimal(c) or len(tree.factors) != 2:
            return None
        below = tree.factors[1]
        if c.denominator != 1:
            q = self.trees.number(Fraction(c.denominator))
            below = self.trees.multiply([q, below], ["", " "], self.trees.shapes[below])
        above = self.trees.number(Fraction(c.numerator))
        return self.trees.multiply([above, below], ["", "./"], self.trees.shapes[tree])
