"""Random points at which to test an expression: values that have the properties declared.

Entries are drawn as fractions with small denominators, so that a point is exactly symmetric,
orthogonal or idempotent at every precision, and the same for the same seed everywhere.  A point
is drawn in a *mood* (any numbers, positive, small, near the identity ...); whoever samples goes
through the moods until the expression has a value, because domains are easier met than solved
for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any, Protocol

from matcalc.language.sizes import Shape
from matcalc.verify.matrix import Matrix, eliminate, identity
from matcalc.verify.scalars import OutsideDomain


class Variable(Protocol):
    """What is asked of a symbol: see ``dimensions.infer.SymbolInfo``."""

    @property
    def shape(self) -> Shape: ...
    @property
    def kind(self) -> str: ...
    @property
    def facts(self) -> Iterable[str]: ...


@dataclass(frozen=True)
class Point:
    """Sizes for the dimension names, and exact values for the variables."""

    sizes: dict[str, int]
    env: dict[str, Any]


@dataclass(frozen=True)
class Mood:
    """Entries lie in [low, high); square matrices get ``shift`` times the identity added."""

    low: Fraction
    high: Fraction
    shift: Fraction = Fraction(0)

    def entry(self, rng: Random) -> Fraction:
        steps = 997  # a prime: entries that are equal, or cancel, by chance are rare
        width = self.high - self.low
        return self.low + width * Fraction(rng.randrange(1, steps), steps)


def _mood(low: str, high: str, shift: str = "0") -> Mood:
    return Mood(Fraction(low), Fraction(high), Fraction(shift))


PLAIN = _mood("-1.5", "1.5")
MOODS = (
    PLAIN,
    _mood("0.2", "1.6"),  # positive: log, sqrt
    _mood("-0.4", "0.4", "1.5"),  # diagonally dominant with a positive diagonal
    _mood("-0.3", "0.3"),  # small: atanh, towers of exponentials
    _mood("0.03", "0.3"),
    _mood("1.2", "2.5"),  # acosh
    _mood("0.02", "0.3", "2"),
    _mood("-0.08", "0.08"),
    _mood("0.005", "0.06"),
    _mood("-2.5", "-0.5"),
)


def choose_sizes(names: Iterable[str], rng: Random) -> dict[str, int]:
    """Sizes from 2 on, unequal as long as there are not too many names."""
    ordered = sorted(set(names))
    values = [2 + k % 5 for k in range(max(len(ordered), 3))]
    rng.shuffle(values)
    return dict(zip(ordered, values))


def sample(
    symbols: Mapping[str, Variable],
    sizes: Mapping[str, int],
    rng: Random,
    attempt: int = 0,
) -> dict[str, Any]:
    """A value for every symbol: a matrix of fractions, or the functions of an abstract function.

    The first attempts draw everything in one mood, later ones each symbol in its own.  Raises
    OutsideDomain if the properties of a symbol contradict each other at these sizes.
    """
    env: dict[str, Any] = {}
    for name in sorted(symbols):
        variable = symbols[name]
        mood = MOODS[attempt] if attempt < len(MOODS) else rng.choice(MOODS)
        rows, cols = (dim.value(dict(sizes)) for dim in variable.shape)
        if variable.kind == "function":
            env[name], env["D" + name] = smooth_function(rows, cols, mood, rng)
        else:
            facts = {*variable.facts, *(("integer",) if variable.kind == "integer" else ())}
            env[name] = draw(rows, cols, facts, mood, rng)
    return env


def draw(rows: int, cols: int, facts: Iterable[str], mood: Mood, rng: Random) -> Matrix:
    """A rows x cols matrix of fractions with these properties."""
    wanted = sorted(set(facts))
    for propose in (_plain, _orthogonal, _idempotent, _skew_orthogonal, _signs, _unit, _zero):
        if rows == cols or propose in (_plain, _zero):
            value = propose(rows, cols, wanted, mood, rng)
            if all(SATISFIED[fact](value) for fact in wanted if fact in SATISFIED):
                return value
    raise OutsideDomain(f"no {rows} x {cols} matrix is {' and '.join(wanted)}")


def _random(rows: int, cols: int, mood: Mood, rng: Random) -> Matrix:
    return Matrix.build(rows, cols, lambda i, j: mood.entry(rng))


def _plain(rows: int, cols: int, facts: list[str], mood: Mood, rng: Random) -> Matrix:
    """Random entries, projected on one property after another."""
    if "integer" in facts:
        low = 1 if mood.low > 0 or "positive" in facts or rows == cols == 1 else -3
        return Matrix.build(rows, cols, lambda i, j: Fraction(rng.randint(low, 4)))
    value = _random(rows, cols, mood, rng)
    if "positive" in facts:
        value = value.map(abs)
    if rows == cols and mood.shift and rows > 1:
        value = value + identity(rows, mood.shift, Fraction(0))
    for fact, project in PROJECTIONS.items():
        if fact in facts and rows == cols:
            value = project(value)
    return value


def _orthogonal(rows: int, cols: int, facts: list[str], mood: Mood, rng: Random) -> Matrix:
    """The Cayley transform (I - K) inv(I + K) of a skew K; a reflection I - 2 v v'/v'v."""
    unit = identity(rows, Fraction(1), Fraction(0))
    if "symmetric" in facts:
        v = _random(rows, 1, PLAIN, rng)
        return unit - _product(v, v.T).map(lambda e: 2 * e / _product(v.T, v).entries[0])
    K = PROJECTIONS["skew"](_random(rows, rows, PLAIN, rng))
    return _product(unit - K, _inverse(unit + K))


def _idempotent(rows: int, cols: int, facts: list[str], mood: Mood, rng: Random) -> Matrix:
    """B inv(C B) C, with C = B' for an orthogonal projection, of rank n - 1."""
    rank = max(1, rows - 1)
    B = _random(rows, rank, PLAIN, rng)
    C = B.T if "symmetric" in facts else _random(rank, rows, PLAIN, rng)
    return _product(_product(B, _inverse(_product(C, B))), C)


