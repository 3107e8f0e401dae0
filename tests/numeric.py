"""Numeric judgement for the tests: is this derivative right, its code, and its text read back?

``matcalc.verify.check`` compares entry by entry at several points; thousands of random cases want
something faster.  Here one point and two random directions V decide: (f(X + hV) - f(X - hV)) / 2h
against the result contracted with V, in high precision, which misses a wrong result with
probability zero.  Everything is evaluated by ``matcalc.verify.evaluate``, which knows nothing of
the core.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any

import numpy as np
from mpmath import mp

from matcalc.dimensions.infer import infer
from matcalc.language.syntax import parse
from matcalc.verify import difference
from matcalc.verify.check import free_symbols, points, variables
from matcalc.verify.code import arguments
from matcalc.verify.evaluate import Evaluation, OutsideDomain
from matcalc.verify.matrix import Matrix
from matcalc.verify.sample import Point, numeric

DIGITS = 18  # that two values in high precision share if they are the same
CODE_TOLERANCE = 1e-6  # relative error allowed to emitted float64 code


class NoPoint(Exception):
    """No point was found where the expression and its derivative have values."""


def assert_derivative(
    derivative: Any, seed: int = 0, *, code: bool = True, text: bool = True, at: int = 1
) -> None:
    """Fail unless the result, its NumPy code and its text agree with numeric differentiation.

    Raises NoPoint if there is no point to decide at.
    """
    typed = derivative.problem.typed
    names = variables(derivative.wrt, derivative.order)
    result = (derivative.tree, derivative.shapes)
    found = list(islice(points(typed, names, [result], seed), at))
    if not found:
        raise NoPoint(str(derivative))
    for point in found:
        with mp.workdps(difference.precision(len(names))):
            env = numeric(point.env)
            try:
                G = Evaluation(*result, typed.definitions, point.sizes)(env)
                _assert_directions(derivative, names, point, env, G, seed)
            except OutsideDomain as edge:  # log det of what is singular but for rounding
                raise NoPoint(str(derivative)) from edge
            if text:
                assert_reads_back(derivative, point, env, G)
        if code and not any(info.kind == "function" for info in typed.symbols.values()):
            assert_code(derivative, point, G)


def _assert_directions(
    derivative: Any,
    names: Sequence[str],
    point: Point,
    env: Mapping[str, Any],
    G: Matrix,
    seed: int,
) -> None:
    typed = derivative.problem.typed
    whole = Evaluation(typed.tree, typed.shapes, typed.definitions, point.sizes)
    value, by = whole(env).shape, [env[name].shape for name in names]
    shapes = [value, *difference.shapes(value, by)]
    D = difference.laid_out(G, difference.cell(value, by, derivative.layout))
    assert D.shape == shapes[-1], f"{derivative} is {G.shape}"
    f, rng = whole.vary(env, names), Random(seed)
    for _ in range(2):
        directions = [(name, env[name].map(lambda _: mp.mpf(rng.uniform(-1, 1)))) for name in names]
        expected = difference.differentiate(f, env, directions)
        got = D
        for (_, V), shape in zip(reversed(directions), reversed(shapes[:-1])):
            got = difference.contract(got, shape, V)
        noise = mp.mpf(10) ** (2 * difference.STEP + 6) * max(map(abs, f(env)))
        assert_close(got, expected, f"d({describe(typed)}) = {derivative}", noise=noise)


def assert_close(
    got: Matrix, expected: Matrix, what: str, digits: int = DIGITS, noise: Any = 0
) -> None:
    """Fail unless two matrices agree to so many digits (of their largest entry, or of one).

    ``noise`` is what rounding leaves of a difference of very large values.
    """
    assert got.shape == expected.shape, f"{what}: {got.shape} instead of {expected.shape}"
    gap = max(abs(a - b) for a, b in zip(got, expected))
    scale = max(mp.mpf(1), *map(abs, (*got, *expected)))
    assert gap <= scale * mp.mpf(10) ** -digits + noise, (
        f"{what}: {[mp.nstr(e, 8) for e in got]} instead of {[mp.nstr(e, 8) for e in expected]}"
    )


def describe(typed: Any) -> str:
    """The declarations of a problem, for messages."""
    return "; ".join(declarations(typed))


def declarations(typed: Any) -> list[str]:
    """``where`` texts that say all that was inferred, so that the text of a result reads back."""
    written = []
    for name, info in sorted(typed.symbols.items()):
        if name in typed.definitions or info.kind in ("dimension", "size"):
            continue
        if info.kind == "function":
            written.append(f"{name}: R^{{{info.shape.cols}}} -> R^{{{info.shape.rows}}}")
            continue
        size = "scalar" if info.shape.is_scalar else declared(info.shape)
        kind = ["integer"] if info.kind == "integer" else []
        written.append(" ".join([f"{name}: {size}", *sorted({*info.facts, *kind})]))
    return written


def declared(shape: Any) -> str:
    """A shape as it is declared: m*n x 1; one with a sum of sizes is inferred."""
    if any(len(dim.terms) > 1 for dim in shape):
        return "vector" if shape.is_column else "matrix"
    return " x ".join(str(dim).replace(" ", "*") for dim in shape)


def assert_reads_back(derivative: Any, point: Point, env: Mapping[str, Any], G: Matrix) -> None:
    """Fail unless ``str(derivative)`` is an expression with the value of the result."""
    typed, source = derivative.problem.typed, str(derivative)
    parsed = parse(source, tuple(declarations(typed)), ())
    again = infer(parsed, source)
    value = Evaluation(again.tree, again.shapes, typed.definitions, point.sizes)(env)
    assert_close(value, G, f"{source} read back")


def assert_code(derivative: Any, point: Point, G: Matrix) -> None:
    """Fail unless the emitted NumPy function has the value of the result."""
    value = run_code(derivative, point)
    assert value is not None
    wanted = 0 if G.is_scalar else 1 if G.is_vector else 2
    assert np.ndim(value) == wanted, f"{derivative}: ndim {np.ndim(value)} instead of {wanted}"
    expected = np.array([float(entry) for entry in G])
    got = np.ravel(value)
    assert got.shape == expected.shape, f"{derivative}: the code gives {np.shape(value)}"
    scale = max(1e-6, float(np.max(np.abs(expected))))
    gap = float(np.max(np.abs(got - expected)))
    assert gap <= CODE_TOLERANCE * scale, f"{derivative.to('numpy')}\ngives {got}, not {expected}"


def run_code(answer: Any, point: Point, function: Any = None) -> Any:
    """What the emitted NumPy function, or another, gives at a point."""
    function, problem = function or answer.function(), answer.problem
    args, sizes = arguments(function, free_symbols(problem.typed, problem.wrt), point)
    return function(*args, **sizes)
