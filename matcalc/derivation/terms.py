"""Products as they are multiplied out by hand: factors side by side, nothing collected.

The normal form merges x' Q dx with dx' Q x, turns scalars and rotates traces; a derivation wants to
show just that.  A :class:`Term` is one product before any of it: scalars, a chain of factors,
whether it is under a trace, and its order in dX.  The invariant is that ``node()`` is what the
calculus computes with, so that a sum of terms can be compared with the differential.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import groupby, pairwise
from operator import and_

from matcalc.algebra import normal
from matcalc.algebra.ir import Node, Symbol
from matcalc.calculus.windows import Window, arrangements, turned
from matcalc.derivation.steps import negated, summed, times, traced
from matcalc.language.sizes import Shape
from matcalc.language.tree import Call, Multiply, Negative, Number, Power, Tree
from matcalc.present.presenter import Presenter
from matcalc.tables.laws import LAWS


@dataclass(frozen=True)
class Term:
    """coefficient * scalars * chain, or coefficient * scalars * tr(chain).

    ``scalars``  numbers that are no rationals, and products that are scalars and contain dX
    ``degree``   how often dX is a factor
    """

    coefficient: Fraction = Fraction(1)
    scalars: tuple[Node | Term, ...] = ()
    chain: Window = ()
    traced: bool = False
    degree: int = 0

    @property
    def is_scalar(self) -> bool:
        if self.traced or not self.chain:
            return True
        return Shape(self.chain[0].shape.rows, self.chain[-1].shape.cols).is_scalar

    def node(self) -> Node:
        """The product in normal form."""
        inside = normal.mul(*self.chain) if self.chain else normal.ONE
        core = normal.trace(inside) if self.traced else inside
        scalars = (s.node() if isinstance(s, Term) else s for s in self.scalars)
        return normal.mul(normal.number(self.coefficient), *scalars, core)

    def scaled(self, c: Fraction) -> Term:
        return replace(self, coefficient=c * self.coefficient)

    def _as_scalars(self) -> tuple[Node | Term, ...]:
        """The factors, coefficient aside, of a scalar."""
        if not self.chain:
            return self.scalars
        bare = replace(self, coefficient=Fraction(1), scalars=())
        return (*self.scalars, bare if bare.degree else bare.node())

    def __mul__(self, other: Term) -> Term:
        c, degree = self.coefficient * other.coefficient, self.degree + other.degree
        if self.is_scalar and other.is_scalar:
            return Term(c, self._as_scalars() + other._as_scalars(), (), False, degree)
        if self.is_scalar:
            return Term(c, self._as_scalars() + other.scalars, other.chain, False, degree)
        if other.is_scalar:
            return Term(c, other._as_scalars() + self.scalars, self.chain, False, degree)
        both = (*self.chain, *other.chain)
        chain = tuple(node for node in both if not normal.is_identity(node)) or both[:1]
        return Term(c, self.scalars + other.scalars, chain, False, degree)

    def lifted(self) -> Term:
        """A product of scalars, one of which contains dX, written around that one."""
        inside = [s for s in self.scalars if isinstance(s, Term)]
        if self.chain or len(inside) != 1:
            return self
        rest = tuple(s for s in self.scalars if s is not inside[0])
        return replace(
            inside[0],
            coefficient=self.coefficient * inside[0].coefficient,
            scalars=rest + inside[0].scalars,
            degree=self.degree,
        )

    # --- the laws ---------------------------------------------------------------------------------

    def place(self, dX: Symbol) -> int | None:
        """Where dX (or its transpose) is in the chain, if it is a factor just once."""
        places = [i for i, b in enumerate(self.chain) if b is dX or normal.transpose(b) is dX]
        return places[0] if len(places) == 1 and self.degree == 1 else None

    def transposed(self) -> Term:
        """The transpose of the chain."""
        return replace(self, chain=turned(self.chain))

    def by(self, name: str, *windows: Window, backwards: bool = False) -> Term:
        """What a law makes of the chain, whose windows are the factors of its left side.

        The term itself where the row does not say another way to write the same product.
        """
        sides = (arrangements(side) for side in (LAWS[name].left, LAWS[name].right))
        (left,), (right,) = reversed(tuple(sides)) if backwards else sides
        chain = right.of(left.named(*windows))
        made = replace(self, chain=chain, traced=right.traced)
        fits = all(a.shape.cols is b.shape.rows for a, b in pairwise(chain))
        return made if fits and made.node() is self.node() else self

    def under_trace(self, dX: Symbol) -> Term:
        """A form x' A y with dX as a trace."""
        if self.traced or self.place(dX) is None:
            return self
        return self.by("trace", *_form(self.chain))

    def turned(self, dX: Symbol) -> Term:
        """A scalar or trace with dX, not its transpose; of a column, the scalar at its end."""
        at = self.place(dX)
        if at is None:
            return self._joined(dX)
        if self.chain[at] is dX:
            return self
        if self.traced:
            return self.by("transpose", self.chain[:at], self.chain[at:])
        if self.is_scalar:
            return self.by("scalar-transpose", *_form(self.chain))
        head, tail = self.chain[:at], self.chain[at:]
        if not (dX.shape.is_column and tail[-1].shape.is_column):
            return self
        window = Term(chain=tail).by("scalar-transpose", *_form(tail))
        return replace(self, chain=head + window.chain)

    def _joined(self, dX: Symbol) -> Term:
        """(dx' b) v as v b' dx: the scalar stands behind the column."""
        inside = [s for s in self.scalars if isinstance(s, Term)]
        if len(inside) != 1 or not self.chain or not self.chain[-1].shape.is_column:
            return self
        scalar = inside[0].turned(dX).rotated(dX)
        if scalar is inside[0] or scalar.traced or not scalar.chain or scalar.chain[-1] is not dX:
            return self
        rest = tuple(s for s in self.scalars if s is not inside[0])
        chain = (*self.chain, *scalar.chain)
        return replace(self, scalars=rest + scalar.scalars, chain=chain)

    def rotated(self, dX: Symbol) -> Term:
        """A trace rotated until dX stands last; a scalar right of dx moved to the front."""
        at = self.place(dX)
        if at is None:
            return self
        left, right = self.chain[: at + 1], self.chain[at + 1 :]
        if self.traced:
            made = self.by("cyclic", left[:-1], left[-1:], right)
            if not dX.shape.is_column:
                return made
            return made.by("trace", *_form(made.chain), backwards=True)
        if right and left[-1] is dX and dX.shape.is_column and right[-1].shape.is_column:
            return replace(self, scalars=(*self.scalars, normal.mul(*right)), chain=left)
        return self

    # --- as a tree --------------------------------------------------------------------------------

    def tree(self, presenter: Presenter) -> Tree:
        nodes = [s for s in self.scalars if isinstance(s, Node)]
        scalar = normal.mul(normal.number(abs(self.coefficient)), *nodes)
        factors = []
        for inner, group in groupby(s for s in self.scalars if isinstance(s, Term)):
            k, tree = len(list(group)), inner.tree(presenter)
            if k % 2 == 0 and isinstance(tree, Negative):  # (-s)^2 = s^2
                tree = negated(tree)
            factors.append(tree if k == 1 else Power(tree, Number(str(k))))
        chain = self._factors(presenter)
        minus = sum(isinstance(factor, Negative) for factor in (*factors, *chain))
        factors, chain = (
            [negated(f) if isinstance(f, Negative) else f for f in found]
            for found in (factors, chain)
        )
        tree = _product(presenter.present(scalar), factors + self._core(chain))
        return negated(tree) if (self.coefficient < 0) != bool(minus % 2) else tree

    def _factors(self, presenter: Presenter) -> list[Tree]:
        """The factors of the chain, equal neighbours as a power."""
        found: list[Tree] = []
        for node, group in groupby(self.chain):
            k = len(list(group))
            if node.shape.is_square:
                found.append(presenter.present(normal.power(node, normal.number(k))))
            else:
                found += [presenter.present(node)] * k
        return found

    def _core(self, chain: list[Tree]) -> list[Tree]:
        """tr(...), or sum(...) for ones' ..., or the factors."""
        if self.traced:
            return [traced(_product(Number("1"), chain))]
        if len(chain) > 1 and self.is_scalar and normal.is_ones(normal.transpose(self.chain[0])):
            last = len(chain) - 1 if normal.is_ones(self.chain[-1]) else len(chain)
            if last > 1:
                return [Call("sum", (_product(Number("1"), chain[1:last]),))]
        return chain


