"""Random values that have the facts declared, to all digits.

A value is drawn in a *mood* (any numbers, positive ones, small ones ...), since a domain is easier
met by chance than solved for, and then made to have one fact after another; what it has in the end
is verified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from mpmath import mp

from judge.values import TINY, Matrix, Outside, build, eliminate, identity, times

DIGITS = 160  # to which a value has its facts
MOODS = (  # low, high, and what is added to the diagonal
    (-1.5, 1.5, 0),
    (0.2, 1.6, 0),
    (-0.4, 0.4, 1.5),
    (-0.3, 0.3, 0),
    (0.03, 0.3, 0),
    (1.2, 2.5, 0),
    (0.02, 0.3, 2),
    (-0.08, 0.08, 0),
)
Mood = tuple[float, float, float]
Shape = tuple[int, int]
Facts = frozenset[str]


def draw(symbols: Mapping[str, tuple[Shape, Facts]], rng: Random, attempt: int) -> dict[str, Any]:
    """A value for every symbol.  The first attempts have one mood, later ones one for each."""
    with mp.workdps(DIGITS):
        return {
            name: value(shape, facts, _mood(rng, attempt), rng)
            for name, (shape, facts) in sorted(symbols.items())
        }


def _mood(rng: Random, attempt: int) -> Mood:
    return MOODS[attempt] if attempt < len(MOODS) else rng.choice(MOODS)


def value(shape: Shape, facts: Facts, mood: Mood, rng: Random) -> Matrix:
    """One value of this shape with these facts.  Raises Outside where there seems to be none."""
    rows, cols = shape
    for propose in (_plain, _reflection, _rotation, _projection, _signs, _unit):
        if rows == cols or propose is _plain:
            found = propose(rows, cols, facts, mood, rng)
            if all(HOLDS[fact](found) for fact in facts):
                return found
    raise Outside(f"no {rows} x {cols} matrix is {' and '.join(sorted(facts))}")


def random(rows: int, cols: int, mood: Mood, rng: Random) -> Matrix:
    """Any entries of this mood, none of them near zero."""
    low, high, _ = mood
    step = mp.mpf(high - low) / 9973
    return build(rows, cols, lambda i, j: low + step * (rng.randrange(9973) + mp.mpf("0.31")))


def _plain(rows: int, cols: int, facts: Facts, mood: Mood, rng: Random) -> Matrix:
    X = random(rows, cols, mood, rng)
    if "integer" in facts:
        low = 1 if "positive" in facts else -3 if mood[0] < 0 else 0
        X = X.map(lambda _: mp.mpf(rng.choice([k for k in range(low, 5) if k])))
    if "positive" in facts:
        X = X.map(abs)
    if rows == cols > 1:
        X = _sum(X, identity(rows).scaled(int(mood[2] + 1) if "integer" in facts else mood[2]))
        for fact, project in PROJECTIONS.items():
            if fact in facts:
                X = project(X)
    elif facts & {"positive definite", "positive semidefinite"}:
        X = X.map(abs)
    elif "skew" in facts:
        X = X.scaled(0)
    return X


def _reflection(n: int, _: int, facts: Facts, mood: Mood, rng: Random) -> Matrix:
    """I - 2 v v' / v'v, symmetric and orthogonal, or with the 2 left out a projection too."""
    v = random(n, 1, MOODS[0], rng)
    c = (1 if "idempotent" in facts else 2) / times(v.T, v).entries[0]
    return _sum(identity(n), times(v, v.T).scaled(-c))


def _rotation(n: int, _: int, facts: Facts, mood: Mood, rng: Random) -> Matrix:
    """The Cayley transform of a skew K, and of a quarter turn if it has to be skew."""
    K = PROJECTIONS["skew"](random(n, n, MOODS[0], rng))
    away = eliminate(_sum(identity(n), K))[1]
    assert away is not None
    Q = times(_sum(identity(n), K.scaled(-1)), away)
    if "skew" not in facts:
        return Q
    J = build(n, n, lambda i, j: mp.mpf((i ^ 1 == j) * (1 if i % 2 else -1)))
    return times(times(Q, J), Q.T)


def _projection(n: int, _: int, facts: Facts, mood: Mood, rng: Random) -> Matrix:
    """B inv(C B) C of rank n - 1: idempotent."""
    B = random(n, max(1, n - 1), MOODS[0], rng)
    C = random(B.cols, n, MOODS[0], rng)
    middle = eliminate(times(C, B))[1]
    if middle is None:
        raise Outside("a singular draw")
    return times(times(B, middle), C)


def _signs(n: int, _: int, facts: Facts, mood: Mood, rng: Random) -> Matrix:
    """A diagonal of zeros and ones, or of signs."""
    pair = (0, 1) if "idempotent" in facts and "invertible" not in facts else (-1, 1)
    return build(n, n, lambda i, j: mp.mpf(rng.choice(pair) if i == j else 0))


def _unit(n: int, _: int, facts: Facts, mood: Mood, rng: Random) -> Matrix:
    return identity(n)


def _sum(A: Matrix, B: Matrix) -> Matrix:
    return Matrix(A.rows, A.cols, [a + b for a, b in zip(A.entries, B.entries)])


def _part(keep: Callable[[int, int], bool]) -> Callable[[Matrix], Matrix]:
    return lambda X: build(X.rows, X.cols, lambda i, j: X[i, j] if keep(i, j) else mp.zero)


def _symmetric(X: Matrix, sign: int = 1) -> Matrix:
    return _sum(_sum(X, X.T.scaled(sign)), X.scaled(0))


def _gram(shift: float) -> Callable[[Matrix], Matrix]:
    return lambda X: _sum(times(X, X.T), identity(X.rows).scaled(shift))


PROJECTIONS: dict[str, Callable[[Matrix], Matrix]] = {
    "diagonal": _part(lambda i, j: i == j),
    "lower": _part(lambda i, j: i >= j),
    "upper": _part(lambda i, j: i <= j),
    "symmetric": _symmetric,
    "skew": lambda X: _symmetric(X, -1),
    "positive semidefinite": _gram(0),
    "positive definite": _gram(0.25),
}


def _near(A: Matrix, B: Matrix) -> bool:
    return all(abs(a - b) < mp.mpf(10) ** (20 - DIGITS) for a, b in zip(A.entries, B.entries))


def _minors(X: Matrix) -> Iterable[Any]:
    return (eliminate(build(k, k, lambda i, j: X[i, j]))[0] for k in range(1, X.rows + 1))


def _is_definite(X: Matrix) -> bool:
    return _near(X, X.T) and all(minor > TINY for minor in _minors(X))


HOLDS: dict[str, Callable[[Matrix], bool]] = {
    "symmetric": lambda X: _near(X, X.T),
    "skew": lambda X: _near(X, X.T.scaled(-1)),
    "diagonal": lambda X: _near(X, PROJECTIONS["diagonal"](X)),
    "lower": lambda X: _near(X, PROJECTIONS["lower"](X)),
    "upper": lambda X: _near(X, PROJECTIONS["upper"](X)),
    "orthogonal": lambda X: _near(times(X, X.T), identity(X.rows)),
    "invertible": lambda X: abs(eliminate(X)[0]) > TINY,
    "idempotent": lambda X: _near(times(X, X), X),
    "positive definite": _is_definite,
    "positive semidefinite": lambda X: _is_definite(
        _sum(X, identity(X.rows).scaled(mp.mpf("1e-9")))
    ),
    # what a triangular matrix has where it is not zero
    "positive": lambda X: min(X.entries) >= 0 < max(X.entries),
    "integer": lambda X: all(e == mp.floor(e) for e in X.entries),
}
