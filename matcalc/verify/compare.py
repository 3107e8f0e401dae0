"""Is somebody's answer right, and if not, how is it off?

Decided by numbers: answer and result are evaluated at several points, and a diagnosis counts only
if it explains the difference at every one of them.  A constant factor must be the same at all
points. The diagnoses are tried from the most specific on; comparing the two as expressions would
need a normal form that knows every identity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from matcalc.language.sizes import Shape
from matcalc.language.tree import Tree
from matcalc.tables.layouts import LAYOUTS
from matcalc.verify.check import Question, points, variables
from matcalc.verify.difference import cell, laid_out
from matcalc.verify.evaluate import Evaluation
from matcalc.verify.matrix import Matrix
from matcalc.verify.sample import Variable, numeric
from matcalc.verify.verdict import Comparison

DIGITS = 40
SAME = 25  # digits in which two values agree that are the same

Shaped = tuple[Tree, Mapping[Tree, Shape]]
Pair = tuple[Matrix, Matrix, "Frame"]  # answer, result and the shapes they belong to


class Frame(NamedTuple):
    """The shapes of f and of the variables at a point, and the layout of the derivative."""

    value: tuple[int, int]
    variables: tuple[tuple[int, int], ...]
    layout: str

    def otherwise(self, G: Matrix, layout: str) -> Matrix:
        """The derivative in another layout."""
        here, there = (cell(self.value, self.variables, each) for each in (self.layout, layout))
        return laid_out(laid_out(G, here), there)


VERDICTS = {
    "right": "the answer is right",
    "layout": "right in another layout: {detail}",
    "transposed": "transposed: the answer is the transpose of the derivative{detail}",
    "factor": "off by a constant factor: the answer is {detail} times the derivative",
    "transposed factor": "transposed, and off by a constant factor: {detail}",
    "assumption": "the answer is right only if {detail} is symmetric",
    "symmetric": "the symmetric part only: the answer is (G + G')/2 of the derivative G",
    "cookbook": "the answer is G + G' - G .* I: what the structure cookbook gives",
    "shape": "the answer is {detail}",
    "wrong": "the answer is not the derivative",
    "unknown": "not compared: no point found where both have a real value",
}


def compare(
    typed: Question,
    wrt: str | Sequence[str],
    result: Shaped,
    answer: Shaped,
    *,
    order: int = 1,
    layout: str = "jacobian",
    count: int = 4,
    seed: int = 0,
) -> Comparison:
    """Tell how ``answer`` relates to the ``result`` that is known to be right.

    Raises NotConforming if one of the two cannot be evaluated.
    """
    from mpmath import mp

    names = variables(wrt, order)
    with mp.workdps(DIGITS):
        pairs = _pairs(typed, names, result, answer, layout, count, seed)
        if not pairs:
            return _verdict("unknown")
        if (found := _in_another_layout(pairs)) is not None:
            return found
        for verdict, detail, reading in MISREADINGS:
            if all(_same(given, reading(G, frame)) for given, G, frame in pairs):
                return _verdict(verdict, detail=detail)
        return (
            _by_a_factor(pairs)
            or _by_symmetry(typed, names, result, answer, count, seed)
            or _misshapen(pairs[0], result, answer)
            or _verdict("wrong")
        )


def _verdict(verdict: str, factor: Fraction | None = None, detail: str = "") -> Comparison:
    return Comparison(verdict, VERDICTS[verdict].format(detail=detail), factor)


def _pairs(
    typed: Question,
    names: list[str],
    result: Shaped,
    answer: Shaped,
    layout: str,
    count: int,
    seed: int,
) -> list[Pair]:
    """Values of answer and result at up to ``count`` points with different sizes."""
    pairs: list[Pair] = []
    for point in islice(points(typed, names, [result, answer], seed), count):
        at = numeric(point.env)
        f, G, given = (
            Evaluation(tree, shapes, typed.definitions, point.sizes)(at)
            for tree, shapes in ((typed.tree, typed.shapes), result, answer)
        )
        pairs.append((given, G, Frame(f.shape, tuple(at[name].shape for name in names), layout)))
    return pairs


def _in_another_layout(pairs: Sequence[Pair]) -> Comparison | None:
    """Whether the answer is what other layouts have, and not the one that was asked for.

    A matrix for a scalar by a matrix is rather transposed by mistake.
    """
    if all(_same(given, G) for given, G, _ in pairs):
        return None
    names = [
        name
        for name in LAYOUTS
        if all(_same(given, at.otherwise(G, name)) for given, G, at in pairs)
    ]
    if not names:
        return None
    said = " or ".join(names)
    _, G, at = pairs[0]
    if at.value == (1, 1) and 1 not in G.shape:
        return _verdict("transposed", detail=f", as it is in the layout {said}")
    return _verdict("layout", detail=said)


def _row_major(G: Matrix, at: Frame) -> Matrix | None:
    """The Jacobian of the rows of F, stacked, by the rows of X, stacked."""
    (p, q), (m, n) = at.value, at.variables[-1]
    if len(at.variables) > 1 or G.shape != (p * q, m * n):
        return None
    return Matrix.build(p * q, m * n, lambda i, j: G[i // q + i % q * p, j // n + j % n * m])


def _is_square(G: Matrix) -> bool:
    return G.rows == G.cols > 1


def _halved(G: Matrix) -> Matrix:
    return G.zip(G.T, lambda a, b: (a + b) / 2)


def _cookbook(G: Matrix) -> Matrix:
    return Matrix.build(G.rows, G.cols, lambda i, j: G[i, j] if i == j else G[i, j] + G[j, i])


Misreading = Callable[[Matrix, Frame], "Matrix | None"]
# (verdict, detail, what the answer would be, from the derivative G), the likeliest first
MISREADINGS: tuple[tuple[str, str, Misreading], ...] = (
    ("right", "", lambda G, at: G),
    ("layout", "rows are stacked where matcalc stacks columns", _row_major),
    ("transposed", "", lambda G, at: G.T),
    ("symmetric", "", lambda G, at: _halved(G) if _is_square(G) else None),
    ("cookbook", "", lambda G, at: _cookbook(G) if _is_square(G) else None),
)


def _same(answer: Matrix, wanted: Matrix | None) -> bool:
    from mpmath import mp

    if wanted is None or answer.shape != wanted.shape:
        return False
    scale = max(map(abs, (*answer, *wanted)))
    return all(abs(a - b) <= scale * mp.mpf(10) ** -SAME for a, b in zip(answer, wanted))


def _by_a_factor(pairs: Sequence[Pair]) -> Comparison | None:
    """Whether answer = c G, or c G', with one rational c at every point."""
    for verdict, turned in (("factor", False), ("transposed factor", True)):
        factors = {_ratio(answer, G.T if turned else G) for answer, G, _ in pairs}
        factors.discard(Fraction(1))
        if len(factors) == 1 and None not in factors:
            factor = factors.pop()
            assert factor is not None
            return _verdict(verdict, factor, str(factor))
    return None