def _form(chain: Window) -> tuple[Window, Window, Window]:
    """x', A and y of a form x' A y."""
    return chain[:1], chain[1:-1], chain[-1:]


def _product(scalar: Tree, factors: Sequence[Tree]) -> Tree:
    """A scalar times factors, each of which is parenthesised where it is a product."""
    if len(factors) < 2:
        return times(scalar, factors[0]) if factors else scalar
    ops = ("",) + (" ",) * (len(factors) - 1)
    return times(scalar, Multiply(tuple(factors), ops), flat=True)


def sum_tree(terms: Sequence[Term], presenter: Presenter) -> Tree:
    """The sum of terms, scalars that all of them share (as often as all do) in front."""
    counts = [Counter(term.scalars) for term in terms]
    shared = list(reduce(and_, counts).elements())
    sizes = {abs(term.coefficient) for term in terms}
    if len(terms) == 1 or not shared:
        return summed([term.tree(presenter) for term in terms])
    size = sizes.pop() if len(sizes) == 1 else Fraction(1)
    negative = all(term.coefficient < 0 for term in terms)
    outside = Term(-size if negative else size, tuple(shared))
    rest = [_without(term, shared, outside.coefficient) for term in terms]
    if len(set(rest)) == 1:
        return _inside(outside.scaled(Fraction(len(rest))), rest[0]).tree(presenter)
    inside = [term.tree(presenter) for term in rest]
    scalar = replace(outside, coefficient=abs(outside.coefficient)).tree(presenter)
    if isinstance(scalar, Negative):
        scalar, negative = negated(scalar), not negative
    tree = _product(scalar, [summed(inside)])
    return negated(tree) if negative else tree


def _without(term: Term, shared: Sequence[Node | Term], c: Fraction) -> Term:
    left = list(term.scalars)
    for s in shared:
        left.remove(s)
    return replace(term, coefficient=term.coefficient / c, scalars=tuple(left))


def _inside(outside: Term, term: Term) -> Term:
    """A term with the coefficient and the scalars of another in front."""
    return replace(
        term,
        coefficient=outside.coefficient * term.coefficient,
        scalars=outside.scalars + term.scalars,
    )


def collected(terms: Iterable[Term]) -> list[Term]:
    """Equal products counted together."""
    total: dict[Term, Fraction] = {}
    for term in terms:
        unit = replace(term, coefficient=Fraction(1))
        total[unit] = total.get(unit, Fraction(0)) + term.coefficient
    return [unit.scaled(c) for unit, c in total.items() if c]


def total(terms: Iterable[Term], F: Node) -> Node:
    """The sum of terms in normal form, of the shape of F."""
    return normal.linear(((term.node(), Fraction(1)) for term in terms), F.shape)
