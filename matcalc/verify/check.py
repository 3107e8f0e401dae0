"""Is a derivative right?  Numeric differentiation of the input says so, to thirty digits.

The input is evaluated as typed and differentiated by its definition, the result is evaluated as
printed; the two share neither the core nor the function table's derivatives.  The variable is moved
entry by entry as if it were free, even if it is declared symmetric: that is what the default of the
conventions says ("entries independent"), and at a point that has the declared properties.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import prod
from random import Random
from typing import Any, Protocol

from matcalc.language.sizes import Shape
from matcalc.language.tree import Tree
from matcalc.verify import difference
from matcalc.verify.code import Emitted
from matcalc.verify.evaluate import Evaluation, NotConforming, OutsideDomain
from matcalc.verify.matrix import Matrix
from matcalc.verify.sample import Point, Variable, choose_sizes, numeric, sample
from matcalc.verify.verdict import Check

ATTEMPTS = 150
FULL = 30  # digits reported at most
ENOUGH = 20  # digits that make a result right
MANY = 600  # evaluations for a point; beyond, directions are tested instead of entries
LARGE = 64  # rows or columns that are too many to evaluate in high precision


class Question(Protocol):
    """What is asked of a typed problem: see ``dimensions.infer.Typed``."""

    @property
    def tree(self) -> Tree: ...
    @property
    def shapes(self) -> Mapping[Tree, Shape]: ...
    @property
    def symbols(self) -> Mapping[str, Variable]: ...
    @property
    def definitions(self) -> Mapping[str, Tree]: ...


def variables(wrt: str | Sequence[str], order: int) -> list[str]:
    """The variable of each differentiation in turn, from "x", "x,Y" or a list."""
    names = wrt.split(",") if isinstance(wrt, str) else list(wrt)
    return names * order if len(names) == 1 else names


def size_names(typed: Question, *more: Mapping[Tree, Shape]) -> set[str]:
    """Every dimension name that occurs."""
    found: set[str] = set()
    shapes: list[Iterable[Shape]] = [s.values() for s in (typed.shapes, *more)]
    shapes.append(symbol.shape for symbol in typed.symbols.values())
    found |= {name for name, symbol in typed.symbols.items() if symbol.kind == "dimension"}
    for shape in (shape for group in shapes for shape in group):
        found |= shape.rows.names | shape.cols.names
    return found


def free_symbols(typed: Question, wrt: Iterable[str]) -> dict[str, Variable]:
    """The symbols that take values: no sizes, and no definitions unless differentiated by."""
    hidden = set(typed.definitions) - set(wrt)
    return {
        name: info
        for name, info in typed.symbols.items()
        if name not in hidden and info.kind != "dimension"
    }


def points(
    typed: Question,
    wrt: Sequence[str],
    trees: Sequence[tuple[Tree, Mapping[Tree, Shape]]],
    seed: int = 0,
) -> Iterator[Point]:
    """Points where the input and the other ``trees`` have values, in ever different moods."""
    from mpmath import mp

    rng = Random(seed)
    symbols = free_symbols(typed, wrt)
    names = size_names(typed, *(shapes for _, shapes in trees))
    sizes: dict[str, int] = {}
    for attempt in range(ATTEMPTS):
        before, sizes = sizes, choose_sizes(names, rng)
        while names and sizes == before:  # what is so for n = 2 alone is found out
            sizes = choose_sizes(names, rng)
        try:
            env = sample(symbols, sizes, rng, attempt)
            with mp.workdps(25):
                values = numeric(env)
                for tree, shapes in ((typed.tree, typed.shapes), *trees):
                    Evaluation(tree, shapes, typed.definitions, sizes)(values)
        except OutsideDomain:
            continue
        yield Point(sizes, env)


def check(
    typed: Question,
    wrt: str | Sequence[str],
    tree: Tree,
    shapes: Mapping[Tree, Shape],
    *,
    order: int = 1,
    layout: str = "jacobian",
    structure: str = "independent",
    count: int = 3,
    seed: int = 0,
    code: Callable[[], Callable[..., Any]] | None = None,
    moving: Sequence[str] = (),
) -> Check:
    """Compare ``tree`` (with the ``shapes`` of its nodes) with numeric derivatives of the input.

    ``code`` makes the NumPy function that is to be compared with ``tree`` as well, if there is one;
    ``layout`` and ``structure`` are those of the answer; ``moving`` has the names of the
    perturbations where ``tree`` is a differential.  Never raises for a wrong result; what cannot be
    evaluated is said in the message.
    """
    names = variables(wrt, order)
    sized = [dim.number for shape in (*typed.shapes.values(), *shapes.values()) for dim in shape]
    if any(n is not None and n > LARGE for n in sized):
        return Check(None, 0, 0, "not checked: the dimensions are too large")
    digits, done = FULL, 0
    emitted = None
    if code is not None:
        run = partial(Evaluation, tree, shapes, typed.definitions)
        emitted = Emitted(code, free_symbols(typed, names), lambda point: run(point.sizes))
    try:
        for point in points(typed, names, [(tree, shapes)], seed):
            along = variables(list(moving), order) if moving else ()
            found = _agreement(typed, names, (tree, shapes), point, layout, structure, along)
            if isinstance(found, str):
                return Check(False, 0, done, found)
            if found is not None:
                digits, done = min(digits, found), done + 1
                fault = emitted.fault_at(point) if emitted else ""
                if fault:
                    return Check(False, digits, done, fault)
            if done == count:
                break
    except NotConforming as error:
        return Check(False, 0, done, f"the result cannot be evaluated: {error}")
    except KeyError as error:
        return Check(None, 0, done, f"not checked: {error.args[0]} has no value to test with")
    if not done:
        return Check(None, 0, 0, "not checked: no point found where all of it has a real value")
    where = "1 point" if done == 1 else f"{done} points"
    message = f"agrees with numeric differentiation to {digits} digits at {where}"
    if emitted is None:
        return Check(True, digits, done, message)
    compared = emitted.digits if emitted.points else None
    return Check(
        True, digits, done, f"{message}; {emitted.message(done)}", compared, emitted.points
    )


def _agreement(
    typed: Question,
    names: Sequence[str],
    result: tuple[Tree, Mapping[Tree, Shape]],
    point: Point,
    layout: str,
    structure: str,
    moving: Sequence[str],
) -> int | str | None:
    """Digits in common at a point; what is wrong; None where numeric differentiation fails."""
    from mpmath import mp

    with mp.workdps(difference.precision(len(names))):
        at = numeric(point.env)
        f = Evaluation(typed.tree, typed.shapes, typed.definitions, point.sizes)
        try:
            value, G = f(at), Evaluation(*result, typed.definitions, point.sizes)(at)
            evaluations = prod(2 * len(at[name]) for name in names)
            function = f.vary(at, names)
            if moving:
                directions = [(x, at[dx]) for x, dx in zip(names, moving)]
                expected = difference.differentiate(function, at, directions)
            elif evaluations > MANY:
                return _along(function, at, names, G, value.shape, layout, structure)
            else:
                expected = difference.derivative(function, at, names, layout, structure)
        except OutsideDomain:
            return None
        return compare_values(expected, G, _noise(value))


def _along(
    f: difference.Function,
    at: Mapping[str, Matrix],
    names: Sequence[str],
    G: Matrix,
    value: tuple[int, int],
    layout: str,
    structure: str,
) -> int | str | None:
    """The same along random directions, where there are too many entries."""
    variables = [at[name].shape for name in names]
    cell = difference.cell(value, variables, layout)
    shapes, D = [value, *difference.shapes(value, variables)], difference.laid_out(G, cell)
    if D.shape != shapes[-1]:
        return _misshapen(shapes[-1], D.shape)
    rng, digits = Random(len(G)), FULL
    for _ in range(6):
        moves = [at[name].map(lambda _: rng.randint(-9, 9)) for name in names]
        directions = [(name, difference.along(C, structure)) for name, C in zip(names, moves)]
        expected = difference.differentiate(f, at, directions)
        got = D
        for C, shape in zip(reversed(moves), reversed(shapes[:-1])):
            got = difference.contract(got, shape, C)
        found = compare_values(expected, got, _noise(f(at)))
        if isinstance(found, str):
            return "along a random direction: " + found
        digits = min(digits, found)
    return digits


def _noise(value: Matrix) -> Any:
    from mpmath import mp

    return mp.mpf(10) ** (2 * difference.STEP + 6) * max(1, *map(abs, value), 1)


def compare_values(expected: Matrix, got: Matrix, noise: Any) -> int | str:
    """Digits in common (at least ENOUGH), or what is wrong."""
    from mpmath import mp

    if expected.shape != got.shape:
        return _misshapen(expected.shape, got.shape)
    gaps = [abs(e - g) for e, g in zip(expected, got)]
    worst = max(gaps)
    scale = max(map(abs, (*expected, *got)))
    if worst <= noise:
        return FULL
    digits = int(mp.floor(-mp.log10(worst / scale)))
    if digits >= ENOUGH:
        return min(digits, FULL)
    i, j = divmod(gaps.index(worst), got.cols)
    e, g = (mp.nstr(matrix[i, j], 8) for matrix in (expected, got))
    return f"entry ({i + 1}, {j + 1}) is {g}, and should be {e}"


def _misshapen(expected: tuple[int, int], got: tuple[int, int]) -> str:
    return "the result is {} x {}, and should be {} x {}".format(*got, *expected)
