"""A proof by SymPy that a derivative is right, entry by entry at small unequal sizes.

Every entry is a SymPy expression of scalars: the input is evaluated with symbols for entries, SymPy
differentiates each entry by each entry, and the difference to the result must be identically zero.
SymPy's matrix expressions and their ``diff`` are not used: they are silently wrong too often.

A proof that does not come about in time is no failure: expressions in entries grow fast (the
inverse of a 3 x 3 matrix has 9 determinants), and zero is undecidable once functions nest.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from time import monotonic

from matcalc.language.sizes import Shape
from matcalc.language.tree import Tree
from matcalc.verify import difference
from matcalc.verify.check import Question, free_symbols, size_names, variables
from matcalc.verify.evaluate import Evaluation, NotConforming
from matcalc.verify.matrix import Entry, Matrix
from matcalc.verify.scalars import OutsideDomain
from matcalc.verify.symbolic import Symbols, Unprovable, sgn_class
from matcalc.verify.verdict import Check

BIG = 40_000  # operations in an expression that are more than SymPy puts over one denominator
SIMPLE = 400  # operations that ``simplify`` may be given
MANY = 150  # derivatives of entries
SECONDS = 20.0
_AGAIN = 0.5  # seconds from alarm to alarm


class TimeUp(Unprovable):
    """The time allowed is over."""


def prove(
    typed: Question,
    wrt: str | Sequence[str],
    tree: Tree,
    shapes: Mapping[Tree, Shape],
    *,
    order: int = 1,
    layout: str = "jacobian",
    structure: str = "independent",
    seconds: float = SECONDS,
) -> Check:
    """Let SymPy show that ``tree`` is the derivative of the input, for entries that are symbols.

    ``ok`` of the answer is True or None, never False: what is not proved is not disproved.
    """
    names = variables(wrt, order)
    sizes = {name: 2 + k % 2 for k, name in enumerate(sorted(size_names(typed, shapes)))}
    try:
        with _time_limit(seconds) as deadline:
            zeros = _differences(typed, names, (tree, shapes), sizes, layout, structure)
            count = 0
            for zero in zeros:
                count += 1
                if not is_zero(zero, deadline):
                    return _open("SymPy leaves a difference it cannot decide")
    except TimeUp:
        return _open(f"SymPy did not finish within {seconds:g} seconds")
    except (Unprovable, OutsideDomain, NotConforming) as error:
        return _open(f"{error}")
    except KeyError as error:
        return _open(f"{error.args[0]} has no value")
    at = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    entries = "1 entry" if count == 1 else f"{count} entries"
    return Check(True, 0, 0, f"proved by SymPy: {entries}" + (f" at {at}" if at else ""))


def _open(reason: str) -> Check:
    return Check(None, 0, 0, f"not proved: {reason}")


def _differences(
    typed: Question,
    names: Sequence[str],
    result: tuple[Tree, Mapping[Tree, Shape]],
    sizes: Mapping[str, int],
    layout: str,
    structure: str,
) -> Iterator[Entry]:
    """Derivative less result, entry by entry."""
    scalars = Symbols()
    symbols = free_symbols(typed, names)
    env = {name: scalars.matrix(name, info, sizes) for name, info in symbols.items()}
    for name, info in symbols.items():
        if info.kind == "function":
            env["D" + name] = scalars.jacobian(name, info, sizes)
    free = {**env, **{name: scalars.free(name, env[name].shape) for name in names}}
    if prod(len(free[name]) for name in names) > MANY:
        raise Unprovable("too many entries")
    run = Evaluation(typed.tree, typed.shapes, typed.definitions, sizes, scalars)
    F = run(free).map(scalars.real)
    G = Evaluation(*result, typed.definitions, sizes, scalars)(env).map(scalars.real)
    expected = _derivative(F, free, names, layout, structure)
    if expected.shape != G.shape:
        raise Unprovable("the result has the wrong shape")
    declared = {f: e for name in names for f, e in zip(free[name], env[name]) if f != e}
    for e, g in zip(expected, G):
        yield (e.subs(declared, simultaneous=True) if declared else e) - g


def _derivative(
    F: Matrix, free: Mapping[str, Matrix], names: Sequence[str], layout: str, structure: str
) -> Matrix:
    cell = difference.cell(F.shape, [free[name].shape for name in names], layout)
    for name in names:
        X = free[name]
        moves = [difference.direction(E, structure) for E in difference.units(*X.shape)]
        F = difference.arrange([_slope(F, X, V) for V in moves], X.shape)
    return difference.laid_out(F, cell)


def _slope(F: Matrix, X: Matrix, V: Matrix) -> Matrix:
    """The derivative of every entry of F along V."""
    ways = [(x, v) for x, v in zip(X, V) if v]
    return F.map(lambda f: sum(f.diff(x) * v for x, v in ways) + 0 * f)


def is_zero(expression: Entry, deadline: float) -> bool:
    """Whether SymPy can show that an expression vanishes identically."""
    import sympy

    if monotonic() > deadline:
        raise TimeUp
    if expression == 0:
        return True
    if expression.count_ops() > BIG:
        raise Unprovable("the entries are too large for SymPy")
    for form in (expression, expression.rewrite(sympy.exp)):
        numerator = sympy.fraction(sympy.together(form))[0]
        rest = _sign_free(sympy.powsimp(sympy.expand(numerator)))
        if rest == 0:
            return True
        if monotonic() > deadline:
            raise TimeUp
    return bool(rest.count_ops() <= SIMPLE and sympy.simplify(rest) == 0)


def _sign_free(expression: Entry) -> Entry:
    """sgn(u)^2 = 1, u being nonzero almost everywhere."""
    import sympy

    sgn = sgn_class()
    reduced = expression.replace(
        lambda e: e.is_Pow and isinstance(e.base, sgn) and e.exp.is_Integer,
        lambda e: e.base ** (e.exp % 2),
    )
    return reduced if reduced == expression else sympy.expand(reduced)


@contextmanager
def _time_limit(seconds: float) -> Iterator[float]:
    """Interrupt what runs longer, where the system can; the deadline for what asks itself.

    An alarm may be lost: Python drops what is raised in the callback of a weak reference or in
    ``__del__``, and SymPy catches much.  So it is repeated until it has come through.
    """
    deadline = monotonic() + seconds
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield deadline
        return

    def stop(signum: int, frame: object) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield deadline
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
