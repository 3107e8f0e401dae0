"""The small trees that a presentation is put together from.

``Pieces`` makes every tree, and keeps for each its shape and its place: the positions in the input
of the names in it, by which sums and products are sorted.  It knows nothing of what nodes mean;
that is ``present.presenter``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from matcalc.algebra.ir import Symbol
from matcalc.errors import MatcalcError
from matcalc.language import tree as t
from matcalc.language.sizes import SCALAR, Dim, Shape
from matcalc.language.tree import Tree
from matcalc.present.style import Style

_PLACES = 12  # positions by which a tree is sorted
_ZEROS = 16  # at the end of an integer that are too many to write out
_LARGEST = 13288  # bits of a number of 4,000 digits


class Written(NamedTuple):
    """A node as sign * tree."""

    sign: int
    tree: Tree


class Pieces:
    """Makes trees; ``shapes`` has the shape of each."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.shapes: dict[Tree, Shape] = {}
        self.positions: dict[Tree, tuple[int, ...]] = {}
        self.inverses: dict[tuple[Tree, int], Tree] = {}
        self.fixed: set[Tree] = set()  # sums in the orientation in which they were typed

    def _made(self, tree: Tree, shape: Shape, parts: Iterable[Tree] = ()) -> Tree:
        if tree not in self.shapes:
            self.shapes[tree] = shape
            places: tuple[int, ...] = ()
            for part in parts:
                places += self.positions[part]
                if len(places) > _PLACES:
                    break
            self.positions[tree] = places[:_PLACES]
        return tree

    def _number(self, value: Fraction) -> Tree:
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > _LARGEST:
            raise MatcalcError("limit", "a number of the result has more than 4,000 digits")
        if self.style.is_decimal(value):
            return self._made(t.Number(decimal(value)), SCALAR)
        numerator = self._made(t.Number(integer(value.numerator)), SCALAR)
        if value.denominator == 1:
            return numerator
        below = self._made(t.Number(integer(value.denominator)), SCALAR)
        return self._multiply([numerator, below], ["", "/"], SCALAR)

    def _name(self, node: Symbol) -> Tree:
        tree = self._made(t.Name(node.name), node.shape)
        late = 10**6 + ord(node.name[0])  # sizes, which are never typed as names
        self.positions[tree] = (self.style.order.get(node.name, late),)
        return tree

    def _multiply(self, factors: Sequence[Tree], ops: Sequence[str], shape: Shape) -> Tree:
        if len(factors) == 1:
            return factors[0]
        return self._made(t.Multiply(tuple(factors), ("", *ops[1:])), shape, factors)

    def _call(self, name: str, args: Sequence[Tree], shape: Shape) -> Tree:
        return self._made(t.Call(name, tuple(args)), shape, args)

    def _transposed(self, tree: Tree) -> Tree:
        if isinstance(tree, t.Transpose):
            return tree.arg
        if self.shapes[tree].is_scalar:
            return tree
        key = (tree, 0)
        if key not in self.inverses:
            made = self._made(t.Transpose(tree), self.shapes[tree].T, [tree])
            self.inverses[key] = made
        return self.inverses[key]

    def _negated(self, tree: t.Add) -> Tree:
        shape = self.shapes[tree]
        return self._add(positive_first(self._sorted(_turned(tree), shape)), shape)

    def _leading(self, tree: t.Add) -> Written:
        """A sum with the sign of the term that is named first: -(x - y) for y - x."""
        shape = self.shapes[tree]
        pairs = self._sorted(_turned(tree), shape)
        if pairs[0][0] < 0:
            return Written(1, tree)
        return Written(-1, self._add(pairs, shape))

    def _add(self, pairs: Sequence[tuple[int, Tree]], shape: Shape) -> Tree:
        signs, terms = [s for s, _ in pairs], [term for _, term in pairs]
        if signs[0] < 0:
            first = terms[0]
            terms[0] = self._made(t.Negative(first), self.shapes[first], [first])
            signs[0] = 1
        return self._made(t.Add(tuple(terms), tuple(signs)), shape, terms)

    def dim(self, dim: Dim) -> Tree:
        """A size as a tree."""
        terms: list[tuple[int, Tree]] = []
        for names, k in dim.terms:
            factors: list[Tree] = []
            if k != 1 or not names:
                factors.append(self._number(Fraction(abs(k))))
            factors += [self._made(t.Name(name), SCALAR) for name in names]
            ops = ["*"] * len(factors)
            terms.append((1 if k > 0 else -1, self._multiply(factors, ops, SCALAR)))
        return terms[0][1] if len(terms) == 1 else self._add(terms, SCALAR)

    def _constant(self, name: str, shape: Shape) -> Tree:
        """ones(n), ones(m, n), zeros(n), zeros(m, n)."""
        dims = [shape.rows] if shape.is_column else [shape.rows, shape.cols]
        return self._call(name, [self.dim(d) for d in dims], shape)

    def _sorted(self, pairs: Sequence[tuple[int, Tree]], shape: Shape) -> list[tuple[int, Tree]]:
        """Terms by their names as typed; 2 t + 1, but 1 + exp(t)."""
        constant = 10**7
        if shape.is_column and any(isinstance(part, t.Call) for part in self._inside(pairs)):
            constant = -1
        return sorted(
            pairs,
            key=lambda item: (
                self.positions[item[1]] or (constant,),
                primes(item[1]),
                exponents(item[1], shape),
            ),
        )

    @staticmethod
    def _inside(pairs: Sequence[tuple[int, Tree]]) -> Iterable[Tree]:
        """The parts of terms without names of their own: is one a function?"""
        return (part for _, tree in pairs for part in t.postorder(tree))

    def _scaled(self, c: Fraction, tree: Tree) -> Tree:
        """c * tree for c > 0, the number in front of the factors; it sorts as the tree does."""
        if c == 1:
            return tree
        if is_one(tree):
            return self._number(c)
        made = self._with_number(c, tree)
        self.positions[made] = self.positions[tree]
        return made

    def _with_number(self, c: Fraction, tree: Tree) -> Tree:
        shape = self.shapes[tree]
        reciprocal = self._scaled_reciprocal(c, tree)
        if reciprocal is not None:
            return reciprocal
        if isinstance(tree, t.Multiply) and tree.ops[1] in (" ", "*", "/"):
            if "/" in tree.ops and c.denominator > 1 and not self.style.is_decimal(c):
                return self._over(tree, c)
            first, ops = self._splice(self._number(c))
            if is_one(tree.factors[0]) and tree.ops[1] == "/":
                return self._multiply([*first, *tree.factors[1:]], [*ops, *tree.ops[1:]], shape)
            return self._multiply([*first, *tree.factors], [*ops, " ", *tree.ops[1:]], shape)
        first, ops = self._splice(self._number(c))
        return self._multiply([*first, tree], [*ops, " "], shape)

    def _over(self, tree: t.Multiply, c: Fraction) -> Tree:
        """p/q (a / b) as p a / (q b)."""
        *above, below = tree.factors
        factors = list(above)
        ops = list(tree.ops[:-1])
        if c.numerator != 1:
            if is_one(factors[0]):
                factors[0] = self._number(Fraction(c.numerator))
            else:
                factors.insert(0, self._number(Fraction(c.numerator)))
                ops = ["", " ", *ops[1:]]
        q = self._number(Fraction(c.denominator))
        plain = isinstance(below, t.Multiply) and is_plain_product(below)
        parts = below.children if plain else (below,)
        bottom = self._multiply([q, *parts], [""] + [" "] * len(parts), SCALAR)
        return self._multiply([*factors, bottom], [*ops, "/"], self.shapes[tree])

    @staticmethod
    def _splice(number: Tree) -> tuple[list[Tree], list[str]]:
        if isinstance(number, t.Multiply):
            return list(number.factors), list(number.ops)
        return [number], [""]

    def _absorb(self, tree: Tree) -> Tree | None:
        """-(a - b) c as (b - a) c where nobody typed a - b; None where there is no such factor."""
        match tree:
            case t.Add():
                return self._negated(tree) if self._may_turn(tree) else None
            case t.Transpose():
                inner = self._absorb(tree.arg)
                return None if inner is None else self._transposed(inner)
            case t.Call(function="diag" | "vec" | "tr", args=(arg,)):
                inner = self._absorb(arg)
                return inner and self._call(tree.function, [inner], self.shapes[tree])
            case t.Multiply():
                for i, factor in enumerate(tree.factors):
                    if tree.ops[i] not in ("/", "./"):
                        inner = self._absorb(factor)
                        if inner is not None:
                            factors = [*tree.factors[:i], inner, *tree.factors[i + 1 :]]
                            return self._multiply(factors, tree.ops, self.shapes[tree])
        return None

    def _may_turn(self, tree: t.Add) -> bool:
        return tree not in self.fixed and any(
            sign < 0 or isinstance(term, t.Negative)
            for sign, term in zip(tree.signs, tree.terms, strict=True)
        )

    def _factor_key(self, tree: Tree) -> tuple[int, tuple[int, ...], bool]:
        """Numbers, then names, then the rest by place: sigmoid(t) (1 - sigmoid(t))."""
        kind = 0 if isinstance(tree, t.Number) else 1 if isinstance(tree, t.Name) else 2
        return kind, self.positions[tree] or (10**7,), isinstance(tree, t.Add)

    def _quotient(self, c: Fraction, trees: list[Tree], below: list[Tree], shape: Shape) -> Tree:
        decimal = self.style.is_decimal(c)
        plain = shape.is_scalar and trees and not any(map(is_plain_product, trees))
        if (below or plain) and not decimal and c.denominator > 1:
            below = [self._number(Fraction(c.denominator)), *below]
            c = Fraction(c.numerator)
        if len(trees) == 1 and not below and c != 1:
            reciprocal = self._scaled_reciprocal(c, trees[0])
            if reciprocal is not None:
                return reciprocal
        factors: list[Tree] = []
        ops: list[str] = []
        if c != 1 or not trees:
            factors, ops = self._splice(self._number(c))
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
            ops_below = [" "] * len(below)
            if len(below) == 1 and is_plain_product(below[0]):
                bottom = below[0]
            else:
                bottom = self._multiply(below, ops_below, SCALAR)
            factors.append(bottom)
            ops.append("/")
        return self._multiply(factors, ops, shape)

    def _joins(self, trees: Sequence[Tree]) -> bool:
        """Does a 1 x 1 chain at the end need no parentheses, since only simple scalars precede?"""
        *before, last = trees
        simple = all(isinstance(part, t.Name | t.Number | t.Call) for part in before)
        scalars = all(self.shapes[part].is_scalar for part in trees)
        return simple and scalars and is_plain_product(last)

    def _scaled_reciprocal(self, c: Fraction, tree: Tree) -> Tree | None:
        """p/q (1 ./ v) as p ./ (q v)."""
        if isinstance(tree, t.Transpose):
            inner = self._scaled_reciprocal(c, tree.arg)
            return None if inner is None else self._transposed(inner)
        if not (isinstance(tree, t.Multiply) and is_one(tree.factors[0]) and tree.ops[1] == "./"):
            return None
        if self.style.is_decimal(c) or len(tree.factors) != 2:
            return None
        below = tree.factors[1]
        if c.denominator != 1:
            q = self._number(Fraction(c.denominator))
            below = self._multiply([q, below], ["", " "], self.shapes[below])
        above = self._number(Fraction(c.numerator))
        return self._multiply([above, below], ["", "./"], self.shapes[tree])

    def _raised(self, tree: Tree, k: Fraction, elementwise: bool = False) -> Tree:
        if k == 1:
            return tree
        shape = self.shapes[tree]
        if isinstance(tree, t.Transpose):  # (X^2)'
            return self._transposed(self._raised(tree.arg, k, elementwise))
        power = self._made(t.Power(tree, self._number(k), elementwise), shape, [tree])
        if not shape.is_scalar and not elementwise and k.denominator == 1:  # A X^2, X A X, X^2 A
            self.positions[power] = (self.positions[tree] * min(int(k), _PLACES))[:_PLACES]
        return power

    def _inverse(self, tree: Tree) -> Tree:
        key = (tree, -1)
        if key not in self.inverses:
            self.inverses[key] = self._call("inv", [tree], self.shapes[tree])
        return self.inverses[key]

    def _signed(self, written: Written) -> Tree:
        if written.sign > 0:
            return written.tree
        tree = written.tree
        if isinstance(tree, t.Add) and -1 in tree.signs:
            return self._negated(tree)
        turned = self._absorb(tree)
        if turned is not None:
            return turned
        return self._made(t.Negative(tree), self.shapes[tree], [tree])