def _ratio(answer: Matrix, G: Matrix) -> Fraction | None:
    """The fraction c with answer = c G, else None."""
    from mpmath import mp

    largest = max(G, key=abs)
    if answer.shape != G.shape or not largest:
        return None
    c = answer.entries[G.entries.index(largest)] / largest
    near = Fraction(int(mp.nint(c * 10**SAME)), 10**SAME).limit_denominator(10_000)
    scaled = G.map(lambda g: g * near.numerator / near.denominator)
    return near if near and _same(answer, scaled) else None


class _Symbol(NamedTuple):
    shape: Shape
    kind: str
    facts: Sequence[str]


class _Assuming(NamedTuple):
    """The problem with other symbols."""

    tree: Tree
    shapes: Mapping[Tree, Shape]
    symbols: Mapping[str, Variable]
    definitions: Mapping[str, Tree]


def _by_symmetry(
    typed: Question, names: list[str], result: Shaped, answer: Shaped, count: int, seed: int
) -> Comparison | None:
    """Whether the answer takes for symmetric what is not declared so."""
    assumed: dict[str, Variable] = {
        name: _Symbol(info.shape, info.kind, (*info.facts, "symmetric"))
        for name, info in typed.symbols.items()
        if info.shape.is_square and not info.shape.is_scalar and info.kind != "function"
    }
    symbols = {**typed.symbols, **assumed}
    problem = _Assuming(typed.tree, typed.shapes, symbols, typed.definitions)
    pairs = _pairs(problem, names, result, answer, "jacobian", count, seed) if assumed else []
    if pairs and all(_same(given, G) for given, G, _ in pairs):
        return _verdict("assumption", detail=" and ".join(sorted(assumed)))
    return None


def _misshapen(pair: Pair, result: Shaped, answer: Shaped) -> Comparison | None:
    given, G, _ = pair
    if given.shape == G.shape:
        return None
    (tree, shapes), (wanted, known) = answer, result
    if tree in shapes and wanted in known:
        return _verdict("shape", detail=f"{shapes[tree]}, and the derivative {known[wanted]}")
    return _verdict(
        "shape", detail="{} x {}, the derivative {} x {}".format(*given.shape, *G.shape)
    )