def _skew_orthogonal(rows: int, cols: int, facts: list[str], mood: Mood, rng: Random) -> Matrix:
    """Q J Q' with J made of quarter turns; n is even."""
    turn = {0: Fraction(-1), 1: Fraction(1)}
    J = Matrix.build(rows, rows, lambda i, j: turn[i % 2] if i ^ 1 == j else Fraction(0))
    Q = _orthogonal(rows, cols, [], mood, rng)
    return _product(_product(Q, J), Q.T)


def _signs(rows: int, cols: int, facts: list[str], mood: Mood, rng: Random) -> Matrix:
    """A diagonal of zeros and ones, or of signs."""
    values = [Fraction(0), Fraction(1)] if "idempotent" in facts else [Fraction(-1), Fraction(1)]
    return Matrix.build(rows, rows, lambda i, j: rng.choice(values) if i == j else Fraction(0))


def _unit(rows: int, cols: int, facts: list[str], mood: Mood, rng: Random) -> Matrix:
    return identity(rows, Fraction(1), Fraction(0))


def _zero(rows: int, cols: int, facts: list[str], mood: Mood, rng: Random) -> Matrix:
    return Matrix.build(rows, cols, lambda i, j: Fraction(0))


def _product(A: Matrix, B: Matrix) -> Matrix:
    return A.times(B, lambda row, col: sum((a * b for a, b in zip(row, col)), Fraction(0)))


def _inverse(A: Matrix) -> Matrix:
    inverse = eliminate(A, Fraction(1), Fraction(0))[1]
    if inverse is None:
        raise OutsideDomain("a singular draw")
    return inverse


#: the entries that need not be zero
KEPT: dict[str, Callable[[int, int], bool]] = {
    "diagonal": lambda i, j: i == j,
    "lower": lambda i, j: i >= j,
    "upper": lambda i, j: i <= j,
}


