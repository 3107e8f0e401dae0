"""Random points at which to test an expression: values that have the properties declared.

Entries are drawn as fractions with small denominators, so that a point is exactly symmetric,
orthogonal or idempotent at every precision, and the same for the same seed everywhere.  A point
is drawn in a *mood* (any numbers, positive, small, near the identity ...); whoever samples goes
through the moods until the expression has a value, because domains are easier met than solved
for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any, Protocol

from matcalc.language.sizes import Shape
from matcalc.language.syntax import parse_expression
from matcalc.tables.facts import FACTS, Fact
from matcalc.verify.evaluate import evaluate
from matcalc.verify.matrix import Matrix, NotConforming, identity
from matcalc.verify.scalars import Numbers, OutsideDomain, exact

Recipe = tuple[str, ...]  # formulas in X, u and v


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


UNIT = _mood("0", "1")
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

RESORTS: tuple[Recipe, ...] = (("eye(n)",), ("zeros(n, n)",))  # where nothing else has the facts


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
            env[name] = draw(rows, cols, variable.facts, mood, rng)
    return env


def draw(rows: int, cols: int, facts: Iterable[str], mood: Mood, rng: Random) -> Matrix:
    """A rows x cols matrix of fractions with these properties, zero only if no other is found."""
    wanted = rows_of(facts)
    X = _free(rows, cols, wanted, mood, rng)
    u = _random(rows, 1, PLAIN, rng)
    choices = product(*((row.form, *row.members) for row in wanted if row.form))
    zero = None
    for recipe in (*choices, *RESORTS) if rows == cols else [()]:
        with suppress(NotConforming, OutsideDomain):  # eye(n/2), the inverse of a singular matrix
            value = follow(recipe, X, exact(), u)
            if all(has(value, row) for row in wanted):
                if any(value):
                    return value
                zero = value
    if zero is None:
        names = " and ".join(row.name for row in wanted)
        raise OutsideDomain(f"no {rows} x {cols} matrix is {names}")
    return zero


def rows_of(facts: Iterable[str]) -> list[Fact]:
    """The rows of the table with these names, in its order."""
    names = set(facts)
    return [row for row in FACTS.values() if row.name in names]


def form(facts: Sequence[Fact], n: int) -> Recipe | None:
    """The formulas that give n x n matrices with the facts, for all X or for those in some mood."""
    recipe, rng = tuple(row.form for row in facts if row.form), Random(0)
    for mood in MOODS:
        with suppress(OutsideDomain):
            value = follow(recipe, _free(n, n, facts, mood, rng), exact())
            if all(has(value, row) for row in facts):
                return recipe
    return None


def _random(rows: int, cols: int, mood: Mood, rng: Random) -> Matrix:
    return Matrix.build(rows, cols, lambda i, j: mood.entry(rng))


def _free(rows: int, cols: int, facts: Iterable[Fact], mood: Mood, rng: Random) -> Matrix:
    """A random matrix whose entries are such as the facts have them."""
    X = _random(rows, cols, mood, rng)
    if rows == cols > 1:
        X = X + identity(rows, mood.shift)
    for row in facts:
        if row.entry:
            entry = exact().formulas[row.entry, ("x", "t")]
            X = X.zip(_random(rows, cols, UNIT, rng), entry).map(Fraction)
    return X


def follow(recipe: Recipe, X: Matrix, scalars: Any, u: Matrix | None = None) -> Matrix:
    """What becomes of X."""
    n = X.rows
    e = Matrix.build(n, 1, lambda i, _: scalars.zero if i else scalars.one)
    for text in recipe:
        env = {"X": X, "e": e, "u": u}
        X = evaluate(parse_expression(text), env, sizes={"n": n}, scalars=scalars)
    return X


def has(X: Matrix, fact: Fact) -> bool:
    """Is the fact true of a matrix of fractions?"""
    sides = [follow((side,), X, exact()) for side in fact.equation.split(" = ") if side]
    if sides and sides[0] != sides[1]:
        return False
    condition = exact().formulas[fact.condition or "True", ("X", "n")]
    return bool(condition(X, X.rows))


def smooth_function(
    rows: int, cols: int, mood: Mood, rng: Random
) -> tuple[Callable[[Matrix], Matrix], Callable[[Matrix], Matrix]]:
    """A function from R^cols to R^rows and its Jacobian: f_i = a_i'sin(x) + (b_i'x)^2 / 2 + c_i."""
    from mpmath import mp

    number = Numbers().convert
    a, b = _random(rows, cols, mood, rng), _random(rows, cols, mood, rng)
    c = _random(rows, 1, mood, rng)

    def along(i: int, x: Matrix) -> Any:
        return mp.fsum(number(b[i, j]) * x.entries[j] for j in range(cols))

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
    number = Numbers().convert
    return {
        name: value.map(number) if isinstance(value, Matrix) else value
        for name, value in env.items()
    }
