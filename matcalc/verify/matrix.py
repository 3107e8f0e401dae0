"""Matrices of anything: the values of the independent evaluation.

A :class:`Matrix` is a shape and a flat tuple of entries, row by row.  The entries are mpmath
numbers in a check and SymPy expressions in a proof, so nothing here asks for more than ``+ - *``.
Neither mpmath's nor SymPy's own matrix serves both, and each is slower than it need be at the sizes
of a check (3 x 4); NumPy's is an extra that the command line does without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SINGULAR = 1e-10  # a pivot this much smaller than the largest entry is rounding

Entry = Any  # mpf, a SymPy expression, float, Fraction: they share no type


class NotConforming(ValueError):
    """Two values meet whose dimensions do not fit: a defect of whoever built the expression."""


@dataclass(frozen=True)
class Matrix:
    """``rows`` x ``cols`` entries, row by row; a scalar is 1 x 1, a vector n x 1."""

    rows: int
    cols: int
    entries: tuple[Entry, ...]

    @staticmethod
    def of(value: Any) -> Matrix:
        """A matrix from a matrix, a number, a list (a column) or a list of rows."""
        if isinstance(value, Matrix):
            return value
        if not isinstance(value, (list, tuple)):
            return Matrix(1, 1, (value,))
        rows = [list(row) if isinstance(row, (list, tuple)) else [row] for row in value]
        return Matrix(len(rows), len(rows[0]), tuple(entry for row in rows for entry in row))

    @staticmethod
    def build(rows: int, cols: int, entry: Callable[[int, int], Entry]) -> Matrix:
        """The matrix whose entries are ``entry(i, j)``."""
        return Matrix(rows, cols, tuple(entry(i, j) for i in range(rows) for j in range(cols)))

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __getitem__(self, place: tuple[int, int]) -> Entry:
        i, j = place
        return self.entries[i * self.cols + j]

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.cols

    @property
    def is_scalar(self) -> bool:
        return self.rows == self.cols == 1

    @property
    def rank(self) -> int:
        """0 for a scalar, 1 for a row or a column, 2 for a matrix."""
        return 2 - self.shape.count(1)

    @property
    def is_vector(self) -> bool:
        """A row, a column or a scalar."""
        return self.rows == 1 or self.cols == 1

    @property
    def T(self) -> Matrix:
        return Matrix(self.cols, self.rows, self.vec)

    @property
    def vec(self) -> tuple[Entry, ...]:
        """The entries column by column."""
        return tuple(entry for j in range(self.cols) for entry in self.entries[j :: self.cols])

    def row(self, i: int) -> tuple[Entry, ...]:
        return self.entries[i * self.cols : (i + 1) * self.cols]

    def map(self, f: Callable[[Entry], Entry]) -> Matrix:
        """f of every entry."""
        return Matrix(self.rows, self.cols, tuple(map(f, self.entries)))

    def with_entry(self, i: int, j: int, value: Entry) -> Matrix:
        """The same matrix but for one entry."""
        k = i * self.cols + j
        return Matrix(self.rows, self.cols, (*self.entries[:k], value, *self.entries[k + 1 :]))

    def zip(self, other: Matrix, f: Callable[[Entry, Entry], Entry]) -> Matrix:
        """f of the pairs of entries, a scalar being repeated as needed."""
        if self.shape == other.shape:
            return Matrix(self.rows, self.cols, tuple(map(f, self.entries, other.entries)))
        if other.is_scalar:
            right = other.entries[0]
            return self.map(lambda left: f(left, right))
        if self.is_scalar:
            left = self.entries[0]
            return other.map(lambda right: f(left, right))
        raise NotConforming(f"{_size(self)} against {_size(other)}")

    def __add__(self, other: Matrix) -> Matrix:
        return self._added(other, 1)

    def __sub__(self, other: Matrix) -> Matrix:
        return self._added(other, -1)

    def _added(self, other: Matrix, sign: int) -> Matrix:
        # a scalar is broadcast into a vector, never into a matrix: A + t could mean A + t I
        if self.shape != other.shape:
            scalar, full = (self, other) if self.is_scalar else (other, self)
            if not (scalar.is_scalar and full.is_vector):
                raise NotConforming(f"{_size(self)} plus {_size(other)}")
        return self.zip(other, (lambda a, b: a + b) if sign > 0 else (lambda a, b: a - b))

    def __neg__(self) -> Matrix:
        return self.map(lambda entry: -entry)

    def __rmul__(self, scalar: Entry) -> Matrix:
        return self.map(lambda entry: scalar * entry)

    def times(
        self, other: Matrix, dot: Callable[[Sequence[Entry], Sequence[Entry]], Entry]
    ) -> Matrix:
        """The product, by ``dot`` of rows and columns; a 1 x 1 factor is a scalar factor."""
        if self.is_scalar or other.is_scalar:
            return self.zip(other, lambda a, b: a * b)
        if self.cols != other.rows:
            raise NotConforming(f"{_size(self)} times {_size(other)}")
        columns = [other.entries[j :: other.cols] for j in range(other.cols)]
        entries: list[Entry] = []
        for row in map(self.row, range(self.rows)):
            places = [k for k, entry in enumerate(row) if entry]  # few in a Kronecker product
            some = [row[k] for k in places]
            entries += [dot(some, [column[k] for k in places]) for column in columns]
        return Matrix(self.rows, other.cols, tuple(entries))


def identity(n: int, one: Entry = 1, zero: Entry = 0) -> Matrix:
    """The n x n identity."""
    return Matrix.build(n, n, lambda i, j: one if i == j else zero)


def unvec(x: Matrix, m: int, n: int) -> Matrix:
    """The m x n matrix whose columns, stacked, are x."""
    return Matrix.build(m, n, lambda i, j: x.entries[i + j * m])


def eliminate(X: Matrix, one: Entry = 1, zero: Entry = 0) -> tuple[Entry, Matrix | None]:
    """det X and inv X (None if singular) of numbers, by Gauss and Jordan with partial pivoting."""
    n = X.rows
    if n != X.cols:
        raise NotConforming(f"{_size(X)} is not square")
    unit = identity(n, one, zero)
    lines = [[*X.row(i), *unit.row(i)] for i in range(n)]
    smallest = SINGULAR * max(map(abs, X.entries))
    det, regular = one, True
    for k in range(n):
        p = max(range(k, n), key=lambda i: abs(lines[i][k]))
        pivot = lines[p][k]
        regular = regular and abs(pivot) > smallest
        if not pivot:
            return zero, None
        if p != k:
            lines[p], lines[k], det = lines[k], lines[p], -det
        det *= pivot
        lines[k] = [entry / pivot for entry in lines[k]]
        for i in range(n):
            factor = lines[i][k]
            if i != k and factor:
                lines[i] = [a - factor * b for a, b in zip(lines[i], lines[k])]
    inverse = Matrix(n, n, tuple(entry for line in lines for entry in line[n:]))
    return det, inverse if regular else None


def stack(rows: Iterable[Sequence[Matrix]]) -> Matrix:
    """The block matrix with these rows of blocks."""
    lines: list[tuple[Entry, ...]] = []
    for blocks in rows:
        height = blocks[0].rows
        if any(block.rows != height for block in blocks):
            raise NotConforming("blocks of different heights side by side")
        lines += [tuple(e for block in blocks for e in block.row(i)) for i in range(height)]
    if any(len(line) != len(lines[0]) for line in lines):
        raise NotConforming("rows of blocks of different widths")
    return Matrix(len(lines), len(lines[0]), tuple(entry for line in lines for entry in line))


def _size(matrix: Matrix) -> str:
    return f"{matrix.rows} x {matrix.cols}"
