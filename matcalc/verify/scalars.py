"""The arithmetic of the entries: real numbers of mpmath, at the precision of the caller.

:class:`Numbers` knows numbers, powers, the functions of the table by their ``mpmath`` column, and
determinants; ``prove`` has the same interface over SymPy expressions.  Whatever is not a real
number of moderate size (a complex logarithm, a pole, a tower of exponentials) is
:class:`OutsideDomain`, which tells the sampler to draw again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from operator import mul
from types import SimpleNamespace
from typing import Any

from matcalc.tables.functions import Function
from matcalc.verify.matrix import SINGULAR, Entry, Matrix, eliminate, stack

# |x| <= 2^LARGE for results and 2^WIDE for arguments: exp(2^17) has an exponent of 19 bits
LARGE = 1 << 19
WIDE = 17

Eigenpair = tuple[Entry, Matrix]


class OutsideDomain(ValueError):
    """The expression has no real value (or none that can be computed) at this point."""


class Formulas(dict[tuple[str, tuple[str, ...]], Callable[..., Any]]):
    """The ``mpmath`` column as Python functions: (text, parameters) -> function, made when asked.

    In scope are the parameters, the sizes of the signature, ``mp`` (its functions, with our own det
    and inverse), ``matrix(m, n, entry)``, the product ``times``, ``largest``, the one entry,
    ``minors``, the determinants of the leading blocks, ``regular(X)``, which is X where that is
    not singular but for rounding, ``eigen`` and ``eigenvector``, of the symmetric part, and
    ``orthonormal(X)``, the polar factor, ``of_matrix(name, X)``, a function of mpmath, and its
    derivative ``frechet(name, X, E)``.
    """

    def __init__(self, functions: Any, scalars: Any) -> None:
        super().__init__()
        self.scope = {
            "mp": _Space(functions, scalars),
            "matrix": Matrix.build,
            "times": lambda A, B: A.times(B, scalars.dot),
            "largest": largest,
            "regular": scalars.regular,
            "of_matrix": scalars.of_matrix,
            "frechet": lambda name, X, E: frechet(scalars, name, X, E),
            "eigen": scalars.eigen,
            "eigenvector": lambda A, k: eigenvector(scalars.eigen(A), k),
            "orthonormal": lambda X: orthonormal(X, scalars),
            "minors": lambda X: [scalars.det(_leading(X, k)) for k in range(1, X.rows + 1)],
        }

    def __missing__(self, key: tuple[str, tuple[str, ...]]) -> Callable[..., Any]:
        text, parameters = key
        function = eval(f"lambda {', '.join(parameters)}: {text}", self.scope)
        self[key] = function
        return function  # type: ignore[no-any-return]

    def call(self, row: Function, args: Sequence[Matrix], sizes: Sequence[int]) -> Matrix:
        """A function of whole matrices, whose sizes are those of the arguments or as given."""
        bound = row.shapes.sizes(arg.shape for arg in args) | dict(zip(row.sizes, sizes))
        function = self[row.mpmath, (*row.parameters, *bound)]
        return Matrix.of(function(*args, *bound.values()))


class Numbers:
    """Real arithmetic by mpmath at whatever precision is set."""

    def __init__(self) -> None:
        from mpmath import mp

        self.mp = mp
        self.formulas = Formulas(mp, self)
        self.zero: Entry = mp.mpf(0)
        self.one: Entry = mp.mpf(1)

    def number(self, text: str) -> Entry:
        """The value of a literal."""
        return self.mp.mpf(text)

    def convert(self, value: Any) -> Entry:
        """An entry from a Python number or a Fraction."""
        if isinstance(value, Fraction):
            return self.mp.mpf(value.numerator) / value.denominator
        return self.mp.mpf(value)

    def integer(self, entry: Entry) -> int | None:
        """The integer that an entry is, else None."""
        return int(entry) if self.mp.isint(entry) else None

    @property
    def pi(self) -> Entry:
        return +self.mp.pi

    def dot(self, row: Sequence[Entry], column: Sequence[Entry]) -> Entry:
        return self.mp.fdot(row, column)

    def divide(self, a: Entry, b: Entry) -> Entry:
        if not b:
            raise OutsideDomain("division by zero")
        return a / b

    def power(self, base: Entry, exponent: Entry) -> Entry:
        """base^exponent, real: a negative base takes an integer exponent."""
        if not base and exponent < 0:
            raise OutsideDomain("a negative power of zero")
        if base < 0 and not self.mp.isint(exponent):
            raise OutsideDomain("a power of a negative number")
        if base and max(1, abs(self.mp.mag(base))) * abs(exponent) > LARGE:
            raise OutsideDomain("a power too large to compute")
        return base**exponent

    def apply(self, row: Function, *entries: Entry) -> Entry:
        """An element-wise function at one entry of each argument."""
        if any(entry and self.mp.mag(entry) > WIDE for entry in entries):
            raise OutsideDomain(f"{row.name} of a number too large")
        f = self.formulas[row.mpmath, row.parameters]
        return self._real(lambda: f(*entries), row.name)

    def call(self, row: Function, args: Sequence[Matrix], sizes: Sequence[int] = ()) -> Matrix:
        """A function of whole matrices."""
        try:
            value = self.formulas.call(row, args, sizes)
        except (ValueError, ZeroDivisionError, OverflowError) as error:
            raise OutsideDomain(f"{row.name} has no value here") from error
        return value.map(lambda entry: self._real(lambda: entry, row.name) if entry else self.zero)

    def _real(self, compute: Callable[[], Entry], name: str) -> Entry:
        mp = self.mp
        try:
            value = mp.convert(compute())
        except (ValueError, ZeroDivisionError, OverflowError) as error:  # poles, log(0)
            raise OutsideDomain(f"{name} has no value here") from error
        if isinstance(value, mp.mpc) or not mp.isfinite(value):
            raise OutsideDomain(f"{name} has no real value here")
        if value and abs(mp.mag(value)) > LARGE:
            raise OutsideDomain(f"{name} is too large or small to compute")
        return value

    def det(self, X: Matrix) -> Entry:
        return eliminate(X, self.one, self.zero)[0]

    def regular(self, X: Matrix) -> Matrix:
        self.inverse(X)
        return X

    def of_matrix(self, name: str, X: Matrix) -> Matrix:
        """A function that mpmath has of matrices."""
        rows = [X.row(i) for i in range(X.rows)]
        try:
            return Matrix.of(getattr(self.mp, name)(self.mp.matrix(rows)).tolist())
        except self.mp.NoConvergence as error:
            raise OutsideDomain(f"{name} has no value here") from error

    def eigen(self, A: Matrix) -> list[Eigenpair]:
        """The eigenvalues of (A + A')/2, ascending, and unit eigenvectors."""
        half = (A + A.T).map(lambda entry: entry / 2)
        rows = [half.row(i) for i in range(half.rows)]
        found, vectors = self.mp.eigsy(self.mp.matrix(rows))
        columns = vectors.T.tolist()
        return [(value, Matrix.of(column)) for value, column in zip(found, columns)]

    def inverse(self, X: Matrix) -> Matrix:
        inverse = eliminate(X, self.one, self.zero)[1]
        if inverse is None:
            raise OutsideDomain("the inverse of a singular matrix")
        return inverse


class Fractions(Numbers):
    """Exact arithmetic, of what is rational."""

    def __init__(self) -> None:
        super().__init__()
        self.zero, self.one = Fraction(0), Fraction(1)
        self.formulas = Formulas(SimpleNamespace(fsum=sum), self)

    def number(self, text: str) -> Entry:
        return Fraction(text)

    def convert(self, value: Any) -> Entry:
        return Fraction(value)

    def integer(self, entry: Entry) -> int | None:
        return int(entry) if entry == int(entry) else None

    def dot(self, row: Sequence[Entry], column: Sequence[Entry]) -> Entry:
        return sum(map(mul, row, column), self.zero)

    def _real(self, compute: Callable[[], Entry], name: str) -> Entry:
        return compute()


@cache
def exact() -> Fractions:
    """The arithmetic of fractions: made when first asked for."""
    return Fractions()


class _Space:
    """The name ``mp`` of the formulas: mpmath's functions, with our own det and inverse."""

    def __init__(self, functions: Any, scalars: Any) -> None:
        self._functions = functions
        self.det = scalars.det
        self.inverse = scalars.inverse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._functions, name)


