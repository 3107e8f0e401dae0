"""Matrices of high-precision numbers, and what can be done with them.

A :class:`Matrix` is a flat list, row by row.  A bare ``I`` is a :class:`Lazy` matrix: a function of
a size, which whatever stands beside it decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from mpmath import mp

TINY = mp.mpf(10) ** -25  # nothing but rounding is so small, and not zero


class Outside(Exception):
    """There is no value here, or the function has an edge."""


class Mismatch(Exception):
    """Shapes that do not conform, or a name that nothing is known of."""


@dataclass(frozen=True, eq=False)
class Matrix:
    rows: int
    cols: int
    entries: list[Any]

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.cols

    @property
    def is_scalar(self) -> bool:
        return self.rows == self.cols == 1

    @property
    def is_vector(self) -> bool:
        return self.rows == 1 or self.cols == 1

    def __getitem__(self, place: tuple[int, int]) -> Any:
        return self.entries[place[0] * self.cols + place[1]]

    def row(self, i: int) -> list[Any]:
        return self.entries[i * self.cols : (i + 1) * self.cols]

    def map(self, f: Callable[[Any], Any]) -> Matrix:
        return Matrix(self.rows, self.cols, [f(entry) for entry in self.entries])

    def scaled(self, c: Any) -> Matrix:
        return Matrix(self.rows, self.cols, [c * entry for entry in self.entries])

    @property
    def T(self) -> Matrix:
        cols = self.cols
        return Matrix(cols, self.rows, [e for j in range(cols) for e in self.entries[j::cols]])

    @property
    def vec(self) -> Matrix:
        return Matrix(self.rows * self.cols, 1, self.T.entries)

    @property
    def largest(self) -> Any:
        return max(map(abs, self.entries))


@dataclass(frozen=True, eq=False)
class Lazy:
    """A square matrix of any size."""

    make: Callable[[int], Matrix]


Value = Matrix | Lazy


def scalar(x: Any) -> Matrix:
    return Matrix(1, 1, [mp.mpf(x)])


def build(rows: int, cols: int, entry: Callable[[int, int], Any]) -> Matrix:
    return Matrix(rows, cols, [entry(i, j) for i in range(rows) for j in range(cols)])


def constant(rows: int, cols: int, x: Any) -> Matrix:
    return Matrix(rows, cols, [mp.mpf(x)] * (rows * cols))


def identity(n: int) -> Matrix:
    return build(n, n, lambda i, j: mp.mpf(i == j))


def unvec(column: Matrix, rows: int, cols: int) -> Matrix:
    if column.shape != (rows * cols, 1):
        raise Mismatch(f"unvec of {column.shape} as {rows} x {cols}")
    return Matrix(cols, rows, column.entries).T


def lift(f: Callable[..., Matrix], *values: Value, size: int = 0) -> Value:
    """f of values, lazy if all the matrices among them are; ``size`` is what a lazy one takes."""
    if not any(isinstance(value, Lazy) for value in values):
        return f(*values)
    if size:
        return f(*(v.make(size) if isinstance(v, Lazy) else v for v in values))
    return Lazy(lambda n: f(*(v.make(n) if isinstance(v, Lazy) else v for v in values)))


def _square(value: Value, rows: bool = True) -> int:
    """The size that a lazy neighbour takes; 0 if it stays lazy."""
    if isinstance(value, Lazy) or value.is_scalar:
        return 0
    return value.rows if rows else value.cols


def add(left: Value, right: Value, sign: int = 1) -> Value:
    return lift(lambda a, b: _sum(a, b, sign), left, right, size=_square(left) or _square(right))


def _sum(a: Matrix, b: Matrix, sign: int) -> Matrix:
    if a.shape != b.shape and not ((a.is_scalar or b.is_scalar) and a.is_vector and b.is_vector):
        raise Mismatch(f"{a.shape} + {b.shape}")
    return entrywise(lambda x, y: x + y if sign > 0 else x - y, a, b)


def entrywise(f: Callable[[Any, Any], Any], a: Matrix, b: Matrix) -> Matrix:
    """f entry by entry; a scalar goes with every entry."""
    if a.shape == b.shape:
        return Matrix(a.rows, a.cols, [f(x, y) for x, y in zip(a.entries, b.entries, strict=True)])
    if b.is_scalar:
        (y,) = b.entries
        return a.map(lambda x: f(x, y))
    if a.is_scalar:
        (x,) = a.entries
        return b.map(lambda y: f(x, y))
    raise Mismatch(f"{a.shape} with {b.shape}, entry by entry")


def multiply(left: Value, right: Value) -> Value:
    return lift(times, left, right, size=_square(left, rows=False) or _square(right))


def times(a: Matrix, b: Matrix) -> Matrix:
    if a.is_scalar:
        return b.scaled(a.entries[0])
    if b.is_scalar:
        return a.scaled(b.entries[0])
    if a.cols != b.rows:
        raise Mismatch(f"{a.shape} times {b.shape}")
    columns = [b.entries[j :: b.cols] for j in range(b.cols)]
    return Matrix(
        a.rows,
        b.cols,
        [
            sum((x * y for x, y in zip(a.row(i), column)), mp.zero)
            for i in range(a.rows)
            for column in columns
        ],
    )


def total(entries: Iterable[Any]) -> Any:
    return sum(entries, mp.zero)


def eliminate(A: Matrix) -> tuple[Any, Matrix | None]:
    """The determinant and the inverse (None where there is none) of a square matrix."""
    if A.rows != A.cols:
        raise Mismatch(f"a determinant of {A.shape}")
    n, det = A.rows, mp.one
    work = [A.row(i) + identity(n).row(i) for i in range(n)]
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(work[i][k]))
        if abs(work[pivot][k]) < TINY:
            return mp.zero, None
        if pivot != k:
            work[k], work[pivot], det = work[pivot], work[k], -det
        det *= work[k][k]
        lead = [entry / work[k][k] for entry in work[k]]
        work[k] = lead
        for i in range(n):
            if i != k and work[i][k]:
                c = work[i][k]
                work[i] = [x - c * y for x, y in zip(work[i], lead)]
    return det, Matrix(n, n, [entry for row in work for entry in row[n:]])


def inverse(A: Matrix) -> Matrix:
    found = eliminate(A)[1]
    if found is None:
        raise Outside("a singular matrix")
    return found


def raised(A: Matrix, exponent: Any) -> Matrix:
    """A matrix to a whole power."""
    k = int(mp.nint(exponent))
    if k != exponent:
        raise Outside("a matrix to a power that is not whole")
    base, result = (inverse(A) if k < 0 else A), identity(A.rows)
    if A.rows != A.cols:
        raise Mismatch(f"a power of {A.shape}")
    for _ in range(abs(k)):
        result = times(result, base)
    return result


def commutation(m: int, n: int) -> Matrix:
    """K with K vec(X) = vec(X') for X m x n."""
    return build(m * n, m * n, lambda i, j: mp.mpf(j == (i % n) * m + i // n))


def kron(A: Matrix, B: Matrix) -> Matrix:
    return build(
        A.rows * B.rows,
        A.cols * B.cols,
        lambda i, j: A[i // B.rows, j // B.cols] * B[i % B.rows, j % B.cols],
    )