def _where(keep: Callable[[int, int], bool]) -> Callable[[Matrix], Matrix]:
    return lambda X: Matrix.build(
        X.rows, X.cols, lambda i, j: X[i, j] if keep(i, j) else Fraction(0)
    )


def _unchanged(project: Callable[[Matrix], Matrix]) -> Callable[[Matrix], bool]:
    return lambda X: X == project(X)


def _gram(shift: str) -> Callable[[Matrix], Matrix]:
    # the triangle of a triangular X stays: diag(x)^2 is what is both lower and definite
    def project(X: Matrix) -> Matrix:
        return _product(X, X.T) + identity(X.rows, Fraction(shift), Fraction(0))

    return project


LINEAR: dict[str, Callable[[Matrix], Matrix]] = {
    **{fact: _where(keep) for fact, keep in KEPT.items()},
    "symmetric": lambda X: (X + X.T).map(lambda e: e / 2),
    "skew": lambda X: (X - X.T).map(lambda e: e / 2),
}
PROJECTIONS: dict[str, Callable[[Matrix], Matrix]] = {
    **LINEAR,
    "positive semidefinite": _gram("0"),
    "positive definite": _gram("0.25"),
}


def _is_definite(X: Matrix) -> bool:
    # Sylvester: the leading minors are positive
    if X != X.T:
        return False
    corners = (Matrix.build(k, k, lambda i, j: X[i, j]) for k in range(1, X.rows + 1))
    return all(eliminate(corner, Fraction(1), Fraction(0))[0] > 0 for corner in corners)


SATISFIED: dict[str, Callable[[Matrix], bool]] = {
    **{fact: _unchanged(project) for fact, project in LINEAR.items()},
    "orthogonal": lambda X: _product(X, X.T) == identity(X.rows),
    "invertible": lambda X: eliminate(X, Fraction(1), Fraction(0))[0] != 0,
    "idempotent": lambda X: _product(X, X) == X,
    "positive definite": _is_definite,
    "positive semidefinite": lambda X: _is_definite(X + identity(X.rows, Fraction(1, 10**9), 0)),
    # of a diagonal matrix: positive where it is not zero
    "positive": lambda X: min(X) >= 0 < max(X),
    "integer": lambda X: all(entry.denominator == 1 for entry in X),
}


def smooth_function(
    rows: int, cols: int, mood: Mood, rng: Random
) -> tuple[Callable[[Matrix], Matrix], Callable[[Matrix], Matrix]]:
    """A function from R^cols to R^rows and its Jacobian: f_i = a_i'sin(x) + (b_i'x)^2 / 2 + c_i."""
    from mpmath import mp

    a, b = _random(rows, cols, mood, rng), _random(rows, cols, mood, rng)
    c = _random(rows, 1, mood, rng)

    def along(i: int, x: Matrix) -> Any:
        return mp.fsum(number(b[i, j]) * x.entries[j] for j in range(cols))

    def number(q: Fraction) -> Any:
        return mp.mpf(q.numerator) / q.denominator

    def f(x: Matrix) -> Matrix:
        def entry(i: int, _: int) -> Any:
            waves = mp.fsum(number(a[i, j]) * mp.sin(x.entries[j]) for j in range(cols))
            return waves + along(i, x) ** 2 / 2 + number(c[i, 0])

        return Matrix.build(rows, 1, entry)

    def jacobian(x: Matrix) -> Matrix:
        def entry(i: int, j: int) -> Any:
            return number(a[i, j]) * mp.cos(x.entries[j]) + along(i, x) * number(b[i, j])

        return Matrix.build(rows, cols, entry)

    return f, jacobian


def numeric(env: Mapping[str, Any]) -> dict[str, Any]:
    """The same point in mpmath numbers of the present precision."""
    from mpmath import mp

    def convert(value: Any) -> Any:
        if not isinstance(value, Matrix):
            return value
        return value.map(lambda q: mp.mpf(q.numerator) / q.denominator)

    return {name: convert(value) for name, value in env.items()}
