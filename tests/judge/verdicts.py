"""Is an answer right?  Every function here raises :class:`Wrong` if not.

An answer comes as text, as it was printed; what it is about as a :class:`Question`, whose point is
drawn here.  ``Undecided`` says that no point was found at which the question has a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import factorial
from random import Random
from typing import Any

from mpmath import mp

from judge import points
from judge.differences import (
    STEP,
    Move,
    along,
    applied,
    is_turned,
    moved,
    part,
    precision,
    shape_of,
)
from judge.evaluate import Evaluation
from judge.points import Facts, Shape
from judge.reader import Node, Unreadable, parse
from judge.values import Matrix, Mismatch, Outside, build, scalar, total, unvec

DIGITS = 18  # that two equal values share
ATTEMPTS = 14
HUGE = 1e30  # of a value, beyond which differences have too few digits left
NEAR = "1e-3"  # the size of a change at which an expansion is compared as a whole


class Wrong(Exception):
    """An answer that is not right, and how."""


class Undecided(Exception):
    """Nothing could be told."""


@dataclass
class Question:
    """An expression, and what is declared of its names.

    ``symbols`` shape and facts of the free names; ``sizes`` the values of dimensions;
    ``defined`` the definitions, as text.
    """

    source: str
    symbols: Mapping[str, tuple[Shape, Facts]]
    sizes: Mapping[str, int]
    defined: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        self.names = frozenset({*self.symbols, *self.defined, *self.sizes})
        self.tree = self.read(self.source)
        self.trees = {name: self.read(text) for name, text in self.defined.items()}
        self.tried = 0

    def read(self, text: str) -> Node:
        return parse(text, self.names)

    def value(self, tree: Node, env: Mapping[str, Matrix], strict: bool = False) -> Matrix:
        """The value of a tree: that of the question itself is ``strict`` about edges."""
        sizes = {name: scalar(size) for name, size in self.sizes.items()}
        return Evaluation({**sizes, **env}, self.trees, strict)(tree)

    def f(self, env: Mapping[str, Matrix]) -> Matrix:
        """The value of the expression."""
        return self.value(self.tree, env, strict=True)

    def point(self, first: int = 0) -> dict[str, Matrix]:
        """The next point at which the expression has a value.  Raises Undecided."""
        for attempt in range(max(self.tried, first), ATTEMPTS):
            self.tried = attempt + 1
            try:
                env = points.draw(self.symbols, Random(f"{self.seed} {attempt}"), attempt)
                with mp.workdps(precision(1)):
                    self.f(env)
            except Outside:
                continue
            return env
        raise Undecided(f"no value of {self.source}")

    def direction(self, name: str, seed: int, structure: str = "independent") -> Matrix:
        """A random direction for a variable of this structure to go."""
        rng = Random(f"{self.seed} {name} {seed}")
        return part(points.random(*self.symbols[name][0], (-1, 1, 0), rng), structure)

    def answered(self, text: str, env: Mapping[str, Matrix], more: Facts = frozenset()) -> Matrix:
        """The value of an answer.  Raises Wrong if it cannot be read or does not conform."""
        try:
            return self.value(parse(text, self.names | more), env)
        except (Unreadable, Mismatch) as error:
            raise Wrong(f"{text}: {error}") from error


def same(got: Matrix, expected: Matrix, what: str, digits: int = DIGITS, noise: Any = 0) -> None:
    """Raises Wrong unless two values agree."""
    if got.shape != expected.shape:
        raise Wrong(f"{what}: the shape is {got.shape}, and should be {expected.shape}")
    gap = max(abs(a - b) for a, b in zip(got.entries, expected.entries))
    if not gap <= max(got.largest, expected.largest) * mp.mpf(10) ** -digits + noise:
        shown = [[mp.nstr(e, 8) for e in value.entries] for value in (got, expected)]
        raise Wrong(f"{what}: {shown[0]} instead of {shown[1]}")


def _settled(q: Question, env: Mapping[str, Matrix], moves: Sequence[Move]) -> tuple[Matrix, Any]:
    """The derivative along the moves, and what of it is noise."""
    with mp.workdps(precision(len(moves)) + 10 * len(moves)):
        if q.f(env).largest > HUGE:
            raise Outside("too large for differences")
        wide, narrow = (along(q.f, env, moves, step) for step in (STEP, STEP + 5))
        noise = max(abs(a - b) for a, b in zip(wide.entries, narrow.entries))
        if noise > mp.mpf(10) ** -DIGITS * wide.largest + mp.mpf(10) ** -DIGITS:
            raise Outside("differences do not settle")
    return narrow, 1000 * noise


def derivative(
    q: Question,
    wrt: Sequence[str],
    answer: str,
    layout: str = "jacobian",
    structure: str = "independent",
) -> tuple[dict[str, Matrix], Matrix]:
    """Judges a derivative by ``wrt[0]``, of that by ``wrt[1]``.  The point, and the value there."""
    while True:
        env = q.point()
        with mp.workdps(precision(len(wrt))):
            try:
                G = q.answered(answer, env)
                derivative_at(q, env, G, wrt, answer, layout, structure)
            except Outside:
                continue
            return env, G


def derivative_at(
    q: Question,
    env: Mapping[str, Matrix],
    G: Matrix,
    wrt: Sequence[str],
    answer: str,
    layout: str,
    structure: str,
    digits: int = DIGITS,
) -> None:
    """Judges a value G of a derivative at a point."""
    shapes = [q.f(env).shape]
    if is_turned(shapes[0], [env[name].shape for name in wrt], layout):
        G = G.T
    for name in wrt:
        shapes.append(shape_of(shapes[-1], env[name].shape))
    if G.shape != shapes[-1]:
        raise Wrong(f"{answer}: the shape is {G.shape}, and should be {shapes[-1]}")
    if structure != "independent":
        X = env[wrt[0]].shape
        slices = [G] if G.shape == X else [unvec(column, *X) for column in _columns(G)]
        for piece in slices:
            same(piece, part(piece, structure), f"{answer}, which should be {structure}", digits)
    for k in range(2):
        moves = [(name, q.direction(name, 7 * k + i, structure)) for i, name in enumerate(wrt)]
        expected, noise = _settled(q, env, moves)
        got = G
        for (_, V), shape in zip(reversed(moves), reversed(shapes[:-1])):
            got = applied(got, shape, _counted(V, structure))
        same(got, expected, answer, digits, noise + mp.mpf(10) ** -30)


def _columns(H: Matrix) -> list[Matrix]:
    """Those of a Hessian, and its rows."""
    places = [(M, j) for M in (H, H.T) for j in range(M.cols)]
    return [build(M.rows, 1, lambda i, _, M=M, j=j: M[i, j]) for M, j in places]


def _counted(V: Matrix, structure: str) -> Matrix:
    """What of a direction the derivative is applied to: in "cookbook" each entry counts once."""
    return part(V, "lower") if structure == "cookbook" else V


def simplified(q: Question, answer: str) -> tuple[dict[str, Matrix], Matrix]:
    """Judges an expression said to be the same."""
    while True:
        env = q.point()
        with mp.workdps(precision(1)):
            try:
                got, expected = q.answered(answer, env), q.value(q.tree, env, strict=True)
            except Outside:
                continue
            same(got, expected, answer, noise=mp.mpf(10) ** -30)
            return env, got


def coefficient(
    q: Question, env: Mapping[str, Matrix], move: Move, order: int
) -> tuple[Matrix, Any]:
    """The j-th Taylor coefficient along a move: d^j f [V, ..., V] / j!, and its noise."""
    if order == 0:
        return q.f(env), mp.mpf(10) ** -50
    value, noise = _settled(q, env, [move] * order)
    return value.scaled(mp.one / factorial(order)), noise


def perturbed(
    q: Question, wrt: str, small: str, orders: Mapping[int, str], upto: int, whole: str, exact: bool
) -> None:
    """Judges an expansion of f(X + dX), order by order; the orders left out are zero.

    ``small`` is the name of dX, ``whole`` the sum, which is f(X + dX) if ``exact``.
    """
    while True:
        env = q.point()
        V = q.direction(wrt, 1)
        there, more = {**env, small: V}, frozenset({small})
        with mp.workdps(precision(upto)):
            try:
                found = []
                for j in range(upto + 1):
                    expected, noise = coefficient(q, env, (wrt, V), j)
                    zero = expected.scaled(0)
                    got = q.answered(orders[j], there, more) if j in orders else zero
                    same(got, expected, f"order {j} of {orders}", noise=noise + mp.mpf(10) ** -30)
                    found.append(got)
                value = q.answered(whole, there, more)
                entries = [total(column) for column in zip(*(x.entries for x in found))]
                summed = Matrix(value.rows, value.cols, entries)
                same(value, summed, f"{whole}, the sum of {orders}", noise=mp.mpf(10) ** -30)
                if exact:  # where dX is so small that f is still defined
                    there[small] = dX = V.scaled(mp.mpf(NEAR))
                    value = q.answered(whole, there, more)
                    exactly = q.f(moved(env, (wrt, dX, 1)))
                    same(value, exactly, f"{whole}, said to be exact", noise=mp.mpf(10) ** -30)
            except Outside:
                continue
            return


def polynomial(q: Question, wrt: str, at: str, answer: str, order: int, exact: bool) -> None:
    """Judges a Taylor polynomial at ``at``, a name or a number."""
    number = None if at[:1].isalpha() else mp.mpf(at)
    for _ in range(ATTEMPTS):
        env = q.point()
        if number is not None:
            env[wrt] = env[wrt].map(lambda _: +number)
        here = env if number is not None else {**env, at: env[wrt]}
        p = Question(answer, {**q.symbols, at: q.symbols[wrt]}, q.sizes, q.defined, q.seed)
        V = q.direction(wrt, 1)
        with mp.workdps(precision(order)):
            try:
                q.f(env)
                try:
                    for j in range(order + 1):
                        expected, noise = coefficient(q, env, (wrt, V), j)
                        got, more = coefficient(p, here, (wrt, V), j)
                        what = f"order {j} of {answer}"
                        same(got, expected, what, noise=noise + more + mp.mpf(10) ** -30)
                    if exact:
                        got, expected = (
                            g.f(moved(at_, (wrt, V, mp.mpf(NEAR))))
                            for g, at_ in ((p, here), (q, env))
                        )
                        same(got, expected, f"{answer}, exact", noise=mp.mpf(10) ** -30)
                except Mismatch as error:
                    raise Wrong(f"{answer}: {error}") from error
            except Outside:
                continue
            return
    raise Undecided(f"no value of {q.source} at {at}")


@dataclass(frozen=True)
class Line:
    """A step of a derivation: how it follows from the one before ("=", "~", "=>"), and its text."""

    relation: str
    text: str


def derivation(
    q: Question,
    wrt: str,
    small: str,
    lines: Sequence[Line],
    structure: str = "independent",
    layout: str = "jacobian",
    *,
    before: Question | None = None,
) -> None:
    """Judges the steps of a derivation: the first is f(X + dX) - f(X), the last the result.

    ``before`` is the first derivative where the derivation is that of a second one.
    """
    g = before or q
    *steps, last = lines
    if last.relation != "=>":
        raise Wrong("the last step is not the result")
    while True:
        env = g.point()
        V = q.direction(wrt, 3, structure)
        with mp.workdps(100):
            try:
                seen = []
                for size in (10, 12):
                    dX = V.scaled(mp.mpf(10) ** -size)
                    there = {**env, small: dX}
                    seen.append([q.answered(s.text, there, frozenset({small})) for s in steps])
                    change = _change(g, env, wrt, dX, turned=before is not None)
                    same(seen[-1][0], change, "the first step", 40, rounding(g, env))
                result = q.answered(last.text, env)
                again = before is not None and dX.is_scalar  # and so not turned again
                if not again and is_turned(g.f(env).shape, [dX.shape], layout):
                    result = result.T
                _steps_follow(steps, seen, result, dX, structure, rounding(g, env))
            except Outside:
                continue
            return


def rounding(g: Question, env: Mapping[str, Matrix]) -> Any:
    """What rounding leaves of f(X + dX) - f(X)."""
    return mp.mpf(10) ** (10 - mp.dps) * max(1, g.f(env).largest)


def _change(g: Question, env: Mapping[str, Matrix], wrt: str, dX: Matrix, turned: bool) -> Matrix:
    there, here = g.f(moved(env, (wrt, dX, 1))), g.f(env)
    change = moved({"": there}, ("", here, -1))[""]
    return change.T if turned and change.rows == 1 and not dX.is_scalar else change


def _steps_follow(
    steps: Sequence[Line],
    seen: Sequence[Sequence[Matrix]],
    G: Matrix,
    dX: Matrix,
    structure: str,
    noise: Any,
) -> None:
    for i, step in enumerate(steps[1:], 1):
        what = f"step {i + 1}: {step.relation} {step.text}"
        if step.relation == "=":
            for found in seen:
                same(found[i], found[i - 1], what, 40, noise)
            continue
        wide, narrow = (
            max(abs(a - b) for a, b in zip(found[i].entries, found[i - 1].entries))
            for found in seen
        )
        if narrow > wide * mp.mpf("1.2e-4") + max(noise, mp.mpf(10) ** -70):
            raise Wrong(f"{what}: gaps {mp.nstr(wide, 5)}, {mp.nstr(narrow, 5)}")
    got = applied(G, seen[-1][-1].shape, _counted(dX, structure))
    same(seen[-1][-1], got, "the step before the last, <result, dX>", 40, noise)
