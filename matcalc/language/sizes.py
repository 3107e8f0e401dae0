"""Sizes and shapes: the dimensions of scalars, vectors and matrices.

A :class:`Dim` is a polynomial in dimension names with integer coefficients (``n``, ``3``, ``2 n``,
``m n``, ``m + n``), interned, so that ``is`` and ``==`` agree.  Polynomials, because vec X has
m n rows and a stacked vector m + n.  A shape is a pair of them; a scalar is 1 x 1, a (column)
vector n x 1.
"""

from __future__ import annotations

from typing import NamedTuple

Monomial = tuple[str, ...]


class Dim:
    """One size: an interned polynomial in dimension names."""

    __slots__ = ("_hash", "_text", "terms")
    terms: tuple[tuple[Monomial, int], ...]
    _hash: int
    _text: str
    _table: dict[tuple[tuple[Monomial, int], ...], Dim] = {}

    def __new__(cls, terms: tuple[tuple[Monomial, int], ...]) -> Dim:
        found = cls._table.get(terms)
        if found is None:
            found = object.__new__(cls)
            found.terms = terms
            found._hash = hash(terms)
            found._text = " + ".join(_written(*term) for term in terms) or "0"
            cls._table[terms] = found
        return found

    @staticmethod
    def of(value: int) -> Dim:
        """The size that is a number."""
        return Dim((((), value),) if value else ())

    @staticmethod
    def named(name: str) -> Dim:
        """The size that is a name."""
        return Dim((((name,), 1),))

    def __hash__(self) -> int:
        return self._hash

    def __add__(self, other: Dim) -> Dim:
        total = dict(self.terms)
        for monomial, k in other.terms:
            total[monomial] = total.get(monomial, 0) + k
        return _dim(total)

    def __mul__(self, other: Dim) -> Dim:
        total: dict[Monomial, int] = {}
        for a, j in self.terms:
            for b, k in other.terms:
                monomial = tuple(sorted(a + b))
                total[monomial] = total.get(monomial, 0) + j * k
        return _dim(total)

    def __sub__(self, other: Dim) -> Dim:
        return self + Dim(tuple((monomial, -k) for monomial, k in other.terms))

    @property
    def names(self) -> frozenset[str]:
        """The dimension names that occur."""
        return frozenset(name for monomial, _ in self.terms for name in monomial)

    @property
    def number(self) -> int | None:
        """The value of a size without names, else None."""
        if not self.terms:
            return 0
        (monomial, k), *rest = self.terms
        return k if not rest and not monomial else None

    def value(self, sizes: dict[str, int]) -> int:
        """The number this size is when its names are ``sizes``."""
        total = 0
        for monomial, k in self.terms:
            for name in monomial:
                k *= sizes[name]
            total += k
        return total

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Dim({self})"


def _written(names: Monomial, k: int) -> str:
    return " ".join(([str(k)] if k != 1 or not names else []) + list(names))


def _dim(total: dict[Monomial, int]) -> Dim:
    # n before 1, longer monomials first: "m n + n + 1"
    kept = sorted((t for t in total.items() if t[1]), key=lambda t: (-len(t[0]), t[0]))
    return Dim(tuple(kept))


ONE = Dim.of(1)


class Shape(NamedTuple):
    """Rows and columns."""

    rows: Dim
    cols: Dim

    @property
    def is_scalar(self) -> bool:
        return self.rows is ONE and self.cols is ONE

    @property
    def is_column(self) -> bool:
        """A column vector (a scalar is one, too)."""
        return self.cols is ONE

    @property
    def is_row(self) -> bool:
        return self.rows is ONE

    @property
    def is_vector(self) -> bool:
        """A row or a column that is not a scalar."""
        return (self.rows is ONE) != (self.cols is ONE)

    @property
    def single(self) -> tuple[bool, bool]:
        """Is there one row, is there one column?"""
        return self.rows is ONE, self.cols is ONE

    @property
    def rank(self) -> int:
        """0 for a scalar, 1 for a vector, 2 for a matrix."""
        return 2 - self.count(ONE)

    @property
    def is_square(self) -> bool:
        return self.rows is self.cols

    @property
    def T(self) -> Shape:
        return Shape(self.cols, self.rows)

    def __str__(self) -> str:
        return f"{_factor(self.rows)} x {_factor(self.cols)}"


def _factor(dim: Dim) -> str:
    return f"({dim})" if len(dim.terms) > 1 else str(dim)


SCALAR = Shape(ONE, ONE)
