"""Numeric judgement of derivations: every step is read back and evaluated.

The text of a step is parsed with all symbols declared, and the perturbation with the shape of its
variable, and evaluated by ``matcalc.verify.evaluate`` at one random point, with perturbations of
two sizes.  What follows exactly must agree to forty digits; what follows to first order must leave
a gap that shrinks by 10^4 when dX shrinks by 10^2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any

from mpmath import mp
from numeric import NoPoint, assert_close, declarations, declared

import matcalc
from matcalc.calculus.derive import perturbation_name
from matcalc.dimensions.infer import infer
from matcalc.language.syntax import parse
from matcalc.tables.facts import FREE
from matcalc.tables.laws import LAWS
from matcalc.tables.layouts import PLAIN
from matcalc.verify import difference
from matcalc.verify.check import points
from matcalc.verify.evaluate import Evaluation, OutsideDomain
from matcalc.verify.matrix import Matrix
from matcalc.verify.sample import Point, numeric

PRECISION = 90
EXACT = 40  # digits
SIZES = (10, 12)  # dX = 10^-k V
MOST = 25  # steps


def assert_steps(derivative: Any, seed: int = 0) -> None:
    """Fail unless the derivation keeps its contract.  Raises NoPoint where it has no value."""
    steps = derivative.steps
    assert 3 <= len(steps) <= MOST
    assert steps[0].rule == "perturb" and steps[0].relation == "="
    assert steps[-1].rule == "read-off" and steps[-1].relation == "=>"
    assert all(step.relation in ("=", "~") for step in steps[:-1])
    assert all(step.rule in LAWS for step in steps)
    assert steps[-1].text == str(derivative)
    texts = [step.text for step in steps[:-1]]
    assert len(texts) == len(steps) - 1 and all("\n" not in text for text in texts)
    name = perturbation_name(derivative.problem, derivative.variables[-1])
    evaluations = [read_back(derivative, name, text) for text in [*texts, str(derivative)]]
    for point in _points(derivative, seed):
        try:
            _assert_at(derivative, name, evaluations, point, seed)
        except OutsideDomain:
            continue
        return
    raise NoPoint(str(derivative))


def read_back(derivative: Any, name: str, source: str) -> Any:
    """What the text of a step means, in the sizes of the problem; no name may be split."""
    typed = derivative.problem.typed
    variable = derivative.problem.variable(derivative.variables[-1])
    shape = "scalar" if variable.shape.is_scalar else declared(variable.shape)
    where = [*declarations(typed), f"{name}: {shape}"]
    for wrt in derivative.variables:
        if wrt in typed.definitions:
            where.append(f"{wrt}: {declared(derivative.problem.variable(wrt).shape)}")
    again = infer(parse(source, tuple(where), ()), source)
    known = {*typed.symbols, *typed.sizes, *derivative.variables, name}
    assert set(again.symbols) <= known, f"{source} has other names"
    return again


def _points(derivative: Any, seed: int) -> Iterator[Point]:
    names = derivative.variables
    result = (derivative.tree, derivative.shapes)
    yield from islice(points(derivative.problem.typed, names, [result], seed), 4)


def _assert_at(
    derivative: Any, name: str, readings: Sequence[Any], point: Point, seed: int
) -> None:
    *readings, result = readings
    wrt = derivative.variables[-1]
    with mp.workdps(PRECISION):
        env = numeric(point.env)
        V = direction(derivative, env[wrt], seed)
        values: list[list[Matrix]] = []
        for k in SIZES:
            dX = V.map((mp.mpf(10) ** -k).__mul__)
            here = {**env, name: dX}
            values.append([_evaluated(reading, here, point) for reading in readings])
            assert_close(
                values[-1][0], change(derivative, env, wrt, dX, point), "f(X + dX) - f(X)", EXACT
            )
        G = _evaluated(result, env, point)
        linear = inner(derivative, G, values[-1][0].shape, dX)
        assert_close(values[-1][-1], linear, "the step before the last", EXACT)
        for i, step in enumerate(derivative.steps[1:-1], 1):
            what = f"step {i + 1} of {derivative.source}: {step.rule} {step.text}"
            if step.relation == "=":
                for found in values:
                    assert_close(found[i], found[i - 1], what, EXACT)
            else:
                wide, narrow = (gap(found[i], found[i - 1]) for found in values)
                assert narrow <= wide * mp.mpf("1.2e-4") + mp.mpf("1e-70"), (
                    f"{what}: gaps {mp.nstr(wide, 5)}, {mp.nstr(narrow, 5)}"
                )


def _evaluated(reading: Any, env: Any, point: Point) -> Matrix:
    return Evaluation(reading.tree, reading.shapes, {}, point.sizes)(env)


def gap(left: Matrix, right: Matrix) -> Any:
    assert left.shape == right.shape
    return max(abs(a - b) for a, b in zip(left, right, strict=True))


def direction(derivative: Any, X: Matrix, seed: int) -> Matrix:
    """A random V of the shape of X, of the structure that is asked about."""
    rng = Random(seed)
    return difference.along(X.map(lambda _: rng.randint(-99, 99)), derivative.structure)


def change(derivative: Any, env: Any, wrt: str, dX: Matrix, point: Point) -> Matrix:
    """f(X + dX) - f(X), f being the input, or its first derivative as a column."""
    typed = derivative.problem.typed
    tree, shapes = typed.tree, typed.shapes
    if derivative.order == 2:
        first = matcalc.diff(
            derivative.source,
            derivative.variables[0],
            where=free_declarations(derivative),
            layout=derivative.layout if dX.is_scalar else PLAIN,
            structure=derivative.structure,
        )
        tree, shapes = first.tree, first.shapes
    f = Evaluation(tree, shapes, typed.definitions, point.sizes)
    there, here = f({**env, wrt: env[wrt] + dX}), f(env)
    if derivative.order == 2 and there.rows == 1 and not dX.is_scalar:
        there, here = there.T, here.T
    return there - here


def free_declarations(derivative: Any) -> list[str]:
    """The declarations, the variables without the facts that tie their entries.

    A second derivative is that of the first one before those facts are used in it.
    """
    typed = derivative.problem.typed
    tied = {
        name: typed.symbols[name].shape
        for name in derivative.variables
        if derivative.structure == "independent" and typed.symbols[name].facts - FREE
    }
    kept = [text for text in declarations(typed) if text.split(":")[0] not in tied]
    return [*kept, *(f"{name}: {declared(shape)}" for name, shape in tied.items())]


def inner(derivative: Any, G: Matrix, value: tuple[int, int], V: Matrix) -> Matrix:
    """<G, V>, for a first derivative of the shape ``value`` where G is a second one."""
    if derivative.order == 1 or not V.is_scalar:
        G = difference.laid_out(G, difference.cell(value, [V.shape], derivative.layout))
    if derivative.structure == "cookbook":
        V = Matrix.build(*V.shape, lambda i, j: V[i, j] * (i >= j))
    return difference.contract(G, value, V)
