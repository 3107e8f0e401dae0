"""Is the emitted NumPy code right?  It is run at the points of a check, and compared.

What it is compared with is the printed result in high precision.  Floating point loses digits and
range that the formula does not, which is no fault of the code: a value that is off counts only if
it is of a moderate size, no number overflowed on the way, and the formula itself keeps its digits
when rounded to fifteen.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from inspect import signature
from math import floor, inf, isnan, log10
from typing import Any

from matcalc.errors import MatcalcError
from matcalc.language.sizes import Shape
from matcalc.verify.evaluate import Evaluation, OutsideDomain
from matcalc.verify.matrix import Matrix
from matcalc.verify.sample import Point, Variable, numeric

FULL = 12  # digits reported at most; those after them depend on the processor and its libraries
ENOUGH = 6  # digits that make code right
LOST = 5  # digits that a formula may lose to rounding where code is still judged
MODERATE = 1e-6, 1e12  # sizes of the largest entry of a result by which code is judged


class Emitted:
    """The code of a result while it is tried at one point after another.

    ``digits``  in which it agrees, at ``points`` points
    ``reason``  why it is not run, if it is not
    """

    def __init__(
        self,
        make: Callable[[], Callable[..., Any]],
        symbols: Mapping[str, Variable],
        evaluation: Callable[[Point], Evaluation],
    ) -> None:
        self.symbols, self.evaluation = symbols, evaluation
        self.digits, self.points = FULL, 0
        self.reason = ""
        abstract = [name for name, info in symbols.items() if info.kind == "function"]
        try:
            self.function = make()
        except ImportError:
            self.reason = "NumPy is not installed"
        except MatcalcError as error:
            self.reason = error.message
        if abstract:
            self.reason = f"{abstract[0]} is abstract"

    def message(self, points: int) -> str:
        """What is said of code in which no fault was found at so many points."""
        if self.reason:
            return f"the NumPy code was not run: {self.reason}"
        if not self.points:
            return "the NumPy code was not compared: floating point is too coarse at these points"
        where = f" at {self.points} of them" if self.points < points else ""
        return f"the NumPy code agrees to {self.digits} digits{where}"

    def fault_at(self, point: Point) -> str:
        """What is wrong with the code at a point, "" if nothing is."""
        found = None if self.reason else self._compared(point)
        if isinstance(found, int):
            self.digits, self.points = min(self.digits, found), self.points + 1
        return found if isinstance(found, str) else ""

    def _compared(self, point: Point) -> int | str | None:
        """Digits in common; what is wrong; None where floating point cannot tell."""
        import numpy as np
        from mpmath import mp

        with mp.workdps(30):
            expected = self.evaluation(point)(numeric(point.env))
        args, sizes = arguments(self.function, self.symbols, point)
        flags: set[str] = set()
        try:
            with warnings.catch_warnings(), np.errstate(all="call", call=lambda k, _: flags.add(k)):
                warnings.simplefilter("ignore")
                value = self.function(*args, **sizes)
        except OverflowError:
            return None
        except np.linalg.LinAlgError as error:  # singular when rounded
            found: int | str = f"the NumPy code raises {error}"
        except Exception as error:
            return f"the NumPy code raises {type(error).__name__}: {error}"
        else:
            dims = _dimensions(expected)
            if np.shape(value) != dims:
                return f"the NumPy code gives {np.shape(value)} instead of {dims} entries"
            found = _digits(np.ravel(value).tolist(), expected)
        if isinstance(found, str) and ("overflow" in flags or not self._keeps(point, expected)):
            return None
        return found

    def _keeps(self, point: Point, exact: Matrix) -> bool:
        """Does a result of moderate size keep its digits where it is rounded at every step?"""
        from mpmath import mp

        scale = max(map(abs, exact))
        if not MODERATE[0] < scale < MODERATE[1]:
            return False
        try:
            with mp.workdps(15):
                rounded = self.evaluation(point)(numeric(point.env))
        except OutsideDomain:
            return False
        gap = max(abs(a - b) for a, b in zip(exact, rounded))
        return bool(gap <= scale * mp.mpf(10) ** (LOST - 15))


def arguments(
    function: Callable[..., Any], symbols: Mapping[str, Variable], point: Point
) -> tuple[list[Any], dict[str, int]]:
    """What emitted code is called with: the values in the order of their names, and sizes."""
    values = [as_array(point.env[name], symbols[name].shape) for name in sorted(symbols)]
    named = [p.name for p in signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    sizes = {n: point.sizes[n if n in point.sizes else n.rstrip("_")] for n in named}
    return values, sizes


def as_array(value: Matrix, shape: Shape) -> Any:
    """An argument of emitted code: a float, a 1-D array for n x 1, else a 2-D array."""
    import numpy as np

    entries = [float(entry) for entry in value]
    if shape.is_scalar:
        return entries[0]
    return np.array(entries) if shape.is_column else np.reshape(entries, value.shape)


def _dimensions(value: Matrix) -> tuple[int, ...]:
    """Of what emitted code returns: rows and columns are 1-D."""
    return () if value.is_scalar else (len(value),) if value.is_vector else value.shape


def _digits(got: list[float], expected: Matrix) -> int | str:
    """Digits in common (at least ENOUGH), or what is wrong."""
    wanted = [float(entry) for entry in expected]
    gaps = [inf if isnan(g) else abs(w - g) for w, g in zip(wanted, got)]
    worst, scale = max(gaps), max(map(abs, wanted))
    digits = FULL if worst == 0 else floor(-log10(worst / scale)) if worst < inf and scale else 0
    if digits >= ENOUGH:
        return min(digits, FULL)
    k = gaps.index(worst)
    i, j = divmod(k, expected.cols)
    entry = f"entry ({i + 1}, {j + 1})"
    return f"the NumPy code gives {got[k]:.8g} in {entry}, and should give {wanted[k]:.8g}"
