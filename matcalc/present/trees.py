"""The trees that a presentation is put together from.

``Trees`` makes every tree, and keeps for each its shape, its measure and its place: the positions
in the input of the names in it, by which sums and products are sorted.  It knows nothing of what
nodes mean; that is ``present.presenter``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from matcalc.algebra.ir import Symbol
from matcalc.errors import MatcalcError
from matcalc.language import tree as t
from matcalc.language.measure import weight
from matcalc.language.sizes import SCALAR, Dim, Shape
from matcalc.language.tree import Tree
from matcalc.present.style import Style
from matcalc.tables.functions import NOTATIONS, POWERS

_PLACES = 12  # positions by which a tree is sorted
_ZEROS = 16  # at the end of an integer that are too many to write out
_LARGEST = 13288  # bits of a number of 4,000 digits

Places = tuple[int, ...]


class Written(NamedTuple):
    """A node as sign * tree."""

    sign: int
    tree: Tree


class _Made:
    """What is known of a tree: measure, places, transposes in it, and is a function in it?"""

    __slots__ = ("calls", "places", "primes", "size")

    def __init__(self, tree: Tree, parts: Sequence[_Made], places: Places) -> None:
        self.places = places
        self.size: int = weight(tree, [part.size for part in parts])
        self.primes: int = isinstance(tree, t.Transpose)
        self.calls: bool = isinstance(tree, t.Call)
        for part in parts:
            self.primes += part.primes
            self.calls = self.calls or part.calls


class Trees:
    """Makes trees; ``shapes`` has the shape of each."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.shapes: dict[Tree, Shape] = {}
        self._made: dict[Tree, _Made] = {}
        self._transposes: dict[Tree, Tree] = {}
        self._inverses: dict[Tree, Tree] = {}
        self._widths: dict[Fraction, int] = {}

    def make(self, tree: Tree, shape: Shape, placed: Sequence[Tree] | None = None) -> Tree:
        """A new tree, which sorts by the names in ``placed`` (if not given, by all in it)."""
        made = self._made
        parts = [made[child] for child in tree.children]
        places: Places = ()
        for part in parts if placed is None else [made[child] for child in placed]:
            places += part.places
            if len(places) > _PLACES:
                break
        self.shapes[tree] = shape
        made[tree] = _Made(tree, parts, places[:_PLACES])
        return tree

    def size(self, tree: Tree) -> int:
        """The measure of a tree."""
        return self._made[tree].size

    def places(self, tree: Tree) -> Places:
        """Where the names in a tree stand in the input."""
        return self._made[tree].places

    def primes(self, tree: Tree) -> int:
        return self._made[tree].primes

    def has_call(self, tree: Tree) -> bool:
        return self._made[tree].calls

    def put(self, tree: Tree, places: Iterable[int]) -> None:
        """Let a tree sort by other places."""
        self._made[tree].places = tuple(places)[:_PLACES]

    # --- leaves -----------------------------------------------------------------------------------

    def number(self, value: Fraction) -> Tree:
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > _LARGEST:
            raise MatcalcError("limit", "a number of the result has more than 4,000 digits")
        if self.style.is_decimal(value):
            return self.make(t.Number(decimal(value)), SCALAR)
        numerator = self.make(t.Number(integer(value.numerator)), SCALAR)
        if value.denominator == 1:
            return numerator
        below = self.make(t.Number(integer(value.denominator)), SCALAR)
        return self.multiply([numerator, below], ["", "/"], SCALAR)

    def width(self, c: Fraction) -> int:
        """The measure of c as a factor in front."""
        c = abs(c)
        if c not in self._widths:
            self._widths[c] = 0 if c == 1 else self.size(self.number(c))
        return self._widths[c]

    def name(self, node: Symbol) -> Tree:
        tree = self.make(t.Name(node.name), node.shape)
        late = 10**6 + ord(node.name[0])  # sizes, which are never typed as names
        self.put(tree, [self.style.order.get(node.name, late)])
        return tree

    def dim(self, dim: Dim) -> Tree:
        """A size as a tree."""
        terms: list[tuple[int, Tree]] = []
        for names, k in dim.terms:
            factors: list[Tree] = []
            if k != 1 or not names:
                factors.append(self.number(Fraction(abs(k))))
            factors += [self.make(t.Name(name), SCALAR) for name in names]
            ops = ["*"] * len(factors)
            terms.append((1 if k > 0 else -1, self.multiply(factors, ops, SCALAR)))
        return terms[0][1] if len(terms) == 1 else self.add(terms, SCALAR)

    def constant(self, name: str, shape: Shape) -> Tree:
        """ones(n), ones(m, n), zeros(n), zeros(m, n)."""
        dims = [shape.rows] if shape.is_column else [shape.rows, shape.cols]
        return self.call(name, [self.dim(d) for d in dims], shape)

    def identity(self, dim: Dim, bare: bool) -> Tree:
        """eye(n), or I where the size is clear."""
        shape = Shape(dim, dim)
        return self.make(t.Name("I"), shape) if bare else self.call("eye", [self.dim(dim)], shape)

    # --- what is made of others -------------------------------------------------------------------

    def call(self, name: str, args: Sequence[Tree], shape: Shape) -> Tree:
        return self.make(t.Call(name, tuple(args)), shape)

    def multiply(self, factors: Sequence[Tree], ops: Sequence[str], shape: Shape) -> Tree:
        if len(factors) == 1:
            return factors[0]
        return self.make(t.Multiply(tuple(factors), ("", *ops[1:])), shape)

    def add(self, pairs: Sequence[tuple[int, Tree]], shape: Shape) -> Tree:
        signs, terms = [s for s, _ in pairs], [term for _, term in pairs]
        if signs[0] < 0:
            terms[0] = self.negative(terms[0])
            signs[0] = 1
        return self.make(t.Add(tuple(terms), tuple(signs)), shape)

    def negative(self, tree: Tree) -> Tree:
        return self.make(t.Negative(tree), self.shapes[tree])

    def power(
        self, base: Tree, exponent: Tree, elementwise: bool = False, placed: bool = True
    ) -> Tree:
        """A power, which sorts by the names in its exponent as well if ``placed``."""
        made = t.Power(base, exponent, elementwise)
        return self.make(made, self.shapes[base], None if placed else [base])

    def raised(self, tree: Tree, k: Fraction, elementwise: bool = False) -> Tree:
        if k == 1:
            return tree
        if k in POWERS:
            return self.call(POWERS[k], [tree], self.shapes[tree])
        if isinstance(tree, t.Transpose):  # (X^2)'
            return self.transposed(self.raised(tree.arg, k, elementwise))
        made = self.power(tree, self.number(k), elementwise, placed=False)
        if not self.shapes[tree].is_scalar and not elementwise and k.denominator == 1:
            # A X^2, X A X, X^2 A
            self.put(made, self.places(tree) * min(int(k), _PLACES))
        return made

    def transposed(self, tree: Tree) -> Tree:
        if isinstance(tree, t.Transpose):
            return tree.arg
        if self.shapes[tree].is_scalar:
            return tree
        if tree not in self._transposes:
            self._transposes[tree] = self.make(t.Transpose(tree), self.shapes[tree].T)
        return self._transposes[tree]

    def inverse(self, tree: Tree) -> Tree:
        if tree not in self._inverses:
            self._inverses[tree] = self.call(NOTATIONS["#1⁻¹"], [tree], self.shapes[tree])
        return self._inverses[tree]


def is_plain_product(tree: Tree) -> bool:
    return isinstance(tree, t.Multiply) and all(op in ("", " ", "*") for op in tree.ops)


def is_one(tree: Tree) -> bool:
    return isinstance(tree, t.Number) and tree.text == "1"


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