def commutation(m: int, n: int, one: Entry = 1, zero: Entry = 0) -> Matrix:
    """K with K vec(X) = vec(X') for X m x n: entry (i, j) of X is number i + j m, then j + i n."""
    ones = {(j + i * n, i + j * m) for i in range(m) for j in range(n)}
    return Matrix.build(m * n, m * n, lambda p, q: one if (p, q) in ones else zero)


def _leading(X: Matrix, k: int) -> Matrix:
    return Matrix.build(k, k, lambda i, j: X[i, j])


def largest(x: Matrix) -> Entry:
    """The largest entry, which must be the only such entry."""
    top = max(x)
    if sum(entry == top for entry in x) > 1:
        raise OutsideDomain("the largest entry is not unique")
    return top


def eigenvector(pairs: Sequence[Eigenpair], k: int) -> Matrix:
    """The eigenvector of a simple eigenvalue, its largest entry in absolute value positive."""
    value, v = pairs[k]
    size = max(abs(other) for other, _ in pairs)
    if sum(abs(other - value) <= SINGULAR * size for other, _ in pairs) > 1:
        raise OutsideDomain("the eigenvalue is not simple")
    return v if max(v, key=abs) > 0 else -v


def frechet(scalars: Any, name: str, X: Matrix, E: Matrix) -> Matrix:
    """The derivative of a function of matrices at X along E: the corner of f([X, E; 0, X])."""
    n = X.rows
    below = E.map(lambda entry: scalars.zero)
    whole = scalars.of_matrix(name, stack([[X, E], [below, X]]))
    return Matrix.build(n, n, lambda i, j: whole[i, n + j])


def orthonormal(X: Matrix, scalars: Any) -> Matrix:
    """X (X'X)^(-1/2), where X has full rank."""
    if X.rows < X.cols:
        return orthonormal(X.T, scalars).T
    pairs = scalars.eigen(X.T.times(X, scalars.dot))
    if pairs[0][0] <= SINGULAR**2 * pairs[-1][0]:
        raise OutsideDomain("the matrix does not have full rank")

    def entry(i: int, j: int) -> Entry:
        return sum(v.entries[i] * v.entries[j] / scalars.mp.sqrt(value) for value, v in pairs)

    return X.times(Matrix.build(X.cols, X.cols, entry), scalars.dot)