def is_plain_product(tree: Tree) -> bool:
    return isinstance(tree, t.Multiply) and all(op in ("", " ", "*") for op in tree.ops)


def is_one(tree: Tree) -> bool:
    return isinstance(tree, t.Number) and tree.value == 1


def _turned(tree: t.Add) -> list[tuple[int, Tree]]:
    """The terms with the opposite signs."""
    return [
        (sign, term.arg) if isinstance(term, t.Negative) else (-sign, term)
        for sign, term in zip(tree.signs, tree.terms, strict=True)
    ]


def positive_first(pairs: Sequence[tuple[int, Tree]]) -> list[tuple[int, Tree]]:
    pairs = list(pairs)
    if pairs[0][0] < 0:
        for i, (sign, _) in enumerate(pairs):
            if sign > 0:
                pairs.insert(0, pairs.pop(i))
                break
    return pairs


def primes(tree: Tree) -> int:
    return sum(isinstance(node, t.Transpose) for node in t.postorder(tree))


def exponents(tree: Tree, shape: Shape) -> list[Fraction]:
    """The numbers that stand as exponents: t^3 before t^2 before t, but A X^2 before X A X."""
    found = [
        node.exponent.value
        for node in t.postorder(tree)
        if isinstance(node, t.Power) and isinstance(node.exponent, t.Number)
    ]
    return [-max(found, default=Fraction(1))] if shape.is_scalar else found


def decimal(value: Fraction) -> str:
    """The exact finite decimal."""
    if value.denominator == 1:
        return integer(value.numerator)
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    whole = (value * 10**places).numerator
    digits, short = str(whole).zfill(places + 1), _power(whole, -places)
    plain = f"{digits[:-places]}.{digits[-places:]}"
    return plain if places < 12 or len(plain) < len(short) else short


def integer(value: int) -> str:
    """An exact integer; one that ends in many zeros as 2.5e300."""
    return _power(value, 0) if value and value % 10**_ZEROS == 0 else str(value)


def _power(value: int, exponent: int) -> str:
    """value * 10^exponent, exactly."""
    digits = str(value)
    mantissa = f"{digits[0]}.{digits[1:]}".rstrip("0").rstrip(".")
    return f"{mantissa}e{exponent + len(digits) - 1}"
